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

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_metrics_name_no_person_no_secret_and_no_body() {
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
    let relay = Relay::start_by(&mut serve, directory.path()).await;
    story(&relay, &sandbox, directory.path()).await;
    let log = relay.log();
    assert!(log.contains("TRACE") && log.contains("attempted"), "everything is logged: {log}");
    let metrics = relay.client.get(relay.url("/metrics")).send().await.expect("it answers");
    let metrics = metrics.text().await.expect("a body");
    assert!(metrics.contains("parcelwire_received_total{outcome=\"accepted\"}"), "{metrics}");
    let whsec = WAREHOUSE_SECRET.trim_start_matches("whsec_");
    for told in [&log, &metrics] {
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
}
