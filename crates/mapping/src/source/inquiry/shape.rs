//! What a source's request looks like in a file.

use crate::{
    ask::shape::{ANSWERS, FORM, HEADERS, JSON, LIMITS, NESTED, QUERY, THROTTLES},
    text::{Field, Shape},
};

static BASIC: Shape = Shape::Map(&[
    Field::new("user", Shape::Expression, "the user").required(),
    Field::new("password", Shape::Expression, "the password").required(),
]);

static PAGES: Shape = Shape::Map(&[
    Field::new("query", Shape::Text, "the parameter that names a page, or the token of one"),
    Field::new(
        "from",
        Shape::Int { min: 0, max: 1_000_000 },
        "the number of the first page; said where it stands here",
    )
    .default("1"),
    Field::new("step", Shape::Int { min: 1, max: 100_000 }, "by how much the number rises")
        .default("1"),
    Field::new("last", Shape::Expression, "the number of the last page, in the answer"),
    Field::new("more", Shape::Expression, "whether another page follows, in the answer"),
    Field::new("next", Shape::Expression, "the next page's address or, with `query`, its token"),
    Field::new("most", Shape::Int { min: 1, max: 1_000 }, "most pages that are asked for")
        .default("50"),
]);

static LOOKUP: Shape = Shape::Map(&[
    Field::new("when", Shape::Expression, "only for webhooks for which this holds"),
    Field::new("request", Shape::Expression, "method and whole address, as in GET https://…")
        .required(),
    HOST,
    QUERY,
    HEADERS,
    BASIC_AUTH,
    JSON,
    FORM,
    NESTED,
    PAGED,
    Field::new(
        "items",
        Shape::Expression,
        "a page's items: rules see those of all pages as one list",
    ),
    LIMIT,
    THROTTLES,
    ANSWER,
    Field::new("cache", Shape::Text, "how long the same request is answered from memory, as in 1h"),
    Field::new("keep", Shape::Text, "the name under which rules see the answer").default("answer"),
]);

static CURSOR: Shape = Shape::Map(&[
    Field::new(
        "take",
        Shape::Expression,
        "a time of `item`, of which the latest counts, or what the answer gives for next time",
    )
    .required(),
    Field::new("start", Shape::Expression, "what is asked for the first time; else from now on"),
]);

static POLL: Shape = Shape::Map(&[
    Field::new(
        "request",
        Shape::Expression,
        "method and whole address; `cursor` and `now` are seen",
    )
    .required(),
    QUERY,
    HEADERS,
    BASIC_AUTH,
    JSON,
    FORM,
    NESTED,
    PAGED,
    Field::new("every", Shape::Text, "how often, as in 5m").required(),
    Field::new(
        "items",
        Shape::Expression,
        "the list in the answer of which each becomes a receipt",
    )
    .required(),
    Field::new("id", Shape::Expression, "what tells a repeat, of `item`"),
    Field::new("topic", Shape::Expression, "the receipt's topic, where none stands in its body"),
    Field::new("cursor", CURSOR, "what is remembered from one time to the next"),
    Field::new("overlap", Shape::Text, "how much of the time before is asked for again")
        .default("10m"),
    LIMIT,
    THROTTLES,
    ANSWER,
]);

const HOST: Field = Field::new(
    "host",
    Shape::OneOrMany(&Shape::Text),
    "the hosts it may go to, or one pattern that begins with ^; needed where a payload leads it",
);
const BASIC_AUTH: Field = Field::new("basic", BASIC, "Authorization: Basic");
const PAGED: Field = Field::new("pages", PAGES, "how pages follow each other");
const LIMIT: Field = Field::new("limits", LIMITS, "how often it may be asked, for each credential");
const ANSWER: Field = Field::new(
    "answers",
    ANSWERS,
    "what answers mean, where it differs from: 2xx taken, 401/403 key wrong, 408/425/429/5xx again, else failed",
);

/// `lookup:` of a file.
pub(crate) const LOOKUP_KEY: Field =
    Field::new("lookup", LOOKUP, "what is asked about a webhook before it is read");

/// `poll:` of a file.
pub(crate) const POLL_KEY: Field =
    Field::new("poll", POLL, "what is asked for again and again, where no webhook comes");
