//! What the sender of a webhook is told. The edge turns it into HTTP.

use std::time::Duration;

use parcelwire_domain::id::ReceiptId;

/// What a connector wants answered instead: status, content type, body.
type Custom = Option<(u16, String, String)>;

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It is durable.
    Accepted {
        /// The receipt.
        id: ReceiptId,
        /// The connector's own answer.
        custom: Custom,
    },
    /// It was accepted before, and that one is durable.
    Duplicate {
        /// The first receipt.
        id: ReceiptId,
        /// The connector's own answer.
        custom: Custom,
    },
    /// A request without effect that the connector knows how to answer.
    Handshake {
        /// The HTTP status.
        status: u16,
        /// The body's type.
        content_type: String,
        /// The body.
        body: String,
    },
    /// The signature is missing, wrong or old.
    Refused {
        /// The stable code.
        code: &'static str,
        /// What is wrong.
        detail: String,
        /// What to look at.
        hint: &'static str,
    },
    /// No such merchant, source or feed.
    UnknownSource,
    /// Too many wrong signatures from this address.
    TooManyFailures {
        /// When to try again.
        retry_after: Duration,
    },
    /// It could not be made durable. Nothing was lost: the sender has it still.
    StoreUnavailable,
    /// The merchant's files are broken and no good version is known.
    Misconfigured,
    /// Only POST has an effect here.
    MethodNotAllowed,
}

impl Answer {
    /// The word for it in problems and metrics.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Duplicate { .. } => "duplicate",
            Self::Handshake { .. } => "handshake",
            Self::Refused { code, .. } => code,
            Self::UnknownSource => "unknown_source",
            Self::TooManyFailures { .. } => "too_many_failures",
            Self::StoreUnavailable => "store_unavailable",
            Self::Misconfigured => "merchant_misconfigured",
            Self::MethodNotAllowed => "method_not_allowed",
        }
    }
}
