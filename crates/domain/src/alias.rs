//! The names under which the outside world knows an order, a parcel or a return.

use serde::{Deserialize, Serialize};

/// What kind of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AliasKind {
    /// A shop's or warehouse's id of the order.
    OrderId,
    /// What the customer knows the order by.
    OrderNumber,
    /// A source's id of the parcel: a fulfilment's, a shipment's.
    ParcelId,
    /// A tracking number.
    TrackingNumber,
    /// A source's id of the return.
    ReturnId,
    /// The recipient's e-mail address. Orders are *found* by it, never joined by it.
    Email,
}

/// A name of one kind, in the form in which two spellings of it are equal.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Alias {
    /// Its kind.
    pub kind: AliasKind,
    /// The normalised text.
    pub value: String,
}

impl Alias {
    /// Normalises `text`: trimmed, small letters; an order number loses a leading `#`, a tracking
    /// number its blanks. Answers `None` when nothing is left.
    pub fn new(kind: AliasKind, text: &str) -> Option<Self> {
        let text = text.trim();
        let value = match kind {
            AliasKind::OrderNumber => text.trim_start_matches('#').trim().to_lowercase(),
            AliasKind::TrackingNumber => {
                text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
            }
            AliasKind::OrderId | AliasKind::ParcelId | AliasKind::ReturnId | AliasKind::Email => {
                text.to_lowercase()
            }
        };
        (!value.is_empty()).then_some(Self { kind, value })
    }

    /// Whether two facts that share this name speak of the same order.
    pub fn joins(&self) -> bool {
        match self.kind {
            AliasKind::OrderId
            | AliasKind::OrderNumber
            | AliasKind::ParcelId
            | AliasKind::TrackingNumber
            | AliasKind::ReturnId => true,
            AliasKind::Email => false,
        }
    }
}

impl AliasKind {
    /// Whether it names the order itself, not something of it.
    pub fn is_of_order(self) -> bool {
        match self {
            Self::OrderId | Self::OrderNumber => true,
            Self::ParcelId | Self::TrackingNumber | Self::ReturnId | Self::Email => false,
        }
    }

    /// The name in stores and lists.
    pub fn name(self) -> &'static str {
        match self {
            Self::OrderId => "order_id",
            Self::OrderNumber => "order_number",
            Self::ParcelId => "parcel_id",
            Self::TrackingNumber => "tracking_number",
            Self::ReturnId => "return_id",
            Self::Email => "email",
        }
    }
}
