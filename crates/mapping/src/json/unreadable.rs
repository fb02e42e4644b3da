//! Why a payload could not be read: one variant for each answer a sender may need.

/// What is wrong with the bytes of a payload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing but blanks.
    #[error("the body is empty")]
    Empty,
    /// Not UTF-8.
    #[error("the body is not UTF-8 (byte {at})")]
    NotUtf8 {
        /// The first byte that does not fit.
        at: usize,
    },
    /// Not JSON.
    #[error("the body is not JSON: {what} (line {line}, column {column})")]
    NotJson {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
        /// What was found or missed there.
        what: &'static str,
    },
    /// JSON, but a bare text, number, truth value or null.
    #[error("the body is JSON, but neither an object nor a list")]
    NeitherObjectNorList,
    /// Nested deeper than [`super::MAX_DEPTH`].
    #[error("the body is nested deeper than {} levels", super::MAX_DEPTH)]
    TooDeep,
    /// A number whose exponent no calculation can hold.
    #[error("the body has a number out of range (line {line}, column {column})")]
    NumberOutOfRange {
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
    /// Larger than [`super::MAX_BYTES`].
    #[error("the body is larger than {} bytes", super::MAX_BYTES)]
    TooLarge,
}
