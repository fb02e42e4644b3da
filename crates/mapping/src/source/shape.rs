//! What a source connector's file looks like.

use parcelwire_domain::taxonomy::{FIELDS, Reason, Status};

use super::{
    inquiry::shape::{LOOKUP_KEY, POLL_KEY},
    testing::TEST,
};
use crate::{
    describe::shape::{FACTS_KEY, SETUP_KEY},
    settings::{self, words},
    text::{Field, Keys, Shape, Words},
};

fn statuses() -> Vec<&'static str> {
    Status::ALL.iter().map(|status| status.name()).collect()
}

fn reasons() -> Vec<&'static str> {
    Reason::ALL.iter().map(|reason| reason.name()).collect()
}

/// Keys of a rule that are not event fields.
pub(super) const RULE_KEYS: [&str; 9] =
    ["topic", "let", "when", "each", "as", "code", "status", "quiet", "timezone"];

fn stated() -> Vec<&'static str> {
    let fields = FIELDS.iter().filter(|field| field.stated).map(|field| field.name);
    RULE_KEYS.into_iter().chain(fields).collect()
}

static PARTY: Shape = words(&["shop", "fulfilment", "carrier", "returns"]);

static TIMESTAMP: Shape = Shape::Map(&[
    Field::new("header", Shape::Text, "the header it stands in"),
    Field::new("query", Shape::Text, "the query parameter it stands in"),
    Field::new("body", Shape::Text, "the dotted path to it in the body"),
    Field::new("pair", Shape::Text, "its name among the pairs of the signature's header"),
    Field::new("format", words(&["unix", "unix_ms", "rfc3339"]), "how it is written")
        .default("unix"),
    Field::new("tolerance", Shape::Text, "seconds it may be off, or `off`").default("300"),
]);

static PAIRS: Shape = Shape::Map(&[
    Field::new("separator", Shape::Text, "what stands between the pairs").default(","),
    Field::new("signature", Shape::Text, "the name of the signature's pair").required(),
]);

static SECRET_OF: Shape = Shape::Map(&[
    Field::new("body", Shape::OneOrMany(&Shape::Text), "the dotted path to the id in the body"),
    Field::new("header", Shape::OneOrMany(&Shape::Text), "the header with the id"),
    Field::new("query", Shape::Text, "the query parameter with the id"),
]);

static KEYS: Shape = Shape::OneOf(&[
    Shape::Text,
    Shape::List(&Shape::Text),
    Shape::Map(&[
        Field::new("url", Shape::Text, "where the sender publishes its keys, as a JWKS").required(),
        Field::new("by", Shape::Text, "the header with the id of the key").required(),
        Field::new("cache", Shape::Duration, "how long they are good before they are asked again")
            .default("24h"),
    ]),
]);

/// One way to verify a request.
static METHOD: Shape = Shape::Map(&[
    Field::new("hmac", Shape::Expression, "HMAC with sha1, sha256 or sha512"),
    Field::new("standard_webhooks", Shape::Bool, "Standard Webhooks, also under Svix's names"),
    Field::new("plain_hash", Shape::Expression, "a plain hash over body and secret"),
    Field::new(
        "public_key",
        Shape::Expression,
        "rsa_sha256, rsa_sha512, rsa_pss_sha256 or ed25519",
    ),
    Field::new("token", Shape::Bool, "the secret itself, in a header"),
    Field::new("bearer", Shape::Bool, "Authorization: Bearer SECRET"),
    Field::new("basic", Shape::Bool, "Authorization: Basic; the secret is `user:password`"),
    Field::new(
        "url_token",
        Shape::Text,
        "the secret in the address: `path`, or a query parameter's name",
    ),
    Field::new("unsigned", Shape::Bool, "nothing is verified: anybody can send"),
    Field::new("when", Shape::Expression, "only for instances with these settings"),
    Field::new("user", Shape::Expression, "basic: the user, where the secret is only the password"),
    Field::new("header", Shape::OneOrMany(&Shape::Expression), "the header with the signature"),
    Field::new("query", Shape::Text, "the query parameter with the signature"),
    Field::new("body", Shape::Text, "the dotted path to the signature in the body"),
    Field::new("encoding", Shape::Expression, "how the signature is written: hex or base64")
        .default("hex"),
    Field::new("prefix", Shape::Expression, "what stands before the signature, as in sha256="),
    Field::new("pairs", PAIRS, "the signature is one of several pairs in its header"),
    Field::new("signed", Shape::Text, "what is signed, as in {{ timestamp }}.{{ body }}")
        .default("{{ body }}"),
    Field::new("id", Shape::Text, "the header with the id that is signed"),
    Field::new("timestamp", TIMESTAMP, "the time that is signed"),
    Field::new(
        "key",
        words(&["utf8", "base64", "hex", "nfkd", "html"]),
        "how the secret becomes the key",
    )
    .default("utf8"),
    Field::new("strip", Shape::Text, "what is taken from the secret's start first"),
    Field::new(
        "keys",
        KEYS,
        "public keys that are the same for everyone, or where they are fetched",
    ),
    Field::new(
        "issued_token",
        Shape::Duration,
        "Authorization: Bearer, with a token that a handshake gave out; how long it lives",
    ),
    Field::new(
        "secret_of",
        SECRET_OF,
        "the secret is one that a handshake gave out; where the sender's id stands",
    ),
    Field::new(
        "tolerance",
        Shape::Int { min: 1, max: 86_400 },
        "standard_webhooks: seconds the time may be off",
    ),
    Field::new(
        "also",
        Shape::OneOrMany(&Shape::Ref("method", another)),
        "another signature, which must hold beside this one",
    ),
]);

fn another() -> &'static Shape {
    &METHOD
}

static TOPIC: Shape = Shape::Map(&[
    Field::new("header", Shape::OneOrMany(&Shape::Text), "the header it stands in"),
    Field::new("body", Shape::Text, "the dotted path to it in the body"),
    Field::new("query", Shape::Text, "the query parameter it stands in"),
]);

static SAY: Shape = Shape::OneOf(&[
    Shape::Text,
    Shape::Open(
        &[
            Field::new(
                "status",
                Shape::Enum(Words::From("status", statuses)),
                "the canonical status",
            )
            .required(),
            Field::new("reason", Shape::Enum(Words::From("reason", reasons)), "why"),
            Field::new("leg", words(&["forward", "rts", "return"]), "the leg it concerns"),
            Field::new("quiet", Shape::Bool, "remembered, never a trigger"),
        ],
        &Shape::Template,
    ),
]);

static RULE: Shape =
    Shape::MapOf(Keys::Enum(Words::From("field of an event", stated)), &Shape::Template);

static ANSWER: Shape = Shape::Map(&[
    Field::new("status", Shape::Int { min: 200, max: 299 }, "the HTTP status").default("200"),
    Field::new("body", Shape::Text, "the body"),
    Field::new("content_type", Shape::Text, "its content type").default("text/plain"),
]);

static HANDSHAKE: Shape = Shape::Map(&[
    Field::new("method", words(&["GET", "HEAD", "POST", "OPTIONS", "PUT"]), "the request's method")
        .required(),
    Field::new("path", Shape::Text, "what stands behind the source's name in the address"),
    Field::new("when", Shape::Expression, "a condition over headers, query and body"),
    Field::new(
        "verify",
        Shape::OneOrMany(&METHOD),
        "how it is verified; then what it is answered may hold `secret` and `token`",
    ),
    Field::new("status", Shape::Int { min: 200, max: 299 }, "the HTTP status").default("200"),
    Field::new("body", Shape::Expression, "what is answered"),
    Field::new("json", Shape::Template, "what is answered, as JSON"),
    Field::new("content_type", Shape::Text, "its content type").default("text/plain"),
]);

/// A whole file.
pub static SHAPE: Shape = Shape::Map(&[
    Field::new("title", Shape::Text, "what people call the system").required(),
    FACTS_KEY,
    SETUP_KEY,
    Field::new("party", PARTY, "who speaks through it").default("fulfilment"),
    Field::new("settings", settings::SHAPE, "what an instance can be told beside its secret"),
    Field::new("topic", TOPIC, "where the kind of webhook stands"),
    Field::new(
        "verify",
        Shape::OneOrMany(&METHOD),
        "how a request is verified; needed without `poll`",
    ),
    LOOKUP_KEY,
    POLL_KEY,
    Field::new(
        "delivery_id",
        Shape::OneOrMany(&Shape::Expression),
        "what tells a repeat: the first that is present",
    ),
    Field::new("account", Shape::Expression, "whose it is, in a feed"),
    Field::new("timezone", Shape::Text, "the zone of times that carry no offset"),
    Field::new("body", words(&["json", "form"]), "how bodies are written").default("json"),
    Field::new("events", Shape::OneOrMany(&RULE), "the rules from payload to event").required(),
    Field::new("statuses", Shape::MapOf(Keys::Any, &SAY), "what each code means"),
    Field::new("answer", ANSWER, "what is answered instead of 202"),
    Field::new(
        "handshake",
        Shape::OneOrMany(&HANDSHAKE),
        "requests that are answered without effect",
    ),
    Field::new("tests", Shape::MapOf(Keys::Any, &TEST), "tests of this file"),
]);
