//! Faults of every kind, against the real binary on both stores, under load; the sandbox judges. What is
//! promised must hold: nothing accepted is lost, no fact has two ids, the books balance.

mod acts;
mod clock;
mod judge;
mod list;
mod load;
mod proxy;
mod room;
mod senders;
mod servers;
mod table;
mod world;

use std::{collections::BTreeMap, io::Write as _, sync::Arc, time::Duration};

use tokio::{sync::Semaphore, task::JoinSet};

use judge::{Outcome, Times, judge};
use list::Fault;
use world::World;

/// What must happen within this does: a message that failed twice comes again after half a minute, and a flood takes
/// its time to be told.
const PATIENCE: Duration = Duration::from_secs(240);

/// As long as a lease on Redis lasts, and a little more.
const LEASE: Duration = Duration::from_secs(11);

/// How much of everything.
#[derive(Debug, Clone, Copy)]
struct Size {
    senders: usize,
    /// Each sends no more than one webhook in this time.
    pace: Duration,
    /// Events before the fault, after it, and between its steps.
    events: u64,
    kills: u32,
    /// Requests that meet a fault before it ends.
    hits: u64,
    /// How long a fault lasts that has a length.
    lasts: Duration,
    /// How long the API hangs: the long form waits for time-outs.
    hangs: Duration,
    /// Senders in a flood, and slow ones.
    crowd: usize,
    /// Faults at once, each in its own world.
    at_once: usize,
}

const SHORT: Size = Size {
    senders: 2,
    pace: Duration::from_millis(40),
    events: 15,
    kills: 3,
    hits: 5,
    lasts: Duration::from_secs(1),
    hangs: Duration::from_secs(1),
    crowd: 50,
    at_once: 6,
};

const LONG: Size = Size {
    senders: 4,
    pace: Duration::from_millis(100),
    events: 150,
    kills: 12,
    hits: 25,
    lasts: Duration::from_secs(5),
    hangs: Duration::from_secs(32),
    crowd: 100,
    at_once: 3,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_promised_holds_in_faults() {
    let faults = list::ALL.iter().filter(|fault| fault.in_short).copied().collect();
    let (_, broken) = run(faults, SHORT).await;
    assert!(broken.is_empty(), "{broken:#?}");
}

/// The long form: `make faults`. The table goes to the file that PARCELWIRE_FAULTS names; PARCELWIRE_FAULT, if it
/// is set, says which ones by a part of their names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_promised_holds_in_all_faults_at_length() {
    let Ok(file) = std::env::var("PARCELWIRE_FAULTS") else { return };
    let part = std::env::var("PARCELWIRE_FAULT").unwrap_or_default();
    let is_wanted = |fault: &&Fault| format!("{}; {}", fault.name, fault.setting).contains(&part);
    let faults: Vec<Fault> = list::ALL.iter().filter(is_wanted).copied().collect();
    assert!(!faults.is_empty(), "no fault is called `{part}`");
    let (outcomes, broken) = run(faults, LONG).await;
    let table = format!("{}\n\n{}", table::machine(), table::table(&outcomes));
    std::fs::write(file, table).expect("it is written");
    assert!(broken.is_empty(), "{broken:#?}");
}

/// Runs them, some at a time, and prints the table; what came of them, and all promises that were not kept.
async fn run(faults: Vec<Fault>, size: Size) -> (Vec<Outcome>, Vec<String>) {
    let room = Arc::new(Semaphore::new(size.at_once));
    let (mut running, mut places) = (JoinSet::new(), BTreeMap::new());
    for (place, fault) in faults.iter().copied().enumerate() {
        let room = Arc::clone(&room);
        let handle = running.spawn(async move {
            let _room = room.acquire_owned().await.expect("it is never closed");
            let outcome = suffer(&fault, size).await;
            say(&table::line(&outcome));
            outcome
        });
        places.insert(handle.id(), place);
    }
    let (mut outcomes, mut broken) = (BTreeMap::new(), Vec::new());
    let name = |fault: &Fault| format!("{}; {}", fault.name, fault.setting);
    while let Some(ended) = running.join_next_with_id().await {
        match ended {
            Ok((id, outcome)) => drop(outcomes.insert(places[&id], outcome)),
            Err(error) => broken.push(format!("{}: {error}", name(&faults[places[&error.id()]]))),
        }
    }
    let outcomes: Vec<Outcome> = outcomes.into_values().collect();
    say(&format!("\n{}", table::table(&outcomes)));
    for outcome in &outcomes {
        let told = outcome.broken.iter();
        broken.extend(told.map(|what| format!("{}: {what}", name(&outcome.fault))));
    }
    (outcomes, broken)
}

fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").expect("it is printed");
}

/// One fault in a world of its own.
async fn suffer(fault: &Fault, size: Size) -> Outcome {
    let mut world = World::start(fault, size).await;
    let ended = world.suffer(fault.act).await;
    let recovered = world.recovered(ended).await;
    world.more_events(size.events).await;
    let noted = world.load.end().await;
    world.later(fault.act);
    let (books, mut broken) = world.settled(noted.webhooks, fault.may_lose()).await;
    let times = Times { recovered, settled: ended.elapsed() };
    let told = world.sandbox.received().events();
    let mut outcome = judge(fault, &noted, &told, &books, times);
    outcome.broken.append(&mut broken);
    outcome
}
