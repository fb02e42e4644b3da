//! The port [`Turnstile`]: this process is all there is.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_engine::ports::{LedgerResult, Limits, TurnWish, Turns, Turnstile};

use super::Embedded;

#[async_trait]
impl Turnstile for Embedded {
    async fn turns(&self, wish: TurnWish, now: Timestamp) -> LedgerResult<Turns> {
        Ok(self.meters.turns(&wish, now))
    }

    async fn rest(
        &self,
        credential: [u8; 16],
        limits: Limits,
        span: Duration,
        now: Timestamp,
    ) -> LedgerResult<()> {
        self.meters.rest(credential, limits, now + span);
        Ok(())
    }
}
