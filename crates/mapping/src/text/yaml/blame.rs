//! The parser's errors in our words: what, where, and what to do; and what to blank so that the
//! rest of the file can still be read. Must not know what the files mean.

use std::ops::Range;
use std::sync::Arc;

use granit_parser::ErrorKind;

use super::super::diagnostic::Diagnostic;
use super::super::span::{SourceFile, Span};
use super::Stop;
use super::line::{Line, without_comment};

const QUOTE: &str = "put the whole value in quotes";
/// How far above an error its cause is looked for.
const MAX_LINES_BACK: usize = 200;

/// What to tell of a parser error at byte `at`, judged by the line it stands in.
///
/// `text` is what was parsed: the file with earlier errors blanked.
pub(super) fn stop(
    file: &Arc<SourceFile>,
    text: &str,
    kind: &ErrorKind,
    at: usize,
    in_flow: bool,
) -> Stop {
    let at = floor(text, at);
    let line = Line::around(text, at);
    if let Some(start) = line.value_starting_with(text, "{{") {
        return braces(file, text, start, in_flow);
    }
    if let Some(stop) = open_quotes(file, text, kind, &line) {
        return stop;
    }
    if let Some(stop) = line_before(file, text, kind, &line) {
        return stop;
    }
    let (message, hint) = wording(kind, text, &line, at);
    let at = if is_tab(kind) { line.first_tab(text).unwrap_or(at) } else { at };
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = place(file, &(at..at + length));
    let repair = repairable(kind).then(|| line.value(text)).flatten();
    Stop { diagnostic: Diagnostic::error(&span, message).hint(hint), repair }
}

/// Quotes that were opened and not closed are noticed lines later: the line to blame is above.
fn open_quotes(file: &Arc<SourceFile>, text: &str, kind: &ErrorKind, line: &Line) -> Option<Stop> {
    if !matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::TabInIndentation
    ) {
        return None;
    }
    let mut line = Some(Line { range: line.range.clone() });
    for _ in 0..MAX_LINES_BACK {
        let this = line?;
        let start = this.value_start(text);
        let value = text.get(start..this.range.end)?;
        let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''));
        if quote.is_some_and(|quote| !value.matches(quote).count().is_multiple_of(2)) {
            let span = place(file, &(start..start + 1));
            let diagnostic = Diagnostic::error(&span, "the quotes opened here are not closed")
                .hint("close them; inside '…' a `'` is written twice");
            return Some(Stop { diagnostic, repair: Some(start..this.range.end) });
        }
        line = this.before(text);
    }
    None
}

/// `key:value` is read as a text that goes on in the next line, where the error is then found.
fn line_before(file: &Arc<SourceFile>, text: &str, kind: &ErrorKind, line: &Line) -> Option<Stop> {
    if !matches!(kind, ErrorKind::MappingValueNotAllowed) {
        return None;
    }
    let before = line.before(text)?;
    let content = before.content(text);
    let is_entry = content.contains(": ") || content.ends_with(':') || content.starts_with('-');
    if content.is_empty() || is_entry || before.indent(text) != line.indent(text) {
        return None;
    }
    let (message, hint) = structure(text, &before);
    let start = before.range.start + before.indent(text);
    let range = start..start + content.len();
    let diagnostic = Diagnostic::error(&place(file, &range), message).hint(hint);
    Some(Stop { diagnostic, repair: Some(range) })
}

/// `{{` at the start of an unquoted value, which YAML takes for a map.
pub(super) fn braces(file: &Arc<SourceFile>, text: &str, start: usize, in_flow: bool) -> Stop {
    let rest = text.get(start..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let length = if in_flow {
        let closed = line.find("}}").map_or(line.len(), |at| at + 2);
        let tail = line.get(closed..).unwrap_or_default();
        closed + tail.find([',', ']', '}']).unwrap_or(tail.len())
    } else {
        without_comment(line).len()
    };
    let range = start..start + line.get(..length).unwrap_or(line).trim_end().len();
    let span = place(file, &range);
    let diagnostic = Diagnostic::error(&span, "a value that starts with `{{` needs quotes")
        .hint("write it as '{{ … }}', or as an expression: =…");
    Stop { diagnostic, repair: Some(range) }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's errors are open-ended")]
fn wording(kind: &ErrorKind, text: &str, line: &Line, at: usize) -> (String, String) {
    let tell = |message: &str, hint: &str| (message.to_owned(), hint.to_owned());
    match kind {
        ErrorKind::UnexpectedCharacter { character } if at == line.value_start(text) => {
            let lead =
                if *character == '`' { "a backtick".to_owned() } else { format!("`{character}`") };
            tell(&format!("a value that starts with {lead} needs quotes"), QUOTE)
        }
        ErrorKind::UnexpectedCharacter { character } => {
            tell(&format!("`{}` cannot stand here", character.escape_default()), QUOTE)
        }
        _ if is_tab(kind) => {
            tell("a tab cannot indent or separate", "indent with spaces, two per level")
        }
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::FlowMappingValueAdjacentCollection
            if line.value(text).is_some_and(|value| value.start < at) =>
        {
            tell("`: ` inside an unquoted value", QUOTE)
        }
        ErrorKind::UnclosedQuotedScalar
        | ErrorKind::InvalidQuotedScalarIndent
        | ErrorKind::DocumentIndicatorInQuotedScalar => tell(
            "quotes are opened and not closed",
            "close them; inside '…' a `'` is written twice",
        ),
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => tell(
            "text stands after the closing quotes",
            "put the whole value in quotes; inside '…' a `'` is written twice",
        ),
        ErrorKind::UnknownQuotedScalarEscape
        | ErrorKind::InvalidQuotedScalarHexEscape
        | ErrorKind::InvalidLowSurrogateHexEscape
        | ErrorKind::InvalidLowSurrogate
        | ErrorKind::MissingLowSurrogate
        | ErrorKind::UnpairedLowSurrogate
        | ErrorKind::InvalidUnicodeEscape => tell(
            "a `\\` escape that does not exist",
            "use single quotes: in them `\\` is only a `\\`",
        ),
        ErrorKind::DirectiveDisallowed => {
            tell("a line that starts with `%` is not part of the file format", "remove the line")
        }
        ErrorKind::RecursionLimitExceeded => {
            tell("nested deeper than 64 levels", "make the structure flatter")
        }
        ErrorKind::BomInsideDocument => {
            tell("an invisible byte-order mark stands here", "save the file as UTF-8 without it")
        }
        ErrorKind::UnclosedFlowCollection { open } => tell(
            &format!("the `{open}` is not closed"),
            "close it; a text with `{`, `[`, `,` or `: ` needs quotes inside of { } and [ ]",
        ),
        ErrorKind::MisplacedFlowCollectionEnd
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::ExpectedFlowMappingSeparator
        | ErrorKind::ExpectedFlowSequenceSeparator
        | ErrorKind::UnexpectedEofFlowSequence
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofImplicitFlowMapping => tell(
            "the `{ }` or `[ ]` around here is not well formed",
            "a text with `{`, `}`, `[`, `]`, `,` or `: ` needs quotes inside of { } and [ ]",
        ),
        ErrorKind::BlockSequenceEntryNotAllowed | ErrorKind::BlockEntryInFlowCollection => tell(
            "a list's `- ` cannot stand here",
            "start the list on a line of its own; a text that starts with `- ` needs quotes",
        ),
        _ => structure(text, line),
    }
}

/// What is wrong with a line that does not fit its surroundings.
fn structure(text: &str, line: &Line) -> (String, String) {
    let content = line.content(text);
    if content
        .split_once(':')
        .is_some_and(|(_, after)| !after.is_empty() && !after.starts_with(' '))
    {
        return ("a space is missing after `:`".to_owned(), "write `key: value`".to_owned());
    }
    if !content.contains(':') && !content.starts_with('-') {
        return (
            "a line that is neither `key: value` nor `- item`".to_owned(),
            "add the key, or indent the line so that it continues the text above".to_owned(),
        );
    }
    (
        "this line does not fit the lines above it".to_owned(),
        "entries of one map start in the same column; check the indentation".to_owned(),
    )
}

fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
            | ErrorKind::InvalidBlockEntryWhitespace
            | ErrorKind::InvalidMappingValueWhitespace
    )
}

/// Whether blanking the line's value may let the rest be read.
fn repairable(kind: &ErrorKind) -> bool {
    !matches!(
        kind,
        ErrorKind::TabNotAllowed
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabInIndentation
            | ErrorKind::UnclosedQuotedScalar
            | ErrorKind::DocumentIndicatorInQuotedScalar
            | ErrorKind::RecursionLimitExceeded
            | ErrorKind::DirectiveDisallowed
            | ErrorKind::BomInsideDocument
    )
}

fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn place(file: &Arc<SourceFile>, range: &Range<usize>) -> Span {
    // Blanking turns wide characters into several small ones: back to the file's own borders.
    let (start, mut end) = (floor(&file.text, range.start), range.end.min(file.text.len()));
    while !file.text.is_char_boundary(end) {
        end += 1;
    }
    Span { file: file.clone(), start, end: end.max(start) }
}
