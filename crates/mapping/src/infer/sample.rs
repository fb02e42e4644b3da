//! A test made of a sample: what the rules read of it, and nobody's name or address.

use parcelwire_domain::{Map, Value};

use super::{leaf::Place, rule::Rule};

/// A way into a payload; `*` for any element of a list.
type Way = Vec<String>;

/// What is kept of a payload.
#[derive(Debug, Default)]
pub(super) struct Kept {
    ways: Vec<(Way, &'static str)>,
    each: Option<Way>,
}

impl Kept {
    /// All that this rule reads.
    pub(super) fn of(rule: &Rule<'_>, others: &[&Place]) -> Self {
        let each = rule.each.as_ref().map(|each| each.steps.clone());
        let mut kept = Self { ways: Vec::new(), each };
        for place in others {
            kept.add(place, "");
        }
        if let Some(code) = &rule.code {
            kept.add(&code.coarse.place, "");
            if let Some(finer) = &code.finer {
                kept.add(&finer.place, "");
            }
        }
        for find in rule.sure() {
            kept.add(&find.place, find.field);
        }
        if let Some(items) = &rule.items {
            for (_, place) in &items.give {
                let mut way = kept.way(&items.place);
                way.push("*".to_owned());
                way.extend(place.steps.iter().cloned());
                kept.ways.push((way, ""));
            }
        }
        kept
    }

    fn add(&mut self, place: &Place, field: &'static str) {
        let way = self.way(place);
        self.ways.push((way, field));
    }

    fn way(&self, place: &Place) -> Way {
        let mut way = Way::new();
        if place.local.is_some() {
            way.extend(self.each.iter().flatten().cloned());
            way.push("*".to_owned());
        }
        way.extend(place.steps.iter().cloned());
        if place.first {
            way.push("*".to_owned());
        }
        way
    }

    /// The payload with nothing else in it, and so many elements of the list that is gone through.
    pub(super) fn cut(&self, body: &Value, elements: usize) -> Value {
        let empty = || match body {
            Value::List(_) => Value::List(Vec::new().into()),
            Value::Map(_) | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
                Value::Map(Map::new())
            }
        };
        self.part(body, &mut Way::new(), elements).unwrap_or_else(empty)
    }

    fn part(&self, value: &Value, way: &mut Way, elements: usize) -> Option<Value> {
        if !self.ways.iter().any(|(wanted, _)| wanted.starts_with(way)) {
            return None;
        }
        match value {
            Value::Map(map) => {
                let mut kept = Map::new();
                for (key, value) in map.iter() {
                    way.push(key.to_owned());
                    if let Some(value) = self.part(value, way, elements) {
                        kept.set(key, value);
                    }
                    way.pop();
                }
                (!kept.is_empty()).then_some(Value::Map(kept))
            }
            Value::List(items) => {
                let most = if self.each.as_ref() == Some(way) { elements } else { 1 };
                way.push("*".to_owned());
                let kept: Vec<Value> = items
                    .iter()
                    .take(most)
                    .filter_map(|item| self.part(item, way, elements))
                    .collect();
                way.pop();
                (!kept.is_empty()).then(|| Value::List(kept.into_iter().collect()))
            }
            Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
                let (_, field) = self.ways.iter().find(|(wanted, _)| wanted == way)?;
                Some(invented(field).map_or_else(|| value.clone(), Value::text))
            }
        }
    }

    /// The dotted path of a place, for `code_at:`; nothing where a key has a dot in it.
    pub(super) fn path(&self, place: &Place) -> Option<String> {
        let way = self.way(place);
        if way.iter().any(|step| step.contains('.')) {
            return None;
        }
        let steps: Vec<&str> =
            way.iter().map(|step| if step == "*" { "0" } else { step.as_str() }).collect();
        Some(steps.join("."))
    }

    /// The same without what this place reads.
    pub(super) fn without(mut self, place: Option<&Place>) -> Self {
        if let Some(place) = place {
            let way = self.way(place);
            self.ways.retain(|(known, _)| *known != way);
        }
        self
    }
}

/// Somebody else instead of the person in the payload.
fn invented(field: &str) -> Option<&'static str> {
    match field {
        "email" => Some("kim@example.test"),
        "first_name" => Some("Kim"),
        "last_name" => Some("Example"),
        "external_id" => Some("77"),
        _ => None,
    }
}
