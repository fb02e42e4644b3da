//! Time that jumps to the next thing to do, and clocks that do not always show it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use parcelwire_engine::ports::Clock;
use tokio::time::{Instant, sleep};

use crate::process::Process;

/// The world's own time: the runtime's, which is paused.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WorldTime {
    began: Instant,
}

/// When every world begins: a Tuesday.
pub(crate) fn beginning() -> Timestamp {
    Timestamp::from_second(1_795_500_000).expect("it is a time")
}

impl WorldTime {
    pub(crate) fn start() -> Self {
        Self { began: Instant::now() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        beginning() + self.began.elapsed()
    }
}

/// How wrong the clock of one machine is.
#[derive(Debug, Default)]
pub(crate) struct Skew(Mutex<SignedDuration>);

impl Skew {
    pub(crate) fn get(&self) -> SignedDuration {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set(&self, skew: SignedDuration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = skew;
    }
}

/// The clock that a process looks at. Waiting is by time that passes, however the clock jumps
/// meanwhile: so do the machine's.
pub(crate) struct Timepiece {
    pub(crate) time: WorldTime,
    pub(crate) skew: Arc<Skew>,
    pub(crate) process: Arc<Process>,
}

#[async_trait]
impl Clock for Timepiece {
    fn now(&self) -> Timestamp {
        self.time.now() + self.skew.get()
    }

    async fn until(&self, at: Timestamp) {
        let left = Duration::try_from(at.duration_since(self.now())).unwrap_or(Duration::ZERO);
        sleep(left).await;
        self.process.alive().await;
    }
}
