//! Relays on one Redis: killed, stopped, two at a time. The sandbox judges: everything that was accepted
//! arrives, each message once.

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use parcelwire::sandbox::{Received, Sandbox, SandboxSettings};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    harness::{
        PATIENCE, SHOP_SECRET, TOKEN, answer, fulfilment, hmac_base64, merchant, next, order, scan,
        write,
    },
    process::{Relay, parcel, signed},
    redis_server::RedisServer,
};

/// Rule files that many relays can be started beside; the merchants' webhooks are alike.
fn files(directory: &Path, sandbox: &str) {
    let unlimited = merchant(sandbox).replace("pk_test_0001", "pk_test_0001, limits: off");
    write(directory, "config/merchants/hey.yaml", &unlimited);
}

async fn start(directory: &Path, redis: &RedisServer) -> Relay {
    let mut command = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
    command
        .arg("serve")
        .env("PARCELWIRE__STORE__KIND", "redis")
        .env("PARCELWIRE__STORE__URL", redis.url());
    Relay::start_by(&mut command, directory).await
}

/// Posts a webhook that is accepted; whom it is about.
async fn post(relay: &Relay) -> String {
    let (body, email) = parcel(next());
    let answer = relay.post(body).await;
    assert_eq!(answer.status, 202, "{answer:?} {}", relay.log());
    email
}

/// All of them arrived, under one id each; and how often something was told again under the same id.
fn repeats(sandbox: &Sandbox, emails: &BTreeSet<String>) -> u64 {
    let told = sandbox.received().events();
    let arrived: BTreeSet<String> = told.iter().map(|told| told.key.profile.clone()).collect();
    assert_eq!(&arrived, emails);
    assert_eq!(told.len(), emails.len(), "one id each: {told:?}");
    sandbox.received().sums().repeats
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_was_killed_goes_on_where_it_was() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let mut redis = RedisServer::start().await;
    let relay = start(directory.path(), &redis).await;
    let mut emails = BTreeSet::from([post(&relay).await]);
    let stats = relay.settled().await;
    assert_eq!(stats["messages"]["sent"], 1, "{stats}");
    for _ in 0..10 {
        emails.insert(post(&relay).await);
    }
    relay.kill().await;
    redis.fall_over().await;
    let relay = start(directory.path(), &redis).await;
    emails.insert(post(&relay).await);
    let all = sandbox.received().wait_for(|received| received.sums().events >= 12);
    tokio::time::timeout(PATIENCE * 2, all).await.expect("everything arrives");
    let stats = relay.settled().await;
    let books = (&stats["receipts"]["accepted"], &stats["messages"]["sent"]);
    assert_eq!(books, (&12.into(), &12.into()));
    // What was sent when it died, and not written down, is sent again: under the same id.
    assert!(repeats(&sandbox, &emails) <= 10);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_share_the_work_and_one_takes_over_the_other_s() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let redis = RedisServer::start().await;
    let (one, two) = (start(directory.path(), &redis).await, start(directory.path(), &redis).await);
    let mut emails = BTreeSet::new();
    for _ in 0..20 {
        emails.insert(post(&one).await);
        emails.insert(post(&two).await);
    }
    let stats = one.settled().await;
    assert_eq!(stats["messages"]["sent"], 40, "{stats}");
    assert_eq!(two.settled().await, stats, "both tell the same");
    assert_eq!(repeats(&sandbox, &emails), 0);
    // Whichever of them has the merchant: once the one, once the other is gone.
    one.kill().await;
    let three = start(directory.path(), &redis).await;
    emails.insert(post(&two).await);
    emails.insert(post(&three).await);
    let all = sandbox.received().wait_for(|received| received.sums().events >= 42);
    tokio::time::timeout(PATIENCE, all).await.expect("the others take over");
    two.ask_to_stop();
    emails.insert(post(&three).await);
    let mut two = two;
    assert!(two.ended().await.success(), "{}", two.log());
    emails.insert(post(&three).await);
    let all = sandbox.received().wait_for(|received| received.sums().events >= 44);
    tokio::time::timeout(PATIENCE, all).await.expect("the last one has everything");
    assert_eq!(three.settled().await["messages"]["sent"], 44);
    assert_eq!(repeats(&sandbox, &emails), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_was_frozen_for_longer_than_its_lease_does_no_harm() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let redis = RedisServer::start().await;
    let (one, two) = (start(directory.path(), &redis).await, start(directory.path(), &redis).await);
    let mut emails = BTreeSet::new();
    for _ in 0..10 {
        emails.insert(post(&one).await);
    }
    one.signal(Signal::STOP);
    for _ in 0..5 {
        emails.insert(post(&two).await);
    }
    // Whoever had the merchant: the other one goes on with everything.
    let all = sandbox.received().wait_for(|received| received.sums().events >= 15);
    tokio::time::timeout(PATIENCE, all).await.expect("the other one takes over");
    one.signal(Signal::CONT);
    for _ in 0..5 {
        emails.insert(post(&one).await);
        emails.insert(post(&two).await);
    }
    let stats = two.settled().await;
    assert_eq!(stats["messages"]["sent"], 25, "{stats}");
    // What it was sending when it froze is sent again, under the same id.
    assert!(repeats(&sandbox, &emails) <= 10);
}

/// Posts what the shop says of a topic.
async fn tell(relay: &Relay, topic: &str, body: &Value) {
    let body = body.to_string();
    let told = relay
        .client
        .post(relay.url("/hooks/hey/shop"))
        .header("x-shopify-topic", topic)
        .header("x-shopify-hmac-sha256", hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes()))
        .body(body);
    let answer = answer(told.send().await).await;
    assert_eq!(answer.status, 202, "{answer:?} {}", relay.log());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_that_was_to_wake_at_a_relay_that_was_killed_wakes_at_another() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let reminding = format!("after: {{ pickup_reminder: 72h }}\n{}", merchant(&sandbox.url()));
    write(directory.path(), "config/merchants/hey.yaml", &reminding);
    let redis = RedisServer::start().await;
    let one = start(directory.path(), &redis).await;
    tell(&one, "orders/create", &order(1)).await;
    tell(&one, "fulfillments/create", &fulfilment(1)).await;
    // The reminder is due in a few seconds, when the first relay is gone and the lease is not yet.
    let since = jiff::Timestamp::now() - Duration::from_secs(72 * 3600 - 5);
    let mut ready = scan(1, "ready_for_pickup");
    ready["happened_at"] = json!(since.to_string());
    tell(&one, "fulfillment_events/create", &ready).await;
    assert_eq!(one.settled().await["messages"]["sent"], 2, "dispatched and ready");
    let two = start(directory.path(), &redis).await;
    one.kill().await;
    let reminded = sandbox.received().wait_for(|received| received.sums().events >= 3);
    tokio::time::timeout(PATIENCE, reminded).await.expect("the other one wakes it");
    let told = sandbox.received().events();
    assert_eq!(told[2].key.metric, "Pickup Reminder", "{told:?}");
    assert_eq!(two.settled().await["messages"]["sent"], 3);
    assert_eq!(sandbox.received().sums().repeats, 0);
}

#[tokio::test]
async fn a_redis_that_may_lose_data_stops_the_start_with_what_to_set() {
    let directory = tempfile::tempdir().expect("a directory");
    let run = async |url: &str, arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
        let told = command
            .args(arguments)
            .current_dir(directory.path())
            .env("PARCELWIRE__HTTP__PORT", "0")
            .env("PARCELWIRE__STORE__KIND", "redis")
            .env("PARCELWIRE__STORE__URL", url)
            .output()
            .await
            .expect("it runs");
        let both = [told.stdout, told.stderr].concat();
        (told.status.code(), String::from_utf8_lossy(&both).into_owned())
    };
    let (code, told) = run("redis://127.0.0.1:1", &["serve"]).await;
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("check store.url"), "{told}");
    let (code, told) = run("http://127.0.0.1", &["serve"]).await;
    assert_eq!(code, Some(3), "{told}");
    assert!(told.contains("`store.url`"), "{told}");
    let (code, told) = run("redis://u:geheim@127.0.0.1:1", &["backup", "copy.db"]).await;
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("redis-cli --rdb"), "{told}");
    let (code, told) = run("redis://u:geheim@127.0.0.1:1", &["config"]).await;
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("redis://u:****@127.0.0.1:1") && !told.contains("geheim"), "{told}");
    let told: String = told.split_whitespace().collect();
    assert!(told.contains("bodies_days\":3,") || told.contains("bodies_days:3"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_objection_that_one_relay_takes_is_heeded_by_all() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let redis = RedisServer::start().await;
    let (one, two) = (start(directory.path(), &redis).await, start(directory.path(), &redis).await);
    let (body, email) = parcel(next());
    // Each takes an objection, so that the one that has the merchant learned of one from the other.
    let mut unwanted = vec![(body, email)];
    unwanted.push(parcel(next()));
    for (relay, (_, email)) in [&one, &two].into_iter().zip(&unwanted) {
        let url = relay.url("/api/v1/merchants/hey/objections");
        let wish = serde_json::json!({ "address": email, "scope": "all" });
        let asked = relay.client.post(url).bearer_auth(TOKEN).body(wish.to_string());
        assert_eq!(answer(asked.send().await).await.status, 200);
    }
    for (body, _) in unwanted {
        assert_eq!(one.post(body).await.status, 202);
    }
    let wanted = post(&two).await;
    let stats = one.settled().await;
    assert_eq!(stats["messages"]["sent"], 1, "{stats}");
    assert_eq!(repeats(&sandbox, &BTreeSet::from([wanted])), 0);
    let listed = two.get("/api/v1/merchants/hey/objections").await.body;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_share_the_limit_of_a_key() {
    const PER_SECOND: usize = 10;
    const MESSAGES: usize = 60;
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let limit = format!("pk_test_0001, limits: {{ per_second: {PER_SECOND} }}");
    let file = merchant(&sandbox.url()).replace("pk_test_0001", &limit);
    // Merchants of one key, in partitions of either relay.
    let merchants: Vec<String> = (0..20).map(|n| format!("m{n}")).collect();
    for name in &merchants {
        write(directory.path(), &format!("config/merchants/{name}.yaml"), &file);
    }
    let redis = RedisServer::start().await;
    let relays = [start(directory.path(), &redis).await, start(directory.path(), &redis).await];
    let began = Instant::now();
    let arrivals = async {
        let mut times = Vec::new();
        while times.len() < MESSAGES {
            let seen = times.len();
            let more = |received: &Received| received.sums().requests as usize > seen;
            sandbox.received().wait_for(more).await;
            times.resize(sandbox.received().sums().requests as usize, began.elapsed());
        }
        times
    };
    let posts = async {
        for n in 0..MESSAGES {
            let path = format!("/hooks/{}/shop", merchants[n % merchants.len()]);
            let (relay, (body, _)) = (&relays[n % 2], parcel(next()));
            let sent = signed(&relay.client, relay.url(&path), body).send().await;
            assert_eq!(answer(sent).await.status, 202);
        }
    };
    let (arrivals, ()) = tokio::join!(tokio::time::timeout(PATIENCE * 2, arrivals), posts);
    let arrivals = arrivals.expect("everything arrives");
    assert_eq!(arrivals.len(), MESSAGES);
    // A request may take a while to arrive and to be seen: half a second is left for that.
    let at_least = |requests: usize| {
        let seconds = (requests - 1) / PER_SECOND;
        Duration::from_secs(seconds as u64).saturating_sub(Duration::from_millis(500))
    };
    for requests in [PER_SECOND + 1, 3 * PER_SECOND + 1, 5 * PER_SECOND + 1] {
        for some in arrivals.windows(requests) {
            let took = some[requests - 1].saturating_sub(some[0]);
            assert!(took >= at_least(requests), "{requests} in {took:?}: {arrivals:?}");
        }
    }
    for relay in &relays {
        assert!(sent(relay).await > 0, "both take part: {}", relay.log());
    }
}

/// Messages that this relay has sent.
async fn sent(relay: &Relay) -> u64 {
    let told = relay.client.get(relay.url("/metrics")).send().await.expect("it answers");
    let told = told.text().await.expect("a text");
    let line = "parcelwire_attempts_total{outcome=\"sent\"} ";
    let sum = told.lines().find_map(|told| told.strip_prefix(line));
    sum.and_then(|sum| sum.parse().ok()).expect("it is counted")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_redis_that_was_emptied_is_filled_again_under_the_same_ids() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    files(directory.path(), &sandbox.url());
    let redis = RedisServer::start().await;
    let one = start(directory.path(), &redis).await;
    post(&one).await;
    assert_eq!(one.settled().await["messages"]["sent"], 1);
    let name = one.get("/healthz").await.body;
    redis.forget().await;
    // It goes on at once, and books what comes from now on.
    let mut emails = BTreeSet::from([post(&one).await]);
    one.until("/api/v1/stats", |stats| stats["messages"]["sent"] == 1).await;
    // Who starts now has the same key of all ids, from which its name follows.
    let two = start(directory.path(), &redis).await;
    assert_eq!(two.get("/healthz").await.body, name);
    for relay in [&one, &two] {
        emails.insert(post(relay).await);
    }
    let stats = two.settled().await;
    assert_eq!((&stats["messages"]["sent"], &stats["balanced"]), (&3.into(), &true.into()));
    assert_eq!(sandbox.received().sums().repeats, 0);
    let told: BTreeSet<String> =
        sandbox.received().events().into_iter().map(|told| told.key.profile).collect();
    assert!(told.is_superset(&emails), "{told:?}");
}
