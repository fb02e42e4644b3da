//! How often each credential may be used, by all instances together.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
pub use parcelwire_mapping::blocks::limits::{Limits, Meter, Wait};

use super::ledger::LedgerResult;

/// A wish for turns of one credential: each is one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TurnWish {
    /// Whose.
    pub credential: [u8; 16],
    /// What holds for it.
    pub limits: Limits,
    /// Requests of this instance that are under way by now.
    pub under_way: u32,
    /// How many it wants; none only tells how many are under way.
    pub turns: u32,
}

/// What came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turns {
    /// So many, to be used at once: within [`Turns::LAST`].
    pub granted: u32,
    /// After this there may be one more; nothing when all were granted.
    pub wait: Option<Duration>,
}

impl Turns {
    /// How long a turn may be kept. Later it would fall into another window than the one it was counted in.
    pub const LAST: Duration = Duration::from_millis(50);
}

/// Where all instances take their turns. It counts requests, and who died with some under way is forgotten
/// by and by.
#[async_trait]
pub trait Turnstile: Send + Sync {
    /// Grants as many turns as no limit forbids, and counts them.
    async fn turns(&self, wish: TurnWish, now: Timestamp) -> LedgerResult<Turns>;

    /// The destination asked for a rest: no instance gets a turn for so long. Never shortens one.
    async fn rest(
        &self,
        credential: [u8; 16],
        limits: Limits,
        span: Duration,
        now: Timestamp,
    ) -> LedgerResult<()>;
}
