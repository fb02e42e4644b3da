//! Weeks of one merchant's orders, looked after every few minutes: what follows from silence.

use std::{
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use bytes::Bytes;
use parcelwire_domain::{Value as Text, id::MerchantId, incident::Kind};
use parcelwire_engine::{
    AlertSettings, Answer, Engine, Hook, Target,
    explain::{Explained, Language},
    import::{Import, ImportError},
    ports::{Archive as _, FOLLOWED, Filter, List},
};
use parcelwire_mapping::merchant::Alerts;
use parcelwire_store::embedded;
use serde_json::{Value, json};

use crate::{
    clock::beginning,
    dice::Plan,
    rules::{KEY, WATCHFUL, telling, telling_in_german, telling_without},
    world::{Life, World},
};

/// How often the relay is looked after: more seldom would be an outage of its own.
const STEP: Duration = Duration::from_mins(9);

/// What the warehouse says at a time, counted from the beginning: a Tuesday, 06:00 UTC.
#[derive(Debug, Clone)]
pub struct Scan {
    /// When.
    pub at: Duration,
    /// Of which order.
    pub order: u64,
    /// The canonical status.
    pub status: &'static str,
    /// When it happened, where that was before.
    pub happened: Option<Duration>,
    /// Whether an import says it.
    pub imported: bool,
}

impl Scan {
    /// Something that happens in this hour, and is said at once.
    pub fn at_hour(hour: u64, order: u64, status: &'static str) -> Self {
        Self { at: Duration::from_hours(hour), order, status, happened: None, imported: false }
    }

    /// The same, said only in a later hour.
    pub fn said_in_hour(self, hour: u64) -> Self {
        Self { at: Duration::from_hours(hour), happened: Some(self.at), ..self }
    }
}

impl Scan {
    /// The same, brought by an import in a later hour.
    pub fn imported_in_hour(self, hour: u64) -> Self {
        Self { imported: true, ..self.said_in_hour(hour) }
    }
}

/// What some weeks came to.
#[derive(Debug, Clone)]
pub struct Weeks {
    /// All that the marketing tool was told: hour, order, trigger.
    pub told: Vec<(u64, u64, String)>,
    /// The names under which it was told, in the same order.
    pub names: Vec<String>,
    /// What became of each message: `TRIGGER STATE: WHY`, newest first.
    pub messages: Vec<String>,
    /// What is shown of what followed: `TRIGGER OUTCOME: RULE`, newest first.
    pub followed: Vec<String>,
    /// How the orders are explained that were asked for, at the end.
    pub explained: Vec<Explained>,
    /// How often the relay died.
    pub crashes: u64,
    /// What was mailed of what was wrong: the hour, to whom, the mail's id, its subject.
    pub mails: Vec<(u64, String, String, String)>,
}

impl Weeks {
    /// What was told of an order: `TRIGGER`, repeats left out.
    pub fn of(&self, order: u64) -> Vec<&str> {
        let mut told: Vec<&str> = Vec::new();
        for (_, of, trigger) in &self.told {
            if *of == order && !told.contains(&trigger.as_str()) {
                told.push(trigger);
            }
        }
        told
    }

    /// How many orders were told this.
    pub fn count(&self, trigger: &str) -> usize {
        let mut orders: Vec<u64> =
            self.told.iter().filter(|told| told.2 == trigger).map(|told| told.1).collect();
        orders.sort_unstable();
        orders.dedup();
        orders.len()
    }
}

/// What happens in some weeks.
#[derive(Debug, Clone, Default)]
pub struct Story {
    /// What is said.
    pub scans: Vec<Scan>,
    /// So many days.
    pub days: u64,
    /// The relay is switched off, from an hour until another.
    pub away: Option<(u64, u64)>,
    /// The merchant's files are gone, from an hour until another.
    pub without_files: Option<(u64, u64)>,
    /// The marketing tool does not know the key, from an hour until another.
    pub key_refused: Option<(u64, u64)>,
    /// From this hour on the merchant's names are German.
    pub german_from: Option<u64>,
    /// What is asked for at the end: names of orders or parcels.
    pub explain: Vec<&'static str>,
    /// Whether somebody is told what is wrong.
    pub has_alerts: bool,
}

/// Lives them.
pub fn live(seed: u64, plan: Plan, story: Story) -> Weeks {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing here");
    let life = async move { lived(World::quiet(seed, plan), seed, story).await };
    tokio::task::LocalSet::new().block_on(&runtime, life)
}

async fn lived(mut world: World, seed: u64, story: Story) -> Weeks {
    let Story {
        mut scans,
        days,
        away,
        without_files,
        key_refused,
        german_from,
        explain,
        has_alerts,
    } = story;
    world.alerts = has_alerts.then(everything_to_the_operator);
    let is_within = |hours: Option<(u64, u64)>, hour: u64| {
        hours.is_some_and(|(from, to)| (from..to).contains(&hour))
    };
    let (mut has_files, mut is_german) = (true, false);
    scans.sort_by_key(|scan| scan.at);
    let mut scans = scans.into_iter().peekable();
    let mut crashes = 0;
    let mut life = world.begin_alone(embedded::in_memory().expect("memory"), seed, crashes);
    let end = beginning() + Duration::from_hours(24 * days);
    let (mut told, mut names, mut mails) = (Vec::new(), Vec::new(), Vec::new());
    while world.time.now() < end {
        let now = Duration::try_from(world.time.now().duration_since(beginning()));
        let now = now.expect("time goes on");
        let hour = now.as_secs() / 3600;
        if is_within(away, hour) {
            tokio::time::sleep(STEP).await;
            continue;
        }
        if has_files == is_within(without_files, hour) {
            has_files = !has_files;
            world.rules.swap(if has_files { telling() } else { telling_without(WATCHFUL) });
        }
        if !is_german && german_from.is_some_and(|from| from <= hour) {
            is_german = true;
            world.rules.swap(telling_in_german());
        }
        if is_within(key_refused, hour) {
            world.outside.refuse_for(STEP);
        }
        while let Some(scan) = scans.next_if(|scan| scan.at <= now) {
            while !is_accepted(&mut life, &scan).await {
                life = revive(&world, life, seed, &mut crashes).await;
            }
        }
        loop {
            let idle = tokio::select! {
                biased;
                () = life.process.died() => false,
                () = life.engine.run_until_idle() => true,
            };
            if idle {
                break;
            }
            life = revive(&world, life, seed, &mut crashes).await;
        }
        for body in world.outside.marketing.told_since(told.len()) {
            told.push(summary(hour, &body));
            names.push(body["name"].as_str().unwrap_or_default().to_owned());
        }
        let mailed = world.outside.mails_since(mails.len()).into_iter();
        mails.extend(mailed.map(|mail| (hour, mail.to, mail.id, mail.subject)));
        tokio::time::sleep(STEP).await;
    }
    world.balanced(&life.store).await;
    let filter = Filter::default();
    let page = life.store.page(List::Events, filter, None, 5000).await.expect("memory answers");
    let followed = page.rows.iter().filter(|row| row["index"].as_u64() >= Some(FOLLOWED.into()));
    let followed = followed.map(|row| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", text("status"), text("outcome"), text("rule"))
    });
    let followed = followed.collect();
    let messages = messages(&life).await;
    let explained = explained(&world, &life, &explain).await;
    Weeks { told, names, messages, followed, explained, crashes, mails }
}

async fn messages(life: &Life) -> Vec<String> {
    let page = life.store.page(List::Messages, Filter::default(), None, 5000).await;
    let rows = page.expect("memory answers").rows.into_iter();
    let line = |row: Value| {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        format!("{} {}: {}", text("trigger"), text("state"), text("why"))
    };
    rows.map(line).collect()
}

async fn explained(world: &World, life: &Life, names: &[&str]) -> Vec<Explained> {
    let book = world.rules.book();
    let merchant = book.merchant(WATCHFUL).expect("its files are in order");
    let mut explained = Vec::new();
    for name in names {
        let told = life.engine.explain(merchant, name, Language::En).await;
        explained.push(told.expect("memory answers"));
    }
    explained
}

fn everything_to_the_operator() -> AlertSettings {
    let (to, kinds) = (vec!["ops@relay.test".to_owned()], Kind::ALL.to_vec());
    let operator = Alerts { to, kinds, ..Alerts::default() };
    AlertSettings { operator, ..AlertSettings::default() }
}

fn summary(hour: u64, body: &Value) -> (u64, u64, String) {
    let order = body["order"].as_str().and_then(|order| order.strip_prefix("A-")?.parse().ok());
    (hour, order.unwrap_or(u64::MAX), body["trigger"].as_str().unwrap_or_default().to_owned())
}

async fn revive(world: &World, life: Life, seed: u64, crashes: &mut u64) -> Life {
    *crashes += 1;
    let after = embedded::after_a_crash(&life.store).await.expect("it was written");
    world.begin_alone(after, seed, *crashes)
}

/// Posts until it is answered 2xx; `false` when the relay died.
async fn is_accepted(life: &mut Life, scan: &Scan) -> bool {
    loop {
        if scan.imported {
            let imported = tokio::select! {
                biased;
                () = life.process.died() => return false,
                imported = import(&life.engine, scan) => imported,
            };
            if imported {
                return true;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
            continue;
        }
        let answer = tokio::select! {
            biased;
            () = life.process.died() => return false,
            answer = post(&life.engine, scan) => answer,
        };
        if matches!(answer, Answer::Accepted { .. } | Answer::Duplicate { .. }) {
            return true;
        }
        assert!(matches!(answer, Answer::StoreUnavailable), "a good webhook: {answer:?}");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Brings it in as a row; `false` when the store did not answer.
async fn import(engine: &Engine, scan: &Scan) -> bool {
    let happened = beginning() + scan.happened.unwrap_or(scan.at);
    let order = format!("A-{}", scan.order);
    let row = [
        ("order_id", order.clone()),
        ("order_number", order),
        ("status", scan.status.to_owned()),
        ("occurred_at", happened.to_string()),
        ("email", format!("kim.{}@example.test", scan.order)),
        ("tracking_number", format!("T-{}", scan.order)),
    ];
    let row = row.into_iter().map(|(name, text)| (name, Text::text(text))).collect();
    let merchant = MerchantId::parse(WATCHFUL).expect("a name");
    let import = Import { merchant, source: None, rows: vec![row], dry_run: false };
    match engine.import(import).await {
        Ok(imported) => {
            assert!(imported.faults.is_empty(), "{imported:?}");
            true
        }
        Err(ImportError::Store(_)) => false,
        Err(error) => panic!("a good row: {error}"),
    }
}

async fn post(engine: &Engine, scan: &Scan) -> Answer {
    let happened = beginning() + scan.happened.unwrap_or(scan.at);
    let (order, status) = (scan.order, scan.status);
    let mut body = json!({
        "id": format!("{order}-{status}-{happened}"), "state": status, "order": format!("A-{order}"),
        "at": happened.to_string(), "mail": format!("kim.{order}@example.test"),
    });
    if status != "order_placed" {
        body["track"] = json!(format!("T-{order}"));
    }
    let path = format!("/hooks/{WATCHFUL}/depot");
    engine
        .receive(Hook {
            target: Target::Source { merchant: WATCHFUL, source: "depot" },
            method: "POST",
            path: &path,
            query: "",
            headers: &[("x-depot-key", KEY), ("content-type", "application/json")],
            body: Bytes::from(body.to_string()),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
        .await
}
