//! What YAML knows and rule files do not: anchors, tags, second documents, and the like.

use super::super::diagnostic::Diagnostic;
use super::super::span::Span;

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
