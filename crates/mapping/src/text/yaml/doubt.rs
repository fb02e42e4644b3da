//! What YAML reads without a word, but not as its author meant it.
//!
//! Must not know what the files mean.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::super::diagnostic::Diagnostic;
use super::super::node::Style;
use super::super::span::{SourceFile, Span};

/// Comments that cut off a text: `name: Bestellung #1001`, `=a ~ ' # ' ~ b`.
///
/// `comments` and `plain` are the places of all comments and of all unquoted texts.
pub(super) fn cut_off(
    file: &Arc<SourceFile>,
    comments: &[Range<usize>],
    plain: &[Range<usize>],
) -> Vec<Diagnostic> {
    let ends: HashMap<usize, usize> = plain.iter().map(|place| (place.end, place.start)).collect();
    let mut doubts = Vec::new();
    for comment in comments {
        let before = file.text.get(..comment.start).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let shown = line.trim_end();
        let end = comment.start - (line.len() - shown.len());
        if shown.trim_start().is_empty() {
            continue;
        }
        let text = ends.get(&end).and_then(|start| file.text.get(*start..end));
        let hugging = file.text.get(comment.clone()).is_some_and(is_hugging);
        let follows = text.is_some() || shown.ends_with([':', '-']);
        if (hugging && follows) || text.is_some_and(is_unfinished) {
            let span = Span { file: file.clone(), start: comment.start, end: comment.end };
            doubts.push(cut_off_here(&span));
        }
    }
    doubts
}

/// Whether a comment looks like the rest of a text: `#1001`, `#{{ x }}`.
pub(super) fn is_hugging(comment: &str) -> bool {
    comment
        .strip_prefix('#')
        .is_some_and(|rest| rest.starts_with(|c: char| c.is_alphanumeric() || "{=".contains(c)))
}

/// What to tell of a comment that cuts a text off.
pub(super) fn cut_off_here(span: &Span) -> Diagnostic {
    Diagnostic::error(span, "` #` starts a comment and cuts the text off here")
        .hint("put the whole text in quotes, or write a space after `#` if a comment is meant")
}

/// Whether an expression ends inside a text or inside `{{ }}`.
fn is_unfinished(text: &str) -> bool {
    let open_braces = text.matches("{{").count() > text.matches("}}").count();
    let odd = |quote: char| !text.matches(quote).count().is_multiple_of(2);
    open_braces || (text.starts_with('=') && (odd('\'') || odd('"')))
}

/// Keys that are the half of a value, or nothing.
pub(super) fn about_key(text: &str, style: Style, span: &Span) -> Option<Diagnostic> {
    if style != Style::Plain {
        return None;
    }
    match text {
        "" => Some(
            Diagnostic::error(span, "a key is missing before `:`")
                .hint("write the key, or put the text in quotes if the `:` belongs to it"),
        ),
        "<<" => Some(
            Diagnostic::error(span, "`<<` is not part of the file format")
                .hint("use `extends:` to build on another file"),
        ),
        _ if text.starts_with('=') => Some(
            Diagnostic::error(span, "the `: ` in this unquoted expression makes a key of it")
                .hint("put the whole expression in single quotes"),
        ),
        _ => None,
    }
}
