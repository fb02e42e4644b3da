//! The functions of the expression language: one row each, from which checks, documentation and
//! tests are made. Must not know the syntax.

mod bounds;
mod country;
pub mod date;
mod hash;
mod html;
mod list;
mod map;
mod number;
mod page;
mod phone;
#[cfg(test)]
mod tests;
mod text;

use std::borrow::Cow;

pub use page::page;

use super::ast::Prepared;
use super::env::Meter;
use super::number::Decimal;
use super::value::Val;

/// Most arguments a function takes, its input not counted.
pub(super) const MAX_ARGS: usize = 3;

/// A function: `input | name(args)`.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The arguments in order; each may also be given by name.
    pub args: &'static [Arg],
    /// What it does, in one sentence.
    pub doc: &'static str,
    /// An expression and the JSON of its value; a test runs it.
    pub example: (&'static str, &'static str),
    /// Whether it answers yes or no.
    pub answers: bool,
    /// Whether it wants to see a missing input.
    pub(super) takes_missing: bool,
    pub(super) run: for<'a> fn(&Given<'a, '_>) -> Val<'a>,
}

/// An argument of a function.
#[derive(Debug)]
pub struct Arg {
    /// Its name.
    pub name: &'static str,
    /// What it must be.
    pub want: Want,
    /// Whether it must be given.
    pub required: bool,
}

/// What an argument must be; checked at load when it is a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// Anything.
    Any,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A list.
    List,
    /// A map.
    Map,
    /// The name of a time zone.
    Zone,
    /// A length of time: `12h`, `-3d`.
    Span,
    /// A strftime format: `%d.%m.%Y`.
    Format,
    /// A regular expression, constant.
    Pattern,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

impl Want {
    /// The word for it in messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Any => "value",
            Self::Text => "text",
            Self::Number => "number",
            Self::List => "list",
            Self::Map => "map",
            Self::Zone => "time zone",
            Self::Span => "length of time",
            Self::Format => "date format",
            Self::Pattern => "pattern",
            Self::Choice(_) => "word",
        }
    }
}

impl Function {
    /// How it is written: `truncate(length, end?)`.
    pub fn usage(&self) -> String {
        let args: Vec<String> = self
            .args
            .iter()
            .map(|arg| format!("{}{}", arg.name, if arg.required { "" } else { "?" }))
            .collect();
        let (expression, value) = self.example;
        let args = if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
        format!("`{}{args}`, for example `{expression}` gives {value}", self.name)
    }
}

/// What a function is called with.
pub(super) struct Given<'a, 'm> {
    pub(super) input: Val<'a>,
    pub(super) args: [Val<'a>; MAX_ARGS],
    pub(super) prepared: &'m Prepared,
    pub(super) meter: &'m Meter,
}

impl<'a> Given<'a, '_> {
    /// The input as the text of a scalar.
    fn text(&self) -> Option<Cow<'a, str>> {
        self.input.as_text()
    }

    /// An argument as the text of a scalar.
    fn arg_text(&self, place: usize) -> Option<Cow<'a, str>> {
        self.args.get(place)?.as_text()
    }

    /// An argument as a whole number.
    fn arg_int(&self, place: usize) -> Option<i64> {
        match self.args.get(place)? {
            Val::Number(n) => Decimal::read(n)?.as_i64(),
            _ => None,
        }
    }

    /// The elements of the input list.
    fn items(&self) -> Option<Vec<Val<'a>>> {
        let Val::List(list) = &self.input else { return None };
        self.meter.steps(list.len()).then(|| list.items())
    }

    /// The entries of the input map.
    fn entries(&self) -> Option<Vec<(Cow<'a, str>, Val<'a>)>> {
        let Val::Map(map) = &self.input else { return None };
        self.meter.steps(map.len()).then(|| map.entries())
    }

    /// A text that was made, paid for.
    fn made(&self, text: String) -> Val<'a> {
        if self.meter.bytes(text.len()) { Val::Text(Cow::Owned(text)) } else { Val::Missing }
    }
}

/// The function of that name.
pub fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

/// What the function is called here that has `name` in Jinja, Liquid or JavaScript.
pub(super) fn other_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "length" | "size" | "len" => "count",
        "string" | "tostring" | "str" => "text",
        "float" | "tonumber" | "decimal" => "number",
        "downcase" | "lowercase" => "lower",
        "upcase" | "uppercase" => "upper",
        "strip" => "trim",
        "html_decode" | "decode_html" | "html_unescape" => "unescape",
        "tojson" | "to_json" => "json",
        "url_encode" | "urlquote" => "urlencode",
        "selectattr" | "select" | "filter" => "where",
        "items" | "dictsort" => "entries",
        "strftime" | "date_format" => "format_date",
        "slugify" => "slug",
        "uniq" => "unique",
        "concat" => "join",
        "titlecase" | "title" => "capitalize",
        "currency" => "money",
        "phone" => "e164",
        _ => return None,
    })
}

const fn arg(name: &'static str, want: Want) -> Arg {
    Arg { name, want, required: true }
}

const fn option(name: &'static str, want: Want) -> Arg {
    Arg { name, want, required: false }
}

/// Functions of one subject.
type Family = (&'static str, &'static [Function]);

/// All functions, by subject.
static FAMILIES: [Family; 10] = [
    ("Texts", text::ROWS),
    ("Texts of web pages", html::ROWS),
    ("Lists", list::ROWS),
    ("Maps", map::ROWS),
    ("Maps that have to fit", bounds::ROWS),
    ("Numbers", number::ROWS),
    ("Dates and times", date::ROWS),
    ("Telephone numbers", phone::ROWS),
    ("Countries", country::ROWS),
    ("Hashes and encodings", hash::ROWS),
];

/// All functions, by subject.
pub fn all() -> impl Iterator<Item = &'static Function> {
    FAMILIES.iter().flat_map(|(_, rows)| rows.iter())
}
