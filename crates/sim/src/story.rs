//! What the warehouse says: orders whose facts come late, twice, and in any order.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use crate::{clock::beginning, dice::Dice, rules::MERCHANTS};

/// The steps of every order.
const STEPS: [&str; 4] = ["order_placed", "dispatched", "out_for_delivery", "delivered"];

/// One webhook.
#[derive(Debug, Clone)]
pub(crate) struct Webhook {
    pub(crate) merchant: &'static str,
    pub(crate) body: Bytes,
    /// How long after the one before.
    pub(crate) pause: Duration,
}

/// The webhooks of `orders` orders, in the order in which they come.
pub(crate) fn tell(dice: &Dice, orders: u64) -> Vec<Webhook> {
    let mut all = Vec::new();
    for order in 0..orders {
        let merchant = MERCHANTS[usize::try_from(order).unwrap_or(0) % MERCHANTS.len()];
        for (step, state) in STEPS.iter().enumerate() {
            for repeat in 0..=dice.below(2) {
                all.push((merchant, webhook(dice, order, step, state, repeat)));
            }
        }
    }
    // Half of all worlds are orderly but for neighbours that change places.
    let disorder = if dice.below(2) == 0 { 3 } else { all.len() as u64 };
    for at in 0..all.len() {
        let other = at + dice.below(disorder) as usize;
        if other < all.len() {
            all.swap(at, other);
        }
    }
    let pause = |dice: &Dice| Duration::from_millis(dice.below(1500));
    all.into_iter().map(|(merchant, body)| Webhook { merchant, body, pause: pause(dice) }).collect()
}

fn webhook(dice: &Dice, order: u64, step: usize, state: &str, repeat: u64) -> Bytes {
    let at: Timestamp = beginning() - Duration::from_mins(60 - 10 * step as u64);
    let mut body = json!({
        "id": format!("d-{order}-{step}-{repeat}"), "state": state, "order": format!("A-{order}"),
        "at": at.to_string(),
    });
    if step > 0 {
        body["track"] = json!(format!("T-{order}"));
    }
    if step == 0 || dice.below(3) == 0 {
        body["mail"] = json!(format!("kim.{order}@example.test"));
    }
    Bytes::from(body.to_string())
}
