//! Structure written in YAML with templates for its values, and lists made by `each: … give: …`.
//! Must not know the YAML reader: it is handed a [`Draft`].

use parcelwire_domain::{Map, Value};

use super::env::Env;
use super::scope::{Kind, Scope};
use super::template::Template;
use super::{Decision, Expr, Read};
use crate::text::{Diagnostic, Diagnostics, Span};

/// Most elements one `each:` goes through; the rest is left out and the limit reported.
pub const MAX_EACH_ITEMS: usize = 10_000;

/// Name of an element where `as:` says none.
const DEFAULT_NAME: &str = "item";

/// Deepest structure that is compiled.
const MAX_LEVELS: usize = 32;

/// YAML as it was written, to be compiled.
#[derive(Debug, Clone)]
pub enum Draft {
    /// A scalar.
    Scalar {
        /// Its text, without quotes.
        text: String,
        /// Whether it was quoted or a block: such a one is always a text.
        quoted: bool,
        /// Where it stands.
        span: Span,
    },
    /// A list.
    List(Vec<Draft>, Span),
    /// A map.
    Map(Vec<Entry>, Span),
}

/// An entry of a [`Draft::Map`].
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Draft,
}

/// Compiled structure.
#[derive(Debug, Clone)]
pub struct Built(Part);

#[derive(Debug, Clone)]
enum Part {
    Scalar(Template),
    List(Vec<Part>),
    Map(Vec<(String, Part)>),
    Each(Box<Each>),
}

#[derive(Debug, Clone)]
struct Each {
    over: Expr,
    name: String,
    when: Option<Expr>,
    give: Part,
}

impl Draft {
    /// Where it stands.
    pub fn span(&self) -> &Span {
        match self {
            Self::Scalar { span, .. } | Self::List(_, span) | Self::Map(_, span) => span,
        }
    }
}

impl Built {
    /// Compiles what stands in a file; all that is wrong goes to `diagnostics`.
    pub fn compile(draft: &Draft, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Self> {
        part(draft, scope, diagnostics, MAX_LEVELS).map(Self)
    }

    /// The value for these names. What is missing is left out, and so is a list or map of which
    /// nothing is left; a list made by `each` may be empty.
    pub fn eval<'a>(&'a self, env: &mut Env<'a>) -> Option<Value> {
        build(&self.0, env)
    }

    /// The paths it reads, those of `as:` names included.
    pub fn reads(&self) -> Vec<&Read> {
        let mut found = Vec::new();
        collect(&self.0, &mut found);
        found
    }
}

fn part(
    draft: &Draft,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
    levels: usize,
) -> Option<Part> {
    let Some(levels) = levels.checked_sub(1) else {
        let message = format!("nested more than {MAX_LEVELS} levels deep");
        diagnostics.push(Diagnostic::error(draft.span(), message).hint("make it flatter"));
        return None;
    };
    match draft {
        Draft::Scalar { text, quoted, span } => {
            Template::compile(text, *quoted, span, scope, diagnostics).map(Part::Scalar)
        }
        Draft::List(items, _) => {
            let parts = items.iter().map(|item| part(item, scope, diagnostics, levels));
            all(parts).map(Part::List)
        }
        Draft::Map(entries, span) => {
            if entries.iter().any(|entry| entry.key == "give") {
                return each(entries, span, scope, diagnostics, levels);
            }
            let parts = entries.iter().map(|entry| {
                part(&entry.value, scope, diagnostics, levels).map(|p| (entry.key.clone(), p))
            });
            all(parts).map(Part::Map)
        }
    }
}

/// All of them, or none when one is not there, after every one was looked at.
fn all<T>(parts: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let parts: Vec<Option<T>> = parts.collect();
    parts.into_iter().collect()
}

fn each(
    entries: &[Entry],
    span: &Span,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
    levels: usize,
) -> Option<Part> {
    let find = |key: &str| entries.iter().find(|entry| entry.key == key);
    let Some(over) = find("each") else {
        // `give` without `each` is a plain key.
        let parts = entries.iter().map(|entry| {
            part(&entry.value, scope, diagnostics, levels).map(|p| (entry.key.clone(), p))
        });
        return all(parts).map(Part::Map);
    };
    let mut sound = true;
    for entry in entries {
        if !matches!(entry.key.as_str(), "each" | "as" | "when" | "give") {
            let message = format!("`{}` cannot stand beside `each` and `give`", entry.key);
            diagnostics.push(
                Diagnostic::error(&entry.key_span, message)
                    .hint("a made list has the keys each, as, when, give"),
            );
            sound = false;
        }
    }
    let name = match find("as") {
        None => Some(DEFAULT_NAME.to_owned()),
        Some(entry) => local_name(entry, diagnostics),
    };
    let (over, kind) = match expression(over, scope, diagnostics) {
        Some((expr, kind)) => (Some(expr), kind),
        None => (None, Kind::Any),
    };
    let element = match kind {
        Kind::List(element) => *element,
        Kind::Any => Kind::Any,
        kind @ (Kind::Bool | Kind::Number | Kind::Text | Kind::Map | Kind::Fields(_)) => {
            let message = format!("`each` needs a list, this is a {}", kind.noun());
            let error = Diagnostic::error(span, message);
            diagnostics.push(error.hint("name a list, as in `=items`"));
            sound = false;
            Kind::Any
        }
    };
    let inner = scope.with_local(name.as_deref().unwrap_or(DEFAULT_NAME), element);
    let when =
        find("when").map(|entry| expression(entry, &inner, diagnostics).map(|(expr, _)| expr));
    let give = find("give").and_then(|entry| part(&entry.value, &inner, diagnostics, levels));
    let when = match when {
        Some(None) => return None,
        Some(when) => when,
        None => None,
    };
    let each = Each { over: over?, name: name?, when, give: give? };
    sound.then(|| Part::Each(Box::new(each)))
}

fn local_name(entry: &Entry, diagnostics: &mut Diagnostics) -> Option<String> {
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    match &entry.value {
        Draft::Scalar { text, .. } if is_name(text) => Some(text.clone()),
        other => {
            diagnostics.push(
                Diagnostic::error(other.span(), "`as` needs a name")
                    .hint("a name has letters, digits and `_`, and no digit first"),
            );
            None
        }
    }
}

/// The expression of `each` and `when`, with or without its `=`, and what it is known to be.
fn expression(entry: &Entry, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<(Expr, Kind)> {
    let wrong = |diagnostics: &mut Diagnostics, span: &Span| {
        let message = format!("`{}` needs an expression", entry.key);
        diagnostics
            .push(Diagnostic::error(span, message).hint("it begins with `=`, as in `=items`"));
    };
    let Draft::Scalar { text, span, .. } = &entry.value else {
        wrong(diagnostics, entry.value.span());
        return None;
    };
    match Template::text(text, span, scope, diagnostics)? {
        Template::Typed(expr) => {
            let kind = expr.kind().clone();
            Some((expr, kind))
        }
        Template::Fixed(_) | Template::Filled(_) => {
            wrong(diagnostics, span);
            None
        }
    }
}

fn build<'a>(part: &'a Part, env: &mut Env<'a>) -> Option<Value> {
    match part {
        Part::Scalar(template) => {
            let value = template.eval(env).into_value()?;
            env.meter.give(weight(&value)).then_some(value)
        }
        Part::List(parts) => {
            let items: Vec<Value> = parts.iter().filter_map(|part| build(part, env)).collect();
            (parts.is_empty() || !items.is_empty()).then_some(Value::List(items.into()))
        }
        Part::Map(parts) => {
            // Keys that stand twice were refused when the file was read.
            let mut map = Map::with_room(parts.len());
            for (key, part) in parts {
                if let Some(value) = build(part, env) {
                    map.add(key.as_str(), value);
                }
            }
            (parts.is_empty() || !map.is_empty()).then_some(Value::Map(map))
        }
        Part::Each(each) => {
            let super::Val::List(list) = each.over.eval(env) else { return None };
            if list.len() > MAX_EACH_ITEMS {
                env.meter.exceed();
            }
            let mut given = Vec::new();
            for item in list.items().into_iter().take(MAX_EACH_ITEMS) {
                if !env.meter.steps(1) {
                    break;
                }
                env.push(&each.name, item);
                let wanted = each.when.as_ref().is_none_or(|w| w.decide(env) == Decision::Yes);
                if wanted {
                    given.extend(build(&each.give, env));
                }
                env.pop();
            }
            Some(Value::List(given.into()))
        }
    }
}

/// About how many bytes a value takes. Recursion is bounded as that of the value's making is.
fn weight(value: &Value) -> usize {
    /// What stands around a text, an element, an entry.
    const AROUND: usize = 24;
    AROUND
        + match value {
            Value::Bool(_) => 0,
            Value::Number(number) => number.as_str().len(),
            Value::Text(text) => text.len(),
            Value::List(items) => items.iter().map(weight).sum(),
            Value::Map(map) => map.iter().map(|(key, value)| key.len() + weight(value)).sum(),
        }
}

fn collect<'p>(part: &'p Part, found: &mut Vec<&'p Read>) {
    match part {
        Part::Scalar(template) => found.extend(template.reads()),
        Part::List(parts) => parts.iter().for_each(|part| collect(part, found)),
        Part::Map(parts) => parts.iter().for_each(|(_, part)| collect(part, found)),
        Part::Each(each) => {
            found.extend(each.over.reads());
            found.extend(each.when.iter().flat_map(Expr::reads));
            collect(&each.give, found);
        }
    }
}
