//! Several instances on one server: shares, stale owners, handing over.

use std::collections::BTreeSet;

use parcelwire_domain::id::{DestinationName, MerchantId, ReceiptId};
use parcelwire_engine::ports::{
    CommitError, HandOut, Held, Ledger as _, Next, Outcome, PauseChange, StoredReceipt,
};

use super::{server::Server, *};
use crate::contract::{balanced, end, held, merchant, message, now, receipt, step};

async fn store(server: &Server, name: &str) -> Redis {
    open(settings(server.url()), name.to_owned(), [7; 32]).await.expect("it opens")
}

/// Looks at leases until it holds so many.
async fn until_it_holds(store: &Redis, count: usize) -> Held {
    let wait = async {
        loop {
            store.inner.leases.stir();
            let held = held(store).await;
            if held.partitions.len() == count {
                return held;
            }
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(30), wait).await;
    waited.unwrap_or_else(|_| panic!("it holds {count}"))
}

fn all_merchants() -> Vec<MerchantId> {
    (0..100).map(|n| merchant(&format!("m{n}"))).collect()
}

async fn waiting(store: &Redis, held: &Held) -> Vec<StoredReceipt> {
    store.waiting(held, 99, 999).await.expect("it answers")
}

#[tokio::test]
async fn instances_share_and_each_hands_out_its_own() {
    let server = Server::start(&[]);
    let (one, two) = (store(&server, "one").await, store(&server, "two").await);
    until_it_holds(&one, 64).await;
    // The second one makes itself known; the first gives half away.
    held(&two).await;
    let of_one = until_it_holds(&one, 32).await;
    let of_two = until_it_holds(&two, 32).await;
    let parts = |held: &Held| held.partitions.iter().map(|(p, _)| *p).collect::<BTreeSet<_>>();
    assert!(parts(&of_one).is_disjoint(&parts(&of_two)));
    // Any of them accepts.
    let all = all_merchants();
    let half = |remainder: u128| {
        let mine = all.iter().zip(1..).filter(move |(_, n)| n % 2 == remainder);
        mine.map(|(id, n)| receipt(n, id.as_str(), "{}")).collect::<Vec<_>>()
    };
    assert!(one.accept(half(0)).await.iter().all(Result::is_ok));
    assert!(two.accept(half(1)).await.iter().all(Result::is_ok));
    one.inner.stir(hands::Kind::Waiting, &Partition::all().collect::<Vec<_>>());
    two.inner.stir(hands::Kind::Waiting, &Partition::all().collect::<Vec<_>>());
    let (found_one, found_two) = (waiting(&one, &of_one).await, waiting(&two, &of_two).await);
    let ids: BTreeSet<ReceiptId> = found_one.iter().chain(&found_two).map(|r| r.id).collect();
    assert_eq!((ids.len(), found_one.len() + found_two.len()), (100, 100), "each once");
    for receipt in &found_one {
        assert!(of_one.partitions.iter().any(|(p, _)| *p == keys::partition(&receipt.owner)));
    }
}

#[tokio::test]
async fn a_stale_owner_writes_nothing() {
    let server = Server::start(&[]);
    let (one, two) = (store(&server, "one").await, store(&server, "two").await);
    let old = until_it_holds(&one, 64).await;
    one.accept(vec![receipt(1, "hey", "{}")]).await;
    assert_eq!(waiting(&one, &old).await.len(), 1);
    let made = step(&[], vec![message(7, 1, 320)]);
    assert_eq!(one.commit(&old, vec![made]).await, [Ok(())]);
    assert_eq!(one.ready(&old, now(), &HandOut::of(9, 9)).await.expect("it answers").len(), 1);
    // The first one is frozen for longer than its lease lasts; the second one takes everything.
    run_out(&server);
    let new = until_it_holds(&two, 64).await;
    let late = step(&[(1, Outcome::Forwarded)], Vec::new());
    assert_eq!(one.commit(&old, vec![late.clone()]).await, [Err(CommitError::NotOwner)]);
    let sent = one.conclude(&old, vec![end(7, Next::Sent)]).await;
    assert_eq!(sent, [Err(CommitError::NotOwner)]);
    // What the first one had in hand is found by the second one, under the same ids.
    let found = waiting(&two, &new).await;
    assert_eq!(found.iter().map(|r| r.id.bits()).collect::<Vec<_>>(), [1]);
    let ready = two.ready(&new, now(), &HandOut::of(9, 9)).await.expect("it answers");
    assert_eq!(ready[0].message.id.bits(), 7);
    assert_eq!(two.commit(&new, vec![late]).await, [Ok(())]);
    assert_eq!(two.conclude(&new, vec![end(7, Next::Sent)]).await, [Ok(())]);
    assert_eq!(balanced(&two).await.messages.sent, 1);
}

#[tokio::test]
async fn leases_that_the_server_forgot_are_taken_again() {
    let server = Server::start(&[]);
    let store = store(&server, "one").await;
    let old = until_it_holds(&store, 64).await;
    store.accept(vec![receipt(1, "hey", "{}")]).await;
    for partition in Partition::all() {
        server.ask(&["DEL", &format!("{}lease", keys::of(partition))]);
    }
    let decided = || vec![step(&[(1, Outcome::Forwarded)], Vec::new())];
    assert_eq!(store.commit(&old, decided()).await, [Err(CommitError::NotOwner)]);
    let new = held(&store).await;
    assert_eq!(new.partitions.len(), 64);
    assert_eq!(store.commit(&new, decided()).await, [Ok(())]);
}

#[tokio::test]
async fn who_leaves_hands_over_what_nothing_is_under_way_in() {
    let server = Server::start(&[]);
    let (one, two) = (store(&server, "one").await, store(&server, "two").await);
    let old = until_it_holds(&one, 64).await;
    let made = step(&[], vec![message(7, 1, 320)]);
    assert_eq!(one.commit(&old, vec![made]).await, [Ok(())]);
    assert_eq!(one.ready(&old, now(), &HandOut::of(9, 9)).await.expect("it answers").len(), 1);
    one.leave().await;
    assert_eq!(until_it_holds(&two, 63).await.partitions.len(), 63);
    assert_eq!(held(&one).await.partitions.len(), 1, "a message is being sent");
    let mine = held(&one).await;
    assert_eq!(one.conclude(&mine, vec![end(7, Next::Sent)]).await, [Ok(())]);
    until_it_holds(&two, 64).await;
    assert!(held(&one).await.partitions.is_empty());
    assert!(one.accept(vec![receipt(1, "hey", "{}")]).await[0].is_ok(), "it still accepts");
    assert_eq!(balanced(&two).await.receipts.accepted, 1);
}

#[tokio::test]
async fn others_hear_of_what_is_accepted_and_resumed() {
    let server = Server::start(&[]);
    let (one, two) = (store(&server, "one").await, store(&server, "two").await);
    let all = until_it_holds(&one, 64).await;
    assert!(waiting(&one, &all).await.is_empty());
    server::wait_until("both listen", || {
        let told = server.ask(&["PUBSUB", "NUMSUB", keys::NEWS]);
        matches!(&told, redis::Value::Array(told) if told.get(1) == Some(&redis::Value::Int(2)))
    })
    .await;
    let patience = Duration::from_secs(30);
    let accepts = two.accept(vec![receipt(1, "hey", "{}")]);
    let (heard, accepted) = tokio::join!(tokio::time::timeout(patience, one.news()), accepts);
    assert!(heard.is_ok() && accepted[0].is_ok(), "it is told");
    assert_eq!(waiting(&one, &all).await.len(), 1);
    let destination = DestinationName::parse("postkutsche").expect("a name");
    let resumes = two.pause(merchant("hey"), destination, PauseChange::Resume);
    let (heard, resumed) = tokio::join!(tokio::time::timeout(patience, one.news()), resumes);
    assert!(heard.is_ok() && resumed.is_ok(), "it is told");
}
