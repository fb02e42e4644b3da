//! Whether everything that should have reached the marketing tool did, exactly once, and nothing
//! else. Pure.

use std::collections::BTreeMap;

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

#[cfg(test)]
mod tests {
    use serde_json::Map;

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
}
