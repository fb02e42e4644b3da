//! What stands in one cell of a table, as the field holds it.

use parcelwire_domain::{
    Map, Number, Value,
    taxonomy::{Field, FieldKind},
};

use crate::json::Doc;

/// The value of a cell: lists and maps may be written as JSON, lists also with `;` between.
pub(super) fn value(field: &Field, value: &Value) -> Option<Value> {
    let (FieldKind::List | FieldKind::Map, Some(text)) = (field.kind, value.as_text()) else {
        return Some(value.clone());
    };
    let text = text.trim();
    if text.starts_with(['[', '{']) {
        return Doc::parse(text.as_bytes()).ok()?.root().to_value();
    }
    if field.kind == FieldKind::Map {
        return None;
    }
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let is_of_items = field.name.contains("items");
    let part = |text: &str| if is_of_items { item(text) } else { Value::text(text) };
    Some(Value::List(parts.map(part).collect()))
}

/// `SKU`, or `2 x SKU`.
fn item(text: &str) -> Value {
    let counted = text.split_once(" x ").and_then(|(count, sku)| {
        let count = count.trim();
        let is_count = !count.is_empty() && count.bytes().all(|b| b.is_ascii_digit());
        Some((is_count.then(|| Number::from_json(count))??, sku.trim()))
    });
    let mut item = Map::new();
    match counted {
        Some((count, sku)) => {
            item.set("sku", Value::text(sku));
            item.set("quantity", Value::Number(count));
        }
        None => item.set("sku", Value::text(text)),
    }
    Value::Map(item)
}

/// How a field is written, for whoever wrote it otherwise.
pub(super) fn form(field: &Field) -> &'static str {
    match (field.name, field.kind) {
        ("email", _) => "an e-mail address",
        ("destination_country", _) => "a country's two letters, as in DE",
        (_, FieldKind::Text | FieldKind::Id) => "a text",
        (_, FieldKind::Time) => "a time, as in 2026-11-20T14:05:00+01:00, or a day",
        (_, FieldKind::Bool) => "true or false",
        (_, FieldKind::Int) => "a whole number",
        (_, FieldKind::Money) => "an amount, as in 59.90",
        (name, FieldKind::List) if name.contains("items") => {
            "a list: 2 x SKU-1; SKU-2, or JSON as in [{\"sku\":\"SKU-1\",\"quantity\":2}]"
        }
        (_, FieldKind::List) => "a list: one; two, or JSON",
        (_, FieldKind::Map) => "JSON, or a column for each part, as in pickup_point.type",
    }
}
