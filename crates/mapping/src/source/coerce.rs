//! What a source states, made to fit the field it stands in.

use parcelwire_domain::{
    Map, Value,
    taxonomy::{Field, FieldKind},
};

/// Longest text that is taken; what is longer is cut.
pub(super) const MAX_TEXT_CHARS: usize = 16_384;

/// Most elements of a list.
pub(super) const MAX_ITEMS: usize = 500;

/// The value as the field holds it; `None` when it does not fit or is blank.
pub(super) fn fit(field: &Field, value: Value) -> Option<Value> {
    let value = match (field.kind, value) {
        (
            FieldKind::Text | FieldKind::Id | FieldKind::Time | FieldKind::Money,
            Value::Number(number),
        ) => Value::text(number.as_str()),
        (
            FieldKind::Text | FieldKind::Id | FieldKind::Time | FieldKind::Money,
            value @ Value::Text(_),
        ) => value,
        (FieldKind::Bool, value @ Value::Bool(_)) => value,
        (FieldKind::Bool, Value::Text(text)) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "1" => Value::Bool(true),
            "false" | "no" | "0" => Value::Bool(false),
            _ => return None,
        },
        (FieldKind::Int, Value::Number(number)) => Value::int(number.as_i64()?),
        (FieldKind::Int, Value::Text(text)) => Value::int(text.trim().parse().ok()?),
        (FieldKind::List, Value::List(items)) => Value::List(items),
        (FieldKind::List, value @ (Value::Map(_) | Value::Text(_))) => Value::List([value].into()),
        (FieldKind::Map, value @ Value::Map(_)) => value,
        _ => return None,
    };
    let value = if is_tidy(&value) { value } else { tidy(value)? };
    match (field.name, &value) {
        ("email", Value::Text(text)) if !is_email(text) => None,
        ("destination_country", Value::Text(text)) => {
            let fits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_alphabetic());
            fits.then(|| Value::text(text.to_ascii_uppercase()))
        }
        _ => Some(value),
    }
}

/// Whether [`tidy`] would leave it as it is: most are, and need not be made anew.
fn is_tidy(value: &Value) -> bool {
    match value {
        Value::Bool(_) | Value::Number(_) => true,
        Value::Text(text) => {
            !text.is_empty() && text.len() <= MAX_TEXT_CHARS && text.trim().len() == text.len()
        }
        Value::List(items) => items.len() <= MAX_ITEMS && items.iter().all(is_tidy),
        Value::Map(map) => {
            (1..=MAX_ITEMS).contains(&map.len()) && map.iter().all(|(_, value)| is_tidy(value))
        }
    }
}

/// Trims and bounds; what is blank is absent.
fn tidy(value: Value) -> Option<Value> {
    Some(match value {
        Value::Text(text) => {
            let trimmed = text.trim();
            if trimmed.is_empty() {
                return None;
            }
            match trimmed.char_indices().nth(MAX_TEXT_CHARS) {
                Some((end, _)) => Value::text(trimmed.get(..end).unwrap_or_default()),
                None if trimmed.len() == text.len() => Value::Text(text),
                None => Value::text(trimmed),
            }
        }
        Value::List(items) => {
            Value::List(items.into_vec().into_iter().take(MAX_ITEMS).filter_map(tidy).collect())
        }
        Value::Map(map) => {
            let mut tidied = Map::with_room(map.len().min(MAX_ITEMS));
            for (name, value) in map.into_iter().take(MAX_ITEMS) {
                if let Some(value) = tidy(value) {
                    tidied.add(name, value);
                }
            }
            if tidied.is_empty() {
                return None;
            }
            Value::Map(tidied)
        }
        other @ (Value::Bool(_) | Value::Number(_)) => other,
    })
}

fn is_email(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((name, host)) => {
            !name.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace)
        }
        None => false,
    }
}
