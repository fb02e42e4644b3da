//! Maps made to fit what another system takes: their size, their texts, their keys.

use std::borrow::Cow;

use super::{Function, Given, Want, arg, map::changed};
use crate::expr::{ast::Prepared, value::Val};

pub(super) const ROWS: &[Function] = &[
    Function {
        name: "fit",
        args: &[arg("bytes", Want::Number)],
        doc: "A map's entries in their order, as many as take no more than that many bytes of JSON.",
        example: (
            "'{\"a\": 1, \"b\": \"long\", \"c\": 2}' | read_json | fit(14)",
            r#"{"a":1,"c":2}"#,
        ),
        answers: false,
        takes_missing: false,
        run: fit,
    },
    Function {
        name: "clip",
        args: &[arg("length", Want::Number)],
        doc: "A map with each of its texts cut to at most that many characters.",
        example: (
            "'{\"a\": \"lange Worte\", \"b\": 2}' | read_json | clip(5)",
            r#"{"a":"lange","b":2}"#,
        ),
        answers: false,
        takes_missing: false,
        run: clip,
    },
    Function {
        name: "clean_keys",
        args: &[arg("pattern", Want::Pattern), arg("new", Want::Text)],
        doc: "A map with everything the pattern finds in its keys replaced; keys left empty go.",
        example: (
            "'{\"Größe\": 38, \"sku\": \"A1\"}' | read_json | clean_keys('[^A-Za-z0-9_]+', '_')",
            r#"{"Gr_e":38,"sku":"A1"}"#,
        ),
        answers: false,
        takes_missing: false,
        run: clean_keys,
    },
];

fn fit<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let Some(most) = given.arg_int(0).and_then(|n| usize::try_from(n).ok()) else {
        return Val::Missing;
    };
    let Some(entries) = given.entries() else { return Val::Missing };
    // The braces, and of each entry its quotes, colon and comma.
    let mut taken = 1;
    let fitting = entries.into_iter().filter(|(key, value)| {
        let json = value.clone().into_value().map(|value| value.to_json());
        let length = json.map_or(0, |json| json.len());
        let is_fitting = given.meter.bytes(length) && taken + key.len() + length + 4 <= most;
        if is_fitting {
            taken += key.len() + length + 4;
        }
        is_fitting
    });
    Val::map(fitting.collect())
}

fn clip<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let Some(most) = given.arg_int(0).and_then(|n| usize::try_from(n).ok()) else {
        return Val::Missing;
    };
    changed(given, |key, value| match &value {
        Val::Text(text) if text.chars().nth(most).is_some() => {
            let cut: String = text.chars().take(most).collect();
            given.meter.bytes(cut.len()).then_some((key, Val::Text(Cow::Owned(cut))))
        }
        _ => Some((key, value)),
    })
}

fn clean_keys<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let (Prepared::Pattern(pattern), Some(new)) = (given.prepared, given.arg_text(1)) else {
        return Val::Missing;
    };
    changed(given, |key, value| {
        let clean = pattern.replace_all(&key, regex_lite::NoExpand(&new)).into_owned();
        let is_paid = given.meter.steps(key.len() * 8) && given.meter.bytes(clean.len());
        (is_paid && !clean.is_empty()).then_some((Cow::Owned(clean), value))
    })
}
