//! Messages: lanes, pauses, revisions.

use parcelwire_domain::id::*;
use parcelwire_engine::ports::*;

use super::*;

pub(crate) async fn a_lane_goes_one_at_a_time_and_ends_are_written_once(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}")]).await;
    let held = store.hold().await.expect("it answers");
    let messages = vec![message(7, 1, 260), message(8, 1, 320), message(9, 2, 260)];
    store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], messages)]).await;
    let ids =
        |ready: &[ReadyMessage]| ready.iter().map(|r| r.message.id.bits()).collect::<Vec<_>>();
    let ready = store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    assert_eq!(ids(&ready), [7, 9], "the first of each lane");
    assert!(store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers").is_empty());
    let ends = vec![
        end(7, Next::Sent),
        end(9, Next::Again { at: now() + Duration::from_secs(60), counts: true }),
    ];
    assert_eq!(store.conclude(&held, ends).await, [Ok(()), Ok(())]);
    let ready = store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    assert_eq!(ids(&ready), [8]);
    store.conclude(&held, vec![end(8, Next::Dead { why: "rejected".to_owned() })]).await;
    store.conclude(&held, vec![end(8, Next::Sent)]).await;
    let stats = balanced(&*store).await.messages;
    assert_eq!((stats.created, stats.sent, stats.dead, stats.pending), (3, 1, 1, 1));
    let due = store.next_due(&held).await.expect("it answers");
    assert_eq!(due, Some(now() + Duration::from_secs(60)));
}

pub(crate) async fn a_paused_destination_rests_and_goes_on_when_it_is_resumed(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}")]).await;
    let held = store.hold().await.expect("it answers");
    store
        .commit(
            &held,
            vec![step(&[(1, Outcome::Forwarded)], vec![message(7, 1, 260), message(9, 2, 260)])],
        )
        .await;
    store.ready(&held, now(), &HandOut::of(1, 100)).await.expect("it answers");
    let until = now() + Duration::from_secs(900);
    let pause =
        Pause { since: now(), until, why: "key_wrong".to_owned(), settings: "x".to_owned() };
    let mut wrong = end(7, Next::Again { at: until, counts: false });
    wrong.pause = Some(PauseChange::Pause(pause));
    store.conclude(&held, vec![wrong]).await;
    assert!(store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers").is_empty());
    assert_eq!(store.pauses().await.expect("it answers").len(), 1);
    let destination = DestinationName::parse("postkutsche").expect("a name");
    store.pause(merchant("hey"), destination, PauseChange::Resume).await.expect("it answers");
    assert_eq!(
        store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers").len(),
        2
    );
}

pub(crate) async fn revisions_leave_alone_what_is_under_way(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![receipt(1, "hey", "{}"), receipt(2, "hey", "{}")]).await;
    let held = store.hold().await.expect("it answers");
    let messages = vec![message(7, 1, 320), message(8, 1, 400)];
    store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], messages)]).await;
    store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    let mut second = step(&[(2, Outcome::Forwarded)], Vec::new());
    for id in [7, 8] {
        let message = MessageId::from_bits(id);
        second.revisions.push(Revision::Cancel { message, why: "superseded".to_owned() });
    }
    store.commit(&held, vec![second]).await;
    let stats = balanced(&*store).await.messages;
    assert_eq!((stats.pending, stats.cancelled), (1, 1));
}

pub(crate) async fn a_revision_ends_a_hold_and_fills_gaps_only_while_nothing_was_tried(
    host: &dyn Host,
) {
    let store = host.open().await;
    store.accept((1..=3).map(|n| receipt(n, "hey", "{}")).collect()).await;
    let held = store.hold().await.expect("it answers");
    let hour = now() + Duration::from_secs(3600);
    let mut messages = vec![message(7, 1, 400), message(8, 2, 400)];
    messages[0].not_before = hour;
    store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], messages)]).await;
    let first = store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    assert_eq!(first.len(), 1, "the other one is held");
    let mut tried = end(8, Next::Again { at: hour, counts: true });
    tried.attempt = Some(Attempt {
        number: 1,
        at: now(),
        took_ms: 1,
        exchange: Vec::new(),
        verdict: "again".to_owned(),
        detail: String::new(),
    });
    store.conclude(&held, vec![tried]).await;
    let mut revise = step(&[(2, Outcome::Forwarded)], Vec::new());
    for id in [7, 8] {
        let message = MessageId::from_bits(id);
        revise.revisions.push(Revision::Refill { message, frozen: Bytes::from_static(b"{}") });
        revise.revisions.push(Revision::Backfill { message });
    }
    store.commit(&held, vec![revise]).await;
    let ready = store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    let [ready] = &ready[..] else { panic!("one: the wait before a retry goes on") };
    assert_eq!(ready.message.id, MessageId::from_bits(7));
    assert!(ready.message.backfill);
    assert_eq!(&ready.message.frozen[..], b"{}");
    let later = store.ready(&held, hour, &HandOut::of(16, 100)).await.expect("it answers");
    let [later] = &later[..] else { panic!("the other one") };
    assert_eq!(later.message.frozen, message(8, 2, 400).frozen, "a retry says the same");
    assert!(later.message.backfill);
    balanced(&*store).await;
}

pub(crate) async fn what_may_have_been_told_before_a_crash_says_the_same(host: &dyn Host) {
    let store = host.open().await;
    store.accept((1..=2).map(|n| receipt(n, "hey", "{}")).collect()).await;
    let held = store.hold().await.expect("it answers");
    store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], vec![message(7, 1, 400)])]).await;
    let ready = store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    assert_eq!(ready.len(), 1, "it is under way when the process ends");
    let after = host.after_a_crash(store).await;
    let held = after.hold().await.expect("it answers");
    let mut revise = step(&[(2, Outcome::Forwarded)], Vec::new());
    let frozen = Bytes::from_static(b"{}");
    revise.revisions.push(Revision::Refill { message: MessageId::from_bits(7), frozen });
    assert_eq!(after.commit(&held, vec![revise]).await, [Ok(())]);
    let ready = after.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    assert_eq!(ready[0].message.frozen, message(7, 1, 400).frozen);
    balanced(&*after).await;
}

pub(crate) async fn orders_that_become_one_share_their_lanes(host: &dyn Host) {
    let store = host.open().await;
    let held = held(&*store).await;
    let write = |id: u128, read, blob: Option<&'static [u8]>, into: Option<u128>| AggregateWrite {
        id: AggregateId::from_bits(id),
        read,
        blob: blob.map(Bytes::from_static),
        aliases: Vec::new(),
        wake_at: None,
        merged_into: into.map(AggregateId::from_bits),
    };
    let mut made = step(&[], vec![message(7, 1, 260), message(8, 2, 320), message(9, 1, 400)]);
    made.aggregates = vec![write(1, None, Some(b"{}"), None), write(2, None, Some(b"{}"), None)];
    assert_eq!(store.commit(&held, vec![made]).await, [Ok(())]);
    let mut merge = step(&[], Vec::new());
    merge.aggregates = vec![write(2, Some(1), Some(b"{}"), None), write(1, Some(1), None, Some(2))];
    assert_eq!(store.commit(&held, vec![merge]).await, [Ok(())]);
    let want = Want {
        merchant: merchant("hey"),
        aliases: Vec::new(),
        aggregates: vec![AggregateId::from_bits(1), AggregateId::from_bits(2)],
    };
    let recalled = store.recall(vec![want]).await.expect("it answers");
    let pending: Vec<u128> = recalled[0].pending.iter().map(|one| one.id.bits()).collect();
    assert_eq!(pending, [7, 8, 9], "in the order in which they were made");
    for id in [7, 8, 9] {
        let ready = store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
        let ids: Vec<u128> = ready.iter().map(|one| one.message.id.bits()).collect();
        assert_eq!(ids, [id], "one lane, one at a time");
        store.conclude(&held, vec![end(id, Next::Sent)]).await;
    }
    balanced(&*store).await;
}

pub(crate) async fn destinations_take_turns(host: &dyn Host) {
    let store = host.open().await;
    let held = held(&*store).await;
    let to = |n: u128, destination: &str| NewMessage {
        destination: DestinationName::parse(destination).expect("a name"),
        ..message(n, n, 260)
    };
    let flood = (1..=20).map(|n| to(n, "a-flood"));
    let all = flood.chain([to(90, "brieftaube"), to(91, "postkutsche")]).collect();
    store.commit(&held, vec![step(&[], all)]).await;
    let mut turns = Vec::new();
    for _ in 0..3 {
        let ready = store.ready(&held, now(), &HandOut::of(2, 3)).await.expect("it answers");
        turns.push(ready.iter().map(|one| one.message.id.bits()).collect::<Vec<_>>());
    }
    assert_eq!(turns, [vec![1, 2, 90], vec![91], vec![]], "two at once, and the others' turns");
    store.conclude(&held, vec![end(1, Next::Sent)]).await;
    let ready = store.ready(&held, now(), &HandOut::of(2, 3)).await.expect("it answers");
    assert_eq!(ready.len(), 1, "room for one more");
}

pub(crate) async fn an_end_that_is_told_twice_is_written_once(host: &dyn Host) {
    let store = host.open().await;
    let held = held(&*store).await;
    store.commit(&held, vec![step(&[], vec![message(7, 1, 260)])]).await;
    store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    let mut tried = end(7, Next::Again { at: now(), counts: true });
    tried.attempt = Some(Attempt {
        number: 1,
        at: now(),
        took_ms: 1,
        exchange: Vec::new(),
        verdict: "again".to_owned(),
        detail: String::new(),
    });
    for _ in 0..2 {
        assert_eq!(store.conclude(&held, vec![tried.clone()]).await, [Ok(())]);
    }
    let ready = store.ready(&held, now(), &HandOut::of(16, 100)).await.expect("it answers");
    assert_eq!((ready[0].tries, ready[0].attempts), (1, 1));
}
