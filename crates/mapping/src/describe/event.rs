//! What an outgoing event says, as a JSON Schema: for receivers of webhooks.

use parcelwire_domain::taxonomy::{FIELDS, FieldKind};
use serde_json::{Map, Value, json};

/// The schema of an event's data. A merchant's own properties may stand beside these fields.
pub fn event_schema() -> Value {
    let fields = FIELDS.iter().map(|field| {
        let mut about = kind(field.kind);
        about["description"] = field.doc.into();
        (field.name.to_owned(), about)
    });
    let fields: Map<String, Value> = fields.collect();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "What happened to a parcel, an order or a return",
        "type": "object", "properties": fields, "required": ["trigger"], "additionalProperties": true,
    })
}

fn kind(kind: FieldKind) -> Value {
    match kind {
        FieldKind::Text | FieldKind::Id | FieldKind::Money => json!({ "type": "string" }),
        // With an offset, or a day alone.
        FieldKind::Time => json!({ "type": "string" }),
        FieldKind::Bool => json!({ "type": "boolean" }),
        FieldKind::Int => json!({ "type": "integer" }),
        FieldKind::List => json!({ "type": "array" }),
        FieldKind::Map => json!({ "type": "object" }),
    }
}
