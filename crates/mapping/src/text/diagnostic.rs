//! One thing that is wrong, or doubtful, in a rule file: what, where, why, and what to do.

use super::span::Span;

/// How many messages one check tells of one file; nobody reads more, and each costs a look at it.
pub const MAX_TOLD: usize = 200;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The file works, but probably not as meant.
    Warning,
    /// The file cannot be used.
    Error,
}

/// A message about a place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Where; `None` for what concerns a file that is not there.
    pub span: Option<Span>,
    /// What is wrong, lower case, no final period.
    pub message: String,
    /// The next step, lower case, no final period.
    pub hint: Option<String>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(span: &Span, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            span: Some(span.clone()),
            message: message.into(),
            hint: None,
        }
    }

    /// A warning at `span`.
    pub fn warning(span: &Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(span, message) }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

/// Collects every message of one reading, so that all are told at once.
#[derive(Debug, Default)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Puts the messages in the order of the files' paths and of their places in them.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| place(a).cmp(&place(b)));
    }

    /// Takes over all messages of another reading.
    pub fn append(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Takes over the first [`MAX_TOLD`] messages of one check, and says how many there are more.
    pub fn append_limited(&mut self, mut other: Self) {
        let more = other.0.len().saturating_sub(MAX_TOLD);
        let left_out = other.0.drain(other.0.len() - more..);
        let worst = left_out.map(|told| (told.severity, told.span)).max_by_key(|(s, _)| *s);
        self.0.append(&mut other.0);
        if let Some((severity, span)) = worst {
            self.0.push(Diagnostic {
                severity,
                span,
                message: format!("there are {more} more messages, one of them here"),
                hint: Some("correct those above and check again".to_owned()),
            });
        }
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The messages so far.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// All messages.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.0
    }
}

fn place(told: &Diagnostic) -> Option<(&str, usize)> {
    told.span.as_ref().map(|span| (span.file.path.as_str(), span.start))
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(told: I) -> Self {
        Self(told.into_iter().collect())
    }
}
