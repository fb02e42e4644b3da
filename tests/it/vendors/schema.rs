//! Schemas of API descriptions, made into plain JSON Schema: `nullable`, boolean limits, and objects
//! that hold only what they name.

use std::collections::BTreeMap;

use jsonschema::Draft;
use serde_json::{Map, Value, json};

/// The named schemas of a description.
pub(super) struct Schemas {
    /// What `#/components/…` and `#/definitions/…` lead to.
    named: Map<String, Value>,
    /// Whether `oneOf` is read as `anyOf`: its forms overlap.
    overlapping: bool,
}

impl Schemas {
    pub(super) fn of(document: &Value, overlapping: bool) -> Self {
        let mut named = Map::new();
        for key in ["components", "definitions"] {
            if let Some(part) = document.get(key) {
                named.insert(key.to_owned(), part.clone());
            }
        }
        let mut all = Self { named, overlapping };
        let plain = all.named.clone();
        for place in ["/components/schemas", "/definitions"] {
            let (key, rest) =
                place.trim_start_matches('/').split_once('/').unwrap_or(("definitions", ""));
            let part = all.named.get_mut(key);
            let part =
                part.and_then(|part| if rest.is_empty() { Some(part) } else { part.get_mut(rest) });
            for schema in part.and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut)
            {
                modernise(schema, &plain, overlapping);
            }
        }
        all
    }

    /// What is wrong with a value.
    pub(super) fn faults(&self, schema: &Value, value: &Value) -> Vec<String> {
        let mut root = schema.clone();
        modernise(&mut root, &self.named, self.overlapping);
        close(&mut root, &self.named);
        let mut whole = self.named.clone();
        whole.insert("allOf".to_owned(), json!([root]));
        let validator = jsonschema::options()
            .with_draft(Draft::Draft202012)
            .should_validate_formats(true)
            .build(&Value::Object(whole))
            .expect("the description's schema is one");
        let told = validator.iter_errors(value);
        told.map(|fault| format!("{}: {}", fault.instance_path(), short(&fault.to_string())))
            .collect()
    }

    /// What is wrong with a text of a path, a query, a header.
    pub(super) fn faults_of_text(
        &self,
        schema: &Value,
        text: &str,
    ) -> impl Iterator<Item = String> {
        let value = typed_text(schema, text);
        self.faults(schema, &value).into_iter()
    }
}

fn short(text: &str) -> String {
    text.chars().take(240).collect()
}

/// The fields of a form, as the types that their schema names.
pub(super) fn typed(schema: &Value, fields: &BTreeMap<String, String>) -> Value {
    let typed = fields
        .iter()
        .map(|(name, text)| (name.clone(), typed_text(&schema["properties"][name], text)));
    Value::Object(typed.collect())
}

fn typed_text(schema: &Value, text: &str) -> Value {
    match schema["type"].as_str() {
        Some("integer" | "number" | "boolean") => {
            serde_json::from_str(text).unwrap_or_else(|_| text.into())
        }
        _ => text.into(),
    }
}

/// Rewrites a schema of OpenAPI 3.0 or Swagger 2 in place.
fn modernise(schema: &mut Value, named: &Map<String, Value>, overlapping: bool) {
    let Some(map) = schema.as_object_mut() else { return };
    for (limit, exclusive) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if let Some(Value::Bool(is)) = map.get(exclusive).cloned() {
            map.remove(exclusive);
            if let Some(bound) = map.remove(limit) {
                map.insert((if is { exclusive } else { limit }).to_owned(), bound);
            }
        }
    }
    // A parameter of the elder form is a schema itself, and says there whether it must be given.
    if map.get("required").is_some_and(Value::is_boolean) {
        map.remove("required");
    }
    if overlapping && let Some(forms) = map.remove("oneOf") {
        map.insert("anyOf".to_owned(), forms);
    }
    inner(map, &mut |inner| modernise(inner, named, overlapping));
    // What stands in a property or a list is an object of its own, and holds no more than it names.
    if let Some(Value::Object(properties)) = map.get_mut("properties") {
        properties.values_mut().for_each(|inner| close(inner, named));
    }
    if let Some(items) = map.get_mut("items") {
        close(items, named);
    }
    let nullable = map.remove("nullable") == Some(Value::Bool(true));
    if nullable || map.remove("x-nullable") == Some(Value::Bool(true)) {
        let plain = Value::Object(std::mem::take(map));
        *schema = json!({ "anyOf": [plain, { "type": "null" }] });
    }
}

/// Every schema directly inside of one.
fn inner(map: &mut Map<String, Value>, each: &mut dyn FnMut(&mut Value)) {
    for key in ["properties", "patternProperties"] {
        if let Some(Value::Object(schemas)) = map.get_mut(key) {
            schemas.values_mut().for_each(&mut *each);
        }
    }
    for key in ["allOf", "anyOf", "oneOf"] {
        if let Some(Value::Array(schemas)) = map.get_mut(key) {
            schemas.iter_mut().for_each(&mut *each);
        }
    }
    for key in ["items", "additionalProperties", "not"] {
        if let Some(schema) = map.get_mut(key) {
            each(schema);
        }
    }
}

/// An object that names what it holds holds nothing else, whether or not the description says so.
fn close(schema: &mut Value, named: &Map<String, Value>) {
    if names_its_fields(schema, named, 0)
        && let Some(map) = schema.as_object_mut()
    {
        map.entry("unevaluatedProperties").or_insert(json!(false));
    }
}

/// Whether each form of a schema says which fields there are.
fn names_its_fields(schema: &Value, named: &Map<String, Value>, depth: usize) -> bool {
    if depth > 16 {
        return false;
    }
    let deeper = |schema: &Value| names_its_fields(schema, named, depth + 1);
    if let Some(place) = schema["$ref"].as_str().and_then(|place| place.strip_prefix("#/")) {
        let (key, rest) = place.split_once('/').unwrap_or((place, ""));
        let target = named.get(key).and_then(|part| part.pointer(&format!("/{rest}")));
        return target.is_some_and(deeper);
    }
    let forms = ["oneOf", "anyOf"].iter().find_map(|key| schema[*key].as_array());
    if let Some(forms) = forms {
        let objects = |form: &&Value| form.get("type").is_none_or(|kind| kind == "object");
        let mut objects = forms.iter().filter(objects).peekable();
        return objects.peek().is_some() && objects.all(deeper);
    }
    let own = schema["properties"].as_object().is_some_and(|properties| !properties.is_empty());
    own || schema["allOf"].as_array().is_some_and(|parts| parts.iter().any(deeper))
}
