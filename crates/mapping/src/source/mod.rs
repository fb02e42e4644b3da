//! A source connector at work: request → verified → topic, delivery id, accounts → events.
//! Must not know: which merchants exist, the store, orders.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{Event, Map, Party, id::SourceName};

use crate::{
    blocks::verify::{Incoming, Refusal, Secret, SecretProblem, Verified},
    text::{Diagnostics, Node},
};

/// A source connector, checked.
#[derive(Debug)]
pub struct SourceConnector {}

/// A connector with one merchant's (or feed's) settings and secrets.
#[derive(Debug)]
pub struct ReadySource {}

/// An accepted request as it is processed.
#[derive(Debug, Clone, Copy)]
pub struct Received<'a> {
    /// The topic that was found when it was received.
    pub topic: Option<&'a str>,
    /// The headers that were kept.
    pub headers: &'a [(String, String)],
    /// The query string, where the connector reads it.
    pub query: &'a str,
    /// The raw bytes.
    pub body: &'a [u8],
    /// A feed's share: only events of these accounts; empty for all.
    pub accounts: &'a [String],
    /// When it was received.
    pub received_at: Timestamp,
    /// The source's name.
    pub source: &'a SourceName,
}

/// What a request said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// Its events, in the order of the file's rules and of the payload.
    pub events: Vec<Event>,
    /// Codes that no row of the table knows, to be counted.
    pub unmapped: Vec<String>,
    /// Why nothing came of it, when there are no events.
    pub useless: Option<Useless>,
    /// Notes for people: a time that could not be read, a rule whose condition was undecided.
    pub notes: Vec<String>,
}

/// Why a verified request has no events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Useless {
    /// Not a body that can be read: `failed: unreadable`.
    Unreadable(String),
    /// Names no order, parcel or return: `failed: no_subject`.
    NoSubject,
    /// No row of the table knows its code: `filtered: unmapped_code`.
    UnmappedCode(String),
    /// No rule is for its topic: `filtered: topic_not_used`.
    TopicNotUsed,
    /// The table says that there is nothing to tell: `filtered: ignored`.
    Ignored,
    /// No rule's condition held: `filtered: no_rule`.
    NoRule,
    /// None of its events is of these accounts: `filtered: other_account`.
    OtherAccount,
}

impl SourceConnector {
    /// Compiles a checked file of this name; all that is wrong goes to `diagnostics`.
    pub fn compile(name: &str, file: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let _ = (name, file, diagnostics);
        todo!()
    }

    /// What kind of party speaks through it.
    pub fn party(&self) -> Party {
        todo!()
    }

    /// Makes it ready for an instance. `settings` are the instance's keys beyond the reserved ones,
    /// already checked against the connector's settings; `secrets` are resolved. `base_address` is
    /// where it is reached (`http.public_url` + path), for signatures over the URL. A share of a
    /// feed has no secrets and never verifies: see [`ReadySource::share`].
    pub fn ready(
        self: &Arc<Self>,
        settings: Map,
        secrets: &[Secret],
        address: &str,
    ) -> Result<ReadySource, Vec<SecretProblem>> {
        let _ = (settings, secrets, address);
        todo!()
    }

    /// A merchant's share of a feed.
    pub fn share(self: &Arc<Self>, settings: Map) -> ReadySource {
        let _ = settings;
        todo!()
    }
}

impl ReadySource {
    /// Who sent the request, or why it is refused; over the raw bytes, before any parsing.
    pub fn verify(&self, request: &Incoming<'_>, now: Timestamp) -> Result<Verified, Refusal> {
        let _ = (request, now);
        todo!()
    }

    /// Its topic, in the connector's own words.
    pub fn topic(&self, request: &Incoming<'_>) -> Option<String> {
        let _ = request;
        todo!()
    }

    /// Its delivery id, from headers or a bounded look into the body.
    pub fn delivery_id(&self, request: &Incoming<'_>) -> Option<String> {
        let _ = request;
        todo!()
    }

    /// The headers that are kept (small letters): those that the connector names, never credentials.
    pub fn kept_headers(&self) -> &[String] {
        todo!()
    }

    /// Whether the query string is kept.
    pub fn keeps_query(&self) -> bool {
        todo!()
    }

    /// For a feed: every account that the request speaks of, each once, in order.
    pub fn accounts(&self, received: &Received<'_>) -> Result<Vec<String>, Useless> {
        let _ = received;
        todo!()
    }

    /// What the request says.
    pub fn read(&self, received: &Received<'_>) -> Reading {
        let _ = received;
        todo!()
    }

    /// What the connector answers instead of the usual 202 and 200, if it says so: status,
    /// content type, body.
    pub fn answer(&self) -> Option<(u16, &str, &str)> {
        todo!()
    }

    /// The answer to a request without effect (HEAD, GET, an unsigned ping), if the connector
    /// knows it: asked before verification. Status, content type, body.
    pub fn handshake(&self, request: &Incoming<'_>) -> Option<(u16, String, String)> {
        let _ = request;
        todo!()
    }
}
