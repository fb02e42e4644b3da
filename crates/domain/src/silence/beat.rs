//! How often somebody is heard, and whether this is longer than usual.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::{
    Days, Heard, LOOK_AGAIN_HOURS, Outage, Suspension,
    outage::{self, LOST_AFTER_HOURS},
};
use crate::{calendar::working_time, id::AggregateId};

/// Less is no silence, however often somebody speaks.
pub(super) const LEAST: Duration = Duration::from_hours(12);

/// From so many changes of the order on that is spoken of, a usual gap is known. A source that speaks of
/// one order alone is as quiet as that order.
const KNOWN_FROM: u32 = 10;

/// Gaps of so many weeks are remembered.
const WEEKS: i64 = 5;

const WEEK_SECONDS: i64 = 7 * 86_400;

/// One source, or one carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beat {
    last: Timestamp,
    /// How often another order was spoken of than before.
    changes: u32,
    order: AggregateId,
    /// The longest gap of each week, in seconds on business days.
    gaps: Vec<(i64, u64)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    outages: Vec<Outage>,
}

impl Beat {
    pub(super) fn first(at: Timestamp, order: AggregateId) -> Self {
        Self { last: at, changes: 0, order, gaps: Vec::new(), outages: Vec::new() }
    }

    /// Heard at `at`, of `order`.
    pub(super) fn hear(&mut self, at: Timestamp, order: AggregateId, days: Days<'_>) {
        if order != self.order {
            self.changes = self.changes.saturating_add(1);
            self.order = order;
        }
        if at <= self.last {
            return;
        }
        let gap = working_time(self.last, at, days.places, days.zone);
        if self.is_known() && gap > self.longest() {
            let hours = (gap.as_secs() / 3600).cast_signed();
            outage::remember(&mut self.outages, Outage { from: self.last, to: at, hours });
        }
        // A silence is not what is usual; it teaches a little, since seasons change.
        let gap = if self.is_known() { gap.min(self.longest()) } else { gap };
        self.learn(at, gap);
        self.last = at;
    }

    fn learn(&mut self, at: Timestamp, gap: Duration) {
        let week = at.as_second() / WEEK_SECONDS;
        self.gaps.retain(|(of, _)| *of > week - WEEKS);
        match self.gaps.iter_mut().find(|(of, _)| *of == week) {
            Some((_, longest)) => *longest = (*longest).max(gap.as_secs()),
            None => self.gaps.push((week, gap.as_secs())),
        }
    }

    pub(super) fn is_known(&self) -> bool {
        self.changes >= KNOWN_FROM
    }

    /// A gap longer than this is a silence: half as long again as any that is usual.
    fn longest(&self) -> Duration {
        self.half_again().max(LEAST)
    }

    fn half_again(&self) -> Duration {
        let usual = self.gaps.iter().map(|(_, seconds)| *seconds).max().unwrap_or(0);
        Duration::from_secs(usual.saturating_mul(3) / 2)
    }

    /// Since when nothing was heard, where that is longer than usual, and than `least`.
    pub(super) fn silent_since(
        &self,
        least: Duration,
        days: Days<'_>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        let gap = working_time(self.last, now, days.places, days.zone);
        (self.is_known() && gap > self.half_again().max(least)).then_some(self.last)
    }

    /// Whether what was missed since `since` would have been heard.
    pub(super) fn of(
        &self,
        since: Timestamp,
        days: Days<'_>,
        now: Timestamp,
        why: impl Fn() -> Suspension,
    ) -> Heard {
        let gap = working_time(self.last, now, days.places, days.zone);
        let worst = outage::after(&self.outages, since, now, &why);
        if !self.is_known() || gap <= self.longest() {
            return worst;
        }
        // Whenever it ends, it is too long for what was not said to be said yet.
        if gap >= Duration::from_hours(LOST_AFTER_HOURS.unsigned_abs()) {
            return worst.or_worse(Heard::Void(why()));
        }
        let until = super::later(now, LOOK_AGAIN_HOURS.hours());
        worst.or_worse(Heard::Suspended { why: why(), until })
    }
}
