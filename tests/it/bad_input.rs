//! Bad input: a clear answer, nothing lost, still serving.

use std::time::Duration;

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{Answer, SHOP_SECRET, TestApp, answer, hmac_base64, order, spawn_app};

fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.headers["content-type"], "application/problem+json", "{answer:?}");
    for part in ["detail", "hint", "title"] {
        assert!(
            answer.body[part].as_str().is_some_and(|text| !text.is_empty()),
            "{part}: {answer:?}"
        );
    }
    (answer.status, answer.body["code"].as_str().unwrap_or_default().to_owned())
}

async fn post(app: &TestApp, signature: Option<&str>, body: &str) -> Answer {
    let mut request = app
        .client
        .post(app.url("/hooks/hey/shop"))
        .header("x-shopify-topic", "orders/create")
        .body(body.to_owned());
    if let Some(signature) = signature {
        request = request.header("x-shopify-hmac-sha256", signature);
    }
    answer(request.send().await).await
}

#[tokio::test]
async fn wrong_missing_and_old_signatures_are_refused_with_their_code() {
    let app = spawn_app().await;
    let body = order(1).to_string();
    assert_eq!(problem(&post(&app, None, &body).await), (401, "signature_missing".to_owned()));
    for wrong in ["AAAA", "not base64 !", &hmac_base64(b"another secret", body.as_bytes())] {
        assert_eq!(
            problem(&post(&app, Some(wrong), &body).await),
            (401, "signature_invalid".to_owned()),
            "{wrong}"
        );
    }
    let now = jiff::Timestamp::now().as_second();
    let old = app.warehouse_signed("a", now - 3600, now - 3600, b"{}".to_vec()).await;
    assert_eq!(problem(&old), (401, "timestamp_outside_tolerance".to_owned()));
    let ahead = app.warehouse_signed("b", now + 3600, now + 3600, b"{}".to_vec()).await;
    assert_eq!(problem(&ahead), (401, "timestamp_outside_tolerance".to_owned()));
    // A replay under a new time is signed for the old one.
    let replayed = app.warehouse_signed("c", now - 3600, now, b"{}".to_vec()).await;
    assert_eq!(problem(&replayed), (401, "signature_invalid".to_owned()));
    let refused = app.get("/api/v1/merchants/hey/refused").await.body;
    assert_eq!(refused["items"].as_array().map(Vec::len), Some(7));
    assert!(!refused.to_string().contains(SHOP_SECRET));
    let stats = app.stats().await;
    assert_eq!(
        (stats["receipts"]["refused"].as_u64(), stats["receipts"]["accepted"].as_u64()),
        (Some(7), Some(0))
    );
}

#[tokio::test]
async fn too_many_wrong_signatures_wait_and_a_right_one_never_does() {
    let app = spawn_app().await;
    let mut limited = None;
    for _ in 0..130 {
        let answer = post(&app, Some("AAAA"), "{}").await;
        if answer.status == 429 {
            limited = Some(answer);
            break;
        }
    }
    let limited = limited.expect("the sixty-first of a minute waits");
    assert_eq!(problem(&limited).1, "too_many_failures");
    assert!(limited.headers.contains_key("retry-after"));
    // It is that sender at that source: neither another one's nor that of another address waits.
    let now = jiff::Timestamp::now().as_second();
    let elsewhere = app.warehouse_signed("a", now - 3600, now, b"{}".to_vec()).await;
    assert_eq!(problem(&elsewhere).1, "signature_invalid");
    let other = reqwest::Client::builder().local_address(std::net::IpAddr::from([127, 0, 0, 2]));
    let request = other.build().expect("a client").post(app.url("/hooks/hey/shop"));
    let told = answer(request.header("x-shopify-hmac-sha256", "AAAA").send().await).await;
    assert_eq!(problem(&told).1, "signature_invalid");
    assert_eq!(app.shop("orders/create", &order(1)).await.status, 202);
}

#[tokio::test]
async fn unknown_addresses_and_methods_are_told() {
    let app = spawn_app().await;
    for path in ["/hooks/nobody/shop", "/hooks/hey/nothing", "/hooks/HEY/shop", "/feeds/nobody"] {
        let told = answer(app.client.post(app.url(path)).body("{}").send().await).await;
        assert_eq!(problem(&told), (404, "unknown_source".to_owned()), "{path}");
    }
    let told = answer(app.client.get(app.url("/hooks/hey/shop")).send().await).await;
    assert_eq!(problem(&told), (405, "method_not_allowed".to_owned()));
    assert_eq!(answer(app.client.get(app.url("/healthz")).send().await).await.status, 200);
    assert_eq!(answer(app.client.get(app.url("/readyz")).send().await).await.status, 200);
    let metrics = app
        .client
        .get(app.url("/metrics"))
        .send()
        .await
        .expect("it answers")
        .text()
        .await
        .expect("text");
    assert!(
        metrics.contains("parcelwire_received_total") && metrics.contains("parcelwire_waiting"),
        "{metrics}"
    );
}

#[tokio::test]
async fn verified_but_useless_bodies_are_kept_and_shown() {
    let app = spawn_app().await;
    let deep = format!("{}1{}", "[".repeat(20_000), "]".repeat(20_000));
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "failed: unreadable"),
        (b"{\"a\": \"\xff\"}".to_vec(), "failed: unreadable"),
        (b"status=delivered".to_vec(), "failed: unreadable"),
        (b"42".to_vec(), "failed: unreadable"),
        (deep.into_bytes(), "failed: unreadable"),
        (
            b"{\"status\":\"delivered\",\"order_number\":\"1\",\"x\":1e999999}".to_vec(),
            "failed: unreadable",
        ),
        (b"{\"status\":\"delivered\"}".to_vec(), "failed: no_subject"),
        (b"{\"status\":\"teleported\",\"order_number\":\"1\"}".to_vec(), "filtered: unmapped_code"),
    ];
    for (body, expected) in cases {
        let shown = String::from_utf8_lossy(body.get(..60).unwrap_or(&body)).into_owned();
        let told = app.warehouse_raw(body).await;
        assert_eq!(told.status, 202, "{shown}");
        assert_eq!(app.outcome(&told).await, expected, "{shown}");
    }
    let unknown = app.shop("products/update", &json!({ "id": 1 })).await;
    assert_eq!(app.outcome(&unknown).await, "filtered: topic_not_used");
    assert_eq!(app.stats().await["receipts"]["failed"], 7);
}

#[tokio::test]
async fn forty_digit_numbers_stay_exact() {
    let app = spawn_app().await;
    let id = "1234567890123456789012345678901234567890";
    let body = format!(
        "{{\"status\":\"delivered\",\"order_id\":{id},\"order_number\":\"#9\",\"email\":\"kim@example.test\"}}"
    );
    let told = app.warehouse_raw(body.into_bytes()).await;
    let story = app.settled(&told).await;
    assert_eq!(story["events"][0]["fields"]["order_id"], id);
}

/// Speaks HTTP by hand.
async fn raw(app: &TestApp, text: &[u8], end: bool) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", app.port)).await.expect("it connects");
    stream.write_all(text).await.expect("it is sent");
    if end {
        stream.shutdown().await.expect("it ends");
    }
    let mut answer = Vec::new();
    drop(tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut answer)).await);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn chunked_bodies_are_read_and_truncated_ones_are_not_taken() {
    let app = spawn_app().await;
    let body = order(7).to_string();
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes());
    let head = format!(
        "POST /hooks/hey/shop HTTP/1.1\r\nHost: a\r\nConnection: close\r\nX-Shopify-Topic: orders/create\r\nX-Shopify-Hmac-Sha256: {signature}\r\n"
    );
    let (one, two) = body.split_at(20);
    let chunked = format!(
        "{head}Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{one}\r\n{:x}\r\n{two}\r\n0\r\n\r\n",
        one.len(),
        two.len()
    );
    assert!(raw(&app, chunked.as_bytes(), false).await.starts_with("HTTP/1.1 202"));
    let truncated = format!("{head}Content-Length: {}\r\n\r\n{one}", body.len());
    let told = raw(&app, truncated.as_bytes(), true).await;
    assert!(!told.starts_with("HTTP/1.1 2"), "{told}");
    assert_eq!(app.stats().await["receipts"]["accepted"], 1);
}
