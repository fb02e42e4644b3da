//! A warehouse, relays that die and come back, a marketing tool: from one seed.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

use parcelwire_engine::{
    AlertSettings, Engine, Parts, Settings,
    ports::{Archive, Ledger, Stats, Vault},
    rules::Rules,
};
use parcelwire_store::embedded::Embedded;

use crate::{
    clock::{Skew, Timepiece, WorldTime},
    depot::Depot,
    dice::{Dice, Plan},
    faults::Faulty,
    fleet::Fleet,
    kind::Kind,
    lease::{Registry, Tenant},
    marketing::Telling,
    outside::Outside,
    process::Process,
    rules,
    story::{Webhook, tell},
    wire::Wire,
};

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
    pub told: Vec<Telling>,
    /// Orders of which two relays spoke at once although it was the turn of one.
    pub clashes: Vec<String>,
    /// The books at the end.
    pub stats: Stats,
    /// Writing calls of the store.
    pub calls: u64,
    /// How often a relay died.
    pub crashes: u64,
    /// How often a relay stopped in order, and another took over.
    pub stops: u64,
    /// How often a clock jumped.
    pub jumps: u64,
    /// All calls, faults and messages, in order.
    pub log: Vec<String>,
}

/// Lives one world to its end.
pub fn run(kind: Kind, seed: u64, plan: Plan, orders: u64) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime needs nothing here");
    // The clock begins inside the runtime: its paused time is the world's.
    let life = async move {
        let (world, said) = World::new(seed, plan, orders, kind);
        Rc::new(Fleet::new(world, kind, seed).await).live(orders, said).await
    };
    tokio::task::LocalSet::new().block_on(&runtime, life)
}

pub(crate) struct World {
    pub(crate) dice: Arc<Dice>,
    pub(crate) time: WorldTime,
    pub(crate) outside: Arc<Outside>,
    pub(crate) rules: Arc<Rules>,
    /// Who is told what is wrong; nobody looks for it otherwise.
    pub(crate) alerts: Option<AlertSettings>,
    pub(crate) gone: u64,
}

/// Where a process is put.
pub(crate) struct Seat {
    pub(crate) name: String,
    pub(crate) store: Arc<Embedded>,
    /// Where several processes share the store.
    pub(crate) registry: Option<Arc<Registry>>,
    /// The machine's clock.
    pub(crate) skew: Arc<Skew>,
    /// The beginning of the seed of its randomness.
    pub(crate) seed: [u64; 2],
}

/// A relay between two crashes.
pub(crate) struct Life {
    pub(crate) engine: Engine,
    pub(crate) store: Arc<Embedded>,
    pub(crate) process: Arc<Process>,
    pub(crate) tenant: Option<Arc<Tenant>>,
}

impl World {
    /// A world in which nobody says anything by himself.
    pub(crate) fn quiet(seed: u64, plan: Plan) -> Self {
        Self::new(seed, plan, 0, Kind::Alone).0
    }

    /// A world, and what its warehouse is going to say.
    fn new(seed: u64, plan: Plan, orders: u64, kind: Kind) -> (Self, Vec<Webhook>) {
        let dice = Arc::new(Dice::new(seed, plan));
        let mut said = tell(&dice, orders);
        let (book, (depot, gone)) = if kind.asks() {
            (rules::asking(), Depot::keep(&dice, &mut said))
        } else {
            (rules::telling(), (Depot::default(), 0))
        };
        let outside = Arc::new(Outside::new(&dice, depot));
        let (time, rules) = (WorldTime::start(), Arc::new(Rules::new(book)));
        (Self { dice, time, outside, rules, alerts: None, gone }, said)
    }

    /// Starts the only relay on a store.
    pub(crate) fn begin_alone(&self, store: Embedded, seed: u64, crashes: u64) -> Life {
        self.begin(Seat {
            name: format!("relay {crashes}"),
            store: Arc::new(store),
            registry: None,
            skew: Arc::default(),
            seed: [seed, crashes],
        })
    }

    /// Starts a relay.
    pub(crate) fn begin(&self, seat: Seat) -> Life {
        let (store, process) = (seat.store, Arc::new(Process::new(seat.name)));
        let tenant = seat.registry.map(|registry| {
            Arc::new(Tenant::new(registry, Arc::clone(&process), Arc::clone(&self.dice)))
        });
        let faulty = Arc::new(Faulty {
            store: Arc::clone(&store),
            tenant: tenant.clone(),
            process: Arc::clone(&process),
            dice: Arc::clone(&self.dice),
        });
        let wire = Arc::new(Wire {
            outside: Arc::clone(&self.outside),
            process: Arc::clone(&process),
            tenant: tenant.clone(),
        });
        let clock = Timepiece { time: self.time, skew: seat.skew, process: Arc::clone(&process) };
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seat.seed[0].to_be_bytes());
        bytes[8..16].copy_from_slice(&seat.seed[1].to_be_bytes());
        let engine = Engine::new(Parts {
            ledger: Arc::clone(&faulty) as Arc<dyn Ledger>,
            archive: Arc::clone(&store) as Arc<dyn Archive>,
            vault: faulty as Arc<dyn Vault>,
            transport: Arc::clone(&wire) as _,
            mailer: Some(wire as _),
            clock: Arc::new(clock),
            rules: Arc::clone(&self.rules),
            instance_key: [7; 32],
            seed: bytes,
            settings: Settings { alerts: self.alerts.clone(), ..Settings::default() },
        });
        Life { engine, store, process, tenant }
    }

    /// The books come out at every instant.
    pub(crate) async fn balanced(&self, store: &Embedded) -> Stats {
        let stats = store.stats(None, self.time.now()).await.expect("memory answers");
        assert!(stats.balances(), "{stats:?}");
        stats
    }
}
