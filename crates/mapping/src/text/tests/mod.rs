//! Reading, checking and describing, over whole files.

mod laws;
mod reading;
mod shapes;
mod traps;

use super::*;

/// Reads `text` and answers the tree and what was told, as `line:column message (hint)`.
fn read_all(text: &str) -> (Option<Node>, Vec<String>) {
    let mut diagnostics = Diagnostics::default();
    let node = read(SourceFile::new("a.yaml", text), &mut diagnostics);
    (node, lines(diagnostics))
}

fn lines(mut diagnostics: Diagnostics) -> Vec<String> {
    diagnostics.sort();
    diagnostics.iter().map(line).collect()
}

fn line(told: &Diagnostic) -> String {
    let (line, column) = told.span.as_ref().map_or((0, 0), Span::line_column);
    let hint = told.hint.as_deref().unwrap_or("no hint");
    format!("{line}:{column} {} ({hint})", told.message)
}

/// Reads a text in which nothing is wrong.
fn node(text: &str) -> Node {
    let (node, told) = read_all(text);
    assert_eq!(told, Vec::<String>::new(), "{text}");
    node.expect("a tree")
}
