//! Whether nothing was heard because nothing happened, or because nobody spoke. What follows from
//! absence is not told while a source or carrier is quieter than usual, while the relay itself has
//! catching up to do, or after either was away.
//!
//! Must not know: orders, stores, how pulses are kept.

mod beat;
mod flow;
mod outage;
mod pulse;
#[cfg(test)]
mod tests;

use jiff::Timestamp;

use crate::{calendar::Place, id::SourceName};

pub use flow::Flow;
pub use outage::{Alive, Outage};
pub use pulse::{Pulse, Who};

/// How long until what is silent is looked at again.
const LOOK_AGAIN_HOURS: i64 = 6;

/// How long until a merchant with a backlog is looked at again.
const BACKLOG_MINUTES: i64 = 15;

/// Business days, for telling a weekend from a silence.
#[derive(Debug, Clone, Copy)]
pub struct Days<'a> {
    /// Where people work.
    pub places: &'a [&'a Place],
    /// In which zone days begin.
    pub zone: &'a jiff::tz::TimeZone,
}

/// What is known of who is heard.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hearing<'a> {
    /// The merchant's sources and carriers; `None` where nothing is kept of them.
    pub pulse: Option<&'a Pulse>,
    /// When the relay itself was away.
    pub away: &'a [Outage],
    /// Whether the merchant has facts that are received and not settled yet.
    pub backlog: bool,
}

/// Whose word is missed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Missed<'a> {
    /// These sources; all of the merchant's when there are none.
    pub(crate) sources: &'a [&'a SourceName],
    /// This carrier.
    pub(crate) carrier: Option<&'a str>,
    /// Since then nothing was heard of the thing.
    pub(crate) since: Timestamp,
}

/// Whether an absence means anything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    /// Whoever would have spoken is heard.
    Well,
    /// Not now; to be looked at again.
    Suspended {
        /// Why.
        why: Suspension,
        /// When to look again.
        until: Timestamp,
    },
    /// What was said meanwhile may be lost for good: nothing follows until the thing is heard of.
    Void(Suspension),
}

/// Why an absence means nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Suspension {
    /// A source is, or was, quiet for longer than usual.
    SourceSilent(String),
    /// So is, or was, a carrier.
    CarrierSilent(String),
    /// The relay was away, or its clock jumped.
    Away,
    /// Facts wait to be settled.
    Backlog,
}

impl Suspension {
    /// The rule's name in stories.
    pub fn name(&self) -> &'static str {
        match self {
            Self::SourceSilent(_) => "source_silent",
            Self::CarrierSilent(_) => "carrier_silent",
            Self::Away => "away",
            Self::Backlog => "backlog",
        }
    }
}

impl std::fmt::Display for Suspension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::SourceSilent(name) => {
                write!(f, "the source {name} is quiet for longer than usual, or was")
            }
            Self::CarrierSilent(name) => {
                write!(f, "nothing is heard of parcels of {name} for longer than usual, or was")
            }
            Self::Away => f.write_str("the relay was away, or its clock jumped"),
            Self::Backlog => f.write_str("facts that came in are not settled yet"),
        }
    }
}

impl Hearing<'_> {
    /// Whether what is missed would have been heard.
    pub(crate) fn of(&self, missed: &Missed<'_>, days: Days<'_>, now: Timestamp) -> Heard {
        let mut worst = outage::after(self.away, missed.since, now, || Suspension::Away);
        if self.backlog {
            let until = later(now, jiff::Span::new().minutes(BACKLOG_MINUTES));
            worst = worst.or_worse(Heard::Suspended { why: Suspension::Backlog, until });
        }
        if let Some(pulse) = self.pulse {
            worst = worst.or_worse(pulse.of(missed, days, now));
        }
        worst
    }
}

/// Whether the relay was away not long ago: who could not reach it catches up.
pub fn is_catching_up(away: &[Outage], now: Timestamp) -> bool {
    away.iter().any(|outage| outage.from <= now && now < outage.caught_up())
}

impl Heard {
    fn or_worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Well, other) => other,
            (own, Self::Well) => own,
            (Self::Void(why), _) | (Self::Suspended { .. }, Self::Void(why)) => Self::Void(why),
            (Self::Suspended { why, until }, Self::Suspended { why: other, until: later }) => {
                if until >= later {
                    Self::Suspended { why, until }
                } else {
                    Self::Suspended { why: other, until: later }
                }
            }
        }
    }
}

fn later(at: Timestamp, by: jiff::Span) -> Timestamp {
    at.checked_add(by).unwrap_or(Timestamp::MAX)
}
