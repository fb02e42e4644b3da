//! Webhooks of feeds: split into shares, settled once.

use parcelwire_domain::id::*;
use parcelwire_engine::ports::*;

use super::*;

fn whole() -> NewReceipt {
    NewReceipt {
        owner: Owner::Feed(FeedName::parse("lager").expect("a name")),
        ..receipt(1, "hey", "{\"parcels\":[]}")
    }
}

fn shares() -> impl Iterator<Item = NewReceipt> {
    ["anna", "ben"].into_iter().zip(2..).map(|(name, n)| NewReceipt {
        body: Body::SameAs(ReceiptId::from_bits(1)),
        ..receipt(n, name, "")
    })
}

pub(crate) async fn a_split_that_was_cut_short_is_repeated_without_doubles(host: &dyn Host) {
    let store = host.open().await;
    assert!(store.accept(vec![whole()]).await[0].is_ok());
    // One share is written; then it is killed.
    assert!(store.accept(shares().take(1).collect()).await[0].is_ok());
    let store = host.after_a_crash(store).await;
    let held = held(&*store).await;
    let waiting = store.waiting(&held, 10, 10).await.expect("it answers");
    assert_eq!(waiting.len(), 2, "the whole is split again: {waiting:?}");
    let accepted = store.accept(shares().collect()).await;
    let expected = [2, 3].map(|n| Ok(Accepted::New(ReceiptId::from_bits(n))));
    assert_eq!(accepted, expected);
    for _ in 0..2 {
        let unclaimed = vec!["9".to_owned()];
        let settled = store.settle_feed(ReceiptId::from_bits(1), Outcome::Split, unclaimed).await;
        settled.expect("it answers");
    }
    let waiting = store.waiting(&held, 10, 10).await.expect("it answers");
    assert_eq!(waiting.len(), 1, "the other one is in hand");
    assert!(waiting.iter().all(|share| &share.body[..] == b"{\"parcels\":[]}"), "{waiting:?}");
    let split = Filter { status: Some("split".to_owned()), ..Filter::default() };
    let split = store.page(List::Receipts, split, None, 9).await.expect("it answers");
    assert_eq!((split.rows.len(), &split.rows[0]["feed"]), (1, &"lager".into()));
    assert_eq!(
        balanced(&*store).await.receipts.accepted,
        2,
        "a feed's own receipt is no merchant's"
    );
}

pub(crate) async fn what_nobody_claims_has_no_body(host: &dyn Host) {
    let store = host.open().await;
    store.accept(vec![whole()]).await;
    let held = held(&*store).await;
    store.waiting(&held, 10, 10).await.expect("it answers");
    let id = ReceiptId::from_bits(1);
    let unclaimed = vec!["9".to_owned()];
    store.settle_feed(id, Outcome::Unclaimed, unclaimed).await.expect("it answers");
    let story = store.story(id).await.expect("it answers").expect("it is there");
    assert_eq!(story["request"]["body"], serde_json::Value::Null);
    // A share that comes late, of a split that another instance did: it is refused, not made empty.
    let late = store.accept(shares().take(1).collect()).await;
    assert!(matches!(late[..], [Err(PortError::NotApplied { .. })]), "{late:?}");
}
