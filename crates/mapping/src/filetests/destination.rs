//! Tests inside destination connectors: a message goes through an exchange, and each request is
//! compared with what the file expects.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{Map, Value, taxonomy::Trigger};

use super::{FileTest, compare, given::event};
use crate::{
    destination::{DestinationConnector, Frozen, Learned, Setup, Step},
    http::{HttpAnswer, HttpRequest},
    json::{Doc, form},
    text::Node,
};

/// Runs all tests of a file.
pub fn run(connector: &Arc<DestinationConnector>, file: &Node, now: Timestamp) -> Vec<FileTest> {
    let tests = file.get("tests").into_iter().flat_map(|tests| tests.entries());
    tests
        .map(|(key, test)| FileTest::new(key.text.clone(), &key.span, one(connector, test, now)))
        .collect()
}

fn one(connector: &Arc<DestinationConnector>, test: &Node, now: Timestamp) -> Result<(), String> {
    let ids = match test.get("ids").and_then(Node::to_value) {
        Some(Value::Map(ids)) => ids,
        _ => Map::new(),
    };
    let setup = Setup { settings: settings(connector, test), ids, ..Setup::default() };
    let ready = connector.ready(setup).map_err(|faults| faults.join("; "))?;
    let (frozen, trigger, backfill) = given(test, now)?;
    let begin = || match test.get("check").and_then(Node::as_bool) {
        Some(true) => ready.check().ok_or("the file has no `check:`"),
        _ => Ok(ready.exchange(frozen.clone(), trigger, backfill, &Learned::default())),
    };
    let mut exchange = begin()?;
    // Answers of the requests before the last: lookups and tokens.
    let before: Vec<HttpAnswer> =
        test.get("before").map(Node::one_or_many).unwrap_or_default().iter().map(answer).collect();
    let mut step = exchange.start(now);
    for answer in &before {
        if let Step::Done { detail, .. } = &step {
            return Err(format!("it ended early: {detail}"));
        }
        step = exchange.on(answer, now);
    }
    if let Some(wanted) = test.get("ends") {
        return ended(&step, wanted);
    }
    let Step::Send(request) = step else { return Err(format!("no request is made: {step:?}")) };
    expected(test, &request, ready.base_url())?;
    for case in test.get("answers").map(Node::one_or_many).unwrap_or_default() {
        judge(&mut begin()?, &before, case, now, ready.base_url())?;
    }
    Ok(())
}

fn judge(
    exchange: &mut crate::destination::Exchange,
    before: &[HttpAnswer],
    case: &Node,
    now: Timestamp,
    base_url: &str,
) -> Result<(), String> {
    exchange.start(now);
    for answer in before {
        exchange.on(answer, now);
    }
    let answer = case.get("given").map(answer).ok_or("an answer has no `given:`")?;
    let step = exchange.on(&answer, now);
    let here = |why: String| format!("answer {}: {why}", answer.status);
    match (&step, case.get("then").and_then(Node::as_str)) {
        (Step::Send(request), Some(wanted)) => addressed(request, wanted, base_url).map_err(here),
        (Step::Send(_), None) => Err(here("another request is made".to_owned())),
        (Step::Done { .. }, Some(wanted)) => Err(here(format!("expected {wanted}, found its end"))),
        (Step::Done { .. }, None) => ended(&step, case).map_err(here),
    }
}

/// Whether an exchange came to this end.
fn ended(step: &Step, wanted: &Node) -> Result<(), String> {
    let Step::Done { verdict, detail } = step else {
        return Err("expected an end, found a request".to_owned());
    };
    let name = wanted.get("verdict").and_then(Node::as_str).unwrap_or("sent");
    if verdict.name() != name {
        return Err(format!("expected {name}, found {} ({detail})", verdict.name()));
    }
    match wanted.get("detail").and_then(Node::as_str) {
        Some(wanted) if wanted != detail => Err(format!("expected `{wanted}`, found `{detail}`")),
        _ => Ok(()),
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
            settings.set(setting.name.clone(), Value::text(invented));
        }
    }
    settings
}

fn given(test: &Node, now: Timestamp) -> Result<(Frozen, Trigger, bool), String> {
    let (trigger, mut fields) = event(test, &["properties", "values"], now)?;
    let map = |key: &str| match test.get("given").and_then(|given| given.get(key)?.to_value()) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    };
    let (properties, values) = (map("properties"), map("values"));
    let backfill = fields.get("backfill").and_then(Value::as_bool).unwrap_or(false);
    let usual = [("name", trigger.default_names().0), ("id", "00000000000000000000000000000001")];
    for (key, value) in usual {
        if fields.get(key).is_none() {
            fields.set(key, Value::text(value));
        }
    }
    let name = fields.get("name").and_then(Value::as_text).unwrap_or_default().to_owned();
    Ok((Frozen { name, fields, properties, values }, trigger, backfill))
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

fn answer(node: &Node) -> HttpAnswer {
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
