//! One stream of webhooks for many merchants.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Answer, SHOP_SECRET, TestApp, answer, hmac_base64, spawn_with, write};

const CONNECTOR: &str = "title: Lagerhaus\nfacts: invented for a test\nverify: { hmac: sha256, encoding: base64, header: X-Lager-Sig }\n\
    account: =parcel.client\nevents:\n  each: =parcels\n  as: parcel\n  code: =parcel.status\n  order_number: =parcel.order\n\
    \x20 tracking_number: =parcel.number\n  email: =parcel.email\nstatuses: { gone: dispatched, there: delivered }\ntests: {}\n";

/// A feed with three merchants; its connector lies beside their folders or elsewhere.
pub(crate) fn write_files(connectors: &Path, config: &Path, sandbox: &str) {
    write(connectors, "connectors/sources/lager.yaml", CONNECTOR);
    write(config, "feeds/lager.yaml", &format!("secret: {SHOP_SECRET}\n"));
    for (name, account) in [("anna", "1"), ("ben", "2"), ("carla", "0815")] {
        let file = format!(
            "holds: off\nsources:\n  lager: {{ account: \"{account}\" }}\ndestinations:\n  klaviyo: {{ api_key: pk_{name}, limits: off, base_url: \"{sandbox}\" }}\n"
        );
        write(config, &format!("merchants/{name}.yaml"), &file);
    }
}

/// A webhook about two merchants' parcels, and whom it is about.
pub(crate) fn two_parcels(number: u64) -> (String, Vec<String>) {
    let parcels = ["1", "2"].map(|client| parcel(client, number, "gone"));
    let email = |parcel: &Value| parcel["email"].as_str().unwrap_or_default().to_owned();
    (json!({ "parcels": parcels }).to_string(), parcels.iter().map(email).collect())
}

async fn app() -> TestApp {
    spawn_with(|directory, sandbox| write_files(directory, directory, sandbox)).await
}

async fn feed(app: &TestApp, body: &Value) -> Answer {
    let body = body.to_string();
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes());
    let request =
        app.client.post(app.url("/feeds/lager")).header("x-lager-sig", signature).body(body);
    answer(request.send().await).await
}

fn parcel(client: &str, number: u64, status: &str) -> Value {
    json!({ "client": client, "order": format!("{client}-{number}"), "number": format!("T{client}{number}"), "status": status,
            "email": format!("kim.{client}.{number}@example.test") })
}

#[tokio::test]
async fn a_webhook_for_three_merchants_is_split_and_the_unknown_one_is_counted() {
    let app = app().await;
    let body = json!({ "parcels": [parcel("1", 1, "gone"), parcel("2", 1, "gone"), parcel("1", 2, "gone"), parcel("9", 1, "gone")] });
    let told = feed(&app, &body).await;
    assert_eq!(told.status, 202);
    let mut arrived: Vec<String> =
        app.arrived(3).await.into_iter().map(|(_, email)| email).collect();
    arrived.sort();
    assert_eq!(arrived, ["kim.1.1@example.test", "kim.1.2@example.test", "kim.2.1@example.test"]);
    let accounts: Vec<String> =
        app.sandbox.received().events().iter().map(|told| told.key.account.clone()).collect();
    assert!(
        accounts.contains(&"anna".to_owned()) && accounts.contains(&"_ben".to_owned()),
        "{accounts:?}"
    );
    // The same webhook again is a repeat; nobody has their own address in it.
    assert_eq!(feed(&app, &body).await.status, 200);
    assert_eq!(app.get("/api/v1/merchants/anna/stats").await.body["receipts"]["accepted"], 1);
    assert_eq!(app.get("/api/v1/merchants/carla/stats").await.body["receipts"]["accepted"], 0);
    let direct =
        answer(app.client.post(app.url("/hooks/anna/lager")).body("{}").send().await).await;
    assert_eq!(direct.body["code"], "unknown_source");
    app.stats().await;
}

#[tokio::test]
async fn a_merchant_that_floods_does_not_delay_another() {
    let app = app().await;
    for number in 0..20 {
        let parcels: Vec<_> = (0..20).map(|n| parcel("1", number * 20 + n, "gone")).collect();
        assert_eq!(feed(&app, &json!({ "parcels": parcels })).await.status, 202);
    }
    assert_eq!(feed(&app, &json!({ "parcels": [parcel("2", 1, "gone")] })).await.status, 202);
    let received = app.sandbox.received();
    let bens = received.wait_for(|received| {
        received.events().iter().any(|told| told.key.profile == "kim.2.1@example.test")
    });
    tokio::time::timeout(crate::harness::PATIENCE, bens).await.expect("it arrives");
    app.arrived(401).await;
    app.until("/api/v1/stats", |stats| stats["messages"]["pending"] == 0).await;
    assert_eq!(app.stats().await["messages"]["sent"], 401);
}

#[tokio::test]
async fn a_webhook_that_nobody_claims_is_told_and_dropped() {
    let app = app().await;
    let told = feed(&app, &json!({ "parcels": [parcel("9", 1, "gone")] })).await;
    let story = app.settled(&told).await;
    assert_eq!(story["status"], "unclaimed");
    assert!(story["request"]["body"].is_null());
}
