//! Tests inside source connectors: the runner signs the body itself with an invented secret and
//! goes the way of a real request, from verification to events.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use jiff::Timestamp;
use parcelwire_domain::{Event, Map, Value, id::SourceName};

use super::{FileTest, asking, compare};
use crate::{
    blocks::{
        encode::percent_encode,
        sign::Invented,
        verify::{Headers, Incoming, MethodSpec},
    },
    json::Doc,
    settings,
    source::{Reading, ReadySource, Received, SourceConnector, flat},
    text::{Diagnostic, Node},
};

/// Where the source of a test is reached.
pub(super) const PATH: &str = "/hooks/merchant/source";
/// Begins a line with what the connector noted on the way.
const NOTE: &str = "note: ";
/// Of what the secrets of tests are made.
const SEED: &str = "a test in a file";

/// Runs all tests of a file.
pub fn run(connector: &Arc<SourceConnector>, file: &Node, now: Timestamp) -> Vec<FileTest> {
    tests(connector, file, now).0
}

/// Runs all tests of a file; tells the rows of its table that no test has.
pub(super) fn run_all(
    connector: &Arc<SourceConnector>,
    file: &Node,
    now: Timestamp,
) -> (Vec<FileTest>, Option<Diagnostic>) {
    let (tests, untested) = tests(connector, file, now);
    let statuses = file.entry("statuses").filter(|_| !untested.is_empty());
    let doubt = statuses.map(|(key, _)| {
        let message = format!("no test has these codes: {}", untested.join(", "));
        Diagnostic::warning(&key.span, message)
            .hint("one test with `rows:` has a line for each of them")
    });
    (tests, doubt)
}

/// The tests as they went, and the codes of the table that none of them had.
fn tests(
    connector: &Arc<SourceConnector>,
    file: &Node,
    now: Timestamp,
) -> (Vec<FileTest>, Vec<String>) {
    let mut done = Vec::new();
    let mut codes: Vec<String> =
        connector.codes().iter().map(|code| code.trim().to_lowercase()).collect();
    for (key, test) in file.get("tests").into_iter().flat_map(|tests| tests.entries()) {
        if let Some(rows) = test.get("rows") {
            for (code, expect) in rows.get("expect").iter().flat_map(|node| node.entries()) {
                codes.retain(|known| *known != code.text.trim().to_lowercase());
                let outcome = row(connector, rows, (&code.text, expect), now, &mut codes);
                let name = format!("{}: {}", key.text, code.text);
                done.push(FileTest::new(name, &code.span, outcome));
            }
        } else {
            let outcome = one(connector, test, now, &mut codes);
            done.push(FileTest::new(key.text.clone(), &key.span, outcome));
        }
    }
    tell_once(&mut done);
    (done, codes)
}

/// What many tests noted alike has one cause: the first of them tells it, with their number.
fn tell_once(tests: &mut [FileTest]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    let notes = tests.iter().filter_map(|test| test.failure.as_deref()).flat_map(str::lines);
    for note in notes.filter(|line| line.starts_with(NOTE)) {
        *counts.entry(note.to_owned()).or_default() += 1;
    }
    for failure in tests.iter_mut().filter_map(|test| test.failure.as_mut()) {
        let lines = failure.lines().filter_map(|line| match counts.get_mut(line) {
            None => Some(line.to_owned()),
            Some(0) => None,
            Some(count) => Some(match std::mem::take(count) {
                1 => line.to_owned(),
                tests => format!("{line} (in {tests} tests)"),
            }),
        });
        *failure = lines.collect::<Vec<_>>().join("\n");
    }
}

fn one(
    connector: &Arc<SourceConnector>,
    test: &Node,
    now: Timestamp,
    codes: &mut Vec<String>,
) -> Result<(), String> {
    let body = match test.get("body") {
        Some(node) => node.as_str().map_or_else(|| node.to_json_text(), str::to_owned),
        None if ["answers", "refused", "poll"].iter().any(|key| test.has(key)) => String::new(),
        None => return Err("it has no `body:`".to_owned()),
    };
    if let Some(stated) = test.get("poll") {
        return asking::poll(connector, test, stated, now);
    }
    if test.has("answers") || test.has("refused") {
        return super::unsigned::run(connector, test, body.as_bytes(), now);
    }
    if let Some(key) = ["path", "method"].into_iter().find(|key| test.has(key)) {
        return Err(format!("`{key}:` is for tests with `answers:` or `refused:`"));
    }
    let now = time_of(test, now)?;
    let Some(reading) = read(connector, test, body.into_bytes(), now)? else { return Ok(()) };
    // A code may be the topic itself, and may be there to be ignored.
    if let Some(topic) = test.get("topic").and_then(Node::as_str) {
        codes.retain(|known| *known != topic.to_lowercase());
    }
    strike(codes, &reading);
    judge(test, &reading)
}

/// Strikes out the codes that these events had: what stands in a payload may be put together first.
fn strike(codes: &mut Vec<String>, reading: &Reading) {
    for event in &reading.events {
        if let Some(code) = event.fields.get("raw_code").and_then(Value::as_id) {
            codes.retain(|known| *known != code.to_lowercase());
        }
    }
    codes.retain(|known| !reading.ignored.iter().any(|code| code.to_lowercase() == *known));
}

pub(super) fn judge(test: &Node, reading: &Reading) -> Result<(), String> {
    let found = reading.useless.as_ref().map(|useless| useless.outcome());
    for outcome in ["failed", "filtered"] {
        if let Some(expected) = test.get(outcome).and_then(Node::as_str) {
            return if found == Some((outcome, expected)) {
                Ok(())
            } else {
                Err(format!("expected {outcome}: {expected}, found {}", describe(reading)))
            };
        }
    }
    let Some(Value::List(expected)) = test.get("events").and_then(Node::to_value) else {
        return Err("it says nothing to expect: `events:`, `failed:` or `filtered:`".to_owned());
    };
    let actual: Vec<Value> = reading.events.iter().map(|event| Value::Map(flat(event))).collect();
    compare(&Value::List(expected), Some(&Value::List(actual.into()))).map_err(|why| match &reading
        .useless
    {
        Some(_) => format!("{why}\n{}", describe(reading)),
        None => why,
    })
}

/// What came of a test's request, with what the connector noted on the way.
fn describe(reading: &Reading) -> String {
    let found = match &reading.useless {
        Some(useless) => {
            let (outcome, rule) = useless.outcome();
            format!("{outcome}: {rule}")
        }
        None => format!("{} events", reading.events.len()),
    };
    let notes = reading.notes.iter().map(|note| format!("{NOTE}{note}"));
    std::iter::once(found).chain(notes).collect::<Vec<_>>().join("\n")
}

fn row(
    connector: &Arc<SourceConnector>,
    rows: &Node,
    (code, expect): (&str, &Node),
    now: Timestamp,
    codes: &mut Vec<String>,
) -> Result<(), String> {
    let mut body = rows.get("body").and_then(Node::to_value).unwrap_or(Value::Map(Map::new()));
    if let Some(path) = rows.get("code_at").and_then(Node::as_str) {
        let path: Vec<&str> = path.split('.').collect();
        put(&mut body, &path, Value::text(code))
            .map_err(|()| "`code_at` leads nowhere".to_owned())?;
    }
    let reading = read(connector, rows, body.to_json().into_bytes(), now)?;
    let reading = reading.ok_or("it is asked again later")?;
    strike(codes, &reading);
    let wanted = match expect.as_str() {
        Some("ignore") => {
            let why = reading.useless.as_ref().map(|useless| useless.outcome().1);
            // What else the payload says may be there all the same.
            let is_told = events_of(&reading, code).next().is_some();
            let ignored = why == Some("ignored")
                || (why.is_none() && !is_told && reading.unmapped.is_empty());
            return if ignored { Ok(()) } else { Err(format!("found {}", describe(&reading))) };
        }
        Some(text) => {
            let mut wanted = Map::new();
            let (status, reason) = text.split_once('/').map_or((text, None), |(s, r)| (s, Some(r)));
            wanted.set("status", Value::text(status));
            wanted.set_some("reason", reason.map(Value::text));
            Value::Map(wanted)
        }
        None => expect.to_value().unwrap_or(Value::Map(Map::new())),
    };
    let of_code: Vec<&Event> = events_of(&reading, code).collect();
    match (&of_code[..], &reading.events[..]) {
        (&[event], _) | (&[], [event]) => compare(&wanted, Some(&Value::Map(flat(event)))),
        _ => Err(format!("expected one event, found {}", describe(&reading))),
    }
}

/// The events that a row's code made, beside others of the same payload.
fn events_of<'r>(reading: &'r Reading, code: &'r str) -> impl Iterator<Item = &'r Event> {
    reading.events.iter().filter(move |event| {
        let raw = event.fields.get("raw_code").and_then(Value::as_id);
        raw.is_some_and(|raw| raw.eq_ignore_ascii_case(code.trim()))
    })
}

fn put(into: &mut Value, path: &[&str], value: Value) -> Result<(), ()> {
    let [first, rest @ ..] = path else { return Err(()) };
    match into {
        Value::Map(map) if rest.is_empty() => {
            map.set(*first, value);
            Ok(())
        }
        Value::Map(map) => {
            let mut inner = map.remove(first).unwrap_or(Value::Map(Map::new()));
            put(&mut inner, rest, value)?;
            map.set(*first, inner);
            Ok(())
        }
        Value::List(items) => {
            let place: usize = first.parse().map_err(|_| ())?;
            let item = items.to_mut().get_mut(place).ok_or(())?;
            if rest.is_empty() {
                *item = value;
                return Ok(());
            }
            put(item, rest, value)
        }
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => Err(()),
    }
}

/// Signs, verifies and reads the request of a test; nothing where the test ends with what is asked
/// about it.
fn read(
    connector: &Arc<SourceConnector>,
    test: &Node,
    body: Vec<u8>,
    now: Timestamp,
) -> Result<Option<Reading>, String> {
    let (complete, method) = configured(connector, test)?;
    let mut headers = header_lines(test);
    if let Some(topic) = test.get("topic").and_then(Node::as_str)
        && let Some(name) = connector.topic_header()
    {
        headers.push((name.to_owned(), topic.to_owned()));
    }
    let query = query_of(test);
    let by = test.get("signed_by").and_then(Node::as_str);
    let by = by.map(|by| connector.method_by(&complete, by)).transpose()?;
    let ready = match method.and_then(|method| invented(method, by)) {
        Some((secrets, method)) => {
            let ready = connector
                .ready(complete, &[secrets.verifying], "")
                .map_err(|fault| format!("the invented secret does not fit: {fault:?}"))?;
            let signer = method.signer(&secrets.signing).map_err(|fault| fault.to_string())?;
            let lines: Vec<(&str, &str)> = lines(&headers);
            let field = |path: &str| text_at(&body, path);
            let request = Incoming {
                query: &query,
                body_field: Some(&field),
                ..Incoming::post(Headers::new(&lines), &body)
            };
            let signed = signer.sign(&request, "test-1", now).map_err(|fault| fault.to_string())?;
            // A secret may stand in the address as well.
            let address = signed.address(&format!("{PATH}?{query}"));
            let (path, signed_query) = address.split_once('?').unwrap_or((&address, ""));
            add_signature(&mut headers, signed.headers);
            let lines: Vec<(&str, &str)> = self::lines(&headers);
            let request = Incoming::post(Headers::new(&lines), &body);
            let request = Incoming { path, query: signed_query, ..request };
            ready.verify(&request, now).map_err(|refusal| format!("refused: {refusal}"))?;
            ready
        }
        // Only the vendor can sign: the test begins behind the verification.
        None => connector.share(complete),
    };
    after_verification(&ready, &headers, &query, &body, test, now)
}

/// The secret of a test, and the way that signs with it: the first one, unless the test says which.
fn invented(method: MethodSpec, by: Option<MethodSpec>) -> Option<(Invented, MethodSpec)> {
    let Some(by) = by else { return Some((method.invented(SEED)?, method)) };
    // One secret for all ways, where it has a form that all of them know.
    let shared = method.invented(SEED).filter(|secrets| by.signer(&secrets.signing).is_ok());
    Some((shared.or_else(|| by.invented(SEED))?, by))
}

/// The query of a test's address: `a=1&b=2`, or a map.
pub(super) fn query_of(test: &Node) -> String {
    let Some(query) = test.get("query") else { return String::new() };
    if let Some(text) = query.as_str() {
        return text.to_owned();
    }
    let pairs = query.entries().map(|(name, value)| {
        let value = value.as_str().unwrap_or_default();
        format!("{}={}", percent_encode(&name.text), percent_encode(value))
    });
    pairs.collect::<Vec<_>>().join("&")
}

/// The time of a test: its own, or that of the run.
pub(super) fn time_of(test: &Node, now: Timestamp) -> Result<Timestamp, String> {
    match test.get("at").and_then(Node::as_str) {
        Some(text) => text.parse().map_err(|error| format!("`at` is no time: {error}")),
        None => Ok(now),
    }
}

fn after_verification(
    ready: &ReadySource,
    headers: &[(String, String)],
    query: &str,
    body: &[u8],
    test: &Node,
    now: Timestamp,
) -> Result<Option<Reading>, String> {
    let lines = lines(headers);
    let request = Incoming { query, ..Incoming::post(Headers::new(&lines), body) };
    let topic = ready.topic(&request);
    let kept: Vec<(String, String)> = headers
        .iter()
        .filter(|(name, _)| ready.kept_headers().contains(&name.to_lowercase()))
        .map(|(name, value)| (name.to_lowercase(), value.clone()))
        .collect();
    let accounts: Vec<String> = test
        .get("account")
        .map(Node::one_or_many)
        .unwrap_or_default()
        .iter()
        .filter_map(Node::as_str)
        .map(str::to_owned)
        .collect();
    let source = SourceName::parse("test").expect("it is a name");
    let received = Received {
        topic: topic.as_deref(),
        headers: &kept,
        query,
        body,
        accounts: &accounts,
        received_at: now,
        source: &source,
    };
    let found = asking::look_up(ready, &received, test, now)?;
    let reading = || ready.read_with(&received, found.answered());
    Ok((!matches!(found, asking::Found::Ended)).then(reading))
}

/// The settings of a test, complete, and the way to verify under them, where webhooks come.
pub(super) fn configured(
    connector: &SourceConnector,
    test: &Node,
) -> Result<(Map, Option<MethodSpec>), String> {
    let mut given = match test.get("settings").and_then(Node::to_value) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    };
    // What a test does not give is invented, as at destinations, where it is a secret.
    for setting in connector.settings().iter().filter(|setting| setting.secret) {
        if given.get(&setting.name).is_none() {
            given.set(setting.name.clone(), Value::text(format!("test-{}", setting.name)));
        }
    }
    let complete =
        settings::check(connector.settings(), &given, false).map_err(|f| f.join("; "))?;
    let method = connector.has_webhooks().then(|| connector.method(&complete)).transpose();
    Ok((complete, method.map_err(|faults| faults.join("; "))?))
}

/// The text or number at a dotted path of a body: who signs knows what it wrote.
pub(super) fn text_at(body: &[u8], path: &str) -> Option<String> {
    let doc = Doc::parse(body).ok()?;
    let found = doc.root().find(path.split('.'))?;
    let number = found.number().map(str::to_owned);
    found.text().map(Cow::into_owned).or(number)
}

/// The headers that a test gives.
pub(super) fn header_lines(test: &Node) -> Vec<(String, String)> {
    let lines = test.get("headers").into_iter().flat_map(|node| node.entries());
    lines
        .map(|(key, value)| {
            (key.text.to_lowercase(), value.as_str().unwrap_or_default().to_owned())
        })
        .collect()
}

/// Adds what the signature brings; a header of its own that the test states as well is the runner's.
pub(super) fn add_signature(headers: &mut Vec<(String, String)>, signed: Vec<(String, String)>) {
    headers.retain(|(name, _)| !signed.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)));
    headers.extend(signed);
}

pub(super) fn lines(headers: &[(String, String)]) -> Vec<(&str, &str)> {
    headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
}
