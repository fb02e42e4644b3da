//! The warehouse's own API, in worlds whose webhooks only point to what they are about.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use serde_json::json;

use crate::{dice::Dice, story::Webhook};

/// What it knows, and how often it was asked for each.
#[derive(Debug, Default)]
pub(crate) struct Depot {
    facts: Vec<Bytes>,
    asked: Mutex<BTreeMap<String, u64>>,
}

impl Depot {
    /// Takes what webhooks say, and leaves in each only where it is to be had. Some point to what is
    /// gone; answers how many.
    pub(crate) fn keep(dice: &Dice, webhooks: &mut Vec<Webhook>) -> (Self, u64) {
        let (mut facts, mut gone, mut pointing) = (Vec::new(), 0, Vec::new());
        let point =
            |id: String, fact: String| Bytes::from(json!({ "id": id, "fact": fact }).to_string());
        for webhook in webhooks.drain(..) {
            if dice.below(8) == 0 {
                let name = format!("gone-{gone}");
                pointing.push(Webhook { body: point(name.clone(), name), ..webhook.clone() });
                gone += 1;
            }
            let fact = facts.len().to_string();
            facts.push(webhook.body.clone());
            pointing.push(Webhook { body: point(format!("d-{fact}"), fact), ..webhook });
        }
        *webhooks = pointing;
        (Self { facts, asked: Mutex::default() }, gone)
    }

    /// Tells a fact, if there is one of this name.
    pub(crate) fn tell(&self, fact: &str) -> Option<Bytes> {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        *asked.entry(fact.to_owned()).or_default() += 1;
        self.facts.get(fact.parse::<usize>().ok()?).cloned()
    }

    /// How often it was asked for each.
    pub(crate) fn asked(&self) -> BTreeMap<String, u64> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
