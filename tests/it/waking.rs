//! What follows when nothing is heard: an order wakes, also after the relay was started anew.

use serde_json::{Value, json};

use crate::harness::{TestApp, fulfilment, merchant, order, scan, spawn_with, write};

/// Whoever has not collected a parcel after exactly three days is reminded.
async fn spawn_reminding() -> TestApp {
    spawn_with(|directory, sandbox| {
        let own =
            "timezone: Europe/Berlin\ncountry: DE\nregion: BY\nafter: { pickup_reminder: 72h }\n";
        write(directory, "merchants/hey.yaml", &format!("{own}{}", merchant(sandbox)));
    })
    .await
}

/// A parcel that is ready since almost three days: the reminder is due in this many seconds.
async fn ready(app: &TestApp, number: u64, due_in: u64) {
    app.shop("orders/create", &order(number)).await;
    app.shop("fulfillments/create", &fulfilment(number)).await;
    app.arrived(1).await;
    let since = jiff::Timestamp::now() - std::time::Duration::from_secs(72 * 3600 - due_in);
    let mut ready = scan(number, "ready_for_pickup");
    ready["happened_at"] = json!(since.to_string());
    let told = app.shop("fulfillment_events/create", &ready).await;
    assert_eq!(app.outcome(&told).await, "forwarded");
}

/// The lines of what followed from an order's facts.
async fn followed(app: &TestApp, number: u64) -> Vec<Value> {
    let path = format!("/api/v1/merchants/hey/events?order={number}");
    let page = app.until(&path, |page| page["items"].is_array()).await;
    let items = page["items"].as_array().expect("a list").iter();
    items.filter(|line| line["index"].as_u64() >= Some(0x8000)).cloned().collect()
}

#[tokio::test]
async fn an_order_wakes_after_a_restart_and_tells_why() {
    let mut app = spawn_reminding().await;
    ready(&app, 1, 4).await;
    app.restart().await;
    let arrived = app.arrived(3).await;
    assert_eq!(arrived[2], ("Pickup Reminder".to_owned(), "kim.1@example.test".to_owned()));
    let lines = followed(&app, 1).await;
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(
        (&lines[0]["status"], &lines[0]["outcome"]),
        (&json!("pickup_reminder"), &json!("forwarded"))
    );
    assert_eq!(lines[0]["decisions"][0]["decision"], "message");
    assert_eq!(lines[0]["fields"]["order_number"], "#1");
    app.until("/api/v1/stats", |stats| stats["messages"]["pending"] == 0).await;
    assert_eq!(app.stats().await["messages"]["sent"], 3);
}

#[tokio::test]
async fn whoever_has_collected_a_parcel_is_not_reminded() {
    let app = spawn_reminding().await;
    ready(&app, 2, 3600).await;
    let collected = app.shop("fulfillment_events/create", &scan(2, "picked_up")).await;
    assert_eq!(app.outcome(&collected).await, "forwarded");
    let arrived = app.arrived(4).await;
    let told: Vec<&str> = arrived[2..].iter().map(|(metric, _)| metric.as_str()).collect();
    assert_eq!(told, ["Shipment Delivered", "Order Fully Delivered"]);
    assert!(followed(&app, 2).await.is_empty());
}
