//! A source connector at work: request → verified → topic, delivery id, accounts → events.
//! Must not know: which merchants exist, the store, orders.

mod brings;
mod closed;
mod coerce;
mod handshake;
mod incoming;
mod inquiry;
mod kept;
mod lookup;
mod names;
mod poll;
mod request;
mod rule;
mod shape;
mod statuses;
mod testing;
#[cfg(test)]
mod tests;
mod time;
mod verify;

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};
use parcelwire_domain::{Event, Map, Party, Value, id::SourceName};

use crate::{
    blocks::verify::{MethodSpec, Secret, SecretProblem, Verifier},
    draft,
    expr::Template,
    json::{Doc, Unreadable, form},
    settings::{self, Setting},
    text::{Diagnostics, Node, check},
};
use handshake::{Gates, Handshake, handshakes, status};
use lookup::{Kept, Lookup};
use poll::Poll;
use request::{DeliveryId, Payload, TopicAt};
use rule::{Around, Found, Rule};
use statuses::Statuses;
use verify::Verify;

pub(crate) use coerce::fit;
pub use handshake::HandshakeAnswer;
pub use lookup::{Answered, LookingUp, LookupFault, LookupStep};
pub use poll::{Item, Page, PollStep, Round};
pub use shape::SHAPE;
pub(crate) use time::moment;

/// Keys of a source in a merchant's or feed's file that are not the connector's settings.
pub const RESERVED: [&str; 4] = ["connector", "secret", "feed", "account"];

/// A source connector, checked.
#[derive(Debug)]
pub struct SourceConnector {
    title: String,
    party: Party,
    settings: Vec<Setting>,
    topic: Option<TopicAt>,
    verify: Option<Verify>,
    lookup: Option<Lookup>,
    poll: Option<Poll>,
    delivery_id: DeliveryId,
    account: Option<Template>,
    zone: Option<TimeZone>,
    is_form: bool,
    rules: Vec<Rule>,
    statuses: Statuses,
    answer: Option<(u16, String, String)>,
    handshakes: Vec<Handshake>,
    kept_headers: Vec<String>,
    keeps_query: bool,
}

/// A connector with one merchant's (or feed's) settings and secrets.
#[derive(Debug, Clone)]
pub struct ReadySource {
    connector: Arc<SourceConnector>,
    settings: Map,
    verifier: Option<Verifier>,
    address: String,
    /// What handshakes answer, and to whom.
    gates: Gates,
}

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
    /// Of each event, the line of the connector's file that gave it its status: `path:line`.
    pub lines: Vec<Arc<str>>,
    /// Codes that no row of the table knows, to be counted.
    pub unmapped: Vec<String>,
    /// Codes that the table says are to be ignored, each once.
    pub ignored: Vec<String>,
    /// Why nothing came of it, when there are no events.
    pub useless: Option<Useless>,
    /// Whether an event beside these names no order, parcel or return.
    pub no_subject: bool,
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
    /// What had to be asked about it has no answer: `failed: lookup_…`.
    Lookup(LookupFault),
}

impl SourceConnector {
    /// Compiles a file; all that is wrong goes to `diagnostics`.
    pub fn compile(file: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut found = Diagnostics::default();
        // A mistake of form hides no mistake in an expression: all are told at once.
        let formed = check(&SHAPE, file, &mut found);
        let connector = Self::checked(file, &mut found);
        let sound = formed && !found.has_errors();
        diagnostics.append(found);
        connector.filter(|_| sound)
    }

    fn checked(file: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let settings = settings::compile(file, &RESERVED, diagnostics);
        let scope = request::scope(&settings);
        let topic = TopicAt::compile(file, &scope, diagnostics);
        let verify = Verify::compile(file, &scope, diagnostics);
        let lookup = Lookup::compile(file, &scope, diagnostics);
        let poll = Poll::compile(file, diagnostics);
        let delivery_id = DeliveryId::compile(file, &scope, diagnostics);
        let account =
            file.get("account").and_then(|node| draft::template(node, &scope, diagnostics));
        let zone = file.get("timezone").and_then(|node| rule::time_zone(node, diagnostics));
        let scope = match lookup.as_ref().and_then(Option::as_ref) {
            Some(lookup) => lookup.scope(scope),
            None => scope,
        };
        let statuses = Statuses::compile(file, &scope, diagnostics);
        let nodes = file.get("events").map(Node::one_or_many).unwrap_or_default();
        let rules: Vec<Option<Rule>> =
            nodes.iter().map(|node| Rule::compile(node, &scope, diagnostics)).collect();
        let handshakes = handshakes(file, &scope, diagnostics);
        let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let answer = file.get("answer").map(|node| {
            let kind = text(node, "content_type").unwrap_or_else(|| "text/plain".to_owned());
            (status(node, 200), kind, text(node, "body").unwrap_or_default())
        });
        let party = match file.get("party").and_then(Node::as_str) {
            Some("shop") => Party::Shop,
            Some("carrier") => Party::Carrier,
            Some("returns") => Party::Returns,
            _ => Party::Fulfilment,
        };
        let mut connector = Self {
            title: text(file, "title").unwrap_or_default(),
            party,
            settings,
            topic,
            verify: poll::where_hooked(file, verify, diagnostics)?,
            lookup: flatten(lookup)?,
            poll: flatten(poll)?,
            delivery_id,
            account,
            zone,
            is_form: file.get("body").and_then(Node::as_str) == Some("form"),
            rules: rules.into_iter().collect::<Option<_>>()?,
            statuses,
            answer,
            handshakes,
            kept_headers: Vec::new(),
            keeps_query: false,
        };
        (connector.kept_headers, connector.keeps_query) =
            kept::of(file, connector.topic.as_ref(), &connector.delivery_id);
        Some(connector)
    }

    /// What people call the system.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What kind of party speaks through it.
    pub fn party(&self) -> Party {
        self.party
    }

    /// The settings beside the secret.
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// The header in which the topic stands, where it is one.
    pub fn topic_header(&self) -> Option<&str> {
        match self.topic.as_ref()? {
            TopicAt::Header(names) => names.first().map(String::as_str),
            TopicAt::Query(_) | TopicAt::Body(_) => None,
        }
    }

    /// The header in which a sender puts its delivery id, where it is one: the first that is asked.
    pub fn delivery_headers(&self) -> Vec<String> {
        let first = self.delivery_id.reads().find_map(|read| match read.path.as_slice() {
            [root, name, ..] if root == "headers" => Some(name.to_lowercase()),
            _ => None,
        });
        first.into_iter().collect()
    }

    /// The codes of its table, as written.
    pub fn codes(&self) -> &[String] {
        self.statuses.codes()
    }

    /// Whether it can be the connector of a feed.
    pub fn splits(&self) -> bool {
        self.account.is_some()
    }

    /// The signature method for an instance with these settings (complete: see
    /// [`settings::check`]).
    pub fn method(&self, settings: &Map) -> Result<MethodSpec, Vec<String>> {
        let none = || vec!["no webhooks of it come in: it is polled".to_owned()];
        self.verify.as_ref().ok_or_else(none)?.method(settings)
    }

    /// One of its ways to verify under such settings, by the name of the method or its place.
    pub fn method_by(&self, settings: &Map, name: &str) -> Result<MethodSpec, String> {
        let none = || "no webhooks of it come in: it is polled".to_owned();
        self.verify.as_ref().ok_or_else(none)?.method_by(settings, name)
    }

    /// Makes it ready for an instance. `settings` are complete and checked; `secrets` resolved;
    /// `address` is where it is reached, for signatures over the URL.
    pub fn ready(
        self: &Arc<Self>,
        settings: Map,
        secrets: &[Secret],
        address: &str,
    ) -> Result<ReadySource, NotReady> {
        let method = self.method(&settings).map_err(NotReady::Settings)?;
        let verifier = method.verifier(secrets).map_err(NotReady::Secrets)?;
        let gates = Gates::of(&self.handshakes, &settings, &method, secrets)?;
        Ok(ReadySource {
            connector: Arc::clone(self),
            settings,
            verifier: Some(verifier),
            address: address.to_owned(),
            gates,
        })
    }

    /// A merchant's share of a feed, or a source that is only polled: it is never verified itself.
    pub fn share(self: &Arc<Self>, settings: Map) -> ReadySource {
        ReadySource {
            connector: Arc::clone(self),
            settings,
            verifier: None,
            address: String::new(),
            gates: Gates::default(),
        }
    }
}

/// Why a source cannot be made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReady {
    /// The settings do not go together; sentences for people.
    Settings(Vec<String>),
    /// Secrets that cannot be used.
    Secrets(Vec<SecretProblem>),
}

impl ReadySource {
    /// The connector.
    pub fn connector(&self) -> &Arc<SourceConnector> {
        &self.connector
    }

    /// The headers that are kept (small letters): those that the connector names, never credentials.
    pub fn kept_headers(&self) -> &[String] {
        &self.connector.kept_headers
    }

    /// Whether the query string is kept.
    pub fn keeps_query(&self) -> bool {
        self.connector.keeps_query
    }

    /// For a feed: every account that the request speaks of, each once, in order.
    pub fn accounts(&self, received: &Received<'_>) -> Result<Vec<String>, Useless> {
        let payload = self.payload(received.body)?;
        if self.has_lookup() {
            // What is asked belongs to a merchant, who is found first.
            return Ok(self.account_of(&payload, received).into_iter().collect());
        }
        let found = self.run(&payload, &Received { accounts: &[], ..*received }, &Kept::default());
        if found.accounts.is_empty() {
            return Err(self.why_not(&found, received));
        }
        Ok(found.accounts)
    }

    /// What the request says.
    pub fn read(&self, received: &Received<'_>) -> Reading {
        self.read_with(received, None)
    }

    /// What the request says together with what was asked about it.
    pub fn read_with(&self, received: &Received<'_>, answer: Option<Answered<'_>>) -> Reading {
        let useless = |useless| Reading { useless: Some(useless), ..Reading::default() };
        let payload = match self.payload(received.body) {
            Ok(payload) => payload,
            Err(unreadable) => return useless(unreadable),
        };
        let kept = match answer {
            Some(Answered::Failed(fault)) => return useless(Useless::Lookup(fault)),
            Some(Answered::Body(body)) => Kept::read(Some(body)),
            None => Kept::default(),
        };
        let mut found = self.run(&payload, received, &kept);
        let useless = found.events.is_empty().then(|| self.why_not(&found, received));
        found.notes.dedup();
        found.unmapped.append(&mut found.finer);
        Reading {
            no_subject: found.no_subject && useless.is_none(),
            events: found.events,
            lines: found.lines,
            unmapped: found.unmapped,
            ignored: found.ignored,
            useless,
            notes: found.notes,
        }
    }

    fn payload(&self, body: &[u8]) -> Result<Payload, Useless> {
        let unreadable = |why: Unreadable| Useless::Unreadable(why.to_string());
        if self.connector.is_form {
            let text = std::str::from_utf8(body)
                .map_err(|e| unreadable(Unreadable::NotUtf8 { at: e.valid_up_to() }))?;
            if text.trim().is_empty() {
                return Err(unreadable(Unreadable::Empty));
            }
            return Ok(Payload::Form(form::parse(text)));
        }
        Doc::parse(body).map(Payload::Json).map_err(unreadable)
    }

    fn run(&self, payload: &Payload, received: &Received<'_>, kept: &Kept) -> Found {
        let connector = &self.connector;
        let query = request::query(received.query);
        let mut env = self.answer_in(self.env(payload, received, &query), kept);
        let around = Around {
            statuses: &connector.statuses,
            party: connector.party,
            zone: connector.zone.as_ref(),
            account: connector.account.as_ref(),
        };
        let mut found = Found::default();
        for rule in connector.rules.iter().filter(|rule| rule.is_for(received.topic)) {
            rule.run(&mut env, &around, received, &mut found);
        }
        if env.over_limit() {
            found.notes.push("a limit was reached: not everything in the body was read".to_owned());
        }
        found
    }

    fn why_not(&self, found: &Found, received: &Received<'_>) -> Useless {
        let any_rule = self.connector.rules.iter().any(|rule| rule.is_for(received.topic));
        match found {
            _ if !any_rule => Useless::TopicNotUsed,
            Found { no_subject: true, .. } => Useless::NoSubject,
            Found { unmapped, .. } if !unmapped.is_empty() => {
                Useless::UnmappedCode(unmapped.first().cloned().unwrap_or_default())
            }
            Found { ignored, .. } if !ignored.is_empty() => Useless::Ignored,
            Found { other_account: true, .. } => Useless::OtherAccount,
            _ => Useless::NoRule,
        }
    }

    /// What the connector answers instead of the usual 202 and 200, if it says so: status,
    /// content type, body.
    pub fn answer(&self) -> Option<(u16, &str, &str)> {
        let (status, kind, body) = self.connector.answer.as_ref()?;
        Some((*status, kind, body))
    }
}

/// A key that is absent is fine; one that did not compile is not.
#[expect(clippy::option_option, reason = "the outer one says whether the key stands there")]
fn flatten<T>(key: Option<Option<T>>) -> Option<Option<T>> {
    match key {
        None => Some(None),
        Some(compiled) => compiled.map(Some),
    }
}

impl Useless {
    /// `failed` or `filtered`, and the rule's name.
    pub fn outcome(&self) -> (&'static str, &'static str) {
        match self {
            Self::Unreadable(_) => ("failed", "unreadable"),
            Self::NoSubject => ("failed", "no_subject"),
            Self::UnmappedCode(_) => ("filtered", "unmapped_code"),
            Self::TopicNotUsed => ("filtered", "topic_not_used"),
            Self::Ignored => ("filtered", "ignored"),
            Self::NoRule => ("filtered", "no_rule"),
            Self::OtherAccount => ("filtered", "other_account"),
            Self::Lookup(fault) => ("failed", fault.name()),
        }
    }
}

/// An event as flat fields, under the names of the taxonomy: what `map` prints and lists show.
pub fn flat(event: &Event) -> Map {
    let mut flat = Map::new();
    flat.set("status", Value::text(event.status.name()));
    flat.set_some("reason", event.reason.map(|reason| Value::text(reason.name())));
    flat.set("leg", Value::text(event.leg.name()));
    flat.set("phase", Value::text(event.status.row().phase.name()));
    flat.set("occurred_at", Value::text(event.occurred_at.to_rfc3339()));
    flat.set("time_precision", Value::text(event.occurred_at.precision.name()));
    if event.quiet {
        flat.set("quiet", Value::Bool(true));
    }
    for (name, value) in event.fields.iter() {
        flat.set(name, value.clone());
    }
    flat
}
