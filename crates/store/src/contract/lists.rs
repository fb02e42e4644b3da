//! Looking at what happened: every list and filter, and pages that stand still. Two stores with the same
//! history give the same answers.

use parcelwire_domain::{Alias, AliasKind, Map, Value as Field, id::*};
use parcelwire_engine::ports::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::embedded;

const MERCHANTS: [&str; 3] = ["hey", "anna", "ben"];

fn at(second: u64) -> Timestamp {
    now() + Duration::from_secs(second)
}

fn alias(kind: AliasKind, value: &str) -> Alias {
    Alias::new(kind, value).expect("a name")
}

/// The receipts of the history: one of each merchant in turn, one second after the other.
fn came(n: u128) -> NewReceipt {
    let mut one = receipt(n, MERCHANTS[n as usize % 3], &format!("{{\"parcel\":{n}}}"));
    one.received_at = at(n as u64);
    one.topic = (!n.is_multiple_of(4)).then(|| "orders/create".to_owned());
    one
}

fn line(n: u128, index: u16, status: &str, aggregate: Option<u128>) -> StoryLine {
    let mut fields = Map::new();
    fields.set("order_number", Field::text(format!("#{n}")));
    StoryLine {
        receipt: ReceiptId::from_bits(n),
        index,
        aggregate: aggregate.map(AggregateId::from_bits),
        status: status.to_owned(),
        occurred_at: at(n as u64),
        outcome: "forwarded".to_owned(),
        rule: String::new(),
        fields,
        decisions: vec![StoryDecision {
            trigger: Trigger::Status(Status::Delivered),
            destination: None,
            decision: "off".to_owned(),
            detail: String::new(),
            line: Some("mappings/hey.yaml:7".to_owned()),
            until: Some(at(n as u64 + 60)),
            message: None,
        }],
    }
}

/// A step for one receipt: its order, its event, its message.
fn decided(n: u128, outcome: Outcome) -> Commit {
    let owner = MERCHANTS[n as usize % 3];
    let aggregate = 1000 + n;
    let mut whole = step(&[(n, outcome)], Vec::new());
    whole.merchant = merchant(owner);
    whole.at = at(100 + n as u64);
    whole.aggregates.push(AggregateWrite {
        id: AggregateId::from_bits(aggregate),
        read: None,
        blob: Some(Bytes::from_static(b"{\"an\":\"order\"}")),
        aliases: vec![
            alias(AliasKind::OrderNumber, &format!("#{n}")),
            // Customers come again.
            alias(AliasKind::Email, &format!("kim.{}@example.test", n % 2)),
            alias(AliasKind::TrackingNumber, &format!("A{}", n / 2)),
        ],
        wake_at: None,
        merged_into: None,
    });
    let status = if n.is_multiple_of(2) { "delivered" } else { "dispatched" };
    whole.story.push(line(n, 0, status, Some(aggregate)));
    whole.story.push(line(n, 1, "lost", Some(aggregate)));
    for (k, destination) in ["postkutsche", "helpdesk"].into_iter().enumerate() {
        let mut made = message(n * 10 + k as u128, aggregate, 320);
        made.merchant = merchant(owner);
        made.receipt = ReceiptId::from_bits(n);
        made.destination = DestinationName::parse(destination).expect("a name");
        made.created_at = whole.at;
        whole.messages.push(made);
    }
    whole
}

fn refused(n: u128) -> Refused {
    Refused {
        id: RefusedId::from_bits(n),
        owner: Owner::Merchant(merchant(MERCHANTS[n as usize % 3])),
        source: SourceName::parse("shop").expect("a name"),
        at: at(n as u64),
        code: if n.is_multiple_of(2) { "signature_invalid" } else { "body_too_large" }.to_owned(),
        detail: "it does not fit".to_owned(),
        client: "192.0.2.1".to_owned(),
        body_bytes: 2000,
    }
}

/// The same things happen to any store.
async fn happen(store: &dyn Books) {
    let mut all: Vec<NewReceipt> = (1..=12).map(came).collect();
    all.push(NewReceipt {
        owner: Owner::Feed(FeedName::parse("lager").expect("a name")),
        ..came(13)
    });
    for one in all {
        assert!(store.accept(vec![one]).await[0].is_ok());
    }
    for n in 1..=9 {
        store.refuse(vec![refused(n)]).await.expect("it is written");
    }
    let held = held(store).await;
    assert_eq!(store.waiting(&held, 99, 99).await.expect("it answers").len(), 13);
    for n in 1..=6 {
        let written = store.commit(&held, vec![decided(n, Outcome::Forwarded)]).await;
        assert_eq!(written, [Ok(())]);
    }
    let useless: [(u128, Outcome); 3] = [
        (7, Outcome::Failed("unreadable".to_owned())),
        (8, Outcome::Parked),
        (9, Outcome::Filtered("off".to_owned())),
    ];
    for (n, outcome) in useless {
        let mut whole = decided(n, outcome);
        whole.messages.clear();
        assert_eq!(store.commit(&held, vec![whole]).await, [Ok(())]);
    }
    store.ask(vec![ReceiptId::from_bits(10)], at(20)).await.expect("it is written");
    let feed = ReceiptId::from_bits(13);
    store.settle_feed(feed, Outcome::Split, Vec::new()).await.expect("it is written");
    ended(store, &held).await;
}

/// Some messages are sent, one dies with its attempts, one is cancelled; two orders become one.
async fn ended(store: &dyn Books, held: &Held) {
    let ready = store.ready(held, at(500), &HandOut::of(99, 99)).await.expect("it answers");
    assert_eq!(ready.len(), 12);
    for one in ready.iter().filter(|one| one.message.destination.as_str() == "postkutsche") {
        let id = one.message.id.bits();
        let mut end = end(id, if id == 20 { dead() } else { Next::Sent });
        end.merchant = one.message.merchant.clone();
        end.at = at(600);
        end.attempt = Some(Attempt {
            number: 1,
            at: at(599),
            took_ms: 12,
            exchange: Vec::new(),
            verdict: "sent".to_owned(),
            detail: "as told".to_owned(),
        });
        assert_eq!(store.conclude(held, vec![end]).await, [Ok(())]);
    }
    let others = ready.iter().filter(|one| one.message.destination.as_str() != "postkutsche");
    store.release(Vec::new(), others.map(|one| one.message.id).collect()).await;
    // Of the same merchant: what the second one said belongs to the first from now on.
    let mut merge = step(&[], Vec::new());
    merge.merchant = merchant(MERCHANTS[2]);
    merge.at = at(700);
    let kept = decided(2, Outcome::Forwarded).aggregates.remove(0);
    let gone = decided(5, Outcome::Forwarded).aggregates.remove(0);
    let union = kept.aliases.iter().chain(&gone.aliases).cloned().collect();
    let (kept_id, gone_id) = (kept.id, gone.id);
    merge.aggregates.push(AggregateWrite { read: Some(1), aliases: union, ..kept });
    merge.aggregates.push(AggregateWrite {
        read: Some(1),
        blob: None,
        merged_into: Some(kept_id),
        aliases: Vec::new(),
        ..gone
    });
    merge
        .revisions
        .push(Revision::Cancel { message: MessageId::from_bits(51), why: "superseded".to_owned() });
    assert_eq!(store.commit(held, vec![merge]).await, [Ok(())]);
    assert_ne!(kept_id, gone_id);
}

fn dead() -> Next {
    Next::Dead { why: "rejected".to_owned() }
}

/// A list from its first page to its last, and how long each page was.
async fn whole(
    store: &dyn Books,
    list: List,
    filter: &Filter,
    limit: usize,
) -> (Vec<Row>, Vec<usize>) {
    let (mut rows, mut lengths, mut after) = (Vec::new(), Vec::new(), None);
    loop {
        let page = store.page(list, filter.clone(), after, limit).await.expect("it answers");
        lengths.push(page.rows.len());
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return (rows, lengths);
        }
    }
}

fn filters() -> Vec<Filter> {
    let none = Filter::default;
    let mut all = vec![none()];
    for name in MERCHANTS.into_iter().chain(["nobody"]) {
        all.push(Filter { merchant: Some(merchant(name)), ..none() });
    }
    for order in ["#1", "#2", "#5", "#8", "#99"] {
        all.push(Filter { order: Some(order.to_owned()), ..none() });
    }
    for email in ["kim.0@example.test", "KIM.1@example.test"] {
        all.push(Filter { email: Some(email.to_owned()), ..none() });
        all.push(Filter {
            email: Some(email.to_owned()),
            merchant: Some(merchant("ben")),
            order: Some("#2".to_owned()),
            ..none()
        });
    }
    all.push(Filter { tracking_number: Some("A2".to_owned()), ..none() });
    for status in [
        "waiting",
        "forwarded",
        "filtered",
        "parked",
        "failed",
        "split",
        "pending",
        "sent",
        "dead",
        "cancelled",
        "delivered",
        "lost",
        "signature_invalid",
        "nonsense",
    ] {
        all.push(Filter { status: Some(status.to_owned()), ..none() });
        all.push(Filter {
            status: Some(status.to_owned()),
            merchant: Some(merchant("hey")),
            ..none()
        });
        all.push(Filter {
            status: Some(status.to_owned()),
            tracking_number: Some("A1".to_owned()),
            ..none()
        });
    }
    for (since, until) in [(Some(4), None), (None, Some(105)), (Some(3), Some(104))] {
        let (since, until) = (since.map(at), until.map(at));
        all.push(Filter { since, until, ..none() });
        all.push(Filter { since, until, email: Some("kim.0@example.test".to_owned()), ..none() });
    }
    all
}

/// Everything that can be asked.
async fn told(store: &dyn Books) -> Vec<(String, Json)> {
    let mut told = Vec::new();
    for list in [List::Receipts, List::Events, List::Messages, List::Refused] {
        for filter in filters() {
            for limit in [2, 50] {
                let (rows, lengths) = whole(store, list, &filter, limit).await;
                told.push((
                    format!("{list:?} {filter:?} {limit}"),
                    json!({ "rows": rows, "pages": lengths }),
                ));
            }
        }
    }
    for n in 0..=14 {
        let story = store.story(ReceiptId::from_bits(n)).await.expect("it answers");
        told.push((format!("story of {n}"), json!(story)));
    }
    for (whose, order) in [("ben", 1002), ("ben", 1005), ("ben", 1007), ("ben", 99), ("hey", 1002)]
    {
        let id = AggregateId::from_bits(order);
        let life = store.timeline(merchant(whose), id).await.expect("it answers");
        let life = json!({ "events": life.events, "messages": life.messages });
        told.push((format!("timeline of {order} of {whose}"), life));
    }
    for whose in [None, Some("hey"), Some("nobody")] {
        let stats = store.stats(whose.map(merchant), at(900)).await.expect("it answers");
        assert!(stats.balanced, "{stats:?}");
        told.push((format!("stats of {whose:?}"), json!(stats)));
    }
    told
}

pub(crate) async fn the_same_history_is_told_in_the_same_words(host: &dyn Host) {
    let store = host.open().await;
    let reference = embedded::in_memory().expect("it opens");
    happen(&*store).await;
    happen(&reference).await;
    let (found, expected) = (told(&*store).await, told(&reference).await);
    let full = expected.iter().filter(|(_, told)| told["rows"] != json!([])).count();
    assert!(full > 150, "the history fills lists: {full}");
    for ((asked, found), (_, expected)) in found.iter().zip(&expected) {
        assert_eq!(found, expected, "{asked}");
    }
    let story =
        store.story(ReceiptId::from_bits(2)).await.expect("it answers").expect("it is there");
    assert_eq!(story["request"]["body"]["text"], "{\"parcel\":2}");
    assert_eq!(story["messages"][0]["requests"][0]["detail"], "as told");
    assert_eq!(story["messages"][0]["why"], "rejected");
    // What was said of an order that is no more belongs to the one that took it in.
    let merged = AggregateId::from_bits(1002);
    let life = store.timeline(merchant("ben"), merged).await.expect("it answers");
    let receipts: Vec<&Json> = life.events.iter().map(|event| &event["receipt"]).collect();
    let of = |n: u128| json!(ReceiptId::from_bits(n));
    assert_eq!(receipts, [&of(2), &of(2), &of(5), &of(5)]);
    assert_eq!(life.events[0]["decisions"][0]["line"], "mappings/hey.yaml:7");
    assert_eq!(life.messages.len(), 4);
    assert_eq!(life.messages[0]["requests"][0]["detail"], "as told");
    let foreign = store.timeline(merchant("hey"), merged).await.expect("it answers");
    assert_eq!(foreign, Timeline::default());
}

pub(crate) async fn a_page_stands_still_while_things_come_in(host: &dyn Host) {
    let store = host.open().await;
    for n in 1..=9 {
        store.accept(vec![came(n)]).await;
    }
    let all = Filter::default();
    let first = store.page(List::Receipts, all.clone(), None, 4).await.expect("it answers");
    for n in 10..=15 {
        store.accept(vec![came(n)]).await;
    }
    // What changes its state meanwhile keeps its place.
    let held = held(&*store).await;
    store.waiting(&held, 99, 99).await.expect("it answers");
    store.commit(&held, vec![decided(4, Outcome::Forwarded)]).await;
    let rest = store.page(List::Receipts, all, first.next, 99).await.expect("it answers");
    let ids: Vec<&str> =
        first.rows.iter().chain(&rest.rows).filter_map(|row| row["id"].as_str()).collect();
    let expected: Vec<String> =
        (1..=9).rev().map(|n| ReceiptId::from_bits(n).to_string()).collect();
    assert_eq!(ids, expected);
    assert_eq!(rest.next, None);
}

pub(crate) async fn a_cursor_that_is_none_ends_the_list(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![came(1)]).await;
    for cursor in ["", "x", "x.y", "0.0"] {
        for list in [List::Receipts, List::Events, List::Messages, List::Refused] {
            let after = Some(Cursor(cursor.to_owned()));
            let page = store.page(list, Filter::default(), after, 9).await.expect("it answers");
            assert_eq!(page, Page::default(), "{cursor}");
        }
    }
}

/// One merchant has nearly all of what is newest.
pub(crate) async fn a_page_is_whole_whoever_has_most_of_it(host: &dyn Host) {
    let books = host.open().await;
    let came = |n: u128| {
        let owner = if n == 60 { "anna" } else { "hey" };
        let mut one = receipt(n, owner, &format!("{{\"parcel\":{n}}}"));
        one.received_at = at(n as u64);
        one
    };
    for accepted in books.accept((1..=100).map(came).collect()).await {
        accepted.expect("it is accepted");
    }
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = books.page(List::Receipts, Filter::default(), after, 40).await;
        let page = page.expect("it answers");
        ids.extend(page.rows.iter().map(|row| row["id"].clone()));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let newest_first = (1..=100).rev().map(|n| json!(ReceiptId::from_bits(n).to_string()));
    assert_eq!(ids, newest_first.collect::<Vec<Json>>());
}
