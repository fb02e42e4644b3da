//! What is counted and measured, with names and labels of low cardinality. Each has a line in
//! docs/OPERATIONS.md.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

/// One label: what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// `accepted`, `signature_invalid`, `sent`, …
    pub outcome: String,
}

/// All metrics of one application.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Webhook requests by answer.
    pub received: Family<Outcome, Counter>,
    /// From the request's arrival until it is durable.
    pub accept_seconds: Histogram,
    /// Receipts by outcome.
    pub processed: Family<Outcome, Counter>,
    /// Attempts by verdict.
    pub attempts: Family<Outcome, Counter>,
    /// From the webhook's arrival until the destination has the message.
    pub lag_seconds: Histogram,
    /// Store calls that failed, by kind.
    pub store_errors: Family<Outcome, Counter>,
    /// What was asked about receipts, by what came of it.
    pub lookups: Family<Outcome, Counter>,
    /// Rounds of asking sources for news, by how they ended.
    pub polls: Family<Outcome, Counter>,
    /// Since when the source that waits longest was not asked successfully, in seconds.
    pub poll_age_seconds: Gauge,
    /// Notices of incidents, by what came of them.
    pub alerts: Family<Outcome, Counter>,
    /// Incidents that are open.
    pub incidents: Gauge,
    /// Messages under way.
    pub sending: Gauge,
    /// Receipts whose merchant's files are broken or gone.
    pub stuck: Gauge,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("parcelwire");
        let received = Family::<Outcome, Counter>::default();
        let processed = Family::<Outcome, Counter>::default();
        let attempts = Family::<Outcome, Counter>::default();
        let store_errors = Family::<Outcome, Counter>::default();
        let lookups = Family::<Outcome, Counter>::default();
        let polls = Family::<Outcome, Counter>::default();
        let alerts = Family::<Outcome, Counter>::default();
        let poll_age_seconds = Gauge::default();
        let accept_seconds = Histogram::new(exponential_buckets(0.000_5, 2.0, 14));
        let lag_seconds = Histogram::new(exponential_buckets(0.002, 2.5, 16));
        let (sending, stuck, incidents) = (Gauge::default(), Gauge::default(), Gauge::default());
        // There from the start: a rate needs to see them rise from nothing.
        let known: [(&Family<Outcome, Counter>, &[&str]); 7] = [
            (&received, &["accepted", "duplicate", "signature_invalid", "store_unavailable"]),
            (&processed, &["forwarded", "filtered", "parked", "failed", "unclaimed"]),
            (&attempts, &["sent", "again", "rejected", "key_wrong"]),
            (&lookups, &["answered", "again", "failed", "key_wrong"]),
            (&polls, &["ok", "failed", "key_wrong", "cut"]),
            (&alerts, &["sent", "again", "given_up"]),
            (&store_errors, &["recall", "commit", "ready", "conclude"]),
        ];
        for (family, outcomes) in known {
            for outcome in outcomes {
                drop(family.get_or_create(&Outcome { outcome: (*outcome).to_owned() }));
            }
        }
        registry.register("received", "webhook requests by answer", received.clone());
        registry.register_with_unit(
            "accept",
            "arrival to durable",
            Unit::Seconds,
            accept_seconds.clone(),
        );
        registry.register("processed", "receipts by outcome", processed.clone());
        registry.register("attempts", "attempts by verdict", attempts.clone());
        registry.register_with_unit(
            "lag",
            "webhook to destination",
            Unit::Seconds,
            lag_seconds.clone(),
        );
        registry.register("store_errors", "store calls that failed", store_errors.clone());
        registry.register("lookups", "what was asked about receipts", lookups.clone());
        registry.register("polls", "rounds of asking sources for news", polls.clone());
        registry.register_with_unit(
            "poll_age",
            "since the last good round of the source that waits longest",
            Unit::Seconds,
            poll_age_seconds.clone(),
        );
        registry.register("alerts", "notices of incidents", alerts.clone());
        registry.register("incidents", "incidents that are open", incidents.clone());
        registry.register("sending", "messages under way", sending.clone());
        registry.register("stuck", "receipts whose merchant's files are broken", stuck.clone());
        Self {
            registry,
            received,
            accept_seconds,
            processed,
            attempts,
            lag_seconds,
            store_errors,
            lookups,
            polls,
            poll_age_seconds,
            alerts,
            incidents,
            sending,
            stuck,
        }
    }
}

impl Metrics {
    /// In the text format of Prometheus.
    pub fn text(&self) -> String {
        let mut out = String::new();
        if encode(&mut out, &self.registry).is_err() {
            out.clear();
        }
        out
    }

    pub(crate) fn count(family: &Family<Outcome, Counter>, outcome: &str) {
        family.get_or_create(&Outcome { outcome: outcome.to_owned() }).inc();
    }
}
