//! The relays of a world: each lives, dies, is stopped, and comes back on what was written.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use jiff::SignedDuration;
use parcelwire_engine::{
    Engine,
    ports::{Archive as _, Stats},
};
use parcelwire_store::embedded::{self, Embedded};
use tokio::{
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use crate::{
    clock::Skew,
    kind::Kind,
    lease::Registry,
    process::Process,
    story::Webhook,
    warehouse,
    world::{Life, Outcome, Seat, World},
};

/// Longest that anything may take to settle once nothing fails any more.
const SETTLES_WITHIN: Duration = Duration::from_hours(12);

/// Longest that anything may wait that is due, once nothing fails any more.
const DUE_WITHIN: Duration = Duration::from_mins(5);

/// How long a relay may take to finish what is under way.
const STOP: Duration = Duration::from_secs(25);

pub(crate) struct Fleet {
    pub(crate) world: World,
    kind: Kind,
    seed: u64,
    store: RefCell<Arc<Embedded>>,
    /// Where several share the store.
    registry: Option<Arc<Registry>>,
    /// The clock of each relay's machine.
    machines: Vec<Arc<Skew>>,
    running: RefCell<BTreeMap<usize, (Engine, Arc<Process>)>>,
    tally: Tally,
}

#[derive(Default)]
struct Tally {
    lives: Cell<u64>,
    crashes: Cell<u64>,
    stops: Cell<u64>,
    jumps: Cell<u64>,
}

/// How a life ended.
enum End {
    Died,
    Stopped,
}

impl Fleet {
    pub(crate) async fn new(world: World, kind: Kind, seed: u64) -> Self {
        let store = Arc::new(embedded::in_memory().expect("memory"));
        let (count, registry) = if kind.has_several() {
            let registry = Registry::over(Arc::clone(&store)).await;
            (2 + world.dice.below(2), Some(Arc::new(registry)))
        } else {
            (1, None)
        };
        let machines: Vec<Arc<Skew>> = (0..count).map(|_| Arc::default()).collect();
        let (store, running) = (RefCell::new(store), RefCell::default());
        Self { world, kind, seed, store, registry, machines, running, tally: Tally::default() }
    }

    /// Lives until the warehouse has said all and nothing is left to do.
    pub(crate) async fn live(self: Rc<Self>, orders: u64, webhooks: Vec<Webhook>) -> Outcome {
        let mut keepers = JoinSet::new();
        for seat in 0..self.machines.len() {
            keepers.spawn_local(Rc::clone(&self).keep(seat));
        }
        if self.kind.jumps() {
            keepers.spawn_local(Rc::clone(&self).jump());
        }
        let ending = async {
            let accepted = warehouse::tell_all(webhooks, &self).await;
            self.world.dice.be_quiet();
            self.machines.iter().for_each(|machine| machine.set(SignedDuration::ZERO));
            (accepted, self.settled().await)
        };
        let (accepted, stats) = tokio::select! {
            biased;
            ended = ending => ended,
            Some(Err(error)) = keepers.join_next() => std::panic::resume_unwind(error.into_panic()),
        };
        let (outside, dice, tally) = (&self.world.outside, &self.world.dice, &self.tally);
        Outcome {
            orders,
            accepted,
            gone: self.world.gone,
            asked: outside.depot.asked(),
            told: outside.marketing.told(),
            clashes: outside.marketing.clashes(),
            stats,
            calls: dice.calls(),
            crashes: tally.crashes.get(),
            stops: tally.stops.get(),
            jumps: tally.jumps.get(),
            log: dice.log(),
        }
    }

    /// One of those that run.
    pub(crate) fn any(&self) -> Option<(Engine, Arc<Process>)> {
        let running = self.running.borrow();
        let which = self.world.dice.below(running.len().max(1) as u64);
        running.values().nth(usize::try_from(which).unwrap_or(0)).cloned()
    }

    /// Keeps one relay running.
    async fn keep(self: Rc<Self>, seat: usize) {
        let dice = &self.world.dice;
        // Some come late.
        if seat > 0 && dice.is_wild() {
            sleep(dice.millis(20_000)).await;
        }
        loop {
            let life = self.begin(seat);
            let name = life.process.name.clone();
            dice.note(format!("{name} begins"));
            let end = self.lived(&life).await;
            self.running.borrow_mut().remove(&seat);
            if let Some(registry) = &self.registry {
                registry.forget(&name);
            }
            match end {
                End::Died => {
                    add(&self.tally.crashes);
                    dice.note(format!("{name} died"));
                }
                End::Stopped => {
                    add(&self.tally.stops);
                    dice.note(format!("{name} stopped"));
                }
            }
            if self.registry.is_none() {
                let after = embedded::after_a_crash(&life.store).await.expect("it was written");
                self.store.replace(Arc::new(after));
            } else if dice.is_wild() {
                sleep(dice.millis(15_000)).await;
            }
            self.look().await;
        }
    }

    fn begin(&self, seat: usize) -> Life {
        let life = add(&self.tally.lives);
        let begun = self.world.begin(Seat {
            name: format!("relay {seat}.{life}"),
            store: Arc::clone(&self.store.borrow()),
            registry: self.registry.clone(),
            skew: Arc::clone(&self.machines[seat]),
            seed: [self.seed, life],
        });
        let running = (begun.engine.clone(), Arc::clone(&begun.process));
        self.running.borrow_mut().insert(seat, running);
        begun
    }

    /// Runs until it dies, or until it is stopped in order.
    async fn lived(&self, life: &Life) -> End {
        let (stop, stopped) = watch::channel(false);
        let engine = life.engine.clone();
        let mut working = tokio::spawn(async move { engine.run(stopped).await });
        let end = tokio::select! {
            biased;
            () = life.process.died() => End::Died,
            () = self.stops(life, &stop, &mut working) => End::Stopped,
        };
        working.abort();
        if !working.is_finished() {
            drop(working.await);
        }
        end
    }

    /// Comes back when the relay was stopped, as for an update: only where others go on.
    async fn stops(&self, life: &Life, stop: &watch::Sender<bool>, working: &mut JoinHandle<()>) {
        let (dice, Some(tenant)) = (&self.world.dice, &life.tenant) else {
            return std::future::pending().await;
        };
        if !dice.is_wild() || dice.below(3) > 0 {
            return std::future::pending().await;
        }
        sleep(dice.millis(40_000)).await;
        life.process.alive().await;
        tenant.leave().await;
        stop.send_replace(true);
        drop(tokio::time::timeout(STOP, &mut *working).await);
        life.process.alive().await;
        tenant.close().await;
    }

    /// Lets the machines' clocks be wrong, each in its way, as long as anything may fail.
    async fn jump(self: Rc<Self>) {
        let dice = &self.world.dice;
        loop {
            sleep(Duration::from_millis(500) + dice.millis(12_000)).await;
            if !dice.is_wild() {
                return;
            }
            let machine = dice.below(self.machines.len() as u64);
            // Mostly by a little; now and then by hours.
            let most: i64 = if dice.below(8) == 0 { 7_200_000 } else { 60_000 };
            let by = dice.below(2 * most.unsigned_abs()).cast_signed() - most;
            let skew = SignedDuration::from_millis(by);
            dice.note(format!("the clock of machine {machine} is wrong by {skew:#}"));
            self.machines[usize::try_from(machine).unwrap_or(0)].set(skew);
            add(&self.tally.jumps);
            self.look().await;
        }
    }

    /// The books come out at every look.
    async fn look(&self) -> Stats {
        let store = Arc::clone(&self.store.borrow());
        self.world.balanced(&store).await
    }

    /// Comes back when nothing is left to do.
    async fn settled(&self) -> Stats {
        let look_again = Duration::from_secs(10);
        let mut waited = Duration::ZERO;
        loop {
            let stats = self.look().await;
            if stats.receipts.waiting == 0 && stats.messages.pending == 0 {
                return stats;
            }
            // Before, what clocks that went wrong have dated may look late and is not.
            if waited > DUE_WITHIN {
                self.nothing_due_waits().await;
            }
            assert!(waited < SETTLES_WITHIN, "it does not settle: {stats:?}");
            sleep(look_again).await;
            waited += look_again;
        }
    }

    /// Once nothing fails any more, what is due is sent soon.
    async fn nothing_due_waits(&self) {
        let store = Arc::clone(&self.store.borrow());
        let health = store.health().await.expect("memory answers");
        if let Some(due) = health.oldest_due {
            let late = self.world.time.now().duration_since(due);
            let is_late = Duration::try_from(late).is_ok_and(|late| late > DUE_WITHIN);
            assert!(!is_late, "a message is due since {late:#} and is not sent");
        }
    }
}

/// Counts one; answers what it was before.
fn add(count: &Cell<u64>) -> u64 {
    count.replace(count.get() + 1)
}
