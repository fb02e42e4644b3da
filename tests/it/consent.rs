//! Who is sent what advertises: who agreed to it, and nobody who objected.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use crate::{
    harness::{Answer, TOKEN, TestApp, answer, order},
    settling::{spawn_many, tell, told},
};

/// A delay brings a voucher: that is advertising.
const VOUCHER: &str =
    "triggers:\n  delayed: { purpose: promotional, properties: { voucher: SORRY10 } }\n";

fn consenting(number: u64, state: &str) -> Value {
    let mut body = order(number);
    body["customer"]["email_marketing_consent"] = json!({ "state": state });
    body
}

fn kim(number: u64) -> String {
    format!("kim.{number}@example.test")
}

async fn delayed(app: &TestApp, number: u64, reason: &str) -> Answer {
    let body = json!({ "status": "delayed", "reason": reason, "order_number": format!("#{number}"), "tracking_number": format!("T{number}") });
    tell(app, "carrier", &body).await
}

async fn object(app: &TestApp, body: &Value) -> Answer {
    let url = app.url("/api/v1/merchants/hey/objections");
    let request = app.client.post(url).bearer_auth(TOKEN).body(body.to_string());
    answer(request.send().await).await
}

/// The command, as an operator runs it: exit code, stdout.
async fn command(app: &TestApp, arguments: &[&str]) -> (i32, String) {
    let (url, directory) = (app.url(""), app.directory.path().to_owned());
    let arguments: Vec<String> = arguments.iter().map(|of| (*of).to_owned()).collect();
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .arg("objections")
            .args(arguments)
            .args(["--merchant", "hey", "--url", &url, "--token", TOKEN])
            .current_dir(directory)
            .env_clear()
            .output()
    });
    let ran = ran.await.expect("it ends").expect("it runs");
    let code = ran.status.code().expect("it ends by itself");
    (code, String::from_utf8(ran.stdout).expect("UTF-8"))
}

#[tokio::test]
async fn advertising_goes_to_who_agreed_and_to_nobody_else() {
    let app = spawn_many("", VOUCHER).await;
    let cases = [
        (1, "subscribed", "forwarded"),
        (2, "not_subscribed", "filtered: consent unknown"),
        (3, "pending", "filtered: consent unknown"),
        (4, "unsubscribed", "filtered: consent denied"),
    ];
    for (number, state, expected) in cases {
        app.shop("orders/create", &consenting(number, state)).await;
        let late = delayed(&app, number, "weather").await;
        assert_eq!(app.outcome(&late).await, expected, "{state}");
    }
    assert_eq!(told(&app, &kim(1)).await, ["Shipment Delayed"]);
    let sent = &app.sandbox.received().events()[0].properties;
    assert_eq!(
        (&sent["voucher"], &sent["message_purpose"]),
        (&json!("SORRY10"), &json!("promotional"))
    );
    for number in 2..=4 {
        assert!(told(&app, &kim(number)).await.is_empty(), "{number}");
    }
    // They hear of their parcels all the same.
    tell(&app, "carrier", &json!({ "status": "delivered", "tracking_number": "T4" })).await;
    assert_eq!(told(&app, &kim(4)).await, ["Shipment Delivered"]);
    let metrics = app.client.get(app.url("/metrics")).send().await.expect("it answers");
    let metrics = metrics.text().await.expect("a text");
    for line in ["\"consent unknown\"} 2", "\"consent denied\"} 1", "\"objected\"} 0"] {
        let line = format!("parcelwire_unwanted_total{{outcome={line}");
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}

#[tokio::test]
async fn an_existing_customer_needs_a_merchant_who_states_the_conditions() {
    let stated = "existing_customers: { own_similar_goods: true, notice_in_each_message: true, notice_since: 2026-01-01 }\n";
    let app = spawn_many(stated, VOUCHER).await;
    app.shop("orders/create", &order(1)).await;
    assert_eq!(app.outcome(&delayed(&app, 1, "weather").await).await, "forwarded");
    let mut early = order(2);
    early["created_at"] = json!("2025-12-31T12:00:00Z");
    app.shop("orders/create", &early).await;
    let outcome = app.outcome(&delayed(&app, 2, "weather").await).await;
    assert_eq!(outcome, "filtered: consent unknown");
    app.shop("orders/create", &consenting(3, "unsubscribed")).await;
    let outcome = app.outcome(&delayed(&app, 3, "weather").await).await;
    assert_eq!(outcome, "filtered: consent denied");
}

#[tokio::test]
async fn an_objection_stops_what_is_made_later_and_what_waits() {
    let held = VOUCHER.replace("purpose: promotional,", "purpose: promotional, hold: 3s,");
    let mut app = spawn_many("", &held).await;
    for number in [1, 2] {
        app.shop("orders/create", &consenting(number, "subscribed")).await;
    }
    let waits = delayed(&app, 1, "weather").await;
    assert_eq!(app.outcome(&waits).await, "forwarded");
    let kept = object(&app, &json!({ "address": " KIM.1@example.test" })).await;
    assert_eq!((kept.status, &kept.body["scope"]), (200, &json!("promotional")), "{kept:?}");
    // It was held when Kim objected, and is taken back when its time has come.
    assert!(told(&app, &kim(1)).await.is_empty());
    let story = app.settled(&waits).await;
    let message = &story["messages"][0];
    assert_eq!((&message["state"], &message["why"]), (&json!("cancelled"), &json!("objected")));
    let later = delayed(&app, 1, "strike").await;
    assert_eq!(app.outcome(&later).await, "filtered: objected");
    // Somebody else did not object, and Kim still hears of the parcel.
    assert_eq!(app.outcome(&delayed(&app, 2, "weather").await).await, "forwarded");
    let tour = json!({ "status": "in_transit", "tracking_number": "T1" });
    assert_eq!(app.outcome(&tell(&app, "carrier", &tour).await).await, "forwarded");
    assert_eq!(told(&app, &kim(1)).await, ["Shipment In Transit"]);
    // Then to all of it, and after a new start as well.
    object(&app, &json!({ "address": kim(1), "scope": "all" })).await;
    app.restart().await;
    let delivered = json!({ "status": "delivered", "tracking_number": "T1" });
    let delivered = tell(&app, "carrier", &delivered).await;
    assert_eq!(app.outcome(&delivered).await, "filtered: objected");
    assert_eq!(told(&app, &kim(2)).await, ["Shipment Delayed"]);
}

#[tokio::test]
async fn who_takes_back_their_consent_is_not_sent_what_waits() {
    let held = VOUCHER.replace("purpose: promotional,", "purpose: promotional, hold: 1h,");
    let app = spawn_many("", &held).await;
    app.shop("orders/create", &consenting(1, "subscribed")).await;
    let waits = delayed(&app, 1, "weather").await;
    assert_eq!(app.outcome(&waits).await, "forwarded");
    app.shop("orders/updated", &consenting(1, "unsubscribed")).await;
    assert!(told(&app, &kim(1)).await.is_empty());
    let message = &app.settled(&waits).await["messages"][0];
    assert_eq!(
        (&message["state"], &message["why"]),
        (&json!("cancelled"), &json!("consent denied"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_kept_by_the_command_and_tells_no_address() {
    let app = spawn_many("", VOUCHER).await;
    let (code, added) = command(&app, &["add", "lou.nobody@example.test"]).await;
    assert_eq!(code, 0);
    let hash = added.split(' ').next().expect("a hash").to_owned();
    assert!(hash.len() == 32 && added.contains(" promotional since "), "{added}");
    let (_, wider) = command(&app, &["add", "+49 151 1234567", "--scope", "all", "--json"]).await;
    let wider: Value = serde_json::from_str(&wider).expect("JSON");
    let (_, again) = command(&app, &["add", "LOU.nobody@example.test", "--scope", "all"]).await;
    assert_eq!(again, added.replace("promotional", "all"), "since when stays");
    let (_, all) = command(&app, &["list", "--json"]).await;
    let all: Value = serde_json::from_str(&all).expect("JSON");
    assert_eq!(all["items"].as_array().map(Vec::len), Some(2));
    let (_, one) = command(&app, &["list", "--address", "0049151/1234567"]).await;
    assert!(one.starts_with(wider["person"].as_str().expect("a hash")), "{one}");
    for file in files(&app.directory.path().join("data")) {
        let bytes = std::fs::read(&file).expect("it is read");
        let is_clear = bytes.windows(10).any(|part| part.eq_ignore_ascii_case(b"lou.nobody"));
        assert!(!is_clear, "{}", file.display());
    }
    // Pages, and what makes no sense.
    let page = app.get("/api/v1/merchants/hey/objections?limit=1").await.body;
    let next = page["next_cursor"].as_str().expect("there is more");
    let path = format!("/api/v1/merchants/hey/objections?limit=1&cursor={next}");
    let last = app.get(&path).await.body;
    assert_eq!((&last["items"][0], &last["next_cursor"]), (&all["items"][1], &Value::Null));
    for (body, status) in
        [(json!({ "address": "nobody" }), 400), (json!({ "address": "a@b", "scope": "some" }), 400)]
    {
        assert_eq!(object(&app, &body).await.status, status, "{body}");
    }
    assert_eq!(app.get("/api/v1/merchants/nobody/objections").await.status, 404);
    assert_eq!(app.get("/api/v1/merchants/hey/objections?order=1").await.status, 400);
    // By hash, or by address; whoever was not there is told so.
    assert_eq!(command(&app, &["remove", &hash]).await.0, 0);
    assert_eq!(command(&app, &["remove", "+491511234567"]).await.0, 0);
    assert_eq!(command(&app, &["remove", "+491511234567"]).await.0, 1);
    assert_eq!(command(&app, &["add", "nobody"]).await.0, 2);
    let page = app.get("/api/v1/merchants/hey/objections").await.body;
    assert_eq!(page["items"], json!([]));
}

fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let paths: Vec<std::path::PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect();
    assert!(!paths.is_empty());
    paths
}
