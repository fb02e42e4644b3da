//! Sources that send no webhooks are asked for what is new.

use std::path::Path;

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    harness::{next, spawn_with, write},
    other::{Other, Question, Reply, json as fine, status},
    process::Relay,
};

const ROUNDS: &str = "title: Rounds
facts: invented for a test
settings: { url: {}, key: { secret: true } }
poll:
  request: GET {{ settings.url }}/changes
  query: { since: =cursor }
  headers: { Authorization: 'Bearer {{ settings.key }}' }
  every: 1s
  items: =body.list
  id: =item.id
  cursor: { take: =item.at }
  overlap: 10m
  pages: { query: page, more: =body.more }
events:
  status: dispatched
  order_number: =order
  tracking_number: =track
  email: =mail
tests: {}
";

fn merchant(sandbox: &str, other: &str, key: &str) -> String {
    format!(
        "holds: off\nsources:\n  rounds: {{ url: \"{other}\", key: {key} }}\ndestinations:\n  klaviyo: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\n"
    )
}

fn item(number: u64, at: &str) -> Value {
    json!({ "id": number, "order": format!("#{number}"), "track": format!("T{number}"),
            "mail": format!("kim.{number}@example.test"), "at": at })
}

fn list(items: &[Value], more: bool) -> Reply {
    fine(json!({ "list": items, "more": more }).to_string())
}

/// The cursor that a question names.
fn since(question: &Question) -> String {
    let rest = question.path.split("since=").nth(1).unwrap_or_default();
    rest.split('&').next().unwrap_or_default().replace("%3A", ":")
}

fn is_second(question: &Question) -> bool {
    question.path.contains("page=2")
}

#[tokio::test]
async fn two_pages_are_taken_and_the_overlap_makes_no_doubles() {
    let (one, two, three) = (next(), next(), next());
    // Later than now: the newest that was seen is where it goes on.
    let times = ["2099-01-01T10:00:00Z", "2099-01-01T10:30:00Z", "2099-01-01T10:20:00Z"];
    let other = Other::start(move |asked| {
        if is_second(asked) {
            list(&[item(three, times[2])], false)
        } else {
            list(&[item(one, times[0]), item(two, times[1])], true)
        }
    })
    .await;
    let app = spawn_with(|directory, sandbox| {
        write(directory, "connectors/sources/rounds.yaml", ROUNDS);
        write(directory, "merchants/hey.yaml", &merchant(sandbox, &other.url(""), "key-one"));
    })
    .await;
    app.arrived(3).await;
    let asked = other.was_asked(6).await;
    assert!(is_second(&asked[1]) && !is_second(&asked[2]) && is_second(&asked[3]));
    assert_eq!(since(&asked[0]), since(&asked[1]), "a round asks for one time");
    assert_eq!(since(&asked[2]), "2099-01-01T10:20:00Z");
    assert!(asked.iter().all(|asked| asked.key == "Bearer key-one"));
    let stats = app
        .until("/api/v1/stats", |stats| stats["receipts"]["duplicate"].as_u64() >= Some(3))
        .await;
    assert_eq!(stats["receipts"]["accepted"], 3);
    assert_eq!(app.sandbox.received().events().len(), 3);
    assert_eq!(app.sandbox.received().sums().repeats, 0);
    // No webhook of such a source comes in.
    let hook = app.client.post(app.url("/hooks/hey/rounds")).body("{}").send().await;
    assert_eq!(hook.expect("it answers").status(), 404);
    app.stats().await;
}

#[tokio::test]
async fn a_refused_key_rests_the_source_until_it_is_mended() {
    let number = next();
    let other = Other::start(move |asked| match asked.key.as_str() {
        "Bearer key-two" => list(&[item(number, "2099-01-01T10:00:00Z")], false),
        _ => status(403, ""),
    })
    .await;
    let app = spawn_with(|directory, sandbox| {
        write(directory, "connectors/sources/rounds.yaml", ROUNDS);
        write(directory, "merchants/hey.yaml", &merchant(sandbox, &other.url(""), "key-one"));
    })
    .await;
    other.was_asked(1).await;
    write(
        app.directory.path(),
        "merchants/hey.yaml",
        &merchant(&app.sandbox.url(), &other.url(""), "key-two"),
    );
    app.arrived(1).await;
    let refused = other.asked().iter().filter(|asked| asked.key != "Bearer key-two").count();
    assert_eq!(refused, 1, "it rested while the key was wrong");
    let metrics = app.client.get(app.url("/metrics")).send().await.expect("it answers");
    let metrics = metrics.text().await.expect("text");
    assert!(metrics.contains("parcelwire_polls_total{outcome=\"key_wrong\"} 1"), "{metrics}");
    assert!(metrics.contains("parcelwire_poll_age_seconds"), "{metrics}");
}

fn files(directory: &Path, sandbox: &str, other: &str) {
    write(directory, "connectors/sources/rounds.yaml", ROUNDS);
    write(directory, "config/merchants/hey.yaml", &merchant(sandbox, other, "key-one"));
}

#[tokio::test]
async fn the_cursor_survives_a_kill_and_nothing_is_lost_or_doubled() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let (one, two, three) = (next(), next(), next());
    let (open, held) = watch::channel(false);
    let mut rounds = 0;
    let other = Other::start(move |asked| {
        rounds += u32::from(!is_second(asked));
        match (rounds, is_second(asked)) {
            (1, _) => list(&[item(one, "2099-01-01T10:00:00Z")], false),
            (_, false) => list(&[item(two, "2099-01-01T12:00:00Z")], true),
            // The first time the second page does not come before the end.
            (2, true) => Reply { hold: Some(held.clone()), ..status(500, "") },
            (_, true) => list(&[item(three, "2099-01-01T11:00:00Z")], false),
        }
    })
    .await;
    files(directory.path(), &sandbox.url(), &other.url(""));
    let relay = Relay::start(directory.path()).await;
    let asked = other.was_asked(3).await;
    assert_eq!(since(&asked[1]), "2099-01-01T09:50:00Z");
    let second = sandbox.received();
    let arrived = second.wait_for(|received| received.sums().events >= 2);
    tokio::time::timeout(crate::harness::PATIENCE, arrived).await.expect("they arrive");
    relay.kill().await;
    open.send_replace(true);
    let relay = Relay::start(directory.path()).await;
    let asked = other.was_asked(5).await;
    // What was on the first page is older than what may be on the second: the cursor had not moved.
    assert_eq!(since(&asked[3]), "2099-01-01T09:50:00Z");
    let all = second.wait_for(|received| received.sums().events >= 3);
    tokio::time::timeout(crate::harness::PATIENCE, all).await.expect("they arrive");
    let asked = other.was_asked(6).await;
    assert_eq!(since(&asked[5]), "2099-01-01T11:50:00Z");
    let stats = relay.settled().await;
    assert_eq!(stats["receipts"]["accepted"], 3, "{stats}");
    assert_eq!(sandbox.received().events().len(), 3);
}
