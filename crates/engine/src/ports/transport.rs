//! Sending a request, and what time it is.

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_mapping::http::{HttpAnswer, HttpRequest};

use crate::room::Share;

/// Sends one request and reads its answer, within the limits of the edge.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends `request`. Never follows a redirect.
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError>;

    /// The same for an answer that is wanted whole: read up to `most_bytes`, as long as `share`
    /// may grow with it.
    async fn fetch(
        &self,
        request: HttpRequest,
        most_bytes: usize,
        share: &mut Share<'_>,
    ) -> Result<HttpAnswer, TransportError> {
        let _ = most_bytes;
        let answer = self.send(request).await?;
        if share.grow(answer.body.len()) { Ok(answer) } else { Err(TransportError::NoRoom) }
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The address is one that destinations may not reach. The operator's fault; waits for them.
    #[error("{host} leads to {address}, which `egress.allow` does not name")]
    Forbidden {
        /// The host as the request named it.
        host: String,
        /// Where it led.
        address: String,
    },
    /// The URL cannot be requested at all. The operator's fault.
    #[error("the address cannot be requested: {0}")]
    BadUrl(String),
    /// Nothing was sent: no name, no connection, no TLS. Try again.
    #[error("no connection: {0}")]
    NotConnected(String),
    /// Something was sent and no whole answer came: it may or may not have been processed. Try
    /// again under the same id.
    #[error("no whole answer: {0}")]
    Broken(String),
    /// There is no room for so large an answer beside those that others hold. Try again soon.
    #[error("there is no room for its answer beside others")]
    NoRoom,
    /// As `Broken`, because it took too long.
    #[error("no answer within {0:?}")]
    TimedOut(std::time::Duration),
}

/// What time it is, and waiting for it.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Comes back at `at`, or a little later.
    async fn until(&self, at: Timestamp);
}
