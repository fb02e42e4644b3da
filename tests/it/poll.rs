//! Sources that send no webhooks are asked for what is new.

use std::path::Path;

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::{
    harness::{TOKEN, TestApp, next, spawn_with, write},
    other::{Other, Question, Reply, json as fine, status},
    process::Relay,
};

pub(crate) const ROUNDS: &str = "title: Rounds
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

/// A relay whose feed is asked for what is new, for two merchants.
async fn polled_feed(other: &Other) -> TestApp {
    spawn_with(|directory, sandbox| {
        let connector = ROUNDS.replace("events:", "account: =shop\nevents:");
        write(directory, "connectors/sources/rounds.yaml", &connector);
        write(directory, "feeds/lager.yaml", &feed_file(other, "key-one"));
        for (name, account) in [("anna", 1), ("ben", 2)] {
            let file = format!(
                "holds: off\nsources:\n  depot: {{ feed: lager, account: {account} }}\ndestinations:\n  klaviyo: {{ api_key: pk_{name}, base_url: \"{sandbox}\" }}\n"
            );
            write(directory, &format!("merchants/{name}.yaml"), &file);
        }
    })
    .await
}

fn feed_file(other: &Other, key: &str) -> String {
    format!("connector: rounds\nurl: \"{}\"\nkey: {key}\n", other.url(""))
}

/// An item of one shop among many.
fn of_shop(shop: &str, number: u64, at: &str) -> Value {
    let mut item = item(number, at);
    item["shop"] = shop.into();
    item
}

#[tokio::test]
async fn a_feed_is_polled_once_for_all_its_merchants() {
    let (one, two, three) = (next(), next(), next());
    let times = ["2099-01-01T10:00:00Z", "2099-01-01T11:00:00Z", "2099-01-01T12:00:00Z"];
    let other = Other::start(move |_| {
        let items = [of_shop("1", one, times[0]), of_shop("2", two, times[1])];
        list(&[&items[..], &[of_shop("9", three, times[2])]].concat(), false)
    })
    .await;
    let mut app = polled_feed(&other).await;
    app.arrived(2).await;
    let asked = other.was_asked(2).await;
    assert!(asked.iter().all(|asked| asked.key == "Bearer key-one"), "the feed's own key");
    assert_eq!(since(&asked[1]), "2099-01-01T11:50:00Z", "each round is one question");
    let unclaimed = |page: &Value| page["items"].as_array().map(Vec::len) == Some(1);
    app.until("/api/v1/receipts?status=unclaimed", unclaimed).await;
    for name in ["anna", "ben"] {
        let path = format!("/api/v1/merchants/{name}/stats");
        let stats = app.until(&path, |stats| stats["messages"]["sent"] == 1).await;
        assert_eq!(stats["receipts"]["accepted"], 1, "{name}: {stats}");
    }
    // No webhook of such a feed comes in.
    let hook = app.client.post(app.url("/feeds/lager")).body("{}").send().await;
    assert_eq!(hook.expect("it answers").status(), 404);
    // Where it goes on is remembered.
    app.restart().await;
    let before = other.asked().len();
    let asked = other.was_asked(before + 2).await;
    assert!(asked[1..].iter().all(|asked| since(asked) == "2099-01-01T11:50:00Z"), "{asked:?}");
    assert_eq!(app.sandbox.received().events().len(), 2);
    app.stats().await;
}

/// The command, as an operator runs it.
async fn told(app: &TestApp, arguments: &'static [&'static str]) -> String {
    let (url, directory) = (app.url(""), app.directory.path().to_owned());
    let ran = tokio::task::spawn_blocking(move || {
        std::process::Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .args(["polls", "--url", &url, "--token", TOKEN])
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .output()
    });
    let ran = ran.await.expect("it ends").expect("it runs");
    assert!(ran.status.success(), "{ran:?}");
    String::from_utf8(ran.stdout).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread")]
async fn how_polling_goes_is_told_and_no_key_with_it() {
    let number = next();
    let other = Other::start(move |asked| match asked.key.as_str() {
        "Bearer key-one" => list(&[of_shop("1", number, "2099-01-01T10:00:00Z")], false),
        "Bearer key-down" => status(500, ""),
        _ => status(401, ""),
    })
    .await;
    let app = polled_feed(&other).await;
    let directory = app.directory.path();
    let wrong = merchant(&app.sandbox.url(), &other.url(""), "key-wrong");
    write(directory, "merchants/carla.yaml", &wrong);
    let down = merchant(&app.sandbox.url(), &other.url(""), "key-down");
    write(directory, "merchants/dora.yaml", &down);
    let all = |page: &Value| {
        let items = page["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["state"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let page = app
        .until("/api/v1/polls", |page| {
            let states: Vec<String> = all(page);
            states == ["key_wrong", "failed", "ok"]
        })
        .await;
    let [carla, dora, feed] = [0, 1, 2].map(|place| &page["items"][place]);
    assert_eq!((&carla["merchant"], &carla["source"]), (&json!("carla"), &json!("rounds")));
    assert_eq!((&carla["last_success"], &carla["reached"]), (&Value::Null, &Value::Null));
    let time = |value: &Value| -> jiff::Timestamp {
        value.as_str().unwrap_or_default().parse().unwrap_or_else(|_| panic!("a time: {value}"))
    };
    let rest = time(&carla["next_at"]).duration_since(time(&carla["last_round"]));
    assert!(rest >= jiff::SignedDuration::from_mins(15), "it rests: {carla}");
    assert_eq!(dora["why"], "answered 500");
    assert_eq!((&feed["merchant"], &feed["feed"]), (&Value::Null, &json!("lager")));
    assert_eq!((&feed["connector"], &feed["every_seconds"]), (&json!("rounds"), &json!(1)));
    assert_eq!(feed["reached"], "2099-01-01T10:00:00Z");
    assert!(time(&feed["last_success"]) <= time(&feed["last_round"]));
    assert!(!page.to_string().contains("key-"), "{page}");
    // A merchant sees its own, and the feeds that it shares.
    let own = app.get("/api/v1/merchants/anna/polls").await.body;
    assert_eq!(own["items"].as_array().map(Vec::len), Some(1), "{own}");
    assert_eq!(
        (&own["items"][0]["merchant"], &own["items"][0]["source"]),
        (&json!("anna"), &json!("depot"))
    );
    let own = app.get("/api/v1/merchants/dora/polls").await.body;
    assert_eq!(all(&own), vec!["failed".to_owned()]);
    assert_eq!(app.get("/api/v1/merchants/nobody/polls").await.status, 404);
    let first = app.get("/api/v1/polls?limit=2").await.body;
    let next = first["next_cursor"].as_str().expect("there is more");
    let rest = app.get(&format!("/api/v1/polls?limit=2&cursor={next}")).await.body;
    assert_eq!(rest["items"][0]["feed"], "lager");
    assert_eq!(
        (rest["items"].as_array().map(Vec::len), &rest["next_cursor"]),
        (Some(1), &Value::Null)
    );
    let bare = app.client.get(app.url("/api/v1/polls")).send().await.expect("it answers");
    assert_eq!(bare.status(), 401);
    let lines = told(&app, &[]).await;
    assert!(lines.starts_with("carla / rounds: key_wrong, no success yet, next "), "{lines}");
    assert!(lines.contains("\ndora / rounds: failed (answered 500), "), "{lines}");
    assert!(lines.contains("\nfeed lager: ok, last success "), "{lines}");
    assert!(told(&app, &["--merchant", "ben"]).await.starts_with("feed lager (shared by ben): "));
    assert!(told(&app, &["--json"]).await.contains("\"every_seconds\":1"));
}
