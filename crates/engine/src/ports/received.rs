//! A receipt as it comes back from the store, as a source reads it.

use parcelwire_mapping::source::Received;

use super::records::StoredReceipt;
use crate::trace::Traceparent;

impl StoredReceipt {
    /// The trace that its sender told.
    pub(crate) fn told_trace(&self) -> Option<Traceparent> {
        Traceparent::told(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())))
    }

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
