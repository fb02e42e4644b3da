//! Time that jumps to the next thing to do.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_engine::ports::Clock;
use tokio::time::{Instant, sleep_until};

/// Follows the runtime's paused time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VirtualClock {
    began: Instant,
}

/// When every world begins: a Tuesday.
pub(crate) fn beginning() -> Timestamp {
    Timestamp::from_second(1_795_500_000).expect("it is a time")
}

impl VirtualClock {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }
}

#[async_trait]
impl Clock for VirtualClock {
    fn now(&self) -> Timestamp {
        beginning() + self.began.elapsed()
    }

    async fn until(&self, at: Timestamp) {
        let after = Duration::try_from(at.duration_since(beginning())).unwrap_or(Duration::ZERO);
        sleep_until(self.began + after).await;
    }
}
