//! A value as the outside world states it: what an event's fields, a mapping's results and a
//! request's parts are made of. There is no null: what is not known is absent.
//!
//! Must not know where a value came from (JSON, YAML, an expression).

use compact_str::{CompactString, ToCompactString as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::SerializeMap};

use crate::{List, json_text::write_json_text};

/// A JSON-like value without null. Maps keep the order in which they were written.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// A number, exact in the decimal text in which it was stated.
    Number(Number),
    /// A text.
    Text(CompactString),
    /// A list, shared: what is handed on from payload to message is copied by reference.
    List(List),
    /// A map, in written order, without duplicate keys.
    Map(Map),
}

/// The entries of a [`Value::Map`], in written order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Map(Vec<(CompactString, Value)>);

/// A number as its JSON text (`12`, `-0.50`, forty digits): never rounded on its way through.
///
/// Two numbers are equal when their texts are; compare amounts in the expression language.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(CompactString);

impl Number {
    /// Takes the text of a JSON number.
    ///
    /// Answers `None` when `text` is not one by the grammar of RFC 8259, section 6.
    pub fn from_json(text: &str) -> Option<Self> {
        is_json_number(text.as_bytes()).then(|| Self(text.into()))
    }

    /// The JSON text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number as an `i64`, when it is a whole number that fits.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// The nearest `f64`.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

impl From<i64> for Number {
    fn from(n: i64) -> Self {
        Self(n.to_compact_string())
    }
}

fn is_json_number(text: &[u8]) -> bool {
    let digits = |from: usize| text[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = usize::from(text.first() == Some(&b'-'));
    let whole = digits(at);
    if whole == 0 || (whole > 1 && text[at] == b'0') {
        return false;
    }
    at += whole;
    if text.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if fraction == 0 {
            return false;
        }
        at += 1 + fraction;
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        at += 1 + usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at);
        if exponent == 0 {
            return false;
        }
        at += exponent;
    }
    at == text.len()
}

impl Value {
    /// A text value.
    pub fn text(text: impl Into<CompactString>) -> Self {
        Self::Text(text.into())
    }

    /// A whole number.
    pub fn int(n: i64) -> Self {
        Self::Number(n.into())
    }

    /// The text, when this is one.
    pub fn as_text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// The text of a text or a number: ids come as either.
    pub fn as_id(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Number(number) => Some(number.as_str()),
            Self::Bool(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The truth value, when this is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The entries, when this is a map.
    pub fn as_map(&self) -> Option<&Map> {
        if let Self::Map(map) = self { Some(map) } else { None }
    }

    /// The elements, when this is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        if let Self::List(list) = self { Some(list) } else { None }
    }

    /// The value as JSON text, numbers as they were stated.
    pub fn to_json(&self) -> String {
        // Room for the body of an event, so that it is not moved while it grows.
        let mut out = match self {
            Self::Map(_) | Self::List(_) => String::with_capacity(1024),
            Self::Bool(_) | Self::Number(_) | Self::Text(_) => String::new(),
        };
        self.write_json(&mut out);
        out
    }

    /// Appends the value as JSON text.
    pub fn write_json(&self, out: &mut String) {
        match self {
            Self::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
            Self::Number(number) => out.push_str(number.as_str()),
            Self::Text(text) => write_json_text(text, out),
            Self::List(list) => out.push_str(list.json()),
            Self::Map(map) => map.write_json(out),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Self::List(list.into())
    }
}

impl Map {
    /// An empty map.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// An empty map with room for so many entries.
    pub fn with_room(entries: usize) -> Self {
        Self(Vec::with_capacity(entries))
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        let key = key.as_bytes();
        self.0.iter().find(|(name, _)| name.as_bytes() == key).map(|(_, value)| value)
    }

    /// Sets `key`, replacing in place what was there.
    pub fn set(&mut self, key: impl Into<CompactString>, value: impl Into<Value>) {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, old)) => *old = value,
            None => self.0.push((key, value)),
        }
    }

    /// Adds an entry whose key is known not to be there: nothing is looked through for it.
    pub fn add(&mut self, key: impl Into<CompactString>, value: impl Into<Value>) {
        let key = key.into();
        debug_assert!(self.get(&key).is_none(), "`{key}` is there already");
        self.0.push((key, value.into()));
    }

    /// Sets `key` when there is a value; leaves the map as it is when there is none.
    pub fn set_some(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(at).1)
    }

    /// The entries in written order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Appends the map as a JSON object.
    pub fn write_json(&self, out: &mut String) {
        out.push('{');
        for (at, (name, value)) in self.0.iter().enumerate() {
            if at > 0 {
                out.push(',');
            }
            write_json_text(name, out);
            out.push(':');
            value.write_json(out);
        }
        out.push('}');
    }
}

/// Up to here, looking through all keys costs less than sorting them.
const FEW: usize = 24;

impl<K: Into<CompactString>> FromIterator<(K, Value)> for Map {
    /// Of a repeated key the last value counts, in the place of the first. However many keys a
    /// stranger sends, this takes no more than n log n.
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let entries = entries.into_iter().map(|(key, value)| (key.into(), value));
        Self(united(entries.collect()))
    }
}

/// Entries with each key once.
fn united(entries: Vec<(CompactString, Value)>) -> Vec<(CompactString, Value)> {
    let is_new = |at: usize| entries[..at].iter().all(|(key, _)| *key != entries[at].0);
    if entries.len() <= FEW && (1..entries.len()).all(is_new) {
        return entries;
    }
    // The sort keeps the order of equal ones.
    let mut places: Vec<usize> = (0..entries.len()).collect();
    places.sort_by(|a, b| entries[*a].0.cmp(&entries[*b].0));
    if places.windows(2).all(|two| entries[two[0]].0 != entries[two[1]].0) {
        return entries;
    }
    let mut entries: Vec<_> = entries.into_iter().map(Some).collect();
    let mut first = 0;
    for at in 1..places.len() {
        let key = |at: usize| entries[places[at]].as_ref().map(|(key, _)| key);
        if key(first) == key(at) {
            entries[places[first]] = entries[places[at]].take();
        } else {
            first = at;
        }
    }
    entries.into_iter().flatten().collect()
}

impl IntoIterator for Map {
    type Item = (CompactString, Value);
    type IntoIter = std::vec::IntoIter<(CompactString, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Under this key a number that serde's own number types would round is kept as text. It is the
/// stored form only; [`Value::to_json`] writes the plain number.
const EXACT: &str = "#exact";

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(truth) => serializer.serialize_bool(*truth),
            Self::Number(number) => match number.as_i64() {
                Some(n) if n.to_compact_string() == number.as_str() => serializer.serialize_i64(n),
                _ => {
                    let mut map = serializer.serialize_map(Some(1))?;
                    map.serialize_entry(EXACT, number.as_str())?;
                    map.end()
                }
            },
            Self::Text(text) => serializer.serialize_str(text),
            Self::List(list) => list[..].serialize(serializer),
            Self::Map(map) => map.serialize(serializer),
        }
    }
}

impl Serialize for Map {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a value without null")
            }

            fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
                Ok(Value::Bool(truth))
            }

            fn visit_i64<E>(self, n: i64) -> Result<Value, E> {
                Ok(Value::int(n))
            }

            fn visit_u64<E>(self, n: u64) -> Result<Value, E> {
                Ok(Value::Number(Number(n.to_compact_string())))
            }

            fn visit_f64<E: de::Error>(self, n: f64) -> Result<Value, E> {
                Number::from_json(&n.to_string())
                    .map(Value::Number)
                    .ok_or_else(|| E::custom("a number that is not finite"))
            }

            fn visit_str<E>(self, text: &str) -> Result<Value, E> {
                Ok(Value::text(text))
            }

            fn visit_string<E>(self, text: String) -> Result<Value, E> {
                Ok(Value::text(text))
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = seq.next_element()? {
                    list.push(item);
                }
                Ok(Value::List(list.into()))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
                let map = read_entries(access)?;
                let exact = match map.0.as_slice() {
                    [(key, Value::Text(text))] if key == EXACT => Number::from_json(text),
                    _ => None,
                };
                Ok(exact.map_or(Value::Map(map), Value::Number))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Map;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: de::MapAccess<'de>>(self, access: A) -> Result<Map, A::Error> {
                read_entries(access)
            }
        }
        deserializer.deserialize_map(Visitor)
    }
}

fn read_entries<'de, A: de::MapAccess<'de>>(mut access: A) -> Result<Map, A::Error> {
    let mut entries = Vec::new();
    while let Some(entry) = access.next_entry::<CompactString, Value>()? {
        entries.push(entry);
    }
    Ok(entries.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_their_text_through_the_stored_form() {
        for text in ["0", "-1", "49.90", "1e3", "1234567890123456789012345678901234567890"] {
            let value = Value::Number(Number::from_json(text).expect(text));
            let stored = serde_json::to_string(&value).expect("serializes");
            assert_eq!(serde_json::from_str::<Value>(&stored).expect("reads"), value, "{stored}");
            assert_eq!(value.to_json(), text);
        }
    }

    #[test]
    fn a_repeated_key_keeps_its_place_and_takes_the_last_value() {
        for many in [3, FEW, 1000] {
            let keys = (0..many).chain([1, many - 1]).enumerate();
            let map: Map = keys.map(|(n, key)| (format!("k{key}"), Value::int(n as i64))).collect();
            assert_eq!(map.len(), many);
            let second = map.iter().nth(1);
            assert_eq!(second, Some(("k1", &Value::int(many as i64))));
            assert_eq!(map.get(&format!("k{}", many - 1)), Some(&Value::int(many as i64 + 1)));
        }
    }

    #[test]
    fn what_json_does_not_call_a_number_is_none() {
        for text in ["", "-", "01", "1.", ".5", "1e", "+1", "NaN", "0x1", "1 "] {
            assert_eq!(Number::from_json(text), None, "{text}");
        }
    }
}
