//! A destination that starts nothing with what is older than so many hours, and records it.

use serde_json::{Value, json};

use crate::{
    harness::{SHOP_SECRET, TestApp, WAREHOUSE_SECRET, fulfilment, order, spawn_with, write},
    settling::{ONLY_FACTS, tell, told},
};

/// A merchant whose destination has such a window. It sends what Klaviyo takes, to see what is
/// told to be recorded.
async fn spawn_window(window: &str, mapping: &str) -> TestApp {
    spawn_with(|directory, sandbox| {
        let merchant = format!(
            "name: Hey\nsources:\n  shop: {{ connector: shopify, secret: {SHOP_SECRET} }}\n\
             \x20 warehouse: {{ connector: webhook, secret: \"{WAREHOUSE_SECRET}\" }}\n\
             destinations:\n  dove: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\nmapping: own\n"
        );
        write(directory, "merchants/hey.yaml", &merchant);
        write(directory, "mappings/facts.yaml", ONLY_FACTS);
        write(directory, "mappings/own.yaml", &format!("extends: facts\n{mapping}"));
        let dove = include_str!("../../connectors/destinations/klaviyo.yaml");
        let dove = dove.replace("\nbackfill: true\n", &format!("\ntriggers_within: {window}\n"));
        assert!(dove.contains("triggers_within"));
        write(directory, "connectors/destinations/dove.yaml", &dove);
    })
    .await
}

/// A scan of an order's parcel, so many minutes ago.
fn scan_ago(number: u64, status: &str, minutes: u64) -> Value {
    let at = jiff::Timestamp::now() - std::time::Duration::from_mins(minutes);
    json!({
        "status": status, "tracking_number": format!("0034000000{number:010}"),
        "occurred_at": at.to_string(),
    })
}

async fn shipped(app: &TestApp, number: u64) {
    app.shop("orders/create", &order(number)).await;
    app.shop("fulfillments/create", &fulfilment(number)).await;
}

#[tokio::test]
async fn a_late_fact_is_recorded_only_where_it_is_too_old_to_start_anything() {
    let app = spawn_window("2h", "").await;
    shipped(&app, 1).await;
    let delivered = tell(&app, "warehouse", &scan_ago(1, "delivered", 0)).await;
    assert_eq!(app.outcome(&delivered).await, "forwarded");
    // Behind the delivery, and young enough to start something there: not told.
    let young = tell(&app, "warehouse", &scan_ago(1, "out_for_delivery", 60)).await;
    assert_eq!(app.outcome(&young).await, "filtered: late");
    let old = tell(&app, "warehouse", &scan_ago(1, "in_transit", 180)).await;
    assert_eq!(app.outcome(&old).await, "forwarded");
    let expected = ["Order Dispatched", "Shipment Delivered", "Shipment In Transit*"];
    assert_eq!(told(&app, "kim.1@example.test").await, expected);
}

#[tokio::test]
async fn news_that_are_older_than_the_window_are_recorded_and_said_to_start_nothing() {
    let app = spawn_window("2h", "").await;
    shipped(&app, 2).await;
    // A delivery is news for seven days, but for the other system only for two hours.
    let delivered = tell(&app, "warehouse", &scan_ago(2, "delivered", 180)).await;
    assert_eq!(app.outcome(&delivered).await, "forwarded");
    assert_eq!(told(&app, "kim.2@example.test").await, ["Order Dispatched", "Shipment Delivered*"]);
    let id = delivered.body["id"].as_str().expect("an id");
    let story = app.get(&format!("/api/v1/receipts/{id}")).await.body;
    let decision = &story["events"][0]["decisions"][0];
    assert_eq!(decision["detail"], "recorded, starts nothing", "{story}");
}

#[tokio::test]
async fn a_message_that_ages_while_it_waits_is_only_recorded() {
    // Held for longer than the window is wide.
    let app = spawn_window("3s", "triggers:\n  delivered:\n    hold: 5s\n").await;
    shipped(&app, 3).await;
    let delivered = tell(&app, "warehouse", &scan_ago(3, "delivered", 0)).await;
    assert_eq!(app.outcome(&delivered).await, "forwarded");
    let id = delivered.body["id"].as_str().expect("an id");
    let told_then = app.get(&format!("/api/v1/receipts/{id}")).await.body;
    let decision = &told_then["events"][0]["decisions"][0];
    assert_ne!(decision["detail"], "recorded, starts nothing", "it was news then");
    let told = told(&app, "kim.3@example.test").await;
    assert_eq!(told.last().map(String::as_str), Some("Shipment Delivered*"));
}
