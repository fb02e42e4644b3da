//! Tests that stand in rule files themselves: `parcelwire check`, CI and the console run the same.
//! Must not know where files come from.

mod asking;
mod compare;
pub mod destination;
mod given;
pub mod mapping;
mod requests;
pub mod run;
pub mod source;
#[cfg(test)]
mod tests;
mod unsigned;

use crate::text::Span;

pub use compare::compare;
pub use requests::requests;

/// One test and how it went.
#[derive(Debug, Clone)]
pub struct FileTest {
    /// Its name in the file.
    pub name: String,
    /// Where it stands.
    pub span: Span,
    /// What is wrong, in a few lines; `None` for a pass.
    pub failure: Option<String>,
}

impl FileTest {
    /// A test that ended like this.
    pub fn new(name: impl Into<String>, span: &Span, outcome: Result<(), String>) -> Self {
        Self { name: name.into(), span: span.clone(), failure: outcome.err() }
    }
}
