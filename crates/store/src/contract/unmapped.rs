//! Codes that nobody knows are counted once, bounded, and listed.

use parcelwire_domain::id::*;
use parcelwire_engine::ports::*;

use super::*;

fn told(receipt: u128, code: &str) -> Unmapped {
    Unmapped {
        source: SourceName::parse("shop").expect("a name"),
        code: code.to_owned(),
        receipt: ReceiptId::from_bits(receipt),
    }
}

/// Accepts a receipt and settles it with these codes.
async fn settle(store: &dyn Books, held: &Held, n: u128, codes: &[String]) -> Commit {
    store.accept(vec![receipt(n, "hey", "{}")]).await;
    let mut whole = step(&[(n, Outcome::Filtered("unmapped_code".to_owned()))], Vec::new());
    whole.unmapped = codes.iter().map(|code| told(n, code)).collect();
    store.commit(held, vec![whole.clone()]).await;
    whole
}

pub(crate) async fn a_code_is_counted_in_the_commit_and_not_again_when_that_is_repeated(
    host: &dyn Host,
) {
    let store = host.open().await;
    let held = store.hold().await.expect("it answers");
    let codes = |codes: &[&str]| codes.iter().map(|code| (*code).to_owned()).collect::<Vec<_>>();
    settle(&*store, &held, 1, &codes(&["weg", "da"])).await;
    let second = settle(&*store, &held, 2, &codes(&["weg"])).await;
    store.commit(&held, vec![second]).await;
    let page = store.unmapped(Some(merchant("hey")), None, 1).await.expect("it answers");
    assert_eq!((page.rows[0]["code"].as_str(), &page.rows[0]["count"]), (Some("da"), &1.into()));
    let next = page.next.expect("there is one more");
    let page = store.unmapped(None, Some(next), 1).await.expect("it answers");
    assert_eq!(page.rows[0]["code"], "weg");
    assert_eq!(page.rows[0]["count"], 2);
    assert_eq!(page.rows[0]["receipt"], ReceiptId::from_bits(2).to_string());
    assert_eq!(page.rows[0]["first_seen"], now().to_string());
    assert_eq!(page.next, None);
    let other = store.unmapped(Some(merchant("other")), None, 9).await.expect("it answers");
    assert!(other.rows.is_empty());
}

pub(crate) async fn a_source_that_invents_codes_fills_no_disk(host: &dyn Host) {
    let store = host.open().await;
    let held = store.hold().await.expect("it answers");
    let codes: Vec<String> = (0..250).map(|n| format!("code {n}")).collect();
    settle(&*store, &held, 1, &codes).await;
    settle(&*store, &held, 2, &codes).await;
    let page = store.unmapped(None, None, 500).await.expect("it answers");
    assert_eq!(page.rows.len(), 201);
    assert_eq!(page.rows[0]["code"], serde_json::Value::Null);
    assert_eq!(page.rows[0]["count"], 100);
    assert!(page.rows[1..].iter().all(|row| row["count"] == 2));
}
