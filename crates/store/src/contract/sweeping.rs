//! The sweeper: nothing is without an owner, whatever happens and whoever falls over.

use parcelwire_engine::ports::*;

use super::{
    history::{History, happens},
    *,
};

/// All that one whole sweep finds.
pub(crate) async fn sweep(store: &dyn Books, held: &Held, now: Timestamp) -> Vec<Orphan> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let swept = store.sweep(held, now, after).await.expect("it answers");
        found.extend(swept.found);
        after = swept.next;
        if after.is_none() {
            return found;
        }
    }
}

/// Kinds and ids of what a sweep finds.
pub(crate) async fn swept(store: &dyn Books) -> Vec<(OrphanKind, String)> {
    let held = held(store).await;
    let found = sweep(store, &held, now()).await;
    found.into_iter().map(|orphan| (orphan.kind, orphan.id)).collect()
}

pub(crate) async fn whatever_happens_and_whoever_falls_over_all_has_an_owner(host: &dyn Host) {
    let mut store = host.open().await;
    let mut history = History::new(12);
    for round in 0..4 {
        let mut held = held(&*store).await;
        for _ in 0..4 {
            for _ in 0..20 {
                happens(&*store, &held, history.next()).await;
            }
            assert_eq!(sweep(&*store, &held, history.now()).await, [], "round {round}");
        }
        // In hand: whoever comes after a crash finds it.
        let receipts = store.waiting(&held, 3, 9).await.expect("it answers");
        let asked = store.asking(&held, history.now(), 3, 9).await.expect("it answers");
        let ready =
            store.ready(&held, history.now(), &HandOut::of(2, 9)).await.expect("it answers");
        assert!(!receipts.is_empty() && !ready.is_empty(), "round {round}: {}", asked.len());
        assert_eq!(sweep(&*store, &held, history.now()).await, [], "round {round}");
        store = host.after_a_crash(store).await;
        held = super::held(&*store).await;
        assert_eq!(sweep(&*store, &held, history.now()).await, [], "round {round}");
    }
}

pub(crate) async fn a_part_is_bounded_and_the_parts_come_to_an_end(host: &dyn Host) {
    let store = host.open().await;
    let held = held(&*store).await;
    for batch in 0..5 {
        let some = (1..=500).map(|n| receipt(batch * 500 + n, "hey", "{}"));
        assert!(store.accept(some.collect()).await.iter().all(Result::is_ok));
    }
    // What waits is known only once somebody looked.
    store.waiting(&held, 9, 9).await.expect("it answers");
    let (mut parts, mut after) = (0, None);
    loop {
        let swept = store.sweep(&held, now(), after).await.expect("it answers");
        assert_eq!(swept.found, []);
        parts += 1;
        after = swept.next;
        if after.is_none() {
            break;
        }
    }
    assert!((3..60).contains(&parts), "{parts} parts");
    for place in ["", "x", "9.9", "0.x"] {
        let swept = store.sweep(&held, now(), Some(place.to_owned())).await.expect("it answers");
        assert_eq!(swept.found, [], "{place}");
    }
}

/// An order as the engine writes it, which wants to be looked at then.
pub(crate) fn sleeper(id: u128, wake_at: Timestamp) -> AggregateWrite {
    let id = AggregateId::from_bits(id);
    let order = serde_json::json!({
        "version": 1,
        "id": id.to_string(),
        "first": [ReceiptId::from_bits(1).to_string(), 0],
        "scans": [],
        "next": wake_at.to_string(),
        "heard_at": now().to_string(),
    });
    let blob = order.to_string();
    let read = parcelwire_domain::order::Order::read(blob.as_bytes()).expect("it is an order");
    assert_eq!(read.wake_at(), Some(wake_at));
    AggregateWrite {
        id,
        read: None,
        blob: Some(Bytes::from(blob)),
        aliases: Vec::new(),
        wake_at: Some(wake_at),
        merged_into: None,
    }
}

/// Something unfinished of every kind: receipt 1 is parked in order 5, receipt 2 is asked about, receipt 3
/// waits; messages 7, 8 and 9 are two lanes of order 5 and 6.
pub(crate) async fn everything_unfinished(store: &dyn Books, held: &Held) {
    store.accept((1..=3).map(|n| receipt(n, "hey", "{}")).collect()).await;
    let handed = store.waiting(held, 9, 9).await.expect("it answers");
    assert_eq!(handed.len(), 3);
    store.ask(vec![ReceiptId::from_bits(2)], now()).await.expect("it answers");
    let messages = vec![message(7, 5, 260), message(8, 5, 320), message(9, 6, 260)];
    let mut first = step(&[(1, Outcome::Parked)], messages);
    let hour = now() + Duration::from_hours(1);
    first.aggregates = vec![sleeper(5, hour), sleeper(6, hour)];
    first.story = vec![StoryLine {
        receipt: ReceiptId::from_bits(1),
        index: 0,
        aggregate: Some(AggregateId::from_bits(5)),
        status: "delivered".to_owned(),
        occurred_at: now(),
        outcome: "parked".to_owned(),
        rule: "no_recipient_yet".to_owned(),
        fields: parcelwire_domain::Map::new(),
        decisions: Vec::new(),
    }];
    assert_eq!(store.commit(held, vec![first]).await, [Ok(())]);
    store.release(vec![ReceiptId::from_bits(3)], Vec::new()).await;
    assert_eq!(sweep(store, held, now()).await, []);
}

/// The id of a receipt, as a sweep tells it.
pub(crate) fn receipt_id(n: u128) -> String {
    ReceiptId::from_bits(n).to_string()
}

/// Ids of what waits.
pub(crate) async fn waits(store: &dyn Books, held: &Held) -> Vec<u128> {
    let waiting = store.waiting(held, 99, 99).await.expect("it answers");
    waiting.iter().map(|receipt| receipt.id.bits()).collect()
}

/// Ids of what is ready.
pub(crate) async fn is_ready(store: &dyn Books, held: &Held) -> Vec<u128> {
    let ready = store.ready(held, now(), &HandOut::of(99, 99)).await.expect("it answers");
    ready.iter().map(|ready| ready.message.id.bits()).collect()
}

/// Ids of orders that wake.
pub(crate) async fn wakes(store: &dyn Books, held: &Held, at: Timestamp) -> Vec<u128> {
    let awake = store.awake(held, at, 99).await.expect("it answers");
    awake.iter().map(|wake| wake.aggregate.id.bits()).collect()
}
