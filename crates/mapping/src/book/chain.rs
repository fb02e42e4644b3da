//! `extends`: which files a file builds on, and one tree out of several.

use super::shelf::Shelf;
use crate::text::{Diagnostic, Diagnostics, Node, NodeKind, did_you_mean};

/// Most files in one chain.
const MAX_CHAIN: usize = 16;

/// The chain of a file, the root of all first, by the names in `extends:`. `root` is the name that
/// every chain begins with, if there is one; `name` is empty for a file that none can extend.
pub(super) fn chain<'n>(
    name: &str,
    file: &'n Node,
    root: Option<&str>,
    shelf: &Shelf<'n>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<&'n Node>> {
    let mut names: Vec<String> = Vec::new();
    names.extend(Some(name.to_owned()).filter(|name| !name.is_empty()));
    let mut nodes = vec![file];
    while let Some(current) = nodes.last().copied() {
        let stated = current.get("extends");
        let next = match (stated, root) {
            (Some(node), _) => node.as_str()?.to_owned(),
            (None, Some(root)) if names.last().map(String::as_str) != Some(root) => root.to_owned(),
            (None, _) => break,
        };
        let span = stated.map_or(&current.span, |stated| &stated.span);
        if let Some(wrong) = misstep(&names, &next, shelf) {
            let (message, hint) = wrong;
            diagnostics.push(Diagnostic::error(span, message).hint(hint));
            return None;
        }
        nodes.push(shelf.sound(&next)?);
        names.push(next);
    }
    nodes.reverse();
    Some(nodes)
}

/// Why the chain `names` cannot go on to `next`, and what to do.
fn misstep(names: &[String], next: &str, shelf: &Shelf<'_>) -> Option<(String, String)> {
    if let Some(start) = names.iter().position(|known| known == next) {
        let mut ring: Vec<&str> = names.iter().skip(start).map(String::as_str).collect();
        ring.push(next);
        let message = format!("these files extend each other: {}", ring.join(" → "));
        return Some((message, "take one `extends:` out".to_owned()));
    }
    if names.len() >= MAX_CHAIN {
        let message = format!("more than {MAX_CHAIN} files extend each other in a row");
        return Some((message, "put some of them together".to_owned()));
    }
    if !shelf.has(next) {
        let hint = did_you_mean(next, shelf.names());
        let hint = hint.unwrap_or_else(|| format!("add {}{next}.yaml", shelf.folder()));
        return Some((format!("there is no `{next}` to extend"), hint));
    }
    if shelf.sound(next).is_none() {
        let message = format!("`{next}`, which this file extends, is broken");
        return Some((message, "correct it first".to_owned()));
    }
    None
}

/// Entries of these are removed by `off`; those of `values` only where the mapping's are known too.
const REMOVABLE: [&str; 2] = ["sources", "destinations"];

/// Files laid over each other, the root of all first: maps merge, scalars and lists replace.
pub(super) fn merged(chain: &[&Node]) -> Option<Node> {
    let (first, rest) = chain.split_first()?;
    let whole = rest.iter().fold((*first).clone(), |below, over| below.under(over));
    Some(without_removed(whole))
}

fn without_removed(node: Node) -> Node {
    let NodeKind::Map(entries) = node.kind else { return node };
    let entries = entries.into_iter().map(|(key, value)| {
        if !REMOVABLE.contains(&key.text.as_str()) {
            return (key, value);
        }
        let NodeKind::Map(inner) = value.kind else { return (key, value) };
        let kept = inner.into_iter().filter(|(_, value)| !value.is_off()).collect();
        (key, Node { span: value.span, kind: NodeKind::Map(kept) })
    });
    Node { span: node.span, kind: NodeKind::Map(entries.collect()) }
}
