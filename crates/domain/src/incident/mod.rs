//! When something that is wrong is told, and when that it is over: one notice when an incident opens,
//! one when it ends, however often it is looked at, and however it flaps.
//!
//! Pure: driven by `now` and by what is seen. Must not know: stores, mail, who is told in which words.

mod kind;
mod owed;
#[cfg(test)]
mod tests;
mod watch;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::id::{DestinationName, IncidentId};

pub use kind::{Kind, Language, Thing};
pub use owed::{Due, News, Owed};
pub use watch::{Dead, Look, Watch};

/// Something that is wrong now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// What.
    pub kind: Kind,
    /// With what.
    pub thing: Thing,
    /// Since when, where that is known better than by looking.
    pub since: Option<Timestamp>,
    /// More about it.
    pub facts: Facts,
}

/// What is told beside kind and thing. No word of it comes from a webhook's body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// How many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub count: u64,
    /// Why: a rule's name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// At which destination.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<DestinationName>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks by reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// An incident, from the first suspicion until it is forgotten.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Its id: follows from whose it is, what it is, and when it opened.
    pub id: IncidentId,
    /// What.
    pub kind: Kind,
    /// With what.
    pub thing: Thing,
    /// Since when.
    pub since: Timestamp,
    /// How far it is.
    pub stage: Stage,
    /// More about it.
    #[serde(default)]
    pub facts: Facts,
    /// How often it was over shortly before it began again.
    #[serde(default)]
    pub relapses: u32,
    /// Whom it was told to that it began, or will be, until it is over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<String>,
    /// Notices that nobody has taken yet.
    #[serde(default)]
    pub owed: Vec<Owed>,
}

/// How far an incident is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It may pass by itself: nobody is told.
    Suspected {
        /// Seen first.
        seen_at: Timestamp,
    },
    /// It is told.
    Open {
        /// Since when it is told.
        at: Timestamp,
        /// Since when it is not seen any more; it may come back.
        quiet_since: Option<Timestamp>,
    },
    /// It is over.
    Ended {
        /// When it was told.
        opened_at: Timestamp,
        /// When it was seen no longer.
        at: Timestamp,
    },
}

/// How long things must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// So long something is seen before it is told.
    pub opens_after: Duration,
    /// So long it is not seen before it is over.
    pub ends_after: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { opens_after: Duration::from_mins(1), ends_after: Duration::from_mins(5) }
    }
}

impl Incident {
    /// Since when it is told, while it is.
    pub fn open_since(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Open { at, .. } => Some(at),
            Stage::Suspected { .. } | Stage::Ended { .. } => None,
        }
    }

    /// When it was over, once it is.
    pub fn ended_at(&self) -> Option<Timestamp> {
        match self.stage {
            Stage::Ended { at, .. } => Some(at),
            Stage::Suspected { .. } | Stage::Open { .. } => None,
        }
    }
}

fn since(from: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(from)).unwrap_or(Duration::ZERO)
}
