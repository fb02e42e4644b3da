//! Webhooks that hold only an address: what it leads to is fetched once, kept, and told.

use std::{path::Path, time::Duration};

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    harness::{Answer, TestApp, answer, client, next, spawn_tuned, spawn_with, until, write},
    other::{Other, Reply, json as fine, status},
    process::Relay,
};

const KEY: &str = "depot-webhook-key-0001";

const DEPOT: &str = r"title: Depot
facts: invented for a test
settings: { key: { secret: true } }
verify: { token: true, header: X-Depot-Key }
lookup:
  when: =link is present
  request: GET {{ link }}
  host: ^127\.0\.0\.1:[0-9]+$
  headers: { Authorization: 'Bearer {{ settings.key }}' }
  pages: { query: page, last: =body.pages, most: 5 }
  items: =body.parcels
events:
  - each: =answer
    as: parcel
    status: dispatched
    order_number: =parcel.order
    tracking_number: =parcel.track
    email: =parcel.mail
  - when: =order is present
    status: dispatched
    order_number: =order
    tracking_number: =track
    email: =mail
tests: {}
";

fn merchant(sandbox: &str, key: &str) -> String {
    format!(
        "holds: off\nsources:\n  depot: {{ secret: {KEY}, key: {key} }}\ndestinations:\n  klaviyo: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\n"
    )
}

async fn relay() -> TestApp {
    spawn_with(|directory, sandbox| {
        write(directory, "connectors/sources/depot.yaml", DEPOT);
        write(directory, "merchants/hey.yaml", &merchant(sandbox, "key-one"));
        write(directory, "merchants/ben.yaml", &merchant(sandbox, "key-ben"));
    })
    .await
}

async fn post(client: &reqwest::Client, url: String, body: &Value) -> Answer {
    let request = client.post(url).header("X-Depot-Key", KEY).body(body.to_string());
    answer(request.send().await).await
}

impl TestApp {
    async fn depot(&self, merchant: &str, body: &Value) -> Answer {
        let sent = post(&self.client, self.url(&format!("/hooks/{merchant}/depot")), body).await;
        assert_eq!(sent.status, 202, "{sent:?}");
        sent
    }
}

/// One page with one parcel.
fn page(number: u64, pages: u32) -> String {
    json!({ "pages": pages, "parcels": [{
        "order": format!("#{number}"), "track": format!("T{number}"),
        "mail": format!("kim.{number}@example.test"),
    }] })
    .to_string()
}

/// A parcel that stands in the webhook itself.
fn told_at_once() -> Value {
    let number = next();
    json!({ "order": format!("#{number}"), "track": format!("T{number}"),
            "mail": format!("kim.{number}@example.test") })
}

#[tokio::test]
async fn two_pages_are_fetched_once_and_kept() {
    let app = relay().await;
    let (one, two) = (next(), next());
    let other = Other::start(move |asked| {
        let second = asked.path.contains("page=2");
        fine(page(if second { two } else { one }, 2))
    })
    .await;
    let sent = app.depot("hey", &json!({ "link": other.url("/batch?id=7") })).await;
    assert_eq!(app.outcome(&sent).await, "forwarded");
    app.arrived(2).await;
    let asked = other.asked();
    let paths: Vec<&str> = asked.iter().map(|asked| asked.path.as_str()).collect();
    assert_eq!(paths, ["/batch?id=7", "/batch?id=7&page=2"]);
    assert!(asked.iter().all(|asked| asked.key == "Bearer key-one"));
    let story = app.settled(&sent).await;
    let kept: Value =
        serde_json::from_str(story["lookup"]["answer"].as_str().expect("kept")).expect("JSON");
    assert_eq!(kept[1]["parcels"][0]["track"], format!("T{two}"));
    assert_eq!(story["events"].as_array().map(Vec::len), Some(2));
    assert_eq!(app.stats().await["receipts"]["forwarded"], 1);
}

#[tokio::test]
async fn another_host_is_never_asked() {
    let app = relay().await;
    let other = Other::start(|_| fine("{}")).await;
    for link in [
        format!("http://127.0.0.2:{}/x", other.port),
        format!("http://127.0.0.1:{}@127.0.0.1:{}/x", other.port, other.port),
        format!("http://localhost:{}/x", other.port),
        "http://169.254.169.254/latest/meta-data".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let sent = app.depot("hey", &json!({ "link": link })).await;
        assert_eq!(app.outcome(&sent).await, "failed: lookup_refused", "{link}");
    }
    assert!(other.asked().is_empty());
    assert_eq!(app.stats().await["receipts"]["failed"], 5);
}

#[tokio::test]
async fn what_fails_is_tried_again_and_what_is_not_there_is_not() {
    let app = relay().await;
    let number = next();
    let other = Other::start(move |asked| match asked.path.as_str() {
        "/gone" => status(404, ""),
        "/no" => status(422, ""),
        "/moved" => status(302, "location: http://127.0.0.1:1/\r\n"),
        _ => fine(page(number, 1)),
    })
    .await;
    for (path, outcome) in [
        ("/gone", "failed: lookup_not_found"),
        ("/no", "failed: lookup_failed"),
        ("/moved", "failed: lookup_failed"),
    ] {
        let sent = app.depot("hey", &json!({ "link": other.url(path) })).await;
        assert_eq!(app.outcome(&sent).await, outcome);
    }
    assert_eq!(other.asked().len(), 3);
    let mut failures = vec![status(500, ""), status(429, "retry-after: 3\r\n")];
    let number = next();
    let shaky =
        Other::start(move |_| failures.pop().unwrap_or_else(|| fine(page(number, 1)))).await;
    let sent = app.depot("hey", &json!({ "link": shaky.url("/p") })).await;
    let waiting = app.stats().await;
    assert_eq!(app.outcome(&sent).await, "forwarded");
    let asked = shaky.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked[1].at - asked[0].at >= Duration::from_secs(3), "its Retry-After is honoured");
    assert_eq!(waiting["receipts"]["waiting"], 1);
}

#[tokio::test]
async fn a_slow_host_holds_up_nobody_else() {
    let app = relay().await;
    let (open, held) = watch::channel(false);
    let slow =
        Other::start(move |_| Reply { hold: Some(held.clone()), ..fine(page(next(), 1)) }).await;
    let mut waiting = Vec::new();
    for n in 0..8 {
        waiting.push(app.depot("hey", &json!({ "link": slow.url(&format!("/{n}")) })).await);
    }
    slow.was_asked(4).await;
    // Neither another merchant's lookup, nor the same merchant's webhook that needs none.
    let quick = Other::start(|_| fine(page(next(), 1))).await;
    let sent = app.depot("ben", &json!({ "link": quick.url("/p") })).await;
    assert_eq!(app.outcome(&sent).await, "forwarded");
    let sent = app.depot("hey", &told_at_once()).await;
    assert_eq!(app.outcome(&sent).await, "forwarded");
    assert_eq!(slow.asked().len(), 4, "so many of one merchant at once");
    assert_eq!(app.stats().await["receipts"]["waiting"], 8);
    open.send_replace(true);
    for sent in waiting {
        assert_eq!(app.outcome(&sent).await, "forwarded");
    }
}

#[tokio::test]
async fn a_refused_key_is_told_and_a_new_one_is_used_at_once() {
    let app = relay().await;
    let number = next();
    let other = Other::start(move |asked| match asked.key.as_str() {
        "Bearer key-two" => fine(page(number, 1)),
        _ => status(401, ""),
    })
    .await;
    let sent = app.depot("hey", &json!({ "link": other.url("/p") })).await;
    let id = sent.body["id"].as_str().expect("an id");
    let path = format!("/api/v1/receipts/{id}");
    let story = app.until(&path, |story| story["why"] == "lookup_key_wrong").await;
    assert_eq!(story["status"], "waiting");
    let metrics = app.client.get(app.url("/metrics")).send().await.expect("it answers");
    let metrics = metrics.text().await.expect("text");
    assert!(metrics.contains("parcelwire_lookups_total{outcome=\"key_wrong\"} 1"), "{metrics}");
    write(app.directory.path(), "merchants/hey.yaml", &merchant(&app.sandbox.url(), "key-two"));
    assert_eq!(app.outcome(&sent).await, "forwarded");
    assert_eq!(other.asked().len(), 2);
}

/// A page that is as large as this.
fn large_page(number: u64, bytes: usize) -> String {
    let mut page = page(number, 1);
    page.push_str(&" ".repeat(bytes.saturating_sub(page.len())));
    page
}

async fn metrics(app: &TestApp) -> String {
    let told = app.client.get(app.url("/metrics")).send().await.expect("it answers");
    told.text().await.expect("text")
}

#[tokio::test]
async fn large_answers_wait_for_each_other_and_small_ones_for_nobody() {
    const MOST: usize = 300_000;
    let app = spawn_tuned(
        |directory, sandbox| {
            write(directory, "connectors/sources/depot.yaml", DEPOT);
            for name in ["hey", "ben", "carla"] {
                let file = merchant(sandbox, &format!("key-{name}"));
                write(directory, &format!("merchants/{name}.yaml"), &file);
            }
        },
        |settings| {
            settings.http.max_body_bytes = MOST;
            settings.egress.max_answers_bytes = MOST;
        },
    )
    .await;
    let (open, held) = watch::channel(false);
    let slow = Other::start(move |_| {
        let body = large_page(next(), MOST - 1000);
        Reply { hold: Some(held.clone()), after: MOST - 2000, ..fine(body) }
    })
    .await;
    let waiting = app.depot("hey", &json!({ "link": slow.url("/p") })).await;
    slow.was_asked(1).await;
    // Beside what the first one holds there is no room for another of its size.
    let quick = Other::start(|_| fine(large_page(next(), MOST - 1000))).await;
    let no_room = |text: &String| text.contains("parcelwire_lookups_total{outcome=\"no_room\"}");
    let mut sent = Vec::new();
    while !no_room(&metrics(&app).await) {
        let told = app.depot("ben", &json!({ "link": quick.url("/p") })).await;
        let path = format!("/api/v1/receipts/{}", told.body["id"].as_str().expect("an id"));
        let asked = async || (app.get(&path).await.body["status"].clone(), metrics(&app).await);
        until("it ends", asked, |(status, text)| *status == "forwarded" || no_room(text)).await;
        sent.push(told);
    }
    let small = Other::start(|_| fine(page(next(), 1))).await;
    let told = app.depot("carla", &json!({ "link": small.url("/p") })).await;
    assert_eq!(app.outcome(&told).await, "forwarded");
    open.send_replace(true);
    sent.push(waiting);
    for told in sent {
        assert_eq!(app.outcome(&told).await, "forwarded");
        assert_eq!(app.settled(&told).await["lookup"]["tries"], 1, "waiting for room is no try");
    }
}

fn files(directory: &Path, sandbox: &str) {
    write(directory, "connectors/sources/depot.yaml", DEPOT);
    write(directory, "config/merchants/hey.yaml", &merchant(sandbox, "key-one"));
}

#[tokio::test]
async fn killed_between_answer_and_decision_it_asks_nothing_twice() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let (open, held) = watch::channel(false);
    let number = next();
    let other =
        Other::start(move |_| Reply { hold: Some(held.clone()), ..fine(page(number, 1)) }).await;
    let relay = Relay::start(directory.path()).await;
    let url = relay.url("/hooks/hey/depot");
    let sent = post(&client(), url, &json!({ "link": other.url("/p") })).await;
    let path = format!("/api/v1/receipts/{}", sent.body["id"].as_str().expect("an id"));
    other.was_asked(1).await;
    // Without its merchant's file a receipt is not decided, whatever was answered about it.
    std::fs::remove_file(directory.path().join("config/merchants/hey.yaml")).expect("it goes");
    let known = async || relay.get("/api/v1/merchants/hey/stats").await.status;
    until("the file is gone", known, |status| *status == 404).await;
    open.send_replace(true);
    let story = relay.until(&path, |story| story["lookup"]["answer"].is_string()).await;
    assert_eq!(story["status"], "waiting");
    relay.kill().await;
    files(directory.path(), &sandbox.url());
    let relay = Relay::start(directory.path()).await;
    let stats = relay.settled().await;
    assert_eq!(stats["receipts"]["accepted"], stats["receipts"]["forwarded"], "{stats}");
    let story = relay.until(&path, |story| story["status"] != "waiting").await;
    assert_eq!(story["status"], "forwarded");
    assert_eq!(other.asked().len(), 1, "nothing is fetched twice");
    let told = sandbox.received().events();
    let email = format!("kim.{number}@example.test");
    assert_eq!(told.iter().filter(|told| told.key.profile == email).count(), 1);
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_asked() {
    let directory = tempfile::tempdir().expect("a directory");
    files(directory.path(), "https://127.0.0.1:9");
    write(directory.path(), "body.json", r#"{"link":"https://127.0.0.1:8443/p?key=key-one"}"#);
    write(directory.path(), "answer.json", &page(3, 1));
    let run = |extra: &[&str]| {
        let ran = std::process::Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .args(["map", "--merchant", "hey", "--source", "depot"])
            .args(extra)
            .arg("body.json")
            .current_dir(directory.path())
            .output()
            .expect("it runs");
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        serde_json::from_slice::<Value>(&ran.stdout).expect("JSON")
    };
    let without = run(&[]);
    let notes = without["notes"].to_string();
    assert!(notes.contains("it would be looked up first: GET https://127.0.0.1:8443/p"), "{notes}");
    assert_eq!(without["events"], json!([]));
    let with = run(&["--answer", "answer.json"]);
    assert_eq!(with["events"][0]["tracking_number"], "T3", "{with}");
    assert_eq!(with["triggers"][0]["trigger"], "dispatched");
}
