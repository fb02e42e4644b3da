//! Ids and names, each its own type. Must not know what is stored under them.

pub mod names;
pub mod occurrence;
pub mod opaque;
pub mod partition;

pub use names::{DestinationName, FeedName, MerchantId, NotAName, SourceName};
pub use occurrence::{MerchantKey, OccurrenceId};
pub use opaque::{
    AggregateId, IncidentId, MessageId, NotAnId, ParcelId, ReceiptId, RefusedId, ReturnId,
};
pub use partition::{PARTITIONS, Partition};
