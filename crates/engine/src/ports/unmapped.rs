//! Codes to be counted.

use parcelwire_domain::id::{ReceiptId, SourceName};

/// A code that no row of a connector's table knew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmapped {
    /// Whose table it is.
    pub source: SourceName,
    /// The code.
    pub code: String,
    /// Where it stood.
    pub receipt: ReceiptId,
}
