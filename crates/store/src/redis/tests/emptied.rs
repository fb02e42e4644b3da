//! A server that is emptied under running instances.

use parcelwire_domain::id::{MerchantId, ReceiptId};
use parcelwire_engine::ports::{
    Accepted, CommitError, Held, Ledger as _, Next, Outcome, Place, Shelf, Vault as _,
};

use super::{server::Server, *};
use crate::contract::{balanced, end, message, receipt, step, sweeping::*};

/// One who has things in hand.
struct Scene {
    store: Redis,
    held: Held,
}

async fn scene(server: &Server) -> Scene {
    let store = open(settings(server.url()), "one".to_owned(), [7; 32]).await.expect("it opens");
    store.set_meta("admin_token", b"hash").await.expect("it is set");
    let held = store.hold().await.expect("it answers");
    everything_unfinished(&store, &held).await;
    assert_eq!(waits(&store, &held).await, [3]);
    assert_eq!(is_ready(&store, &held).await, [7, 9]);
    Scene { store, held }
}

/// What is in hand ends; everything goes on, under the same ids.
async fn goes_on(server: &Server, Scene { store, held }: Scene) {
    // Nobody noticed yet: it is durable all the same.
    let accepted = store.accept(vec![receipt(1, "hey", "{}")]).await;
    assert_eq!(accepted, [Ok(Accepted::New(ReceiptId::from_bits(1)))]);
    let late = store.commit(&held, vec![step(&[(3, Outcome::Forwarded)], Vec::new())]).await;
    assert_eq!(late, [Err(CommitError::NotOwner)]);
    let sent = store.conclude(&held, vec![end(7, Next::Sent)]).await;
    assert_eq!(sent, [Err(CommitError::NotOwner)]);
    let new = store.hold().await.expect("it answers");
    assert_eq!(new.partitions.len(), 64);
    // Under new leases what is gone is told to be gone, and nothing is made of it.
    let late = store.commit(&new, vec![step(&[(3, Outcome::Forwarded)], Vec::new())]).await;
    assert_eq!(late, [Err(CommitError::Stale)]);
    let ends = vec![end(7, Next::Sent), end(9, Next::Sent)];
    assert_eq!(store.conclude(&new, ends).await, [Ok(()), Ok(())]);
    store.release(vec![ReceiptId::from_bits(3)], Vec::new()).await;
    assert_eq!(swept(&store).await, []);
    assert_eq!(waits(&store, &new).await, [1]);
    let decided = step(&[(1, Outcome::Forwarded)], vec![message(7, 5, 260)]);
    assert_eq!(store.commit(&new, vec![decided]).await, [Ok(())]);
    assert_eq!(is_ready(&store, &new).await, [7]);
    assert_eq!(store.conclude(&new, vec![end(7, Next::Sent)]).await, [Ok(())]);
    let stats = balanced(&store).await;
    assert_eq!((stats.receipts.accepted, stats.messages.sent), (1, 1));
    let place =
        Place { shelf: Shelf::Hearing, of: MerchantId::parse("hey").ok(), key: String::new() };
    assert_eq!(store.kept(vec![place]).await.expect("it answers"), [None]);
    let two = open(settings(server.url()), "two".to_owned(), [8; 32]).await.expect("it opens");
    assert_eq!(two.instance_key(), store.instance_key(), "the ids stay what they are");
    assert_eq!(two.meta("admin_token").await, Ok(Some(b"hash".to_vec())));
    assert_eq!(two.meta("schema").await, Ok(Some(b"1".to_vec())));
}

#[tokio::test]
async fn an_emptied_server_is_filled_again_by_who_runs() {
    let server = Server::start(&[]);
    let scene = scene(&server).await;
    server.ask(&["FLUSHALL"]);
    goes_on(&server, scene).await;
}

#[tokio::test]
async fn a_server_that_starts_with_an_empty_disk_is_filled_again_by_who_runs() {
    let mut server = Server::start(&[]);
    let scene = scene(&server).await;
    server.kill();
    // The connection is found to be broken by whoever asks first.
    assert!(scene.store.accept(vec![receipt(9, "hey", "{}")]).await[0].is_err());
    server.start_empty();
    goes_on(&server, scene).await;
}

#[tokio::test]
async fn who_finds_another_key_works_on_nothing_and_says_what_to_do() {
    let server = Server::start(&[]);
    let one = open(settings(server.url()), "one".to_owned(), [7; 32]).await.expect("it opens");
    server.ask(&["FLUSHALL"]);
    let two = open(settings(server.url()), "two".to_owned(), [8; 32]).await.expect("it opens");
    assert_eq!(two.instance_key(), [8; 32], "nobody told it of another one");
    let refused = one.hold().await;
    assert!(
        refused.as_ref().is_err_and(|error| error.to_string().contains("restart")),
        "{refused:?}"
    );
    assert!(one.accept(vec![receipt(1, "hey", "{}")]).await[0].is_ok(), "it still accepts");
    let held = two.hold().await.expect("it answers");
    assert_eq!(waits(&two, &held).await, [1]);
}
