//! The seven triggers of the model integration, each from webhook to request.

use serde_json::json;

use crate::harness::{fulfilment, merchant, order, scan, spawn_app, spawn_with, write};

#[tokio::test]
async fn the_seven_triggers_reach_klaviyo_once_each() {
    let app = spawn_app().await;
    let taught = app.shop("orders/create", &order(1)).await;
    assert_eq!(app.outcome(&taught).await, "filtered: remembered");
    let steps = [
        (
            "Address Correction Required",
            None,
            json!({ "status": "address_correction_required", "reason": "address_incomplete", "order_number": "#1" }),
        ),
        ("Order Dispatched", Some("fulfillments/create"), fulfilment(1)),
        ("Shipment In Transit", Some("fulfillment_events/create"), scan(1, "in_transit")),
        ("Ready For Pickup", Some("fulfillment_events/create"), scan(1, "ready_for_pickup")),
        // It was the only parcel, with all that was ordered.
        (
            "Shipment Delivered, Order Fully Delivered",
            Some("fulfillment_events/create"),
            scan(1, "picked_up"),
        ),
        (
            "Return Label Created",
            None,
            json!({ "status": "return_label_created", "order_number": "#1", "return_id": "R1", "return_document": "label" }),
        ),
        (
            "Return Received",
            None,
            json!({ "status": "return_received", "order_number": "#1", "return_id": "R1" }),
        ),
    ];
    let mut expected: Vec<(String, String)> = Vec::new();
    for (metrics, topic, body) in &steps {
        let answer = match topic {
            Some(topic) => app.shop(topic, body).await,
            None => app.warehouse(body).await,
        };
        assert_eq!(answer.status, 202, "{metrics}");
        assert_eq!(
            answer.headers["parcelwire-receipt"],
            answer.body["id"].as_str().expect("an id")
        );
        assert_eq!(app.outcome(&answer).await, "forwarded", "{metrics}");
        let person = || "kim.1@example.test".to_owned();
        expected.extend(metrics.split(", ").map(|metric| (metric.to_owned(), person())));
        assert_eq!(app.arrived(expected.len() as u64).await, expected);
    }
    let events = app.sandbox.received().events();
    let dispatched = &events[1].properties;
    assert_eq!(dispatched["order_number"], "#1");
    assert_eq!(dispatched["carrier_name"], "DHL");
    assert_eq!(dispatched["item_names"], json!(["Sandale"]));
    assert_eq!(dispatched["language"], "de");
    assert_eq!(dispatched["status_label"], "Hat das Lager verlassen");
    // E-mail, tracking and items come from what is known where the payload has none.
    let transit = &events[2].properties;
    assert_eq!(transit["tracking_number"], "00340000000000000001");
    assert_eq!(transit["item_skus"], json!(["SND-38"]));
    app.until("/api/v1/stats", |stats| stats["messages"]["pending"] == 0).await;
    let stats = app.stats().await;
    assert_eq!(stats["messages"]["sent"], 8);
    assert_eq!(app.sandbox.received().sums().repeats, 0);
}

#[tokio::test]
async fn german_names_are_sent_where_the_merchant_chose_them() {
    let app = spawn_with(|directory, sandbox| {
        write(directory, "merchants/hey.yaml", &format!("names: de\n{}", merchant(sandbox)));
    })
    .await;
    app.shop("orders/create", &order(2)).await;
    app.shop("fulfillments/create", &fulfilment(2)).await;
    assert_eq!(app.arrived(1).await[0].0, "Bestellung wurde aus dem Lager versandt");
}

#[tokio::test]
async fn a_fact_without_a_recipient_waits_for_its_order() {
    let app = spawn_app().await;
    let early = app.shop("fulfillments/create", &fulfilment(3)).await;
    assert_eq!(app.outcome(&early).await, "parked");
    assert_eq!(app.stats().await["receipts"]["parked"], 1);
    app.shop("orders/create", &order(3)).await;
    assert_eq!(
        app.arrived(1).await,
        [("Order Dispatched".to_owned(), "kim.3@example.test".to_owned())]
    );
    let id = early.body["id"].as_str().expect("an id");
    let story =
        app.until(&format!("/api/v1/receipts/{id}"), |story| story["status"] == "forwarded").await;
    assert_eq!(story["messages"][0]["name"], "Order Dispatched");
    assert_eq!(app.stats().await["receipts"]["parked"], 0);
}

#[tokio::test]
async fn a_late_fact_starts_no_flow_and_a_failed_look_up_tells_nobody() {
    let app = spawn_app().await;
    app.shop("orders/create", &order(4)).await;
    app.shop("fulfillments/create", &fulfilment(4)).await;
    app.arrived(1).await;
    app.shop("fulfillment_events/create", &scan(4, "delivered")).await;
    app.arrived(3).await;
    let mut late = scan(4, "in_transit");
    late["happened_at"] =
        json!((jiff::Timestamp::now() - std::time::Duration::from_secs(3600)).to_string());
    app.shop("fulfillment_events/create", &late).await;
    app.arrived(4).await;
    let events = app.sandbox.received().events();
    assert!(events[3].backfill && events[3].key.metric == "Shipment In Transit");
    let failure = app.shop("fulfillment_events/create", &scan(4, "failure")).await;
    assert_eq!(app.outcome(&failure).await, "filtered: remembered");
}

#[tokio::test]
async fn what_must_never_be_told_is_not() {
    let app = spawn_app().await;
    app.shop("orders/create", &order(5)).await;
    for reason in ["deceased", "security", "investigation"] {
        let body = json!({ "status": "undeliverable", "reason": reason, "order_number": "#5", "tracking_number": format!("S-{reason}") });
        let answer = app.warehouse(&body).await;
        assert_eq!(app.outcome(&answer).await, "filtered: sensitive");
    }
    assert_eq!(app.stats().await["messages"]["created"], 0);
}

#[tokio::test]
async fn a_second_report_of_a_fact_tells_nothing_twice() {
    let app = spawn_app().await;
    app.shop("orders/create", &order(6)).await;
    app.shop("fulfillments/create", &fulfilment(6)).await;
    app.arrived(1).await;
    let delivered = scan(6, "delivered");
    app.shop("fulfillment_events/create", &delivered).await;
    app.arrived(3).await;
    // The carrier's word through the warehouse, with another time.
    let again = json!({ "status": "delivered", "tracking_number": "00340000000000000006", "occurred_at": jiff::Timestamp::now().to_string() });
    let second = app.warehouse(&again).await;
    assert_eq!(app.outcome(&second).await, "filtered: repeated");
    // The very same webhook is a repeat at the door, under the first one's id.
    let body = delivered.to_string().into_bytes();
    let one = app.warehouse_signed("same", 1, 1, body.clone()).await;
    assert_eq!(one.status, 401, "too old");
    let now = jiff::Timestamp::now().as_second();
    let body = json!({ "status": "held", "order_number": "#6" }).to_string().into_bytes();
    let first = app.warehouse_signed("same", now, now, body.clone()).await;
    let repeat = app.warehouse_signed("same", now, now, body).await;
    assert_eq!((first.status, repeat.status), (202, 200));
    assert_eq!(repeat.body["status"], "duplicate");
    assert_eq!(repeat.body["id"], first.body["id"]);
}
