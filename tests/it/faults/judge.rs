//! What was accepted, held against what the marketing API was told, and against the books.

use std::{collections::BTreeMap, time::Duration};

use parcelwire::sandbox::Told;
use serde_json::Value;

use super::{list::Fault, load::Noted};

/// What came of a fault.
#[derive(Debug, Clone)]
pub(super) struct Outcome {
    pub(super) fault: Fault,
    pub(super) accepted: u64,
    pub(super) lost: u64,
    /// Sent again under the id that it had.
    pub(super) repeats: u64,
    /// Facts that were told under more than one id.
    pub(super) two_ids: u64,
    /// From the end of the fault until a webhook was accepted and a message told.
    pub(super) recovered: Duration,
    /// From the end of the fault until everything was told.
    pub(super) settled: Duration,
    /// Promises that were not kept.
    pub(super) broken: Vec<String>,
}

/// How long things took after a fault.
#[derive(Debug, Clone, Copy)]
pub(super) struct Times {
    pub(super) recovered: Duration,
    pub(super) settled: Duration,
}

/// Weighs what senders know against what was told.
pub(super) fn judge(
    fault: &Fault,
    noted: &Noted,
    told: &[Told],
    books: &Value,
    times: Times,
) -> Outcome {
    // A fact is a person and what they are told; its ids, and how often it was told under each.
    let mut facts: BTreeMap<(&str, &str), BTreeMap<&str, u64>> = BTreeMap::new();
    for one in told {
        let ids = facts.entry((&one.key.profile, &one.key.metric)).or_default();
        *ids.entry(&one.key.unique_id).or_default() += one.times;
    }
    let arrived = |email: &String| facts.keys().any(|(profile, _)| profile == email);
    let lost = noted.facts.iter().filter(|email| !arrived(email)).count() as u64;
    let two_ids = facts.values().filter(|ids| ids.len() > 1).count() as u64;
    let repeats = facts.values().flat_map(BTreeMap::values).map(|times| times - 1).sum();
    let count = noted.facts.len() as u64;
    let mut broken: Vec<String> = noted.odd.iter().cloned().collect();
    let mut must = |what: &str, found: &Value, wanted: u64| {
        if *found != wanted {
            broken.push(format!("{what}: {found}, not {wanted}"));
        }
    };
    must("dead", &books["messages"]["dead"], 0);
    // What was lost may have been told; its repeat is told under another id.
    if !fault.may_lose() {
        must("two ids", &two_ids.into(), 0);
        must("lost", &lost.into(), 0);
        must("facts told", &facts.len().into(), count);
        must("webhooks in the books", &books["receipts"]["accepted"], noted.webhooks);
        must("messages in the books", &books["messages"]["sent"], count);
    }
    let Times { recovered, settled } = times;
    Outcome { fault: *fault, accepted: count, lost, repeats, two_ids, recovered, settled, broken }
}

#[cfg(test)]
mod tests {
    use parcelwire::sandbox::EventKey;
    use serde_json::{Map, json};

    use super::*;
    use crate::faults::list::{ALL, Act};

    fn told(person: &str, id: &str, times: u64) -> Told {
        let key = EventKey {
            account: "0001".to_owned(),
            metric: "Shipment Dispatched".to_owned(),
            profile: person.to_owned(),
            unique_id: id.to_owned(),
        };
        let time = String::new();
        Told { key, time, backfill: false, properties: Map::new(), times, order: 0 }
    }

    /// Lost, repeats, two ids, and how many promises that breaks.
    fn weigh(fault: &Fault, told: &[Told], sent: u64) -> (u64, u64, u64, usize) {
        let facts = ["anna", "ben", "carla"].map(str::to_owned).into();
        let noted = Noted { facts, webhooks: 4, ..Noted::default() };
        let books =
            json!({ "receipts": { "accepted": 4 }, "messages": { "sent": sent, "dead": 0 } });
        let times = Times { recovered: Duration::ZERO, settled: Duration::ZERO };
        let outcome = judge(fault, &noted, told, &books, times);
        (outcome.lost, outcome.repeats, outcome.two_ids, outcome.broken.len())
    }

    #[test]
    fn what_is_lost_told_again_or_told_under_two_ids_is_seen() {
        let strict = &ALL[0];
        let all = [told("anna", "a", 1), told("ben", "b", 3), told("carla", "c", 1)];
        assert_eq!(weigh(strict, &all, 3), (0, 2, 0, 0));
        assert_eq!(weigh(strict, &all, 2), (0, 2, 0, 1), "the books tell less");
        assert_eq!(weigh(strict, &all[1..], 3), (1, 2, 0, 2), "one never came");
        let twice = [&all[..], &[told("ben", "other", 1)]].concat();
        assert_eq!(weigh(strict, &twice, 3), (0, 2, 1, 1), "one came under two ids");
        let more = [&all[..], &[told("dora", "d", 1)]].concat();
        assert_eq!(weigh(strict, &more, 3), (0, 2, 0, 1), "one was never accepted");
        let lenient = ALL.iter().find(|fault| fault.may_lose()).expect("one");
        assert_eq!(lenient.act, Act::FailOver);
        assert_eq!(weigh(lenient, &all[1..], 2), (1, 2, 0, 0), "that one may be lost");
        assert_eq!(weigh(lenient, &twice, 3), (0, 2, 1, 0), "and told again under another id");
    }
}
