//! What happened to an order and why, for people: structured, and in sentences made of nothing else.
//!
//! `story` is the structured form, `gather` makes it of what the store keeps, `words` turns it into
//! text. Personal data stands in [`Recipient`] alone, and the text shows it masked.

mod gather;
mod story;
#[cfg(test)]
mod tests;
mod words;

use std::collections::BTreeMap;

use parcelwire_domain::{
    Alias, AliasKind,
    id::{MerchantId, MerchantKey},
    order::{Order, Policy},
    silence::Hearing,
};
use parcelwire_mapping::merchant::Merchant;

use crate::{
    Engine,
    ports::{Filter, LedgerResult, List, Want},
};
pub use story::{
    Entry, Explained, LastTry, Message, OrderStory, Paused, Planned, Recipient, Refusals, Unknown,
};
pub use words::Language;
pub(crate) use words::is_known_rule;

/// The names by which an order is asked for. Orders of a person are found in the lists.
const NAMES: [AliasKind; 5] = [
    AliasKind::OrderNumber,
    AliasKind::OrderId,
    AliasKind::TrackingNumber,
    AliasKind::ParcelId,
    AliasKind::ReturnId,
];

/// Most orders that are told of one name: more than that is no order, but a name that means nothing.
const MOST_ORDERS: usize = 20;

/// Most refusals that are looked through.
const MOST_REFUSED: usize = 500;

impl Engine {
    /// Explains every order of a merchant that a name leads to: an order's number or id, a parcel's or
    /// return's number or id.
    pub async fn explain(
        &self,
        merchant: &Merchant,
        asked: &str,
        language: Language,
    ) -> LedgerResult<Explained> {
        let shared = &self.shared;
        let aliases: Vec<Alias> =
            NAMES.into_iter().filter_map(|kind| Alias::new(kind, asked)).collect();
        let want = Want { merchant: merchant.id.clone(), aliases, aggregates: Vec::new() };
        let recalled = shared.ledger.recall(vec![want]).await?.pop().unwrap_or_default();
        let mut orders: Vec<Order> = recalled
            .aggregates
            .iter()
            .filter_map(|stored| Order::read(&stored.blob).ok())
            .collect();
        orders.sort_by_key(Order::first);
        orders.truncate(MOST_ORDERS);
        let pauses = shared.archive.pauses().await?;
        let pauses: BTreeMap<_, _> = pauses
            .into_iter()
            .filter(|(of, ..)| *of == merchant.id)
            .map(|(_, destination, pause)| (destination, pause))
            .collect();
        let key = MerchantKey::of(&shared.instance_key, &merchant.id);
        let policy = Policy {
            key: &key,
            triggers: &merchant.triggers,
            seat: &merchant.seat,
            hearing: Hearing::default(),
        };
        let desk = gather::Desk { merchant, policy, pauses: &pauses, now: shared.clock.now() };
        let mut told = Vec::with_capacity(orders.len());
        for order in &orders {
            let life = shared.archive.timeline(merchant.id.clone(), order.id()).await?;
            told.push(desk.order(order, life));
        }
        let unknown = if told.is_empty() { Some(self.unknown(&merchant.id).await?) } else { None };
        let mut explained = Explained {
            merchant: merchant.id.clone(),
            asked: asked.to_owned(),
            timezone: merchant.seat.zone.iana_name().unwrap_or("UTC").to_owned(),
            now: desk.now,
            orders: told,
            unknown,
            text: String::new(),
        };
        words::tell(&mut explained, language);
        Ok(explained)
    }

    /// What may be the reason that nothing is known.
    async fn unknown(&self, merchant: &MerchantId) -> LedgerResult<Unknown> {
        let archive = &self.shared.archive;
        let stats = archive.stats(Some(merchant.clone()), self.shared.clock.now()).await?;
        let filter = Filter { merchant: Some(merchant.clone()), ..Filter::default() };
        let refused = archive.page(List::Refused, filter, None, MOST_REFUSED).await?;
        Ok(Unknown {
            refused: gather::refusals(&refused.rows),
            waiting: stats.receipts.waiting,
            failed: stats.receipts.failed,
        })
    }
}
