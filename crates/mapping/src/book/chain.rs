//! `extends`: which files a file builds on, and one tree out of several.

use crate::text::{Diagnostic, Diagnostics, Key, Node, NodeKind};

/// Most files in one chain.
const MAX_CHAIN: usize = 16;

/// The chain of a file, the root of all first, by the names in `extends:`. `find` answers the file
/// of a name; `root` is the name that every chain begins with, if there is one.
pub(super) fn chain<'n>(
    name: &str,
    file: &'n Node,
    root: Option<&str>,
    find: impl Fn(&str) -> Option<&'n Node>,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<&'n Node>> {
    let mut names = vec![name.to_owned()];
    let mut nodes = vec![file];
    loop {
        let current = nodes.last().copied()?;
        let next = match current.get("extends") {
            Some(node) => (node.as_str()?.to_owned(), Some(node)),
            None => match root {
                Some(root) if names.last().map(String::as_str) != Some(root) => {
                    (root.to_owned(), None)
                }
                _ => break,
            },
        };
        let (next, place) = next;
        let tell = |message: String, hint: &str, diagnostics: &mut Diagnostics| {
            let span = place.map_or(&current.span, |place| &place.span);
            diagnostics.push(Diagnostic::error(span, message).hint(hint));
        };
        if names.contains(&next) || names.len() >= MAX_CHAIN {
            names.push(next);
            let told = names.join(" → ");
            tell(
                format!("these files extend each other: {told}"),
                "take one `extends:` out",
                diagnostics,
            );
            return None;
        }
        let Some(node) = find(&next) else {
            tell(
                format!("there is no `{next}` to extend"),
                "check the name, and that the file can be read",
                diagnostics,
            );
            return None;
        };
        names.push(next);
        nodes.push(node);
    }
    nodes.reverse();
    Some(nodes)
}

/// Entries of these are removed by `off`.
const REMOVABLE: [&str; 3] = ["sources", "destinations", "values"];

/// Files laid over each other, the root of all first: maps merge, scalars and lists replace.
pub(super) fn merged(chain: &[&Node]) -> Option<Node> {
    let (first, rest) = chain.split_first()?;
    let mut whole = (*first).clone();
    for over in rest {
        whole = lay(&whole, over);
    }
    Some(without_removed(whole))
}

fn lay(base: &Node, over: &Node) -> Node {
    let (NodeKind::Map(below), NodeKind::Map(above)) = (&base.kind, &over.kind) else {
        // A key that stands there with nothing behind it changes nothing.
        return if over.is_null() && base.is_map() { base.clone() } else { over.clone() };
    };
    let mut entries: Vec<(Key, Node)> = below.clone();
    for (key, value) in above {
        match entries.iter_mut().find(|(known, _)| known.text == key.text) {
            Some((known, old)) => {
                *known = key.clone();
                *old = lay(old, value);
            }
            None => entries.push((key.clone(), value.clone())),
        }
    }
    Node { span: over.span.clone(), kind: NodeKind::Map(entries) }
}

fn without_removed(node: Node) -> Node {
    let NodeKind::Map(entries) = node.kind else { return node };
    let entries = entries.into_iter().map(|(key, value)| {
        if !REMOVABLE.contains(&key.text.as_str()) {
            return (key, value);
        }
        let NodeKind::Map(inner) = value.kind else { return (key, value) };
        let kept = inner.into_iter().filter(|(_, value)| value.as_str() != Some("off")).collect();
        (key, Node { span: value.span, kind: NodeKind::Map(kept) })
    });
    Node { span: node.span, kind: NodeKind::Map(entries.collect()) }
}
