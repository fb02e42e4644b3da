//! The data are broken on purpose: the sweeper finds each kind of orphan, and what was found goes on.

use std::time::Duration;

use super::*;
use crate::contract::sweeping::*;

/// A store with something unfinished of every kind, after `sql` was run in it.
async fn broken(store: &Embedded, sql: &'static str) -> Held {
    let held = store.hold().await.expect("it answers");
    everything_unfinished(store, &held).await;
    let broken = store.desk.write(move |connection| connection.execute_batch(sql));
    broken.await.expect("it is broken");
    held
}

fn is(kind: OrphanKind, id: impl std::fmt::Display) -> (OrphanKind, String) {
    (kind, id.to_string())
}

fn message_id(n: u128) -> parcelwire_domain::id::MessageId {
    parcelwire_domain::id::MessageId::from_bits(n)
}

#[test]
fn a_receipt_that_no_queue_has_waits_again() {
    on_both(|store| async move {
        let held = broken(&store, "").await;
        assert_eq!(waits(&store, &held).await, [3]);
        assert_eq!(swept(&store).await, [], "it is in hand");
        store.commit(&held, vec![step(&[(3, Outcome::Forwarded)], Vec::new())]).await;
        let sql = "UPDATE receipts SET state = 0 WHERE state = 1";
        store.desk.write(move |all| all.execute_batch(sql)).await.expect("it is broken");
        assert_eq!(waits(&store, &held).await, [] as [u128; 0]);
        assert_eq!(swept(&store).await, [is(OrphanKind::Receipt, receipt_id(3))]);
        assert_eq!(swept(&store).await, []);
        assert_eq!(waits(&store, &held).await, [3]);
    });
}

#[test]
fn what_a_write_under_way_is_about_to_tell_is_no_orphan() {
    on_both(|store| async move {
        let held = broken(&store, "").await;
        assert_eq!(waits(&store, &held).await, [3]);
        let row =
            "INSERT INTO receipts (id, feed, owner, source, received_at, verified, headers, query,
            accounts, body_bytes) SELECT x'000102030405060708090a0b0c0d0e0f', feed, owner, source,
            received_at, verified, headers, query, accounts, 0 FROM receipts WHERE state = 0";
        let write = waiting::Doubt::until_told(&store.waiting);
        store.desk.write(move |all| all.execute_batch(row)).await.expect("it is written");
        assert_eq!(swept(&store).await, [], "it may be told of yet");
        let later = waiting::Doubt::until_told(&store.waiting);
        assert_eq!(swept(&store).await, []);
        write.told();
        // Nothing that began later can be what is to tell of it.
        let found = swept(&store).await;
        assert_eq!((found.len(), found[0].0), (1, OrphanKind::Receipt));
        later.told();
        assert_eq!(waits(&store, &held).await.len(), 1);
    });
}

#[test]
fn a_question_that_is_never_due_is_asked() {
    on_both(|store| async move {
        let held = broken(&store, "UPDATE receipts SET ask_at = NULL").await;
        assert!(store.asking(&held, now(), 9, 9).await.expect("it answers").is_empty());
        assert_eq!(swept(&store).await, [is(OrphanKind::Question, receipt_id(2))]);
        assert_eq!(swept(&store).await, []);
        let asked = store.asking(&held, now(), 9, 9).await.expect("it answers");
        assert_eq!(asked[0].receipt.id.bits(), 2);
    });
}

#[test]
fn a_parked_fact_without_an_end_wakes_its_order_or_is_decided_anew() {
    let endless = "UPDATE aggregates SET wake_at = NULL, blob = x'007b7d'";
    on_both(|store| async move {
        let held = broken(&store, endless).await;
        assert_eq!(swept(&store).await, [is(OrphanKind::Fact, receipt_id(1))]);
        assert_eq!(swept(&store).await, []);
        assert_eq!(wakes(&store, &held, now()).await, [5]);
        balanced(&store).await;
    });
    on_both(|store| async move {
        let held = broken(&store, "DELETE FROM aggregates").await;
        assert_eq!(swept(&store).await, [is(OrphanKind::Fact, receipt_id(1))]);
        assert_eq!(swept(&store).await, []);
        assert_eq!(waits(&store, &held).await, [1, 3]);
        let again = step(&[(1, Outcome::Forwarded)], Vec::new());
        assert_eq!(store.commit(&held, vec![again]).await, [Ok(())]);
        assert_eq!(balanced(&store).await.receipts.parked, 0);
    });
}

#[test]
fn a_message_that_has_lost_what_it_says_comes_up_and_lets_its_lane_go_on() {
    on_both(|store| async move {
        let held = broken(&store, "DELETE FROM frozen WHERE message = 1").await;
        assert_eq!(is_ready(&store, &held).await, [9], "the lane stands still");
        assert_eq!(swept(&store).await, [is(OrphanKind::Message, message_id(7))]);
        assert_eq!(swept(&store).await, []);
        assert_eq!(is_ready(&store, &held).await, [7]);
        let dead = Next::Dead { why: "unreadable".to_owned() };
        store.conclude(&held, vec![crate::contract::end(7, dead)]).await;
        assert_eq!(is_ready(&store, &held).await, [8]);
    });
}

#[test]
fn an_order_whose_time_would_never_come_wakes_when_it_wants_to() {
    on_both(|store| async move {
        let held = broken(&store, "UPDATE aggregates SET wake_at = NULL WHERE rowid = 2").await;
        let six = parcelwire_domain::id::AggregateId::from_bits(6);
        assert_eq!(swept(&store).await, [is(OrphanKind::Order, six)]);
        assert_eq!(swept(&store).await, []);
        let hour = now() + Duration::from_hours(1);
        assert_eq!(wakes(&store, &held, hour - Duration::from_secs(1)).await, [] as [u128; 0]);
        assert_eq!(wakes(&store, &held, hour).await, [5, 6]);
    });
}
