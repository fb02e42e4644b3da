//! What a kind of file looks like, as a table: from it come the checks, the hints, the JSON
//! Schema and the reference pages. Shapes are `static` data; they hold no behaviour beyond the
//! small tests of a text's form.
//!
//! ```
//! use parcelwire_mapping::text::{Field, Shape, Words};
//!
//! static TRIGGER: Shape = Shape::Map(&[
//!     Field::new("name", Shape::Text, "the event's name in the marketing tool").required(),
//!     Field::new("purpose", Shape::Enum(Words::These(&["transactional", "promotional"])), "why"),
//!     Field::new("max_age", Shape::Duration, "older events are not sent").default("7d"),
//! ]);
//! # let _ = &TRIGGER;
//! ```

mod check;
mod kind;
mod markdown;
mod schema;

pub use check::{check, unknown_key, unknown_word};
pub use markdown::reference_markdown;
pub use schema::json_schema;

/// The shape of a value. See the variants; nested shapes are `&'static`, so a whole file kind is
/// one `static`.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    /// Any scalar, taken as written.
    Text,
    /// A text, or a list of texts, that no message may repeat.
    Secret,
    /// A scalar that has a certain form.
    Format(&'static Format),
    /// `true` or `false`.
    Bool,
    /// A whole number within bounds, both included.
    Int {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number, whole or not, within bounds, both included.
    Number {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A length of time: [`super::Period`].
    Duration,
    /// One of a closed list of words.
    Enum(Words),
    /// Any scalar in which a leading `=` or `{{ }}` means an expression. Parsing is the caller's.
    Expression,
    /// A tree of maps, lists and [`Shape::Expression`]s: what a request's body is made of.
    Template,
    /// Literal data of any form, null included: a payload in a test.
    Any,
    /// A list.
    List(&'static Shape),
    /// One value, or a list of them. Read with [`super::Node::one_or_many`].
    OneOrMany(&'static Shape),
    /// A map with these keys and no others.
    Map(&'static [Field]),
    /// A map with these keys; all others have this shape.
    Open(&'static [Field], &'static Shape),
    /// A map whose keys are the author's.
    MapOf(Keys, &'static Shape),
    /// One of several shapes; told apart by scalar, list or map where that is possible.
    OneOf(&'static [Shape]),
    /// A shape that has a name in the schema and the pages, and may contain itself.
    Ref(&'static str, fn() -> &'static Shape),
}

/// One key of a map.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The key.
    pub key: &'static str,
    /// The shape of its value.
    pub shape: Shape,
    /// Whether it must stand.
    pub required: bool,
    /// One sentence for hints, schema and pages.
    pub doc: &'static str,
    /// What holds when it is left out, as it would be written.
    pub default: Option<&'static str>,
    /// What to write instead, when the key is on its way out.
    pub deprecated: Option<&'static str>,
}

/// A closed list of words.
#[derive(Debug, Clone, Copy)]
pub enum Words {
    /// These.
    These(&'static [&'static str]),
    /// What a table elsewhere lists, e.g. the statuses; the noun names one of them.
    From(&'static str, fn() -> Vec<&'static str>),
}

/// Which keys a [`Shape::MapOf`] may have.
#[derive(Debug, Clone, Copy)]
pub enum Keys {
    /// Any.
    Any,
    /// Keys of a certain form.
    Format(&'static Format),
    /// Words of a closed list.
    Enum(Words),
}

/// The form of a text.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// With its article: `an id`, `a time zone`.
    pub name: &'static str,
    /// Whether a text has the form.
    pub accepts: fn(&str) -> bool,
    /// The same as a regular expression for the schema, where one can say it.
    pub pattern: Option<&'static str>,
    /// What it looks like, for the hint.
    pub hint: &'static str,
}

impl Field {
    /// A key that may be left out.
    pub const fn new(key: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self { key, shape, required: false, doc, default: None, deprecated: None }
    }

    /// The same, but it must stand.
    #[must_use]
    pub const fn required(self) -> Self {
        Self { required: true, ..self }
    }

    /// The same with what holds when it is left out.
    #[must_use]
    pub const fn default(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    /// The same, still read, but with a warning that says what to write instead.
    #[must_use]
    pub const fn deprecated(self, instead: &'static str) -> Self {
        Self { deprecated: Some(instead), ..self }
    }
}

impl Words {
    /// The words.
    pub fn list(&self) -> Vec<&'static str> {
        match self {
            Self::These(words) => words.to_vec(),
            Self::From(_, list) => list(),
        }
    }

    /// Whether `word` is one of them.
    pub fn contains(&self, word: &str) -> bool {
        self.list().contains(&word)
    }
}

impl Shape {
    /// What a person would call such a value, with its article.
    pub fn name(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Secret => "a secret (`env:NAME`, `file:NAME`)".to_owned(),
            Self::Format(format) => format.name.to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::Int { min, max } => format!("a whole number from {min} to {max}"),
            Self::Number { min, max } => format!("a number from {min} to {max}"),
            Self::Duration => "a duration such as `12h`, `3d` or `3bd`".to_owned(),
            Self::Enum(Words::These(words)) => one_of(words),
            Self::Enum(Words::From(noun, _)) => format!("a {noun}"),
            Self::Expression => "a text or an expression".to_owned(),
            Self::Template => "a value, a map or a list".to_owned(),
            Self::Any => "anything".to_owned(),
            Self::List(item) => format!("a list, each of it {}", item.name()),
            Self::OneOrMany(item) => format!("{}, or a list", item.name()),
            Self::Map(_) | Self::Open(..) | Self::MapOf(..) => "a map".to_owned(),
            Self::OneOf(shapes) => {
                let mut names: Vec<String> = Vec::new();
                for name in shapes.iter().map(Self::name) {
                    if !names.contains(&name) {
                        names.push(name);
                    }
                }
                names.join(", or ")
            }
            // By its name: its shape may contain itself.
            Self::Ref(name, _) => format!("a {name}"),
        }
    }
}

/// `` `a` `` or `` `a`, `b` or `c` ``.
fn one_of(words: &[&str]) -> String {
    match words {
        [] => "nothing".to_owned(),
        [word] => format!("`{word}`"),
        [first @ .., last] => {
            let first: Vec<String> = first.iter().map(|word| format!("`{word}`")).collect();
            format!("{} or `{last}`", first.join(", "))
        }
    }
}
