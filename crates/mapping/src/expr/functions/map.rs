//! Functions on maps: looking up, and the shapes that APIs want them in.

use std::borrow::Cow;

use parcelwire_domain::Value;

use super::super::value::{Val, distinct};
use super::{Function, Given, Want, arg, option};
use crate::json::Doc;

const STYLES: &[&str] = &["lower", "upper", "snake", "upper_snake", "camel", "pascal", "kebab"];

pub(super) static ROWS: &[Function] = &[
    Function {
        name: "lookup",
        args: &[arg("table", Want::Map), option("otherwise", Want::Any)],
        doc: "What a table has under this text, or without case and blanks around it; else `otherwise`.",
        example: ("' A ' | lookup('{\"a\": 4711}' | read_json)", "4711"),
        answers: false,
        takes_missing: false,
        run: lookup,
    },
    Function {
        name: "keys",
        args: &[],
        doc: "The keys of a map.",
        example: ("'{\"a\": 1}' | read_json | keys", r#"["a"]"#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let keys = given.entries().map(|all| all.into_iter().map(|(key, _)| Val::Text(key)));
            keys.map(|keys| Val::list(keys.collect())).unwrap_or_default()
        },
    },
    Function {
        name: "values",
        args: &[],
        doc: "The values of a map.",
        example: ("'{\"a\": 1}' | read_json | values", "[1]"),
        answers: false,
        takes_missing: false,
        run: |given| {
            let values = given.entries().map(|all| all.into_iter().map(|(_, value)| value));
            values.map(|values| Val::list(values.collect())).unwrap_or_default()
        },
    },
    Function {
        name: "entries",
        args: &[option("key", Want::Text), option("value", Want::Text)],
        doc: "The entries of a map as a list of maps with `name` and `value`, or keys of your own.",
        example: (
            "'{\"a\": 1}' | read_json | entries(key='field')",
            r#"[{"field":"a","value":1}]"#,
        ),
        answers: false,
        takes_missing: false,
        run: entries,
    },
    Function {
        name: "stringify",
        args: &[],
        doc: "A map with every value as text; lists and maps in it as JSON.",
        example: ("'{\"a\": 1, \"b\": [2]}' | read_json | stringify", r#"{"a":"1","b":"[2]"}"#),
        answers: false,
        takes_missing: false,
        run: |given| {
            changed(given, |key, value| {
                let text = match value.as_text() {
                    Some(text) => text,
                    None => Cow::Owned(value.into_value()?.to_json()),
                };
                given.meter.bytes(text.len()).then_some((key, Val::Text(text)))
            })
        },
    },
    Function {
        name: "flatten",
        args: &[option("separator", Want::Text)],
        doc: "A map without maps in it: their keys joined (`_`), lists by number from 0.",
        example: ("'{\"a\": {\"b\": 1}}' | read_json | flatten", r#"{"a_b":1}"#),
        answers: false,
        takes_missing: false,
        run: flatten,
    },
    Function {
        name: "keys_as",
        args: &[arg("style", Want::Choice(STYLES))],
        doc: "A map with its keys rewritten: lower, upper, snake, upper_snake, camel, pascal, kebab.",
        example: (
            "'{\"order_number\": 1}' | read_json | keys_as('pascal')",
            r#"{"OrderNumber":1}"#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| {
            let style = given.arg_text(0).unwrap_or_default();
            if !STYLES.contains(&style.as_ref()) {
                return Val::Missing;
            }
            changed(given, |key, value| {
                let key = restyle(&key, &style);
                given.meter.bytes(key.len()).then_some((Cow::Owned(key), value))
            })
        },
    },
    Function {
        name: "rename",
        args: &[arg("table", Want::Map)],
        doc: "A map with its keys replaced by what the table has for them; others are left out.",
        example: (
            "'{\"a\": 1, \"b\": 2}' | read_json | rename('{\"a\": \"F7\"}' | read_json)",
            r#"{"F7":1}"#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| {
            let table = given.args[0].clone();
            changed(given, move |key, value| Some((table.get(&key).as_text()?, value)))
        },
    },
    Function {
        name: "pick",
        args: &[arg("keys", Want::List)],
        doc: "A map with these keys only.",
        example: ("'{\"a\": 1, \"b\": 2}' | read_json | pick(['a'])", r#"{"a":1}"#),
        answers: false,
        takes_missing: false,
        run: |given| filtered(given, true),
    },
    Function {
        name: "omit",
        args: &[arg("keys", Want::List)],
        doc: "A map without these keys.",
        example: ("'{\"a\": 1, \"b\": 2}' | read_json | omit(['a'])", r#"{"b":2}"#),
        answers: false,
        takes_missing: false,
        run: |given| filtered(given, false),
    },
    Function {
        name: "merge",
        args: &[arg("with", Want::Map)],
        doc: "Both maps in one; of a key in both, the argument's value.",
        example: ("'{\"a\": 1}' | read_json | merge('{\"b\": 2}' | read_json)", r#"{"a":1,"b":2}"#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let (Some(own), Val::Map(other)) = (given.entries(), &given.args[0]) else {
                return Val::Missing;
            };
            if !given.meter.steps(other.len()) {
                return Val::Missing;
            }
            Val::map(distinct(own.into_iter().chain(other.entries())))
        },
    },
    Function {
        name: "compact",
        args: &[],
        doc: "A list or map without blank texts and empty lists and maps.",
        example: ("['a', ' ', []] | compact", r#"["a"]"#),
        answers: false,
        takes_missing: false,
        run: |given| match &given.input {
            Val::List(_) => {
                let kept = given.items().map(|items| items.into_iter().filter(|v| !v.is_blank()));
                kept.map(|kept| Val::list(kept.collect())).unwrap_or_default()
            }
            _ => changed(given, |key, value| (!value.is_blank()).then_some((key, value))),
        },
    },
    Function {
        name: "json",
        args: &[],
        doc: "The value as JSON text, for a field that holds JSON.",
        example: ("['A1', 2] | json", r#""[\"A1\",2]""#),
        answers: false,
        takes_missing: false,
        run: |given| match given.input.clone().into_value() {
            Some(value) => given.made(value.to_json()),
            None => Val::Missing,
        },
    },
    Function {
        name: "read_json",
        args: &[],
        doc: "The map or list that a JSON text holds; missing, when it holds none.",
        example: (r#"'{"a": [1]}' | read_json"#, r#"{"a":[1]}"#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let Some(text) = given.text() else { return Val::Missing };
            if !given.meter.bytes(text.len()) || !given.meter.steps(text.len() / 16) {
                return Val::Missing;
            }
            let value = Doc::parse(text.as_bytes()).ok().and_then(|doc| doc.root().to_value());
            value.map(owned).unwrap_or_default()
        },
    },
];

/// A value that is not borrowed from anywhere.
fn owned<'a>(value: Value) -> Val<'a> {
    match value {
        Value::Bool(truth) => Val::Bool(truth),
        Value::Number(number) => Val::Number(Cow::Owned(number.as_str().to_owned())),
        Value::Text(text) => Val::Text(Cow::Owned(text.into())),
        Value::List(items) => Val::list(items.iter().cloned().map(owned).collect()),
        Value::Map(map) => Val::map(
            map.into_iter().map(|(key, value)| (Cow::Owned(key.into()), owned(value))).collect(),
        ),
    }
}

fn lookup<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let (Some(key), Val::Map(table)) = (given.text(), &given.args[0]) else { return Val::Missing };
    if !given.meter.scan(table.len()) {
        return Val::Missing;
    }
    let exact = table.get(&key);
    if !exact.is_missing() {
        return exact;
    }
    if !given.meter.steps(table.len()) {
        return Val::Missing;
    }
    let wanted = key.trim().to_lowercase();
    let found = table.entries().into_iter().find(|(name, _)| name.trim().to_lowercase() == wanted);
    found.map_or_else(|| given.args[1].clone(), |(_, value)| value)
}

fn entries<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let key_name = given.arg_text(0).unwrap_or(Cow::Borrowed("name"));
    let value_name = given.arg_text(1).unwrap_or(Cow::Borrowed("value"));
    let Some(all) = given.entries() else { return Val::Missing };
    let names = (key_name.len() + value_name.len()).saturating_mul(all.len());
    if key_name == value_name || !given.meter.bytes(names) {
        return Val::Missing;
    }
    let pair = |(key, value)| {
        Val::map(vec![(key_name.clone(), Val::Text(key)), (value_name.clone(), value)])
    };
    Val::list(all.into_iter().map(pair).collect())
}

/// The map with each entry changed or left out; of keys that become the same, the last counts.
pub(super) fn changed<'a>(
    given: &Given<'a, '_>,
    change: impl Fn(Cow<'a, str>, Val<'a>) -> Option<(Cow<'a, str>, Val<'a>)>,
) -> Val<'a> {
    let Some(entries) = given.entries() else { return Val::Missing };
    Val::map(distinct(entries.into_iter().filter_map(|(key, value)| change(key, value))))
}

fn filtered<'a>(given: &Given<'a, '_>, keep: bool) -> Val<'a> {
    let Val::List(keys) = &given.args[0] else { return Val::Missing };
    if !given.meter.steps(keys.len()) {
        return Val::Missing;
    }
    let keys: std::collections::HashSet<String> =
        keys.items().iter().filter_map(|key| Some(key.as_text()?.into_owned())).collect();
    changed(given, |key, value| (keys.contains(key.as_ref()) == keep).then_some((key, value)))
}

fn flatten<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let Val::Map(_) = &given.input else { return Val::Missing };
    let separator = given.arg_text(0).unwrap_or(Cow::Borrowed("_"));
    let mut flat = Vec::new();
    if !unfold(&given.input, "", &separator, given, &mut flat) {
        return Val::Missing;
    }
    Val::map(distinct(flat.into_iter()))
}

/// Adds the scalars below `value` under their joined keys; `false` when it becomes too much.
/// Recursion is bounded by the depth of payloads.
fn unfold<'a>(
    value: &Val<'a>,
    prefix: &str,
    separator: &str,
    given: &Given<'a, '_>,
    flat: &mut Vec<(Cow<'a, str>, Val<'a>)>,
) -> bool {
    let below: Vec<(Cow<'a, str>, Val<'a>)> = match value {
        Val::Map(map) if given.meter.steps(map.len()) => map.entries(),
        Val::List(list) if given.meter.steps(list.len()) => {
            let numbered = list.items().into_iter().enumerate();
            numbered.map(|(at, item)| (Cow::Owned(at.to_string()), item)).collect()
        }
        Val::Map(_) | Val::List(_) => return false,
        Val::Missing | Val::Bool(_) | Val::Number(_) | Val::Text(_) => {
            flat.push((Cow::Owned(prefix.to_owned()), value.clone()));
            return true;
        }
    };
    below.iter().all(|(key, value)| {
        let joined =
            if prefix.is_empty() { key.to_string() } else { format!("{prefix}{separator}{key}") };
        given.meter.bytes(joined.len()) && unfold(value, &joined, separator, given, flat)
    })
}

fn restyle(key: &str, style: &str) -> String {
    match style {
        "lower" => return key.to_lowercase(),
        "upper" => return key.to_uppercase(),
        _ => {}
    }
    let words = words(key);
    let capital = |word: &String| {
        let mut chars = word.chars();
        let first = chars.next().into_iter().flat_map(char::to_uppercase);
        first.chain(chars.as_str().chars()).collect::<String>()
    };
    match style {
        "snake" => words.join("_"),
        "upper_snake" => words.join("_").to_uppercase(),
        "kebab" => words.join("-"),
        "pascal" => words.iter().map(capital).collect(),
        _ => words
            .iter()
            .enumerate()
            .map(|(at, word)| if at == 0 { word.clone() } else { capital(word) })
            .collect(),
    }
}

/// The words of a key in lower case: `orderNumber`, `order_number` and `Order number` alike.
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut fresh = true;
    let mut was_lower = false;
    for c in key.chars() {
        if !c.is_alphanumeric() {
            fresh = true;
            continue;
        }
        if fresh || (c.is_uppercase() && was_lower) {
            words.push(String::new());
        }
        fresh = false;
        was_lower = c.is_lowercase() || c.is_numeric();
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
    }
    words
}
