//! What a test in a destination connector's file may say.

use crate::{
    blocks::outcome::Verdict,
    text::{Field, Keys, Shape, Words},
};

/// How a message of a batch may end beside the verdicts.
pub(crate) const ALONE: &str = "alone";
/// Not tried: the request for all was not made to the end.
pub(crate) const LEFT: &str = "left";

fn verdicts() -> Vec<&'static str> {
    Verdict::NAMES.into_iter().chain([ALONE, LEFT]).collect()
}

static VERDICT: Shape = Shape::Enum(Words::From("verdict", verdicts));
const ANYTHING: Shape = Shape::MapOf(Keys::Any, &Shape::Any);
const TEXTS: Shape = Shape::MapOf(Keys::Any, &Shape::Text);

/// What a request is answered.
static GIVEN: Shape = Shape::Map(&[
    Field::new("status", Shape::Int { min: 100, max: 599 }, "the HTTP status").default("200"),
    Field::new("headers", TEXTS, "its headers"),
    Field::new("body", Shape::Any, "its body, as JSON"),
]);

const ENDS_AS: Field = Field::new(
    "verdict",
    VERDICT,
    "what it comes to; for a batch, what each comes to: alone is sent again by itself",
)
.default("sent");
const VERDICTS: Field =
    Field::new("verdicts", Shape::List(&VERDICT), "batch: what each comes to, one by one");
const DETAIL: Field = Field::new("detail", Shape::Text, "what is said of it");
const DETAILS: Field =
    Field::new("details", Shape::List(&Shape::Text), "batch: what is said of each");
const WAIT: Field = Field::new("wait", Shape::Duration, "again: not before, as in 5m");

static END: Shape = Shape::Map(&[ENDS_AS, VERDICTS, DETAIL, DETAILS, WAIT]);
static ANSWER: Shape = Shape::Map(&[
    Field::new("given", GIVEN, "what the request is answered").required(),
    Field::new("then", Shape::Text, "method and address of the request that must follow"),
    ENDS_AS,
    VERDICTS,
    DETAIL,
    DETAILS,
    WAIT,
]);

/// One test.
pub(super) static TEST: Shape = Shape::Map(&[
    Field::new("settings", ANYTHING, "the merchant's settings; required ones are invented"),
    Field::new("ids", ANYTHING, "the merchant's `ids:`, by trigger"),
    Field::new("check", Shape::Bool, "it is the request that tries the key").default("false"),
    Field::new(
        "given",
        Shape::OneOf(&[ANYTHING, Shape::List(&ANYTHING)]),
        "a message: fields of an event, `name`, `id`, `properties`, `values`; a list for a batch",
    ),
    Field::new("earlier", Shape::OneOrMany(&GIVEN), "what the same message before was answered"),
    Field::new("before", Shape::OneOrMany(&GIVEN), "what the requests before this are answered"),
    Field::new("request", Shape::Text, "its method and address, as in POST /events"),
    Field::new("headers", TEXTS, "headers that it has"),
    Field::new("json", Shape::Any, "its body; fewer fields may be named"),
    Field::new("form", Shape::Any, "its body as a form"),
    Field::new("without", Shape::OneOrMany(&Shape::Text), "dotted paths that are not in its body"),
    Field::new("answers", Shape::OneOrMany(&ANSWER), "what answers to it mean, one by one"),
    Field::new("ends", END, "how it ends without this request"),
]);
