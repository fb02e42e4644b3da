//! Tests inside destination connectors: a message goes through an exchange, and each request is
//! compared with what the file expects.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{Map, Value, taxonomy::Trigger};

use super::{FileTest, compare, given::event_of};
use crate::{
    blocks::outcome::Verdict,
    destination::{
        Batch, BatchStep, DestinationConnector, End, Exchange, Frozen, Learned, ReadyDestination,
        Setup, Step,
        testing::{ALONE, LEFT},
    },
    http::{HttpAnswer, HttpRequest},
    json::{Doc, form},
    text::{Node, Period},
};

/// Runs all tests of a file.
pub fn run(connector: &Arc<DestinationConnector>, file: &Node, now: Timestamp) -> Vec<FileTest> {
    let tests = file.get("tests").into_iter().flat_map(|tests| tests.entries());
    tests
        .map(|(key, test)| FileTest::new(key.text.clone(), &key.span, one(connector, test, now)))
        .collect()
}

/// An exchange as a test sets it up, as often as it is wanted.
pub(super) struct Scene {
    ready: ReadyDestination,
    messages: Vec<(Frozen, Trigger, bool)>,
    what: What,
    /// What is known from a message before.
    learned: Learned,
}

/// What a test tries.
enum What {
    /// One message: `given:` is a map.
    Message,
    /// One request for many: `given:` is a list.
    Batch,
    /// The call that tries credentials.
    Check,
}

impl Scene {
    pub(super) fn of(
        connector: &Arc<DestinationConnector>,
        test: &Node,
        now: Timestamp,
    ) -> Result<Self, String> {
        let ids = match test.get("ids").and_then(Node::to_value) {
            Some(Value::Map(ids)) => ids,
            _ => Map::new(),
        };
        let setup = Setup { settings: settings(connector, test), ids, ..Setup::default() };
        let ready = connector.ready(setup).map_err(|faults| faults.join("; "))?;
        let given = test.get("given").ok_or("it has no `given:` with the fields of an event")?;
        let messages = given.one_or_many().iter().enumerate();
        let messages = messages.map(|(place, given)| message(given, place + 1, now));
        let messages = messages.collect::<Result<Vec<_>, _>>()?;
        let what = match (test.get("check").and_then(Node::as_bool), given.is_list()) {
            (Some(true), _) => What::Check,
            (_, true) if ready.most_together().is_none() => {
                return Err("the file has no `batch:`".to_owned());
            }
            (_, true) => What::Batch,
            (_, false) => What::Message,
        };
        let mut scene = Self { ready, messages, what, learned: Learned::default() };
        scene.learn(&answers(test, "earlier"), now)?;
        Ok(scene)
    }

    /// The same was sent before, and answered like this.
    fn learn(&mut self, earlier: &[HttpAnswer], now: Timestamp) -> Result<(), String> {
        if earlier.is_empty() {
            return Ok(());
        }
        let mut going = self.begin()?;
        let stage = reached(&mut going, earlier, now)?;
        if let Stage::Send(request) = stage {
            let asked = format!("{} {}", request.method, request.url);
            return Err(format!("`earlier:` is answered too little: {asked} has no answer"));
        }
        self.learned.learn(&going.learned());
        Ok(())
    }

    pub(super) fn begin(&self) -> Result<Going, String> {
        let learned = &self.learned;
        Ok(match self.what {
            What::Check => Going::One(self.ready.check().ok_or("the file has no `check:`")?),
            What::Batch => Going::Many(self.ready.batch(self.messages.clone(), learned)),
            What::Message => {
                let (frozen, trigger, backfill) =
                    self.messages.first().cloned().ok_or("`given:` is empty")?;
                Going::One(self.ready.exchange(frozen, trigger, backfill, learned))
            }
        })
    }
}

/// What a test has set going.
pub(super) enum Going {
    One(Exchange),
    Many(Batch),
}

/// How far it is.
#[derive(Debug)]
pub(super) enum Stage {
    Send(HttpRequest),
    /// The verdict for all, and the word and the detail for each.
    End(Verdict, Vec<(&'static str, String)>),
}

impl Going {
    pub(super) fn start(&mut self, now: Timestamp) -> Stage {
        match self {
            Self::One(exchange) => exchange.start(now).into(),
            Self::Many(batch) => batch.start(now).into(),
        }
    }

    pub(super) fn on(&mut self, answer: &HttpAnswer, now: Timestamp) -> Stage {
        match self {
            Self::One(exchange) => exchange.on(answer, now).into(),
            Self::Many(batch) => batch.on(answer, now).into(),
        }
    }

    fn learned(&self) -> Learned {
        match self {
            Self::One(exchange) => exchange.learned(),
            Self::Many(batch) => batch.learned(),
        }
    }
}

impl From<Step> for Stage {
    fn from(step: Step) -> Self {
        match step {
            Step::Send(request) => Self::Send(request),
            Step::Done { verdict, detail } => {
                let name = verdict.name();
                Self::End(verdict, vec![(name, detail)])
            }
        }
    }
}

impl From<BatchStep> for Stage {
    fn from(step: BatchStep) -> Self {
        match step {
            BatchStep::Send(request) => Self::Send(request),
            BatchStep::Done { whole, each } => {
                let each = each.into_iter().map(|end| match end {
                    End::Tried { verdict, detail } => (verdict.name(), detail),
                    End::Alone { detail } => (ALONE, detail),
                    End::Left => (LEFT, String::new()),
                });
                Self::End(whole, each.collect())
            }
        }
    }
}

fn one(connector: &Arc<DestinationConnector>, test: &Node, now: Timestamp) -> Result<(), String> {
    let scene = Scene::of(connector, test, now)?;
    let base_url = scene.ready.base_url();
    // Answers of the requests before the last: lookups and tokens.
    let before = answers(test, "before");
    let stage = reached(&mut scene.begin()?, &before, now)?;
    if let Some(wanted) = test.get("ends") {
        return ended(&stage, wanted);
    }
    let Stage::Send(request) = stage else { return Err(format!("no request is made: {stage:?}")) };
    expected(test, &request, base_url)?;
    for case in test.get("answers").map(Node::one_or_many).unwrap_or_default() {
        let mut going = scene.begin()?;
        reached(&mut going, &before, now)?;
        judge(&mut going, case, now, base_url)?;
    }
    Ok(())
}

/// How far it is when the requests before the last were answered.
fn reached(going: &mut Going, before: &[HttpAnswer], now: Timestamp) -> Result<Stage, String> {
    let mut stage = going.start(now);
    for answer in before {
        if let Stage::End(_, each) = &stage {
            return Err(format!("it ended early: {each:?}"));
        }
        stage = going.on(answer, now);
    }
    Ok(stage)
}

/// What requests are answered: those before the one that is compared (`before`), or those of the
/// same message before (`earlier`).
pub(super) fn answers(test: &Node, key: &str) -> Vec<HttpAnswer> {
    test.get(key).map(Node::one_or_many).unwrap_or_default().iter().map(answer).collect()
}

fn judge(going: &mut Going, case: &Node, now: Timestamp, base_url: &str) -> Result<(), String> {
    let answer = case.get("given").map(answer).ok_or("an answer has no `given:`")?;
    let stage = going.on(&answer, now);
    let here = |why: String| format!("answer {}: {why}", answer.status);
    match (&stage, case.get("then").and_then(Node::as_str)) {
        (Stage::Send(request), Some(wanted)) => addressed(request, wanted, base_url).map_err(here),
        (Stage::Send(_), None) => Err(here("another request is made".to_owned())),
        (Stage::End(..), Some(wanted)) => Err(here(format!("expected {wanted}, found its end"))),
        (Stage::End(..), None) => ended(&stage, case).map_err(here),
    }
}

/// Whether an exchange came to this end: `verdict:` and `detail:` for all, or `verdicts:` and
/// `details:` one by one, and `wait:`, where `alone` and `left` are words beside those of the verdicts.
fn ended(stage: &Stage, wanted: &Node) -> Result<(), String> {
    let Stage::End(whole, each) = stage else {
        return Err("expected an end, found a request".to_owned());
    };
    let text = |key: &str| wanted.get(key).and_then(Node::as_str);
    let texts = |key: &str| -> Option<Vec<&str>> {
        let list = wanted.get(key)?.as_list()?;
        Some(list.iter().map(|node| node.as_str().unwrap_or_default()).collect())
    };
    let usual = if wanted.has("verdicts") { whole.name() } else { "sent" };
    let name = text("verdict").unwrap_or(usual);
    let words: Vec<&str> = each.iter().map(|(word, _)| *word).collect();
    // `alone` and `left` are no verdict for all.
    if whole.name() != name && ![ALONE, LEFT].contains(&name) {
        return Err(format!("expected {name}, found {}", found(whole, each)));
    }
    match texts("verdicts") {
        Some(wanted) if wanted != words => {
            return Err(format!("expected {}, found {}", wanted.join(", "), found(whole, each)));
        }
        None if words.iter().any(|word| *word != name) => {
            return Err(format!("expected {name}, found {}", found(whole, each)));
        }
        Some(_) | None => {}
    }
    let asked = match whole {
        Verdict::Again { after, .. } => *after,
        _ => None,
    };
    let period = text("wait").map(|text| text.parse::<Period>().ok().and_then(Period::seconds));
    if period.is_some_and(|seconds| seconds.map(Duration::from_secs) != asked) {
        return Err(format!("expected another wait than {asked:?}"));
    }
    let details: Vec<&str> = each.iter().map(|(_, detail)| detail.as_str()).collect();
    let wanted = text("detail").map(|one| vec![one; each.len()]).or_else(|| texts("details"));
    match wanted {
        Some(wanted) if wanted != details => Err(format!("expected {wanted:?}, found {details:?}")),
        Some(_) | None => Ok(()),
    }
}

/// How they ended, in words: one word where all ended alike, else what to write.
fn found(whole: &Verdict, each: &[(&'static str, String)]) -> String {
    let said =
        |detail: &str| if detail.is_empty() { String::new() } else { format!(" ({detail})") };
    let Some((first, detail)) = each.first() else { return whole.name().to_owned() };
    if each.iter().any(|(word, _)| word != first) {
        let words: Vec<&str> = each.iter().map(|(word, _)| *word).collect();
        return format!("several ends: write `verdicts: [{}]`", words.join(", "));
    }
    match *first {
        ALONE => format!("alone{}: each is sent again by itself", said(detail)),
        LEFT => "left: none of them was tried".to_owned(),
        word => format!("{word}{}", said(detail)),
    }
}

/// Whether a request goes there; as in the file itself, an address may begin with its path.
fn addressed(request: &HttpRequest, wanted: &str, base_url: &str) -> Result<(), String> {
    let is = format!("{} {}", request.method, request.url);
    let below = request.url.strip_prefix(base_url.trim_end_matches('/'));
    let short = below.map(|path| format!("{} {path}", request.method));
    if is == wanted || short.as_deref() == Some(wanted) {
        return Ok(());
    }
    Err(format!("expected {wanted}, found {is}"))
}

/// The settings of a test; what it does not give is invented.
fn settings(connector: &DestinationConnector, test: &Node) -> Map {
    let mut settings = match test.get("settings").and_then(Node::to_value) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    };
    for setting in connector.settings() {
        if setting.required && settings.get(&setting.name).is_none() {
            let invented = setting.one_of.first().cloned();
            let invented = invented.unwrap_or_else(|| format!("test-{}", setting.name));
            let invented = setting.kind.nothing().unwrap_or(Value::text(invented));
            settings.set(setting.name.clone(), invented);
        }
    }
    settings
}

/// A message as `given:` says it, with an id by its place.
fn message(given: &Node, place: usize, now: Timestamp) -> Result<(Frozen, Trigger, bool), String> {
    let (trigger, mut fields) = event_of(given, &["properties", "values"], now)?;
    let map = |key: &str| match given.get(key).and_then(Node::to_value) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    };
    let (properties, values) = (map("properties"), map("values"));
    let backfill = fields.get("backfill").and_then(Value::as_bool).unwrap_or(false);
    let usual = [("name", trigger.default_names().0.to_owned()), ("id", format!("{place:032}"))];
    for (key, value) in usual {
        if fields.get(key).is_none() {
            fields.set(key, Value::text(value));
        }
    }
    let name = fields.get("name").and_then(Value::as_text).unwrap_or_default().to_owned();
    Ok((Frozen { name, fields, properties, values, trace: None }, trigger, backfill))
}

fn expected(test: &Node, request: &HttpRequest, base_url: &str) -> Result<(), String> {
    if let Some(wanted) = test.get("request").and_then(Node::as_str) {
        addressed(request, wanted, base_url)?;
    }
    for (key, value) in test.get("headers").into_iter().flat_map(|node| node.entries()) {
        let is = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(&key.text));
        let is = is.map(|(_, value)| value.as_str());
        if is != value.as_str() {
            return Err(format!("header {}: found {}", key.text, is.unwrap_or("none")));
        }
    }
    let body = match (test.get("json"), test.get("form")) {
        (Some(_), _) => {
            let doc = Doc::parse(&request.body).map_err(|error| error.to_string())?;
            doc.root().to_value()
        }
        (None, Some(_)) => Some(Value::Map(form::parse(&String::from_utf8_lossy(&request.body)))),
        (None, None) => Doc::parse(&request.body).ok().and_then(|doc| doc.root().to_value()),
    };
    if let Some(wanted) = test.get("json").or(test.get("form")).and_then(Node::to_value) {
        compare(&wanted, body.as_ref())?;
    }
    for path in test.get("without").map(Node::one_or_many).unwrap_or_default() {
        let path = path.as_str().unwrap_or_default();
        let step = |value: &Value, key: &str| match value {
            Value::List(items) => items.get(key.parse::<usize>().ok()?).cloned(),
            Value::Map(map) => map.get(key).cloned(),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) => None,
        };
        let found =
            body.clone().and_then(|body| path.split('.').try_fold(body, |v, key| step(&v, key)));
        if found.is_some() {
            return Err(format!("{path} should not be there"));
        }
    }
    Ok(())
}

pub(super) fn answer(node: &Node) -> HttpAnswer {
    let status = node.get("status").and_then(Node::as_int).and_then(|n| u16::try_from(n).ok());
    let headers = node.get("headers").into_iter().flat_map(|node| node.entries());
    let headers = headers.map(|(key, value)| {
        (key.text.to_lowercase(), value.as_str().unwrap_or_default().to_owned())
    });
    let body = node.get("body").map(Node::to_json_text).unwrap_or_default();
    HttpAnswer {
        status: status.unwrap_or(200),
        headers: headers.collect(),
        body: Bytes::from(body),
        truncated: false,
        took: Duration::ZERO,
    }
}
