//! What one process has in hand: handed out and not settled yet. It goes with the process.

use std::collections::BTreeMap;

use parcelwire_domain::id::{DestinationName, MerchantId, MessageId, Partition, ReceiptId};
use parcelwire_engine::ports::Owner;

#[derive(Debug, Default)]
pub(super) struct Hands {
    pub(super) receipts: BTreeMap<ReceiptId, Partition>,
    pub(super) messages: BTreeMap<MessageId, (Partition, Place)>,
    pub(super) asking: BTreeMap<ReceiptId, (Partition, Owner)>,
}

/// A merchant's destination.
pub(super) type Place = (MerchantId, DestinationName);

impl Hands {
    /// Whether something is under way that another owner would begin again.
    pub(super) fn is_busy(&self, partition: Partition) -> bool {
        let sent = self.messages.values().map(|(place, _)| place);
        let asked = self.asking.values().map(|(place, _)| place);
        sent.chain(asked).any(|place| *place == partition)
    }
}

/// How often each name occurs.
pub(super) fn counts<'h, N: Ord + Clone + 'h>(
    held: impl Iterator<Item = &'h (Partition, N)>,
) -> BTreeMap<N, usize> {
    let mut counts = BTreeMap::new();
    for (_, name) in held {
        *counts.entry(name.clone()).or_default() += 1;
    }
    counts
}

/// The partition of a receipt.
pub(super) fn partition(owner: &Owner) -> Partition {
    match owner {
        Owner::Merchant(merchant) => Partition::of(merchant),
        Owner::Feed(feed) => Partition::of_feed(feed),
    }
}
