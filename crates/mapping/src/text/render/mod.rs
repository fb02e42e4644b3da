//! Diagnostics for people and for programs that show them: text, GitHub, JSON, JUnit.
//!
//! Where a file's line is shown, its secrets are masked. Must not know terminals or files.

mod mask;

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde_json::json;

use super::diagnostic::{Diagnostic, Severity};
use super::span::{SourceFile, Span};
use mask::Masked;

/// How diagnostics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For people: message, place, line, hint.
    Text {
        /// With ANSI colours.
        colour: bool,
    },
    /// Workflow commands that GitHub shows beside the line.
    Github,
    /// A JSON list.
    Json,
    /// `JUnit` XML, which most CI systems read.
    Junit,
}

/// One thing that was checked: a file's form, or one test in it.
#[derive(Debug, Clone)]
pub struct Case {
    /// The file.
    pub file: String,
    /// What was checked: a test's name, or `reads`.
    pub name: String,
    /// What was found; a case with an error has failed.
    pub diagnostics: Vec<Diagnostic>,
}

/// Writes diagnostics. `secrets` are places whose text must not be shown, beyond those that the
/// names of keys (`secret`, `api_key`, `password` …) give away.
pub fn render<'d>(
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
    format: Format,
    secrets: &[Span],
) -> String {
    let mut cases: Vec<Case> = Vec::new();
    for told in diagnostics {
        let file = told.span.as_ref().map(|span| span.file.path.clone()).unwrap_or_default();
        match cases.iter_mut().find(|case| case.file == file) {
            Some(case) => case.diagnostics.push(told.clone()),
            None => {
                cases.push(Case {
                    file,
                    name: "reads".to_owned(),
                    diagnostics: vec![told.clone()],
                });
            }
        }
    }
    render_cases(&cases, format, secrets)
}

/// Writes what was found in each case; only [`Format::Junit`] names the cases that passed.
pub fn render_cases(cases: &[Case], format: Format, secrets: &[Span]) -> String {
    let mut masks = Masks { secrets, known: Vec::new() };
    let told: Vec<Told<'_>> = cases
        .iter()
        .flat_map(|case| case.diagnostics.iter())
        .map(|diagnostic| masks.apply(diagnostic))
        .collect();
    match format {
        Format::Text { colour } => told.iter().map(|told| text(told, colour)).collect(),
        Format::Github => told.iter().map(github).collect(),
        Format::Json => json_list(&told),
        Format::Junit => junit(cases, &told),
    }
}

/// A file's text without what looks like a secret in it.
pub fn masked(text: &str) -> String {
    Masked::new(text, std::iter::empty()).text
}

/// A diagnostic as it may be shown.
struct Told<'d> {
    severity: Severity,
    message: String,
    hint: Option<String>,
    span: Option<&'d Span>,
    masked: Option<Arc<Masked>>,
}

/// The masked text of each file met so far.
struct Masks<'s> {
    secrets: &'s [Span],
    known: Vec<(Arc<SourceFile>, Arc<Masked>)>,
}

impl Masks<'_> {
    fn apply<'d>(&mut self, diagnostic: &'d Diagnostic) -> Told<'d> {
        let masked = diagnostic.span.as_ref().map(|span| self.of(&span.file));
        let hide = |text: &str| match &masked {
            Some(masked) => masked.hide_in(text),
            None => text.to_owned(),
        };
        Told {
            severity: diagnostic.severity,
            message: hide(&diagnostic.message),
            hint: diagnostic.hint.as_deref().map(hide),
            span: diagnostic.span.as_ref(),
            masked: masked.clone(),
        }
    }

    fn of(&mut self, file: &Arc<SourceFile>) -> Arc<Masked> {
        if let Some((_, masked)) = self.known.iter().find(|(known, _)| Arc::ptr_eq(known, file)) {
            return masked.clone();
        }
        let given = self.secrets.iter().filter(|span| span.file == *file);
        let masked = Arc::new(Masked::new(&file.text, given.map(|span| span.start..span.end)));
        self.known.push((file.clone(), masked.clone()));
        masked
    }
}

/// The line a span starts in, masked: its number, its text, and the span within it.
fn shown_line(told: &Told<'_>) -> Option<(usize, String, Range<usize>)> {
    let (span, masked) = (told.span?, told.masked.as_ref()?);
    let (start, end) = (masked.place(span.start), masked.place(span.end));
    let text = &masked.text;
    let from = text.get(..start)?.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text.get(from..)?.lines().next().unwrap_or_default();
    let start = (start - from).min(line.len());
    let end = (end.max(from) - from).clamp(start, line.len());
    // A place that begins or ends inside a letter is told by the whole letter.
    let (start, end) = (line.floor_char_boundary(start), line.ceil_char_boundary(end));
    Some((span.line_column().0, line.to_owned(), start..end))
}

fn text(told: &Told<'_>, colour: bool) -> String {
    let level = match told.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = match (shown_line(told), told.span) {
        (Some((number, line, range)), Some(span)) => {
            level.primary_title(told.message.as_str()).element(
                Snippet::source(line)
                    .line_start(number)
                    .path(span.file.path.as_str())
                    .annotation(AnnotationKind::Primary.span(range)),
            )
        }
        _ => annotate_snippets::Group::with_title(level.primary_title(told.message.as_str())),
    };
    if let Some(hint) = &told.hint {
        group = group.element(Level::HELP.with_name("hint").message(hint.as_str()));
    }
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    format!("{}\n\n", renderer.render(&[group]))
}

fn github(told: &Told<'_>) -> String {
    let command = match told.severity {
        Severity::Note => "notice",
        other => word(other),
    };
    let place = match told.span {
        Some(span) => {
            let (line, column) = span.line_column();
            let path = escape_github(&span.file.path).replace(':', "%3A").replace(',', "%2C");
            format!(" file={path},line={line},col={column}")
        }
        None => String::new(),
    };
    format!("::{command}{place}::{}\n", escape_github(&with_hint(told)))
}

fn escape_github(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn json_list(told: &[Told<'_>]) -> String {
    let list: Vec<_> = told
        .iter()
        .map(|told| {
            let place = told.span.map(Span::line_column);
            json!({
                "severity": word(told.severity),
                "message": told.message,
                "hint": told.hint,
                "file": told.span.map(|span| &span.file.path),
                "line": place.map(|(line, _)| line),
                "column": place.map(|(_, column)| column),
            })
        })
        .collect();
    format!("{:#}\n", serde_json::Value::Array(list))
}

fn junit(cases: &[Case], told: &[Told<'_>]) -> String {
    let failed = |case: &Case| case.diagnostics.iter().any(|d| d.severity == Severity::Error);
    let failures = cases.iter().filter(|case| failed(case)).count();
    let mut lines = vec![
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>".to_owned(),
        format!(
            "<testsuite name=\"parcelwire check\" tests=\"{}\" failures=\"{failures}\">",
            cases.len()
        ),
    ];
    let mut told = told.iter();
    for case in cases {
        let (file, name) = (escape_xml(&case.file), escape_xml(&case.name));
        lines.push(format!("  <testcase classname=\"{file}\" name=\"{name}\">"));
        for told in told.by_ref().take(case.diagnostics.len()) {
            let message = escape_xml(&told.message);
            let body = escape_xml(text(told, false).trim_end());
            lines.push(match told.severity {
                Severity::Error => format!("    <failure message=\"{message}\">{body}</failure>"),
                Severity::Warning | Severity::Note => {
                    format!("    <system-out>{body}</system-out>")
                }
            });
        }
        lines.push("  </testcase>".to_owned());
    }
    lines.push("</testsuite>\n".to_owned());
    lines.join("\n")
}

fn escape_xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' | '\t' => out.push(c),
            // XML 1.0 has no way to write these.
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn with_hint(told: &Told<'_>) -> String {
    match &told.hint {
        Some(hint) => format!("{}\nhint: {hint}", told.message),
        None => told.message.clone(),
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

#[cfg(test)]
mod tests;
