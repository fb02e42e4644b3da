//! Tests of what a source asks: the requests of its `lookup:` and `poll:` are compared with what the
//! test expects, and answered with what it gives.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{Value, id::SourceName};

use super::source::{configured, judge};
use crate::{
    blocks::verify::{Headers, Incoming},
    http::{HttpAnswer, HttpRequest},
    source::{
        Answered, LookupFault, LookupStep, PollStep, Reading, ReadySource, Received,
        SourceConnector,
    },
    text::Node,
};

/// Largest answer of a test.
const MOST_BYTES: usize = 5 << 20;

/// An answer that a test came to.
#[derive(Debug)]
pub(super) enum Found {
    Nothing,
    Body(Bytes),
    Failed(LookupFault),
    /// The test ends here, as it said.
    Ended,
}

impl Found {
    pub(super) fn answered(&self) -> Option<Answered<'_>> {
        match self {
            Self::Nothing | Self::Ended => None,
            Self::Body(body) => Some(Answered::Body(body)),
            Self::Failed(fault) => Some(Answered::Failed(*fault)),
        }
    }
}

/// Looks up what a test's webhook needs, with the answers of the test.
pub(super) fn look_up(
    ready: &ReadySource,
    received: &Received<'_>,
    test: &Node,
    now: Timestamp,
) -> Result<Found, String> {
    let stated = test.get("lookup");
    if !ready.needs_answer(received) {
        return match stated {
            Some(_) => Err("nothing is looked up about it".to_owned()),
            None => Ok(Found::Nothing),
        };
    }
    let Ok(mut looking) = ready.look_up(received, MOST_BYTES) else {
        return Ok(Found::Failed(LookupFault::Refused));
    };
    let asked = shown(looking.request());
    let Some(stated) = stated else {
        return Err(format!("it is looked up by {asked}: say so by `lookup:` in the test"));
    };
    expected(stated, looking.request())?;
    for (place, answer) in
        stated.get("answers").map(Node::one_or_many).unwrap_or_default().iter().enumerate()
    {
        match looking.on(&canned(answer), now) {
            LookupStep::Send(request) => follows(stated, place, &request)?,
            LookupStep::Answered(body) => return last(stated, place, Found::Body(body)),
            LookupStep::Failed(fault, _) => return last(stated, place, Found::Failed(fault)),
            LookupStep::Again(verdict, detail) => {
                return ended(stated, verdict.name(), &detail).map(|()| Found::Ended);
            }
        }
    }
    Err("the test has no further answer in `lookup.answers`".to_owned())
}

/// Runs a test of `poll:`: its pages, what they say, and what is remembered of them.
pub(super) fn poll(
    connector: &Arc<SourceConnector>,
    test: &Node,
    stated: &Node,
    now: Timestamp,
) -> Result<(), String> {
    let ready = connector.share(configured(connector, test)?.0);
    let text = |key: &str| stated.get(key).and_then(Node::as_str);
    let now = text("now").and_then(|now| now.parse().ok()).unwrap_or(now);
    let mut round = ready.poll(text("cursor"), now)?;
    expected(stated, round.request())?;
    let (mut reading, mut ids, mut cursor) = (Reading::default(), Vec::new(), None);
    let answers = stated.get("answers").map(Node::one_or_many).unwrap_or_default();
    for (place, answer) in answers.iter().enumerate() {
        let page = match round.on(&canned(answer), now) {
            PollStep::Page(page) => page,
            PollStep::Failed(verdict, detail) => return ended(stated, verdict.name(), &detail),
        };
        for item in page.items {
            ids.extend(item.delivery_id.map(Value::text));
            let request = Incoming::post(Headers::new(&[]), &item.body);
            let topic = item.topic.or_else(|| ready.topic(&request));
            add(&mut reading, read(&ready, topic.as_deref(), &item.body, now));
        }
        cursor = page.cursor.or(cursor);
        match page.next {
            Some(request) => follows(stated, place, &request)?,
            None if place + 1 < answers.len() => {
                return Err("no further page is asked for".to_owned());
            }
            None => {}
        }
    }
    if let Some(wanted) = text("next").filter(|wanted| cursor.as_deref() != Some(wanted)) {
        let is = cursor.unwrap_or_else(|| "nothing".to_owned());
        return Err(format!("next: expected {wanted}, found {is}"));
    }
    if let Some(wanted) = stated.get("ids").and_then(Node::to_value) {
        super::compare(&wanted, Some(&Value::List(ids.into())))?;
    }
    judge(test, &reading)
}

fn read(ready: &ReadySource, topic: Option<&str>, body: &[u8], now: Timestamp) -> Reading {
    let source = SourceName::parse("test").expect("it is a name");
    ready.read(&Received {
        topic,
        headers: &[],
        query: "",
        body,
        accounts: &[],
        received_at: now,
        source: &source,
    })
}

/// What several items say, as one reading; why one of them is useless, where all are.
fn add(all: &mut Reading, one: Reading) {
    all.events.extend(one.events);
    all.unmapped.extend(one.unmapped);
    all.notes.extend(one.notes);
    all.useless = if all.events.is_empty() { one.useless.or(all.useless.take()) } else { None };
}

fn shown(request: &HttpRequest) -> String {
    format!("{} {}", request.method, request.url)
}

fn expected(stated: &Node, request: &HttpRequest) -> Result<(), String> {
    let is = shown(request);
    match stated.get("request").and_then(Node::as_str) {
        Some(wanted) if wanted != is => return Err(format!("expected {wanted}, found {is}")),
        _ => {}
    }
    for (key, value) in stated.get("headers").into_iter().flat_map(|node| node.entries()) {
        let is = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key.text));
        let is = is.map(|(_, value)| value.as_str());
        if is != value.as_str() {
            return Err(format!("header {}: found {}", key.text, is.unwrap_or("none")));
        }
    }
    Ok(())
}

/// Whether the request after an answer is the one that the next answer is for.
fn follows(stated: &Node, place: usize, request: &HttpRequest) -> Result<(), String> {
    let answers = stated.get("answers").map(Node::one_or_many).unwrap_or_default();
    match answers.get(place + 1) {
        Some(answer) => expected(answer, request),
        None => Err(format!("{} is asked for, and the test has no answer", shown(request))),
    }
}

fn last(stated: &Node, place: usize, found: Found) -> Result<Found, String> {
    let answers = stated.get("answers").map(Node::one_or_many).unwrap_or_default();
    if place + 1 < answers.len() {
        return Err("no further page is asked for".to_owned());
    }
    Ok(found)
}

/// Whether a test expects to be asked again, and why.
fn ended(stated: &Node, verdict: &str, detail: &str) -> Result<(), String> {
    match stated.get("is").and_then(Node::as_str) {
        Some(wanted) if wanted == verdict => Ok(()),
        Some(wanted) => Err(format!("expected {wanted}, found {verdict} ({detail})")),
        None => Err(format!("it came to {verdict} ({detail})")),
    }
}

fn canned(node: &Node) -> HttpAnswer {
    let status = node.get("status").and_then(Node::as_int).and_then(|n| u16::try_from(n).ok());
    let headers = node.get("headers").into_iter().flat_map(|node| node.entries());
    let headers = headers.map(|(key, value)| {
        (key.text.to_lowercase(), value.as_str().unwrap_or_default().to_owned())
    });
    let text = node.get("text").and_then(Node::as_str).map(str::to_owned);
    let body = node.get("json").map(Node::to_json_text).or(text).unwrap_or_default();
    HttpAnswer {
        status: status.unwrap_or(200),
        headers: headers.collect(),
        body: Bytes::from(body),
        truncated: false,
        took: Duration::ZERO,
    }
}
