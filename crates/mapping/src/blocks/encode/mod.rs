//! How what a connector describes becomes the bytes of a request: bodies and credentials.
//!
//! Must not know which request it is for.

mod credentials;
mod form;

pub use credentials::{basic, bearer};
pub use form::{Nested, form, percent_encode};

use parcelwire_domain::value::Value;

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyFormat {
    /// JSON.
    Json,
    /// `application/x-www-form-urlencoded`.
    Form(Nested),
}

impl BodyFormat {
    /// The value of `Content-Type`.
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Form(_) => "application/x-www-form-urlencoded",
        }
    }

    /// Writes `value` as a body. Numbers stay as they were stated.
    pub fn write(self, value: &Value) -> Result<Vec<u8>, EncodeFault> {
        match (self, value) {
            (Self::Json, value) => Ok(value.to_json().into_bytes()),
            (Self::Form(nested), Value::Map(map)) => Ok(form(map, nested).into_bytes()),
            (
                Self::Form(_),
                Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_),
            ) => Err(EncodeFault::FormNeedsMap),
        }
    }
}

/// Why a body cannot be written: the connector's fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EncodeFault {
    /// A form has named fields.
    #[error("a form body must be a map of fields")]
    FormNeedsMap,
}
