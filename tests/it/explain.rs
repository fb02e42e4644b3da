//! Why a customer did, or did not, get a message: asked of a real relay, by its API and its command,
//! in both languages, with file and line.

use std::path::Path;

use parcelwire::sandbox::{Sandbox, SandboxSettings};
use serde_json::{Value, json};

use crate::{
    asking::{run, text},
    harness::{
        Answer, SHOP_SECRET, TOKEN, answer, fulfilment, hmac_base64, next, order, scan, spawn_app,
        write,
    },
    process::Relay,
};

const MERCHANT: &str = "\
name: Hey Example
language: de
timezone: Europe/Berlin
sources:
  shop: { connector: shopify, secret: SECRET }
destinations:
  klaviyo: { api_key: pk_test_0001, base_url: 'SANDBOX' }
  pigeon:
    only: [delivered, out_for_delivery]
    base_url: 'SANDBOX'
mapping: own
";

const MAPPING: &str = "\
extends: default
triggers:
  in_transit: off
  out_for_delivery:
    hold: 6h
  ready_for_pickup:
    when: =destination_country == 'AT'
";

/// A tool that takes everything, and that cannot record what is past.
const PIGEON: &str = "\
title: Pigeon
facts: invented
settings: {}
base_url: https://pigeon.example
repeated_id: ignored
send: { request: POST /pigeons }
answers: { 404: sent }
tests: {}
";

/// A relay in a process of its own, in a folder as an operator has it.
async fn relay(directory: &Path, sandbox: &Sandbox) -> Relay {
    let at_sandbox = |text: &str| text.replace("SANDBOX", &sandbox.url());
    let merchant = at_sandbox(MERCHANT).replace("SECRET", SHOP_SECRET);
    write(directory, "config/merchants/hey.yaml", &merchant);
    write(directory, "mappings/own.yaml", MAPPING);
    write(directory, "connectors/destinations/pigeon.yaml", PIGEON);
    Relay::start(directory).await
}

/// So many minutes ago.
fn ago(minutes: u64) -> Value {
    let ago = std::time::Duration::from_secs(60 * minutes);
    (jiff::Timestamp::now() - ago).to_string().into()
}

/// A parcel that left an hour ago.
fn parcel(number: u64) -> Value {
    let mut parcel = fulfilment(number);
    (parcel["created_at"], parcel["updated_at"]) = (ago(60), ago(60));
    parcel
}

async fn scanned(relay: &Relay, number: u64, status: &str, minutes: u64) {
    let mut told = scan(number, status);
    told["happened_at"] = ago(minutes);
    shop(relay, "fulfillment_events/create", &told).await;
}

async fn shop(relay: &Relay, topic: &str, body: &Value) {
    let body = body.to_string();
    let request = relay
        .client
        .post(relay.url("/hooks/hey/shop"))
        .header("x-shopify-topic", topic)
        .header("x-shopify-event-id", format!("evt-{}", next()))
        .header("x-shopify-hmac-sha256", hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes()))
        .body(body);
    let told = answer(request.send().await).await;
    assert_eq!(told.status, 202, "{told:?}");
    let id = told.body["id"].as_str().expect("an id").to_owned();
    relay.until(&format!("/api/v1/receipts/{id}"), |it| it["status"] != "waiting").await;
}

fn has(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let found = rest.split_once(part);
        rest = found.unwrap_or_else(|| panic!("`{part}` is next in:\n{text}")).1;
    }
}

/// The command's exit code and what it prints.
async fn asked(directory: &Path, relay: &Relay, arguments: &[&str]) -> (Option<i32>, String) {
    let url = relay.url("");
    let env = [("PARCELWIRE_URL", url.as_str()), ("PARCELWIRE_ADMIN_TOKEN", TOKEN)];
    let output = run(directory, &env, arguments).await;
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_explained_in_both_languages_with_the_lines_of_the_files() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    let relay = relay(directory.path(), &sandbox).await;
    shop(&relay, "orders/create", &order(1)).await;
    shop(&relay, "fulfillments/create", &parcel(1)).await;
    let sent = |page: &Value| page["items"][0]["status"] == "sent";
    relay.until("/api/v1/messages?order=1", sent).await;
    for (status, minutes) in
        [("in_transit", 50), ("ready_for_pickup", 30), ("delivered", 10), ("out_for_delivery", 40)]
    {
        scanned(&relay, 1, status, minutes).await;
    }
    shop(&relay, "orders/create", &order(2)).await;
    shop(&relay, "fulfillments/create", &parcel(2)).await;
    scanned(&relay, 2, "out_for_delivery", 5).await;
    let path = "/api/v1/merchants/hey/explain?order=%231";
    let is_sent = |told: &Value| {
        let messages = told["orders"][0]["messages"].as_array().expect("messages");
        messages.iter().all(|message| message["state"] == "sent")
    };
    let english = relay.until(&format!("{path}&lang=en"), is_sent).await;
    has(
        english["text"].as_str().expect("a text"),
        &[
            "Order #1 of hey (times in Europe/Berlin)\nRecipient: k…@example.test\n",
            "Order received (order_placed)",
            "said by shop",
            "[(shipped) sources/shopify.yaml:",
            "only remembered",
            "Left the warehouse (dispatched), 00340000000000000001",
            "as “fulfillments/create”",
            "klaviyo: “Order Dispatched” sent on",
            "(1 try, the last one answered 202)",
            "pigeon: filtered: this destination takes other triggers only (only) [config/merchants/hey.yaml:9]",
            "On its way (in_transit)",
            "not told: this trigger is switched off [mappings/own.yaml:3]",
            "Ready to be collected (ready_for_pickup)",
            "klaviyo: filtered: a condition does not hold (destination_country == 'AT') [mappings/own.yaml:7]",
            "Delivered (delivered)",
            "klaviyo: “Shipment Delivered” sent on",
            "pigeon: “Shipment Delivered” sent on",
            "Order Fully Delivered (order_fully_delivered): “Order Fully Delivered” sent on",
            "Arriving today (out_for_delivery)",
            "recorded on",
            "as something past: it starts nothing",
            "pigeon: late: a later step was known before it",
            "Nothing is planned",
        ],
    );
    assert_eq!(english["orders"][0]["recipient"]["email"], "kim.1@example.test");
    let line = english["orders"][0]["entries"][1]["line"].as_str().expect("a line").to_owned();
    let number = line.rsplit(':').next().and_then(|n| n.parse::<usize>().ok()).expect("a number");
    let shipped = include_str!("../../connectors/sources/shopify.yaml");
    let row = shipped.lines().nth(number - 1).expect("it is there");
    assert_eq!(row.trim(), "fulfillments/create: dispatched");
    // The merchant's own language, unless another is asked for.
    let german = relay.get(path).await.body;
    has(
        german["text"].as_str().expect("a text"),
        &[
            "Bestellung #1 von hey (Zeiten in Europe/Berlin)\nEmpfänger: k…@example.test\n",
            "Bestellung eingegangen (order_placed)",
            "nur gemerkt",
            "klaviyo: „Order Dispatched“ gesendet am",
            "nicht gemeldet: Dieser Auslöser ist abgeschaltet [mappings/own.yaml:3]",
            "Eine Bedingung trifft nicht zu (destination_country == 'AT') [mappings/own.yaml:7]",
            "pigeon: zu spät: Ein späterer Schritt war schon bekannt",
            "Nichts ist geplant",
        ],
    );
    // Held, by whatever name the order goes.
    let of_parcel = "/api/v1/merchants/hey/explain?lang=en&order=0034%20000000%200000000002";
    let held = relay.get(of_parcel).await.body["text"].as_str().expect("a text").to_owned();
    has(
        &held,
        &[
            "Order #2 of hey",
            "Arriving today (out_for_delivery)",
            "klaviyo: “Out For Delivery” held until",
            "in case something better comes first [mappings/own.yaml:5]",
        ],
    );
    commands(directory.path(), &relay).await;
}

async fn commands(directory: &Path, relay: &Relay) {
    let of = |arguments: &'static [&'static str]| asked(directory, relay, arguments);
    let (code, told) = of(&["explain", "#1", "--merchant", "hey", "--lang", "en"]).await;
    assert_eq!(code, Some(0), "{told}");
    has(&told, &["Order #1 of hey", "switched off [mappings/own.yaml:3]", "Nothing is planned"]);
    assert!(!told.contains("kim.1@"), "{told}");
    // Whose it is, is found by its number; the language is the merchant's.
    let (code, told) = of(&["explain", "2"]).await;
    assert_eq!(code, Some(0), "{told}");
    has(&told, &["Bestellung #2 von hey", "zurückgehalten bis"]);
    let (_, json) = of(&["explain", "2", "--merchant", "hey", "--json"]).await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        json["orders"][0]["recipient"],
        json!({ "email": "kim.2@example.test", "external_id": "77" })
    );
    assert_eq!(json["orders"][0]["order_number"], "#2");
    // What nobody said is told as such, with what was refused.
    let unsigned = relay.client.post(relay.url("/hooks/hey/shop")).body("{}").send().await;
    assert_eq!(answer(unsigned).await.status, 401);
    let refused = |page: &Value| page["items"].as_array().is_some_and(|items| items.len() == 1);
    relay.until("/api/v1/merchants/hey/refused", refused).await;
    let (code, told) = of(&["explain", "4711", "--merchant", "hey", "--lang", "en"]).await;
    assert_eq!(code, Some(0), "{told}");
    has(
        &told,
        &[
            "No webhook named “4711”",
            "1 request was refused at the source shop (signature_missing)",
        ],
    );
    let (code, told) = of(&["explain", "4711"]).await;
    assert_eq!(code, Some(1), "{told}");
    has(&told, &["no merchant has an order or tracking number `4711`", "--merchant"]);
    let (code, told) = of(&["explain", "1", "--merchant", "nobody"]).await;
    assert_eq!(code, Some(2), "{told}");
    assert_eq!(relay.get("/api/v1/merchants/hey/explain").await.status, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_says_why_nothing_came_of_it_and_which_line_gave_its_status() {
    let app = spawn_app().await;
    let story = async |told: Answer| app.settled(&told).await;
    let known = story(app.shop("fulfillments/create", &fulfilment(1)).await).await;
    let line = known["events"][0]["fields"]["connector_line"].as_str().expect("a line");
    assert!(line.starts_with("(shipped) sources/shopify.yaml:"), "{line}");
    assert_eq!(known["events"][0]["fields"]["raw_source"], "shop");
    assert_eq!(
        known["reading"],
        json!({
            "events": 1, "why": null, "notes": [], "unmapped_codes": [], "ignored_codes": [],
        })
    );
    let strange = story(app.shop("fulfillment_events/create", &scan(1, "teleported")).await).await;
    assert_eq!(
        (&strange["why"], &strange["reading"]["why"]),
        (&json!("unmapped_code"), &json!("unmapped_code: teleported"))
    );
    assert_eq!(strange["reading"]["unmapped_codes"], json!(["teleported"]));
    let broken = story(app.shop_raw("hey", "orders/create", b"{".to_vec()).await).await;
    let why = broken["reading"]["why"].as_str().expect("why");
    assert!(why.starts_with("unreadable: "), "{why}");
    let bytes = story(app.shop_raw("hey", "orders/create", vec![b'{', 0xff, b'}']).await).await;
    assert!(bytes["request"]["body"]["base64"].is_string());
    assert!(bytes["reading"]["why"].as_str().is_some_and(|why| why.contains("UTF-8")), "{bytes}");
}
