//! What can go wrong, and with what.

use serde::{Deserialize, Serialize};

use crate::id::{DestinationName, FeedName, SourceName};

/// A kind of incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Another system refuses a key: a destination's, or that of what a source asks.
    KeyRefused,
    /// A source or carrier is quiet for longer than usual.
    SourceSilent,
    /// No webhook is accepted any more, though some usually are.
    NothingAccepted,
    /// Messages were given up.
    DeadLetters,
    /// Something waits for too long.
    Backlog,
    /// A source says what no table knows.
    UnmappedCodes,
    /// The store cannot be written.
    StoreFailing,
    /// Nothing: somebody tries whether notices arrive.
    Test,
}

impl Kind {
    /// All that can go wrong.
    pub const ALL: [Self; 7] = [
        Self::KeyRefused,
        Self::SourceSilent,
        Self::NothingAccepted,
        Self::DeadLetters,
        Self::Backlog,
        Self::UnmappedCodes,
        Self::StoreFailing,
    ];

    /// The word for it in files, the API and notices.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyRefused => "key_refused",
            Self::SourceSilent => "source_silent",
            Self::NothingAccepted => "nothing_accepted",
            Self::DeadLetters => "dead_letters",
            Self::Backlog => "backlog",
            Self::UnmappedCodes => "unmapped_codes",
            Self::StoreFailing => "store_failing",
            Self::Test => "test",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// All names.
    pub fn names() -> Vec<&'static str> {
        Self::ALL.into_iter().map(Self::name).collect()
    }

    /// Whether it tells of something that happened, and not of a state that may pass by itself.
    pub(super) fn happened(self) -> bool {
        match self {
            Self::DeadLetters | Self::UnmappedCodes | Self::Test => true,
            Self::KeyRefused
            | Self::SourceSilent
            | Self::NothingAccepted
            | Self::Backlog
            | Self::StoreFailing => false,
        }
    }
}

/// With what it goes wrong.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "name")]
pub enum Thing {
    /// With the merchant, or the relay, as a whole.
    Whole,
    /// With a source.
    Source(SourceName),
    /// With a destination.
    Destination(DestinationName),
    /// With a carrier, by its slug.
    Carrier(String),
    /// With a feed.
    Feed(FeedName),
}

impl Thing {
    /// The word for what it is; nothing for the whole.
    pub fn what(&self) -> Option<&'static str> {
        match self {
            Self::Whole => None,
            Self::Source(_) => Some("source"),
            Self::Destination(_) => Some("destination"),
            Self::Carrier(_) => Some("carrier"),
            Self::Feed(_) => Some("feed"),
        }
    }

    /// Its name; nothing for the whole.
    pub fn name(&self) -> &str {
        match self {
            Self::Whole => "",
            Self::Source(name) => name.as_str(),
            Self::Destination(name) => name.as_str(),
            Self::Carrier(slug) => slug,
            Self::Feed(name) => name.as_str(),
        }
    }
}

/// In which language it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// German.
    De,
}

impl Language {
    /// `de`, also as in `de-AT`; everything else is told in English.
    pub fn of(text: &str) -> Self {
        let first = text.split('-').next().unwrap_or_default();
        if first.eq_ignore_ascii_case("de") { Self::De } else { Self::En }
    }
}
