//! When a source is asked again after a round. Pure.

use std::time::Duration;

/// More is there, or the store failed: no later than this.
pub(super) const SOON: Duration = Duration::from_secs(5);

/// A source whose key was refused rests at least so long, or until its settings change.
const REST: Duration = Duration::from_mins(15);

/// Longest wait after failures.
pub(super) const LONGEST: Duration = Duration::from_hours(1);

/// How a round ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All there is was taken.
    Whole,
    /// There is more, and it is known how far this one went.
    Cut,
    /// It failed, and so did so many before it.
    Failed {
        before: u32,
        /// The key was refused.
        rests: bool,
        /// How long it asked to be left alone.
        after: Duration,
    },
}

/// How long to wait before the next round.
pub(super) fn wait(outcome: Outcome, every: Duration, chance: f64) -> Duration {
    match outcome {
        Outcome::Whole => every,
        Outcome::Cut => every.min(SOON),
        Outcome::Failed { before, rests, after } => {
            let least = if rests { REST } else { every.min(SOON) };
            let grown = least.saturating_mul(2_u32.saturating_pow(before.min(16)));
            grown.min(LONGEST).max(after).mul_f64(1.0 + chance / 4.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_mins(5);

    #[test]
    fn a_source_is_asked_at_its_pace_and_sooner_where_there_is_more() {
        assert_eq!(wait(Outcome::Whole, EVERY, 0.9), EVERY);
        assert_eq!(wait(Outcome::Cut, EVERY, 0.9), SOON);
        assert_eq!(wait(Outcome::Cut, Duration::from_secs(1), 0.9), Duration::from_secs(1));
    }

    #[test]
    fn failures_are_repeated_soon_and_then_ever_more_seldom() {
        let failed = |before| Outcome::Failed { before, rests: false, after: Duration::ZERO };
        let waits: Vec<u64> =
            [0, 1, 2, 5, 20, u32::MAX].map(|n| wait(failed(n), EVERY, 0.0).as_secs()).to_vec();
        assert_eq!(waits, [5, 10, 20, 160, 3600, 3600]);
        assert!(wait(failed(0), EVERY, 0.999) < Duration::from_secs(7));
    }

    #[test]
    fn a_refused_key_rests_and_patience_that_is_asked_for_is_had() {
        let rests = |before| Outcome::Failed { before, rests: true, after: Duration::ZERO };
        assert_eq!(wait(rests(0), EVERY, 0.0), REST);
        assert_eq!(wait(rests(9), EVERY, 0.0), LONGEST);
        let day = Duration::from_hours(24);
        let asked = Outcome::Failed { before: 0, rests: false, after: day };
        assert_eq!(wait(asked, EVERY, 0.0), day);
    }
}
