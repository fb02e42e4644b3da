//! What must hold at the end of every world. That the books balance is looked at all the time.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Outcome, Telling};

/// All of it; panics with what does not hold.
pub fn all(outcome: &Outcome) {
    nothing_accepted_is_lost(outcome);
    one_id_per_fact(outcome);
    a_repeat_says_the_same(outcome);
    order_is_kept(outcome);
    only_owners_speak(outcome);
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
        .filter(|told| told.text("trigger") == "delivered")
        .map(|told| told.text("order"))
        .collect();
    assert_eq!(delivered.len() as u64, outcome.orders, "deliveries told: {delivered:?}");
    let ids: BTreeSet<&str> = outcome.told.iter().map(|told| told.text("id")).collect();
    assert!(ids.len() as u64 >= m.sent, "{} were told, {} are sent", ids.len(), m.sent);
}

/// No fact has two ids, no id two facts.
pub fn one_id_per_fact(outcome: &Outcome) {
    let mut ids: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    let mut facts: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for told in &outcome.told {
        let (fact, id) = ((told.text("order"), told.text("trigger")), told.text("id"));
        assert!(!id.is_empty(), "{told:?}");
        assert_eq!(ids.entry(fact).or_insert(id), &id, "{fact:?}");
        assert_eq!(facts.entry(id).or_insert(fact), &fact);
    }
}

/// What was frozen is said the same in every try, whoever tries, and to the right person.
pub fn a_repeat_says_the_same(outcome: &Outcome) {
    let mut said = BTreeMap::new();
    for told in &outcome.told {
        let order = told.text("order").trim_start_matches("A-");
        assert_eq!(told.text("email"), format!("kim.{order}@example.test"));
        let first = said.entry(told.text("id")).or_insert(&told.body);
        assert_eq!(*first, &told.body, "a retry says something else");
    }
}

/// The steps of an order are told in their order by those whose turn it was.
pub fn order_is_kept(outcome: &Outcome) {
    let mut last: BTreeMap<&str, i32> = BTreeMap::new();
    for told in outcome.told.iter().filter(|told| told.is_owner) {
        let step = last.entry(told.text("order")).or_insert(0);
        let own = rank(told);
        assert!(own >= *step, "{} came after a later step", told.text("trigger"));
        *step = own;
    }
}

/// Nobody speaks whose turn it is not, but for who stood still between sending and arriving. Of one
/// order only one speaks at a time.
pub fn only_owners_speak(outcome: &Outcome) {
    let strangers: Vec<&Telling> =
        outcome.told.iter().filter(|told| !told.is_owner && !told.was_frozen).collect();
    assert!(strangers.is_empty(), "it was not their turn: {strangers:?}");
    assert!(outcome.clashes.is_empty(), "{:?}", outcome.clashes);
}

fn rank(told: &Telling) -> i32 {
    match told.text("trigger") {
        "dispatched" => 1,
        "out_for_delivery" => 2,
        "delivered" => 3,
        "order_fully_delivered" => 4,
        other => panic!("nobody asked for {other:?}"),
    }
}
