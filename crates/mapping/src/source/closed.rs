//! Values that are written down where the taxonomy closes the list: a slip of the pen is found when
//! the file is read. What is computed stays free.

use parcelwire_domain::taxonomy::{Leg, Reason, closed_keys, closed_words};

use crate::text::{Diagnostics, Node, unknown_key, unknown_word};

/// Checks what stands under an event's field.
pub(super) fn check(field: &str, node: &Node, diagnostics: &mut Diagnostics) {
    if let Some(text) = node.as_str() {
        let words = match field {
            "leg" => Leg::ALL.iter().map(|leg| leg.name()).collect(),
            "reason" => Reason::ALL.iter().map(|reason| reason.name()).collect(),
            _ => closed_words(field).to_vec(),
        };
        let is_computed = text.starts_with('=') || text.contains("{{");
        if !is_computed && !words.is_empty() && !words.contains(&text.trim()) {
            diagnostics.push(unknown_word(node, &format!("`{field}`"), words));
        }
        return;
    }
    // A map that is made of a list is the expression language's.
    let keys = closed_keys(field);
    if keys.is_empty() || node.has("each") {
        return;
    }
    for (key, value) in node.entries() {
        if keys.contains(&key.text.as_str()) {
            check(&format!("{field}.{}", key.text), value, diagnostics);
        } else {
            diagnostics.push(unknown_key(key, keys.iter().copied()));
        }
    }
}
