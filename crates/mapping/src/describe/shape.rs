//! `facts:` and `setup:`, the same in source and destination connectors.

use super::facts::Confirmed;
use crate::text::{Field, Shape, Words};

fn levels() -> Vec<&'static str> {
    Confirmed::ALL.iter().map(|level| level.name()).collect()
}

const SAID: Shape = Shape::Map(&[
    Field::new("en", Shape::Text, "in English"),
    Field::new("de", Shape::Text, "in German"),
]);

static FACTS: Shape = Shape::OneOf(&[
    Shape::Text,
    Shape::Map(&[
        Field::new("title", Shape::Text, "what was read: documents, specifications, code")
            .required(),
        Field::new("revision", Shape::Text, "which version of it"),
        Field::new("read", Shape::Text, "when, as in 2026-11-22"),
        Field::new(
            "confirmed",
            Shape::Enum(Words::From("level", levels)),
            "live: tried with the system; documented: its maker says so; transcribed: from others' \
             code and copies; unverified: nothing says so",
        )
        .required(),
        Field::new(
            "unverified",
            Shape::OneOrMany(&Shape::Text),
            "each thing that is used here although no source, or only a weak one, says so",
        ),
    ]),
]);

static SETUP: Shape = Shape::Map(&[
    Field::new("secret", SAID, "source: where the secret is found, or is made up"),
    Field::new("scopes", Shape::OneOrMany(&Shape::Text), "what the key must be allowed to do"),
    Field::new("en", Shape::OneOrMany(&Shape::Text), "the steps, in English"),
    Field::new("de", Shape::OneOrMany(&Shape::Text), "the same steps, in German"),
    Field::new("guide", Shape::Text, "a page of docs/connectors/ that says more"),
]);

/// `facts:` of a connector.
pub const FACTS_KEY: Field =
    Field::new("facts", FACTS, "where the facts were read, and how well they are confirmed");

/// `setup:` of a connector.
pub const SETUP_KEY: Field =
    Field::new("setup", SETUP, "what is to be done in the other system, in short steps");
