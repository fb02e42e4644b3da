//! The data are broken on purpose: the sweeper finds each kind of orphan, and what was found goes on.

use parcelwire_domain::id::{AggregateId, MessageId, ReceiptId};
use parcelwire_engine::ports::{Asking as _, Held, Ledger as _, Next, OrphanKind, Outcome};

use super::{server::Server, *};
use crate::contract::{balanced, end, held, merchant, now, step, sweeping::*};

/// A store with something unfinished of every kind.
struct Scene {
    server: Server,
    store: Redis,
    held: Held,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(&[]);
        let store = open(settings(server.url()), "one".to_owned(), [7; 32]).await;
        let store = store.expect("it opens");
        let held = held(&store).await;
        everything_unfinished(&store, &held).await;
        Self { server, store, held }
    }

    /// One command about a key of the merchant's partition.
    fn ask(&self, command: &str, key: &str, rest: &[&str]) {
        let key = format!("{}{key}", keys::of(Partition::of(&merchant("hey"))));
        let told = self.server.ask(&[&[command, key.as_str()], rest].concat());
        assert_eq!(told, redis::Value::Int(1), "{command} {key} {rest:?}");
        self.store.inner.hands().stir_all(Partition::of(&merchant("hey")));
    }

    /// The sweeper finds this, once.
    async fn finds(&self, kind: OrphanKind, id: &str) {
        assert_eq!(swept(&self.store).await, [(kind, id.to_owned())]);
        assert_eq!(swept(&self.store).await, []);
    }
}

#[tokio::test]
async fn a_receipt_that_no_queue_has_waits_again() {
    let scene = Scene::new().await;
    let three = receipt_id(3);
    scene.ask("ZREM", "i:hey:r0", &[&three]);
    assert!(waits(&scene.store, &scene.held).await.is_empty());
    scene.finds(OrphanKind::Receipt, &three).await;
    assert_eq!(waits(&scene.store, &scene.held).await, [3]);
    scene.store.release(vec![ReceiptId::from_bits(3)], Vec::new()).await;
    scene.ask("SREM", "w", &["hey"]);
    assert!(waits(&scene.store, &scene.held).await.is_empty());
    scene.finds(OrphanKind::Receipt, &three).await;
    assert_eq!(waits(&scene.store, &scene.held).await, [3]);
    let decided = step(&[(3, Outcome::Forwarded)], Vec::new());
    assert_eq!(scene.store.commit(&scene.held, vec![decided]).await, [Ok(())]);
    balanced(&scene.store).await;
}

#[tokio::test]
async fn a_question_that_is_never_due_is_asked() {
    let scene = Scene::new().await;
    let two = receipt_id(2);
    for (command, key, member) in
        [("ZREM", "ask:hey", &*two), ("SREM", "asks", "hey"), ("ZREM", "i:hey:r7", &two)]
    {
        scene.ask(command, key, &[member]);
        scene.finds(OrphanKind::Question, &two).await;
    }
    let asked = scene.store.asking(&scene.held, now(), 9, 9).await.expect("it answers");
    assert_eq!(asked[0].receipt.id.bits(), 2);
}

#[tokio::test]
async fn a_parked_fact_without_an_end_wakes_its_order_or_is_decided_anew() {
    let scene = Scene::new().await;
    let order = format!("a:hey:{}", AggregateId::from_bits(5));
    // As one that was written before times stood with orders.
    scene.ask("HDEL", &order, &["w"]);
    scene.ask("ZREM", "wake", &[&format!("hey/{}", AggregateId::from_bits(5))]);
    scene.finds(OrphanKind::Fact, &receipt_id(1)).await;
    assert_eq!(wakes(&scene.store, &scene.held, now()).await, [5]);
    scene.ask("ZREM", "wake", &[&format!("hey/{}", AggregateId::from_bits(5))]);
    scene.ask("DEL", &order, &[]);
    scene.finds(OrphanKind::Fact, &receipt_id(1)).await;
    assert_eq!(waits(&scene.store, &scene.held).await, [1, 3]);
    let again = step(&[(1, Outcome::Forwarded)], Vec::new());
    assert_eq!(scene.store.commit(&scene.held, vec![again]).await, [Ok(())]);
    assert_eq!(balanced(&scene.store).await.receipts.parked, 0);
}

#[tokio::test]
async fn a_message_that_stands_in_no_lane_is_sent() {
    let scene = Scene::new().await;
    let nine = MessageId::from_bits(9).to_string();
    let lane = format!("gp:hey:{}", AggregateId::from_bits(6));
    for (key, member) in [
        ("q:hey/postkutsche", nine.clone()),
        (&*lane, format!("{nine}/postkutsche")),
        ("i:hey:m0", format!("000000000003.{nine}")),
    ] {
        scene.ask("ZREM", key, &[&member]);
        scene.finds(OrphanKind::Message, &nine).await;
    }
    assert_eq!(is_ready(&scene.store, &scene.held).await, [7, 9]);
    scene.store.conclude(&scene.held, vec![end(9, Next::Sent)]).await;
    balanced(&scene.store).await;
}

#[tokio::test]
async fn a_destination_that_is_never_due_and_a_lane_behind_a_ghost_go_on() {
    let scene = Scene::new().await;
    scene.ask("ZREM", "due", &["hey/postkutsche"]);
    assert!(is_ready(&scene.store, &scene.held).await.is_empty());
    let found = swept(&scene.store).await;
    assert!(!found.is_empty() && found.iter().all(|(kind, _)| *kind == OrphanKind::Message));
    assert_eq!(swept(&scene.store).await, []);
    // The first one of a lane is gone, and still stands in it.
    scene.ask("DEL", &format!("m:{}", MessageId::from_bits(7)), &[]);
    let eight = MessageId::from_bits(8).to_string();
    scene.finds(OrphanKind::Message, &eight).await;
    assert_eq!(is_ready(&scene.store, &scene.held).await, [8, 9]);
}

#[tokio::test]
async fn an_order_whose_time_would_never_come_wakes_when_it_wants_to() {
    let scene = Scene::new().await;
    let six = AggregateId::from_bits(6).to_string();
    scene.ask("ZREM", "wake", &[&format!("hey/{six}")]);
    scene.finds(OrphanKind::Order, &six).await;
    let hour = now() + Duration::from_hours(1);
    assert!(wakes(&scene.store, &scene.held, now()).await.is_empty());
    assert_eq!(wakes(&scene.store, &scene.held, hour).await.len(), 2);
}

#[tokio::test]
async fn only_the_owner_sweeps() {
    let scene = Scene::new().await;
    scene.ask("ZREM", "i:hey:r0", &[&receipt_id(3)]);
    let other = open(settings(scene.server.url()), "two".to_owned(), [7; 32]).await;
    let other = other.expect("it opens");
    assert_eq!(sweep(&other, &scene.held, now()).await, [], "it has nothing");
    assert_eq!(sweep(&other, &Held::default(), now()).await, []);
    scene.finds(OrphanKind::Receipt, &receipt_id(3)).await;
}
