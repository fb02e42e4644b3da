//! Signatures with keys that the sender publishes: asked for once, by nobody's invention, and never
//! a 401 for a key that could not be had.

use std::sync::{
    Arc,
    atomic::{AtomicU16, AtomicUsize, Ordering},
};

use parcelwire_mapping::blocks::verify::{
    Algorithm, Encoding, Envelope, Headers, Incoming, MethodSpec, PublicKeySpec, Secret,
};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use crate::harness::{Answer, TestApp, answer, next, spawn_with, write};

const PRIVATE: &str =
    include_str!("../../crates/mapping/src/blocks/verify/tests/fixtures/rsa_private.pem");
const SET: &str = include_str!("../../crates/mapping/src/blocks/verify/tests/fixtures/jwks.json");

/// A vendor's address with keys: how often it was asked, and with which status it answers.
struct Vendor {
    url: String,
    asked: Arc<AtomicUsize>,
    status: Arc<AtomicU16>,
}

impl Vendor {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/jwks", listener.local_addr().expect("an address"));
        let (asked, status) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU16::new(200)));
        let (count, answers) = (Arc::clone(&asked), Arc::clone(&status));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = [0; 4096];
                let read = stream.read(&mut request).await.unwrap_or(0);
                assert!(request[..read].starts_with(b"GET /jwks "));
                count.fetch_add(1, Ordering::SeqCst);
                let status = answers.load(Ordering::SeqCst);
                let length = SET.len();
                let head = format!(
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                drop(stream.write_all(format!("{head}{SET}").as_bytes()).await);
            }
        });
        Self { url, asked, status }
    }
}

async fn app(vendor: &Vendor) -> TestApp {
    spawn_with(|directory, sandbox| {
        let connector = format!(
            "title: Vendor\nfacts: invented\nverify:\n  public_key: rsa_sha256\n  encoding: base64\n  header: X-Sig\n\
             \x20 keys: {{ url: \"{}\", by: X-Key-Id }}\nevents: {{ status: delivered, order_number: =order, email: =email }}\n",
            vendor.url
        );
        write(directory, "connectors/sources/vendor.yaml", &connector);
        let merchant = format!(
            "holds: off\nsources:\n  vendor: {{}}\ndestinations:\n  klaviyo: {{ api_key: pk_test_0001, base_url: \"{sandbox}\" }}\n"
        );
        write(directory, "merchants/hey.yaml", &merchant);
    })
    .await
}

async fn send(app: &TestApp, key: &str, change: &str) -> Answer {
    let body = json!({ "order": format!("V-{}", next()), "email": "kim@example.test" }).to_string();
    let mut envelope = Envelope::header("x-sig");
    envelope.encoding = Encoding::Base64;
    let method = MethodSpec::PublicKey(PublicKeySpec {
        algorithm: Algorithm::RsaSha256,
        keys: Vec::new(),
        fetched: None,
        envelope,
    });
    let secret = Secret::new(PRIVATE).expect("a key");
    let signer = method.signer(&secret).expect("it is a private key");
    let post = Incoming::post(Headers::default(), body.as_bytes());
    let signed = signer.sign(&post, "", jiff::Timestamp::now()).expect("it signs");
    let signature = signed.headers.first().expect("a signature").1.clone();
    let request = app.client.post(app.url("/hooks/hey/vendor"));
    let request = request.header("x-sig", signature).header("x-key-id", key);
    answer(request.body(format!("{body}{change}")).send().await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_asked_for_once_and_invented_ones_never() {
    let vendor = Vendor::start().await;
    let app = app(&vendor).await;
    let all = futures_of(&app, 8).await;
    assert!(all.iter().all(|answer| answer.status == 202), "{all:?}");
    assert_eq!(vendor.asked.load(Ordering::SeqCst), 1);
    let changed = send(&app, "rsa-1", " ").await;
    assert_eq!((changed.status, &changed.body["code"]), (401, &json!("signature_invalid")));
    let foreign = send(&app, "rsa-2", "").await;
    assert_eq!((foreign.status, &foreign.body["code"]), (401, &json!("signature_invalid")));
    for n in 0..20 {
        let invented = send(&app, &format!("invented-{n}"), "").await;
        assert_eq!((invented.status, &invented.body["code"]), (503, &json!("store_unavailable")));
        assert!(invented.headers.contains_key("retry-after"));
    }
    assert_eq!(vendor.asked.load(Ordering::SeqCst), 1);
    app.arrived(8).await;
    assert_eq!(app.stats().await["receipts"]["accepted"], 8);
}

async fn futures_of(app: &TestApp, count: usize) -> Vec<Answer> {
    let mut under_way = Vec::new();
    for _ in 0..count {
        under_way.push(send(app, "rsa-1", ""));
    }
    futures_util::future::join_all(under_way).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_cannot_be_had_is_no_fault_of_the_sender() {
    let vendor = Vendor::start().await;
    vendor.status.store(500, Ordering::SeqCst);
    let app = app(&vendor).await;
    for _ in 0..3 {
        let refused = send(&app, "rsa-1", "").await;
        assert_eq!((refused.status, &refused.body["code"]), (503, &json!("store_unavailable")));
        assert!(refused.headers.contains_key("retry-after"));
    }
    assert_eq!(vendor.asked.load(Ordering::SeqCst), 1);
    // What is not signed at all is refused without asking anybody.
    let url = app.url("/hooks/hey/vendor");
    let unsigned = answer(app.client.post(url).header("x-key-id", "rsa-1").send().await).await;
    assert_eq!((unsigned.status, &unsigned.body["code"]), (401, &json!("signature_missing")));
    assert_eq!(app.stats().await["receipts"]["refused"], 1);
}
