//! From YAML text to checked nodes with their places. Must not know what the files mean.

pub mod diagnostic;
pub mod span;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use span::{SourceFile, Span};
