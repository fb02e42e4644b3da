//! The engine: its parts, its loops, its stopping.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

use crate::{
    Chance, Settings,
    alerts::{AlertDesk, Alerts, Refusals},
    asker::Asker,
    fresh::Fresh,
    hearing::HearingDesk,
    lookup::Lookups,
    metrics::Metrics,
    objections::ObjectionDesk,
    poll::Polls,
    ports::{Archive, Clock, Held, Ledger, Mailer, Transport, Vault},
    process::Process,
    receive::Receive,
    rules::Rules,
    send::Send,
};

/// What an engine is made of.
pub struct Parts {
    /// The books.
    pub ledger: Arc<dyn Ledger>,
    /// Looking at them.
    pub archive: Arc<dyn Archive>,
    /// What is kept beside them.
    pub vault: Arc<dyn Vault>,
    /// Sends requests.
    pub transport: Arc<dyn Transport>,
    /// Sends mail, where a server is set.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// The rule files in force.
    pub rules: Arc<Rules>,
    /// The instance's key, below which merchants' occurrence keys are made.
    pub instance_key: [u8; 32],
    /// The seed of all randomness.
    pub seed: [u8; 32],
    /// What the operator decides.
    pub settings: Settings,
}

/// What all stages share.
pub(crate) struct Shared {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) archive: Arc<dyn Archive>,
    pub(crate) vault: Arc<dyn Vault>,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rules: Arc<Rules>,
    pub(crate) instance_key: [u8; 32],
    pub(crate) chance: Chance,
    pub(crate) settings: Settings,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) fresh: Fresh,
    pub(crate) hearing: HearingDesk,
    pub(crate) alerts: AlertDesk,
    /// Keys that were refused when a source asked about webhooks.
    pub(crate) refusals: Refusals,
    pub(crate) objections: ObjectionDesk,
    /// Rings when receipts wait for what is asked about them.
    pub(crate) to_ask: Notify,
}

/// Receives, processes and sends.
#[derive(Clone)]
pub struct Engine {
    pub(crate) shared: Arc<Shared>,
    /// Asks other systems: the same one for all who ask, so that a credential has one limit.
    pub(crate) asker: Arc<Asker>,
    receive: Arc<Receive>,
}

impl Engine {
    /// Puts the parts together. Nothing runs before [`Engine::run`].
    pub fn new(parts: Parts) -> Self {
        let shared = Arc::new(Shared {
            ledger: parts.ledger,
            archive: parts.archive,
            vault: parts.vault,
            transport: parts.transport,
            mailer: parts.mailer,
            clock: parts.clock,
            rules: parts.rules,
            instance_key: parts.instance_key,
            chance: Chance::new(parts.seed),
            settings: parts.settings,
            metrics: Arc::new(Metrics::default()),
            fresh: Fresh::default(),
            hearing: HearingDesk::default(),
            alerts: AlertDesk::default(),
            refusals: Refusals::default(),
            objections: ObjectionDesk::default(),
            to_ask: Notify::new(),
        });
        let receive = Arc::new(Receive::new(Arc::clone(&shared)));
        let asker = Arc::new(Asker::new(&shared));
        Self { shared, asker, receive }
    }

    /// Takes one webhook request and answers once it is durable, or refused.
    pub async fn receive(&self, hook: crate::Hook<'_>) -> crate::Answer {
        self.receive.take(hook).await
    }

    /// What is counted and measured.
    pub fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// The rule files in force.
    pub fn rules(&self) -> &Arc<Rules> {
        &self.shared.rules
    }

    /// Looking at what happened.
    pub fn archive(&self) -> &Arc<dyn Archive> {
        &self.shared.archive
    }

    /// What is kept beside the books.
    pub fn vault(&self) -> &Arc<dyn Vault> {
        &self.shared.vault
    }

    /// What time it is.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.shared.clock
    }

    /// Runs all loops until `stop` turns true, then finishes what is under way.
    pub async fn run(&self, stop: watch::Receiver<bool>) {
        let process = Process::new(Arc::clone(&self.shared));
        let send = Send::new(Arc::clone(&self.shared));
        let lookups = Lookups::new(&self.shared, &self.asker);
        let polls = Polls::new(&self.shared, &self.asker);
        let alerts = Alerts::new(&self.shared);
        let stops = || stop.clone();
        tokio::join!(
            process.run(stops()),
            send.run(stops()),
            lookups.run(stops()),
            polls.run(stops()),
            alerts.run(stops()),
            self.keep_house(stops())
        );
        self.shared.keep_heard().await;
        self.receive.finish().await;
    }

    /// Works until there is nothing left that is due: for stories on a clock that jumps. It counts
    /// as running since it did so last.
    pub async fn run_until_idle(&self) {
        self.shared.hearing.stay(self.shared.clock.now());
        self.look_after_everything().await;
    }

    /// The same after a time in which it did not run.
    pub async fn run_again_until_idle(&self) {
        self.look_after_everything().await;
    }

    async fn look_after_everything(&self) {
        let process = Process::new(Arc::clone(&self.shared));
        let send = Send::new(Arc::clone(&self.shared));
        let lookups = Lookups::new(&self.shared, &self.asker);
        loop {
            let processed = process.turn().await;
            let asked = lookups.turn_and_wait().await;
            let sent = send.turn_and_wait().await;
            if processed == 0 && asked == 0 && sent == 0 {
                self.shared.keep_heard().await;
                Alerts::new(&self.shared).turn().await;
                return;
            }
        }
    }

    /// Prunes what is old, and lets go of paused destinations whose settings changed.
    async fn keep_house(&self, mut stop: watch::Receiver<bool>) {
        let shared = &self.shared;
        let mut changes = shared.rules.changes();
        shared.keep_rules().await;
        shared.resume_changed().await;
        shared.look_for_silence().await;
        loop {
            let next = shared.clock.now() + std::time::Duration::from_secs(60);
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return,
                changed = changes.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    shared.keep_rules().await;
                    shared.resume_changed().await;
                }
                () = shared.clock.until(next) => {
                    shared.keep_heard().await;
                    shared.look_for_silence().await;
                    let retention = shared.settings.retention;
                    if let Err(error) = shared.ledger.prune(shared.clock.now(), retention).await {
                        tracing::warn!(%error, "old data could not be pruned");
                    }
                }
            }
        }
    }
}

impl Shared {
    /// Waits for what is left of a pace until `next`; for no longer than the pace where the clock was set back
    /// since it began.
    pub(crate) async fn keep_pace(&self, next: jiff::Timestamp, pace: std::time::Duration) {
        self.clock.until(next.min(self.clock.now() + pace)).await;
    }

    /// The partitions that are this instance's; none while the store does not answer.
    pub(crate) async fn held(&self) -> Option<Held> {
        match self.ledger.hold().await {
            Ok(held) => Some(held),
            Err(error) => {
                Metrics::count(&self.metrics.store_errors, "hold");
                tracing::warn!(%error, "the store does not answer");
                None
            }
        }
    }

    /// Keeps the texts of all rule files that messages may refer to.
    async fn keep_rules(&self) {
        let book = self.rules.book();
        for id in book.merchants.keys() {
            let Some(merchant) = book.merchant(id.as_str()) else { continue };
            let kept = self.ledger.keep_rules(merchant.rules, merchant.rules_text.clone()).await;
            if let Err(error) = kept {
                tracing::warn!(%error, merchant.id = %id, "rule files could not be kept");
            }
        }
    }

    /// Destinations that were paused under other settings are tried at once.
    async fn resume_changed(&self) {
        use crate::ports::PauseChange;
        let Ok(pauses) = self.archive.pauses().await else { return };
        let book = self.rules.book();
        for (merchant, destination, pause) in pauses {
            let current = book
                .merchant(merchant.as_str())
                .and_then(|known| known.destinations.get(&destination))
                .map(|target| target.ready.fingerprint());
            if current.is_some_and(|current| current != pause.settings) {
                let resumed = self
                    .ledger
                    .pause(merchant.clone(), destination.clone(), PauseChange::Resume)
                    .await;
                match resumed {
                    Ok(()) => {
                        tracing::info!(merchant.id = %merchant, destination.name = %destination, "settings changed: its messages go out again")
                    }
                    Err(error) => tracing::warn!(%error, "a destination could not be resumed"),
                }
            }
        }
    }
}

/// Comes back when it is time to stop.
pub(crate) async fn stopped(stop: &mut watch::Receiver<bool>) {
    // Without a sender nobody can ask for more: that is a stop as well.
    drop(stop.wait_for(|stop| *stop).await);
}
