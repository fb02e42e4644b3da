//! What is news, what is past, what waits, and what nobody is told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    harness::{SHOP_SECRET, TestApp, fulfilment, order, scan, spawn_with, write},
    settling::{spawn_many, tell, told},
};

#[tokio::test]
async fn a_delivery_does_not_wait_for_what_was_held_for_it() {
    // The tour would be held five minutes: longer than this test is patient.
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(1)).await;
    app.shop("fulfillments/create", &fulfilment(1)).await;
    app.shop("fulfillment_events/create", &scan(1, "out_for_delivery")).await;
    let is_held =
        |stats: &Value| stats["messages"]["pending"] == 1 && stats["messages"]["sent"] == 1;
    app.until("/api/v1/stats", is_held).await;
    app.shop("fulfillment_events/create", &scan(1, "delivered")).await;
    let expected = ["Order Dispatched", "Out For Delivery*", "Shipment Delivered"];
    assert_eq!(told(&app, "kim.1@example.test").await, expected);
}

#[tokio::test]
async fn what_a_second_source_knows_reaches_a_message_that_is_held() {
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(2)).await;
    app.shop("fulfillments/create", &fulfilment(2)).await;
    app.shop("fulfillment_events/create", &scan(2, "ready_for_pickup")).await;
    let point = json!({
        "status": "ready_for_pickup", "tracking_number": "00340000000000000002",
        "pickup_point": { "type": "locker", "name": "Packstation 117" },
    });
    let second = tell(&app, "carrier", &point).await;
    assert_eq!(app.outcome(&second).await, "filtered: repeated");
    // Collected at once: that ends the hold.
    app.shop("fulfillment_events/create", &scan(2, "picked_up")).await;
    let expected = ["Order Dispatched", "Ready For Pickup*", "Shipment Delivered"];
    assert_eq!(told(&app, "kim.2@example.test").await, expected);
    let ready = &app.sandbox.received().events()[1];
    assert_eq!(ready.properties["pickup_point_name"], "Packstation 117");
}

/// A merchant whose one destination cannot record what is past.
async fn spawn_forgetful() -> TestApp {
    spawn_with(|directory, sandbox| {
        let merchant = format!(
            "name: Hey\nsources:\n  shop: {{ connector: shopify, secret: {SHOP_SECRET} }}\n\
             destinations:\n  dove: {{ base_url: \"{sandbox}\" }}\n"
        );
        write(directory, "merchants/hey.yaml", &merchant);
        let dove = "title: Dove\nfacts: invented\nsettings:\n  loft: { default: a, doc: a setting }\n\
             base_url: https://dove.example\nrepeated_id: ignored\nsend:\n  request: POST /nowhere\n\
             \x20 json: { id: =id, event: =name }\ntests:\n  one:\n    given: { trigger: delivered, name: Da }\n\
             \x20   json: { event: Da }\n";
        write(directory, "connectors/destinations/dove.yaml", dove);
    })
    .await
}

#[tokio::test]
async fn elsewhere_what_is_past_is_not_sent_at_all() {
    let app = spawn_forgetful().await;
    app.shop("orders/create", &order(3)).await;
    app.shop("fulfillments/create", &fulfilment(3)).await;
    let tour = app.shop("fulfillment_events/create", &scan(3, "out_for_delivery")).await;
    assert_eq!(app.outcome(&tour).await, "forwarded");
    let delivered = app.shop("fulfillment_events/create", &scan(3, "delivered")).await;
    assert_eq!(app.outcome(&delivered).await, "forwarded");
    let id = tour.body["id"].as_str().expect("an id");
    let story = app.get(&format!("/api/v1/receipts/{id}")).await.body;
    assert_eq!(story["messages"][0]["state"], "cancelled");
    assert_eq!(story["messages"][0]["why"], "superseded");
    for (number, status, hours) in [(3, "in_transit", 1), (4, "in_transit", 80)] {
        if number == 4 {
            app.shop("orders/create", &order(4)).await;
            app.shop("fulfillments/create", &fulfilment(4)).await;
        }
        let mut past = scan(number, status);
        let at = jiff::Timestamp::now() - Duration::from_hours(hours);
        past["happened_at"] = json!(at.to_string());
        let past = app.shop("fulfillment_events/create", &past).await;
        assert_eq!(app.outcome(&past).await, "filtered: late", "{number}");
    }
}

#[tokio::test]
async fn parked_facts_are_told_in_the_order_in_which_they_happened() {
    let app = spawn_many("", "").await;
    let at = |minutes| (jiff::Timestamp::now() - Duration::from_mins(minutes)).to_string();
    let facts = [
        json!({ "status": "delivery_attempt_failed", "tracking_number": "T5", "occurred_at": at(5) }),
        json!({ "status": "dispatched", "tracking_number": "T5", "parcel_id": "P5", "occurred_at": at(60) }),
        json!({ "status": "address_correction_required", "order_number": "#5", "occurred_at": at(90) }),
        json!({ "status": "label_created", "parcel_id": "P5", "order_number": "#5", "occurred_at": at(80) }),
    ];
    let mut answers = Vec::new();
    for fact in &facts {
        answers.push(tell(&app, "warehouse", fact).await);
    }
    for (fact, outcome) in answers.iter().zip(["parked", "parked", "parked", "filtered: off"]) {
        assert_eq!(app.outcome(fact).await, outcome);
    }
    // A fact that brings its own recipient is not held up by an unknown order.
    let own =
        json!({ "status": "dispatched", "order_number": "#6", "email": "kim.6@example.test" });
    assert_eq!(app.outcome(&tell(&app, "warehouse", &own).await).await, "forwarded");
    app.shop("orders/create", &order(5)).await;
    let expected = ["Address Correction Required*", "Order Dispatched", "Delivery Attempt Failed"];
    assert_eq!(told(&app, "kim.5@example.test").await, expected);
    assert_eq!(told(&app, "kim.6@example.test").await, ["Order Dispatched"]);
    assert_eq!(app.stats().await["receipts"]["parked"], 0);
}

#[tokio::test]
async fn a_fact_that_finds_no_recipient_in_time_fails() {
    let mapping = "triggers:\n  address_correction_required: { max_age: 1s }\n";
    let app = spawn_many("", mapping).await;
    let lost = json!({ "status": "address_correction_required", "order_number": "#7" });
    let lost = tell(&app, "warehouse", &lost).await;
    let id = lost.body["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/receipts/{id}");
    let story = app.until(&path, |story| story["status"] == "failed").await;
    assert_eq!(story["why"], "no_recipient");
    app.shop("orders/create", &order(7)).await;
    assert!(told(&app, "kim.7@example.test").await.is_empty());
}

#[tokio::test]
async fn runs_sides_and_ends_are_told_as_often_as_they_happened() {
    let app = spawn_many("holds: off\n", "triggers:\n  damaged: on\n  lost: on\n").await;
    app.shop("orders/create", &order(8)).await;
    app.shop("fulfillments/create", &fulfilment(8)).await;
    let number = "00340000000000000008";
    let start = jiff::Timestamp::now() - Duration::from_hours(2);
    let steps: [(&str, &str, &str, &str); 16] = [
        ("carrier", "out_for_delivery", "", "forwarded"),
        ("carrier", "delivery_attempt_failed", "recipient_unavailable", "forwarded"),
        ("warehouse", "delivery_attempt_failed", "no_access", "filtered: repeated"),
        ("carrier", "out_for_delivery", "", "forwarded"),
        ("warehouse", "out_for_delivery", "", "filtered: repeated"),
        ("carrier", "delayed", "weather", "forwarded"),
        ("warehouse", "delayed", "weather", "filtered: repeated"),
        ("carrier", "ready_for_pickup", "", "forwarded"),
        ("carrier", "delayed", "weather", "forwarded"),
        ("carrier", "delayed", "security", "filtered: sensitive"),
        ("carrier", "lost", "", "forwarded"),
        ("carrier", "delivered", "", "forwarded"),
        ("warehouse", "delivered", "", "filtered: repeated"),
        ("carrier", "delayed", "strike", "filtered: conflict"),
        ("carrier", "in_transit", "", "filtered: conflict"),
        ("warehouse", "damaged", "packaging", "forwarded"),
    ];
    for (minute, (source, status, reason, expected)) in (1..).zip(steps) {
        let at = (start + Duration::from_mins(minute)).to_string();
        let mut body = json!({ "status": status, "tracking_number": number, "occurred_at": at });
        if !reason.is_empty() {
            body["reason"] = json!(reason);
        }
        let answer = tell(&app, source, &body).await;
        assert_eq!(app.outcome(&answer).await, expected, "{minute}: {source} {status} {reason}");
        // It is sent before the next one makes it a thing of the past.
        told(&app, "kim.8@example.test").await;
    }
    let sent = told(&app, "kim.8@example.test").await;
    assert!(sent.iter().all(|metric| !metric.ends_with('*')), "{sent:?}");
    let ids: std::collections::BTreeSet<String> =
        app.sandbox.received().events().into_iter().map(|told| told.key.unique_id).collect();
    assert_eq!(ids.len(), 10, "each has an id of its own");
}

#[tokio::test]
async fn odd_times_are_taken_as_they_are_meant() {
    let app = spawn_many("holds: off\n", "").await;
    app.shop("orders/create", &order(9)).await;
    app.shop("fulfillments/create", &fulfilment(9)).await;
    let number = "00340000000000000009";
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date().to_string();
    let facts = [
        // Only the day is known: it is today, so it is news.
        json!({ "status": "out_for_delivery", "tracking_number": number, "occurred_at": today }),
        json!({ "status": "delivered", "tracking_number": number, "occurred_at": "2090-01-01T00:00:00Z" }),
        json!({ "status": "damaged", "tracking_number": number }),
    ];
    let expected = ["Order Dispatched", "Out For Delivery", "Shipment Delivered"];
    for (fact, so_far) in facts.iter().zip([2, 3, 3]) {
        tell(&app, "carrier", fact).await;
        assert_eq!(told(&app, "kim.9@example.test").await, expected[..so_far]);
    }
    let delivered = &app.sandbox.received().events()[2];
    assert!(!delivered.time.starts_with("2090"), "{}", delivered.time);
}

#[tokio::test]
async fn a_webhook_of_many_events_is_told_in_order_and_counted_once() {
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(10)).await;
    let at = |minutes| (jiff::Timestamp::now() - Duration::from_mins(minutes)).to_string();
    let event = |status: &str, minutes| json!({ "status": status, "order_number": "#10", "tracking_number": "T10", "occurred_at": at(minutes) });
    // Newest first, as many systems list them.
    let known = json!({ "events": [event("delivered", 1), event("in_transit", 20), event("dispatched", 30)] });
    let known = tell(&app, "warehouse", &known).await;
    assert_eq!(app.outcome(&known).await, "forwarded");
    let expected = ["Order Dispatched", "Shipment In Transit*", "Shipment Delivered"];
    assert_eq!(told(&app, "kim.10@example.test").await, expected);
    // Parked weighs more than forwarded, and gives way when the order comes.
    let mut mixed = vec![event("damaged", 1)];
    mixed.push(json!({ "status": "dispatched", "order_number": "#11" }));
    mixed.push(
        json!({ "status": "dispatched", "order_number": "#12", "email": "kim.12@example.test" }),
    );
    let mixed = tell(&app, "warehouse", &json!({ "events": mixed })).await;
    assert_eq!(app.outcome(&mixed).await, "parked");
    assert_eq!(told(&app, "kim.12@example.test").await, ["Order Dispatched"]);
    app.shop("orders/create", &order(11)).await;
    assert_eq!(told(&app, "kim.11@example.test").await, ["Order Dispatched"]);
    assert_eq!(app.outcome(&mixed).await, "forwarded");
    // One that names nothing has failed, whatever became of the others, then and later.
    let torn = json!({ "events": [
        { "status": "dispatched", "order_number": "#14" },
        { "status": "delivered", "email": "kim.14@example.test" },
    ] });
    let torn = tell(&app, "warehouse", &torn).await;
    assert_eq!(app.outcome(&torn).await, "parked");
    app.shop("orders/create", &order(14)).await;
    assert_eq!(told(&app, "kim.14@example.test").await, ["Order Dispatched"]);
    assert_eq!(app.outcome(&torn).await, "failed: no_subject");
    let stats = app.stats().await;
    assert_eq!(
        (&stats["receipts"]["parked"], &stats["receipts"]["accepted"]),
        (&json!(0), &json!(6))
    );
}

#[tokio::test]
async fn long_lists_are_cut_and_nothing_is_sent_as_null_or_value() {
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(13)).await;
    let mut parcel = fulfilment(13);
    let line = |at: u32| json!({ "sku": format!("S{at}"), "title": "Knopf", "quantity": 3, "price": "0.10", "variant_title": null });
    parcel["line_items"] = (0..60).map(line).collect();
    app.shop("fulfillments/create", &parcel).await;
    assert_eq!(told(&app, "kim.13@example.test").await, ["Order Dispatched"]);
    let sent = app.sandbox.received().events().remove(0).properties;
    for list in ["items", "Items", "item_names", "item_skus"] {
        assert_eq!(sent[list].as_array().map(Vec::len), Some(50), "{list}");
    }
    assert_eq!(sent["items_truncated"], true);
    assert_eq!(sent["Items"][0]["RowTotal"], "0.30");
    assert!(!sent.contains_key("value") && !sent.contains_key("$value"));
    assert!(!Value::Object(sent).to_string().contains("null"));
}

#[tokio::test]
async fn a_scan_means_another_thing_on_its_way_back() {
    let app =
        spawn_many("", "triggers:\n  return_in_transit: on\n  returned_to_sender: on\n").await;
    app.shop("orders/create", &order(15)).await;
    let back = |status: &str, leg: &str, name: &str| json!({ "status": status, "leg": leg, "order_number": "#15", "tracking_number": name });
    let facts = [
        (back("label_created", "return", "R15"), "Return Label Created"),
        (back("in_transit", "return", "R15"), "Return In Transit"),
        (back("delivered", "rts", "T15"), "Returned To Sender"),
    ];
    for (fact, metric) in &facts {
        let told_by = tell(&app, "carrier", fact).await;
        assert_eq!(app.outcome(&told_by).await, "forwarded", "{metric}");
        assert_eq!(
            told(&app, "kim.15@example.test").await.last().map(String::as_str),
            Some(*metric)
        );
    }
    // That it has come is the warehouse's word.
    let came = tell(&app, "carrier", &back("delivered", "return", "R15")).await;
    assert_eq!(app.outcome(&came).await, "filtered: repeated");
}
