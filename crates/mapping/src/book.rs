//! Files → [`Book`]: everything that rule files say, compiled, with the last good version of what
//! is broken. Pure: who reads files and secrets is not known here.

use std::{collections::BTreeMap, sync::Arc};

use parcelwire_domain::id::{FeedName, MerchantId, SourceName};

use crate::{blocks::verify::Secret, merchant::Merchant, source::ReadySource, text::Diagnostics};

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

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// `env:NAME`
    Env(String),
    /// `file:NAME`, below `secrets.path`.
    File(String),
    /// In the file itself.
    Literal(String),
}

/// Finds secrets; the edge implements it. `check` brings one that invents them.
pub trait Secrets {
    /// The secret, or what is wrong and what to do, naming the place and never the value.
    fn find(&self, place: &SecretRef) -> Result<Secret, String>;

    /// Whether these are real: invented ones are not tested against patterns.
    fn are_real(&self) -> bool;
}

/// What else compiling depends on.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// `http.public_url`, without a slash at the end.
    pub public_url: String,
    /// `egress.allow`, to judge `http://` addresses: networks as written.
    pub egress_allow: Vec<String>,
}

/// All rule files, compiled.
#[derive(Debug, Default)]
pub struct Book {
    /// Merchants.
    pub merchants: BTreeMap<MerchantId, Entry>,
    /// Feeds.
    pub feeds: BTreeMap<FeedName, Arc<Feed>>,
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
    /// Whose the accounts are.
    pub accounts: BTreeMap<String, (MerchantId, SourceName)>,
}

impl Book {
    /// Compiles `files` (the shipped ones come first; a later file of the same kind and name
    /// wins). What is broken keeps its place from `last`.
    pub fn compile(
        files: &[RuleFile],
        secrets: &dyn Secrets,
        around: &Surroundings,
        last: Option<&Self>,
    ) -> (Self, Diagnostics) {
        let _ = (files, secrets, around, last);
        todo!()
    }
}
