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
    /// What a file says, or that it reads them without a word on them.
    pub(super) fn of(file: &Node) -> Option<Self> {
        let mut parts = file.entries().filter(|(key, _)| key.text != "tests");
        let Some(node) = file.get("ids") else {
            let silent = Self { required: false, doc: None, found_at: [None, None] };
            return parts.any(|(_, node)| reads(node)).then_some(silent);
        };
        let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        Some(Self {
            required: node.get("required").and_then(Node::as_bool).unwrap_or(false),
            doc: text(node, "doc"),
            found_at: ["en", "de"]
                .map(|language| node.get("where").and_then(|at| text(at, language))),
        })
    }
}

/// Whether an id stands in an expression.
fn reads(node: &Node) -> bool {
    node.as_str().is_some_and(|text| text.contains("trigger_id"))
        || node.entries().any(|(_, node)| reads(node))
        || node.as_list().unwrap_or_default().iter().any(reads)
}
