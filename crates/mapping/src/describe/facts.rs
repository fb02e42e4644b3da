//! How well what a connector says of the other system is confirmed.

use serde::Serialize;

use super::{text, texts};
use crate::text::Node;

/// How a fact is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confirmed {
    /// Tried with the system itself, or with its maker's own test environment.
    Live,
    /// Its maker's documentation, specification or code says so.
    Documented,
    /// Read in others' code, in copies, in payloads that somebody published.
    Transcribed,
    /// Nothing says so; it was concluded.
    Unverified,
}

/// What a connector rests on.
#[derive(Debug, Default, Serialize)]
pub struct Facts {
    /// What was read.
    pub title: String,
    /// Which version of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<String>,
    /// How well all that is not listed as unverified is confirmed; nothing where the file does
    /// not say.
    pub confirmed: Option<Confirmed>,
    /// What is used although nothing, or only something weak, says so.
    pub unverified: Vec<String>,
}

impl Confirmed {
    /// All levels, the best first.
    pub const ALL: [Self; 4] = [Self::Live, Self::Documented, Self::Transcribed, Self::Unverified];

    /// The word in files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Documented => "documented",
            Self::Transcribed => "transcribed",
            Self::Unverified => "unverified",
        }
    }

    /// What the word means.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Live => "tried with the system itself",
            Self::Documented => "its maker's documentation, specification or code says so",
            Self::Transcribed => "read in others' code, in copies or in published payloads",
            Self::Unverified => "nothing says so; it was concluded",
        }
    }
}

impl Facts {
    pub(super) fn of(node: Option<&Node>) -> Self {
        let Some(node) = node else { return Self::default() };
        if let Some(words) = node.as_str() {
            return Self::of_text(words);
        }
        let level = text(node, "confirmed");
        Self {
            title: text(node, "title").unwrap_or_default(),
            revision: text(node, "revision"),
            read: text(node, "read"),
            confirmed: Confirmed::ALL.into_iter().find(|one| level.as_deref() == Some(one.name())),
            unverified: texts(node, "unverified"),
        }
    }

    /// A text may end with what is unverified.
    fn of_text(words: &str) -> Self {
        let (title, unverified) = match words.split_once("Unverified:") {
            Some((title, rest)) => (title, vec![rest.trim().to_owned()]),
            None => (words, Vec::new()),
        };
        Self { title: title.trim().to_owned(), unverified, ..Self::default() }
    }

    /// How well they are confirmed, in a few words.
    pub fn in_short(&self) -> String {
        let level = self.confirmed.map_or("not stated", Confirmed::name);
        match self.unverified.len() {
            0 => level.to_owned(),
            n => format!("{level}, {n} unverified"),
        }
    }
}
