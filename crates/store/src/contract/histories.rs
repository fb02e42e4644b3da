//! Long histories from seeds: a store tells them as the embedded one in memory does, whatever is asked.

use parcelwire_domain::id::*;
use parcelwire_engine::ports::*;
use serde_json::{Value as Json, json};

use super::{
    history::{History, MERCHANTS, happens},
    *,
};
use crate::embedded;

pub(crate) const LISTS: [List; 4] = [List::Receipts, List::Events, List::Messages, List::Refused];

/// Deeds of a history.
const DEEDS: usize = 260;

/// Lets more of a history happen on stores, in step.
pub(crate) async fn live(stores: &[&dyn Books], history: &mut History, deeds: usize) {
    let mut all_held = Vec::new();
    for store in stores {
        all_held.push(held(*store).await);
    }
    for _ in 0..deeds {
        let deed = history.next();
        for (store, held) in stores.iter().zip(&all_held) {
            happens(*store, held, deed.clone()).await;
        }
    }
}

/// Filters that name one thing.
fn single(end: Timestamp) -> Vec<Filter> {
    let none = Filter::default;
    let text = |text: &str| Some(text.to_owned());
    let mut all = vec![none()];
    for name in MERCHANTS {
        all.push(Filter { merchant: Some(merchant(name)), ..none() });
    }
    for n in ["#3", "#11"] {
        all.push(Filter { order: text(n), ..none() });
    }
    for n in ["kim.2@example.test", "KIM.5@example.test"] {
        all.push(Filter { email: text(n), ..none() });
    }
    all.push(Filter { tracking_number: text("A4"), ..none() });
    let length = end.duration_since(now());
    let middle = now() + length / 3;
    all.push(Filter { since: Some(middle), ..none() });
    all.push(Filter { until: Some(middle + length / 3), ..none() });
    all
}

/// The words by which each list tells states.
fn words(list: List) -> &'static [&'static str] {
    match list {
        List::Receipts => &["waiting", "forwarded", "parked", "split"],
        List::Events => &["delivered", "lost"],
        List::Messages => &["pending", "sent", "dead"],
        List::Refused => &["signature_invalid"],
    }
}

/// Every filter alone, and with each other.
fn filters(list: List, end: Timestamp) -> Vec<Filter> {
    let mut alone = single(end);
    for word in words(list) {
        alone.push(Filter { status: Some((*word).to_owned()), ..Filter::default() });
    }
    let mut all = alone.clone();
    for (n, one) in alone.iter().enumerate() {
        all.extend(alone[n + 1..].iter().map(|two| both(one, two)));
    }
    all
}

fn both(one: &Filter, two: &Filter) -> Filter {
    Filter {
        merchant: one.merchant.clone().or_else(|| two.merchant.clone()),
        order: one.order.clone().or_else(|| two.order.clone()),
        email: one.email.clone().or_else(|| two.email.clone()),
        tracking_number: one.tracking_number.clone().or_else(|| two.tracking_number.clone()),
        status: one.status.clone().or_else(|| two.status.clone()),
        since: one.since.or(two.since),
        until: one.until.or(two.until),
    }
}

/// Everything that can be asked of a store, each with its answer.
pub(crate) async fn told(store: &dyn Books, end: Timestamp) -> Vec<(String, Json)> {
    let mut told = Vec::new();
    let mut ids = Vec::new();
    for list in LISTS {
        for (n, filter) in filters(list, end).into_iter().enumerate() {
            let limit = [50, 7, 500, 20][n % 4];
            let rows = pages(store, list, &filter, limit).await;
            if list == List::Receipts && n == 0 {
                ids = rows.iter().filter_map(|row| row["id"].as_str()).map(str::to_owned).collect();
            }
            told.push((format!("{list:?} {filter:?} {limit}"), json!(rows)));
        }
    }
    for id in ids.iter().step_by(3) {
        let receipt = ReceiptId::parse(id).expect("an id");
        told.push((id.clone(), json!(store.story(receipt).await.expect("it answers"))));
    }
    for whose in MERCHANTS.into_iter().map(Some).chain([None]) {
        let whose = whose.map(merchant);
        let stats = store.stats(whose.clone(), end).await.expect("it answers");
        assert!(stats.balanced, "{whose:?}: {stats:?}");
        told.push((format!("stats of {whose:?}"), json!(stats)));
        let codes = store.unmapped(whose.clone(), None, 99).await.expect("it answers").rows;
        told.push((format!("codes of {whose:?}"), json!(codes)));
    }
    let pauses = store.pauses().await.expect("it answers");
    told.push(("pauses".to_owned(), json!(pauses)));
    told
}

/// A list to its end.
async fn pages(store: &dyn Books, list: List, filter: &Filter, limit: usize) -> Vec<Row> {
    let (mut rows, mut after) = (Vec::new(), None);
    loop {
        let page = store.page(list, filter.clone(), after, limit).await.expect("it answers");
        assert!(page.next.is_none() || page.rows.len() == limit, "{list:?} {filter:?}");
        rows.extend(page.rows);
        after = page.next;
        if after.is_none() {
            return rows;
        }
    }
}

pub(crate) fn same(found: &[(String, Json)], expected: &[(String, Json)]) {
    assert_eq!(found.len(), expected.len());
    for ((asked, found), (same, expected)) in found.iter().zip(expected) {
        assert_eq!(asked, same);
        assert_eq!(found, expected, "{asked}");
    }
}

pub(crate) async fn whatever_happens_is_told_alike(host: &dyn Host) {
    let store = host.open().await;
    let reference = embedded::in_memory().expect("it opens");
    let mut history = History::new(4);
    live(&[&*store, &reference], &mut history, DEEDS).await;
    let end = history.now();
    let (found, expected) = (told(&*store, end).await, told(&reference, end).await);
    let full = expected.iter().filter(|(_, told)| *told != json!([])).count();
    assert!(full > 250, "the history fills lists: {full}");
    same(&found, &expected);
}

pub(crate) async fn pages_stand_still_while_things_change_and_go(host: &dyn Host) {
    let store = host.open().await;
    let mut history = History::new(9);
    let held = held(&*store).await;
    for _ in 0..150 {
        happens(&*store, &held, history.next()).await;
    }
    for list in LISTS {
        let all = Filter::default();
        let key = |row: &Row| format!("{}{}{}", row["id"], row["receipt"], row["index"]);
        let before: Vec<String> = pages(&*store, list, &all, 500).await.iter().map(key).collect();
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = store.page(list, all.clone(), after, 5).await.expect("it answers");
            seen.extend(page.rows.iter().map(key));
            after = page.next;
            if after.is_none() {
                break;
            }
            for _ in 0..2 {
                happens(&*store, &held, history.next()).await;
            }
        }
        let after: Vec<String> = pages(&*store, list, &all, 500).await.iter().map(key).collect();
        // What is still there was seen, in its order and once; what went meanwhile may be missing.
        let stayed: Vec<&String> = before.iter().filter(|row| after.contains(row)).collect();
        let seen_of_them: Vec<&String> = seen.iter().filter(|row| stayed.contains(row)).collect();
        assert_eq!(seen_of_them, stayed, "{list:?}");
        assert!(seen.iter().all(|row| before.contains(row)), "{list:?}: nothing new comes behind");
    }
}
