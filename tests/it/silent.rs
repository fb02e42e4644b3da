//! What must never be told: people, secrets and bodies in logs and metrics, at any level.

use parcelwire::sandbox::{Fault, Sandbox, SandboxSettings};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::{
    harness::{Answer, TOKEN, WAREHOUSE_SECRET, answer, hmac_base64, next, write},
    process::Relay,
};

/// Planted in webhooks, files and the environment.
const SECRET: &str = "planted-shop-secret";
const KEY: &str = "pk_plantedkey";
const EMAIL: &str = "planted.kim@example.test";
const TESTER: &str = "planted.tester@hey.example";
const FIRST: &str = "Plantina";
const LAST: &str = "Plantmann";
const STREET: &str = "Plantstrasse";
const PHONE: &str = "+4915100000777";
const ITEM: &str = "Plantsandale";
const TRACKING: &str = "PLANT00340000000000";

fn webhook(number: u64) -> Value {
    json!({
        "id": 6_000 + number, "order_id": 5_000 + number, "name": format!("#planted{number}.1"),
        "status": "success", "created_at": jiff::Timestamp::now().to_string(), "email": EMAIL,
        "tracking_company": "DHL", "tracking_number": format!("{TRACKING}{number}"),
        "destination": { "first_name": FIRST, "last_name": LAST, "address1": STREET, "phone": PHONE,
                         "country_code": "DE" },
        "line_items": [{ "sku": "PLANT-SKU", "title": ITEM, "quantity": 1 }],
    })
}

async fn post(relay: &Relay, secret: &str, body: String) -> Answer {
    let request = relay
        .client
        .post(relay.url("/hooks/hey/shop?planted=query"))
        .header("x-shopify-topic", "fulfillments/create")
        .header("x-shopify-event-id", format!("evt-{}", next()))
        .header("x-shopify-hmac-sha256", hmac_base64(secret.as_bytes(), body.as_bytes()))
        .header("authorization", "Bearer planted-header")
        .body(body);
    answer(request.send().await).await
}

/// A story with all that can go wrong in it: refused, unreadable, rejected, answered late, a
/// broken file, a wrong token.
async fn story(relay: &Relay, sandbox: &Sandbox, directory: &std::path::Path) {
    assert_eq!(post(relay, SECRET, webhook(1).to_string()).await.status, 202);
    assert_eq!(post(relay, "guessed", webhook(2).to_string()).await.status, 401);
    assert_eq!(post(relay, SECRET, format!("{{\"email\": \"{EMAIL}\", broken")).await.status, 202);
    sandbox.faults().order(Fault { status: 400, ..Fault::default() });
    assert_eq!(post(relay, SECRET, webhook(3).to_string()).await.status, 202);
    sandbox.faults().order(Fault { close: true, ..Fault::default() });
    relay.settled().await;
    let wish = json!({ "to": TESTER, "triggers": ["delivered"] }).to_string();
    let path = relay.url("/api/v1/merchants/hey/test-events");
    let asked = relay.client.post(path).bearer_auth(TOKEN).body(wish);
    assert_eq!(answer(asked.send().await).await.status, 200);
    let wrong = relay.client.get(relay.url("/api/v1/stats")).bearer_auth("planted-token");
    assert_eq!(answer(wrong.send().await).await.status, 401);
    relay.get(&format!("/api/v1/receipts?email={EMAIL}")).await;
    // A file that breaks shows its lines, but not the secrets or people in them.
    let broken = format!(
        "testers: [{TESTER}]\nsources: {{ shop: {{ connectr: shopify, secret: {SECRET} }} }}\n\
         destinations: {{ klaviyo: {{ api_key: {KEY}, bse_url: x }} }}\n"
    );
    write(directory, "config/merchants/broken.yaml", &broken);
    let told = async {
        while !relay.log().contains("connectr") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, told).await.expect("the mistake is told");
}

/// The log and the metrics of a relay that lived through the story.
async fn told(format: &str) -> (String, String) {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let merchant = format!(
        "state: live\ntesters: [{TESTER}]\nalerts: {{ to: {TESTER} }}\nholds: off\nsources:\n  shop: {{ connector: shopify, secret: {SECRET} }}\n\
         \x20 warehouse: {{ connector: webhook, secret: \"{WAREHOUSE_SECRET}\" }}\ndestinations:\n\
         \x20 klaviyo: {{ api_key: {KEY}, base_url: \"{}\" }}\n",
        sandbox.url()
    );
    write(directory.path(), "config/merchants/hey.yaml", &merchant);
    let mut serve = Command::new(env!("CARGO_BIN_EXE_parcelwire"));
    serve.arg("serve").env("PARCELWIRE__LOG__LEVEL", "trace").env("RUST_LOG", "trace");
    serve.env("PARCELWIRE__LOG__FORMAT", format);
    let relay = Relay::start_by(&mut serve, directory.path()).await;
    story(&relay, &sandbox, directory.path()).await;
    let metrics = relay.client.get(relay.url("/metrics")).send().await.expect("it answers");
    (relay.log(), metrics.text().await.expect("a body"))
}

fn names_nobody(told: &str) {
    let whsec = WAREHOUSE_SECRET.trim_start_matches("whsec_");
    for planted in [
        SECRET,
        KEY,
        EMAIL,
        TESTER,
        FIRST,
        LAST,
        STREET,
        PHONE,
        ITEM,
        TRACKING,
        TOKEN,
        whsec,
        "planted",
        "PLANT-SKU",
    ] {
        let line = told.lines().find(|line| line.contains(planted));
        assert_eq!(line, None, "{planted} is told");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_metrics_name_no_person_no_secret_and_no_body() {
    let (log, metrics) = told("text").await;
    assert!(log.contains("TRACE") && log.contains("attempted"), "everything is logged: {log}");
    assert!(metrics.contains("parcelwire_received_total{outcome=\"accepted\"}"), "{metrics}");
    names_nobody(&log);
    names_nobody(&metrics);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_in_json_is_an_object_in_each_line_and_spans_have_their_trace() {
    let (log, _) = told("json").await;
    names_nobody(&log);
    let mut traced = 0;
    for line in log.lines() {
        let told: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        assert!(told["level"].is_string() && told["timestamp"].is_string(), "{line}");
        let spans = told["spans"].as_array().cloned().unwrap_or_default();
        for span in spans.iter().filter(|span| span["name"] == "attempt") {
            assert_eq!(span["trace_id"].as_str().map(str::len), Some(32), "{line}");
            traced += 1;
        }
    }
    assert!(traced > 0, "{log}");
}

/// The first token and a start that fails are told in the same form.
#[test]
fn what_is_said_before_and_after_a_log_in_json_is_json() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("it listens");
    write(directory.path(), "file", "no folder");
    for (key, value, code) in [
        ("PARCELWIRE__HTTP__PORT", taken.local_addr().expect("a port").port().to_string(), 3),
        ("PARCELWIRE__STORE__PATH", "file/data".to_owned(), 3),
    ] {
        let ended = std::process::Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .arg("serve")
            .current_dir(directory.path())
            .env_clear()
            .env("PARCELWIRE__HTTP__PORT", "0")
            .env("PARCELWIRE__LOG__FORMAT", "json")
            .env(key, value)
            .output()
            .expect("it runs");
        assert_eq!(ended.status.code(), Some(code), "{key}");
        let told = String::from_utf8_lossy(&ended.stderr).into_owned();
        assert!(told.contains("ERROR"), "{told}");
        for line in told.lines() {
            assert!(
                serde_json::from_str::<Value>(line).is_ok_and(|told| told.is_object()),
                "{line}"
            );
        }
    }
}
