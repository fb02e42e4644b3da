//! Ids that the other system gives to what a trigger starts there: `ids:` of a connector says what
//! they are, `ids:` of a merchant's destination gives them.

use crate::text::Node;

/// What a connector says of `ids:`.
#[derive(Debug, Clone)]
pub struct Ids {
    /// Whether a trigger without one cannot be sent.
    pub required: bool,
    /// What they are.
    pub doc: Option<String>,
    /// Where a person finds them, in English and German.
    pub found_at: [Option<String>; 2],
}

impl Ids {
    pub(super) fn of(node: &Node) -> Self {
        let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Self {
            required: node.get("required").and_then(Node::as_bool).unwrap_or(false),
            doc: text(node, "doc"),
            found_at: ["en", "de"]
                .map(|language| node.get("where").and_then(|at| text(at, language))),
        }
    }
}
