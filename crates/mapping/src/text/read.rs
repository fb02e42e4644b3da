//! Typed values out of nodes whose form was checked, so that the code from node to plan is short.
//!
//! After [`super::check`] passed, what is read here is either absent or right; called without it,
//! every misfit is told. Must not know what the values mean.

use super::diagnostic::{Diagnostic, Diagnostics};
use super::node::Node;
use super::period::Period;
use super::shape::unknown_word;
use super::span::Span;

/// What can be read from a node. `None` says that something was told.
pub trait FromNode: Sized {
    /// Reads it.
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self>;
}

/// A value and where it stands, for messages that come later.
#[derive(Debug, Clone, PartialEq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub span: Span,
}

impl Node {
    /// The value under `key`; `None` when it is absent, or misfits and was told.
    pub fn read<T: FromNode>(&self, key: &str, diagnostics: &mut Diagnostics) -> Option<T> {
        T::from_node(self.get(key)?, diagnostics)
    }

    /// The value under `key`, whose absence is an error.
    pub fn require<T: FromNode>(&self, key: &str, diagnostics: &mut Diagnostics) -> Option<T> {
        let Some(node) = self.get(key) else {
            let error = Diagnostic::error(&self.span, format!("`{key}` is missing"));
            diagnostics.push(error.hint(format!("add `{key}:`")));
            return None;
        };
        T::from_node(node, diagnostics)
    }

    /// The word under `key`, as what `table` says it stands for.
    ///
    /// ```
    /// # use parcelwire_mapping::text::{Diagnostics, SourceFile, read};
    /// # let mut diagnostics = Diagnostics::default();
    /// # let node = read(SourceFile::new("a.yaml", "holds: off"), &mut diagnostics).unwrap();
    /// let table = [("default", true), ("off", false)];
    /// assert_eq!(node.read_word("holds", &table, &mut diagnostics), Some(false));
    /// ```
    pub fn read_word<T: Clone>(
        &self,
        key: &str,
        table: &[(&str, T)],
        diagnostics: &mut Diagnostics,
    ) -> Option<T> {
        let node = self.get(key)?;
        node.word(key, table, diagnostics)
    }

    /// This word as what `table` says it stands for; `noun` names what it should be.
    pub fn word<T: Clone>(
        &self,
        noun: &str,
        table: &[(&str, T)],
        diagnostics: &mut Diagnostics,
    ) -> Option<T> {
        if self.is_broken() {
            return None;
        }
        let found = self.as_str().and_then(|word| table.iter().find(|(name, _)| *name == word));
        if found.is_none() {
            diagnostics.push(unknown_word(self, noun, table.iter().map(|(name, _)| *name)));
        }
        found.map(|(_, value)| value.clone())
    }
}

/// Reads by `read`, and tells that the node should have been `what` where that fails.
fn or_tell<T>(
    node: &Node,
    what: &str,
    diagnostics: &mut Diagnostics,
    read: impl FnOnce(&Node) -> Option<T>,
) -> Option<T> {
    if node.is_broken() {
        return None;
    }
    let value = read(node);
    if value.is_none() {
        let message = format!("{what} was expected here, not {}", node.kind_name());
        diagnostics.push(Diagnostic::error(&node.span, message).hint(format!("write {what}")));
    }
    value
}

impl FromNode for String {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_tell(node, "a text", diagnostics, |node| node.as_str().map(str::to_owned))
    }
}

impl FromNode for bool {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_tell(node, "`true` or `false`", diagnostics, Node::as_bool)
    }
}

impl FromNode for i64 {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_tell(node, "a whole number", diagnostics, Node::as_int)
    }
}

impl FromNode for u64 {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_tell(node, "a whole number from 0", diagnostics, |node| node.as_int()?.try_into().ok())
    }
}

impl FromNode for u32 {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_tell(node, "a whole number from 0", diagnostics, |node| node.as_int()?.try_into().ok())
    }
}

impl FromNode for f64 {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_tell(node, "a number", diagnostics, |node| {
            node.as_number().map(|n| n.as_f64()).filter(|n| n.is_finite())
        })
    }
}

impl FromNode for Period {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        or_tell(node, "a duration such as `12h`, `3d` or `3bd`", diagnostics, |node| {
            node.as_str()?.parse().ok()
        })
    }
}

/// One value stands for a list of one.
impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let items = node.one_or_many().iter();
        // Every element is read, so that all errors are told, before any of them counts.
        let read: Vec<Option<T>> = items.map(|item| T::from_node(item, diagnostics)).collect();
        read.into_iter().collect()
    }
}

impl<T: FromNode> FromNode for Spanned<T> {
    fn from_node(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let value = T::from_node(node, diagnostics)?;
        Some(Self { value, span: node.span.clone() })
    }
}
