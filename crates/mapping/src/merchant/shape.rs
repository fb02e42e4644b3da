//! What the files of merchants, templates, feeds and mappings look like.

use jiff::tz::TimeZone;
use parcelwire_domain::{id::MerchantId, incident::Kind, taxonomy::Trigger};

use super::alerts::is_mailbox;
use crate::{
    destination::LIMITS,
    settings::words,
    text::{Field, Format, Keys, Shape, Words},
};

pub(super) fn triggers() -> Vec<&'static str> {
    Trigger::all().map(Trigger::name).collect()
}

const TRIGGER: Words = Words::From("trigger", triggers);

static NAME: Format = Format {
    name: "a name of small letters, digits, `-` and `_`",
    accepts: |text| MerchantId::parse(text).is_ok(),
    pattern: Some("^[a-z0-9][a-z0-9_-]{0,62}$"),
    hint: "as in hey-de",
};

static ZONE: Format = Format {
    name: "a time zone",
    accepts: |text| TimeZone::get(text).is_ok(),
    pattern: None,
    hint: "as in Europe/Berlin",
};

static COUNTRY: Format = Format {
    name: "a country's two letters",
    accepts: |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase()),
    pattern: Some("^[A-Z]{2}$"),
    hint: "as in DE",
};

static LANGUAGE: Format = Format {
    name: "a language's letters",
    accepts: |text| {
        (2..=8).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphabetic() || b == b'-')
    },
    pattern: Some("^[A-Za-z-]{2,8}$"),
    hint: "as in de or en",
};

static REGION: Format = Format {
    name: "a region of the country",
    accepts: |text| !text.trim().is_empty() && text.len() <= 40,
    pattern: None,
    hint: "as in BY, or Bayern",
};

static MAILBOX: Format = Format {
    name: "an e-mail address",
    accepts: is_mailbox,
    pattern: Some(r#"^[^@\s<>,;"]+@[^@\s<>,;"]+$"#),
    hint: "as in ops@hey.example",
};

static OFF: Shape = words(&["off"]);
const NAMES: Shape = words(&["en", "de"]);

static SOURCE: Shape = Shape::OneOf(&[
    OFF,
    Shape::Open(
        &[
            Field::new(
                "connector",
                Shape::Text,
                "the connector, where the source has another name",
            ),
            Field::new("secret", Shape::Secret, "env:NAME, file:NAME, or a list while rotating"),
            Field::new(
                "feed",
                Shape::Format(&NAME),
                "the feed it joins, where the source has another name",
            ),
            Field::new("account", Shape::OneOrMany(&Shape::Text), "our number in the feed"),
        ],
        &Shape::Text,
    ),
]);

static DESTINATION: Shape = Shape::OneOf(&[
    OFF,
    Shape::Open(
        &[
            Field::new(
                "connector",
                Shape::Text,
                "the connector, where the destination has another name",
            ),
            Field::new("base_url", Shape::Text, "another address: a sandbox or a proxy"),
            Field::new(
                "limits",
                Shape::OneOf(&[words(&["default", "off"]), LIMITS]),
                "how often it may be called",
            )
            .default("default"),
            Field::new(
                "only",
                Shape::OneOrMany(&Shape::Enum(TRIGGER)),
                "only these triggers, of those that are on",
            ),
            Field::new("names", NAMES, "language of trigger names here"),
            Field::new(
                "ids",
                Shape::MapOf(Keys::Enum(TRIGGER), &Shape::Text),
                "ids that the other system gives to triggers",
            ),
        ],
        &Shape::OneOf(&[Shape::Secret, Shape::MapOf(Keys::Any, &Shape::Any)]),
    ),
]);

/// Who is told that something is wrong.
static ALERTS: Shape = Shape::OneOf(&[
    OFF,
    Shape::Map(&[
        Field::new("to", Shape::OneOrMany(&Shape::Format(&MAILBOX)), "who gets a mail"),
        Field::new(
            "webhook",
            Shape::Map(&[
                Field::new("url", Shape::Text, "where it is sent to").required(),
                Field::new("secret", Shape::Secret, "env:NAME or file:NAME; it begins with whsec_")
                    .required(),
            ]),
            "an address that takes webhooks, signed as Standard Webhooks says",
        ),
        Field::new(
            "kinds",
            Shape::OneOrMany(&Shape::Enum(Words::From("kind of incident", Kind::names))),
            "of what; all of them unless given",
        ),
        Field::new("language", NAMES, "of mails; the shop's `language` unless given"),
    ]),
]);

/// `config/merchants/NAME.yaml` and `config/templates/NAME.yaml`.
pub static MERCHANT: Shape = Shape::Map(&[
    Field::new("extends", Shape::Format(&NAME), "a file in config/templates/"),
    Field::new("name", Shape::Text, "what the shop is called"),
    Field::new("language", Shape::Format(&LANGUAGE), "of customers whose own is not known")
        .default("en"),
    Field::new("names", NAMES, "language of trigger names").default("en"),
    Field::new("timezone", Shape::Format(&ZONE), "the shop's time zone").default("UTC"),
    Field::new("country", Shape::Format(&COUNTRY), "where the shop is: whose holidays count"),
    Field::new("region", Shape::Format(&REGION), "the German state, or the nation of the UK"),
    Field::new("state", words(&["off", "test", "live"]), "whether anything is sent")
        .default("live"),
    Field::new("testers", Shape::OneOrMany(&Shape::Text), "who receives anything in state test"),
    Field::new("sources", Shape::MapOf(Keys::Format(&NAME), &SOURCE), "where webhooks come from"),
    Field::new(
        "destinations",
        Shape::MapOf(Keys::Format(&NAME), &DESTINATION),
        "where triggers go",
    ),
    Field::new("mapping", Shape::Format(&NAME), "the mapping that decides what is sent")
        .default("default"),
    Field::new("holds", words(&["default", "off"]), "short waits for something better")
        .default("default"),
    Field::new("alerts", ALERTS, "who is told when something is wrong"),
    Field::new(
        "after",
        Shape::MapOf(Keys::Enum(TRIGGER), &AFTER),
        "after how long triggers of absence fire; wins over the mapping's",
    ),
    Field::new(
        "values",
        Shape::MapOf(Keys::Any, &Shape::Any),
        "values for the mapping's expressions",
    ),
]);

/// `config/feeds/NAME.yaml`.
pub static FEED: Shape = Shape::Open(
    &[
        Field::new("connector", Shape::Text, "the connector, where the feed has another name"),
        Field::new(
            "secret",
            Shape::Secret,
            "env:NAME, file:NAME, or a list while rotating; left out where it is only polled",
        ),
    ],
    &Shape::Text,
);

static PROPERTIES: Shape = Shape::MapOf(Keys::Any, &Shape::Template);

/// How long a trigger of absence waits.
const AFTER: Shape = Shape::OneOf(&[
    Shape::Duration,
    Shape::Map(&[
        Field::new("domestic", Shape::Duration, "for parcels within the shop's country"),
        Field::new(
            "abroad",
            Shape::Duration,
            "for parcels to another country, or to an unknown one",
        ),
    ]),
]);

static TRIGGER_RULES: Shape = Shape::OneOf(&[
    Shape::Expression,
    Shape::Map(&[
        Field::new("name", Shape::Expression, "the event's name in the marketing tool"),
        Field::new("when", Shape::Expression, "only where this holds"),
        Field::new(
            "purpose",
            words(&["transactional", "promotional"]),
            "what kind of message it starts",
        )
        .default("transactional"),
        Field::new("properties", PROPERTIES, "what is told beside what all triggers tell"),
        Field::new("max_age", Shape::Duration, "older facts are no news"),
        Field::new("hold", Shape::Duration, "a short wait for something better"),
        Field::new(
            "only_from",
            Shape::OneOrMany(&words(&["shop", "fulfilment", "carrier", "returns"])),
            "who is believed",
        ),
        Field::new(
            "once_per",
            words(&["parcel", "order"]),
            "for what it fires once: parcel, and in_transit order, unless given",
        ),
        Field::new("after", AFTER, "for triggers of absence: after how long"),
    ]),
]);

static TEST: Shape = Shape::Map(&[
    Field::new(
        "given",
        Shape::MapOf(Keys::Any, &Shape::Any),
        "the fields of an event; an e-mail and a time are added",
    )
    .required(),
    Field::new(
        "sends",
        Shape::MapOf(Keys::Any, &Shape::Any),
        "what is sent: `name`, `properties`; fewer fields may be named",
    ),
    Field::new("filtered", Shape::Text, "the rule that stops it"),
    Field::new("names", NAMES, "language of trigger names"),
    Field::new("values", Shape::MapOf(Keys::Any, &Shape::Any), "the merchant's own values"),
    Field::new(
        "settings",
        Shape::MapOf(Keys::Any, &Shape::Any),
        "settings of the destination it goes to",
    ),
]);

/// `mappings/NAME.yaml`.
pub static MAPPING: Shape = Shape::Map(&[
    Field::new("extends", Shape::Format(&NAME), "another mapping").default("default"),
    Field::new("names", NAMES, "language of trigger names; the merchant's wins"),
    Field::new(
        "values",
        Shape::MapOf(Keys::Any, &Shape::Any),
        "values for expressions; the merchant's win",
    ),
    Field::new("when", Shape::Expression, "for every trigger"),
    Field::new("properties", PROPERTIES, "what every trigger tells"),
    Field::new(
        "triggers",
        Shape::MapOf(Keys::Enum(TRIGGER), &TRIGGER_RULES),
        "names, and what is on or off",
    ),
    Field::new("tests", Shape::MapOf(Keys::Any, &TEST), "tests of this file"),
]);
