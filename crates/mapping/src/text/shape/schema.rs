//! A [`Shape`] as a JSON Schema (draft 2020-12), for editors and `parcelwire schema`.
//!
//! It accepts what [`super::check()`] accepts, as far as a schema can say it: texts may be written
//! as numbers or bools, since files keep what was written. Must not know what the files mean.

use serde_json::{Map, Value, json};

use super::{Field, Keys, Shape, Words};

/// The schema of a file kind.
pub fn json_schema(shape: &Shape, title: &str) -> Value {
    let mut definitions = Map::new();
    let mut schema = of(shape, &mut definitions);
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!(title));
    if !definitions.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(definitions));
    }
    Value::Object(schema)
}

fn of(shape: &Shape, definitions: &mut Map<String, Value>) -> Map<String, Value> {
    let schema = match shape {
        Shape::Text | Shape::Expression => scalar(),
        Shape::Secret => json!({ "anyOf": [scalar(), { "type": "array", "items": scalar() }] }),
        Shape::Format(format) => match format.pattern {
            // A pattern holds for texts only; a number or bool written bare is a text to us.
            Some(pattern) => json!({ "type": ["string", "number", "boolean"], "pattern": pattern }),
            None => scalar(),
        },
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Int { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Number { min, max } => json!({ "type": "number", "minimum": min, "maximum": max }),
        Shape::Duration => json!({ "type": "string", "pattern": "^[0-9]{1,6}(s|m|h|d|bd)$" }),
        Shape::Enum(words) => enumeration(words),
        Shape::Template => {
            if !definitions.contains_key("template") {
                definitions.insert("template".to_owned(), template());
            }
            json!({ "$ref": "#/$defs/template" })
        }
        Shape::Any => json!({}),
        Shape::List(item) => json!({ "type": ["array", "null"], "items": of(item, definitions) }),
        Shape::OneOrMany(item) => {
            let item = of(item, definitions);
            json!({ "anyOf": [item, { "type": "array", "items": item }] })
        }
        Shape::Map(fields) => map(fields, None, definitions),
        Shape::Open(fields, rest) => map(fields, Some(rest), definitions),
        Shape::MapOf(keys, value) => {
            let mut schema = json!({ "type": ["object", "null"], "additionalProperties": of(value, definitions) });
            let names = match keys {
                Keys::Any => None,
                Keys::Format(format) => format.pattern.map(|pattern| json!({ "pattern": pattern })),
                Keys::Enum(words) => Some(json!({ "enum": words.list() })),
            };
            if let Some(names) = names {
                schema["propertyNames"] = names;
            }
            schema
        }
        Shape::OneOf(shapes) => {
            let any: Vec<_> = shapes.iter().map(|shape| of(shape, definitions)).collect();
            json!({ "anyOf": any })
        }
        Shape::Ref(name, shape) => {
            if !definitions.contains_key(*name) {
                // Reserved first: the shape may contain itself.
                definitions.insert((*name).to_owned(), Value::Null);
                let schema = of(shape(), definitions);
                definitions.insert((*name).to_owned(), Value::Object(schema));
            }
            json!({ "$ref": format!("#/$defs/{name}") })
        }
    };
    if let Value::Object(schema) = schema { schema } else { Map::new() }
}

fn map(fields: &[Field], rest: Option<&Shape>, definitions: &mut Map<String, Value>) -> Value {
    let mut properties = Map::new();
    for field in fields {
        let mut schema = of(&field.shape, definitions);
        schema.insert("description".to_owned(), json!(field.doc));
        if let Some(default) = field.default {
            schema.insert("default".to_owned(), json!(default));
        }
        if field.deprecated.is_some() {
            schema.insert("deprecated".to_owned(), json!(true));
        }
        properties.insert(field.key.to_owned(), Value::Object(schema));
    }
    let required: Vec<&str> =
        fields.iter().filter(|field| field.required).map(|field| field.key).collect();
    let rest = rest.map_or(Value::Bool(false), |shape| Value::Object(of(shape, definitions)));
    // An empty value is an empty map, which is fine unless a key must stand.
    let kinds = if required.is_empty() { json!(["object", "null"]) } else { json!("object") };
    json!({ "type": kinds, "properties": properties, "required": required,
            "additionalProperties": rest })
}

fn scalar() -> Value {
    json!({ "type": ["string", "number", "boolean"] })
}

fn enumeration(words: &Words) -> Value {
    json!({ "enum": words.list() })
}

fn template() -> Value {
    let this = json!({ "$ref": "#/$defs/template" });
    json!({ "anyOf": [
        scalar(),
        { "type": "array", "items": this },
        { "type": "object", "additionalProperties": this },
    ] })
}
