//! One statement of one receipt, and the names in it.

use crate::{Alias, AliasKind, Event, Value, id::ReceiptId};

/// One statement of one receipt.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// The receipt that brought it.
    pub receipt: ReceiptId,
    /// Which of the receipt's events, from 0.
    pub index: u16,
    /// What it states.
    pub event: Event,
}

const NAMES: [(&str, AliasKind); 6] = [
    ("order_id", AliasKind::OrderId),
    ("order_number", AliasKind::OrderNumber),
    ("parcel_id", AliasKind::ParcelId),
    ("tracking_number", AliasKind::TrackingNumber),
    ("return_id", AliasKind::ReturnId),
    ("email", AliasKind::Email),
];

impl Fact {
    /// Every name the fact gives to its order, parcel or return, and its recipient's e-mail
    /// address (by which orders are found, never joined). None that joins: it names no subject.
    pub fn aliases(&self) -> Vec<Alias> {
        let fields = &self.event.fields;
        let one = NAMES.iter().filter_map(|(name, kind)| {
            fields.get(name).and_then(Value::as_id).and_then(|text| Alias::new(*kind, text))
        });
        let numbers = fields.get("tracking_numbers").and_then(Value::as_list).unwrap_or_default();
        let more = numbers
            .iter()
            .filter_map(Value::as_id)
            .filter_map(|text| Alias::new(AliasKind::TrackingNumber, text));
        let mut aliases: Vec<Alias> = one.chain(more).collect();
        aliases.sort();
        aliases.dedup();
        aliases
    }
}
