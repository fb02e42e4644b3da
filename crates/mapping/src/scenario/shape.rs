//! What a scenario's file looks like.

use parcelwire_domain::taxonomy::{FIELDS, Trigger};

use crate::text::{Field, Format, Keys, Shape, Words};

fn triggers() -> Vec<&'static str> {
    Trigger::all().map(Trigger::name).collect()
}

fn fields() -> Vec<&'static str> {
    let own = ["status", "reason", "leg", "from", "occurred_at"];
    own.into_iter()
        .chain(FIELDS.iter().filter(|field| field.stated).map(|field| field.name))
        .collect()
}

static TIME: Format = Format {
    name: "a time",
    accepts: |text| !text.trim().is_empty(),
    pattern: None,
    hint: "as in 2026-11-16 09:00, or +2d 4h after the beginning",
};

static FACT: Shape = Shape::MapOf(Keys::Enum(Words::From("field", fields)), &Shape::Any);

static HOOK: Shape = Shape::Map(&[
    Field::new("source", Shape::Text, "the merchant's source it comes through").required(),
    Field::new("topic", Shape::Text, "its topic"),
    Field::new("headers", Shape::MapOf(Keys::Any, &Shape::Text), "its headers"),
    Field::new("body", Shape::Any, "its body, as a map or as a text").required(),
]);

static STEP: Shape = Shape::Map(&[
    Field::new("at", Shape::Format(&TIME), "when it reaches the relay").required(),
    Field::new("hook", HOOK, "a webhook of one of the merchant's sources"),
    Field::new("fact", FACT, "a fact in canonical words; `from:` says who states it"),
    Field::new(
        "import",
        FACT,
        "a fact from before the relay was connected, as an import brings it",
    ),
    Field::new("down", Shape::Duration, "for so long the relay is not running"),
]);

static SENT: Shape = Shape::Map(&[
    Field::new("at", Shape::Format(&TIME), "when, to the minute"),
    Field::new("trigger", Shape::Enum(Words::From("trigger", triggers)), "the trigger").required(),
    Field::new("name", Shape::Text, "its name in the marketing tool"),
    Field::new("to", Shape::Text, "the recipient's address, else id or phone number"),
    Field::new("destination", Shape::Text, "the merchant's destination"),
    Field::new("order", Shape::Text, "the order's number"),
    Field::new("tracking_number", Shape::Text, "the parcel's tracking number"),
    Field::new("backfill", Shape::Bool, "whether it starts nothing"),
    Field::new("properties", Shape::MapOf(Keys::Any, &Shape::Any), "some of its properties"),
]);

/// `scenarios/NAME.yaml`.
pub static SHAPE: Shape = Shape::Map(&[
    Field::new("title", Shape::Text, "what it is about").required(),
    Field::new(
        "mapping",
        Shape::OneOf(&[Shape::Text, Shape::MapOf(Keys::Any, &Shape::Any)]),
        "a mapping's name, or its content; a merchant is made up around it",
    ),
    Field::new(
        "with",
        Shape::MapOf(Keys::Any, &Shape::Any),
        "other keys of the made-up merchant's file, as in config/merchants/",
    ),
    Field::new("merchant", Shape::Text, "one of the configured merchants"),
    Field::new("timezone", Shape::Text, "where its times are read").default("Europe/Berlin"),
    Field::new("begins", Shape::Format(&TIME), "the time that `+` counts from").required(),
    Field::new("ends", Shape::Format(&TIME), "when nobody looks any more")
        .default("30 days after the last step"),
    Field::new("about", FACT, "what all of its facts have in common"),
    Field::new("story", Shape::List(&STEP), "what happens").required(),
    Field::new("sends", Shape::List(&SENT), "the messages that are expected, and no others")
        .required(),
]);
