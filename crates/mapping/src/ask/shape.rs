//! Keys of a request and of its answers, the same wherever one stands.

use crate::{
    blocks::outcome::Verdict,
    settings::words,
    text::{Field, Keys, Shape, Words},
};

fn verdicts() -> Vec<&'static str> {
    Verdict::NAMES.into_iter().filter(|name| *name != "partial").collect()
}

pub(crate) static VERDICT: Shape = Shape::Enum(Words::From("verdict", verdicts));

const STATUS: Field =
    Field::new("status", Shape::OneOrMany(&Shape::Text), "the HTTP status, as in 409 or 5xx");
const WHEN: Field =
    Field::new("when", Shape::Expression, "a condition over status, headers and body");
const IS: Field = Field::new("is", VERDICT, "what it means").required();
const WAIT: Field =
    Field::new("wait", Shape::Text, "again: not before, as in 5m, where no header says when");
pub(crate) const FORGET: Field = Field::new(
    "forget",
    Shape::Bool,
    "what a lookup found and `keep` kept is wrong: it is looked up anew, once, before this counts",
);

/// What an answer means, where it differs from the usual.
pub(crate) static ANSWERS: Shape = Shape::OneOf(&[
    Shape::MapOf(Keys::Any, &VERDICT),
    Shape::List(&Shape::Map(&[STATUS, WHEN, IS, WAIT])),
]);

/// The same where a lookup's finds may be kept.
pub(crate) static FORGETTING: Shape = Shape::OneOf(&[
    Shape::MapOf(Keys::Any, &VERDICT),
    Shape::List(&Shape::Map(&[STATUS, WHEN, IS, WAIT, FORGET])),
]);

pub(crate) const REQUEST: Field =
    Field::new("request", Shape::Expression, "method and path, as in POST /events").required();
pub(crate) const QUERY: Field =
    Field::new("query", Shape::MapOf(Keys::Any, &Shape::Expression), "query parameters");
pub(crate) const HEADERS: Field =
    Field::new("headers", Shape::MapOf(Keys::Any, &Shape::Expression), "headers");
pub(crate) const JSON: Field = Field::new("json", Shape::Template, "the body as JSON");
pub(crate) const FORM: Field = Field::new("form", Shape::Template, "the body as a form");
pub(crate) const NESTED: Field =
    Field::new("nested", words(&["brackets", "json"]), "form: how maps in it are written")
        .default("brackets");
pub(crate) const ANSWER: Field =
    Field::new("answers", FORGETTING, "what its answers mean, where it differs from the file's");

/// The shape of a request: the keys that each has, and those of its own.
macro_rules! request_shape {
    ($($own:expr),* $(,)?) => {
        $crate::text::Shape::Map(&[
            $crate::ask::shape::REQUEST,
            $crate::ask::shape::QUERY,
            $crate::ask::shape::HEADERS,
            $crate::ask::shape::JSON,
            $crate::ask::shape::FORM,
            $crate::ask::shape::NESTED,
            $($own),*
        ])
    };
}
pub(crate) use request_shape;

const LIMIT: Shape = Shape::Int { min: 1, max: 1_000_000 };

/// `limits:` in connectors and merchants' files.
pub static LIMITS: Shape = Shape::Map(&[
    Field::new("per_second", LIMIT, "requests in a second"),
    Field::new("per_minute", LIMIT, "requests in a minute"),
    Field::new("per_hour", LIMIT, "requests in an hour"),
    Field::new("per_day", LIMIT, "requests in a day"),
    Field::new("concurrent", LIMIT, "requests at once"),
]);

static THROTTLE: Shape = Shape::Map(&[
    Field::new("header", Shape::Text, "its name").required(),
    Field::new(
        "form",
        words(&["seconds_or_date", "seconds", "milliseconds", "unix"]),
        "what it holds",
    )
    .default("seconds_or_date"),
]);

pub(crate) const THROTTLES: Field =
    Field::new("throttle", Shape::OneOrMany(&THROTTLE), "headers that say when to call again");
