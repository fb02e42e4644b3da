//! What a test in a source connector's file may say.

use crate::{
    blocks::verify::Refusal,
    settings::words,
    text::{Field, Keys, Shape, Words},
};

const ANYTHING: Shape = Shape::MapOf(Keys::Any, &Shape::Any);
const TEXTS: Shape = Shape::MapOf(Keys::Any, &Shape::Text);

const TOPIC: Field = Field::new("topic", Shape::Text, "the webhook's topic, where a header has it");
const HEADERS: Field = Field::new("headers", TEXTS, "headers beside those of the signature");
const QUERY: Field = Field::new(
    "query",
    Shape::OneOf(&[Shape::Text, TEXTS]),
    "the query of the address, as `a=1&b=2` or as a map",
);
const SETTINGS: Field =
    Field::new("settings", ANYTHING, "the instance's settings; secret ones are invented");
const ACCOUNT: Field = Field::new(
    "account",
    Shape::OneOrMany(&Shape::Text),
    "the accounts of the merchant, in a feed",
);
const SIGNED_BY: Field = Field::new(
    "signed_by",
    Shape::Text,
    "which way of `verify:` signs it: its method, as in url_token, or its place in the list",
)
.default("1");
const REQUEST: Field =
    Field::new("request", Shape::Text, "method and address of what is asked, as in GET https://…");

/// What is asked, and answered.
static GIVEN: Shape = Shape::Map(&[
    REQUEST,
    Field::new("status", Shape::Int { min: 100, max: 599 }, "the HTTP status").default("200"),
    HEADERS,
    Field::new("json", Shape::Any, "the body as JSON"),
    Field::new("text", Shape::Text, "the body as it is"),
]);
const GIVEN_ANSWERS: Field =
    Field::new("answers", Shape::OneOrMany(&GIVEN), "what is answered, page by page");
const IS: Field = Field::new("is", Shape::Text, "the verdict that it comes to, where it fails");

static LOOKUP: Shape = Shape::Map(&[REQUEST, HEADERS, GIVEN_ANSWERS, IS]);
static POLL: Shape = Shape::Map(&[
    Field::new("now", Shape::Text, "the time of the round"),
    Field::new("cursor", Shape::Text, "what the round before remembered"),
    REQUEST,
    HEADERS,
    GIVEN_ANSWERS,
    IS,
    Field::new("next", Shape::Text, "what is remembered for the next round"),
    Field::new("ids", Shape::List(&Shape::Any), "the delivery ids of what was found"),
]);
const LOOKED_UP: Field = Field::new("lookup", LOOKUP, "what `lookup:` asks, and is answered");

static ROWS: Shape = Shape::Map(&[
    Field::new("body", Shape::Any, "the body into which each code is put"),
    Field::new("code_at", Shape::Text, "the dotted path where it stands, as in parcels.0.state"),
    Field::new(
        "expect",
        ANYTHING,
        "what each code comes to: a status, `status/reason`, a map of fields, or `ignore`",
    )
    .required(),
    TOPIC,
    HEADERS,
    QUERY,
    SETTINGS,
    ACCOUNT,
    SIGNED_BY,
    LOOKED_UP,
]);

static ANSWERS: Shape = Shape::Map(&[
    Field::new("status", Shape::Int { min: 200, max: 299 }, "the HTTP status"),
    Field::new("content_type", Shape::Text, "its content type"),
    Field::new("body", Shape::Text, "the body"),
    Field::new("json", Shape::Any, "the body as JSON; fewer fields may be named"),
]);

/// One test.
pub(super) static TEST: Shape = Shape::Map(&[
    Field::new("body", Shape::Any, "the webhook's body, as data or as text"),
    TOPIC,
    HEADERS,
    QUERY,
    SETTINGS,
    ACCOUNT,
    SIGNED_BY,
    Field::new("at", Shape::Text, "the time at which it comes in"),
    Field::new(
        "method",
        words(&["GET", "HEAD", "POST", "OPTIONS", "PUT"]),
        "the request's method, beside `answers` or `refused`",
    )
    .default("POST"),
    Field::new(
        "path",
        Shape::Text,
        "what stands behind the source's name in the address, beside `answers` or `refused`",
    ),
    LOOKED_UP,
    Field::new("poll", POLL, "what `poll:` asks, and is answered"),
    Field::new(
        "events",
        Shape::List(&Shape::Any),
        "the events that come of it, with fewer fields if you like; [] for none",
    ),
    Field::new(
        "filtered",
        Shape::Text,
        "why it is no news: ignored, unmapped_code, topic_not_used",
    ),
    Field::new("failed", Shape::Text, "why it is useless: no_subject, unreadable"),
    Field::new(
        "refused",
        Shape::Enum(Words::These(&Refusal::CODES)),
        "why it is not believed; the runner does not sign it",
    ),
    Field::new("answers", ANSWERS, "what a handshake answers"),
    Field::new("rows", ROWS, "one body for many codes, each a test of its own"),
]);
