//! Whether everything that should have reached the marketing tool did, exactly once, and nothing
//! else. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::story::Expected;
use crate::sandbox::Told;

/// Every difference between what was expected and what was told, in words; none is a pass.
/// Several parcels of one person may expect the same metric: each needs an id of its own.
pub(super) fn differences(expected: &[Expected], told: &[Told]) -> Vec<String> {
    let mut sums: BTreeMap<Expected, (i64, i64)> = BTreeMap::new();
    for wanted in expected {
        sums.entry(wanted.clone()).or_default().0 += 1;
    }
    let mut found = Vec::new();
    for event in told {
        if event.times > 1 {
            found.push(format!("{} was told {} times", event.key.metric, event.times));
        }
        let Some(wanted) = expected.iter().find(|wanted| {
            wanted.metric == event.key.metric
                && wanted.email == event.key.profile
                && wanted.backfill == event.backfill
        }) else {
            found.push(format!("{} was not expected", event.key.metric));
            continue;
        };
        sums.entry(wanted.clone()).or_default().1 += 1;
    }
    for (wanted, (expected, told)) in sums {
        if expected != told {
            found.push(format!("{}: {told} of {expected} arrived", wanted.metric));
        }
    }
    found
}

/// What the books must say once everything has come to its end; none is a pass.
pub(super) fn unsettled(books: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if books["balanced"] != true {
        found.push("the books do not balance".to_owned());
    }
    for (part, name) in [
        ("receipts", "waiting"),
        ("receipts", "failed"),
        ("receipts", "parked"),
        ("messages", "pending"),
        ("messages", "dead"),
    ] {
        if books[part][name] != 0 {
            found.push(format!("{part} {name}: {}", books[part][name]));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::sandbox::EventKey;

    fn wanted(metric: &'static str) -> Expected {
        Expected { metric, email: "kim@example.test".to_owned(), backfill: false }
    }

    fn told(metric: &str, id: &str, times: u64) -> Told {
        let key = EventKey {
            account: "1234".to_owned(),
            metric: metric.to_owned(),
            profile: "kim@example.test".to_owned(),
            unique_id: id.to_owned(),
        };
        let (time, properties) = (String::new(), Map::new());
        Told { key, time, backfill: false, properties, times, order: 0 }
    }

    #[test]
    fn only_exactly_what_was_expected_passes() {
        let two = [wanted("A"), wanted("A")];
        assert!(differences(&two, &[told("A", "1", 1), told("A", "2", 1)]).is_empty());
        assert_eq!(differences(&two, &[told("A", "1", 1)]), ["A: 1 of 2 arrived"]);
        assert_eq!(
            differences(&two, &[told("A", "1", 1), told("A", "2", 2)]),
            ["A was told 2 times"]
        );
        assert_eq!(differences(&[], &[told("B", "1", 1)]), ["B was not expected"]);
    }

    #[test]
    fn books_that_do_not_add_up_or_hold_something_back_do_not_pass() {
        let books = |balanced: bool, waiting: u64, dead: u64| {
            json!({ "balanced": balanced,
                    "receipts": { "waiting": waiting, "failed": 0, "parked": 0 },
                    "messages": { "pending": 0, "dead": dead } })
        };
        assert!(unsettled(&books(true, 0, 0)).is_empty());
        assert_eq!(unsettled(&books(false, 0, 0)), ["the books do not balance"]);
        assert_eq!(unsettled(&books(true, 2, 1)), ["receipts waiting: 2", "messages dead: 1"]);
    }
}
