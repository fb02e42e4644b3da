//! The parcels of an order, and for whom their messages are: joined over every name, never guessed.

use serde_json::json;

use crate::{
    harness::{fulfilment, order},
    settling::{spawn_many, tell, told},
};

#[tokio::test]
async fn every_name_leads_to_the_one_order() {
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(1)).await;
    let facts = [
        // Who knows the order's number, who the parcel's id, who its number alone, and who the order's id.
        ("warehouse", json!({ "status": "dispatched", "order_number": "1", "parcel_id": "F1" })),
        ("carrier", json!({ "status": "in_transit", "parcel_id": "F1", "tracking_number": "T1" })),
        ("carrier", json!({ "status": "delivered", "tracking_number": "t 1" })),
        (
            "warehouse",
            json!({ "status": "return_received", "order_id": "5000000001", "return_id": "R1" }),
        ),
    ];
    for (source, fact) in &facts {
        let answer = tell(&app, source, fact).await;
        assert_eq!(app.outcome(&answer).await, "forwarded", "{fact}");
        // It is sent before the next one makes it a thing of the past.
        told(&app, "kim.1@example.test").await;
    }
    let expected =
        ["Order Dispatched", "Shipment In Transit", "Shipment Delivered", "Return Received"];
    assert_eq!(told(&app, "kim.1@example.test").await, expected);
}

#[tokio::test]
async fn a_parcel_of_nobody_known_is_told_to_nobody() {
    let app = spawn_many("", "").await;
    // There is one order only, of one customer: it is not theirs for that.
    app.shop("orders/create", &order(2)).await;
    let scanned =
        tell(&app, "carrier", &json!({ "status": "delivered", "tracking_number": "X" })).await;
    assert_eq!(app.outcome(&scanned).await, "parked");
    assert!(told(&app, "kim.2@example.test").await.is_empty());
    let stats = app.stats().await;
    assert_eq!(
        (&stats["receipts"]["parked"], &stats["messages"]["created"]),
        (&json!(1), &json!(0))
    );
}

#[tokio::test]
async fn a_message_goes_to_whom_it_was_made_for() {
    let app = spawn_many("", "triggers:\n  dispatched: { hold: 2s }\n").await;
    app.shop("orders/create", &order(3)).await;
    let sent = app.shop("fulfillments/create", &fulfilment(3)).await;
    assert_eq!(app.outcome(&sent).await, "forwarded");
    // The customer changes the address while it waits: that counts from the next message on.
    let mut changed = order(3);
    changed["email"] = json!("new@example.test");
    changed["updated_at"] = json!(jiff::Timestamp::now().to_string());
    app.shop("orders/updated", &changed).await;
    assert_eq!(told(&app, "kim.3@example.test").await, ["Order Dispatched"]);
    let number = "00340000000000000003";
    tell(&app, "carrier", &json!({ "status": "delivered", "tracking_number": number })).await;
    assert_eq!(told(&app, "new@example.test").await, ["Shipment Delivered"]);
}

#[tokio::test]
async fn a_parcel_that_is_listed_no_longer_is_still_there() {
    let app = spawn_many("", "").await;
    app.shop("orders/create", &order(4)).await;
    let mut parcels = fulfilment(4);
    (parcels["tracking_number"], parcels["tracking_numbers"]) = (json!("A4"), json!(["A4", "B4"]));
    app.shop("fulfillments/create", &parcels).await;
    (parcels["tracking_number"], parcels["tracking_numbers"]) = (json!("A4"), json!(["A4"]));
    app.shop("fulfillments/update", &parcels).await;
    for number in ["B4", "A4"] {
        let fact = json!({ "status": "delivered", "tracking_number": number });
        assert_eq!(app.outcome(&tell(&app, "carrier", &fact).await).await, "forwarded", "{number}");
    }
    let expected = ["Order Dispatched", "Shipment Delivered", "Shipment Delivered"];
    assert_eq!(told(&app, "kim.4@example.test").await, expected);
    let last = &app.sandbox.received().events()[2].properties;
    assert_eq!((&last["parcel_count"], &last["parcels_delivered"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn an_order_is_complete_with_the_last_parcel_that_was_announced() {
    let app = spawn_many("holds: off\n", "triggers:\n  order_fully_delivered: on\n").await;
    app.shop("orders/create", &order(5)).await;
    let of = |status: &str, number: &str| json!({ "status": status, "order_number": "#5", "tracking_number": number, "parcel_count": 2 });
    for (status, number) in
        [("dispatched", "A5"), ("delivered", "A5"), ("dispatched", "B5"), ("delivered", "B5")]
    {
        let answer = tell(&app, "warehouse", &of(status, number)).await;
        assert_eq!(app.outcome(&answer).await, "forwarded", "{status} {number}");
        told(&app, "kim.5@example.test").await;
    }
    let expected = [
        "Order Dispatched",
        "Shipment Delivered",
        "Order Dispatched",
        "Shipment Delivered",
        "Order Fully Delivered",
    ];
    assert_eq!(told(&app, "kim.5@example.test").await, expected);
    let first = &app.sandbox.received().events()[0].properties;
    assert_eq!((&first["parcel_count"], &first["parcels_open"]), (&json!(2), &json!(2)));
}
