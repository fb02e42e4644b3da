//! Where in which file something stands.

use std::fmt;
use std::sync::{Arc, OnceLock};

/// A rule file's name and text, kept so that a message can show the line.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// The path as the user knows it, e.g. `mappings/hey.yaml`.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A piece of a file: byte offsets into its text, `start..end`.
#[derive(Clone, PartialEq, Eq)]
pub struct Span {
    /// The file.
    pub file: Arc<SourceFile>,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl SourceFile {
    /// A file under the path its user knows.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into() })
    }

    /// The place of the whole file's beginning, for what concerns the file as a whole.
    pub fn start(self: &Arc<Self>) -> Span {
        Span { file: self.clone(), start: 0, end: 0 }
    }
}

impl Span {
    /// Line and column of the start, both from 1, columns in characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = self.file.text.get(..self.start).unwrap_or(&self.file.text);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    }

    /// The place as people write it: `path:line`.
    pub fn place(&self) -> String {
        format!("{}:{}", self.file.path, self.line_column().0)
    }

    /// The text that stands there; empty when the place is not in the file.
    pub fn source(&self) -> &str {
        self.file.text.get(self.start..self.end).unwrap_or_default()
    }

    /// The piece `start..end` (relative bytes) within this one: a part of an expression.
    #[must_use]
    pub fn part(&self, start: usize, end: usize) -> Self {
        Self { file: self.file.clone(), start: self.start + start, end: self.start + end }
    }
}

/// A place that is seldom asked for: its line is counted when it is, and then known.
#[derive(Debug, Clone)]
pub struct Place {
    span: Span,
    shown: OnceLock<Arc<str>>,
}

impl Place {
    /// `path:line`, see [`Span::place`].
    pub fn shown(&self) -> Arc<str> {
        Arc::clone(self.shown.get_or_init(|| self.span.place().into()))
    }
}

impl From<&Span> for Place {
    fn from(span: &Span) -> Self {
        Self { span: span.clone(), shown: OnceLock::new() }
    }
}

/// Path and place only: the file's text may hold secrets and is long.
impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}..{}", self.file.path, self.start, self.end)
    }
}
