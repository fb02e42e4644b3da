//! The API: who may look, lists, one receipt whole, test events.

use serde_json::json;

use crate::harness::{TOKEN, answer, fulfilment, order, spawn_app};

#[tokio::test]
async fn nobody_looks_without_the_token() {
    let app = spawn_app().await;
    for path in [
        "/api/v1/stats",
        "/api/v1/receipts",
        "/api/v1/merchants/hey/messages",
        "/api/v1/receipts/rcp_x",
    ] {
        let bare = answer(app.client.get(app.url(path)).send().await).await;
        assert_eq!(
            (bare.status, bare.body["code"].as_str()),
            (401, Some("unauthorized")),
            "{path}"
        );
        let wrong = answer(app.client.get(app.url(path)).bearer_auth("wrong").send().await).await;
        assert_eq!(wrong.status, 401, "{path}");
    }
    assert_eq!(app.get("/api/v1/merchants/nobody/stats").await.status, 404);
    assert_eq!(app.get("/api/v1/nothing").await.status, 404);
}

#[tokio::test]
async fn a_receipt_is_told_whole() {
    let app = spawn_app().await;
    app.shop("orders/create", &order(1)).await;
    let told = app.shop("fulfillments/create", &fulfilment(1)).await;
    app.arrived(1).await;
    let id = told.body["id"].as_str().expect("an id");
    let path = format!("/api/v1/merchants/hey/receipts/{id}");
    let story = app.until(&path, |story| story["messages"][0]["state"] == "sent").await;
    assert_eq!(story["topic"], "fulfillments/create");
    assert_eq!(story["verification"]["method"], "hmac_sha256");
    let headers = story["request"]["headers"].to_string();
    assert!(headers.contains("x-shopify-topic") && !headers.contains("hmac"), "{headers}");
    assert_eq!(story["events"][0]["status"], "dispatched");
    assert_eq!(story["events"][0]["decisions"][0]["decision"], "message");
    let attempt = &story["messages"][0]["requests"][0];
    assert_eq!(attempt["verdict"], "sent");
    assert_eq!(attempt["exchange"][0]["answer"], "202");
    assert!(
        attempt["exchange"][0]["request"].as_str().is_some_and(|text| text.starts_with("POST "))
    );
    assert!(!story.to_string().contains("pk_test_0001"), "keys are masked");
    let foreign = app.get(&format!("/api/v1/merchants/nobody/receipts/{id}")).await;
    assert_eq!(foreign.status, 404);
}

#[tokio::test]
async fn lists_are_paged_and_narrowed() {
    let app = spawn_app().await;
    for number in 1..=5 {
        app.shop("orders/create", &order(number)).await;
        app.shop("fulfillments/create", &fulfilment(number)).await;
    }
    app.arrived(5).await;
    app.until("/api/v1/stats", |stats| {
        stats["receipts"]["waiting"] == 0 && stats["messages"]["pending"] == 0
    })
    .await;
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = app.get(&format!("/api/v1/receipts?limit=3{cursor}")).await.body;
        for item in page["items"].as_array().expect("items") {
            seen.push(item["id"].as_str().expect("an id").to_owned());
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 10);
    seen.dedup();
    assert_eq!(seen.len(), 10);
    let count = async |path: &str| app.get(path).await.body["items"].as_array().map_or(0, Vec::len);
    assert_eq!(count("/api/v1/merchants/hey/receipts?status=forwarded").await, 5);
    assert_eq!(count("/api/v1/merchants/hey/messages?status=sent").await, 5);
    assert_eq!(count("/api/v1/events?order=%233").await, 2);
    assert_eq!(count("/api/v1/events?email=kim.3@example.test").await, 2);
    assert_eq!(count("/api/v1/messages?tracking_number=00340000000000000003").await, 1);
    assert_eq!(
        count("/api/v1/receipts?since=2000-01-01T00:00:00Z&until=2001-01-01T00:00:00Z").await,
        0
    );
    assert_eq!(app.get("/api/v1/receipts?since=yesterday").await.status, 400);
    assert_eq!(app.get("/api/v1/openapi.json").await.body["openapi"], "3.1.0");
}

#[tokio::test]
async fn test_events_go_out_beside_the_books() {
    let app = spawn_app().await;
    let wish = json!({ "to": "me@hey.example", "triggers": ["delivered", "dispatched"] });
    let asked = app.client.post(app.url("/api/v1/merchants/hey/test-events")).bearer_auth(TOKEN);
    let told = answer(
        asked.header("content-type", "application/json").body(wish.to_string()).send().await,
    )
    .await;
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.body["items"][0]["verdict"], "sent");
    let arrived = app.arrived(2).await;
    assert!(arrived.iter().all(|(_, email)| email == "me@hey.example"));
    assert_eq!(app.stats().await["messages"]["created"], 0);
}
