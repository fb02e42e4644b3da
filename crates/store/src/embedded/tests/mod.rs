//! What every store keeps to, on the file and in memory.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    Alias, AliasKind, Map,
    id::{
        AggregateId, DestinationName, MerchantId, MessageId, OccurrenceId, ReceiptId, SourceName,
    },
    taxonomy::{Leg, Status, Trigger},
};
use parcelwire_engine::ports::*;

use super::*;

mod asking;
mod damage;
mod migration;
mod sleeping;
mod unmapped;

fn now() -> Timestamp {
    Timestamp::from_second(1_795_341_600).expect("a time")
}

fn merchant(name: &str) -> MerchantId {
    MerchantId::parse(name).expect("a name")
}

fn receipt(n: u128, owner: &str, body: &str) -> NewReceipt {
    let mut dedupe = [0; 16];
    dedupe.copy_from_slice(&n.to_be_bytes());
    NewReceipt {
        id: ReceiptId::from_bits(n),
        owner: Owner::Merchant(merchant(owner)),
        source: SourceName::parse("shop").expect("a name"),
        topic: Some("orders/create".to_owned()),
        received_at: now(),
        dedupe,
        headers: vec![("x-topic".to_owned(), "a".to_owned())],
        query: String::new(),
        verified: "hmac_sha256".to_owned(),
        accounts: Vec::new(),
        body: Body::Bytes(Bytes::from(body.to_owned())),
    }
}

fn message(n: u128, aggregate: u128, rank: u16) -> NewMessage {
    NewMessage {
        id: MessageId::from_bits(n),
        merchant: merchant("hey"),
        destination: DestinationName::parse("klaviyo").expect("a name"),
        aggregate: AggregateId::from_bits(aggregate),
        receipt: ReceiptId::from_bits(1),
        occurrence: OccurrenceId::from_bytes([n as u8; 16]),
        trigger: Trigger::Status(Status::Delivered),
        leg: Leg::Forward,
        rank: Some(rank),
        subject: "par_1".to_owned(),
        created_at: now(),
        not_before: now(),
        fresh_until: now() + Duration::from_secs(3600),
        backfill: false,
        sandbox: false,
        frozen: Bytes::from_static(b"{\"name\":\"Da!\"}"),
        rules: [0; 16],
    }
}

fn step(receipts: &[(u128, Outcome)], messages: Vec<NewMessage>) -> Commit {
    Commit {
        merchant: merchant("hey"),
        looked_up: Vec::new(),
        outcomes: receipts.iter().map(|(n, o)| (ReceiptId::from_bits(*n), o.clone())).collect(),
        aggregates: Vec::new(),
        messages,
        revisions: Vec::new(),
        story: Vec::new(),
        unmapped: Vec::new(),
        at: now(),
    }
}

fn end(n: u128, next: Next) -> Conclusion {
    Conclusion {
        merchant: merchant("hey"),
        destination: DestinationName::parse("klaviyo").expect("a name"),
        message: MessageId::from_bits(n),
        attempt: None,
        next,
        backfill: false,
        pause: None,
        at: now(),
    }
}

async fn balanced(store: &Embedded) -> Stats {
    let stats = store.stats(None, now()).await.expect("it answers");
    assert!(stats.balanced, "{stats:?}");
    stats
}

/// Runs a story on the file and in memory.
fn on_both<F: Future<Output = ()>>(story: impl Fn(Embedded) -> F) {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime().block_on(story(open(directory.path()).expect("it opens")));
    runtime().block_on(story(in_memory().expect("it opens")));
}

#[test]
fn a_repeat_is_told_the_first_receipt() {
    on_both(|store| async move {
        let first = store.accept(vec![receipt(1, "hey", "{}")]).await;
        assert_eq!(first, [Ok(Accepted::New(ReceiptId::from_bits(1)))]);
        let mut again = receipt(2, "hey", "{}");
        again.dedupe = receipt(1, "hey", "{}").dedupe;
        let second = store.accept(vec![again, receipt(3, "hey", "{}")]).await;
        assert_eq!(second[0], Ok(Accepted::Duplicate(ReceiptId::from_bits(1))));
        assert_eq!(second[1], Ok(Accepted::New(ReceiptId::from_bits(3))));
        let stats = balanced(&store).await;
        assert_eq!((stats.receipts.accepted, stats.receipts.duplicate), (2, 1));
    });
}

#[test]
fn what_waits_is_handed_out_once_and_merchants_take_turns() {
    on_both(|store| async move {
        let flood = (1..=50).map(|n| receipt(n, "flood", "{}"));
        store.accept(flood.chain([receipt(99, "hey", "{\"a\":1}")]).collect()).await;
        let held = store.hold().await.expect("it answers");
        let found = store.waiting(&held, 10, 100).await.expect("it answers");
        assert_eq!(found.len(), 11, "ten of the one that floods, and the other's one");
        let hey = found
            .iter()
            .find(|receipt| receipt.id == ReceiptId::from_bits(99))
            .expect("it is there");
        assert_eq!(&hey.body[..], b"{\"a\":1}");
        assert_eq!(hey.headers, [("x-topic".to_owned(), "a".to_owned())]);
        let more = store.waiting(&held, 10, 100).await.expect("it answers");
        assert_eq!(more.len(), 10, "the next ten");
        store.release(vec![ReceiptId::from_bits(99)], Vec::new()).await;
        let again = store.waiting(&held, 1, 100).await.expect("it answers");
        assert!(again.iter().any(|receipt| receipt.id == ReceiptId::from_bits(99)));
    });
}

#[test]
fn a_queue_in_doubt_is_told_by_the_table_and_hands_nothing_out_twice() {
    on_both(|store| async move {
        let few = (1..=4).map(|n| receipt(n, "hey", "{}"));
        store.accept(few.collect()).await;
        let held = store.hold().await.expect("it answers");
        let handed = store.waiting(&held, 2, 100).await.expect("it answers");
        assert_eq!(handed.len(), 2);
        let settled = step(&[(1, Outcome::Forwarded)], Vec::new());
        assert_eq!(store.commit(&held, vec![settled]).await, [Ok(())]);
        // Nobody heard how a write ended: what was queued for it is lost, and read again.
        store.waiting.doubt();
        // A place told late, of something that is settled by now, brings nothing back.
        store.waiting.add((false, "hey".to_owned()), 1);
        let rest = store.waiting(&held, 100, 100).await.expect("it answers");
        let ids: Vec<u128> = rest.iter().map(|receipt| receipt.id.bits()).collect();
        assert_eq!(ids, [3, 4]);
        assert!(store.waiting(&held, 100, 100).await.expect("it answers").is_empty());
    });
}

#[test]
fn a_step_is_written_whole_and_only_once() {
    on_both(|store| async move {
        store.accept(vec![receipt(1, "hey", "{}")]).await;
        let held = store.hold().await.expect("it answers");
        let whole = step(&[(1, Outcome::Forwarded)], vec![message(7, 1, 500)]);
        assert_eq!(store.commit(&held, vec![whole.clone()]).await, [Ok(())]);
        assert_eq!(store.commit(&held, vec![whole]).await, [Err(CommitError::Stale)]);
        let stats = balanced(&store).await;
        assert_eq!((stats.receipts.forwarded, stats.messages.created), (1, 1));
        let foreign = step(&[], Vec::new());
        let nobody = Held::default();
        assert_eq!(store.commit(&nobody, vec![foreign]).await, [Err(CommitError::NotOwner)]);
    });
}

#[test]
fn a_step_that_read_something_else_writes_nothing() {
    on_both(|store| async move {
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
        assert_eq!(balanced(&store).await.receipts.waiting, 1);
    });
}

#[test]
fn a_lane_goes_one_at_a_time_and_ends_are_written_once() {
    on_both(|store| async move {
        store.accept(vec![receipt(1, "hey", "{}")]).await;
        let held = store.hold().await.expect("it answers");
        let messages = vec![message(7, 1, 260), message(8, 1, 320), message(9, 2, 260)];
        store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], messages)]).await;
        let ids =
            |ready: &[ReadyMessage]| ready.iter().map(|r| r.message.id.bits()).collect::<Vec<_>>();
        let ready = store.ready(&held, now(), 16, 100).await.expect("it answers");
        assert_eq!(ids(&ready), [7, 9], "the first of each lane");
        assert!(store.ready(&held, now(), 16, 100).await.expect("it answers").is_empty());
        let ends = vec![
            end(7, Next::Sent),
            end(9, Next::Again { at: now() + Duration::from_secs(60), counts: true }),
        ];
        assert_eq!(store.conclude(&held, ends).await, [Ok(()), Ok(())]);
        let ready = store.ready(&held, now(), 16, 100).await.expect("it answers");
        assert_eq!(ids(&ready), [8]);
        store.conclude(&held, vec![end(8, Next::Dead { why: "rejected".to_owned() })]).await;
        store.conclude(&held, vec![end(8, Next::Sent)]).await;
        let stats = balanced(&store).await.messages;
        assert_eq!((stats.created, stats.sent, stats.dead, stats.pending), (3, 1, 1, 1));
        let due = store.next_due(&held).await.expect("it answers");
        assert_eq!(due, Some(now() + Duration::from_secs(60)));
    });
}

#[test]
fn a_paused_destination_rests_and_goes_on_when_it_is_resumed() {
    on_both(|store| async move {
        store.accept(vec![receipt(1, "hey", "{}")]).await;
        let held = store.hold().await.expect("it answers");
        store
            .commit(
                &held,
                vec![step(
                    &[(1, Outcome::Forwarded)],
                    vec![message(7, 1, 260), message(9, 2, 260)],
                )],
            )
            .await;
        store.ready(&held, now(), 1, 100).await.expect("it answers");
        let until = now() + Duration::from_secs(900);
        let pause =
            Pause { since: now(), until, why: "key_wrong".to_owned(), settings: "x".to_owned() };
        let mut wrong = end(7, Next::Again { at: until, counts: false });
        wrong.pause = Some(PauseChange::Pause(pause));
        store.conclude(&held, vec![wrong]).await;
        assert!(store.ready(&held, now(), 16, 100).await.expect("it answers").is_empty());
        assert_eq!(store.pauses().await.expect("it answers").len(), 1);
        let destination = DestinationName::parse("klaviyo").expect("a name");
        store.pause(merchant("hey"), destination, PauseChange::Resume).await.expect("it answers");
        assert_eq!(store.ready(&held, now(), 16, 100).await.expect("it answers").len(), 2);
    });
}

#[test]
fn revisions_leave_alone_what_is_under_way() {
    on_both(|store| async move {
        store.accept(vec![receipt(1, "hey", "{}"), receipt(2, "hey", "{}")]).await;
        let held = store.hold().await.expect("it answers");
        let messages = vec![message(7, 1, 320), message(8, 1, 400)];
        store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], messages)]).await;
        store.ready(&held, now(), 16, 100).await.expect("it answers");
        let mut second = step(&[(2, Outcome::Forwarded)], Vec::new());
        for id in [7, 8] {
            let message = MessageId::from_bits(id);
            second.revisions.push(Revision::Cancel { message, why: "superseded".to_owned() });
        }
        store.commit(&held, vec![second]).await;
        let stats = balanced(&store).await.messages;
        assert_eq!((stats.pending, stats.cancelled), (1, 1));
    });
}

#[test]
fn a_revision_ends_a_hold_and_fills_gaps_only_while_nothing_was_tried() {
    on_both(|store| async move {
        store.accept((1..=3).map(|n| receipt(n, "hey", "{}")).collect()).await;
        let held = store.hold().await.expect("it answers");
        let hour = now() + Duration::from_secs(3600);
        let mut messages = vec![message(7, 1, 400), message(8, 2, 400)];
        messages[0].not_before = hour;
        store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], messages)]).await;
        let first = store.ready(&held, now(), 16, 100).await.expect("it answers");
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
        let ready = store.ready(&held, now(), 16, 100).await.expect("it answers");
        let [ready] = &ready[..] else { panic!("one: the wait before a retry goes on") };
        assert_eq!(ready.message.id, MessageId::from_bits(7));
        assert!(ready.message.backfill);
        assert_eq!(&ready.message.frozen[..], b"{}");
        let later = store.ready(&held, hour, 16, 100).await.expect("it answers");
        let [later] = &later[..] else { panic!("the other one") };
        assert_eq!(later.message.frozen, message(8, 2, 400).frozen, "a retry says the same");
        assert!(later.message.backfill);
        balanced(&store).await;
    });
}

#[test]
fn what_was_accepted_survives_a_crash_and_is_handed_out_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let key = runtime.block_on(async {
        let store = open(directory.path()).expect("it opens");
        store.accept(vec![receipt(1, "hey", "{}")]).await;
        let held = store.hold().await.expect("it answers");
        assert_eq!(store.waiting(&held, 10, 10).await.expect("it answers").len(), 1);
        store.instance_key()
    });
    runtime.block_on(async {
        let store = open(directory.path()).expect("it opens again");
        assert_eq!(store.instance_key(), key);
        let held = store.hold().await.expect("it answers");
        assert_eq!(store.waiting(&held, 10, 10).await.expect("it answers").len(), 1);
        let copy = directory.path().join("copy.db");
        backup(directory.path(), &copy).expect("it is copied while it is open");
        assert!(matches!(backup(directory.path(), &copy), Err(BackupError::Exists(_))));
    });
}

#[test]
fn a_directory_that_cannot_be_used_says_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = open(directory.path()).expect("it opens");
    let told = open(directory.path()).expect_err("it is locked").to_string();
    assert!(told.contains(&format!("process {}", std::process::id())), "{told}");
    drop(first);
    let database = rusqlite::Connection::open(directory.path().join(FILE)).expect("it opens");
    database.execute_batch("PRAGMA user_version = 99").expect("it is set");
    drop(database);
    let told = open(directory.path()).expect_err("it is newer").to_string();
    assert!(told.contains("newer version (schema 99"), "{told}");
    let file = directory.path().join("file");
    std::fs::write(&file, "").expect("it is written");
    assert!(matches!(open(&file.join("x")), Err(OpenError::NotWritable { .. })));
}

#[test]
fn old_data_goes_and_the_books_stay() {
    on_both(|store| async move {
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
        store.ready(&held, now(), 16, 16).await.expect("it answers");
        store.conclude(&held, vec![end(7, Next::Sent)]).await;
        let before = balanced(&store).await;
        while store.prune(later, keep).await.expect("it answers") {}
        assert!(store.story(ReceiptId::from_bits(1)).await.expect("it answers").is_none());
        assert!(
            store.story(ReceiptId::from_bits(2)).await.expect("it answers").is_some(),
            "it waits"
        );
        assert_eq!(balanced(&store).await.messages, before.messages);
    });
}
