//! A warehouse, a relay that dies and comes back, a marketing tool: from one seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::Duration,
};

use parcelwire_engine::{
    AlertSettings, Answer, Engine, Hook, Parts, Settings, Target,
    ports::{Archive, Ledger, Stats, Vault},
    rules::Rules,
};
use parcelwire_store::embedded::{self, Embedded};
use serde_json::Value;
use tokio::sync::watch;

use crate::{
    clock::VirtualClock,
    depot::Depot,
    dice::{Dice, Plan},
    faults::Faulty,
    outside::Outside,
    rules::{self, KEY},
    story::{Webhook, tell},
};

/// Longest that anything may take to settle once nothing fails any more.
const SETTLES_WITHIN: Duration = Duration::from_hours(4 * 24);

/// What a world came to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// How many orders there were.
    pub orders: u64,
    /// Receipts that were answered 2xx.
    pub accepted: BTreeSet<String>,
    /// How many webhooks point to something that is gone.
    pub gone: u64,
    /// How often the warehouse was asked for what its webhooks point to, one by one.
    pub asked: BTreeMap<String, u64>,
    /// All that the marketing tool was told, repeats included.
    pub told: Vec<Value>,
    /// The books at the end.
    pub stats: Stats,
    /// Writing calls of the store.
    pub calls: u64,
    /// How often the relay died.
    pub crashes: u64,
    /// All calls, faults and messages, in order.
    pub log: Vec<String>,
}

/// Lives one world to its end.
pub fn run(seed: u64, plan: Plan, orders: u64) -> Outcome {
    live(seed, plan, orders, Webhooks::Tell)
}

/// The same where webhooks only point to what they are about, so that the relay has to ask.
pub fn run_asking(seed: u64, plan: Plan, orders: u64) -> Outcome {
    live(seed, plan, orders, Webhooks::Point)
}

/// What webhooks of a world are like.
#[derive(Debug, Clone, Copy)]
enum Webhooks {
    Tell,
    Point,
}

fn live(seed: u64, plan: Plan, orders: u64, webhooks: Webhooks) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing here");
    // The clock begins inside the runtime: its paused time is the world's.
    let life = async move {
        let (world, said) = World::new(seed, plan, orders, webhooks);
        world.live(seed, orders, said).await
    };
    tokio::task::LocalSet::new().block_on(&runtime, life)
}

pub(crate) struct World {
    pub(crate) dice: Arc<Dice>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) outside: Arc<Outside>,
    pub(crate) rules: Arc<Rules>,
    /// Who is told what is wrong; nobody looks for it otherwise.
    pub(crate) alerts: Option<AlertSettings>,
    gone: u64,
}

/// A relay between two crashes.
pub(crate) struct Life {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<Embedded>,
    pub(crate) faulty: Arc<Faulty>,
}

impl World {
    /// A world in which nobody says anything by himself.
    pub(crate) fn quiet(seed: u64, plan: Plan) -> Self {
        Self::new(seed, plan, 0, Webhooks::Tell).0
    }

    /// A world, and what its warehouse is going to say.
    fn new(seed: u64, plan: Plan, orders: u64, webhooks: Webhooks) -> (Self, Vec<Webhook>) {
        let dice = Arc::new(Dice::new(seed, plan));
        let clock = Arc::new(VirtualClock::start());
        let mut said = tell(&dice, orders);
        let (book, (depot, gone)) = match webhooks {
            Webhooks::Tell => (rules::telling(), (Depot::default(), 0)),
            Webhooks::Point => (rules::asking(), Depot::keep(&dice, &mut said)),
        };
        let outside = Arc::new(Outside::new(&dice, depot));
        let rules = Arc::new(Rules::new(book));
        (Self { dice, clock, outside, rules, alerts: None, gone }, said)
    }

    pub(crate) fn begin(&self, store: Embedded, seed: u64, crashes: u64) -> Life {
        let store = Arc::new(store);
        let faulty = Arc::new(Faulty::new(Arc::clone(&store), Arc::clone(&self.dice)));
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_be_bytes());
        bytes[8..16].copy_from_slice(&crashes.to_be_bytes());
        let engine = Engine::new(Parts {
            ledger: Arc::clone(&faulty) as Arc<dyn Ledger>,
            archive: Arc::clone(&store) as Arc<dyn Archive>,
            vault: Arc::clone(&faulty) as Arc<dyn Vault>,
            transport: Arc::clone(&self.outside) as _,
            mailer: Some(Arc::clone(&self.outside) as _),
            clock: Arc::clone(&self.clock) as _,
            rules: Arc::clone(&self.rules),
            instance_key: [7; 32],
            seed: bytes,
            settings: Settings { alerts: self.alerts.clone(), ..Settings::default() },
        });
        Life { engine, store, faulty }
    }

    async fn live(self, seed: u64, orders: u64, webhooks: Vec<Webhook>) -> Outcome {
        let mut crashes = 0;
        let mut life = self.begin(embedded::in_memory().expect("memory"), seed, crashes);
        let (lives, current) = watch::channel((crashes, life.engine.clone()));
        let dice = Arc::clone(&self.dice);
        let mut warehouse = tokio::task::spawn_local(warehouse(webhooks, current, dice));
        let mut accepted = None;
        let stats = loop {
            let (stop, stopped) = watch::channel(false);
            let engine = life.engine.clone();
            let running = tokio::spawn(async move { engine.run(stopped).await });
            let ended = tokio::select! {
                biased;
                () = life.faulty.died() => None,
                stats = self.settled(&life.store, &mut warehouse, &mut accepted) => Some(stats),
            };
            running.abort();
            drop(running.await);
            drop(stop);
            if let Some(stats) = ended {
                break stats;
            }
            crashes += 1;
            self.dice.note(format!("crash {crashes}"));
            let after = embedded::after_a_crash(&life.store).await.expect("it was written");
            life = self.begin(after, seed, crashes);
            self.balanced(&life.store).await;
            lives.send_replace((crashes, life.engine.clone()));
        };
        Outcome {
            orders,
            accepted: accepted.unwrap_or_default(),
            gone: self.gone,
            asked: self.outside.depot.asked(),
            told: self.outside.marketing.told(),
            stats,
            calls: self.dice.calls(),
            crashes,
            log: self.dice.log(),
        }
    }

    /// Comes back when the warehouse has said all and nothing is left to do.
    async fn settled(
        &self,
        store: &Embedded,
        warehouse: &mut tokio::task::JoinHandle<BTreeSet<String>>,
        accepted: &mut Option<BTreeSet<String>>,
    ) -> Stats {
        if accepted.is_none() {
            *accepted = Some(warehouse.await.expect("the warehouse does not fail"));
        }
        let look_again = Duration::from_mins(1);
        let mut waited = Duration::ZERO;
        loop {
            let stats = self.balanced(store).await;
            if stats.receipts.waiting == 0 && stats.messages.pending == 0 {
                return stats;
            }
            assert!(waited < SETTLES_WITHIN, "it does not settle: {stats:?}");
            tokio::time::sleep(look_again).await;
            waited += look_again;
        }
    }

    /// The books come out at every instant.
    pub(crate) async fn balanced(&self, store: &Embedded) -> Stats {
        use parcelwire_engine::ports::Clock as _;
        let stats = store.stats(None, self.clock.now()).await.expect("memory answers");
        assert!(stats.balances(), "{stats:?}");
        stats
    }
}

/// Sends every webhook until it is answered 2xx, as shops do.
async fn warehouse(
    webhooks: Vec<Webhook>,
    mut current: watch::Receiver<(u64, Engine)>,
    dice: Arc<Dice>,
) -> BTreeSet<String> {
    let mut accepted = BTreeSet::new();
    for webhook in webhooks {
        tokio::time::sleep(webhook.pause).await;
        loop {
            let engine = current.borrow_and_update().1.clone();
            let answer = tokio::select! {
                biased;
                answer = post(&engine, &webhook) => Some(answer),
                _ = current.changed() => None,
            };
            match answer {
                Some(Answer::Accepted { id, .. } | Answer::Duplicate { id, .. }) => {
                    let said = String::from_utf8_lossy(&webhook.body);
                    dice.note(format!("accepted {said}"));
                    accepted.insert(id.to_string());
                    break;
                }
                // The relay died, or could not write: the webhook comes again.
                Some(Answer::StoreUnavailable) | None => {}
                Some(other) => panic!("a good webhook was answered {other:?}"),
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
    dice.be_quiet();
    accepted
}

async fn post(engine: &Engine, webhook: &Webhook) -> Answer {
    let path = format!("/hooks/{}/depot", webhook.merchant);
    engine
        .receive(Hook {
            target: Target::Source { merchant: webhook.merchant, source: "depot" },
            method: "POST",
            path: &path,
            query: "",
            headers: &[("x-depot-key", KEY), ("content-type", "application/json")],
            body: webhook.body.clone(),
            client: IpAddr::V4(Ipv4Addr::LOCALHOST),
        })
        .await
}
