//! A [`Node`] against its [`Shape`]: every error at once, each with its place and a hint.
//!
//! Must not know what the values mean beyond their form.

use super::super::diagnostic::{Diagnostic, Diagnostics, Severity};
use super::super::node::{Key, Node};
use super::super::period::Period;
use super::super::suggest::{closest, did_you_mean};
use super::kind::{fits_kind, keys_known, takes_collections, takes_nothing};
use super::{Field, Keys, Shape, Words, one_of};

/// How many words a hint lists before it stops.
const MAX_WORDS_IN_HINT: usize = 20;
/// How much of a value a message repeats.
const MAX_SHOWN_CHARS: usize = 60;

/// Checks `node` and all below it; answers whether no error was found.
pub fn check(shape: &Shape, node: &Node, diagnostics: &mut Diagnostics) -> bool {
    let mut found = Diagnostics::default();
    check_value(shape, node, "the file", &mut found);
    let fine = !found.has_errors();
    diagnostics.append_limited(found);
    fine
}

/// The message for a key that is not among `allowed`, for maps whose keys only their reader knows.
pub fn unknown_key<'a>(key: &Key, allowed: impl IntoIterator<Item = &'a str>) -> Diagnostic {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let error = Diagnostic::error(&key.span, format!("unknown key `{}`", shown(&key.text)));
    error.hint(hint_of_words(&key.text, &allowed, "allowed here"))
}

/// The message for a word that is not among `allowed`; `noun` says what it should have been.
pub fn unknown_word<'a>(
    node: &Node,
    noun: &str,
    allowed: impl IntoIterator<Item = &'a str>,
) -> Diagnostic {
    let allowed: Vec<&str> = allowed.into_iter().collect();
    let word = node.as_str().unwrap_or_default();
    Diagnostic::error(&node.span, format!("unknown {noun} `{}`", shown(word))).hint(hint_of_words(
        word,
        &allowed,
        "known are",
    ))
}

fn check_value(shape: &Shape, node: &Node, what: &str, out: &mut Diagnostics) {
    if node.is_broken() {
        return;
    }
    if node.is_null() && !takes_nothing(shape) {
        let error = Diagnostic::error(&node.span, format!("{what} has no value"));
        out.push(error.hint(format!("write {}, or remove the key", shape.name())));
        return;
    }
    if !fits_kind(shape, node) {
        out.push(wrong_kind(shape, node, what));
        return;
    }
    match shape {
        Shape::Text | Shape::Expression | Shape::Any => {}
        Shape::Secret => each(node, what, out, |item, what, out| {
            check_value(&Shape::Text, item, what, out);
        }),
        Shape::Template => check_template(node, what, out),
        Shape::Format(_)
        | Shape::Bool
        | Shape::Int { .. }
        | Shape::Number { .. }
        | Shape::Duration
        | Shape::Enum(_) => {
            if let Some(told) = scalar_error(shape, node, what) {
                out.push(told);
            }
        }
        Shape::List(item) | Shape::OneOrMany(item) => {
            each(node, what, out, |node, what, out| check_value(item, node, what, out));
        }
        Shape::Map(fields) => check_map(fields, None, node, what, out),
        Shape::Open(fields, rest) => check_map(fields, Some(rest), node, what, out),
        Shape::MapOf(keys, value) => {
            for (key, node) in node.entries() {
                check_key(keys, key, out);
                check_value(value, node, &quoted(&key.text), out);
            }
        }
        Shape::OneOf(shapes) => check_one_of(shapes, shape, node, what, out),
        Shape::Ref(_, shape) => check_value(shape(), node, what, out),
    }
}

fn each(
    node: &Node,
    what: &str,
    out: &mut Diagnostics,
    check: impl Fn(&Node, &str, &mut Diagnostics),
) {
    let listed = format!("an element of {what}");
    let what = if node.is_list() { &listed } else { what };
    node.one_or_many().iter().for_each(|item| check(item, what, out));
}

fn check_template(node: &Node, what: &str, out: &mut Diagnostics) {
    for (key, node) in node.entries() {
        check_value(&Shape::Template, node, &quoted(&key.text), out);
    }
    if node.is_list() {
        each(node, what, out, |item, what, out| check_value(&Shape::Template, item, what, out));
    }
}

fn check_map(
    fields: &[Field],
    rest: Option<&Shape>,
    node: &Node,
    what: &str,
    out: &mut Diagnostics,
) {
    for (key, value) in node.entries() {
        let Some(field) = fields.iter().find(|field| field.key == key.text) else {
            match rest {
                Some(shape) => check_value(shape, value, &quoted(&key.text), out),
                None => out.push(unknown_field(fields, key, value)),
            }
            continue;
        };
        if let Some(instead) = field.deprecated {
            let warning =
                Diagnostic::warning(&key.span, format!("`{}` is no longer in use", field.key));
            out.push(warning.hint(instead));
        }
        check_value(&field.shape, value, &quoted(&key.text), out);
    }
    for field in fields.iter().filter(|field| field.required && !node.has(field.key)) {
        let error = Diagnostic::error(&node.span, format!("`{}` is missing in {what}", field.key));
        out.push(error.hint(format!("add `{}:` ({})", field.key, field.doc)));
    }
}

fn unknown_field(fields: &[Field], key: &Key, value: &Node) -> Diagnostic {
    let current: Vec<&str> =
        fields.iter().filter(|field| field.deprecated.is_none()).map(|field| field.key).collect();
    let error = unknown_key(key, current.iter().copied());
    // `{ a:1 }` and `{ name: Hallo, Welt }` are read as keys without a value.
    if value.is_null() && closest(&key.text, current).is_none() {
        return if key.text.contains(':') {
            error.hint("write a space after the `:`")
        } else {
            error.hint("a text with a comma needs quotes inside of { }; a key needs a value")
        };
    }
    error
}

fn check_key(keys: &Keys, key: &Key, out: &mut Diagnostics) {
    match keys {
        Keys::Any => {}
        Keys::Format(format) if (format.accepts)(&key.text) => {}
        Keys::Format(format) => {
            let message = format!("`{}` is not {}", shown(&key.text), format.name);
            out.push(Diagnostic::error(&key.span, message).hint(format.hint));
        }
        Keys::Enum(words) => {
            let list = words.list();
            if list.contains(&key.text.as_str()) {
                return;
            }
            let message = match words {
                Words::These(_) => format!("unknown key `{}`", shown(&key.text)),
                Words::From(noun, _) => format!("unknown {noun} `{}`", shown(&key.text)),
            };
            let hint = hint_of_words(&key.text, &list, "allowed here");
            out.push(Diagnostic::error(&key.span, message).hint(hint));
        }
    }
}

/// The first alternative without errors holds; else the error names all of them, or, of several
/// maps or lists, those of the one that was closest.
fn check_one_of(shapes: &[Shape], whole: &Shape, node: &Node, what: &str, out: &mut Diagnostics) {
    let mut fitting: Vec<&Shape> = shapes.iter().filter(|shape| fits_kind(shape, node)).collect();
    if node.is_map() {
        // By its keys: trying all would double the work with every level of nesting.
        let best = fitting.iter().map(|shape| keys_known(shape, node)).max();
        fitting.retain(|shape| Some(keys_known(shape, node)) == best);
    }
    let mut tries: Vec<Diagnostics> = Vec::new();
    for shape in &fitting {
        let mut found = Diagnostics::default();
        check_value(shape, node, what, &mut found);
        if !found.has_errors() {
            out.append(found);
            return;
        }
        tries.push(found);
    }
    if node.is_scalar() && fitting.len() > 1 {
        let words: Vec<&str> = fitting.iter().flat_map(|shape| words_of(shape)).collect();
        let text = node.as_str().unwrap_or_default();
        let message = format!("{what} must be {}, not `{}`", whole.name(), shown(text));
        let hint = did_you_mean(text, words).unwrap_or_else(|| format!("write {}", whole.name()));
        out.push(Diagnostic::error(&node.span, message).hint(hint));
        return;
    }
    let errors =
        |found: &Diagnostics| found.iter().filter(|told| told.severity == Severity::Error).count();
    if let Some(best) = tries.into_iter().min_by_key(errors) {
        out.append(best);
    }
}

fn words_of(shape: &Shape) -> Vec<&'static str> {
    if let Shape::Enum(words) = shape { words.list() } else { Vec::new() }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the arms are the cases with an error")]
fn scalar_error(shape: &Shape, node: &Node, what: &str) -> Option<Diagnostic> {
    let text = node.as_str().unwrap_or_default();
    let must = |hint: String| {
        let message = format!("{what} must be {}, not `{}`", shape.name(), shown(text));
        Some(Diagnostic::error(&node.span, message).hint(hint))
    };
    match shape {
        Shape::Format(format) if !(format.accepts)(text) => must(format.hint.to_owned()),
        Shape::Bool if node.as_bool().is_none() => must("write `true` or `false`".to_owned()),
        Shape::Int { min, max } if !node.as_int().is_some_and(|n| (*min..=*max).contains(&n)) => {
            must("write the number without quotes and unit".to_owned())
        }
        Shape::Number { min, max }
            if !node
                .as_number()
                .map(|n| n.as_f64())
                .is_some_and(|n| (*min as f64..=*max as f64).contains(&n)) =>
        {
            must("write the number without quotes and unit".to_owned())
        }
        Shape::Duration => match text.parse::<Period>() {
            Ok(_) => None,
            Err(error) => must(error.to_string()),
        },
        Shape::Enum(Words::These(words)) if !words.contains(&text) => {
            let hint = did_you_mean(text, words.iter().copied());
            must(hint.unwrap_or_else(|| format!("write {}", one_of(words))))
        }
        Shape::Enum(words @ Words::From(noun, _)) if !words.contains(text) => {
            Some(unknown_word(node, noun, words.list()))
        }
        _ => None,
    }
}

fn wrong_kind(shape: &Shape, node: &Node, what: &str) -> Diagnostic {
    let message = format!("{what} must be {}, not {}", shape.name(), node.kind_name());
    let source = node.span.source();
    let hint = if !node.is_scalar() && source.starts_with(['{', '[']) && !takes_collections(shape) {
        "a text that starts with `{` or `[` needs quotes".to_owned()
    } else if node.is_map() && !takes_collections(shape) {
        "put the text in quotes if its `: ` belongs to it".to_owned()
    } else {
        format!("write {} here", shape.name())
    };
    Diagnostic::error(&node.span, message).hint(hint)
}

fn hint_of_words(word: &str, allowed: &[&str], lead: &str) -> String {
    if let Some(hint) = did_you_mean(word, allowed.iter().copied()) {
        return hint;
    }
    let mut list: Vec<String> =
        allowed.iter().take(MAX_WORDS_IN_HINT).map(|word| format!("`{word}`")).collect();
    if allowed.len() > MAX_WORDS_IN_HINT {
        list.push("…".to_owned());
    }
    if list.is_empty() { "remove it".to_owned() } else { format!("{lead}: {}", list.join(", ")) }
}

fn quoted(key: &str) -> String {
    format!("`{}`", shown(key))
}

/// A value as a message repeats it: on one line, and not endless.
fn shown(text: &str) -> String {
    let mut out: String = text.chars().take(MAX_SHOWN_CHARS).collect::<String>().replace('\n', " ");
    if text.chars().nth(MAX_SHOWN_CHARS).is_some() {
        out.push('…');
    }
    out
}
