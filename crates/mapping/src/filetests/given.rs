//! `given:` of a test: an event as it reaches a mapping or a destination.

use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    taxonomy::{FIELDS, FieldKind, Trigger, field},
};

use crate::text::{Node, did_you_mean};

/// The trigger and the fields that a test gives, completed with an e-mail and a time. An empty
/// value in the file says that the field is not known. `beside` are other keys that may stand there.
pub(super) fn event(
    test: &Node,
    beside: &[&str],
    now: Timestamp,
) -> Result<(Trigger, Map), String> {
    let given = test.get("given").ok_or("it has no `given:` with the fields of an event")?;
    event_of(given, beside, now)
}

/// The same of what stands under `given:`.
pub(super) fn event_of(
    given: &Node,
    beside: &[&str],
    now: Timestamp,
) -> Result<(Trigger, Map), String> {
    if !given.is_map() {
        return Err("`given:` is no map with the fields of an event".to_owned());
    }
    let mut fields = Map::new();
    for (key, node) in given.entries().filter(|(key, _)| !beside.contains(&key.text.as_str())) {
        let Some(known) = field(&key.text) else {
            let hint = did_you_mean(&key.text, FIELDS.iter().map(|field| field.name));
            let hint = hint.map(|hint| format!(" ({hint})")).unwrap_or_default();
            return Err(format!("`given:` has no field `{}`{hint}", key.text));
        };
        fields.set_some(known.name, node.to_value().map(|value| as_stated(known.kind, value)));
    }
    let name = fields.get("trigger").and_then(Value::as_text).unwrap_or("delivered").to_owned();
    let trigger = Trigger::parse(&name).ok_or_else(|| {
        let hint = did_you_mean(&name, Trigger::all().map(Trigger::name));
        format!("`{name}` is no trigger ({})", hint.as_deref().unwrap_or("see docs/rules.md"))
    })?;
    let usual = [
        ("trigger", name),
        ("email", "kim@example.test".to_owned()),
        ("occurred_at", now.to_string()),
    ];
    for (key, value) in usual {
        if fields.get(key).is_none() && !given.has(key) {
            fields.set(key, Value::text(value));
        }
    }
    Ok((trigger, fields))
}

/// Numbers are texts where a source's statement of the field would be one: `order_number: 1001`.
fn as_stated(kind: FieldKind, value: Value) -> Value {
    match (kind, value) {
        (
            FieldKind::Text | FieldKind::Id | FieldKind::Time | FieldKind::Money,
            Value::Number(number),
        ) => Value::text(number.as_str()),
        (_, value) => value,
    }
}
