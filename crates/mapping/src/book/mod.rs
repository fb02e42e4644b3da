//! Files → [`Book`]: everything that rule files say, compiled, with the last good version of what
//! is broken. Pure: who reads files and secrets is not known here.

mod accounts;
mod alerts;
mod chain;
mod compile;
mod instance;
mod merchant;
mod plain_http;
mod secrets;
mod shelf;
mod sources;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::Arc};

use parcelwire_domain::{
    Map,
    id::{FeedName, MerchantId, SourceName},
};

use crate::{
    destination::{self, DestinationConnector},
    merchant::{Mapping, Merchant, shape},
    source::{self, ReadySource, SourceConnector},
    text::{Shape, json_schema},
};

pub use secrets::{Invented, SecretRef, Secrets};
pub(crate) use shelf::in_force;

/// What kind of file it is; the folder tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileKind {
    /// `connectors/sources/NAME.yaml`
    SourceConnector,
    /// `connectors/destinations/NAME.yaml`
    DestinationConnector,
    /// `mappings/NAME.yaml`
    Mapping,
    /// `config/merchants/NAME.yaml`
    Merchant,
    /// `config/templates/NAME.yaml`
    Template,
    /// `config/feeds/NAME.yaml`
    Feed,
}

impl FileKind {
    /// All kinds, with the word for each in commands.
    pub const ALL: [(&'static str, Self); 6] = [
        ("source", Self::SourceConnector),
        ("destination", Self::DestinationConnector),
        ("mapping", Self::Mapping),
        ("merchant", Self::Merchant),
        ("template", Self::Template),
        ("feed", Self::Feed),
    ];

    /// What such a file looks like.
    pub fn shape(self) -> &'static Shape {
        match self {
            Self::SourceConnector => &source::SHAPE,
            Self::DestinationConnector => &destination::SHAPE,
            Self::Mapping => &shape::MAPPING,
            Self::Merchant | Self::Template => &shape::MERCHANT,
            Self::Feed => &shape::FEED,
        }
    }

    /// Its JSON Schema.
    pub fn schema(self) -> serde_json::Value {
        let title = Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("", |(name, _)| name);
        json_schema(self.shape(), title)
    }
}

/// One file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleFile {
    /// Its kind.
    pub kind: FileKind,
    /// Its name without folder and `.yaml`.
    pub name: String,
    /// Its path, for messages.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What else compiling depends on.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `http.public_url`, without a slash at the end.
    pub public_url: String,
    /// Whether `http://` may be used to this host: `egress.allow` names its network.
    pub plain_http: Vec<String>,
}

/// All rule files, compiled. A copy shares what is compiled.
#[derive(Debug, Default, Clone)]
pub struct Book {
    /// Merchants.
    pub merchants: BTreeMap<MerchantId, Entry>,
    /// Feeds.
    pub feeds: BTreeMap<FeedName, Arc<Feed>>,
    /// Source connectors by name.
    pub sources: BTreeMap<String, Arc<SourceConnector>>,
    /// Destination connectors by name.
    pub destinations: BTreeMap<String, Arc<DestinationConnector>>,
    /// Mappings by name.
    pub mappings: BTreeMap<String, Arc<Mapping>>,
}

/// A merchant's place in the book.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Compiled; `stale` when its file is broken now and this is the last good version.
    Ready {
        /// The merchant.
        merchant: Arc<Merchant>,
        /// Whether a newer version is broken.
        stale: bool,
    },
    /// Broken from the start.
    Misconfigured,
}

/// One feed.
#[derive(Debug)]
pub struct Feed {
    /// The connector with the feed's secrets.
    pub source: ReadySource,
    /// The connector's name.
    pub connector: String,
    /// Its settings, which its shares have too.
    pub settings: Map,
    /// Whose the accounts are.
    pub accounts: BTreeMap<String, (MerchantId, SourceName)>,
}

impl Book {
    /// The merchant of this id, if its files are in order.
    pub fn merchant(&self, id: &str) -> Option<&Arc<Merchant>> {
        match self.merchants.get(id)? {
            Entry::Ready { merchant, .. } => Some(merchant),
            Entry::Misconfigured => None,
        }
    }
}
