//! What a destination connector's file looks like.

use super::{batch, testing::TEST};
use crate::{
    ask::shape::{ANSWER, FORGETTING, HEADERS, THROTTLES, VERDICT, request_shape},
    describe::shape::{FACTS_KEY, SETUP_KEY},
    settings::{self, words},
    text::{Field, Keys, Shape},
};

pub use crate::ask::shape::LIMITS;

static NEED: Shape = Shape::Map(&[
    Field::new("value", Shape::Expression, "what must not be missing or blank").required(),
    Field::new("is", VERDICT, "what it means where it is").default("rejected"),
    Field::new("say", Shape::Text, "plain words for people").required(),
]);
const NEEDS: Field =
    Field::new("needs", Shape::List(&NEED), "what a message must have before this is asked");
const TAKE: Field = Field::new(
    "take",
    Shape::MapOf(Keys::Any, &Shape::Expression),
    "what later requests need of the answer",
);

static SEND: Shape = request_shape!(ANSWER, NEEDS);
static CHECK: Shape = request_shape!(ANSWER);
static LOOKUP: Shape = request_shape!(
    ANSWER,
    TAKE,
    Field::new(
        "keep",
        Shape::Text,
        "how long what was found is good for other messages that would ask the same, as in 24h",
    ),
    NEEDS,
    Field::new("when", Shape::Expression, "only where this holds"),
);
static PROFILE: Shape = request_shape!(
    ANSWER,
    TAKE,
    NEEDS,
    Field::new("if_missing", Shape::Bool, "only when the lookup found nothing"),
    Field::new("when", Shape::Expression, "only where this holds"),
);
static TOKEN: Shape = request_shape!(
    ANSWER,
    TAKE,
    Field::new(
        "lives",
        Shape::Expression,
        "for how many seconds it is good, as in =body.expires_in"
    )
    .default("300"),
);

static SIGN: Shape = Shape::Map(&[
    Field::new("standard_webhooks", Shape::Expression, "Standard Webhooks, under this secret"),
    Field::new("hmac", words(&["sha1", "sha256", "sha512"]), "an HMAC over the body"),
    Field::new("secret", Shape::Expression, "hmac: the secret"),
    Field::new("header", Shape::Text, "hmac: the header"),
    Field::new("encoding", words(&["hex", "base64"]), "hmac: how it is written").default("hex"),
    Field::new("prefix", Shape::Text, "hmac: what stands before it"),
    Field::new("id", Shape::Expression, "the id that is signed").default("=id"),
]);

static IDS: Shape = Shape::Map(&[
    Field::new("required", Shape::Bool, "whether a trigger without one cannot be sent")
        .default("false"),
    Field::new("doc", Shape::Text, "what they are"),
    Field::new("where", settings::PLACE, "where a person finds them in the other system"),
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
    THROTTLES,
    Field::new(
        "repeated_id",
        words(&["ignored", "overwrites", "sends_again"]),
        "what becomes of an event told twice",
    )
    .required(),
    Field::new("backfill", Shape::Bool, "whether it can record without starting anything")
        .default("false"),
    Field::new(
        "triggers_within",
        Shape::Duration,
        "older facts start nothing there and are only recorded, as in 72h",
    ),
    Field::new("ids", IDS, "the ids that it gives to what triggers start: `trigger_id`"),
    Field::new("sign", SIGN, "how requests are signed"),
    Field::new("token", TOKEN, "OAuth 2: the request for an access token"),
    Field::new("lookup", LOOKUP, "finds ids that the event needs"),
    Field::new("profile", PROFILE, "writes the person before the event"),
    Field::new("send", SEND, "the event").required(),
    Field::new("batch", batch::shape::SHAPE, "one request for the events of many messages"),
    Field::new(
        "answers",
        FORGETTING,
        "what answers mean, where it differs from: 2xx sent, 401/403 key wrong, 408/425/429/5xx again, else rejected",
    ),
    NEEDS,
    Field::new(
        "never",
        Shape::OneOrMany(&Shape::Text),
        "keys that no request may have: whoever consented to what is not ours to change",
    ),
    Field::new("error", Shape::Expression, "where an answer says what is wrong"),
    Field::new("tests", Shape::MapOf(Keys::Any, &TEST), "tests of this file"),
]);
