//! Destinations that fail, redirect, answer without end, or close half-way.

use std::time::Duration;

use parcelwire::sandbox::Fault;
use parcelwire::transport::HttpTransport;
use parcelwire_engine::ports::{Transport as _, TransportError};
use parcelwire_mapping::http::HttpRequest;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::harness::{fulfilment, order, spawn_app};

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
    ] {
        let error = transport.send(request(url)).await.expect_err(url);
        assert!(matches!(error, TransportError::Forbidden { .. }), "{url}: {error:?}");
    }
    let plain = transport.send(request("http://example.com/")).await;
    assert!(matches!(plain, Err(TransportError::BadUrl(_))), "{plain:?}");
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
