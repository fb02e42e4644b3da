//! What a destination connector's file looks like.

use crate::{
    blocks::outcome::Verdict,
    describe::shape::{FACTS_KEY, SETUP_KEY},
    settings::{self, words},
    text::{Field, Keys, Shape, Words},
};

fn verdicts() -> Vec<&'static str> {
    Verdict::NAMES.into_iter().filter(|name| *name != "partial").collect()
}

static VERDICT: Shape = Shape::Enum(Words::From("verdict", verdicts));

/// What an answer means, where it differs from the usual.
static ANSWERS: Shape = Shape::OneOf(&[
    Shape::MapOf(Keys::Any, &VERDICT),
    Shape::List(&Shape::Map(&[
        Field::new("status", Shape::OneOrMany(&Shape::Text), "the HTTP status, as in 409 or 5xx"),
        Field::new("when", Shape::Expression, "a condition over status, headers and body"),
        Field::new("is", VERDICT, "what it means").required(),
        Field::new("wait", Shape::Text, "again: not before, as in 5m, where no header says when"),
    ])),
]);

static NEED: Shape = Shape::Map(&[
    Field::new("value", Shape::Expression, "what must not be missing or blank").required(),
    Field::new("is", VERDICT, "what it means where it is").default("rejected"),
    Field::new("say", Shape::Text, "plain words for people").required(),
]);
const NEEDS: Field =
    Field::new("needs", Shape::List(&NEED), "what a message must have before this is asked");
const REQUEST: Field =
    Field::new("request", Shape::Expression, "method and path, as in POST /events").required();
const QUERY: Field =
    Field::new("query", Shape::MapOf(Keys::Any, &Shape::Expression), "query parameters");
const HEADERS: Field =
    Field::new("headers", Shape::MapOf(Keys::Any, &Shape::Expression), "headers");
const JSON: Field = Field::new("json", Shape::Template, "the body as JSON");
const FORM: Field = Field::new("form", Shape::Template, "the body as a form");
const NESTED: Field =
    Field::new("nested", words(&["brackets", "json"]), "form: how maps in it are written")
        .default("brackets");
const ANSWER: Field =
    Field::new("answers", ANSWERS, "what its answers mean, where it differs from the file's");
const TAKE: Field = Field::new(
    "take",
    Shape::MapOf(Keys::Any, &Shape::Expression),
    "what later requests need of the answer",
);

static SEND: Shape = Shape::Map(&[REQUEST, QUERY, HEADERS, JSON, FORM, NESTED, ANSWER, NEEDS]);
static CHECK: Shape = Shape::Map(&[REQUEST, QUERY, HEADERS, JSON, FORM, NESTED, ANSWER]);
static LOOKUP: Shape = Shape::Map(&[
    REQUEST,
    QUERY,
    HEADERS,
    JSON,
    FORM,
    NESTED,
    ANSWER,
    TAKE,
    NEEDS,
    Field::new("when", Shape::Expression, "only where this holds"),
]);
static PROFILE: Shape = Shape::Map(&[
    REQUEST,
    QUERY,
    HEADERS,
    JSON,
    FORM,
    NESTED,
    ANSWER,
    TAKE,
    NEEDS,
    Field::new("if_missing", Shape::Bool, "only when the lookup found nothing"),
    Field::new("when", Shape::Expression, "only where this holds"),
]);
static TOKEN: Shape = Shape::Map(&[
    REQUEST,
    QUERY,
    HEADERS,
    JSON,
    FORM,
    NESTED,
    ANSWER,
    TAKE,
    Field::new("lives", Shape::Expression, "for how many seconds it is good")
        .default("=body.expires_in"),
]);

static SIGN: Shape = Shape::Map(&[
    Field::new("standard_webhooks", Shape::Expression, "Standard Webhooks, under this secret"),
    Field::new("hmac", words(&["sha1", "sha256", "sha512"]), "an HMAC over the body"),
    Field::new("secret", Shape::Expression, "hmac: the secret"),
    Field::new("header", Shape::Text, "hmac: the header"),
    Field::new("encoding", words(&["hex", "base64"]), "hmac: how it is written").default("hex"),
    Field::new("prefix", Shape::Text, "hmac: what stands before it"),
    Field::new("id", Shape::Expression, "the id that is signed").default("=id"),
]);

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

/// A whole file.
pub static SHAPE: Shape = Shape::Map(&[
    Field::new("title", Shape::Text, "what people call the system").required(),
    FACTS_KEY,
    SETUP_KEY,
    Field::new("settings", settings::SHAPE, "what a merchant fills in"),
    Field::new("base_url", Shape::Expression, "before every path").required(),
    HEADERS,
    Field::new(
        "check",
        Shape::OneOf(&[Shape::Expression, CHECK]),
        "a request that only a good key is answered, as in GET /account, or one with its answers",
    ),
    Field::new("limits", LIMITS, "how often it may be called"),
    Field::new("throttle", Shape::OneOrMany(&THROTTLE), "headers that say when to call again"),
    Field::new(
        "repeated_id",
        words(&["ignored", "overwrites", "sends_again"]),
        "what becomes of an event told twice",
    )
    .required(),
    Field::new("backfill", Shape::Bool, "whether it can record without starting anything")
        .default("false"),
    Field::new("sign", SIGN, "how requests are signed"),
    Field::new("token", TOKEN, "OAuth 2: the request for an access token"),
    Field::new("lookup", LOOKUP, "finds ids that the event needs"),
    Field::new("profile", PROFILE, "writes the person before the event"),
    Field::new("send", SEND, "the event").required(),
    Field::new(
        "answers",
        ANSWERS,
        "what answers mean, where it differs from: 2xx sent, 401/403 key wrong, 408/425/429/5xx again, else rejected",
    ),
    NEEDS,
    Field::new(
        "never",
        Shape::OneOrMany(&Shape::Text),
        "keys that no request may have: whoever consented to what is not ours to change",
    ),
    Field::new("error", Shape::Expression, "where an answer says what is wrong"),
    Field::new("tests", Shape::MapOf(Keys::Any, &Shape::Any), "tests of this file"),
]);
