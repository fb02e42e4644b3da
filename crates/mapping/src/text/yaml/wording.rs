//! The parser's errors in our words. Must not know what the files mean.

use granit_parser::ErrorKind;

use super::line::Line;

/// What to tell of an error of this kind in this line, and what to do about it.
#[expect(clippy::wildcard_enum_match_arm, reason = "the parser's errors are open-ended")]
pub(super) fn wording(kind: &ErrorKind, text: &str, line: &Line, at: usize) -> (String, String) {
    let tell = |message: &str, hint: &str| (message.to_owned(), hint.to_owned());
    let value = line.value(text).and_then(|value| text.get(value)).unwrap_or_default();
    let quote = quoting(value);
    match kind {
        ErrorKind::UnexpectedCharacter { character } if at == line.value_start(text) => {
            let lead =
                if *character == '`' { "a backtick".to_owned() } else { format!("`{character}`") };
            tell(&format!("a value that starts with {lead} needs quotes"), quote)
        }
        ErrorKind::UnexpectedCharacter { character } => {
            tell(&format!("`{}` cannot stand here", character.escape_default()), quote)
        }
        _ if is_tab(kind) => {
            tell("a tab cannot indent or separate", "indent with spaces, two per level")
        }
        ErrorKind::MappingValueNotAllowed
        | ErrorKind::InvalidColonPlacement
        | ErrorKind::FlowMappingValueAdjacentCollection
            if line.value(text).is_some_and(|value| value.start < at) =>
        {
            tell("`: ` inside an unquoted value", quote)
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
        ErrorKind::InvalidBlockScalarHeader | ErrorKind::ZeroBlockScalarIndent => tell(
            "a text cannot stand in the line of `|` or `>`",
            "start it in the next line, indented",
        ),
        _ if value.starts_with(['[', '{']) && line.value_start(text) < at => {
            tell("text stands after the closing bracket", quote)
        }
        _ => structure(text, line),
    }
}

/// How to quote a value, so that its own quotes do no harm.
pub(super) fn quoting(value: &str) -> &'static str {
    if !value.contains('\'') {
        "put the whole value in quotes: '…'"
    } else if value.contains(['"', '\\']) {
        "put the whole value in quotes, '…', and write each `'` inside of them twice"
    } else {
        "put the whole value in quotes: \"…\""
    }
}

/// What is wrong with a line that does not fit its surroundings.
pub(super) fn structure(text: &str, line: &Line) -> (String, String) {
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

pub(super) fn is_tab(kind: &ErrorKind) -> bool {
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
pub(super) fn repairable(kind: &ErrorKind) -> bool {
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
