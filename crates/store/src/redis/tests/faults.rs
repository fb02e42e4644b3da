//! Servers that fall over, forget their scripts, are full.

use parcelwire_engine::ports::{
    Accepted, Archive as _, CommitError, HandOut, Ledger as _, Next, Outcome,
};

use super::{server::Server, *};
use crate::contract::{balanced, end, held, message, now, receipt, step};

async fn store(server: &Server) -> Redis {
    open(settings(server.url()), "one".to_owned(), [7; 32]).await.expect("it opens")
}

#[tokio::test]
async fn a_server_that_was_killed_has_all_that_was_answered() {
    let mut server = Server::start(&[]);
    let store = store(&server).await;
    let accepted = store.accept((1..=20).map(|n| receipt(n, "hey", "{}")).collect()).await;
    assert!(accepted.iter().all(Result::is_ok), "{accepted:?}");
    let held = held(&store).await;
    server.kill();
    let refused = store.accept(vec![receipt(21, "hey", "{}")]).await;
    assert!(refused[0].is_err(), "{refused:?}");
    assert!(store.health().await.is_err());
    let step_meanwhile = store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], vec![])]).await;
    assert!(matches!(step_meanwhile[..], [Err(CommitError::Port(_))]), "{step_meanwhile:?}");
    let again = store.accept(vec![receipt(21, "hey", "{}")]).await;
    assert!(matches!(again[..], [Err(PortError::NotApplied { .. })]), "nobody listens: {again:?}");
    // The scripts that it knew went with it.
    server.start_again();
    let again = store.accept(vec![receipt(20, "hey", "{}"), receipt(21, "hey", "{}")]).await;
    assert!(again.iter().all(Result::is_ok), "{again:?}");
    assert_eq!(balanced(&store).await.receipts.accepted, 21);
    assert!(store.health().await.is_ok());
    let written = store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], vec![])]).await;
    assert_eq!(written, [Ok(())], "the lease is as durable as the rest");
}

#[tokio::test]
async fn a_full_server_refuses_webhooks_and_still_finishes_what_it_has() {
    let server = Server::start(&[]);
    let store = store(&server).await;
    store.accept(vec![receipt(1, "hey", "{}"), receipt(2, "hey", "{}")]).await;
    let held = held(&store).await;
    let made = step(&[(1, Outcome::Forwarded)], vec![message(7, 1, 320)]);
    assert_eq!(store.commit(&held, vec![made]).await, [Ok(())]);
    let is_ready = |path: &[&str]| server.ask(path);
    is_ready(&["CONFIG", "SET", "maxmemory", "1"]);
    let refused = store.accept(vec![receipt(3, "hey", "{}")]).await;
    assert!(matches!(refused[..], [Err(PortError::NotApplied { .. })]), "{refused:?}");
    assert!(store.health().await.is_err(), "senders are told to come again");
    let step_meanwhile = store.commit(&held, vec![step(&[(2, Outcome::Forwarded)], vec![])]).await;
    assert!(matches!(step_meanwhile[..], [Err(CommitError::Port(PortError::NotApplied { .. }))]));
    assert_eq!(store.ready(&held, now(), &HandOut::of(9, 9)).await.expect("it answers").len(), 1);
    assert_eq!(store.conclude(&held, vec![end(7, Next::Sent)]).await, [Ok(())]);
    is_ready(&["CONFIG", "SET", "maxmemory", "0"]);
    assert!(store.health().await.is_ok());
    assert_eq!(balanced(&store).await.messages.sent, 1);
}

#[tokio::test]
async fn a_call_that_is_made_twice_is_told_the_same() {
    let server = Server::start(&[]);
    let store = store(&server).await;
    // As when the answer was lost, and the client asked again by itself.
    for _ in 0..2 {
        let accepted = store.accept(vec![receipt(1, "hey", "{}")]).await;
        assert_eq!(accepted, [Ok(Accepted::New(receipt(1, "hey", "{}").id))]);
    }
    let stats = balanced(&store).await.receipts;
    assert_eq!((stats.accepted, stats.duplicate), (1, 0));
}

#[tokio::test]
async fn a_server_that_is_silent_leaves_it_open() {
    let server = Server::start(&[]);
    let store = store(&server).await;
    server.freeze();
    let accepted = store.accept(vec![receipt(1, "hey", "{}")]).await;
    assert!(matches!(accepted[..], [Err(PortError::Unknown { .. })]), "{accepted:?}");
    server.thaw();
    // Whether or not it was written then: repeating it is harmless, and the answer.
    let accepted = store.accept(vec![receipt(1, "hey", "{}")]).await;
    assert_eq!(accepted, [Ok(Accepted::New(receipt(1, "hey", "{}").id))]);
    assert_eq!(balanced(&store).await.receipts.accepted, 1);
}

#[tokio::test]
async fn a_webhook_waits_for_the_replicas_that_were_asked_for() {
    let server = Server::start(&[]);
    let wanted = Settings { replicas: 1, ..settings(server.url()) };
    let store = open(wanted, "one".to_owned(), [7; 32]).await.expect("it opens");
    let alone = store.accept(vec![receipt(1, "hey", "{}")]).await;
    let Err(PortError::Unknown { why }) = &alone[0] else { panic!("{alone:?}") };
    assert!(why.contains("0 of 1 replicas"), "{why}");
    let held = held(&store).await;
    let waiting = store.waiting(&held, 9, 9).await;
    assert_eq!(waiting, Ok(Vec::new()), "it could be gone, and come again under another id");
    let port = server::free_port().to_string();
    let replica = Server::start(&[]);
    server.ask(&["CONFIG", "SET", "port", &port]);
    replica.ask(&["REPLICAOF", "127.0.0.1", &port]);
    server::wait_until("the replica is there", || {
        let told = server.ask(&["INFO", "replication"]);
        matches!(told, redis::Value::BulkString(told)
            if String::from_utf8_lossy(&told).contains("state=online"))
    })
    .await;
    let both = store.accept(vec![receipt(1, "hey", "{}")]).await;
    assert!(both[0].is_ok(), "{both:?}");
    assert_eq!(store.waiting(&held, 9, 9).await.expect("it answers").len(), 1);
}
