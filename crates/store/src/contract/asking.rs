//! Receipts that wait for an answer of another system, and how far sources were polled.

use parcelwire_domain::id::*;
use parcelwire_engine::ports::*;

use super::*;

fn id(n: u128) -> ReceiptId {
    ReceiptId::from_bits(n)
}

async fn held(store: &dyn Books) -> Held {
    store.hold().await.expect("it answers")
}

/// Accepts receipts and says that something must be asked about them.
async fn to_ask(store: &dyn Books, receipts: &[(u128, &str)]) {
    let batch = receipts.iter().map(|(n, owner)| receipt(*n, owner, "{\"a\":1}")).collect();
    store.accept(batch).await;
    let held = held(store).await;
    let waiting = store.waiting(&held, 99, 99).await.expect("it answers");
    assert_eq!(waiting.len(), receipts.len());
    let ids = receipts.iter().map(|(n, _)| id(*n)).collect();
    store.ask(ids, now()).await.expect("it is written");
}

async fn asking(store: &dyn Books, each: usize, limit: usize) -> Vec<u128> {
    let found = store.asking(&held(store).await, now(), each, limit).await.expect("it answers");
    found.into_iter().map(|to_ask| to_ask.receipt.id.bits()).collect()
}

async fn end(store: &dyn Books, n: u128, end: Asked) {
    store.asked(merchant("hey"), id(n), end).await.expect("it is written");
}

pub(crate) async fn an_answer_is_kept_with_its_receipt_and_only_the_first(host: &dyn Host) {
    let store = host.open().await;
    to_ask(&*store, &[(1, "hey")]).await;
    let held = held(&*store).await;
    assert!(store.waiting(&held, 9, 9).await.expect("it answers").is_empty());
    assert_eq!(balanced(&*store).await.receipts.waiting, 1);
    assert_eq!(asking(&*store, 9, 9).await, [1]);
    assert!(asking(&*store, 9, 9).await.is_empty(), "it is handed out once");
    let body =
        |text: &'static str| Asked::Kept(KeptAnswer::Body(Bytes::from_static(text.as_bytes())));
    end(&*store, 1, body("[1]")).await;
    end(&*store, 1, body("[2]")).await;
    end(&*store, 1, Asked::Kept(KeptAnswer::Failed("lookup_failed".to_owned()))).await;
    // As after a crash: the answer is there, and nothing is asked again.
    let after = host.after_a_crash(store).await;
    let held = after.hold().await.expect("it answers");
    let waiting = after.waiting(&held, 9, 9).await.expect("it answers");
    assert_eq!(waiting[0].answer, Some(KeptAnswer::Body(Bytes::from_static(b"[1]"))));
    after.ask(vec![id(1)], now()).await.expect("it is written");
    assert!(asking(&*after, 9, 9).await.is_empty());
    let again = after.waiting(&held, 9, 9).await.expect("it answers");
    assert_eq!(again.len(), 1, "there is nothing to be asked: it waits to be decided");
    let story = after.story(id(1)).await.expect("it answers").expect("it is there");
    assert_eq!((&story["lookup"]["answer"], &story["status"]), (&"[1]".into(), &"waiting".into()));
    let done = after.commit(&held, vec![step(&[(1, Outcome::Forwarded)], Vec::new())]).await;
    assert_eq!(done, [Ok(())]);
    let stats = balanced(&*after).await;
    assert_eq!((stats.receipts.waiting, stats.receipts.forwarded), (0, 1));
}

pub(crate) async fn a_try_that_failed_is_remembered_over_a_start(host: &dyn Host) {
    let store = host.open().await;
    to_ask(&*store, &[(1, "hey"), (2, "hey")]).await;
    assert_eq!(asking(&*store, 9, 9).await, [1, 2]);
    let later = now() + Duration::from_secs(60);
    let again =
        |why: Option<&str>| Asked::Again { tries: 3, at: later, why: why.map(str::to_owned) };
    end(&*store, 1, again(Some("lookup_key_wrong"))).await;
    end(&*store, 2, again(None)).await;
    let after = host.after_a_crash(store).await;
    assert!(asking(&*after, 9, 9).await.is_empty(), "it is not time yet");
    let page = Filter { status: Some("waiting".to_owned()), ..Filter::default() };
    let page = after.page(List::Receipts, page, None, 9).await.expect("it answers");
    assert_eq!(page.rows.len(), 2);
    assert_eq!(page.rows[1]["why"], "lookup_key_wrong");
    after.hurry("lookup_key_wrong".to_owned()).await.expect("it is written");
    assert_eq!(asking(&*after, 9, 9).await, [1], "somebody may have mended it");
    let found = after.asking(&held(&*after).await, later, 9, 9).await.expect("it answers");
    assert_eq!((found.len(), found[0].tries), (1, 3));
    end(&*after, 2, Asked::Kept(KeptAnswer::Failed("lookup_failed".to_owned()))).await;
    end(&*after, 1, Asked::NotNeeded).await;
    let waiting = after.waiting(&held(&*after).await, 9, 9).await.expect("it answers");
    let answers: Vec<_> = waiting.into_iter().map(|receipt| receipt.answer).collect();
    assert_eq!(answers, [None, Some(KeptAnswer::Failed("lookup_failed".to_owned()))]);
}

pub(crate) async fn merchants_take_turns_in_being_asked_for(host: &dyn Host) {
    let store = host.open().await;
    let all: Vec<(u128, &str)> =
        (1..=6).map(|n| (n, "anna")).chain([(7, "ben"), (8, "carla")]).collect();
    to_ask(&*store, &all).await;
    assert_eq!(asking(&*store, 2, 3).await, [1, 2, 7]);
    // Carla's turn comes before anna's next, who has as many under way as she may.
    assert_eq!(asking(&*store, 2, 3).await, [8]);
    store.asked(merchant("anna"), id(1), Asked::NotNeeded).await.expect("it is written");
    assert_eq!(asking(&*store, 2, 3).await, [3]);
}

pub(crate) async fn answers_go_with_their_bodies(host: &dyn Host) {
    let store = host.open().await;
    to_ask(&*store, &[(1, "hey")]).await;
    asking(&*store, 9, 9).await;
    end(&*store, 1, Asked::Kept(KeptAnswer::Body(Bytes::from_static(b"[1]")))).await;
    let held = held(&*store).await;
    store.waiting(&held, 9, 9).await.expect("it answers");
    store.commit(&held, vec![step(&[(1, Outcome::Forwarded)], Vec::new())]).await;
    let keep = Retention { receipts_days: 30, bodies_days: 3, memory_days: 120 };
    let after = |days: u64| now() + Duration::from_secs(86_400 * days);
    store.prune(after(2), keep).await.expect("it answers");
    let story = store.story(id(1)).await.expect("it answers").expect("it is there");
    assert_eq!(story["lookup"]["answer"], "[1]");
    store.prune(after(4), keep).await.expect("it answers");
    let story = store.story(id(1)).await.expect("it answers").expect("it is there");
    assert_eq!(story["lookup"]["answer"], serde_json::Value::Null);
    while store.prune(after(40), keep).await.expect("it answers") {}
    assert_eq!(store.story(id(1)).await, Ok(None));
    assert_eq!(balanced(&*store).await.receipts.forwarded, 1);
}

pub(crate) async fn how_far_a_source_was_polled_survives(host: &dyn Host) {
    let store = host.open().await;
    let source = || SourceName::parse("depot").expect("a name");
    let own = |name| (Owner::Merchant(merchant(name)), source());
    let feed = (Owner::Feed(FeedName::parse("depot").expect("a name")), source());
    assert_eq!(store.polled(vec![own("hey")]).await, Ok(vec![None]));
    let polled = Polled {
        cursor: Some("c".to_owned()),
        succeeded_at: Some(now()),
        why: None,
        at: now(),
        next_at: None,
    };
    let (owner, name) = own("hey");
    store.keep_polled(owner, name, polled.clone()).await.expect("it is written");
    let further = Polled { cursor: Some("d".to_owned()), next_at: Some(now()), ..polled.clone() };
    let (owner, name) = feed.clone();
    store.keep_polled(owner, name, further.clone()).await.expect("it is written");
    let after = host.after_a_crash(store).await;
    let all = after.polled(vec![own("anna"), feed, own("hey")]).await;
    assert_eq!(all, Ok(vec![None, Some(further), Some(polled)]));
}
