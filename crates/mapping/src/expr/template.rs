//! A scalar as it stands in a rule file: a plain value, a typed expression after `=`, or a text
//! with `{{ }}` to fill in.

use std::borrow::Cow;

use parcelwire_domain::{Number, Value};

use super::env::Env;
use super::scope::Scope;
use super::value::Val;
use super::{Expr, Read};
use crate::text::{Diagnostic, Diagnostics, Span};

/// A compiled scalar.
#[derive(Debug, Clone)]
pub enum Template {
    /// The same for every event; `None` where the file says null.
    Fixed(Option<Value>),
    /// A value of any type, computed.
    Typed(Expr),
    /// A text with parts to fill in. Absent as a whole when one of them is missing.
    Filled(Vec<Part>),
}

/// A piece of a [`Template::Filled`].
#[derive(Debug, Clone)]
pub enum Part {
    /// Text as written.
    Plain(String),
    /// Filled in.
    Expr(Expr),
}

impl Template {
    /// Reads a scalar whose value is a text unless it is computed: quoted in YAML, or a text by
    /// the kind of key it stands under.
    pub fn text(
        scalar: &str,
        span: &Span,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let inner = inside(scalar, span);
        if let Some(literal) = scalar.strip_prefix("==") {
            return Some(Self::Fixed(Some(Value::text(format!("={literal}")))));
        }
        if let Some(expression) = scalar.strip_prefix('=') {
            let span = skipping(&inner, scalar, 1);
            return Expr::compile(expression, &span, scope, diagnostics).map(Self::Typed);
        }
        if scalar.contains("{{") {
            return filled(scalar, &inner, scope, diagnostics).map(Self::Filled);
        }
        if scalar.contains("{%") {
            diagnostics.push(
                Diagnostic::error(span, "there are no statements `{% %}`")
                    .hint("write one expression: `=a if condition else b`"),
            );
            return None;
        }
        Some(Self::Fixed(Some(Value::text(scalar))))
    }

    /// Reads a scalar as YAML 1.2 does: unquoted `12`, `1.5`, `true` and null are not texts.
    pub fn compile(
        scalar: &str,
        quoted: bool,
        span: &Span,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        if !quoted && !scalar.starts_with('=') && !scalar.contains("{{") && !scalar.contains("{%") {
            return Some(Self::Fixed(plain_value(scalar)));
        }
        Self::text(scalar, span, scope, diagnostics)
    }

    /// The value for these names.
    pub fn eval<'a>(&'a self, env: &Env<'a>) -> Val<'a> {
        match self {
            Self::Fixed(value) => value.as_ref().into(),
            Self::Typed(expr) => expr.eval(env),
            Self::Filled(parts) => {
                let mut out = String::new();
                for part in parts {
                    let text = match part {
                        Part::Plain(text) => Cow::Borrowed(text.as_str()),
                        Part::Expr(expr) => match expr.eval(env).as_text() {
                            Some(text) => text,
                            None => return Val::Missing,
                        },
                    };
                    if !env.meter.bytes(text.len()) {
                        return Val::Missing;
                    }
                    out.push_str(&text);
                }
                Val::Text(Cow::Owned(out))
            }
        }
    }

    /// The value when it is the same for every event.
    pub fn constant(&self) -> Option<&Value> {
        match self {
            Self::Fixed(value) => value.as_ref(),
            Self::Typed(_) | Self::Filled(_) => None,
        }
    }

    /// The paths it reads.
    pub fn reads(&self) -> impl Iterator<Item = &Read> {
        let exprs: Vec<&Expr> = match self {
            Self::Fixed(_) => Vec::new(),
            Self::Typed(expr) => vec![expr],
            Self::Filled(parts) => parts.iter().filter_map(Part::expr).collect(),
        };
        exprs.into_iter().flat_map(Expr::reads)
    }
}

impl Part {
    fn expr(&self) -> Option<&Expr> {
        match self {
            Self::Plain(_) => None,
            Self::Expr(expr) => Some(expr),
        }
    }
}

fn filled(
    scalar: &str,
    span: &Span,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Part>> {
    let (mut parts, mut at, mut sound) = (Vec::new(), 0, true);
    while let Some(found) = scalar.get(at..).and_then(|rest| rest.find("{{")) {
        let open = at + found;
        push_plain(&mut parts, scalar.get(at..open).unwrap_or_default());
        let Some(length) = scalar.get(open + 2..).and_then(closing) else {
            diagnostics.push(
                Diagnostic::error(&skipping(span, scalar, open), "`{{` without `}}`")
                    .hint("a literal `{{` is written `{{ '{{' }}`"),
            );
            return None;
        };
        let inner = scalar.get(open + 2..open + 2 + length).unwrap_or_default();
        let trimmed = inner.trim_start();
        let start = open + 2 + inner.len() - trimmed.len();
        let expression = trimmed.trim_end();
        let place = part(span, scalar, start, start + expression.len());
        match Expr::compile(expression, &place, scope, diagnostics) {
            Some(expr) => parts.push(Part::Expr(expr)),
            None => sound = false,
        }
        at = open + 2 + length + 2;
    }
    push_plain(&mut parts, scalar.get(at..).unwrap_or_default());
    sound.then_some(parts)
}

fn push_plain(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Plain(text.to_owned()));
    }
}

/// The bytes before the `}}` that closes, which does not stand inside a quoted text.
fn closing(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('\\', Some(_)) => {
                chars.next();
            }
            (c, Some(open)) if c == open => quote = None,
            ('\'' | '"', None) => quote = Some(c),
            ('}', None) if text.get(at..).is_some_and(|rest| rest.starts_with("}}")) => {
                return Some(at);
            }
            _ => {}
        }
    }
    None
}

/// The place of the scalar's content: without the quotes, when the span includes them.
fn inside(scalar: &str, span: &Span) -> Span {
    let written = span.file.text.get(span.start..span.end).unwrap_or_default();
    let unquoted = |quote| written.strip_prefix(quote).and_then(|w: &str| w.strip_suffix(quote));
    if unquoted('"').or_else(|| unquoted('\'')) == Some(scalar) {
        return Span { start: span.start + 1, end: span.end - 1, ..span.clone() };
    }
    span.clone()
}

fn skipping(span: &Span, scalar: &str, bytes: usize) -> Span {
    part(span, scalar, bytes, scalar.len())
}

/// A part of the scalar, or all of it where its bytes are not those of the file.
fn part(span: &Span, scalar: &str, start: usize, end: usize) -> Span {
    if span.file.text.get(span.start..span.end) == Some(scalar) {
        span.part(start, end)
    } else {
        span.clone()
    }
}

/// What a plain (unquoted) scalar means by YAML 1.2, with what people meant where that would lose
/// something: `0815`, `+49 30 1` and `0x1F` stay texts. `None` is null.
pub fn plain_value(scalar: &str) -> Option<Value> {
    match scalar {
        "" | "~" | "null" | "Null" | "NULL" => return None,
        "true" | "True" | "TRUE" => return Some(Value::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Value::Bool(false)),
        _ => {}
    }
    let number = Number::from_json(scalar).or_else(|| {
        // `.5` is a number in YAML and not in JSON.
        let (sign, digits) = match scalar.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", scalar),
        };
        digits.strip_prefix('.').and_then(|rest| Number::from_json(&format!("{sign}0.{rest}")))
    });
    Some(number.map_or_else(|| Value::text(scalar), Value::Number))
}
