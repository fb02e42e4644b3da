//! The line to blame for a parser's error, which is often not the line where it was noticed; and
//! what to blank so that the rest of the file can still be read.
//!
//! Must not know what the files mean.

use std::ops::Range;
use std::sync::Arc;

use granit_parser::ErrorKind;

use super::super::diagnostic::Diagnostic;
use super::super::span::{SourceFile, Span};
use super::Stop;
use super::doubt;
use super::line::{Line, without_comment};
use super::wording::{is_tab, quoting, repairable, structure, wording};

/// How many lines above or below an error its cause is looked for.
const MAX_LINES_SEARCHED: usize = 200;

/// Where the parser stopped, and why.
pub(super) struct Scene<'a> {
    /// The file, for the places.
    pub(super) file: &'a Arc<SourceFile>,
    /// What was parsed: the file with earlier errors blanked.
    pub(super) text: &'a str,
    /// Where the outermost open `{` or `[` stands.
    pub(super) flow: Option<usize>,
}

impl Scene<'_> {
    /// What to tell of a parser error at byte `at`.
    pub(super) fn blame(&self, kind: &ErrorKind, at: usize) -> Stop {
        let text = self.text;
        let at = floor(text, at);
        let line = Line::around(text, at);
        if let Some(start) = line.value_starting_with(text, "{{") {
            return self.braces(start);
        }
        let stop = self
            .comment_in_flow(kind, at)
            .or_else(|| self.open_quotes(kind, &line))
            .or_else(|| self.line_before(kind, &line));
        if let Some(stop) = stop {
            return stop;
        }
        let (message, hint) = wording(kind, text, &line, at);
        let at = if is_tab(kind) { line.first_tab(text).unwrap_or(at) } else { at };
        let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let repair = repairable(kind).then(|| line.value(text)).flatten();
        Stop { diagnostic: self.error(&(at..at + length), message).hint(hint), repair }
    }

    /// `{{` at the start of an unquoted value, which YAML takes for a map.
    pub(super) fn braces(&self, start: usize) -> Stop {
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.lines().next().unwrap_or_default();
        let length = if self.flow.is_some() {
            let closed = line.find("}}").map_or(line.len(), |at| at + 2);
            let tail = line.get(closed..).unwrap_or_default();
            closed + tail.find([',', ']', '}']).unwrap_or(tail.len())
        } else {
            without_comment(line).len()
        };
        let value = line.get(..length).unwrap_or(line).trim_end();
        let range = start..start + value.len();
        let diagnostic = self
            .error(&range, "a value that starts with `{{` needs quotes")
            .hint(format!("{}, or write it as an expression: =…", quoting(value)));
        Stop { diagnostic, repair: Some(range) }
    }

    /// `{ number: #1001 }`: the comment swallows the rest of the line with its closing brace.
    fn comment_in_flow(&self, kind: &ErrorKind, at: usize) -> Option<Stop> {
        let unclosed = matches!(kind, ErrorKind::UnclosedFlowCollection { .. });
        let from = if unclosed { Some(at) } else { self.flow }?;
        let mut line = Some(Line::around(self.text, from));
        for _ in 0..MAX_LINES_SEARCHED {
            let this = line?;
            if this.range.start > at && !unclosed {
                return None;
            }
            if let Some(hash) = this.comment(self.text) {
                let rest = self.text.get(hash..this.range.end).unwrap_or_default();
                if doubt::is_hugging(rest) {
                    let end = rest.find([',', '}', ']']).unwrap_or(rest.len());
                    let range = hash..hash + rest.get(..end).unwrap_or(rest).trim_end().len();
                    let diagnostic = doubt::cut_off_here(&self.span(&range));
                    return Some(Stop { diagnostic, repair: Some(range) });
                }
            }
            line = this.after(self.text);
        }
        None
    }

    /// Quotes that were opened and not closed are noticed lines later.
    fn open_quotes(&self, kind: &ErrorKind, line: &Line) -> Option<Stop> {
        if !matches!(
            kind,
            ErrorKind::UnclosedQuotedScalar
                | ErrorKind::InvalidQuotedScalarIndent
                | ErrorKind::DocumentIndicatorInQuotedScalar
                | ErrorKind::TabInIndentation
        ) {
            return None;
        }
        let mut line = Some(line.clone());
        for _ in 0..MAX_LINES_SEARCHED {
            let this = line?;
            let start = this.value_start(self.text);
            let value = self.text.get(start..this.range.end)?;
            let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
            if quote.is_some_and(|quote| !value.matches(quote).count().is_multiple_of(2)) {
                let diagnostic = self
                    .error(&(start..start + 1), "the quotes opened here are not closed")
                    .hint("close them; inside '…' a `'` is written twice");
                return Some(Stop { diagnostic, repair: Some(start..this.range.end) });
            }
            line = this.before(self.text);
        }
        None
    }

    /// `key:value` is read as a text that goes on in the next line, where the error is noticed.
    fn line_before(&self, kind: &ErrorKind, line: &Line) -> Option<Stop> {
        if !matches!(kind, ErrorKind::MappingValueNotAllowed) {
            return None;
        }
        let text = self.text;
        let before = line.before(text)?;
        let content = before.content(text);
        let is_entry = content.contains(": ") || content.ends_with(':') || content.starts_with('-');
        if content.is_empty() || is_entry || before.indent(text) != line.indent(text) {
            return None;
        }
        let (message, hint) = structure(text, &before);
        let start = before.range.start + before.indent(text);
        let range = start..start + content.len();
        Some(Stop { diagnostic: self.error(&range, message).hint(hint), repair: Some(range) })
    }

    fn error(&self, range: &Range<usize>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::error(&self.span(range), message)
    }

    /// Blanking turns wide characters into several small ones: back to the file's own borders.
    fn span(&self, range: &Range<usize>) -> Span {
        let text = &self.file.text;
        let (start, mut end) = (floor(text, range.start), range.end.min(text.len()));
        while !text.is_char_boundary(end) {
            end += 1;
        }
        Span { file: self.file.clone(), start, end: end.max(start) }
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
