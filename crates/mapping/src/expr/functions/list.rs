//! Functions on lists. An attribute may be a path: `'price_set.shop_money.amount'`.

use std::collections::HashSet;

use super::super::eval::{equal, length, order};
use super::super::number::Decimal;
use super::super::value::Val;
use super::number::as_decimal;
use super::{Function, Given, Want, arg, option};

pub(super) static ROWS: &[Function] = &[
    Function {
        name: "first",
        args: &[],
        doc: "The first element of a list.",
        example: ("['A1', 'A2'] | first", r#""A1""#),
        answers: false,
        takes_missing: false,
        run: |given| given.input.at(0),
    },
    Function {
        name: "last",
        args: &[],
        doc: "The last element of a list.",
        example: ("['A1', 'A2'] | last", r#""A2""#),
        answers: false,
        takes_missing: false,
        run: |given| given.input.at(-1),
    },
    Function {
        name: "count",
        args: &[],
        doc: "How many elements, entries or characters there are.",
        example: ("['A1', 'A2'] | count", "2"),
        answers: false,
        takes_missing: false,
        run: count,
    },
    Function {
        name: "join",
        args: &[option("separator", Want::Text)],
        doc: "The elements as one text. Missing ones are left out.",
        example: ("['Kim', 'Beispiel'] | join(' ')", r#""Kim Beispiel""#),
        answers: false,
        takes_missing: false,
        run: join,
    },
    Function {
        name: "split",
        args: &[arg("separator", Want::Text)],
        doc: "The parts of a text between separators, as a list.",
        example: ("'vip, new' | split(', ')", r#"["vip","new"]"#),
        answers: false,
        takes_missing: false,
        run: split,
    },
    Function {
        name: "map",
        args: &[arg("attribute", Want::Text)],
        doc: "One attribute of every element. Elements without it are left out.",
        example: ("[[1, 2], [3]] | map('0')", "[1,3]"),
        answers: false,
        takes_missing: false,
        run: |given| {
            let (Some(items), Some(path)) = (given.items(), given.arg_text(0)) else {
                return Val::Missing;
            };
            let found = items.iter().map(|item| attribute(item, &path));
            Val::list(found.filter(|value| !value.is_missing()).collect())
        },
    },
    Function {
        name: "where",
        args: &[arg("attribute", Want::Text), option("value", Want::Any)],
        doc: "The elements whose attribute has the value; without a value, those that have it.",
        example: ("[['a', 1], ['b', 2]] | where('0', 'b')", r#"[["b",2]]"#),
        answers: false,
        takes_missing: false,
        run: |given| selected(given).map(Val::list).unwrap_or_default(),
    },
    Function {
        name: "find",
        args: &[arg("attribute", Want::Text), arg("value", Want::Any)],
        doc: "The first element whose attribute has the value.",
        example: ("[['a', 1], ['b', 2]] | find('0', 'b')", r#"["b",2]"#),
        answers: false,
        takes_missing: false,
        run: |given| selected(given).and_then(|items| items.into_iter().next()).unwrap_or_default(),
    },
    Function {
        name: "sum",
        args: &[option("attribute", Want::Text)],
        doc: "The sum of numbers, or of one attribute. Missing, when one is not a number.",
        example: ("[49.90, 10] | sum", "59.90"),
        answers: false,
        takes_missing: false,
        run: |given| {
            let sum = keyed(given).and_then(|items| {
                items.iter().try_fold(Decimal::int(0), |sum, (key, _)| sum.plus(as_decimal(key)?))
            });
            sum.map(|sum| Val::Number(sum.text().into())).unwrap_or_default()
        },
    },
    Function {
        name: "unique",
        args: &[option("attribute", Want::Text)],
        doc: "Each element once, or the first of each value of an attribute.",
        example: ("['A', 'B', 'A'] | unique", r#"["A","B"]"#),
        answers: false,
        takes_missing: false,
        run: unique,
    },
    Function {
        name: "sort",
        args: &[option("attribute", Want::Text)],
        doc: "Numbers or texts in order, or elements by one attribute; equal ones stay as they are.",
        example: ("[3, 1, 2] | sort", "[1,2,3]"),
        answers: false,
        takes_missing: false,
        run: sort,
    },
    Function {
        name: "limit",
        args: &[arg("length", Want::Number)],
        doc: "At most that many elements of a list, or entries of a map, from the start.",
        example: ("[3, 1, 2] | limit(2)", "[3,1]"),
        answers: false,
        takes_missing: false,
        run: |given| {
            let Some(length) = given.arg_int(0).and_then(|n| usize::try_from(n).ok()) else {
                return Val::Missing;
            };
            match &given.input {
                // The usual case: nothing to cut, and nothing to copy.
                whole @ Val::List(list) if list.len() <= length => Some(whole.clone()),
                Val::List(_) => {
                    given.items().map(|items| Val::list(items.into_iter().take(length).collect()))
                }
                Val::Map(_) => given
                    .entries()
                    .map(|entries| Val::map(entries.into_iter().take(length).collect())),
                Val::Missing | Val::Bool(_) | Val::Number(_) | Val::Text(_) => None,
            }
            .unwrap_or_default()
        },
    },
];

/// The value at a path of keys and indexes inside an element.
pub(super) fn attribute<'a>(of: &Val<'a>, path: &str) -> Val<'a> {
    path.split('.').fold(of.clone(), |here, part| match here {
        Val::List(list) => part.parse().map(|at| list.at(at)).unwrap_or_default(),
        Val::Map(map) => map.get(part),
        Val::Missing | Val::Bool(_) | Val::Number(_) | Val::Text(_) => Val::Missing,
    })
}

/// The elements with their attribute, or with themselves where no attribute is given.
fn keyed<'a>(given: &Given<'a, '_>) -> Option<Vec<(Val<'a>, Val<'a>)>> {
    let path = given.arg_text(0);
    let key = |item: &Val<'a>| match &path {
        Some(path) => attribute(item, path),
        None => item.clone(),
    };
    Some(given.items()?.into_iter().map(|item| (key(&item), item)).collect())
}

fn selected<'a>(given: &Given<'a, '_>) -> Option<Vec<Val<'a>>> {
    let path = given.arg_text(0)?;
    let wanted = &given.args[1];
    let fits = |item: &Val<'a>| {
        let value = attribute(item, &path);
        if wanted.is_missing() { !value.is_missing() } else { equal(&value, wanted, given.meter) }
    };
    Some(given.items()?.into_iter().filter(fits).collect())
}

fn count<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let count = match &given.input {
        Val::List(list) => list.len(),
        Val::Map(map) => map.len(),
        Val::Text(text) => text.chars().count(),
        Val::Missing | Val::Bool(_) | Val::Number(_) => return Val::Missing,
    };
    i64::try_from(count).map(Val::int).unwrap_or_default()
}

fn join<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let separator = given.arg_text(0).unwrap_or_default();
    let Some(texts) =
        given.items().and_then(|items| items.iter().map(Val::as_text).collect::<Option<Vec<_>>>())
    else {
        return Val::Missing;
    };
    let between = separator.len().saturating_mul(texts.len());
    let length = texts.iter().fold(between, |sum, text| sum.saturating_add(text.len()));
    if !given.meter.bytes(length) {
        return Val::Missing;
    }
    Val::text(texts.join(separator.as_ref()))
}

fn split<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let (Some(text), Some(separator)) = (given.text(), given.arg_text(0)) else {
        return Val::Missing;
    };
    if separator.is_empty() || !given.meter.bytes(text.len()) || !given.meter.steps(text.len()) {
        return Val::Missing;
    }
    Val::list(text.split(separator.as_ref()).map(|part| Val::text(part.to_owned())).collect())
}

fn unique<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let Some(items) = keyed(given) else { return Val::Missing };
    let mut seen = HashSet::new();
    let mut kept = Vec::new();
    for (key, item) in items {
        // JSON tells texts from numbers; numbers are the same in any way of writing.
        let name = match (&key, as_decimal(&key)) {
            (Val::Number(_), Some(number)) => number.trimmed().text(),
            _ => key.into_value().map(|value| value.to_json()).unwrap_or_default(),
        };
        if !given.meter.bytes(name.len()) {
            return Val::Missing;
        }
        if seen.insert(name) {
            kept.push(item);
        }
    }
    Val::list(kept)
}

fn sort<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let Some(mut items) = keyed(given) else { return Val::Missing };
    let comparable = items.windows(2).all(|pair| order(&pair[0].0, &pair[1].0).is_some());
    let size = items.iter().map(|(key, _)| 1 + length(key) / 64).sum::<usize>();
    let work = size.saturating_mul(items.len().max(2).ilog2() as usize);
    if !comparable || !given.meter.steps(work) {
        return Val::Missing;
    }
    items.sort_by(|a, b| order(&a.0, &b.0).unwrap_or(std::cmp::Ordering::Equal));
    Val::list(items.into_iter().map(|(_, item)| item).collect())
}
