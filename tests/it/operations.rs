//! The dashboard and the alerts that are shipped as files: they speak of metrics that are there.

use std::{collections::BTreeSet, fs};

use config::{Config, File, FileFormat};
use parcelwire::sandbox::Fault;
use parcelwire_engine::metrics::{ALL, About, Kind};
use serde_json::Value;

use crate::{
    harness::{fulfilment, spawn_app, until},
    tidy::root,
};

fn page(name: &str) -> String {
    fs::read_to_string(root().join("docs/operations").join(name)).expect("it is there")
}

fn alerts() -> Vec<Value> {
    let file = File::from_str(&page("alerts.yaml"), FileFormat::Yaml);
    let read = Config::builder().add_source(file).build().expect("it is YAML");
    let read: Value = read.try_deserialize().expect("a map");
    let groups = read["groups"].as_array().expect("groups").clone();
    groups.iter().flat_map(|group| group["rules"].as_array().expect("rules").clone()).collect()
}

/// Every text below a key of this name.
fn texts(value: &Value, wanted: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                if let (true, Some(text)) = (key == wanted, value.as_str()) {
                    found.push(text.to_owned());
                }
                texts(value, wanted, found);
            }
        }
        Value::Array(list) => list.iter().for_each(|value| texts(value, wanted, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn expressions() -> Vec<String> {
    let mut found = Vec::new();
    for rule in alerts() {
        texts(&rule, "expr", &mut found);
    }
    let dashboard: Value = serde_json::from_str(&page("dashboard.json")).expect("JSON");
    texts(&dashboard, "expr", &mut found);
    texts(&dashboard, "definition", &mut found);
    found
}

/// Words of an expression, those in quotes left out.
fn words(expression: &str) -> Vec<&str> {
    let bare = expression.split('"').step_by(2);
    bare.flat_map(|part| part.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect()
}

fn about(word: &str) -> Option<&'static About> {
    ALL.into_iter().find(|about| match about.kind {
        Kind::Histogram => word.strip_prefix(about.name) == Some("_bucket"),
        Kind::Counter | Kind::Gauge => word == about.name,
    })
}

/// Whether brackets and quotes close in their order.
fn closes(expression: &str) -> bool {
    let mut open = Vec::new();
    for sign in expression.split('"').step_by(2).flat_map(str::chars) {
        match sign {
            '(' => open.push(')'),
            '{' => open.push('}'),
            '[' => open.push(']'),
            ')' | '}' | ']' if open.pop() != Some(sign) => return false,
            _ => {}
        }
    }
    open.is_empty() && expression.matches('"').count().is_multiple_of(2)
}

#[test]
fn expressions_name_metrics_and_labels_that_exist() {
    let expressions = expressions();
    assert!(expressions.len() > 30, "{expressions:#?}");
    let mut used = BTreeSet::new();
    for expression in &expressions {
        assert!(closes(expression), "{expression}");
        let words = words(expression);
        let named: Vec<&str> =
            words.iter().copied().filter(|word| word.starts_with("parcelwire")).collect();
        assert!(!named.is_empty(), "{expression}");
        let mut labels = vec!["job", "instance", "le"];
        for word in named {
            let about = about(word).unwrap_or_else(|| panic!("{word} is no metric: {expression}"));
            used.insert(about.name);
            labels.extend(about.labels);
        }
        // Labels stand in braces before a comparison, and in the brackets behind `by`.
        for part in expression.split('{').skip(1).filter_map(|rest| rest.split('}').next()) {
            for matcher in part.split('"').step_by(2).filter(|part| part.contains(['=', '!'])) {
                let label = matcher.trim_matches([',', ' ', '=', '~', '!']);
                assert!(labels.contains(&label), "{label}: {expression}");
            }
        }
        for part in expression.split("by (").skip(1).filter_map(|rest| rest.split(')').next()) {
            for label in part.split(',').map(str::trim) {
                assert!(labels.contains(&label), "{label}: {expression}");
            }
        }
    }
    let unused: Vec<&str> =
        ALL.iter().map(|about| about.name).filter(|name| !used.contains(name)).collect();
    assert!(unused.is_empty(), "the dashboard shows nothing of {unused:?}");
}

#[tokio::test]
async fn a_real_relay_shows_every_metric_and_outcome_that_is_named() {
    let app = spawn_app().await;
    let told = app.client.get(app.url("/metrics")).send().await.expect("it answers");
    let told = told.text().await.expect("a text");
    let outcomes: BTreeSet<&str> = told
        .lines()
        .filter_map(|line| line.split("outcome=\"").nth(1)?.split('"').next())
        .chain(["cancelled", "not_tried"])
        .collect();
    for expression in expressions() {
        for word in words(&expression).into_iter().filter_map(about) {
            assert!(told.contains(&format!("# TYPE {} ", word.name)), "{}: {told}", word.name);
        }
        // Behind the label a matcher, and not a bracket.
        let named = expression.split("outcome").skip(1).filter(|rest| rest.starts_with(['=', '!']));
        let named = named.filter_map(|rest| rest.split('"').nth(1));
        for outcome in named.flat_map(|named| named.split('|')) {
            assert!(outcomes.contains(outcome), "{outcome}: {expression}");
        }
    }
}

#[tokio::test]
async fn a_paused_destination_is_named_with_its_reason() {
    let app = spawn_app().await;
    app.sandbox.faults().order(Fault { status: 401, ..Fault::default() });
    let mut parcel = fulfilment(3);
    parcel["email"] = "kim.3@example.test".into();
    let taken = app.shop("fulfillments/create", &parcel).await;
    assert_eq!(app.outcome(&taken).await, "forwarded");
    let told = async || {
        let told = app.client.get(app.url("/metrics")).send().await.expect("it answers");
        told.text().await.expect("a text")
    };
    let paused = "parcelwire_destination_paused{merchant=\"hey\",destination=\"klaviyo\",why=\"key_wrong\"} 1";
    let told = until("the pause", told, |told| told.lines().any(|line| line == paused)).await;
    for line in [
        "parcelwire_paused_destinations 1",
        "parcelwire_pending 1",
        "parcelwire_oldest_due_seconds 0",
    ] {
        assert!(told.lines().any(|told| told == line), "{line}: {told}");
    }
}

#[test]
fn each_alert_says_how_bad_it_is_and_what_to_do() {
    let mut names = BTreeSet::new();
    for rule in alerts() {
        let name = rule["alert"].as_str().expect("a name").to_owned();
        let severity = rule["labels"]["severity"].as_str().unwrap_or_default();
        assert!(["page", "ticket"].contains(&severity), "{name}");
        for key in ["summary", "action"] {
            let text = rule["annotations"][key].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{name}: {key}");
            let labels = text.split("$labels.").skip(1);
            for label in labels.filter_map(|rest| rest.split([' ', '}']).next()) {
                let expression = rule["expr"].as_str().expect("an expression");
                assert!(words(expression).contains(&label), "{name}: {label} is not there");
            }
        }
        let lasts = rule["for"].as_str().unwrap_or("0m");
        let digits = lasts.trim_end_matches(['s', 'm', 'h']);
        assert!(
            digits.len() + 1 == lasts.len() && digits.parse::<u32>().is_ok(),
            "{name}: {lasts}"
        );
        assert!(names.insert(name.clone()), "{name} stands there twice");
    }
    assert!(names.len() > 10);
}
