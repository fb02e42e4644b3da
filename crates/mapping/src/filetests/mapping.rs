//! Tests inside mappings: one trigger goes through the mapping, as for a merchant without files.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    id::{DestinationName, MerchantId, OccurrenceId, SourceName},
    order::Seat,
};

use super::{FileTest, compare, given::event};
use crate::{
    destination::DestinationConnector,
    merchant::{
        Alerts, Candidate, Choice, Destination, Lines, Mapping, Merchant, NamesIn, State,
        lay_values,
    },
    text::{Diagnostics, Node, SourceFile, read},
};

/// Runs all tests of a mapping.
pub fn run(mapping: &Arc<Mapping>, file: &Node, now: Timestamp) -> Vec<FileTest> {
    let tests = file.get("tests").into_iter().flat_map(Node::entries);
    tests
        .map(|(key, test)| FileTest::new(key.text.clone(), &key.span, one(mapping, test, now)))
        .collect()
}

fn one(mapping: &Arc<Mapping>, test: &Node, now: Timestamp) -> Result<(), String> {
    let (trigger, view) = event(test, &[], now)?;
    let names = test.get("names").and_then(Node::as_str).and_then(NamesIn::parse);
    let merchant = merchant(mapping, names, test);
    let on = merchant.triggers.get(&trigger).is_some_and(|rules| rules.on);
    let destination = DestinationName::parse("test").expect("it is a name");
    let source = SourceName::parse("test").expect("it is a name");
    let candidate = Candidate {
        trigger,
        occurrence: OccurrenceId::from_bytes([0; 16]),
        view: &view,
        source: &source,
        backfill: view.get("backfill").and_then(Value::as_bool).unwrap_or(false),
        test: false,
    };
    let choice = if on {
        merchant.choose(&candidate, &destination, now)
    } else {
        Choice::Stop { rule: "off".to_owned(), detail: "the trigger is off".to_owned(), line: None }
    };
    judge(test, choice)
}

fn judge(test: &Node, choice: Choice) -> Result<(), String> {
    match (test.get("sends"), test.get("filtered").and_then(Node::as_str), choice) {
        (Some(sends), None, Choice::Send(frozen)) => {
            let mut actual = frozen.fields.clone();
            actual.set("name", Value::text(frozen.name));
            actual.set("properties", Value::Map(frozen.properties));
            actual.set("fields", Value::Map(frozen.fields));
            let expected = sends.to_value().unwrap_or(Value::Map(Map::new()));
            compare(&expected, Some(&Value::Map(actual)))
        }
        (None, Some(expected), Choice::Stop { rule, detail, .. }) => {
            if is_rule(&rule, expected) {
                Ok(())
            } else {
                Err(format!("filtered: {rule} ({detail})"))
            }
        }
        (Some(_), Some(_), _) => Err("`sends:` and `filtered:` exclude each other".to_owned()),
        (Some(_), None, Choice::Stop { rule, detail, .. }) => {
            Err(format!("filtered: {rule} ({detail})"))
        }
        (None, Some(_), Choice::Send(frozen)) => Err(format!("it sends `{}`", frozen.name)),
        (None, None, _) => Err("it says nothing to expect: `sends:` or `filtered:`".to_owned()),
    }
}

/// Whether a rule is the expected one: by its name, by the last word of it (`unknown`), or any.
fn is_rule(rule: &str, expected: &str) -> bool {
    let last = rule.rsplit(' ').next().unwrap_or(rule);
    rule == expected || last == expected || expected == "true"
}

/// A destination that takes anything, for tests of mappings.
const PLAIN: &str = "title: Test\nfacts: a test's own\nsettings: {}\nbase_url: https://test.example\n\
                     repeated_id: ignored\nsend: { request: POST / }\ntests: {}\n";

fn merchant(mapping: &Arc<Mapping>, names: Option<NamesIn>, test: &Node) -> Merchant {
    let mut diagnostics = Diagnostics::default();
    let connector = read(SourceFile::new("test.yaml", PLAIN), &mut diagnostics)
        .and_then(|node| DestinationConnector::compile(&node, &mut diagnostics))
        .expect("this file is in order");
    let ready = Arc::new(connector).ready(crate::destination::Setup::default());
    let target = Destination {
        ready: ready.expect("it needs no settings"),
        connector: "test".to_owned(),
        settings: match test.get("settings").and_then(Node::to_value) {
            Some(Value::Map(settings)) => settings,
            _ => Map::new(),
        },
        only: Vec::new(),
        only_at: None,
        names: None,
    };
    let mut own = mapping.values.clone();
    lay_values(&mut own, test.get("values"), &mut diagnostics);
    let name = DestinationName::parse("test").expect("it is a name");
    Merchant {
        id: MerchantId::parse("test").expect("it is a name"),
        name: "Test".to_owned(),
        state: State::Live,
        testers: BTreeSet::new(),
        language: "en".to_owned(),
        names: names.or(mapping.names).unwrap_or_default(),
        alerts: Alerts::default(),
        seat: Seat::default(),
        sources: std::collections::BTreeMap::new(),
        destinations: [(name, target)].into(),
        triggers: mapping.policy(true),
        values: own,
        mapping: Arc::clone(mapping),
        lines: Lines::default(),
        rules: [0; 16],
        rules_text: String::new(),
    }
}
