//! A receipt as it comes back from the store, as a source reads it.

use parcelwire_mapping::source::Received;

use super::records::StoredReceipt;

impl StoredReceipt {
    /// As a source reads it.
    pub(crate) fn received(&self) -> Received<'_> {
        Received {
            topic: self.topic.as_deref(),
            headers: &self.headers,
            query: &self.query,
            body: &self.body,
            accounts: &self.accounts,
            received_at: self.received_at,
            source: &self.source,
        }
    }
}

/// How a receipt came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A source sent it, or was asked for news.
    Source,
    /// A row of an import, in canonical words.
    ImportedRow,
    /// A source was asked for what was before the relay was connected.
    ImportedItem,
}

/// What stands in the place of a signature's method.
pub(crate) const IMPORTED_ROW: &str = "imported";
pub(crate) const IMPORTED_ITEM: &str = "polled for an import";

impl StoredReceipt {
    /// How it came.
    pub(crate) fn origin(&self) -> Origin {
        match self.verified.as_str() {
            IMPORTED_ROW => Origin::ImportedRow,
            IMPORTED_ITEM => Origin::ImportedItem,
            _ => Origin::Source,
        }
    }
}
