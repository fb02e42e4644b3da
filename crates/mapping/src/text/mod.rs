//! From YAML text to checked nodes with their places. Must not know what the files mean.
//!
//! The way: [`read()`] a [`SourceFile`] into a [`Node`] → [`check()`] it against a [`Shape`] → read
//! typed values with [`Node::read`] → tell all [`Diagnostics`] with [`render`](fn@render::render).

pub mod diagnostic;
mod lay;
pub mod node;
pub mod period;
pub mod read;
pub mod render;
pub mod shape;
pub mod span;
pub mod suggest;
pub mod yaml;

#[cfg(test)]
mod tests;

pub use diagnostic::{Diagnostic, Diagnostics, Severity};
pub use lay::lay_entry;
pub use node::{Key, Node, NodeKind, Style};
pub use period::{Period, PeriodUnit};
pub use read::{FromNode, Spanned};
pub use render::{Case, Format as RenderFormat, masked, render, render_cases};
pub use shape::{
    Field, Format, Keys, Shape, Words, check, json_schema, reference_markdown, unknown_key,
    unknown_word,
};
pub use span::{Place, SourceFile, Span};
pub use suggest::{closest, did_you_mean};
pub use yaml::read;
