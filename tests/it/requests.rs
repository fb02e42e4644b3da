//! Requests that are odd as HTTP: methods, paths, headers, lengths, encodings, slowness.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{
    PATIENCE, SHOP_SECRET, TestApp, answer, hmac_base64, merchant, order, spawn_app, spawn_tuned,
    write,
};

async fn tuned(tune: impl FnOnce(&mut parcelwire::config::Settings)) -> TestApp {
    let files = |directory: &std::path::Path, sandbox: &str| {
        write(directory, "merchants/hey.yaml", &merchant(sandbox));
    };
    spawn_tuned(files, tune).await
}

/// A connection that speaks HTTP by hand.
struct Line(TcpStream);

impl Line {
    async fn to(app: &TestApp) -> Self {
        Self(TcpStream::connect(("127.0.0.1", app.port)).await.expect("it connects"))
    }

    async fn say(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.expect("it is sent");
    }

    /// One answer: its head, its body. Empty once the other side has closed.
    async fn hear(&mut self) -> (String, String) {
        let heard = tokio::time::timeout(PATIENCE, self.answer()).await;
        heard.expect("it answers in time")
    }

    async fn answer(&mut self) -> (String, String) {
        let mut heard = Vec::new();
        loop {
            if let Some(end) = heard.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&heard[..end]).into_owned();
                let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or(0);
                while heard.len() < end + 4 + length && self.more(&mut heard).await {}
                return (head, String::from_utf8_lossy(&heard[end + 4..]).into_owned());
            }
            if !self.more(&mut heard).await {
                return (String::from_utf8_lossy(&heard).into_owned(), String::new());
            }
        }
    }

    async fn more(&mut self, heard: &mut Vec<u8>) -> bool {
        matches!(self.0.read_buf(heard).await, Ok(read) if read > 0)
    }
}

/// A signed webhook by hand; the sender of `more` says how long the body is.
fn head(path: &str, body: &[u8], more: &str) -> String {
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), body);
    format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nX-Shopify-Topic: orders/create\r\nX-Shopify-Hmac-Sha256: {signature}\r\n{more}\r\n"
    )
}

fn whole(path: &str, body: &[u8], more: &str) -> Vec<u8> {
    let mut text = head(path, body, &format!("{more}Content-Length: {}\r\n", body.len()));
    text.push_str(&String::from_utf8_lossy(body));
    text.into_bytes()
}

#[tokio::test]
async fn only_post_has_an_effect() {
    let app = spawn_app().await;
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"] {
        let body = order(1).to_string();
        let request = app
            .client
            .request(method.parse().expect("a method"), app.url("/hooks/hey/shop"))
            .header("x-shopify-topic", "orders/create")
            .header("x-shopify-hmac-sha256", hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes()))
            .body(body);
        let told = answer(request.send().await).await;
        assert_eq!((told.status, &told.headers["allow"]), (405, &"POST".parse().expect("a value")));
    }
    assert_eq!(app.stats().await["receipts"]["accepted"], 0);
}

#[tokio::test]
async fn paths_lead_nowhere_but_to_sources() {
    let app = spawn_app().await;
    let body = order(1).to_string().into_bytes();
    let long = format!("/hooks/{}/shop", "a".repeat(5000));
    for path in [
        "/hooks",
        "/hooks/hey",
        "/hooks/hey/",
        "/hooks/hey/../hey/shop",
        "/hooks/hey/%2e%2e/shop",
        "/hooks/hey%2fshop",
        "/hooks/hey/%00",
        "/hooks/hey/sh%C3%B6p",
        "/hooks/hey/%ff",
        "/feeds",
        "/feeds/a/b",
        &long,
    ] {
        let mut line = Line::to(&app).await;
        line.say(&whole(path, &body, "")).await;
        let (head, told) = line.hear().await;
        assert!(head.starts_with("HTTP/1.1 404"), "{path}: {head}");
        assert!(told.contains("\"unknown_source\""), "{path}: {told}");
    }
    // An address is an address, however it is written down.
    let mut line = Line::to(&app).await;
    line.say(&whole("/hooks/h%65y/shop?a=%ff&b", &body, "")).await;
    assert!(line.hear().await.0.starts_with("HTTP/1.1 202"));
    assert_eq!(app.stats().await["receipts"]["accepted"], 1);
}

#[tokio::test]
async fn headers_may_be_many_and_strange_within_limits() {
    let app = spawn_app().await;
    let many =
        |count: usize| (0..count).map(|n| format!("X-A{n}: b\r\n")).collect::<Vec<_>>().concat();
    let long = format!("X-Long: {}\r\n", "b".repeat(200_000));
    for (number, more, status) in [
        (1, many(60), 202),
        (2, many(500), 431),
        (3, long, 431),
        (4, "X-N: Jörg\r\n".to_owned(), 202),
    ] {
        let mut line = Line::to(&app).await;
        let body = order(number).to_string().into_bytes();
        // It may be told so before it has said everything.
        drop(line.0.write_all(&whole("/hooks/hey/shop", &body, &more)).await);
        let (head, _) = line.hear().await;
        assert!(head.starts_with(&format!("HTTP/1.1 {status}")), "{number}: {head}");
    }
    let mut line = Line::to(&app).await;
    let body = order(5).to_string();
    let mut text = head("/hooks/hey/shop", body.as_bytes(), "").into_bytes();
    text.truncate(text.len() - 2);
    text.extend_from_slice(b"X-Bytes: \xff\xfe\r\n");
    text.extend_from_slice(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
    line.say(&text).await;
    assert!(line.hear().await.0.starts_with("HTTP/1.1 202"));
    for broken in
        ["\u{16}\u{3}\u{1}\r\n\r\n", "POST\r\n\r\n", "POST /hooks/hey/shop HTTP/1.1\r\n\r\n"]
    {
        let mut line = Line::to(&app).await;
        line.say(broken.as_bytes()).await;
        assert!(line.hear().await.0.starts_with("HTTP/1.1 400"), "{broken:?}");
    }
    assert_eq!(app.stats().await["receipts"]["accepted"], 3);
}

#[tokio::test]
async fn a_packed_body_is_verified_as_it_was_sent() {
    let app = spawn_app().await;
    let mut packed = Vec::new();
    // Stored, not deflated: a gzip stream all the same.
    packed.extend_from_slice(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
    let body = order(1).to_string();
    let length = u16::try_from(body.len()).expect("it is short");
    packed.push(1);
    packed.extend_from_slice(&length.to_le_bytes());
    packed.extend_from_slice(&(!length).to_le_bytes());
    packed.extend_from_slice(body.as_bytes());
    packed.extend_from_slice(&[0; 8]);
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), &packed);
    let request = app
        .client
        .post(app.url("/hooks/hey/shop"))
        .header("content-encoding", "gzip")
        .header("x-shopify-topic", "orders/create")
        .header("x-shopify-hmac-sha256", signature)
        .body(packed.clone());
    let told = answer(request.send().await).await;
    assert_eq!(told.status, 202, "{told:?}");
    assert_eq!(app.outcome(&told).await, "failed: unreadable");
    let id = told.body["id"].as_str().expect("an id");
    let story = app.get(&format!("/api/v1/receipts/{id}")).await.body;
    assert_eq!(story["body_bytes"], packed.len() as u64, "{story}");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_heard_out_and_told_so() {
    const LIMIT: usize = 10_000;
    let app = tuned(|settings| settings.http.max_body_bytes = LIMIT).await;
    let body = |length: usize| vec![b' '; length];
    // Up to twice as much is read: the line is clean afterwards, and goes on.
    let mut line = Line::to(&app).await;
    for length in [LIMIT + 1, 2 * LIMIT] {
        line.say(&whole("/hooks/hey/shop", &body(length), "")).await;
        let (head, told) = line.hear().await;
        assert!(head.starts_with("HTTP/1.1 413") && told.contains("body_too_large"), "{head}");
        let text = head_of_chunks(&body(length));
        line.say(&text).await;
        assert!(line.hear().await.0.starts_with("HTTP/1.1 413"), "chunked");
    }
    line.say(&whole("/hooks/hey/shop", order(1).to_string().as_bytes(), "")).await;
    assert!(line.hear().await.0.starts_with("HTTP/1.1 202"));
    // Beyond that the line ends, and the answer is heard all the same.
    let mut line = Line::to(&app).await;
    drop(line.0.write_all(&whole("/hooks/hey/shop", &body(100 * LIMIT), "")).await);
    assert!(line.hear().await.0.starts_with("HTTP/1.1 413"));
    assert_eq!(app.stats().await["receipts"]["accepted"], 1);
}

#[tokio::test]
async fn large_bodies_share_their_room_and_small_ones_get_through() {
    let app = tuned(|settings| {
        settings.http.max_body_bytes = 100_000;
        settings.http.max_bodies_bytes = 150_000;
    })
    .await;
    let padded = |number: u64| {
        let mut body = order(number).to_string().into_bytes();
        body.resize(100_000, b' ');
        body
    };
    // Two that never say their last byte: the second one has no room, and is told so.
    let (first, second) = (padded(1), padded(2));
    let mut held = Line::to(&app).await;
    let text = whole("/hooks/hey/shop", &first, "");
    held.say(&text[..text.len() - 1]).await;
    let answers = async {
        loop {
            let mut line = Line::to(&app).await;
            line.say(&whole("/hooks/hey/shop", &second, "")).await;
            let (head, told) = line.hear().await;
            if head.starts_with("HTTP/1.1 503") {
                return (head, told);
            }
        }
    };
    let (head, told) = tokio::time::timeout(PATIENCE, answers).await.expect("it is full once");
    assert!(head.contains("retry-after: ") && told.contains("store_unavailable"), "{head} {told}");
    assert_eq!(app.shop("orders/create", &order(3)).await.status, 202, "a small one");
    held.say(b" ").await;
    assert!(held.hear().await.0.starts_with("HTTP/1.1 202"), "who came first was served");
    let mut line = Line::to(&app).await;
    line.say(&whole("/hooks/hey/shop", &padded(4), "")).await;
    assert!(line.hear().await.0.starts_with("HTTP/1.1 202"), "and there is room again");
}

/// A signed webhook in chunks.
fn head_of_chunks(body: &[u8]) -> Vec<u8> {
    let mut text = head("/hooks/hey/shop", body, "Transfer-Encoding: chunked\r\n").into_bytes();
    for chunk in body.chunks(999) {
        text.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        text.extend_from_slice(chunk);
        text.extend_from_slice(b"\r\n");
    }
    text.extend_from_slice(b"0\r\n\r\n");
    text
}

#[tokio::test]
async fn bodies_that_lie_about_themselves_are_not_taken() {
    let app = spawn_app().await;
    let body = order(1).to_string();
    let two = format!("Content-Length: {}\r\nContent-Length: 5\r\n", body.len());
    let both = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", body.len());
    let bad = "Transfer-Encoding: chunked\r\n".to_owned();
    for more in [two, both, bad] {
        let mut line = Line::to(&app).await;
        let text = format!("{}zz\r\n{body}", head("/hooks/hey/shop", body.as_bytes(), &more));
        line.say(text.as_bytes()).await;
        let (head, _) = line.hear().await;
        assert!(head.starts_with("HTTP/1.1 400"), "{more}: {head}");
    }
    assert_eq!(app.stats().await["receipts"]["accepted"], 0);
}

#[tokio::test]
async fn a_sender_that_hangs_anywhere_is_dropped() {
    let app = tuned(|settings| settings.http.request_timeout_ms = 1500).await;
    let body = order(1).to_string();
    let in_head = "POST /hooks/hey/shop HTTP/1.1\r\nHost: a\r\nX-".to_owned();
    let before_body = head("/hooks/hey/shop", body.as_bytes(), "Content-Length: 9\r\n");
    let in_body = format!("{before_body}{{");
    let chunked = head("/hooks/hey/shop", body.as_bytes(), "Transfer-Encoding: chunked\r\n");
    let in_chunk = format!("{chunked}5\r\n{{");
    let hang = async |text: String| {
        let mut line = Line::to(&app).await;
        line.say(text.as_bytes()).await;
        let (head, _) = line.hear().await;
        assert!(head.starts_with("HTTP/1.1 408"), "{text}: {head}");
        assert_eq!(line.hear().await.0, "", "and the line ends");
    };
    let texts = [String::new(), in_head, before_body, in_body, in_chunk];
    futures_util::future::join_all(texts.map(hang)).await;
    assert_eq!(app.shop("orders/create", &json!({ "id": 1 })).await.status, 202);
}

#[tokio::test]
async fn a_second_request_that_stops_coming_in_is_dropped() {
    let app = tuned(|settings| settings.http.request_timeout_ms = 500).await;
    let mut line = Line::to(&app).await;
    line.say(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n").await;
    assert!(line.hear().await.0.starts_with("HTTP/1.1 200"));
    line.say(b"GET /healthz HTTP/1.1\r\nHo").await;
    let (head, _) = line.hear().await;
    assert!(head.is_empty() || head.starts_with("HTTP/1.1 4"), "the line ends: {head}");
    assert_eq!(line.hear().await.0, "");
}
