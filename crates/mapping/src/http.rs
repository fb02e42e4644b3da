//! A request to a marketing tool and its answer, as values. Who sends it is not known here.

use std::time::Duration;

use bytes::Bytes;

/// A request, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Headers in the order in which they are sent; names as the connector wrote them.
    pub headers: Vec<(String, String)>,
    /// The body; empty for none.
    pub body: Bytes,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAnswer {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body as far as it was read.
    pub body: Bytes,
    /// Whether the body was cut off at the transport's limit.
    pub truncated: bool,
    /// From the first byte sent to the last one read.
    pub took: Duration,
}

impl HttpAnswer {
    /// The first header of this name (small letters).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}
