//! One thing that is wrong, or doubtful, in a rule file: what, where, why, and what to do.

use super::span::Span;

/// How many messages one check tells of one file; nobody reads more, and each costs a look at it.
pub const MAX_TOLD: usize = 200;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is wrong: worth knowing.
    Note,
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

    /// A note at `span`.
    pub fn note(span: &Span, message: impl Into<String>) -> Self {
        Self { severity: Severity::Note, ..Self::error(span, message) }
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
pub struct Diagnostics {
    told: Vec<Diagnostic>,
    secrets: Vec<Span>,
}

impl Diagnostics {
    /// Adds a message.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.told.push(diagnostic);
    }

    /// Whether one of them is an error.
    pub fn has_errors(&self) -> bool {
        self.told.iter().any(|d| d.severity == Severity::Error)
    }

    /// Puts the messages in the order of the files' paths and of their places in them, each once:
    /// a file that others extend is looked at with each of them.
    pub fn sort(&mut self) {
        self.told.sort_by(|a, b| place(a).cmp(&place(b)));
        let mut kept: Vec<Diagnostic> = Vec::with_capacity(self.told.len());
        for told in self.told.drain(..) {
            let here = kept.iter().rev().take_while(|before| place(before) == place(&told));
            if !here.into_iter().any(|before| *before == told) {
                kept.push(told);
            }
        }
        self.told = kept;
    }

    /// Notes a place whose text no message may show.
    pub fn conceal(&mut self, span: &Span) {
        self.secrets.push(span.clone());
    }

    /// The places whose text no message may show, for [`super::render()`].
    pub fn secrets(&self) -> &[Span] {
        &self.secrets
    }

    /// Takes over all messages of another reading.
    pub fn append(&mut self, other: Self) {
        self.told.extend(other.told);
        self.secrets.extend(other.secrets);
    }

    /// Takes over the first [`MAX_TOLD`] messages of one check, and says how many there are more.
    pub fn append_limited(&mut self, mut other: Self) {
        let more = other.told.len().saturating_sub(MAX_TOLD);
        let left_out = other.told.drain(other.told.len() - more..);
        let worst = left_out.map(|told| (told.severity, told.span)).max_by_key(|(s, _)| *s);
        self.append(other);
        if let Some((severity, span)) = worst {
            self.told.push(Diagnostic {
                severity,
                span,
                message: format!("there are {more} more messages, one of them here"),
                hint: Some("correct those above and check again".to_owned()),
            });
        }
    }

    /// Whether nothing was told.
    pub fn is_empty(&self) -> bool {
        self.told.is_empty()
    }

    /// The messages so far.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.told.iter()
    }

    /// All messages.
    pub fn into_vec(self) -> Vec<Diagnostic> {
        self.told
    }
}

fn place(told: &Diagnostic) -> Option<(&str, usize)> {
    told.span.as_ref().map(|span| (span.file.path.as_str(), span.start))
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(told: I) -> Self {
        Self { told: told.into_iter().collect(), secrets: Vec::new() }
    }
}
