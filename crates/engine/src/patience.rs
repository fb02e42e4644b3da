//! Waiting for a store that failed, longer each time.

use std::time::Duration;

use crate::ports::Clock;

const FIRST: Duration = Duration::from_millis(50);
const LONGEST: Duration = Duration::from_secs(5);

/// How long to wait next.
#[derive(Debug)]
pub(crate) struct Patience(Duration);

impl Patience {
    pub(crate) fn new() -> Self {
        Self(FIRST)
    }

    /// Waits; the next time twice as long.
    pub(crate) async fn wait(&mut self, clock: &dyn Clock) {
        clock.until(clock.now() + self.0).await;
        self.0 = (self.0 * 2).min(LONGEST);
    }
}
