//! What `batch:` looks like.

use crate::{
    ask::shape::{FORGET, LIMITS, VERDICT, request_shape},
    blocks::outcome::Verdict,
    settings::words,
    text::{Field, Keys, Shape, Words},
};

fn verdicts() -> Vec<&'static str> {
    Verdict::NAMES.to_vec()
}

static WHOLE: Shape = Shape::Enum(Words::From("verdict", verdicts));

static ANSWERS: Shape = Shape::OneOf(&[
    Shape::MapOf(Keys::Any, &WHOLE),
    Shape::List(&Shape::Map(&[
        Field::new("status", Shape::OneOrMany(&Shape::Text), "the HTTP status, as in 207 or 4xx"),
        Field::new("when", Shape::Expression, "a condition over status, headers and body"),
        Field::new("is", WHOLE, "what it means for all; partial: `results:` say it of each")
            .required(),
        Field::new("wait", Shape::Text, "again: not before, as in 5m, where no header says when"),
        FORGET,
    ])),
]);

static RESULT: Shape = Shape::Map(&[
    Field::new("each", Shape::Expression, "the list in the answer that speaks of single messages")
        .required(),
    Field::new("as", Shape::Text, "what one of its elements is called").default("item"),
    Field::new("when", Shape::Expression, "only elements for which this holds"),
    Field::new(
        "index",
        Shape::Expression,
        "of which it speaks: its place in the request, from 0, or a list of places; without `index` and `key` the list has one element a message",
    ),
    Field::new("key", Shape::Expression, "of which it speaks: what the batch's `key` says of it"),
    Field::new("is", VERDICT, "what it means for that message").default("rejected"),
    Field::new("say", Shape::Expression, "where it says why"),
]);

const EACH: Field = Field::new(
    "each",
    Shape::Template,
    "what one message adds to `items`; `single` is the body of the request for it alone",
)
.default("=single");
const ANSWER: Field =
    Field::new("answers", ANSWERS, "what its answers mean, where it differs from the file's");
const LATER: Shape = words(&["later"]);
static TOLD: Shape = Shape::OneOf(&[LATER, Shape::List(&RESULT)]);
const RESULTS: Field = Field::new(
    "results",
    TOLD,
    "how an answer tells of single messages; later: not at all, only to who asks afterwards",
);

static PROFILE: Shape = request_shape!(EACH, ANSWER, RESULTS);

/// `batch:`.
pub(in crate::destination) static SHAPE: Shape = request_shape!(
    EACH,
    ANSWER,
    RESULTS,
    Field::new("most", Shape::Int { min: 2, max: 10_000 }, "most messages in one request")
        .required(),
    Field::new("most_bytes", Shape::Int { min: 1000, max: 100_000_000 }, "most bytes of its body"),
    Field::new("group", Shape::Expression, "what the messages of one request have in common"),
    Field::new("key", Shape::Expression, "what an answer calls a message; once in a request"),
    Field::new("limits", LIMITS, "how often it may be called").default("those of the file"),
    Field::new("profile", PROFILE, "writes the persons of many before their events"),
);
