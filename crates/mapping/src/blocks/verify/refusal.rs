//! What a verification answers: who it was, or why not, in words that help an honest sender and
//! tell a forger nothing (never the expected signature, never anything of a secret).

use jiff::Timestamp;

/// A request that was signed by somebody who knows the secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The method that held, e.g. `hmac_sha256`.
    pub method: &'static str,
    /// The time the sender signed, if there is one.
    pub timestamp: Option<Timestamp>,
    /// Which of the secrets it was, counted from 0: shows that an old one is still in use.
    pub secret: usize,
    /// Which of the secrets that were issued to this sender it was, counted from 1.
    pub generation: Option<u8>,
    /// Whether the body is covered by the signature. A token in a header says who, not what.
    pub covers_body: bool,
}

/// Why a request was not accepted. The sender's fault (or an operator's wrong secret); sending it
/// again as it is changes nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The signature, or something that is signed with it, is not there.
    #[error("the request carries no {expected}")]
    Missing {
        /// Where it was looked for, e.g. ``header `x-shop-hmac-sha256` ``.
        expected: String,
    },
    /// It is there, but not in the form the connector describes.
    #[error("the {place} holds no {form}")]
    Malformed {
        /// Where it stands.
        place: String,
        /// What should be there, e.g. `base64 signature after "sha256="`.
        form: String,
    },
    /// It does not fit the request under any of the secrets.
    #[error("the {place} does not fit this request under the secret that is set here")]
    Invalid {
        /// Where the signature stands.
        place: String,
    },
    /// The signature is right, but it was made too long ago, or by a clock that is ahead.
    #[error("the signed time is {seconds} s {direction}; at most {tolerance} s are accepted")]
    TimestampOutsideTolerance {
        /// How far off.
        seconds: u64,
        /// `in the past` or `in the future`.
        direction: &'static str,
        /// What is accepted.
        tolerance: u64,
    },
    /// The signature is right, but the signed time cannot be read.
    #[error("the signed time is not {expected}")]
    TimestampUnreadable {
        /// The form it should have.
        expected: &'static str,
    },
    /// The key that it names could not be fetched. Our fault, or the vendor's; never the sender's.
    #[error("the key that the {place} names is not known yet")]
    KeyUnavailable {
        /// Where the key's id stands.
        place: String,
    },
}

impl Refusal {
    /// All codes.
    pub const CODES: [&'static str; 4] = [
        "signature_missing",
        "signature_invalid",
        "timestamp_outside_tolerance",
        "store_unavailable",
    ];

    /// The stable code of the HTTP problem.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing { .. } => "signature_missing",
            Self::Malformed { .. } | Self::Invalid { .. } => "signature_invalid",
            Self::TimestampOutsideTolerance { .. } | Self::TimestampUnreadable { .. } => {
                "timestamp_outside_tolerance"
            }
            Self::KeyUnavailable { .. } => "store_unavailable",
        }
    }

    /// What the sender, or the one who set it up, should look at.
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "check that the webhook is signed, and that no proxy removes its headers"
            }
            Self::Malformed { .. } => "check which signature format the sender is set to",
            Self::Invalid { .. } => {
                "check that both sides have the same secret, and that the body is passed on unchanged"
            }
            Self::TimestampOutsideTolerance { .. } => {
                "check both clocks; a request that is sent again must be signed anew"
            }
            Self::TimestampUnreadable { .. } => "check which time format the sender is set to",
            Self::KeyUnavailable { .. } => "send it again; nothing was taken",
        }
    }

    /// Which of two refusals is told: that of who understood more of the request; of equals the
    /// first.
    pub(crate) fn more_telling(before: Option<Self>, next: Self) -> Self {
        match before {
            Some(before) if before.weight() >= next.weight() => before,
            Some(_) | None => next,
        }
    }

    /// How much a method understood before it refused.
    const fn weight(&self) -> u8 {
        match self {
            Self::Missing { .. } => 0,
            Self::Malformed { .. } => 1,
            Self::Invalid { .. } => 2,
            Self::TimestampUnreadable { .. } => 3,
            Self::TimestampOutsideTolerance { .. } => 4,
            Self::KeyUnavailable { .. } => 5,
        }
    }
}
