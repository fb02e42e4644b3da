//! The tests of the proposal: what it makes of the samples is tried, and written down.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{Map, Value, id::SourceName};

use super::{
    Found, Sample,
    leaf::{Leaf, Place},
    rule::Rule,
    sample::Kept,
    write::told,
    yaml,
};
use crate::{
    filetests,
    source::{Received, SourceConnector, flat},
    text::{Diagnostics, Node, RenderFormat, SourceFile, read, render},
};

/// Most samples that become a test.
const MOST: usize = 8;

/// Elements of the list that is gone through, in a sample's test.
const MOST_ELEMENTS: usize = 3;

/// The fields that a test expects.
const EXPECTED: [&str; 7] = [
    "status",
    "reason",
    "order_number",
    "order_id",
    "tracking_number",
    "return_id",
    "destination_country",
];

/// The proposal with tests that it passes.
pub(super) fn with_tests(found: &Found<'_>, head: &str, now: Timestamp) -> Result<String, String> {
    let (connector, _) = compiled(&format!("{head}\ntests: {{}}\n"))?;
    let mut tests = Vec::new();
    for rule in &found.rules {
        let kept = Kept::of(rule, &others(found, rule));
        for sample in rule.samples.iter().take(MOST) {
            tests.push(of_sample(found, rule, sample, &kept, &connector, now));
        }
        tests.extend(of_codes(found, rule));
    }
    tests.retain(|test| passes(head, test, now));
    let note =
        "# Made of the samples, cut to what is read. People were replaced, numbers were not.";
    if tests.is_empty() {
        return Ok(format!("{head}\n# No test could be made of the samples.\ntests: {{}}\n"));
    }
    Ok(format!("{head}\n{note}\ntests:\n{}", tests.join("\n")))
}

/// What is read beside the rule's own values.
fn others<'r>(found: &'r Found<'_>, rule: &'r Rule<'_>) -> Vec<&'r Place> {
    let id = if found.headers.id.is_none() { rule.delivery.as_ref() } else { None };
    found.topic_at.iter().chain(id).collect()
}

fn compiled(text: &str) -> Result<(Arc<SourceConnector>, Node), String> {
    let mut told = Diagnostics::default();
    let node = read(SourceFile::new("the proposal", text), &mut told);
    let connector = node.as_ref().and_then(|node| SourceConnector::compile(node, &mut told));
    match (connector, node) {
        (Some(connector), Some(node)) if !told.has_errors() => Ok((Arc::new(connector), node)),
        _ => Err(render(told.iter(), RenderFormat::Text { colour: false }, &[])),
    }
}

fn passes(head: &str, test: &str, now: Timestamp) -> bool {
    compiled(&format!("{head}\ntests:\n{test}")).is_ok_and(|(connector, node)| {
        let ran = filetests::source::run(&connector, &node, now);
        !ran.is_empty() && ran.iter().all(|test| test.failure.is_none())
    })
}

fn of_sample(
    found: &Found<'_>,
    rule: &Rule<'_>,
    sample: &Sample,
    kept: &Kept,
    connector: &Arc<SourceConnector>,
    now: Timestamp,
) -> String {
    let body = kept.cut(&sample.body, MOST_ELEMENTS);
    let name = format!("what {} says", sample.name);
    let mut out = format!("  {}:\n", yaml::scalar(&name));
    if let Some(topic) = rule.topic.as_ref().filter(|_| found.headers.topic.is_some()) {
        out.extend([format!("    topic: {}\n", yaml::scalar(topic))]);
    }
    out.extend([format!("    body:{}", yaml::value(&body, 4))]);
    let ready = connector.share(Map::new());
    let source = SourceName::parse("test").expect("it is a name");
    let text = body.to_json();
    let received = Received {
        topic: rule.topic.as_deref(),
        headers: &[],
        query: "",
        body: text.as_bytes(),
        accounts: &[],
        received_at: now,
        source: &source,
    };
    let reading = ready.read(&received);
    if let Some(useless) = &reading.useless {
        let (outcome, rule) = useless.outcome();
        out.extend([format!("    {outcome}: {rule}\n")]);
        return out;
    }
    let events = reading.events.iter().map(|event| {
        let flat = flat(event);
        let mut expected = Map::new();
        for field in EXPECTED {
            expected.set_some(field, flat.get(field).cloned());
        }
        Value::Map(expected)
    });
    let events = Value::List(events.collect());
    out.extend([format!("    events:{}", yaml::value(&events, 4))]);
    out
}

/// Each code of the table in one payload.
fn of_codes(found: &Found<'_>, rule: &Rule<'_>) -> Vec<String> {
    let Some(code) = &rule.code else { return Vec::new() };
    let rows = |leaf: &Leaf, without: Option<&Place>, name: &str| {
        let kept = Kept::of(rule, &others(found, rule)).without(without);
        let path = kept.path(&leaf.place)?;
        let sample = rule.samples.first()?;
        let body = kept.cut(&sample.body, 1);
        let mut expect = Map::new();
        for (code, is_finer) in rule.codes() {
            if let Some(means) = told(&code).filter(|_| !is_finer) {
                expect.set(code, Value::text(means));
            }
        }
        if expect.is_empty() {
            return None;
        }
        let mut out = format!("  {}:\n    rows:\n", yaml::scalar(name));
        if let Some(topic) = rule.topic.as_ref().filter(|_| found.headers.topic.is_some()) {
            out.extend([format!("      topic: {}\n", yaml::scalar(topic))]);
        }
        out.extend([format!("      body:{}", yaml::value(&body, 6))]);
        out.extend([format!("      code_at: {}\n", yaml::scalar(&path))]);
        out.extend([format!("      expect:{}", yaml::value(&Value::Map(expect), 6))]);
        Some(out)
    };
    let of = rule.topic.as_ref().map(|topic| format!(" of {topic}")).unwrap_or_default();
    let finer = code.finer.as_ref().map(|finer| &finer.place);
    rows(&code.coarse, finer, &format!("each code{of} has its meaning")).into_iter().collect()
}
