//! What belongs together: facts of one order from several sources, in any order, under any name.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::harness::{
    Answer, SHOP_SECRET, TestApp, WAREHOUSE_SECRET, answer, fulfilment, hmac_base64, next, order,
    scan, spawn_with, write,
};

/// Two shops, a warehouse and a carrier of one merchant. `more` is added to its file.
pub(crate) async fn spawn_many(more: &str, mapping: &str) -> TestApp {
    spawn_with(|directory, sandbox| {
        let merchant = format!(
            "name: Hey\nlanguage: de\n{more}sources:\n  shop: {{ connector: shopify, secret: {SHOP_SECRET} }}\n\
             \x20 outlet: {{ connector: shopify, secret: {SHOP_SECRET} }}\n\
             \x20 warehouse: {{ connector: webhook, secret: \"{WAREHOUSE_SECRET}\" }}\n\
             \x20 carrier: {{ connector: courier, secret: \"{WAREHOUSE_SECRET}\" }}\n\
             destinations:\n  klaviyo: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\n\
             mapping: own\n"
        );
        write(directory, "merchants/hey.yaml", &merchant);
        write(directory, "mappings/facts.yaml", ONLY_FACTS);
        write(directory, "mappings/own.yaml", &format!("extends: facts\n{mapping}"));
        let courier = include_str!("../../connectors/sources/webhook.yaml");
        let courier = courier.replace("party: fulfilment", "party: carrier");
        write(directory, "connectors/sources/courier.yaml", &courier);
    })
    .await
}

/// A mapping of what sources say: what follows from it has tests of its own.
pub(crate) const ONLY_FACTS: &str =
    "extends: default\ntriggers: { order_fully_delivered: off, pickup_reminder: off }\n";

/// A webhook in the generic format, rightly signed, to one of the merchant's sources.
pub(crate) async fn tell(app: &TestApp, source: &str, body: &Value) -> Answer {
    let (id, now) = (format!("msg-{}", next()), jiff::Timestamp::now().as_second());
    let key = STANDARD.decode(WAREHOUSE_SECRET.trim_start_matches("whsec_")).expect("base64");
    let body = body.to_string();
    let signature = hmac_base64(&key, format!("{id}.{now}.{body}").as_bytes());
    let request = app
        .client
        .post(app.url(&format!("/hooks/hey/{source}")))
        .header("webhook-id", id)
        .header("webhook-timestamp", now.to_string())
        .header("webhook-signature", format!("v1,{signature}"))
        .body(body);
    answer(request.send().await).await
}

/// A webhook of one of the shops.
async fn shop(app: &TestApp, source: &str, topic: &str, body: &Value) -> Answer {
    let body = body.to_string();
    let request = app
        .client
        .post(app.url(&format!("/hooks/hey/{source}")))
        .header("x-shopify-topic", topic)
        .header("x-shopify-event-id", format!("evt-{}", next()))
        .header("x-shopify-hmac-sha256", hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes()))
        .body(body);
    answer(request.send().await).await
}

/// What was told to whom, once nothing waits: metric, with a `*` where it started nothing.
pub(crate) async fn told(app: &TestApp, person: &str) -> Vec<String> {
    let path = "/api/v1/stats";
    let is_quiet =
        |stats: &Value| stats["receipts"]["waiting"] == 0 && stats["messages"]["pending"] == 0;
    let stats = app.until(path, is_quiet).await;
    assert_eq!(stats["balanced"], true, "{stats}");
    assert_eq!(app.sandbox.received().sums().repeats, 0);
    let events = app.sandbox.received().events();
    let own = events.iter().filter(|told| told.key.profile == person);
    own.map(|told| format!("{}{}", told.key.metric, if told.backfill { "*" } else { "" })).collect()
}

fn ago(minutes: u64) -> String {
    (jiff::Timestamp::now() - Duration::from_mins(minutes)).to_string()
}

fn kim(number: u64) -> String {
    format!("kim.{number}@example.test")
}

#[tokio::test]
async fn ids_that_are_used_in_two_orders_join_neither() {
    let app = spawn_many("", "").await;
    for number in [1, 2] {
        app.shop("orders/create", &order(number)).await;
    }
    for number in [1, 2] {
        let of = json!({ "status": "dispatched", "parcel_id": "P1", "order_number": format!("#{number}") });
        assert_eq!(app.outcome(&tell(&app, "warehouse", &of).await).await, "forwarded");
        let of = json!({ "status": "return_received", "return_id": "R1", "order_number": number.to_string() });
        assert_eq!(app.outcome(&tell(&app, "warehouse", &of).await).await, "forwarded");
    }
    for number in [1, 2] {
        assert_eq!(told(&app, &kim(number)).await, ["Order Dispatched", "Return Received"]);
    }
}

#[tokio::test]
async fn two_shops_may_use_one_number_and_one_customer_may_order_twice() {
    let app = spawn_many("", "").await;
    let mut other = order(3);
    other["id"] = json!(9003);
    other["email"] = json!("lou@example.test");
    shop(&app, "shop", "orders/create", &order(3)).await;
    shop(&app, "outlet", "orders/create", &other).await;
    let mut parcel = fulfilment(3);
    (parcel["id"], parcel["order_id"], parcel["tracking_number"]) =
        (json!(96_003), json!(9003), json!("OUT3"));
    parcel["tracking_numbers"] = json!(["OUT3"]);
    let sent = shop(&app, "outlet", "fulfillments/create", &parcel).await;
    assert_eq!(app.outcome(&sent).await, "forwarded");
    assert_eq!(told(&app, "lou@example.test").await, ["Order Dispatched"]);
    assert!(told(&app, &kim(3)).await.is_empty());
    // The same customer's two orders: one's cancelled parcel says nothing of the other's.
    for number in [4, 5] {
        let mut one = order(number);
        one["email"] = json!("kim@example.test");
        app.shop("orders/create", &one).await;
        app.shop("fulfillments/create", &fulfilment(number)).await;
    }
    app.shop("fulfillment_events/create", &scan(4, "delivered")).await;
    let expected = ["Order Dispatched", "Order Dispatched", "Shipment Delivered"];
    assert_eq!(told(&app, "kim@example.test").await, expected);
}

#[tokio::test]
async fn a_tracking_number_that_is_used_again_leads_to_the_new_order() {
    let app = spawn_many("", "").await;
    for (number, at) in [(6, 60 * 24 * 30), (7, 60)] {
        app.shop("orders/create", &order(number)).await;
        let mut parcel = fulfilment(number);
        parcel["tracking_number"] = json!("AGAIN");
        parcel["tracking_numbers"] = json!(["AGAIN"]);
        parcel["created_at"] = json!(ago(at));
        app.shop("fulfillments/create", &parcel).await;
        if number == 6 {
            let mut delivered = scan(6, "delivered");
            delivered["happened_at"] = json!(ago(60 * 24 * 29));
            app.shop("fulfillment_events/create", &delivered).await;
        }
    }
    for status in ["in_transit", "delivered"] {
        // Each is sent before the next one makes it a thing of the past.
        told(&app, &kim(7)).await;
        let scanned =
            tell(&app, "carrier", &json!({ "status": status, "tracking_number": "AGAIN" })).await;
        assert_eq!(app.outcome(&scanned).await, "forwarded");
    }
    assert_eq!(told(&app, &kim(6)).await, ["Order Dispatched*", "Shipment Delivered*"]);
    let expected = ["Order Dispatched", "Shipment In Transit", "Shipment Delivered"];
    assert_eq!(told(&app, &kim(7)).await, expected);
}

#[tokio::test]
async fn a_parcel_under_two_names_is_told_of_once() {
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(8)).await;
    let mut parcel = fulfilment(8);
    (parcel["tracking_number"], parcel["tracking_numbers"]) = (json!(null), json!([]));
    app.shop("fulfillments/create", &parcel).await;
    let scanned =
        json!({ "status": "in_transit", "tracking_number": "NEW8", "order_number": "#8" });
    assert_eq!(app.outcome(&tell(&app, "carrier", &scanned).await).await, "forwarded");
    // Now the shop learns the number: what were two parcels are one.
    (parcel["tracking_number"], parcel["tracking_numbers"]) = (json!("new 8"), json!(["new 8"]));
    app.shop("fulfillments/update", &parcel).await;
    let again = app.shop("fulfillment_events/create", &scan(8, "in_transit")).await;
    assert_eq!(app.outcome(&again).await, "filtered: repeated");
    // It is sent before the next one makes it a thing of the past.
    told(&app, &kim(8)).await;
    tell(&app, "carrier", &json!({ "status": "delivered", "tracking_number": "NEW8" })).await;
    let again = app.shop("fulfillment_events/create", &scan(8, "delivered")).await;
    assert_eq!(app.outcome(&again).await, "filtered: repeated");
    let expected = ["Order Dispatched", "Shipment In Transit", "Shipment Delivered"];
    assert_eq!(told(&app, &kim(8)).await, expected);
    let delivered = &app.sandbox.received().events()[2].properties;
    assert_eq!(delivered["parcel_count"], 1);
    assert_eq!(delivered["item_skus"], json!(["SND-38"]));
}

#[tokio::test]
async fn of_a_fulfilment_with_two_numbers_each_is_followed() {
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(9)).await;
    let mut parcel = fulfilment(9);
    (parcel["tracking_number"], parcel["tracking_numbers"]) = (json!("A9"), json!(["A9", "B9"]));
    app.shop("fulfillments/create", &parcel).await;
    for number in ["A9", "B9"] {
        tell(&app, "carrier", &json!({ "status": "delivered", "tracking_number": number })).await;
    }
    let expected = ["Order Dispatched", "Shipment Delivered", "Shipment Delivered"];
    assert_eq!(told(&app, &kim(9)).await, expected);
    let last = &app.sandbox.received().events()[2].properties;
    assert_eq!((&last["tracking_number"], &last["parcel_count"]), (&json!("B9"), &json!(2)));
}

#[tokio::test]
async fn the_newest_word_on_an_order_counts_whichever_came_first() {
    let app = spawn_many("", "").await;
    let (mut placed, mut changed) = (order(10), order(10));
    placed["email"] = json!("zypo@example.test");
    placed["created_at"] = json!(ago(60));
    (changed["created_at"], changed["updated_at"]) = (json!(ago(60)), json!(ago(30)));
    app.shop("orders/updated", &changed).await;
    app.shop("orders/create", &placed).await;
    app.shop("fulfillments/create", &fulfilment(10)).await;
    assert_eq!(told(&app, &kim(10)).await, ["Order Dispatched"]);
    assert!(told(&app, "zypo@example.test").await.is_empty());
}

/// The webhooks of two parcels and a return, as they happened.
fn story(number: u64) -> Vec<(&'static str, Value)> {
    let at = |mut body: Value, key: &str, minutes: u64| {
        body[key] = json!(ago(minutes));
        body
    };
    let second = |mut body: Value| {
        let key = if body.get("fulfillment_id").is_some() { "fulfillment_id" } else { "id" };
        body[key] = json!(6_100_000_000_u64 + number);
        if key == "id" {
            body["tracking_number"] = json!(format!("SECOND{number}"));
            body["tracking_numbers"] = json!([format!("SECOND{number}")]);
        }
        body
    };
    let scanned = |status, minutes| at(scan(number, status), "happened_at", minutes);
    let event = "fulfillment_events/create";
    vec![
        ("orders/create", at(order(number), "created_at", 120)),
        ("fulfillments/create", at(fulfilment(number), "created_at", 100)),
        ("fulfillments/create", at(second(fulfilment(number)), "created_at", 98)),
        (event, scanned("in_transit", 90)),
        (event, second(scanned("in_transit", 88))),
        (event, scanned("out_for_delivery", 70)),
        (event, second(scanned("ready_for_pickup", 65))),
        (event, scanned("delivered", 50)),
        (event, second(scanned("picked_up", 40))),
        (
            "returns/approve",
            json!({ "id": 31_000 + number, "order": { "id": 5_000_000_000_u64 + number }, "created_at": ago(30) }),
        ),
    ]
}

#[tokio::test]
async fn a_story_is_told_whole_in_whatever_order_it_comes() {
    let app = spawn_many("holds: off\n", "").await;
    let mut expected = [
        "Order Dispatched",
        "Order Dispatched",
        "Shipment In Transit",
        "Out For Delivery",
        "Ready For Pickup",
        "Shipment Delivered",
        "Shipment Delivered",
        "Return Label Created",
    ];
    expected.sort_unstable();
    for number in 100..124_u64 {
        let mut webhooks = story(number);
        // Each order has its own disorder, and a few repeats.
        let mut chance = number;
        let mut pick = |below: usize| {
            chance = chance
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (chance >> 33) as usize % below
        };
        for at in (1..webhooks.len()).rev() {
            webhooks.swap(at, pick(at + 1));
        }
        for _ in 0..3 {
            let (from, to) = (pick(webhooks.len()), pick(webhooks.len()));
            let again = webhooks[from].clone();
            webhooks.insert(to, again);
        }
        for (topic, body) in &webhooks {
            app.shop(topic, body).await;
        }
        let sent = told(&app, &kim(number)).await;
        let mut sent: Vec<&str> = sent.iter().map(|metric| metric.trim_end_matches('*')).collect();
        sent.sort_unstable();
        let topics: Vec<&str> = webhooks.iter().map(|(topic, _)| *topic).collect();
        assert_eq!(sent, expected, "{number}: {topics:?}");
    }
    assert_eq!(app.stats().await["receipts"]["parked"], 0);
}
