//! A scenario is lived against the real rules: the engine on a store in memory, time that jumps
//! from one thing to the next, and marketing tools that accept whatever they are told.

mod clock;
mod made_up;
mod recorder;

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    id::{ReceiptId, SourceName},
};
use parcelwire_engine::{
    Engine, Parts, Settings, dry, import,
    ports::{Archive, Clock as _, Ledger, LedgerResult, NewReceipt, PortError, Vault},
    rules::Rules,
};
use parcelwire_mapping::{
    book::{Book, RuleFile, Surroundings},
    merchant::Merchant,
    scenario::{Scenario, Step, Told, What},
};
use parcelwire_store::embedded::{self, Embedded};

use clock::Jumping;
pub(crate) use recorder::Decided;
use recorder::{Marketing, Recorder};

/// How soon is looked again after what is due and waits for something else.
const LOOK_AGAIN: Duration = Duration::from_mins(1);

/// Most looks between two steps: two months of looking again.
const MOST_LOOKS: usize = 90_000;

/// How a story went.
#[derive(Debug)]
pub(crate) struct Lived {
    /// What was sent, in order of time.
    pub(crate) told: Vec<Told>,
    /// What was decided of each event, in order.
    pub(crate) decided: Vec<Decided>,
}

/// Why a story could not be lived.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SimulateError {
    /// The merchant or mapping that it names is not there, or broken.
    #[error("{0}")]
    Rules(String),
    /// A step cannot be made.
    #[error("{what}")]
    Step {
        /// Which.
        place: usize,
        /// Why.
        what: String,
    },
    /// The store in memory failed.
    #[error(transparent)]
    Store(#[from] PortError),
}

/// Lives a story to its end.
pub(crate) async fn live(scenario: &Scenario, files: &[RuleFile]) -> Result<Lived, SimulateError> {
    let book = made_up::book(scenario, files, &Surroundings::default())?;
    let world = World::new(scenario.begins, book)?;
    for (place, step) in scenario.story.iter().enumerate() {
        world.go_on(step.at).await?;
        world.step(place, step).await?;
    }
    world.go_on(scenario.ends).await?;
    Ok(world.recorder.lived())
}

struct World {
    clock: Arc<Jumping>,
    store: Arc<Embedded>,
    recorder: Arc<Recorder>,
    engine: Engine,
    merchant: Arc<Merchant>,
}

impl World {
    fn new(begins: Timestamp, book: Book) -> Result<Self, SimulateError> {
        let memory = embedded::in_memory()
            .map_err(|error| PortError::NotApplied { why: error.to_string() })?;
        let store = Arc::new(memory);
        let clock = Arc::new(Jumping::at(begins));
        let recorder = Arc::new(Recorder::over(Arc::clone(&store)));
        let merchant = book.merchant(made_up::ID).cloned();
        let merchant = merchant
            .ok_or_else(|| SimulateError::Rules("the scenario's merchant is broken".to_owned()))?;
        let engine = Engine::new(Parts {
            ledger: Arc::clone(&recorder) as Arc<dyn Ledger>,
            archive: Arc::clone(&store) as Arc<dyn Archive>,
            vault: Arc::clone(&store) as Arc<dyn Vault>,
            transport: Arc::new(Marketing),
            mailer: None,
            clock: Arc::clone(&clock) as _,
            rules: Arc::new(Rules::new(book)),
            instance_key: store.instance_key(),
            seed: [0; 32],
            settings: Settings::default(),
        });
        Ok(Self { clock, store, recorder, engine, merchant })
    }

    /// Lives on to `at`, with all that is due before.
    async fn go_on(&self, at: Timestamp) -> LedgerResult<()> {
        let held = self.store.hold().await?;
        for _ in 0..MOST_LOOKS {
            let now = self.clock.now();
            let due = match self.store.next_due(&held).await? {
                // It waits behind something else of its order.
                Some(due) if due <= now => now + LOOK_AGAIN,
                Some(due) => due.min(at),
                None => at,
            };
            self.clock.jump(due.min(at));
            self.engine.run_until_idle().await;
            if due >= at {
                return Ok(());
            }
        }
        let now = self.clock.now();
        Err(PortError::NotApplied { why: format!("something is due again and again at {now}") })
    }

    async fn step(&self, place: usize, step: &Step) -> Result<(), SimulateError> {
        match &step.what {
            What::Down(until) => {
                self.clock.jump(*until);
                self.engine.run_again_until_idle().await;
            }
            What::Hook { source, topic, headers, body } => {
                let receipt = self
                    .hooked(place, source, topic.as_deref(), headers, body)
                    .map_err(|what| SimulateError::Step { place, what })?;
                self.accept(receipt).await?;
            }
            What::Import { from, fields } => {
                let receipt = self
                    .imported(place, &made_up::source_of(*from), fields)
                    .map_err(|what| SimulateError::Step { place, what })?;
                self.accept(receipt).await?;
            }
            What::Fact { from, fields } => {
                let name = made_up::source_of(*from);
                let body = stated(place, fields);
                let receipt = self
                    .hooked(place, &name, None, &[], &body)
                    .map_err(|what| SimulateError::Step { place, what })?;
                self.accept(receipt).await?;
            }
        }
        self.engine.run_until_idle().await;
        Ok(())
    }

    /// The receipt of a webhook that is taken for verified.
    fn hooked(
        &self,
        place: usize,
        source: &str,
        topic: Option<&str>,
        headers: &[(String, String)],
        body: &str,
    ) -> Result<NewReceipt, String> {
        let name = SourceName::parse(source).map_err(|error| error.to_string())?;
        let no_source = || {
            let names = self.merchant.sources.keys().map(SourceName::as_str);
            let names: Vec<&str> = names.filter(|name| !made_up::is_ours(name)).collect();
            format!("the merchant has no source `{source}`; it has: {}", names.join(", "))
        };
        let known = self.merchant.sources.get(&name).ok_or_else(no_source)?;
        let mut headers = headers.to_vec();
        if let (Some(topic), Some(header)) = (topic, known.ready.connector().topic_header()) {
            headers.push((header.to_lowercase(), topic.to_owned()));
        }
        let now = self.clock.now();
        let unix_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let id = ReceiptId::at(unix_ms, place as u128);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let body = Bytes::from(body.to_owned());
        dry::receipt(&self.merchant, &name, id, &headers, body, now).ok_or_else(no_source)
    }

    /// The receipt of a row of an import.
    fn imported(&self, place: usize, source: &str, row: &Map) -> Result<NewReceipt, String> {
        let source = SourceName::parse(source).map_err(|error| error.to_string())?;
        let receipt =
            import::receipt(&self.merchant, &source, row, self.clock.now(), place as u128);
        receipt.map_err(|faults| {
            let told =
                faults.iter().map(|fault| format!("{} (hint: {})", fault.message, fault.hint));
            told.collect::<Vec<_>>().join("; ")
        })
    }

    async fn accept(&self, receipt: NewReceipt) -> LedgerResult<()> {
        self.store
            .accept(vec![receipt])
            .await
            .into_iter()
            .try_for_each(|accepted| accepted.map(drop))
    }
}

/// A fact as the body of a webhook. Each is a delivery of its own.
fn stated(place: usize, fields: &Map) -> String {
    let mut body = fields.clone();
    body.set("fact", Value::int(place as i64));
    let mut text = String::new();
    body.write_json(&mut text);
    text
}
