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
    must("two ids", &two_ids.into(), 0);
    must("dead", &books["messages"]["dead"], 0);
    if !fault.may_lose() {
        must("lost", &lost.into(), 0);
        must("facts told", &facts.len().into(), count);
        must("webhooks in the books", &books["receipts"]["accepted"], noted.webhooks);
        must("messages in the books", &books["messages"]["sent"], count);
    }
    let Times { recovered, settled } = times;
    Outcome { fault: *fault, accepted: count, lost, repeats, two_ids, recovered, settled, broken }
}
