//! When a message is tried again: at least 12 attempts and 3 days.

use std::time::Duration;

/// Attempts that count, at least.
pub const ATTEMPTS: u32 = 12;

/// How long it is tried, at least.
pub const AT_LEAST: Duration = Duration::from_hours(3 * 24);

/// Longest wait that a destination may ask for.
pub const MAX_RETRY_AFTER: Duration = Duration::from_hours(24);

/// How long to wait after the `failed`-th counted failure (from 1), or `None` when the budget is
/// used up. `chance` in 0..1 spreads the retries; `since_first` is the age of the first attempt.
pub fn wait_after(failed: u32, since_first: Duration, chance: f64) -> Option<Duration> {
    let _ = (failed, since_first, chance);
    todo!()
}
