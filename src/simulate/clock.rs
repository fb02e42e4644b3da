//! Time that nobody waits for.

use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_engine::ports::Clock;

/// Stands still until somebody waits, and is then at once where they wanted to be.
#[derive(Debug)]
pub(super) struct Jumping(Mutex<Timestamp>);

impl Jumping {
    pub(super) fn at(beginning: Timestamp) -> Self {
        Self(Mutex::new(beginning))
    }

    /// Goes on to `at`; never back.
    pub(super) fn jump(&self, at: Timestamp) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = at.max(*now);
    }
}

#[async_trait]
impl Clock for Jumping {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn until(&self, at: Timestamp) {
        self.jump(at);
    }
}
