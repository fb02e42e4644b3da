//! What can be known wrong when a file is loaded: names, keys, constant arguments.

use super::ast::{Ast, Call, Node, Prepared};
use super::functions::{Want, date};
use super::lex::Fault;
use super::scope::{Kind, Scope, nearest};

/// Longest constant pattern, in bytes.
pub const MAX_PATTERN_BYTES: usize = 200;

/// Largest compiled pattern, in bytes: what a text may cost grows with it.
const MAX_PATTERN_SIZE: usize = 1 << 15;

/// Checks a tree against the names that exist; answers what its value is known to be.
pub(super) fn check(node: &mut Node, scope: &Scope, faults: &mut Vec<Fault>) -> Kind {
    let range = node.range.clone();
    match &mut node.ast {
        Ast::Bool(_) => Kind::Bool,
        Ast::Number(_) => Kind::Number,
        Ast::Text(_) => Kind::Text,
        Ast::List(items) => {
            for item in items {
                check(item, scope, faults);
            }
            Kind::list(Kind::Any)
        }
        Ast::Name(name) => match scope.kind(name) {
            Some(kind) => kind.clone(),
            None => {
                faults.push(unknown_name(name, range, scope));
                Kind::Any
            }
        },
        Ast::Key(of, key) => {
            let kind = check(of, scope, faults);
            let whole = of.to_string();
            key_kind(&whole, kind, key, range, faults)
        }
        Ast::Index(of, index) => {
            check(index, scope, faults);
            match check(of, scope, faults) {
                Kind::List(element) => *element,
                kind @ (Kind::Bool | Kind::Number | Kind::Text) => {
                    let message = format!("`{of}` is a {}, it has no elements", kind.noun());
                    let hint = format!("only lists have elements: write `{of}`");
                    faults.push(Fault::new(range, message).hint(hint));
                    Kind::Any
                }
                Kind::Any | Kind::Map | Kind::Fields(_) => Kind::Any,
            }
        }
        Ast::Minus(of) => {
            check(of, scope, faults);
            Kind::Number
        }
        Ast::Not(of) | Ast::Test(_, _, of) => {
            check(of, scope, faults);
            Kind::Bool
        }
        Ast::Both(_, left, right) => {
            let kinds = (check(left, scope, faults), check(right, scope, faults));
            if node.is_condition() {
                Kind::Bool
            } else if kinds.0 == kinds.1 {
                kinds.0
            } else {
                Kind::Any
            }
        }
        Ast::If(parts, otherwise) => {
            let [then, condition] = parts.as_mut();
            check(condition, scope, faults);
            let kind = check(then, scope, faults);
            let other = otherwise.as_mut().map(|otherwise| check(otherwise, scope, faults));
            if other.is_none_or(|other| other == kind) { kind } else { Kind::Any }
        }
        Ast::Call(call) => {
            check(&mut call.input, scope, faults);
            for arg in call.args.iter_mut().flatten() {
                check(arg, scope, faults);
            }
            prepare(call, faults);
            Kind::Any
        }
    }
}

fn key_kind(
    whole: &str,
    kind: Kind,
    key: &str,
    range: std::ops::Range<usize>,
    faults: &mut Vec<Fault>,
) -> Kind {
    match kind {
        Kind::Any | Kind::Map => Kind::Any,
        Kind::Fields(fields) => {
            let known = fields.iter().find(|(name, _)| name == key);
            if let Some((_, kind)) = known {
                return kind.clone();
            }
            let fault = Fault::new(range, format!("`{whole}` has no `{key}`"));
            let names = fields.iter().map(|(name, _)| name.as_str());
            faults.push(match nearest(key, names) {
                Some(meant) => fault.hint(format!("did you mean `{whole}.{meant}`?")),
                None => fault.hint(listed(fields.iter().map(|(name, _)| name.as_str()))),
            });
            Kind::Any
        }
        Kind::List(_) => {
            let fault = Fault::new(range, format!("`{whole}` is a list, it has no `{key}`"));
            faults
                .push(fault.hint(format!("one element is `{whole}[0]`, all are `each: ={whole}`")));
            Kind::Any
        }
        Kind::Bool | Kind::Number | Kind::Text => {
            let message = format!("`{whole}` is a {}, it has no `{key}`", kind.noun());
            let hint = format!("only maps have keys: write `{whole}`");
            faults.push(Fault::new(range, message).hint(hint));
            Kind::Any
        }
    }
}

fn unknown_name(name: &str, range: std::ops::Range<usize>, scope: &Scope) -> Fault {
    let fault = Fault::new(range, format!("there is no field `{name}`"));
    match nearest(name, scope.names()) {
        Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
        None => fault.hint(listed(scope.names())),
    }
}

fn listed<'n>(names: impl Iterator<Item = &'n str>) -> String {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    if names.is_empty() {
        return "there are none here".to_owned();
    }
    let shown = names.iter().take(12).copied().collect::<Vec<_>>().join(", ");
    let more = if names.len() > 12 { ", …" } else { "" };
    format!("there are: {shown}{more}")
}

/// Looks at constant arguments, and keeps those that are costly to make.
fn prepare(call: &mut Call, faults: &mut Vec<Fault>) {
    for (arg, node) in call.function.args.iter().zip(&call.args) {
        let Some(node) = node else { continue };
        let constant = match &node.ast {
            Ast::Text(text) => Some(text),
            _ => None,
        };
        let wrong = match (arg.want, constant) {
            (Want::Pattern, Some(text)) => match pattern(text) {
                Ok(pattern) => {
                    call.prepared = Prepared::Pattern(pattern);
                    None
                }
                Err(message) => Some(message),
            },
            (Want::Pattern, None) => Some("a pattern must be a constant text".to_owned()),
            (Want::Zone, Some(text)) => match jiff::tz::TimeZone::get(text) {
                Ok(zone) => {
                    call.prepared = Prepared::Zone(zone);
                    None
                }
                Err(_) => Some(format!("there is no time zone `{text}` (as in Europe/Berlin)")),
            },
            (Want::Span, Some(text)) if date::span(text).is_none() => {
                Some(format!("`{text}` is not a length of time (as in 12h, 3d, -30m)"))
            }
            (Want::Format, Some(text)) if !date::is_format(text) => {
                Some(format!("`{text}` is not a date format (as in %d.%m.%Y)"))
            }
            (Want::Choice(choices), Some(text)) if !choices.contains(&text.as_str()) => {
                Some(format!("`{text}` is not one of {}", choices.join(", ")))
            }
            (want, _) => misfit(want, node),
        };
        if let Some(message) = wrong {
            let hint = call.function.usage();
            faults.push(Fault::new(node.range.clone(), message).hint(hint));
        }
    }
}

/// A constant of the wrong kind.
fn misfit(want: Want, node: &Node) -> Option<String> {
    let is = match node.ast {
        Ast::Bool(_) => "truth value",
        Ast::Number(_) => "number",
        Ast::Text(_) => "text",
        Ast::List(_) => "list",
        _ => return None,
    };
    let fits = match want {
        Want::Any => true,
        Want::Number => is == "number",
        Want::List => is == "list",
        Want::Map => false,
        Want::Text | Want::Zone | Want::Span | Want::Format | Want::Pattern | Want::Choice(_) => {
            is == "text"
        }
    };
    (!fits).then(|| format!("a {} is expected here, this is a {is}", want.noun()))
}

fn pattern(text: &str) -> Result<regex_lite::Regex, String> {
    if text.len() > MAX_PATTERN_BYTES {
        return Err(format!("the pattern is longer than {MAX_PATTERN_BYTES} bytes"));
    }
    regex_lite::RegexBuilder::new(text)
        .size_limit(MAX_PATTERN_SIZE)
        .build()
        .map_err(|wrong| format!("not a pattern: {wrong}"))
}
