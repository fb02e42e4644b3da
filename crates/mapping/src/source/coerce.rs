//! What a source states, made to fit the field it stands in.

use parcelwire_domain::{
    Map, Number, Value,
    taxonomy::{Field, FieldKind},
};

/// Longest text that is taken; what is longer is cut.
pub(super) const MAX_TEXT_CHARS: usize = 16_384;

/// Most elements of a list.
pub(super) const MAX_ITEMS: usize = 500;

/// The fields that are lists of items.
const ITEMS: [&str; 3] = ["items", "order_items", "items_received"];

/// Whether nothing is said: an empty text, list or map, and one of such. Systems write what they do
/// not know as an empty text; that is no mistake of theirs.
pub(super) fn is_blank(value: &Value) -> bool {
    match value {
        Value::Text(text) => text.trim().is_empty(),
        Value::List(items) => items.iter().all(is_blank),
        Value::Map(map) => map.iter().all(|(_, value)| is_blank(value)),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// The value as the field holds it; `None` when it does not fit or is blank.
pub(crate) fn fit(field: &Field, value: Value) -> Option<Value> {
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
        (name, Value::List(_)) if ITEMS.contains(&name) => Some(items(value)),
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
        Value::List(items) => (1..=MAX_ITEMS).contains(&items.len()) && items.iter().all(is_tidy),
        Value::Map(map) => {
            (1..=MAX_ITEMS).contains(&map.len()) && map.iter().all(|(_, value)| is_tidy(value))
        }
    }
}

/// Items with a number as their quantity, and prices and numbers of articles as texts, however they
/// were written.
fn items(value: Value) -> Value {
    let Value::List(items) = value else { return value };
    if items.iter().all(is_fitted) {
        return Value::List(items);
    }
    let item = |item: Value| {
        let Value::Map(map) = item else { return item };
        let mut fitted = Map::with_room(map.len());
        for (name, value) in map {
            let value = match (name.as_str(), value) {
                ("quantity", value) => quantity(value),
                ("sku" | "product_id" | "variant_id" | "unit_price", Value::Number(number)) => {
                    Value::text(number.as_str())
                }
                (_, value) => value,
            };
            fitted.add(name, value);
        }
        Value::Map(fitted)
    };
    Value::List(items.into_vec().into_iter().map(item).collect())
}

/// Whether [`items`] would leave an item as it is: most are, and need not be made anew.
fn is_fitted(item: &Value) -> bool {
    item.as_map().is_none_or(|map| {
        map.iter().all(|(name, value)| match name {
            "quantity" => match value {
                Value::Number(number) => number.as_str().bytes().all(|b| b.is_ascii_digit()),
                other => other.as_id().is_none(),
            },
            "sku" | "product_id" | "variant_id" | "unit_price" => {
                !matches!(value, Value::Number(_))
            }
            _ => true,
        })
    })
}

/// A quantity as a number, a whole one where it is: `"2"` and `2.0000` are two.
fn quantity(value: Value) -> Value {
    let Some(text) = value.as_id() else { return value };
    let text = text.trim();
    let whole = text.split_once('.').filter(|(_, rest)| rest.bytes().all(|b| b == b'0'));
    let number = Number::from_json(whole.map_or(text, |(whole, _)| whole));
    number.map_or(value, Value::Number)
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
            let items = items.into_vec().into_iter().take(MAX_ITEMS);
            let items: Vec<Value> = items.filter_map(tidy).collect();
            if items.is_empty() {
                return None;
            }
            Value::List(items.into())
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

#[cfg(test)]
mod tests {
    use parcelwire_domain::taxonomy::field;

    use super::*;
    use crate::json::Doc;

    fn fitted(name: &str, json: &str) -> String {
        let doc = Doc::parse(format!("[{json}]").as_bytes()).expect("it is JSON");
        let list = doc.root().to_value().expect("no null");
        let value = list.as_list().and_then(<[Value]>::first).cloned().expect("one value");
        fit(field(name).expect("a field"), value).map_or_else(String::new, |value| value.to_json())
    }

    #[test]
    fn quantities_are_numbers_and_numbers_of_articles_texts_however_they_were_written() {
        for (json, expected) in [
            (r#"[{"sku":1001,"quantity":"2"}]"#, r#"[{"sku":"1001","quantity":2}]"#),
            (
                r#"[{"quantity":" 3 ","unit_price":10.5}]"#,
                r#"[{"quantity":3,"unit_price":"10.5"}]"#,
            ),
            (r#"[{"quantity":"2.0000"}]"#, r#"[{"quantity":2}]"#),
            (r#"[{"quantity":2.0}]"#, r#"[{"quantity":2}]"#),
            (r#"[{"quantity":0.5}]"#, r#"[{"quantity":0.5}]"#),
            (r#"[{"quantity":"2 Stück"}]"#, r#"[{"quantity":"2 Stück"}]"#),
            (r#"[{"quantity":[]}]"#, ""),
        ] {
            assert_eq!(fitted("items", json), expected, "{json}");
        }
    }

    #[test]
    fn what_is_blank_is_absent() {
        for (name, json) in [
            ("email", r#"" ""#),
            ("items", "[]"),
            ("items", r#"[{"sku":""}]"#),
            ("tracking_numbers", r#"["", " "]"#),
            ("location", r#"{"city":"","country":""}"#),
        ] {
            assert_eq!(fitted(name, json), "", "{json}");
        }
        let blank = |json: &str| {
            let doc = Doc::parse(json.as_bytes()).expect("it is JSON");
            is_blank(&doc.root().to_value().expect("no null"))
        };
        assert!(blank(r#"{"city":"","tags":[""]}"#) && blank("[]"));
        assert!(!blank("[0]") && !blank(r#"{"city":"","is":false}"#));
    }
}
