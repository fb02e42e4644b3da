//! YAML text → [`Node`]s, every trap told in our own words.
//!
//! A subset of YAML 1.2 is read: no anchors, aliases, tags, directives or second documents. The
//! parser stops at its first error; so that one reading tells all of them, the value in error is
//! blanked (same length, so that places stay right) and the file is read again, a few times.
//! Must not know what the files mean.

mod blame;
mod doubt;
mod line;
mod pass;
mod refusal;
mod wording;

use std::ops::Range;
use std::sync::Arc;

use super::diagnostic::{Diagnostic, Diagnostics};
use super::node::{Node, NodeKind};
use super::span::SourceFile;
use pass::Pass;

/// The largest file that is read; the shipped connectors are below a hundredth of it.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
/// The deepest nesting that is read; payloads in tests are the deepest things in files.
pub const MAX_NESTING: usize = 64;
/// How many syntax errors of one file are told before giving up.
pub const MAX_SYNTAX_ERRORS: usize = 20;

/// Reads a file. `None` when its structure could not be made out; what is wrong is then, as
/// always, in `diagnostics`. A tree may come with errors: values in error are [`super::Style::Broken`].
#[expect(clippy::needless_pass_by_value, reason = "the tree keeps the file: callers hand it over")]
pub fn read(file: Arc<SourceFile>, diagnostics: &mut Diagnostics) -> Option<Node> {
    if file.text.len() > MAX_FILE_BYTES {
        diagnostics.push(
            Diagnostic::error(&file.start(), "the file is larger than 1 MiB")
                .hint("split it; a rule file rarely needs more than a few hundred lines"),
        );
        return None;
    }
    if let Some(at) = file.text.find(char::REPLACEMENT_CHARACTER) {
        diagnostics.push(refusal::not_utf8(&file, at));
        return None;
    }
    let mut text = file.text.clone();
    let mut broken: Vec<Range<usize>> = Vec::new();
    for _ in 0..MAX_SYNTAX_ERRORS {
        let mut pass = Pass::new(&file, &broken);
        let stop = match pass.run(&text) {
            Ok(()) => {
                pass.doubts.append(&mut doubt::cut_off(&file, &pass.comments, &pass.plain));
                diagnostics.append_limited(pass.doubts.into_iter().collect());
                return Some(pass.root.unwrap_or_else(|| empty(&file)));
            }
            Err(stop) => stop,
        };
        let Some(range) = stop.repair.filter(|range| !range.is_empty()) else {
            diagnostics.push(stop.diagnostic);
            return None;
        };
        let place = stop.diagnostic.span.as_ref().map_or(0..0, |span| span.start..span.start);
        if broken.iter().any(|told| covers(told, &range) || covers(told, &place)) {
            // Blanking did not help, and what is wrong in this place was told already.
            return None;
        }
        diagnostics.push(stop.diagnostic);
        blank(&mut text, &range);
        broken.push(range);
    }
    diagnostics.push(
        Diagnostic::error(&file.start(), "the file has more syntax errors than are told at once")
            .hint("correct those above and check again"),
    );
    None
}

fn empty(file: &Arc<SourceFile>) -> Node {
    Node { span: file.start(), kind: NodeKind::Map(Vec::new()) }
}

fn covers(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Replaces a value by a quoted text of the same length, and a whole line by a comment.
fn blank(text: &mut String, range: &Range<usize>) {
    let before = text.get(..range.start).unwrap_or_default();
    let alone = before.rsplit('\n').next().is_some_and(|lead| lead.trim().is_empty());
    let filler = match range.len() {
        length if alone => format!("#{}", "x".repeat(length - 1)),
        1 => "x".to_owned(),
        length => format!("\"{}\"", "x".repeat(length - 2)),
    };
    text.replace_range(range.clone(), &filler);
}

/// Why a pass could not go on.
struct Stop {
    /// What to tell.
    diagnostic: Diagnostic,
    /// The value to blank before trying again.
    repair: Option<Range<usize>>,
}
