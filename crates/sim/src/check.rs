//! What must hold at the end of every world.

use std::collections::{BTreeMap, BTreeSet};

use crate::Outcome;

/// All of it; panics with what does not hold.
pub fn all(outcome: &Outcome) {
    nothing_accepted_is_lost(outcome);
    one_id_per_fact(outcome);
    a_repeat_says_the_same(outcome);
    order_is_kept(outcome);
}

/// Every receipt that was answered 2xx is in the books once, and every delivery is told. Only what
/// points to something that is gone comes to nothing.
pub fn nothing_accepted_is_lost(outcome: &Outcome) {
    let (r, m) = (&outcome.stats.receipts, &outcome.stats.messages);
    assert_eq!(r.accepted, outcome.accepted.len() as u64, "accepted receipts");
    assert_eq!((r.parked, r.failed, m.dead), (0, outcome.gone, 0), "{:?}", outcome.stats);
    let delivered: BTreeSet<&str> = outcome
        .told
        .iter()
        .filter(|told| told["trigger"] == "delivered")
        .filter_map(|told| told["order"].as_str())
        .collect();
    assert_eq!(delivered.len() as u64, outcome.orders, "deliveries told: {delivered:?}");
}

/// No fact has two ids, no id two facts.
pub fn one_id_per_fact(outcome: &Outcome) {
    let mut ids: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut facts: BTreeMap<String, (String, String)> = BTreeMap::new();
    for told in &outcome.told {
        let text = |key: &str| told[key].as_str().unwrap_or_default().to_owned();
        let (fact, id) = ((text("order"), text("trigger")), text("id"));
        assert!(!id.is_empty(), "{told}");
        assert_eq!(ids.entry(fact.clone()).or_insert_with(|| id.clone()), &id, "{fact:?}");
        assert_eq!(facts.entry(id).or_insert_with(|| fact.clone()), &fact);
    }
}

/// What was frozen is said the same in every try, and to the right person.
pub fn a_repeat_says_the_same(outcome: &Outcome) {
    let mut said = BTreeMap::new();
    for told in &outcome.told {
        let order = told["order"].as_str().unwrap_or_default().trim_start_matches("A-");
        assert_eq!(told["email"], format!("kim.{order}@example.test"));
        let id = told["id"].to_string();
        assert_eq!(said.entry(id).or_insert(told), &told, "a retry says something else");
    }
}

/// The steps of an order are told in their order.
pub fn order_is_kept(outcome: &Outcome) {
    let rank = |told: &serde_json::Value| match told["trigger"].as_str() {
        Some("dispatched") => 1,
        Some("out_for_delivery") => 2,
        Some("delivered") => 3,
        Some("order_fully_delivered") => 4,
        other => panic!("nobody asked for {other:?}"),
    };
    let mut last: BTreeMap<String, i32> = BTreeMap::new();
    for told in &outcome.told {
        let step = last.entry(told["order"].to_string()).or_insert(0);
        assert!(rank(told) >= *step, "{} came after a later step", told["trigger"]);
        *step = rank(told);
    }
}
