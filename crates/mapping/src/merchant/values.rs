//! `values:` of mappings and merchants: literal data that expressions read.

use parcelwire_domain::{Map, Value};

use crate::text::{Diagnostic, Diagnostics, Node, NodeKind};

/// Lays a file's `values:` over what was there: maps merge, all else replaces, `off` takes away.
pub(crate) fn lay_values(values: &mut Map, node: Option<&Node>, diagnostics: &mut Diagnostics) {
    for (key, value) in node.into_iter().flat_map(Node::entries) {
        if value.is_off() {
            values.remove(&key.text);
        } else if let Some(value) = literal(value, diagnostics) {
            lay(values, &key.text, value);
        }
    }
}

fn lay(values: &mut Map, key: &str, value: Value) {
    match (values.remove(key), value) {
        (Some(Value::Map(mut below)), Value::Map(over)) => {
            for (inner, value) in over.iter() {
                lay(&mut below, inner, value.clone());
            }
            values.set(key, Value::Map(below));
        }
        (_, value) => values.set(key, value),
    }
}

/// The node as data. What would be computed elsewhere is an error here: nothing computes values.
fn literal(node: &Node, diagnostics: &mut Diagnostics) -> Option<Value> {
    if node.is_broken() {
        return None;
    }
    match &node.kind {
        NodeKind::Scalar { text, .. } => match text.strip_prefix('=') {
            Some(rest) if rest.starts_with('=') => Some(Value::text(rest)),
            _ if text.starts_with('=') || text.contains("{{") => {
                let message = "`values` hold data, and this is computed";
                diagnostics.push(Diagnostic::error(&node.span, message).hint(
                    "write the expression where the value is used; a literal `=` is written `==`",
                ));
                None
            }
            _ => node.to_value(),
        },
        NodeKind::List(items) => {
            let items: Vec<Option<Value>> =
                items.iter().map(|item| literal(item, diagnostics)).collect();
            Some(Value::List(items.into_iter().flatten().collect()))
        }
        NodeKind::Map(entries) => {
            let mut map = Map::new();
            for (key, value) in entries {
                map.set_some(&key.text, literal(value, diagnostics));
            }
            Some(Value::Map(map))
        }
    }
}
