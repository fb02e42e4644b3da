//! One tree over another: how a file changes what it extends.
//!
//! Must not know what the files mean.

use super::node::{Key, Node, NodeKind};

impl Node {
    /// This tree with `over` laid over it: maps merge, scalars and lists replace.
    #[must_use]
    pub fn under(&self, over: &Self) -> Self {
        let (NodeKind::Map(below), NodeKind::Map(above)) = (&self.kind, &over.kind) else {
            // A key that stands there with nothing behind it changes nothing.
            return if over.is_null() && self.is_map() { self.clone() } else { over.clone() };
        };
        let mut entries = below.clone();
        for (key, value) in above {
            lay_entry(&mut entries, key, value);
        }
        Self { span: over.span.clone(), kind: NodeKind::Map(entries) }
    }

    /// Whether this is the word `off`, which takes an entry away where one stands.
    pub fn is_off(&self) -> bool {
        self.as_str() == Some("off")
    }
}

/// Lays one entry over those of a map, at the place of the one it changes.
pub fn lay_entry(entries: &mut Vec<(Key, Node)>, key: &Key, value: &Node) {
    match entries.iter_mut().find(|(known, _)| known.text == key.text) {
        Some((known, old)) => {
            *known = key.clone();
            *old = old.under(value);
        }
        None => entries.push((key.clone(), value.clone())),
    }
}
