//! How fast lists answer that have a million rows behind them.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, ReceiptId};
use parcelwire_engine::ports::{Filter, List};

use crate::{median, place::Place, verdict, world};

/// Rows of a page.
const PAGE: usize = 50;

/// How often each is asked.
const ASKED: usize = 5;

/// The longest that an answer may take.
const BOUND_MS: f64 = 50.0;

const LISTS: [(&str, List); 4] = [
    ("receipts", List::Receipts),
    ("events", List::Events),
    ("messages", List::Messages),
    ("refused", List::Refused),
];

pub(crate) async fn measure(place: &Place, many: u64) {
    let mut slow: Vec<(String, f64)> = Vec::new();
    for (name, list) in LISTS {
        for (told, filter) in filters(list, many) {
            let took = ask(place, list, &filter).await;
            slow.push((format!("{name} {told}"), took));
        }
        slow.push((format!("{name}, 20 pages on"), further(place, list).await));
    }
    let hey = MerchantId::parse(&world::merchant(1)).expect("a name");
    for (told, of) in [("stats over all", None), ("stats of one", Some(hey.clone()))] {
        let took =
            timed(async || drop(place.archive.stats(of.clone(), Timestamp::now()).await)).await;
        slow.push((told.to_owned(), took));
    }
    let story = ReceiptId::from_bits(u128::from(many / 8 * 4) + 1);
    let took = timed(async || {
        assert!(place.archive.story(story).await.expect("it answers").is_some());
    });
    slow.push(("the story of a receipt".to_owned(), took.await));
    slow.sort_by(|a, b| b.1.total_cmp(&a.1));
    for (told, took) in slow.iter().take(6) {
        println!("  {told:<44} {took:>8.2} ms");
    }
    let (_, worst) = slow.first().expect("there are some");
    verdict("the slowest list", *worst, BOUND_MS, *worst <= BOUND_MS, " ms");
}

fn filters(list: List, many: u64) -> Vec<(String, Filter)> {
    let now = Timestamp::now();
    let ago = |hours: u64| now - Duration::from_secs(hours * 3600);
    // One of those with an order of its own.
    let n = many / 8 * 4;
    let of = || Some(MerchantId::parse(&world::merchant(n)).expect("a name"));
    let status = match list {
        List::Receipts => ["filtered", "failed"],
        List::Events => ["delivered", "lost"],
        List::Messages => ["sent", "dead"],
        List::Refused => ["signature_invalid", "signature_missing"],
    };
    let mut filters = Vec::new();
    for merchant in [None, of()] {
        let whose = if merchant.is_some() { "of one" } else { "over all" };
        let mut add = |told: &str, filter: Filter| {
            filters.push((
                format!("{whose}, {told}"),
                Filter { merchant: merchant.clone(), ..filter },
            ));
        };
        let text = |text: String| Some(text);
        add("all", Filter::default());
        add("by order", Filter { order: text(format!("A-{n}")), ..Filter::default() });
        add(
            "by email",
            Filter { email: text(format!("kim.{n}@example.test")), ..Filter::default() },
        );
        add("by parcel", Filter { tracking_number: text(format!("T-{n}")), ..Filter::default() });
        add("usual status", Filter { status: text(status[0].to_owned()), ..Filter::default() });
        add("rare status", Filter { status: text(status[1].to_owned()), ..Filter::default() });
        add(
            "an hour of yesterday",
            Filter { since: Some(ago(25)), until: Some(ago(24)), ..Filter::default() },
        );
        add("before all", Filter { until: Some(ago(24 * 30)), ..Filter::default() });
        add(
            "rare status, an hour",
            Filter {
                status: text(status[1].to_owned()),
                since: Some(ago(25)),
                until: Some(ago(24)),
                ..Filter::default()
            },
        );
    }
    filters
}

async fn ask(place: &Place, list: List, filter: &Filter) -> f64 {
    timed(async || {
        drop(place.archive.page(list, filter.clone(), None, PAGE).await.expect("it answers"));
    })
    .await
}

/// Pages one after the other; what the last one takes.
async fn further(place: &Place, list: List) -> f64 {
    let mut cursor = None;
    for _ in 0..20 {
        let page = place.archive.page(list, Filter::default(), cursor, PAGE).await;
        cursor = page.expect("it answers").next;
        if cursor.is_none() {
            break;
        }
    }
    timed(async || {
        let page = place.archive.page(list, Filter::default(), cursor.clone(), PAGE);
        drop(page.await.expect("it answers"));
    })
    .await
}

async fn timed(ask: impl AsyncFn()) -> f64 {
    let mut took = Vec::with_capacity(ASKED);
    for _ in 0..ASKED {
        let began = Instant::now();
        ask().await;
        took.push(began.elapsed().as_secs_f64() * 1e3);
    }
    median(&mut took)
}
