//! When a message is tried again: at least 12 attempts and 3 days.

use std::time::Duration;

/// Attempts that count, at least.
pub const ATTEMPTS: u32 = 12;

/// How long it is tried, at least.
pub const AT_LEAST: Duration = Duration::from_hours(3 * 24);

/// Longest wait that a destination may ask for.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_hours(8);

/// How long to wait after the `failed`-th counted failure (from 1), or `None` when the budget is
/// used up. `chance` in 0..1 spreads the retries; `since_first` is the age of the first attempt.
pub fn wait_after(failed: u32, since_first: Duration, chance: f64) -> Option<Duration> {
    if failed >= ATTEMPTS && since_first >= AT_LEAST {
        return None;
    }
    let doubled = FIRST.saturating_mul(3_u32.saturating_pow(failed.saturating_sub(1).min(9)));
    let wait = doubled.min(LONGEST);
    // Between half and the whole of it: spread, and never at once.
    Some(wait.mul_f64(0.5 + 0.5 * chance.clamp(0.0, 1.0)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_message_is_tried_twelve_times_and_three_days_at_least() {
        for chance in [0.0, 0.5, 0.999] {
            let (mut failed, mut age) = (1, Duration::ZERO);
            while let Some(wait) = wait_after(failed, age, chance) {
                failed += 1;
                age += wait;
                assert!(failed < 60, "it ends");
            }
            assert!(failed >= ATTEMPTS, "{failed} attempts at {chance}");
            assert!(age >= AT_LEAST, "{age:?} at {chance}");
        }
    }

    proptest! {
        #[test]
        fn waits_are_bounded_and_grow(failed in 1_u32..1000, chance in 0.0_f64..1.0) {
            let wait = wait_after(failed, Duration::ZERO, chance).expect("three days are not over");
            prop_assert!(wait >= FIRST / 2 && wait <= LONGEST);
            let next = wait_after(failed + 1, Duration::ZERO, chance).expect("nor are they now");
            prop_assert!(next >= wait);
        }
    }
}
