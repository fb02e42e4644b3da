//! Which of the 64 partitions a merchant belongs to.

use super::{
    names::{FeedName, MerchantId},
    opaque::derive_bits,
};

/// The number of partitions: stored with the data and never changed.
pub const PARTITIONS: u8 = 64;

/// One of the 64 shares of all merchants.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partition(u8);

impl Partition {
    /// The partition of `merchant`.
    pub fn of(merchant: &MerchantId) -> Self {
        Self::derived("partition", merchant.as_str())
    }

    /// The partition in which a feed's webhooks wait to be split.
    pub fn of_feed(feed: &FeedName) -> Self {
        Self::derived("partition of a feed", feed.as_str())
    }

    fn derived(kind: &str, name: &str) -> Self {
        let bits = derive_bits(kind, &[name.as_bytes()]);
        Self((bits % u128::from(PARTITIONS)) as u8)
    }

    /// All partitions.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }

    /// `0..64`.
    pub fn number(self) -> u8 {
        self.0
    }
}
