//! What an expression works on: values borrowed from a payload, an event or the expression itself.
//! Must not know how they are computed.

use std::borrow::Cow;
use std::sync::Arc;

use parcelwire_domain::{self as domain, Number, Value};

use crate::json::{Json, Kind};

/// A value while an expression is evaluated. What is null in JSON is [`Val::Missing`].
#[derive(Debug, Clone, Default)]
pub enum Val<'a> {
    /// Not known. It passes through everything, and what it ends in is left out.
    #[default]
    Missing,
    /// `true` or `false`.
    Bool(bool),
    /// A number as the text of a JSON number.
    Number(Cow<'a, str>),
    /// A text.
    Text(Cow<'a, str>),
    /// A list.
    List(List<'a>),
    /// A map.
    Map(Entries<'a>),
}

/// A list, wherever its elements are.
#[derive(Debug, Clone)]
pub enum List<'a> {
    /// Made by an expression.
    Made(Arc<Vec<Val<'a>>>),
    /// In a payload.
    Json(Json<'a>),
    /// In a domain value.
    Value(&'a domain::List),
}

/// A map, wherever its entries are.
#[derive(Debug, Clone)]
pub enum Entries<'a> {
    /// Made by an expression; keys are distinct.
    Made(Arc<Vec<(Cow<'a, str>, Val<'a>)>>),
    /// In a payload.
    Json(Json<'a>),
    /// In a domain value.
    Value(&'a domain::Map),
}

impl<'a> Val<'a> {
    /// A text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A whole number.
    pub fn int(n: i64) -> Self {
        Self::Number(Cow::Owned(n.to_string()))
    }

    /// A list made of `items`.
    pub fn list(items: Vec<Self>) -> Self {
        Self::List(List::Made(Arc::new(items)))
    }

    /// A map made of `entries`, whose keys must be distinct.
    pub fn map(entries: Vec<(Cow<'a, str>, Self)>) -> Self {
        Self::Map(Entries::Made(Arc::new(entries)))
    }

    /// Whether there is nothing.
    pub fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// Whether there is nothing to show: missing, blanks only, an empty list or map.
    pub fn is_blank(&self) -> bool {
        match self {
            Self::Missing => true,
            Self::Bool(_) | Self::Number(_) => false,
            Self::Text(text) => text.trim().is_empty(),
            Self::List(list) => list.is_empty(),
            Self::Map(map) => map.is_empty(),
        }
    }

    /// Truth as Jinja has it: an empty text, 0, an empty list or map are not true.
    /// `None` when missing.
    pub fn truth(&self) -> Option<bool> {
        Some(match self {
            Self::Missing => return None,
            Self::Bool(truth) => *truth,
            Self::Number(number) => {
                // 0, -0, 0.00, 0e5: what stands before the exponent has no other digit.
                let digits = number.split(['e', 'E']).next().unwrap_or_default();
                digits.bytes().any(|b| (b'1'..=b'9').contains(&b))
            }
            Self::Text(text) => !text.is_empty(),
            Self::List(list) => !list.is_empty(),
            Self::Map(map) => !map.is_empty(),
        })
    }

    /// The text of a scalar, numbers and truth values as they are written in JSON.
    pub fn as_text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) | Self::Number(text) => Some(text.clone()),
            Self::Bool(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Self::Missing | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The text, when this is one; a view without a copy.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Missing | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Map(_) => None,
        }
    }

    /// The entry of a map.
    pub fn get(&self, key: &str) -> Self {
        match self {
            Self::Map(map) => map.get(key),
            Self::Missing | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::List(_) => {
                Self::Missing
            }
        }
    }

    /// The element of a list; a negative index counts from the end.
    pub fn at(&self, index: i64) -> Self {
        match self {
            Self::List(list) => list.at(index),
            Self::Missing | Self::Bool(_) | Self::Number(_) | Self::Text(_) | Self::Map(_) => {
                Self::Missing
            }
        }
    }

    /// A copy that stands alone; `None` when missing. Missing elements and entries are left out.
    pub fn into_value(self) -> Option<Value> {
        // Recursion is bounded: payloads are at most `json::MAX_DEPTH` deep, and each function
        // adds at most one level.
        Some(match self {
            Self::Missing => return None,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(number) => Value::Number(Number::from_json(&number)?),
            Self::Text(text) => Value::text(text),
            Self::List(List::Json(json)) | Self::Map(Entries::Json(json)) => json.to_value()?,
            Self::List(List::Value(list)) => Value::List(list.clone()),
            Self::Map(Entries::Value(map)) => Value::Map(map.clone()),
            Self::List(List::Made(items)) => Value::List(
                Arc::unwrap_or_clone(items).into_iter().filter_map(Self::into_value).collect(),
            ),
            Self::Map(Entries::Made(entries)) => Value::Map(
                Arc::unwrap_or_clone(entries)
                    .into_iter()
                    .filter_map(|(key, value)| Some((key.into_owned(), value.into_value()?)))
                    .collect(),
            ),
        })
    }
}

impl<'a> List<'a> {
    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Self::Made(items) => items.len(),
            Self::Json(json) => json.len(),
            Self::Value(items) => items.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The element at `index`; a negative one counts from the end.
    pub fn at(&self, index: i64) -> Val<'a> {
        let place = usize::try_from(index)
            .ok()
            .or_else(|| self.len().checked_sub(usize::try_from(index.unsigned_abs()).ok()?));
        let Some(place) = place else { return Val::Missing };
        match self {
            Self::Made(items) => items.get(place).cloned().unwrap_or_default(),
            Self::Json(json) => json.at(place).map(Val::from).unwrap_or_default(),
            Self::Value(items) => items.get(place).map(Val::from).unwrap_or_default(),
        }
    }

    /// The elements, nulls left out.
    pub fn items(&self) -> Vec<Val<'a>> {
        match self {
            Self::Made(items) => items.as_ref().clone(),
            Self::Json(json) => json.items().map(Val::from).filter(|v| !v.is_missing()).collect(),
            Self::Value(items) => items.iter().map(Val::from).collect(),
        }
    }
}

impl<'a> Entries<'a> {
    /// The number of entries as written.
    pub fn len(&self) -> usize {
        match self {
            Self::Made(entries) => entries.len(),
            Self::Json(json) => json.len(),
            Self::Value(map) => map.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value under `key`.
    pub fn get(&self, key: &str) -> Val<'a> {
        match self {
            Self::Made(entries) => {
                let found = entries.iter().find(|(name, _)| name == key);
                found.map(|(_, value)| value.clone()).unwrap_or_default()
            }
            Self::Json(json) => json.get(key).map(Val::from).unwrap_or_default(),
            Self::Value(map) => map.get(key).map(Val::from).unwrap_or_default(),
        }
    }

    /// The entries in written order, nulls left out; of a repeated key the last.
    pub fn entries(&self) -> Vec<(Cow<'a, str>, Val<'a>)> {
        match self {
            Self::Made(entries) => entries.as_ref().clone(),
            Self::Json(json) => distinct(json.entries().map(|(key, v)| (key, Val::from(v)))),
            Self::Value(map) => {
                map.iter().map(|(key, v)| (Cow::Borrowed(key), Val::from(v))).collect()
            }
        }
    }
}

/// The entries with each key once, the last value at the first place, missing ones left out.
pub(crate) fn distinct<'a>(
    entries: impl Iterator<Item = (Cow<'a, str>, Val<'a>)>,
) -> Vec<(Cow<'a, str>, Val<'a>)> {
    let mut places = std::collections::HashMap::new();
    let mut kept: Vec<(Cow<'a, str>, Val<'a>)> = Vec::new();
    for (key, value) in entries {
        match places.get(&key) {
            Some(&place) => kept[place] = (key, value),
            None => {
                places.insert(key.clone(), kept.len());
                kept.push((key, value));
            }
        }
    }
    kept.retain(|(_, value)| !value.is_missing());
    kept
}

impl<'a> From<Json<'a>> for Val<'a> {
    fn from(json: Json<'a>) -> Self {
        match json.kind() {
            Kind::Null => Self::Missing,
            Kind::Bool => json.bool().map(Self::Bool).unwrap_or_default(),
            Kind::Number => json.number().map(|n| Self::Number(n.into())).unwrap_or_default(),
            Kind::Text => json.text().map(Self::Text).unwrap_or_default(),
            Kind::List => Self::List(List::Json(json)),
            Kind::Map => Self::Map(Entries::Json(json)),
        }
    }
}

impl<'a> From<&'a Value> for Val<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Bool(truth) => Self::Bool(*truth),
            Value::Number(number) => Self::Number(Cow::Borrowed(number.as_str())),
            Value::Text(text) => Self::Text(Cow::Borrowed(text)),
            Value::List(list) => Self::List(List::Value(list)),
            Value::Map(map) => Self::Map(Entries::Value(map)),
        }
    }
}

impl<'a> From<&'a domain::Map> for Val<'a> {
    fn from(map: &'a domain::Map) -> Self {
        Self::Map(Entries::Value(map))
    }
}

impl<'a> From<&'a str> for Val<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Val<'_> {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<bool> for Val<'_> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<'a, T: Into<Val<'a>>> From<Option<T>> for Val<'a> {
    fn from(value: Option<T>) -> Self {
        value.map(Into::into).unwrap_or_default()
    }
}
