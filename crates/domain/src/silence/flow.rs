//! Whether something comes that usually does, whatever it says: webhooks that are accepted.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Days, beat::Beat};
use crate::id::AggregateId;

/// How often a counter rises.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flow {
    /// As it was counted last; nothing before the first look.
    #[serde(default)]
    count: Option<u64>,
    #[serde(default)]
    beat: Option<Beat>,
}

impl Flow {
    /// So many came in all; answers whether that are more than before. What was there at the first look
    /// came at a time that nobody knows.
    pub fn count(&mut self, count: u64, now: Timestamp, days: Days<'_>) -> bool {
        let before = self.count.replace(count).unwrap_or(count);
        if count <= before {
            return false;
        }
        // Each rise stands for another thing that is spoken of.
        let rise = AggregateId::from_bits(u128::from(count));
        match &mut self.beat {
            Some(beat) => beat.hear(now, rise, days),
            None => self.beat = Some(Beat::first(now, rise)),
        }
        true
    }

    /// Whether it is known how often something usually comes.
    pub fn is_known(&self) -> bool {
        self.beat.as_ref().is_some_and(Beat::is_known)
    }

    /// Since when nothing came, where that is longer than usual, and than `least`.
    pub fn dry_since(&self, least: Duration, days: Days<'_>, now: Timestamp) -> Option<Timestamp> {
        self.beat.as_ref()?.silent_since(least, days, now)
    }
}
