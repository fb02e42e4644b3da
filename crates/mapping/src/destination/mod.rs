//! A destination connector at work: one exchange without I/O over the slots token, lookup,
//! profile, send. Must not know: who sends the requests, when a message is tried again.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{Map, taxonomy::Trigger};

use crate::{
    blocks::{limits::Limits, outcome::Verdict},
    http::{HttpAnswer, HttpRequest},
    text::{Diagnostics, Node},
};

/// A destination connector, checked.
#[derive(Debug)]
pub struct DestinationConnector {}

/// A connector with one merchant's settings and credentials.
#[derive(Debug)]
pub struct ReadyDestination {}

/// What to make it ready with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The connector's settings, secrets resolved.
    pub settings: Map,
    /// Another base URL (operator files only).
    pub base_url: Option<String>,
    /// Other limits than the connector's; `Some(Limits::OFF)` for `limits: off`.
    pub limits: Option<Limits>,
    /// `ids:` triggers to ids the other system needs.
    pub ids: Map,
}

/// A message as it was frozen when it was made. Its JSON is what the store keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct Frozen {
    /// The name the merchant chose.
    pub name: String,
    /// The event's flat fields (`id`, `trigger`, `name`, `email`, `occurred_at`, …).
    pub fields: Map,
    /// The mapping's properties, evaluated.
    pub properties: Map,
    /// The mapping's values.
    pub values: Map,
}

/// One message on its way.
#[derive(Debug)]
pub struct Exchange {}

/// What an exchange wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send this, and hand over the answer.
    Send(HttpRequest),
    /// It is over.
    Done {
        /// What it came to.
        verdict: Verdict,
        /// Plain words for people; names no person and no secret.
        detail: String,
    },
}

/// What one exchange learned for the next (a token, ids that were looked up). Kept in memory by
/// whoever sends, per destination and settings.
#[derive(Debug, Clone, Default)]
pub struct Learned {}

impl Frozen {
    /// As the store keeps it.
    pub fn write(&self) -> Vec<u8> {
        todo!()
    }

    /// Reads what [`Frozen::write`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let _ = bytes;
        todo!()
    }
}

impl DestinationConnector {
    /// Compiles a checked file of this name; all that is wrong goes to `diagnostics`.
    pub fn compile(name: &str, file: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let _ = (name, file, diagnostics);
        todo!()
    }

    /// Whether it can record something without starting anything.
    pub fn backfills(&self) -> bool {
        todo!()
    }

    /// Makes it ready for a merchant's destination; what is wrong with the settings comes back as
    /// sentences with the setting's name (required ones missing, patterns, unknown ones).
    pub fn ready(self: &Arc<Self>, setup: Setup) -> Result<ReadyDestination, Vec<String>> {
        let _ = setup;
        todo!()
    }
}

impl ReadyDestination {
    /// See [`DestinationConnector::backfills`].
    pub fn backfills(&self) -> bool {
        todo!()
    }

    /// How often it may be called.
    pub fn limits(&self) -> Limits {
        todo!()
    }

    /// 128 bits over host and credentials: destinations with the same share one limit.
    pub fn credential(&self) -> [u8; 16] {
        todo!()
    }

    /// A hash over settings and connector: a paused destination is tried at once when it changes.
    pub fn fingerprint(&self) -> String {
        todo!()
    }

    /// Begins to send a message. `backfill` is as it stands now; `trigger` for `ids:`.
    pub fn exchange(
        &self,
        frozen: &Frozen,
        trigger: Trigger,
        backfill: bool,
        learned: &Learned,
    ) -> Exchange {
        let _ = (frozen, trigger, backfill, learned);
        todo!()
    }

    /// The connector's check of the credentials, where it has one.
    pub fn check(&self) -> Option<Exchange> {
        todo!()
    }

    /// `text` with every secret of this destination masked: for what people are shown.
    pub fn mask(&self, text: &str) -> String {
        let _ = text;
        todo!()
    }
}

impl Exchange {
    /// The first step.
    pub fn start(&mut self, now: Timestamp) -> Step {
        let _ = now;
        todo!()
    }

    /// The step after an answer.
    pub fn on(&mut self, answer: &HttpAnswer, now: Timestamp) -> Step {
        let _ = (answer, now);
        todo!()
    }

    /// What it learned on the way.
    pub fn learned(&self) -> Learned {
        todo!()
    }
}
