//! What YAML knows and rule files do not: anchors, tags, second documents, and the like.

use std::sync::Arc;

use super::super::diagnostic::Diagnostic;
use super::super::span::{SourceFile, Span};

/// What stands for bytes that are no letter: whoever reads files puts it there.
pub(super) fn not_utf8(file: &Arc<SourceFile>, at: usize) -> Diagnostic {
    let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
    let span = Span { file: Arc::clone(file), start: at, end };
    Diagnostic::error(&span, "this is no letter in UTF-8").hint("save the file as UTF-8")
}

/// A second document.
pub(super) fn second_document(span: &Span) -> Diagnostic {
    Diagnostic::error(span, "a second document starts here")
        .hint("one file holds one document: remove the `---` or make a file of its own")
}

/// A list or map as a key.
pub(super) fn complex_key(span: &Span) -> Diagnostic {
    Diagnostic::error(span, "a key must be a text, not a list or a map")
        .hint("put the key in quotes; a value that starts with `{` or `[` needs quotes too")
}

/// Nesting beyond the limit.
pub(super) fn too_deep(span: &Span) -> Diagnostic {
    Diagnostic::error(span, "nested deeper than 64 levels").hint("make the structure flatter")
}

/// `&name`.
pub(super) fn anchor(span: &Span) -> Diagnostic {
    Diagnostic::error(span, "a value that starts with `&` needs quotes")
        .hint("put the whole value in quotes; anchors are not part of the file format")
}

/// `*name`.
pub(super) fn alias(span: &Span) -> Diagnostic {
    Diagnostic::error(span, "a value that starts with `*` needs quotes")
        .hint("put the whole value in quotes; aliases are not part of the file format")
}

/// `!name`.
pub(super) fn tag(span: &Span) -> Diagnostic {
    Diagnostic::error(span, "a value that starts with `!` needs quotes")
        .hint("put the whole value in quotes; tags are not part of the file format")
}

/// The same key twice in one map.
pub(super) fn duplicate(key: &str, first: &Span, span: &Span) -> Diagnostic {
    let (line, column) = first.line_column();
    Diagnostic::error(
        span,
        format!("`{key}` stands twice in this map, first in line {line}, column {column}"),
    )
    .hint("keep one of them")
}
