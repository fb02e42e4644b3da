//! SIGTERM: what is in flight is finished, and the end is quick and clean.

use std::time::Duration;

use parcelwire::sandbox::{Fault, Sandbox, SandboxSettings};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

use crate::{
    harness::{PATIENCE, SHOP_SECRET, hmac_base64, merchant, next, write},
    process::{Relay, parcel},
};

async fn answer_so_far(stream: &mut TcpStream) -> String {
    let mut some = [0; 4096];
    let read = tokio::time::timeout(PATIENCE, stream.read(&mut some)).await;
    let read = read.expect("it answers").expect("it is read");
    String::from_utf8_lossy(&some[..read]).into_owned()
}

#[tokio::test]
async fn a_webhook_and_a_message_in_flight_come_to_their_ends() {
    let directory = tempfile::tempdir().expect("a directory");
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    write(directory.path(), "config/merchants/hey.yaml", &merchant(&sandbox.url()));
    let mut relay = Relay::start(directory.path()).await;
    // A message whose answer takes its time.
    sandbox.faults().order(Fault { delay_ms: 700, ..Fault::default() });
    assert_eq!(relay.post(parcel(next()).0).await.status, 202);
    // A webhook whose body is still to come, and a connection that only waits.
    let (body, _) = parcel(next());
    let signature = hmac_base64(SHOP_SECRET.as_bytes(), body.as_bytes());
    let head = format!(
        "POST /hooks/hey/shop HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nX-Shopify-Topic: fulfillments/create\r\n\
         X-Shopify-Hmac-Sha256: {signature}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut sender = TcpStream::connect(("127.0.0.1", relay.port)).await.expect("it connects");
    sender.write_all(head.as_bytes()).await.expect("it is sent");
    assert!(answer_so_far(&mut sender).await.starts_with("HTTP/1.1 100"));
    let waiting = TcpStream::connect(("127.0.0.1", relay.port)).await.expect("it connects");
    relay.ask_to_stop();
    sender.write_all(body.as_bytes()).await.expect("it is sent");
    let told = answer_so_far(&mut sender).await;
    assert!(told.starts_with("HTTP/1.1 202"), "{told}");
    let ended = relay.ended().await;
    assert!(ended.success(), "{ended:?} {}", relay.log());
    drop(waiting);
    // The message was concluded, and the webhook is there: nothing is told twice.
    let relay = Relay::start(directory.path()).await;
    let stats = relay.settled().await;
    assert_eq!(stats["messages"]["sent"], 2, "{stats}");
    let sums = sandbox.received().sums();
    assert_eq!((sums.events, sums.repeats), (2, 0));
}

#[tokio::test]
async fn a_destination_that_hangs_does_not_hold_up_the_end() {
    let directory = tempfile::tempdir().expect("a directory");
    let hanging = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let url = format!("http://{}", hanging.local_addr().expect("an address"));
    write(directory.path(), "config/merchants/hey.yaml", &merchant(&url));
    let mut relay = Relay::start(directory.path()).await;
    assert_eq!(relay.post(parcel(next()).0).await.status, 202);
    let (_asked, _) = hanging.accept().await.expect("it is asked");
    relay.ask_to_stop();
    let ended = tokio::time::timeout(Duration::from_secs(10), relay.ended()).await;
    assert!(ended.expect("in time").success(), "{}", relay.log());
    // It was not told: it is sent at the next start.
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    write(directory.path(), "config/merchants/hey.yaml", &merchant(&sandbox.url()));
    let relay = Relay::start(directory.path()).await;
    assert_eq!(relay.settled().await["messages"]["sent"], 1);
}
