//! Accepting, handing out, steps written whole or not at all.

use parcelwire_domain::{Alias, AliasKind, Map, id::*};
use parcelwire_engine::ports::*;

use super::*;

pub(crate) async fn a_repeat_is_told_the_first_receipt(host: &dyn Host) {
    let store = host.open().await;
    let first = store.accept(vec![receipt(1, "hey", "{}")]).await;
    assert_eq!(first, [Ok(Accepted::New(ReceiptId::from_bits(1)))]);
    let mut again = receipt(2, "hey", "{}");
    again.dedupe = receipt(1, "hey", "{}").dedupe;
    let second = store.accept(vec![again, receipt(3, "hey", "{}")]).await;
    assert_eq!(second[0], Ok(Accepted::Duplicate(ReceiptId::from_bits(1))));
    assert_eq!(second[1], Ok(Accepted::New(ReceiptId::from_bits(3))));
    // As when the answer of a call was lost.
    let repeated = store.accept(vec![receipt(3, "hey", "{}")]).await;
    assert_eq!(repeated, [Ok(Accepted::New(ReceiptId::from_bits(3)))]);
    let stats = balanced(&*store).await;
    assert_eq!((stats.receipts.accepted, stats.receipts.duplicate), (2, 1));
}

pub(crate) async fn what_waits_is_handed_out_once_and_merchants_take_turns(host: &dyn Host) {
    let store = host.open().await;
    let flood = (1..=50).map(|n| receipt(n, "flood", "{}"));
    store.accept(flood.chain([receipt(99, "hey", "{\"a\":1}")]).collect()).await;
    let held = store.hold().await.expect("it answers");
    let found = store.waiting(&held, 10, 100).await.expect("it answers");
    assert_eq!(found.len(), 11, "ten of the one that floods, and the other's one");
    let hey =
        found.iter().find(|receipt| receipt.id == ReceiptId::from_bits(99)).expect("it is there");
    assert_eq!(&hey.body[..], b"{\"a\":1}");
    assert_eq!(hey.headers, [("x-topic".to_owned(), "a".to_owned())]);
    let more = store.waiting(&held, 10, 100).await.expect("it answers");
    assert_eq!(more.len(), 10, "the next ten");
    store.release(vec![ReceiptId::from_bits(99)], Vec::new()).await;
    let again = store.waiting(&held, 1, 100).await.expect("it answers");
    assert!(again.iter().any(|receipt| receipt.id == ReceiptId::from_bits(99)));
}

pub(crate) async fn a_step_is_written_whole_and_only_once(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}")]).await;
    let held = store.hold().await.expect("it answers");
    let whole = step(&[(1, Outcome::Forwarded)], vec![message(7, 1, 500)]);
    assert_eq!(store.commit(&held, vec![whole.clone()]).await, [Ok(())]);
    assert_eq!(store.commit(&held, vec![whole]).await, [Err(CommitError::Stale)]);
    let stats = balanced(&*store).await;
    assert_eq!((stats.receipts.forwarded, stats.messages.created), (1, 1));
    let foreign = step(&[], Vec::new());
    let nobody = Held::default();
    assert_eq!(store.commit(&nobody, vec![foreign]).await, [Err(CommitError::NotOwner)]);
}

pub(crate) async fn a_step_that_read_something_else_writes_nothing(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}"), receipt(2, "hey", "{}")]).await;
    let held = store.hold().await.expect("it answers");
    let alias = Alias::new(AliasKind::OrderNumber, "#1").expect("a name");
    let write = AggregateWrite {
        id: AggregateId::from_bits(5),
        read: None,
        blob: Some(Bytes::from_static(b"{}")),
        aliases: vec![alias.clone()],
        wake_at: None,
        merged_into: None,
    };
    let mut first = step(&[(1, Outcome::Forwarded)], Vec::new());
    first.aggregates.push(write.clone());
    first.looked_up.push((alias.clone(), Vec::new()));
    let mut second = step(&[(2, Outcome::Forwarded)], Vec::new());
    second.looked_up.push((alias.clone(), Vec::new()));
    let results = store.commit(&held, vec![first, second]).await;
    assert_eq!(results, [Ok(()), Err(CommitError::Stale)], "the name leads somewhere now");
    let mut third = step(&[(2, Outcome::Forwarded)], Vec::new());
    third.aggregates.push(AggregateWrite { read: Some(9), ..write });
    assert_eq!(store.commit(&held, vec![third]).await, [Err(CommitError::Stale)]);
    let want = Want { merchant: merchant("hey"), aliases: vec![alias], aggregates: Vec::new() };
    let recalled = store.recall(vec![want]).await.expect("it answers");
    assert_eq!(recalled[0].aggregates[0].version, 1);
    assert_eq!(balanced(&*store).await.receipts.waiting, 1);
}

pub(crate) async fn old_data_goes_and_the_books_stay(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}"), receipt(2, "hey", "{}")]).await;
    let held = store.hold().await.expect("it answers");
    let mut whole = step(&[(1, Outcome::Forwarded)], vec![message(7, 1, 320)]);
    whole.story.push(StoryLine {
        receipt: ReceiptId::from_bits(1),
        index: 0,
        aggregate: None,
        status: "delivered".to_owned(),
        occurred_at: now(),
        outcome: "forwarded".to_owned(),
        rule: String::new(),
        fields: Map::new(),
        decisions: Vec::new(),
    });
    store.commit(&held, vec![whole]).await;
    let later = now() + Duration::from_hours(24 * 200);
    let keep = Retention { receipts_days: 30, bodies_days: 30, memory_days: 120 };
    while store.prune(later, keep).await.expect("it answers") {}
    let story = store.story(ReceiptId::from_bits(1)).await.expect("it answers");
    assert!(story.is_some(), "its message is not sent yet");
    store.ready(&held, now(), &HandOut::of(16, 16)).await.expect("it answers");
    store.conclude(&held, vec![end(7, Next::Sent)]).await;
    let before = balanced(&*store).await;
    while store.prune(later, keep).await.expect("it answers") {}
    assert!(store.story(ReceiptId::from_bits(1)).await.expect("it answers").is_none());
    assert!(store.story(ReceiptId::from_bits(2)).await.expect("it answers").is_some(), "it waits");
    assert_eq!(balanced(&*store).await.messages, before.messages);
}

pub(crate) async fn an_order_that_asked_for_it_is_woken_until_it_is_written_anew(host: &dyn Host) {
    let store = host.open().await;
    let held = held(&*store).await;
    let hour = now() + Duration::from_secs(3600);
    let write = |read, wake_at| AggregateWrite {
        id: AggregateId::from_bits(5),
        read,
        blob: Some(Bytes::from_static(b"{\"an\":\"order\"}")),
        aliases: Vec::new(),
        wake_at,
        merged_into: None,
    };
    let mut sleeps = step(&[], Vec::new());
    sleeps.aggregates.push(write(None, Some(hour)));
    assert_eq!(store.commit(&held, vec![sleeps]).await, [Ok(())]);
    assert!(store.awake(&held, now(), 9).await.expect("it answers").is_empty());
    assert_eq!(store.next_due(&held).await, Ok(Some(hour)));
    for _ in 0..2 {
        let awake = store.awake(&held, hour, 9).await.expect("it answers");
        assert_eq!((awake.len(), awake[0].aggregate.version), (1, 1), "until it is settled");
        assert_eq!(&awake[0].aggregate.blob[..], b"{\"an\":\"order\"}");
    }
    // Whoever owns it next wakes it too.
    let store = host.after_a_crash(store).await;
    let held = self::held(&*store).await;
    assert_eq!(store.next_due(&held).await, Ok(Some(hour)));
    assert_eq!(store.awake(&held, hour, 9).await.expect("it answers").len(), 1);
    let mut wakes = step(&[], Vec::new());
    wakes.aggregates.push(write(Some(1), None));
    assert_eq!(store.commit(&held, vec![wakes]).await, [Ok(())]);
    assert!(store.awake(&held, hour, 9).await.expect("it answers").is_empty());
    assert_eq!(store.next_due(&held).await, Ok(None));
}

pub(crate) async fn an_order_without_news_is_forgotten_with_its_names(host: &dyn Host) {
    let store = host.open().await;
    let held = held(&*store).await;
    let alias = Alias::new(AliasKind::OrderNumber, "#1").expect("a name");
    let mut made = step(&[], vec![message(7, 5, 320)]);
    made.aggregates.push(AggregateWrite {
        id: AggregateId::from_bits(5),
        read: None,
        blob: Some(Bytes::from_static(b"{}")),
        aliases: vec![alias.clone()],
        wake_at: None,
        merged_into: None,
    });
    assert_eq!(store.commit(&held, vec![made]).await, [Ok(())]);
    let want =
        || Want { merchant: merchant("hey"), aliases: vec![alias.clone()], aggregates: Vec::new() };
    let keep = Retention { receipts_days: 30, bodies_days: 30, memory_days: 120 };
    let later = now() + Duration::from_hours(24 * 200);
    while store.prune(later, keep).await.expect("it answers") {}
    let recalled = store.recall(vec![want()]).await.expect("it answers");
    assert_eq!(recalled[0].pending.len(), 1, "its message is not sent yet");
    store.ready(&held, now(), &HandOut::of(9, 9)).await.expect("it answers");
    store.conclude(&held, vec![end(7, Next::Sent)]).await;
    while store.prune(later, keep).await.expect("it answers") {}
    let recalled = store.recall(vec![want()]).await.expect("it answers");
    assert_eq!(recalled[0].found, [(alias, Vec::new())]);
    assert!(recalled[0].aggregates.is_empty());
}

pub(crate) async fn lines_tell_what_became_of_events_and_are_told_anew(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}")]).await;
    let held = held(&*store).await;
    let id = ReceiptId::from_bits(1);
    let line = |outcome: &str, rule: &str| StoryLine {
        receipt: id,
        index: 0,
        aggregate: None,
        status: "delivered".to_owned(),
        occurred_at: now(),
        outcome: outcome.to_owned(),
        rule: rule.to_owned(),
        fields: Map::new(),
        decisions: Vec::new(),
    };
    let ask = || store.lines(vec![(merchant("hey"), id)]);
    let mut parked = step(&[(1, Outcome::Parked)], Vec::new());
    parked.story.push(line("parked", ""));
    assert_eq!(store.commit(&held, vec![parked]).await, [Ok(())]);
    let told = ask().await.expect("it answers");
    assert_eq!(told[0].lines, [(0, "parked".to_owned(), String::new())]);
    assert_eq!(balanced(&*store).await.receipts.parked, 1);
    let mut released = step(&[(1, Outcome::Filtered("late".to_owned()))], Vec::new());
    released.story.push(line("filtered", "late"));
    assert_eq!(store.commit(&held, vec![released]).await, [Ok(())]);
    let told = ask().await.expect("it answers");
    assert_eq!(told[0].lines, [(0, "filtered".to_owned(), "late".to_owned())]);
    let stats = balanced(&*store).await.receipts;
    assert_eq!((stats.parked, stats.filtered), (0, 1));
}

pub(crate) async fn rule_files_are_kept_by_their_hash(host: &dyn Host) {
    let store = host.open().await;
    assert_eq!(store.rules([7; 16]).await, Ok(None));
    for _ in 0..2 {
        store.keep_rules([7; 16], "names: de".to_owned()).await.expect("it is kept");
    }
    assert_eq!(store.rules([7; 16]).await, Ok(Some("names: de".to_owned())));
}

pub(crate) async fn health_counts_what_is_to_be_done(host: &dyn Host) {
    let store = host.open().await;
    let nothing = store.health().await.expect("it answers");
    assert_eq!((nothing.oldest_waiting, nothing.oldest_due), (None, None));
    store.accept(vec![receipt(1, "hey", "{}"), receipt(2, "anna", "{}")]).await;
    let held = held(&*store).await;
    let (second, soon) = (Duration::from_secs(1), Duration::from_secs(60));
    let made = vec![
        // The second of its lane is due, and has to wait for the first.
        NewMessage { not_before: now() + soon, ..message(7, 1, 320) },
        message(8, 1, 400),
        NewMessage {
            destination: to("brieftaube"),
            not_before: now() + second,
            ..message(9, 2, 260)
        },
    ];
    store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], made)]).await;
    let health = store.health().await.expect("it answers");
    assert_eq!((health.waiting, health.pending), (1, 3));
    assert_eq!((health.oldest_waiting, health.oldest_due), (Some(now()), Some(now() + second)));
    assert!(health.bytes.is_some_and(|bytes| bytes > 0));
    let pause = Pause {
        since: now(),
        until: now() + soon,
        why: "key_wrong".to_owned(),
        settings: "x".to_owned(),
    };
    let pause = PauseChange::Pause(pause);
    store.pause(merchant("hey"), to("brieftaube"), pause).await.expect("it answers");
    let health = store.health().await.expect("it answers");
    assert_eq!(health.oldest_due, Some(now() + soon), "a paused one is late for a known reason");
}

fn to(destination: &str) -> DestinationName {
    DestinationName::parse(destination).expect("a name")
}
