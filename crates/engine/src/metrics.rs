//! What is counted and measured: every metric with its name, its labels of low cardinality, what it is and
//! what to do when it moves. The table in docs/OPERATIONS.md is made of this list.

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Metric, Registry},
};

use crate::ports::OrphanKind;

/// What kind of metric it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only rises, from the start of the process.
    Counter,
    /// Rises and falls.
    Gauge,
    /// How often something took how long.
    Histogram,
}

/// One metric, and what people need to know of it.
#[derive(Debug, Clone, Copy)]
pub struct About {
    /// Its whole name, as it is scraped.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it is.
    pub is: &'static str,
    /// What it means when it moves, and what to do then.
    pub moves: &'static str,
}

/// Labels of what is counted by how it ended.
const OUTCOME: &[&str] = &["outcome"];

/// All metrics there are.
pub const ALL: [&About; 27] = [
    &RECEIVED,
    &ACCEPT,
    &PROCESSED,
    &UNWANTED_TRIGGERS,
    &ATTEMPTS,
    &LAG,
    &STORE_ERRORS,
    &ORPHANS,
    &LOOKUPS,
    &POLLS,
    &POLL_AGE,
    &ALERTS,
    &INCIDENTS,
    &SENDING,
    &STUCK,
    &WAITING,
    &OLDEST_WAITING,
    &PENDING,
    &OLDEST_DUE,
    &STORE_BYTES,
    &PAUSED,
    &PAUSED_BY,
    &SILENT,
    &SILENT_BY,
    &SPANS,
    &STORE_UP,
    &BUILD,
];

const RECEIVED: About = About::counter(
    "parcelwire_received_total",
    OUTCOME,
    "webhook requests by answer; all but `accepted`, `duplicate` and `handshake` are refused, by reason",
    "`signature_invalid`: a secret was rotated on one side only; `store_unavailable`: disk full or failing, senders come again; `unknown_source`: an address was mistyped; `merchant_misconfigured`: `parcelwire check` says what is wrong; `body_too_large`: see `http.max_body_bytes`",
);
const ACCEPT: About = About::seconds(
    "parcelwire_accept_seconds",
    "arrival until durable",
    "the disk's sync time; above 50 ms look at what else writes there",
);
const PROCESSED: About = About::counter(
    "parcelwire_processed_total",
    OUTCOME,
    "receipts by outcome",
    "`failed` rising: `GET /api/v1/receipts?status=failed` says why, one by one; `parked`: the source that brings recipients is silent; `unclaimed`: a feed sends for an account that no merchant names, `GET /api/v1/receipts?status=unclaimed` tells which feed",
);
const ATTEMPTS: About = About::counter(
    "parcelwire_attempts_total",
    OUTCOME,
    "attempts by verdict",
    "`key_wrong`: the destination is paused until its key is right; `settings_wrong`: something must be made in the other system first; `again`: it is slow or down; `rejected`: `GET /api/v1/messages?status=dead` has the answers",
);
const LAG: About = About::seconds(
    "parcelwire_lag_seconds",
    "webhook until the destination has it",
    "waits that were asked for (holds, limits) count; else the destination is slow",
);
const STORE_ERRORS: About = About::counter(
    "parcelwire_store_errors_total",
    OUTCOME,
    "store calls that failed",
    "any: see the log; nothing is lost, work is repeated",
);
const ORPHANS: About = About::counter(
    "parcelwire_orphans_total",
    &["what"],
    "unfinished things that nobody would ever have come to, found and put back",
    "stays 0: any is a mistake of ours, or somebody wrote into the store; the log has their ids, please report it",
);
const LOOKUPS: About = About::counter(
    "parcelwire_lookups_total",
    OUTCOME,
    "what was asked of other systems about webhooks",
    "`key_wrong`: mend the source's settings, what waits is asked again at once; `again`: the other system is slow or down; `refused`: a webhook named a host that its connector does not pin, nothing was sent; `no_room`: large answers wait for each other, see `egress.max_answers_bytes`",
);
const POLLS: About = About::counter(
    "parcelwire_polls_total",
    OUTCOME,
    "rounds of asking sources for news",
    "`failed`, `key_wrong`: `parcelwire polls` says which source or feed, and why; a refused key rests it until its settings change; `cut`: more pages than one round may ask for",
);
const POLL_AGE: About = About::gauge(
    "parcelwire_poll_age_seconds",
    &[],
    "since the last good round of the source that waits longest",
    "above a few times its `every:`: see the two lines above",
);
const SENDING: About = About::gauge(
    "parcelwire_sending",
    &[],
    "messages under way",
    "at its ceiling (256) for long: destinations are slow",
);
const STUCK: About = About::gauge(
    "parcelwire_stuck",
    &[],
    "receipts whose merchant's files are broken or gone",
    "mend the file: `parcelwire check`",
);
pub(crate) const WAITING: About = About::gauge(
    "parcelwire_waiting",
    &[],
    "receipts that are not decided yet",
    "rising: more comes in than is decided; look at the processors",
);
pub(crate) const OLDEST_WAITING: About = About::gauge(
    "parcelwire_oldest_waiting_seconds",
    &[],
    "age of the receipt that waits longest; 0 when none does",
    "above a minute while `parcelwire_stuck` is 0: another system is asked about it and does not answer (`GET /api/v1/receipts?status=waiting`), or no instance works on it",
);
pub(crate) const PENDING: About = About::gauge(
    "parcelwire_pending",
    &[],
    "messages that are unsent, those with a hold included",
    "rising: destinations are slow, paused or limited",
);
pub(crate) const OLDEST_DUE: About = About::gauge(
    "parcelwire_oldest_due_seconds",
    &[],
    "since when the first message is due that is not sent; those to paused destinations left out; 0 when none is",
    "above a minute: a limit of a destination is lower than what is to be sent, all 256 places are taken, or no instance works on it",
);
pub(crate) const STORE_BYTES: About = About::gauge(
    "parcelwire_store_bytes",
    &[],
    "size of the store: of its file, or of the memory of all Redis masters",
    "nears what there is: more room, or a shorter `retention`; the file does not shrink by itself, its free pages are used again",
);
pub(crate) const PAUSED: About = About::gauge(
    "parcelwire_paused_destinations",
    &[],
    "destinations whose messages are held",
    "above 0: the next line says which, and why; held messages end after seven days",
);
pub(crate) const PAUSED_BY: About = About::gauge(
    "parcelwire_destination_paused",
    &["merchant", "destination", "why"],
    "1 for each of them, the first 200",
    "`key_wrong`: give the destination a key that works, it goes on by itself; `version_retired`: the connector needs a newer version of the other system's interface",
);
pub(crate) const SILENT: About = About::gauge(
    "parcelwire_silent_sources",
    &[],
    "sources that were quiet for longer than is usual for them, and carriers of which nothing is heard",
    "above 0: the next line says which; nothing is told meanwhile that follows from silence",
);
pub(crate) const SILENT_BY: About = About::gauge(
    "parcelwire_source_silent_seconds",
    &["merchant", "kind", "name"],
    "since when each of them, the first 200, was heard last",
    "look in the other system whether its webhooks were switched off or are refused; `kind` is `source` or `carrier`",
);
const SPANS: About = About::counter(
    "parcelwire_spans_total",
    OUTCOME,
    "spans of traces by what became of them; none without `OTEL_EXPORTER_OTLP_ENDPOINT`",
    "`dropped`: more than the collector takes; `failed`: it does not answer, or refuses; the log says why, and webhooks are not touched by it",
);
pub(crate) const STORE_UP: About = About::gauge(
    "parcelwire_store_up",
    &[],
    "1 when the store answers and takes writes",
    "0: the lines about waiting and pending are missing then; disk full, or Redis away: the log says which",
);
pub(crate) const BUILD: About = About::gauge(
    "parcelwire_build_info",
    &["version"],
    "1, with the version that runs",
    "two versions at once: an update that is under way, or stopped half-way",
);

const UNWANTED_TRIGGERS: About = About::counter(
    "parcelwire_unwanted_total",
    OUTCOME,
    "triggers that somebody does not want, or is not known to want",
    "`consent unknown` rising: no source states consent (`marketing_consent`), or a promotional trigger should be transactional; `objected`, `consent denied`: nothing to do",
);
const INCIDENTS: About = About::gauge(
    "parcelwire_incidents",
    &[],
    "incidents that are open at this instance's merchants",
    "above 0: `parcelwire alerts` says what and what to do",
);
const ALERTS: About = About::counter(
    "parcelwire_alerts_total",
    OUTCOME,
    "notices of incidents",
    "`again`, `given_up`: the mail server or a webhook's receiver does not take them, see the log and `parcelwire alerts --test`",
);

/// One label: what it came to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Outcome {
    /// `accepted`, `signature_invalid`, `sent`, …
    pub outcome: String,
}

/// One label: what was found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct What {
    /// `receipt`, `message`, …
    pub what: &'static str,
}

/// Rules that stop what somebody does not want, or is not known to want.
pub(crate) const UNWANTED: [&str; 3] = ["objected", "consent denied", "consent unknown"];

/// The metrics that one process counts and measures by itself. Those about what the store knows, and who is
/// silent, are asked for when they are scraped.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    /// Webhook requests by answer.
    pub received: Family<Outcome, Counter>,
    /// From the request's arrival until it is durable.
    pub accept_seconds: Histogram,
    /// Receipts by outcome.
    pub processed: Family<Outcome, Counter>,
    /// Triggers that somebody did not want, by the rule that stopped them.
    pub unwanted: Family<Outcome, Counter>,
    /// Attempts by verdict.
    pub attempts: Family<Outcome, Counter>,
    /// From the webhook's arrival until the destination has the message.
    pub lag_seconds: Histogram,
    /// Store calls that failed, by kind.
    pub store_errors: Family<Outcome, Counter>,
    /// What nobody would have come to, by what it was.
    pub orphans: Family<What, Counter>,
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
    /// Spans by what became of them.
    pub spans: Family<Outcome, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let accept_seconds = Histogram::new(exponential_buckets(0.000_5, 2.0, 14));
        let lag_seconds = Histogram::new(exponential_buckets(0.002, 2.5, 16));
        ACCEPT.register(&mut registry, accept_seconds.clone());
        LAG.register(&mut registry, lag_seconds.clone());
        // There from the start: a rate needs to see them rise from nothing.
        let mut counted = |about: &About, known: &[&str]| {
            let family = Family::<Outcome, Counter>::default();
            for outcome in known {
                drop(family.get_or_create(&Outcome { outcome: (*outcome).to_owned() }));
            }
            about.register(&mut registry, family.clone());
            family
        };
        let received = counted(&RECEIVED, &ANSWERS);
        let ends = ["forwarded", "filtered", "parked", "failed", "unclaimed"];
        let processed = counted(&PROCESSED, &ends);
        let unwanted = counted(&UNWANTED_TRIGGERS, &UNWANTED);
        let verdicts = ["sent", "again", "rejected", "key_wrong", "settings_wrong"];
        let attempts = counted(&ATTEMPTS, &verdicts);
        let store_errors =
            counted(&STORE_ERRORS, &["accept", "recall", "commit", "ready", "conclude", "hold"]);
        let lookups = counted(&LOOKUPS, &["answered", "again", "failed", "key_wrong"]);
        let polls = counted(&POLLS, &["ok", "failed", "key_wrong", "cut"]);
        let alerts = counted(&ALERTS, &["sent", "again", "given_up"]);
        let spans = counted(&SPANS, &["exported", "dropped", "failed"]);
        let orphans = Family::<What, Counter>::default();
        for kind in OrphanKind::ALL {
            drop(orphans.get_or_create(&What { what: kind.name() }));
        }
        ORPHANS.register(&mut registry, orphans.clone());
        let mut measured = |about: &About| {
            let gauge = Gauge::default();
            about.register(&mut registry, gauge.clone());
            gauge
        };
        let (poll_age_seconds, sending, stuck) =
            (measured(&POLL_AGE), measured(&SENDING), measured(&STUCK));
        let incidents = measured(&INCIDENTS);
        Self {
            registry,
            received,
            accept_seconds,
            processed,
            unwanted,
            attempts,
            lag_seconds,
            store_errors,
            orphans,
            lookups,
            polls,
            poll_age_seconds,
            alerts,
            incidents,
            sending,
            stuck,
            spans,
        }
    }
}

/// The answers that a webhook request may get; a connector's own answers count as what they stand for.
const ANSWERS: [&str; 14] = [
    "accepted",
    "duplicate",
    "handshake",
    "signature_missing",
    "signature_invalid",
    "timestamp_outside_tolerance",
    "unknown_source",
    "too_many_failures",
    "store_unavailable",
    "merchant_misconfigured",
    "method_not_allowed",
    "body_too_large",
    "body_incomplete",
    "request_timeout",
];

impl Metrics {
    /// In the text format of OpenMetrics.
    pub fn text(&self) -> String {
        let mut out = String::new();
        if encode(&mut out, &self.registry).is_err() {
            out.clear();
        }
        out
    }

    /// A webhook request that was refused before the engine saw it.
    pub fn refused(&self, code: &str) {
        Self::count(&self.received, code);
    }

    /// Spans came to an end: `exported`, `failed`.
    pub fn spans_ended(&self, outcome: &str, count: usize) {
        let outcome = Outcome { outcome: outcome.to_owned() };
        self.spans.get_or_create(&outcome).inc_by(count as u64);
    }

    pub(crate) fn orphan(&self, kind: OrphanKind) {
        self.orphans.get_or_create(&What { what: kind.name() }).inc();
    }

    pub(crate) fn count(family: &Family<Outcome, Counter>, outcome: &str) {
        family.get_or_create(&Outcome { outcome: outcome.to_owned() }).inc();
    }
}

impl About {
    const fn counter(
        name: &'static str,
        labels: &'static [&'static str],
        is: &'static str,
        moves: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Counter, labels, is, moves }
    }

    const fn gauge(
        name: &'static str,
        labels: &'static [&'static str],
        is: &'static str,
        moves: &'static str,
    ) -> Self {
        Self { name, kind: Kind::Gauge, labels, is, moves }
    }

    const fn seconds(name: &'static str, is: &'static str, moves: &'static str) -> Self {
        Self { name, kind: Kind::Histogram, labels: &[], is, moves }
    }

    /// OpenMetrics names a counter without its ending, and adds it by itself.
    fn register(&self, registry: &mut Registry, metric: impl Metric) {
        registry.register(self.name.trim_end_matches("_total"), self.is, metric);
    }

    /// Its row in the guide.
    pub fn row(&self) -> String {
        let labels = match self.labels {
            [] => String::new(),
            labels => format!("{{{}}}", labels.join(",")),
        };
        format!("| `{}{labels}` | {} | {} |", self.name, self.is, self.moves)
    }
}

/// The gauges that are asked for when they are scraped, as lines of Prometheus.
pub(crate) mod asked {
    use std::fmt::Write as _;

    use super::About;

    /// Most lines of one metric that name merchants.
    pub(crate) const MOST_NAMED: usize = 200;

    /// A gauge and its samples: values of its labels, which are names of ours and need no escaping, and
    /// the value.
    pub(crate) fn lines(about: &About, samples: &[(Vec<&str>, u64)]) -> String {
        let name = about.name;
        let mut text = format!("# HELP {name} {}.\n# TYPE {name} gauge\n", about.is);
        for (values, value) in samples.iter().take(MOST_NAMED) {
            let labels = about.labels.iter().zip(values);
            let labels: Vec<String> =
                labels.map(|(label, value)| format!("{label}=\"{value}\"")).collect();
            let written = if labels.is_empty() {
                writeln!(text, "{name} {value}")
            } else {
                writeln!(text, "{name}{{{}}} {value}", labels.join(","))
            };
            written.expect("a String takes every text");
        }
        text
    }

    /// One without labels.
    pub(crate) fn line(about: &About, value: u64) -> String {
        lines(about, &[(Vec::new(), value)])
    }
}
