//! A dry run of one payload: what would be said to whom, decided as it is for real. No store is
//! read, no signature asked for.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    Event, Map, Value,
    id::{MerchantKey, OccurrenceId, ReceiptId, SourceName},
    silence::Hearing,
    taxonomy::Trigger,
};
use parcelwire_mapping::{
    blocks::{
        outcome::Verdict,
        verify::{Headers, Incoming},
    },
    destination::{Frozen, Learned, MAX_REQUESTS, ReadyDestination, Step},
    http::HttpRequest,
    merchant::{Candidate, Merchant},
    source::{LookupFault, Reading, ReadySource, Received, Useless},
};

use crate::{
    Hook, Messages, Target,
    lookup::answered,
    ports::{Commit, KeptAnswer, NewMessage, NewReceipt, Owner, Recalled, Revision, StoryLine},
    process::decide::{Case, Decide},
    receive::Verified,
};

/// The receipt of a payload that nobody sent.
const RECEIPT: ReceiptId = ReceiptId::from_bits(0);

/// Largest answer that would be read.
const MAX_ANSWER_BYTES: usize = 5 << 20;

/// A payload to try.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The topic, where the connector does not find it itself.
    pub topic: Option<&'a str>,
    /// Headers, names in small letters.
    pub headers: &'a [(String, String)],
    /// The body.
    pub body: &'a [u8],
    /// What another system answered that is asked about it: one page of it.
    pub answer: Option<&'a [u8]>,
}

/// The receipt of a webhook that is taken for verified: for stories that are lived on a store of
/// their own.
pub fn receipt(
    merchant: &Merchant,
    source: &SourceName,
    id: ReceiptId,
    headers: &[(&str, &str)],
    body: Bytes,
    now: Timestamp,
) -> Option<NewReceipt> {
    let known = merchant.sources.get(source)?;
    let verified = Verified {
        id,
        owner: Owner::Merchant(merchant.id.clone()),
        source: source.clone(),
        received_at: now,
        method: "nothing",
    };
    let target = Target::Source { merchant: merchant.id.as_str(), source: source.as_str() };
    let client = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let hook = Hook { target, method: "POST", path: "", query: "", headers, body, client };
    let request = Incoming::post(Headers::new(headers), &hook.body);
    let receipt = verified.receipt(&known.ready, &hook, &request);
    let accounts = known.feed.as_ref().map(|(_, accounts)| accounts.clone());
    Some(NewReceipt { accounts: accounts.unwrap_or_default(), ..receipt })
}

/// What would happen: `events`, `triggers`, `requests`, `notes`.
pub fn map(merchant: &Merchant, source: &SourceName, payload: &Payload<'_>, now: Timestamp) -> Map {
    let mut told = Told::default();
    let Some(known) = merchant.sources.get(source) else {
        told.notes.push(format!("the merchant has no source `{source}`"));
        return told.answer();
    };
    let received = Received {
        topic: payload.topic,
        headers: payload.headers,
        query: "",
        body: payload.body,
        accounts: known.feed.as_ref().map_or(&[], |(_, accounts)| accounts.as_slice()),
        received_at: now,
        source,
    };
    let kept = told.asked(&known.ready, &received, payload.answer);
    let reading = known.ready.read_with(&received, kept.as_ref().map(answered));
    told.reading(&reading);
    told.topic(&known.ready, payload, &reading);
    let key = MerchantKey::of(&[0; 32], &merchant.id);
    let recalled = Recalled::default();
    let decide =
        Decide::new(merchant, &key, &Messages::Live, Hearing::default(), &recalled, &[], now);
    let decide = decide.receipt(&Case { receipt: RECEIPT, source }, &reading);
    for (index, event) in (0..).zip(&reading.events) {
        if let Some(view) = decide.view((RECEIPT, index)) {
            told.events.push(Value::Map(complete(merchant, source, event, view, now)));
        }
    }
    told.commit(merchant, &decide.finish(), now);
    told.answer()
}

/// The whole canonical event, with what the merchant's files add to it.
fn complete(
    merchant: &Merchant,
    source: &SourceName,
    event: &Event,
    mut view: Map,
    now: Timestamp,
) -> Map {
    let trigger = Trigger::Status(event.status);
    let happened = event.occurred_at.latest().min(event.received_at);
    let max_age = merchant.triggers.get(&trigger).map(|rules| rules.max_age);
    let until = max_age.and_then(|age| happened.checked_add(age).ok());
    if until.is_some_and(|until| until < now) {
        view.set("late", Value::Bool(true));
    }
    let candidate = Candidate {
        trigger,
        occurrence: OccurrenceId::from_bytes([0; 16]),
        view: &view,
        source,
        backfill: false,
        objection: None,
        test: false,
    };
    let mut whole = merchant.complete(&candidate, now);
    // These belong to a message, and an id to the store that keeps its key.
    whole.remove("id");
    whole.remove("backfill");
    if event.quiet {
        whole.set("quiet", Value::Bool(true));
    }
    whole
}

/// What is told of a payload.
#[derive(Default)]
struct Told {
    events: Vec<Value>,
    triggers: Vec<Value>,
    requests: Vec<Value>,
    notes: Vec<String>,
}

impl Told {
    /// What is asked about the payload, as far as it was given.
    fn asked(
        &mut self,
        source: &ReadySource,
        received: &Received<'_>,
        answer: Option<&[u8]>,
    ) -> Option<KeptAnswer> {
        if !source.needs_answer(received) {
            if answer.is_some() {
                self.notes.push("nothing is looked up about it: the answer is not used".to_owned());
            }
            return None;
        }
        let looking = match source.look_up(received, MAX_ANSWER_BYTES) {
            Ok(looking) => looking,
            Err(why) => {
                self.notes.push(why);
                return Some(KeptAnswer::Failed(LookupFault::Refused.name().to_owned()));
            }
        };
        let request = looking.request();
        let asked = format!("{} {}", request.method, source.mask(&request.url));
        match answer {
            Some(page) => {
                self.notes.push(format!("looked up: {asked}, answered as given"));
                Some(KeptAnswer::Body(looking.kept(page)))
            }
            None => {
                self.notes.push(format!("it would be looked up first: {asked}"));
                None
            }
        }
    }

    fn reading(&mut self, reading: &Reading) {
        self.notes.extend(reading.notes.iter().cloned());
        self.notes.extend(reading.unmapped.iter().map(|code| format!("unmapped code: {code}")));
        if let Some(useless) = &reading.useless {
            let (outcome, rule) = useless.outcome();
            self.notes.push(format!("{outcome}: {rule}"));
        }
    }

    /// Says how a topic is given that stands in a header and is not there.
    fn topic(&mut self, source: &ReadySource, payload: &Payload<'_>, reading: &Reading) {
        let is_missing = payload.topic.is_none() && reading.useless == Some(Useless::TopicNotUsed);
        if let Some(header) = source.connector().topic_header().filter(|_| is_missing) {
            self.notes.push(format!(
                "the topic is missing: it stands in the header `{header}`; give it by --topic or --header '{header}: …'"
            ));
        }
    }

    fn commit(&mut self, merchant: &Merchant, commit: &Commit, now: Timestamp) {
        for line in &commit.story {
            self.line(line);
        }
        for message in &commit.messages {
            let mut revisions = commit.revisions.iter();
            let cancelled = revisions.find_map(|revision| match revision {
                Revision::Cancel { message: of, why } => (*of == message.id).then_some(why),
                Revision::Backfill { .. } | Revision::Refill { .. } => None,
            });
            let (trigger, destination) = (message.trigger.name(), &message.destination);
            match cancelled {
                Some(why) => self.notes.push(format!("{trigger} to {destination}: {why}")),
                None => self.message(merchant, message, now),
            }
        }
    }

    fn line(&mut self, line: &StoryLine) {
        if line.outcome == "parked" {
            self.notes.push(format!("{}: parked until a recipient is known", line.status));
        } else if line.decisions.is_empty() {
            self.notes.push(format!("{}: {}", line.status, line.rule));
        }
        for decision in line.decisions.iter().filter(|decision| decision.message.is_none()) {
            let trigger = decision.trigger.name();
            let to = decision.destination.as_ref().map(|to| format!(" to {to}"));
            let why = Some(&decision.detail).filter(|detail| !detail.is_empty());
            let why = why.map(|detail| format!(" ({detail})"));
            let (to, why) = (to.unwrap_or_default(), why.unwrap_or_default());
            self.notes.push(format!("{trigger}{to}: {}{why}", decision.decision));
        }
    }

    fn message(&mut self, merchant: &Merchant, message: &NewMessage, now: Timestamp) {
        let Some(target) = merchant.destinations.get(&message.destination) else { return };
        let Some(frozen) = Frozen::read(&message.frozen) else { return };
        let mut trigger = Map::new();
        trigger.set("trigger", Value::text(message.trigger.name()));
        trigger.set("name", Value::text(frozen.name.clone()));
        trigger.set("destination", Value::text(message.destination.as_str()));
        self.triggers.push(Value::Map(trigger));
        if message.backfill {
            let note = "recorded, starts nothing: too old, or behind a later step";
            let (trigger, to) = (message.trigger.name(), &message.destination);
            self.notes.push(format!("{trigger} to {to}: {note}"));
        }
        let target = &target.ready;
        let learned = Learned::default();
        let mut exchange = target.exchange(frozen, message.trigger, message.backfill, &learned);
        // All requests of the exchange, as if each were answered well.
        let mut step = exchange.start(now);
        for _ in 0..=MAX_REQUESTS {
            match step {
                Step::Send(request) => {
                    self.requests.push(shown(&request, message.destination.as_str(), target));
                    step = exchange.assume(now);
                }
                Step::Done { verdict: Verdict::Sent, .. } => return,
                Step::Done { detail, .. } => {
                    self.notes.push(detail);
                    return;
                }
            }
        }
    }

    fn answer(self) -> Map {
        let mut answer = Map::new();
        answer.set("events", Value::List(self.events.into()));
        answer.set("triggers", Value::List(self.triggers.into()));
        answer.set("requests", Value::List(self.requests.into()));
        answer.set("notes", Value::List(self.notes.into_iter().map(Value::text).collect()));
        answer
    }
}

fn shown(request: &HttpRequest, destination: &str, target: &ReadyDestination) -> Value {
    let mask = |text: &str| target.mask(text);
    let mut shown = Map::new();
    shown.set("destination", Value::text(destination));
    shown.set("method", Value::text(request.method.clone()));
    shown.set("url", Value::text(mask(&request.url)));
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        headers.set(name.clone(), Value::text(target.mask_header(name, value)));
    }
    shown.set("headers", Value::Map(headers));
    let text = mask(&String::from_utf8_lossy(&request.body));
    let body = parcelwire_mapping::json::Doc::parse(text.as_bytes());
    let body = body.ok().and_then(|doc| doc.root().to_value()).unwrap_or(Value::text(text));
    shown.set("body", body);
    Value::Map(shown)
}
