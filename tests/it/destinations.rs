//! Destinations that fail, redirect, answer without end, or close half-way.

use std::{path::Path, task::Poll, time::Duration};

use parcelwire::sandbox::Fault;
use parcelwire::transport::HttpTransport;
use parcelwire_engine::ports::{Transport as _, TransportError};
use parcelwire_mapping::http::HttpRequest;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::harness::{
    Answer, PATIENCE, TestApp, fulfilment, merchant, next, order, spawn_app, spawn_tuned,
    spawn_with, write,
};

#[tokio::test]
async fn a_redirect_is_never_followed_and_holds_the_message() {
    let app = spawn_app().await;
    app.sandbox.faults().order(Fault {
        status: 302,
        location: Some("http://169.254.169.254/latest/meta-data".to_owned()),
        times: 100,
        ..Fault::default()
    });
    app.shop("orders/create", &order(1)).await;
    let told = app.shop("fulfillments/create", &fulfilment(1)).await;
    let id = told.body["id"].as_str().expect("an id").to_owned();
    let path = format!("/api/v1/receipts/{id}");
    let story = app.until(&path, |story| !story["messages"][0]["requests"][0].is_null()).await;
    assert_eq!(story["messages"][0]["state"], "pending");
    assert_eq!(story["messages"][0]["requests"][0]["verdict"], "settings_wrong");
    assert_eq!(app.sandbox.received().sums().requests, 1);
}

#[tokio::test]
async fn a_refused_event_is_dead_and_the_next_goes_out() {
    let app = spawn_app().await;
    app.sandbox.faults().order(Fault { status: 400, ..Fault::default() });
    app.shop("orders/create", &order(2)).await;
    let told = app.shop("fulfillments/create", &fulfilment(2)).await;
    let id = told.body["id"].as_str().expect("an id").to_owned();
    let story = app
        .until(&format!("/api/v1/receipts/{id}"), |story| story["messages"][0]["state"] == "dead")
        .await;
    assert_eq!(story["messages"][0]["why"], "rejected");
    app.shop("orders/create", &order(3)).await;
    app.shop("fulfillments/create", &fulfilment(3)).await;
    assert_eq!(app.arrived(1).await[0].1, "kim.3@example.test");
    assert_eq!(app.stats().await["messages"]["dead"], 1);
}

fn request(url: &str) -> HttpRequest {
    HttpRequest {
        method: "POST".to_owned(),
        url: url.to_owned(),
        headers: Vec::new(),
        body: "{}".into(),
    }
}

#[tokio::test]
async fn private_addresses_are_refused_by_name_and_by_number() {
    let transport = HttpTransport::new(&[]).expect("a client");
    for url in [
        "https://169.254.169.254/",
        "https://127.0.0.1:1/",
        "https://[::1]/",
        "https://10.0.0.1/",
        "https://localhost:1/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:169.254.169.254]/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://100.64.0.1/",
        "https://[fd00:ec2::254]/",
        "https://168.63.129.16/",
    ] {
        let error = transport.send(request(url)).await.expect_err(url);
        assert!(matches!(error, TransportError::Forbidden { .. }), "{url}: {error:?}");
    }
    let plain = transport.send(request("http://example.com/")).await;
    assert!(matches!(plain, Err(TransportError::BadUrl(_))), "{plain:?}");
}

#[tokio::test]
async fn networks_that_the_operator_names_are_reached_and_no_others() {
    let transport = HttpTransport::new(&["127.0.0.0/8".to_owned()]).expect("a client");
    let ok = || b"HTTP/1.1 204 No Content\r\n\r\n".to_vec();
    let by_number = server(ok(), false).await;
    assert_eq!(transport.send(request(&by_number)).await.expect("it answers").status, 204);
    let by_name = server(ok(), false).await.replace("127.0.0.1", "localhost");
    assert_eq!(transport.send(request(&by_name)).await.expect("it answers").status, 204);
    for url in ["https://10.0.0.1/", "http://10.0.0.1/", "http://8.8.8.8/", "https://[::1]/"] {
        let error = transport.send(request(url)).await.expect_err(url);
        assert!(matches!(error, TransportError::Forbidden { .. }), "{url}: {error:?}");
    }
}

/// The last words on the first message that a webhook led to.
async fn attempt(app: &TestApp, told: &Answer) -> Value {
    let id = told.body["id"].as_str().expect("an id");
    let path = format!("/api/v1/receipts/{id}");
    let story = app.until(&path, |story| !story["messages"][0]["requests"][0].is_null()).await;
    story["messages"][0].clone()
}

/// A webhook about a parcel of its own.
async fn parcel(app: &TestApp, merchant: &str) -> Answer {
    let (body, _) = crate::process::parcel(next());
    app.shop_raw(merchant, "fulfillments/create", body.into_bytes()).await
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_and_nothing_is_sent() {
    let inside = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let port = inside.local_addr().expect("an address").port();
    let url = format!("https://localhost:{port}");
    let files = |directory: &Path, _: &str| {
        write(directory, "merchants/hey.yaml", &merchant(&url));
    };
    let app = spawn_tuned(files, |settings| settings.egress.allow.clear()).await;
    let message = attempt(&app, &parcel(&app, "hey").await).await;
    assert_eq!(message["state"], "pending", "it waits for its settings: {message}");
    assert_eq!(message["requests"][0]["verdict"], "settings_wrong", "{message}");
    let told = message["requests"][0]["detail"].as_str().unwrap_or_default();
    assert!(told.contains("localhost") && told.contains("egress.allow"), "{told}");
    let came = std::future::poll_fn(|context| match inside.poll_accept(context) {
        Poll::Ready(_) => Poll::Ready(true),
        Poll::Pending => Poll::Ready(false),
    });
    assert!(!came.await, "nobody knocked");
}

#[tokio::test]
async fn a_destination_that_misbehaves_harms_nobody_else() {
    let hanging = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let hangs = format!("http://{}", hanging.local_addr().expect("an address"));
    let half = b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf".to_vec();
    let endless = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n\r\n".to_vec();
    let (half, no_end) = (server(half, false).await, server(endless, true).await);
    let (closes, no_head) = (
        server(Vec::new(), false).await,
        server(b"HTTP/1.1 202 Accepted\r\nX-A: ".to_vec(), true).await,
    );
    let merchants = [
        ("half", &half),
        ("closes", &closes),
        ("head", &no_head),
        ("end", &no_end),
        ("hangs", &hangs),
    ];
    let app = spawn_with(|directory, sandbox| {
        for (name, url) in
            merchants.map(|(name, url)| (name, url.as_str())).into_iter().chain([("hey", sandbox)])
        {
            write(directory, &format!("merchants/{name}.yaml"), &merchant(url));
        }
    })
    .await;
    let mut told = Vec::new();
    for (name, _) in merchants {
        told.push((name, parcel(&app, name).await));
    }
    parcel(&app, "hey").await;
    assert_eq!(app.arrived(1).await.len(), 1);
    for (name, told) in told {
        let (state, verdict) = match name {
            // Nothing is known yet: it is neither sent nor given up.
            "hangs" => continue,
            "end" => ("dead", "rejected"),
            _ => ("pending", "again"),
        };
        let message = attempt(&app, &told).await;
        assert_eq!(message["requests"][0]["verdict"], verdict, "{name}: {message}");
        assert_eq!(message["state"], state, "{name}: {message}");
    }
    app.until("/api/v1/stats", |stats| stats["messages"]["pending"] == 4).await;
    app.stats().await;
}

#[tokio::test]
async fn a_destination_that_hangs_is_let_go_in_time() {
    let transport =
        HttpTransport::with_timeout(&["127.0.0.0/8".to_owned()], Duration::from_millis(200))
            .expect("a client");
    let hanging = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let url = format!("http://{}/", hanging.local_addr().expect("an address"));
    let told = transport.send(request(&url)).await;
    assert!(matches!(told, Err(TransportError::TimedOut(_))), "{told:?}");
    // Nor is one waited for that begins its answer and does not go on.
    let slow = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let url = format!("http://{}/", slow.local_addr().expect("an address"));
    let begins = async {
        let (mut stream, _) = slow.accept().await.expect("somebody comes");
        drop(stream.read(&mut [0; 4096]).await);
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\na")
            .await
            .expect("it begins");
        stream
    };
    let asked = request(&url);
    let (_stream, told) = tokio::join!(begins, transport.send(asked));
    assert!(matches!(told, Err(TransportError::TimedOut(_))), "{told:?}");
}

#[tokio::test]
async fn forty_digits_reach_the_destination_as_they_came() {
    const DIGITS: &str = "1234567890123456789012345678901234567890";
    let sink = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let url = format!("http://{}", sink.local_addr().expect("an address"));
    let app = spawn_with(|directory, _| {
        write(directory, "merchants/hey.yaml", &merchant(&url));
    })
    .await;
    let body = format!(
        r#"{{"status":"delivered","order_id":{DIGITS},"order_number":{DIGITS},"email":"kim@example.test","parcel_id":{DIGITS}}}"#
    );
    app.warehouse_raw(body.into_bytes()).await;
    let (mut stream, _) =
        tokio::time::timeout(PATIENCE, sink.accept()).await.expect("in time").expect("it comes");
    let mut asked = Vec::new();
    let told = async {
        while !String::from_utf8_lossy(&asked).contains(&format!("\"{DIGITS}\"")) {
            assert!(stream.read_buf(&mut asked).await.expect("it is read") > 0);
        }
    };
    tokio::time::timeout(PATIENCE, told).await.expect("it is told, digit by digit");
}

/// A server that answers a first request with these bytes and then behaves as told.
async fn server(answer: Vec<u8>, endless: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("somebody comes");
        let mut asked = [0; 4096];
        drop(stream.read(&mut asked).await);
        drop(stream.write_all(&answer).await);
        while endless && stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    format!("http://127.0.0.1:{port}/")
}

#[tokio::test]
async fn answers_without_end_and_half_answers_are_bounded() {
    let transport =
        HttpTransport::with_timeout(&["127.0.0.0/8".to_owned()], Duration::from_secs(5))
            .expect("a client");
    let url = server(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n".to_vec(), true).await;
    let answer = transport.send(request(&url)).await.expect("it is cut off");
    assert!(answer.truncated && answer.body.len() == parcelwire::transport::MAX_ANSWER_BYTES);
    let url =
        server(b"HTTP/1.1 202 Accepted\r\nContent-Length: 100\r\n\r\nhalf".to_vec(), false).await;
    let half = transport.send(request(&url)).await;
    assert!(matches!(half, Err(TransportError::Broken(_))), "{half:?}");
    let url = server(Vec::new(), false).await;
    assert!(transport.send(request(&url)).await.is_err());
}
