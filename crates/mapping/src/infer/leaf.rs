//! A payload as the values it holds and the ways that lead to them.

use parcelwire_domain::Value;

use super::words::{singular, words};

/// Deepest value that is looked at.
const MAX_DEPTH: usize = 8;

/// Most values of one payload that are looked at.
const MAX_LEAVES: usize = 2_000;

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// The local name of the list's element it stands in; nothing for the payload itself.
    pub(super) local: Option<String>,
    /// The keys that lead to it.
    pub(super) steps: Vec<String>,
    /// Whether it is the first of a list of scalars.
    pub(super) first: bool,
}

/// One scalar, with all that was seen of it.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    pub(super) place: Place,
    pub(super) values: Vec<Value>,
}

/// A list of maps.
#[derive(Debug, Clone)]
pub(super) struct List<'v> {
    pub(super) steps: Vec<String>,
    pub(super) items: &'v [Value],
}

/// The names that mean something else at the root of a source's expressions.
const TAKEN: [&str; 16] = [
    "headers", "query", "body", "topic", "settings", "if", "else", "and", "or", "not", "in", "is",
    "true", "false", "null", "none",
];

impl Place {
    /// The expression that reads it, with its `=`.
    pub(super) fn expression(&self) -> String {
        let mut steps = self.steps.iter();
        let mut out = match (&self.local, steps.len()) {
            (Some(local), _) => local.clone(),
            (None, _) => match steps.next() {
                Some(root) if is_name(root) && !TAKEN.contains(&root.as_str()) => root.clone(),
                Some(root) => format!("body{}", bracket(root)),
                None => "body".to_owned(),
            },
        };
        for step in steps {
            if is_name(step) && !TAKEN.contains(&step.as_str()) {
                out = format!("{out}.{step}");
            } else {
                out.push_str(&bracket(step));
            }
        }
        format!("={out}{}", if self.first { "[0]" } else { "" })
    }

    /// The words of each key, the list's own name in front of what stands in its elements.
    pub(super) fn words(&self, list: Option<&[String]>) -> Vec<Vec<String>> {
        let list = list.filter(|_| self.local.is_some()).and_then(<[String]>::last);
        let list = list.map(|name| words(&singular(name)));
        list.into_iter().chain(self.steps.iter().map(|step| words(step))).collect()
    }

    /// The dotted path, for people.
    pub(super) fn shown(&self) -> String {
        self.steps.join(".")
    }
}

fn is_name(step: &str) -> bool {
    let mut letters = step.chars();
    letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && letters.all(|c| c.is_alphanumeric() || c == '_')
}

fn bracket(step: &str) -> String {
    format!("['{}']", step.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// All scalars that can be reached without choosing an element of a list.
pub(super) fn leaves(root: &Value, local: Option<&str>) -> Vec<Leaf> {
    let mut found = Vec::new();
    walk(root, &mut Vec::new(), local, &mut found);
    found
}

fn walk(value: &Value, steps: &mut Vec<String>, local: Option<&str>, found: &mut Vec<Leaf>) {
    if steps.len() > MAX_DEPTH || found.len() >= MAX_LEAVES {
        return;
    }
    let place = |first| Place { local: local.map(str::to_owned), steps: steps.clone(), first };
    match value {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                steps.push(key.to_owned());
                walk(value, steps, local, found);
                steps.pop();
            }
        }
        Value::List(items) => {
            if let Some(first) = items.first().filter(|one| one.as_id().is_some()) {
                found.push(Leaf { place: place(true), values: vec![first.clone()] });
            }
        }
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
            found.push(Leaf { place: place(false), values: vec![value.clone()] });
        }
    }
}

/// The same scalars of several payloads or elements, each with all its values.
pub(super) fn together(many: impl Iterator<Item = Vec<Leaf>>) -> Vec<Leaf> {
    let mut all: Vec<Leaf> = Vec::new();
    for leaf in many.flatten() {
        let is_full = all.len() >= MAX_LEAVES;
        match all.iter_mut().find(|known| known.place == leaf.place) {
            Some(known) => known.values.extend(leaf.values),
            None if is_full => {}
            None => all.push(leaf),
        }
    }
    all
}

/// All lists of maps that can be reached without choosing an element of another.
pub(super) fn lists(root: &Value) -> Vec<List<'_>> {
    let mut found = Vec::new();
    find_lists(root, &mut Vec::new(), &mut found);
    found
}

fn find_lists<'v>(value: &'v Value, steps: &mut Vec<String>, found: &mut Vec<List<'v>>) {
    if steps.len() > MAX_DEPTH {
        return;
    }
    match value {
        Value::Map(map) => {
            for (key, value) in map.iter() {
                steps.push(key.to_owned());
                find_lists(value, steps, found);
                steps.pop();
            }
        }
        Value::List(items) if items.iter().any(|one| one.as_map().is_some()) => {
            found.push(List { steps: steps.clone(), items });
        }
        Value::List(_) | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {}
    }
}

/// The value that these keys lead to.
pub(super) fn at<'v>(root: &'v Value, steps: &[String]) -> Option<&'v Value> {
    steps.iter().try_fold(root, |value, step| value.as_map()?.get(step))
}
