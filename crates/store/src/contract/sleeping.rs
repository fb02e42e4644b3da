//! Orders that wake.

use parcelwire_domain::{Map, id::*};
use parcelwire_engine::ports::*;

use super::*;

fn sleeping(read: Option<u64>, wake_at: Option<Timestamp>) -> AggregateWrite {
    AggregateWrite {
        id: AggregateId::from_bits(5),
        read,
        blob: Some(Bytes::from_static(b"{}")),
        aliases: Vec::new(),
        wake_at,
        merged_into: None,
    }
}

fn line(index: u16) -> StoryLine {
    StoryLine {
        receipt: ReceiptId::from_bits(1),
        index,
        aggregate: Some(AggregateId::from_bits(5)),
        status: "ready_for_pickup".to_owned(),
        occurred_at: now(),
        outcome: "filtered".to_owned(),
        rule: "off".to_owned(),
        fields: Map::new(),
        decisions: Vec::new(),
    }
}

pub(crate) async fn a_receipt_stays_while_something_may_follow_from_it_and_goes_then(
    host: &dyn Host,
) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}")]).await;
    let held = store.hold().await.expect("it answers");
    store.waiting(&held, 9, 9).await.expect("it answers");
    let due = now() + Duration::from_hours(24 * 60);
    let mut first = step(&[(1, Outcome::Filtered("off".to_owned()))], Vec::new());
    first.aggregates = vec![sleeping(None, Some(due))];
    first.story = vec![line(0)];
    assert_eq!(store.commit(&held, vec![first]).await, [Ok(())]);
    let keep = Retention { receipts_days: 30, bodies_days: 30, memory_days: 120 };
    let later = now() + Duration::from_hours(24 * 50);
    while store.prune(later, keep).await.expect("it answers") {}
    let story = store.story(ReceiptId::from_bits(1)).await.expect("it answers");
    let story = story.expect("something may follow from it");
    assert_eq!(story["request"]["body"], serde_json::Value::Null, "its body is gone");
    // It wakes: message, line and counters in one commit, beside its receipt's own line.
    let awake = store.awake(&held, due, 9).await.expect("it answers");
    assert_eq!((awake.len(), awake[0].aggregate.version), (1, 1));
    let mut woken = step(&[], vec![message(7, 5, 0)]);
    woken.aggregates = vec![sleeping(Some(1), None)];
    woken.story = vec![line(FOLLOWED)];
    assert_eq!(store.commit(&held, vec![woken.clone()]).await, [Ok(())]);
    assert_eq!(store.commit(&held, vec![woken]).await, [Err(CommitError::Stale)]);
    assert_eq!(balanced(&*store).await.messages.created, 1);
    let story = store.story(ReceiptId::from_bits(1)).await.expect("it answers");
    let story = story.expect("it is there");
    assert_eq!(story["events"].as_array().map(Vec::len), Some(2));
    assert_eq!(story["messages"].as_array().map(Vec::len), Some(1));
    assert!(store.awake(&held, due, 9).await.expect("it answers").is_empty());
    store.ready(&held, due, &HandOut::of(16, 16)).await.expect("it answers");
    store.conclude(&held, vec![end(7, Next::Sent)]).await;
    while store.prune(later, keep).await.expect("it answers") {}
    assert!(store.story(ReceiptId::from_bits(1)).await.expect("it answers").is_none());
}
