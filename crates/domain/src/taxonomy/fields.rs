//! The fields of an event, as one table: what each is, where it is remembered, whom it names.

/// Where a field's value lives once a source has stated it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// With the customer, for all that follows.
    Recipient,
    /// With the order.
    Order,
    /// With the parcel.
    Parcel,
    /// With the return.
    Return,
    /// With this one fact only.
    Fact,
    /// Computed by the relay; no source states it.
    Computed,
    /// About the relay's own working.
    Relay,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldKind {
    /// A text.
    Text,
    /// An identifier: text, also where the source states a number.
    Id,
    /// RFC 3339 with offset, or a date.
    Time,
    /// `true` or `false`.
    Bool,
    /// A whole number.
    Int,
    /// A decimal amount, as text.
    Money,
    /// A list.
    List,
    /// A map.
    Map,
}

/// Whether a field names a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Privacy {
    /// It names a person, or opens something of theirs.
    Personal,
    /// It leads to a person together with other data.
    Linkable,
    /// It does not.
    None,
}

/// One row of the table.
#[derive(Debug)]
pub struct Field {
    /// The flat name.
    pub name: &'static str,
    /// Where it is remembered.
    pub level: Level,
    /// What it holds.
    pub kind: FieldKind,
    /// Whom it names.
    pub privacy: Privacy,
    /// Whether a source may state it.
    pub stated: bool,
    /// What it is, for reference pages.
    pub doc: &'static str,
}

/// The field of this name.
pub fn field(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}

/// All fields of an event.
#[rustfmt::skip]
pub static FIELDS: &[Field] = &[
    Field { name: "trigger", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "canonical status or derived trigger" },
    Field { name: "name", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "the trigger's name as the merchant chose it" },
    Field { name: "id", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "occurrence id: the same in every retry" },
    Field { name: "status", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "canonical status" },
    Field { name: "phase", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "phase of the status" },
    Field { name: "leg", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "forward, rts or return" },
    Field { name: "reason", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "why, from the closed list" },
    Field { name: "status_label", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "plain words in the recipient's language" },
    Field { name: "action_required_by", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "none, recipient, sender or carrier" },
    Field { name: "occurred_at", level: Level::Fact, kind: FieldKind::Time, privacy: Privacy::None, stated: true, doc: "when it happened at the source" },
    Field { name: "time_precision", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "second, minute, day or assumed_zone" },
    Field { name: "received_at", level: Level::Computed, kind: FieldKind::Time, privacy: Privacy::None, stated: false, doc: "when the relay heard of it" },
    Field { name: "late", level: Level::Computed, kind: FieldKind::Bool, privacy: Privacy::None, stated: false, doc: "too old, or behind a higher step" },
    Field { name: "backfill", level: Level::Computed, kind: FieldKind::Bool, privacy: Privacy::None, stated: false, doc: "to be recorded without starting anything" },
    Field { name: "attempt", level: Level::Fact, kind: FieldKind::Int, privacy: Privacy::None, stated: true, doc: "n-th delivery attempt" },
    Field { name: "merchant_id", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "whose it is" },
    Field { name: "shop_id", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "whose it is" },
    Field { name: "shop_name", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "whose it is" },
    Field { name: "email", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "e-mail address" },
    Field { name: "phone", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "telephone number, E.164" },
    Field { name: "external_id", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "the shop's id of the customer" },
    Field { name: "first_name", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "name of the recipient" },
    Field { name: "last_name", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "name of the recipient" },
    Field { name: "locale", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "BCP 47" },
    Field { name: "language", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "ISO 639" },
    Field { name: "timezone", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "IANA name" },
    Field { name: "marketing_consent", level: Level::Recipient, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "granted, denied or unknown" },
    Field { name: "existing_customer_notice", level: Level::Recipient, kind: FieldKind::Bool, privacy: Privacy::Linkable, stated: true, doc: "whether the notice of s. 7(3) UWG was given" },
    Field { name: "message_purpose", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "transactional or promotional" },
    Field { name: "order_id", level: Level::Order, kind: FieldKind::Id, privacy: Privacy::Linkable, stated: true, doc: "the source's id of the order" },
    Field { name: "order_number", level: Level::Order, kind: FieldKind::Id, privacy: Privacy::Linkable, stated: true, doc: "what the customer knows the order by" },
    Field { name: "ordered_at", level: Level::Order, kind: FieldKind::Time, privacy: Privacy::None, stated: true, doc: "when it was ordered" },
    Field { name: "order_status_url", level: Level::Order, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "the shop's page on the order; often carries a key" },
    Field { name: "order_value", level: Level::Order, kind: FieldKind::Money, privacy: Privacy::Linkable, stated: true, doc: "total of the order" },
    Field { name: "currency", level: Level::Order, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "ISO 4217" },
    Field { name: "destination_country", level: Level::Order, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "ISO 3166-1 alpha-2, never guessed" },
    Field { name: "shipping_address", level: Level::Order, kind: FieldKind::Map, privacy: Privacy::Personal, stated: true, doc: "off unless a mapping names it" },
    Field { name: "order_tags", level: Level::Order, kind: FieldKind::List, privacy: Privacy::Linkable, stated: true, doc: "tags of the order" },
    Field { name: "order_items", level: Level::Order, kind: FieldKind::List, privacy: Privacy::Linkable, stated: true, doc: "all items of the order" },
    Field { name: "items", level: Level::Parcel, kind: FieldKind::List, privacy: Privacy::Linkable, stated: true, doc: "items of this parcel" },
    Field { name: "items_pending", level: Level::Computed, kind: FieldKind::List, privacy: Privacy::Linkable, stated: false, doc: "not shipped yet" },
    Field { name: "parcel_id", level: Level::Parcel, kind: FieldKind::Id, privacy: Privacy::Linkable, stated: true, doc: "the source's id of the parcel (a fulfilment's id), else our own" },
    Field { name: "carrier", level: Level::Parcel, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "who brings it" },
    Field { name: "carrier_name", level: Level::Parcel, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "who brings it" },
    Field { name: "service_level", level: Level::Parcel, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "who brings it" },
    Field { name: "tracking_number", level: Level::Parcel, kind: FieldKind::Id, privacy: Privacy::Linkable, stated: true, doc: "tracking number" },
    Field { name: "tracking_numbers", level: Level::Parcel, kind: FieldKind::List, privacy: Privacy::Linkable, stated: true, doc: "all tracking numbers of the parcel" },
    Field { name: "tracking_url", level: Level::Parcel, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "where to follow it" },
    Field { name: "parcel_index", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "split shipments" },
    Field { name: "parcel_count", level: Level::Order, kind: FieldKind::Int, privacy: Privacy::None, stated: true, doc: "how many parcels the order has: what a source states counts, where fewer are known" },
    Field { name: "parcels_delivered", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "split shipments" },
    Field { name: "parcels_open", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "split shipments" },
    Field { name: "other_parcels", level: Level::Computed, kind: FieldKind::List, privacy: Privacy::Linkable, stated: false, doc: "the other parcels of the order" },
    Field { name: "is_last_parcel", level: Level::Computed, kind: FieldKind::Bool, privacy: Privacy::None, stated: false, doc: "whether no other parcel is open" },
    Field { name: "eta_from", level: Level::Parcel, kind: FieldKind::Time, privacy: Privacy::None, stated: true, doc: "when it is expected" },
    Field { name: "eta_until", level: Level::Parcel, kind: FieldKind::Time, privacy: Privacy::None, stated: true, doc: "when it is expected" },
    Field { name: "eta_previous", level: Level::Computed, kind: FieldKind::Time, privacy: Privacy::None, stated: false, doc: "what was expected before" },
    Field { name: "eta_delta_days", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "by how many days the date moved" },
    Field { name: "promised_from", level: Level::Order, kind: FieldKind::Time, privacy: Privacy::None, stated: true, doc: "what the shop promised" },
    Field { name: "promised_until", level: Level::Order, kind: FieldKind::Time, privacy: Privacy::None, stated: true, doc: "what the shop promised" },
    Field { name: "days_in_transit", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "computed" },
    Field { name: "business_days_since_dispatch", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "computed" },
    Field { name: "hours_since_last_scan", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "computed" },
    Field { name: "days_late", level: Level::Computed, kind: FieldKind::Int, privacy: Privacy::None, stated: false, doc: "computed" },
    Field { name: "delivered_to", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "recipient, household, neighbour, safe_place, letterbox, locker, pickup_point, reception, store or other" },
    Field { name: "collected", level: Level::Fact, kind: FieldKind::Bool, privacy: Privacy::None, stated: true, doc: "how it happened" },
    Field { name: "partial", level: Level::Fact, kind: FieldKind::Bool, privacy: Privacy::None, stated: true, doc: "how it happened" },
    Field { name: "final_attempt", level: Level::Fact, kind: FieldKind::Bool, privacy: Privacy::None, stated: true, doc: "how it happened" },
    Field { name: "customs_cleared", level: Level::Fact, kind: FieldKind::Bool, privacy: Privacy::None, stated: true, doc: "how it happened" },
    Field { name: "redirected", level: Level::Fact, kind: FieldKind::Bool, privacy: Privacy::None, stated: true, doc: "how it happened" },
    Field { name: "delivered_to_name", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "dropped unless a mapping names it" },
    Field { name: "location", level: Level::Fact, kind: FieldKind::Map, privacy: Privacy::Linkable, stated: true, doc: "city and country of the scan" },
    Field { name: "pickup_point", level: Level::Parcel, kind: FieldKind::Map, privacy: Privacy::Linkable, stated: true, doc: "type, name, street, postal_code, city, country, opening_hours, pickup_until, code_required" },
    Field { name: "return_id", level: Level::Return, kind: FieldKind::Id, privacy: Privacy::Linkable, stated: true, doc: "the source's id of the return" },
    Field { name: "return_type", level: Level::Return, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "kind of return; label, qr_code or instructions" },
    Field { name: "return_document", level: Level::Return, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "kind of return; label, qr_code or instructions" },
    Field { name: "return_label_url", level: Level::Return, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "often carry a key" },
    Field { name: "return_status_url", level: Level::Return, kind: FieldKind::Text, privacy: Privacy::Personal, stated: true, doc: "often carry a key" },
    Field { name: "return_reasons", level: Level::Return, kind: FieldKind::List, privacy: Privacy::Linkable, stated: true, doc: "why it comes back" },
    Field { name: "return_by", level: Level::Return, kind: FieldKind::Time, privacy: Privacy::None, stated: true, doc: "until when it can be sent back" },
    Field { name: "items_received", level: Level::Return, kind: FieldKind::List, privacy: Privacy::Linkable, stated: true, doc: "what arrived back" },
    Field { name: "refund_id", level: Level::Fact, kind: FieldKind::Id, privacy: Privacy::Linkable, stated: true, doc: "the source's id of the refund" },
    Field { name: "refund_amount", level: Level::Fact, kind: FieldKind::Money, privacy: Privacy::Linkable, stated: true, doc: "amount of the refund" },
    Field { name: "refund_currency", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "ISO 4217" },
    Field { name: "raw_source", level: Level::Computed, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "the source that said it" },
    Field { name: "raw_code", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::None, stated: true, doc: "the source's own code, as received" },
    Field { name: "raw_text", level: Level::Fact, kind: FieldKind::Text, privacy: Privacy::Linkable, stated: true, doc: "the source's own words; not sent unless mapped" },
    Field { name: "mapping", level: Level::Relay, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "for \"why was this sent\"" },
    Field { name: "mapping_version", level: Level::Relay, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "of the rule files in force" },
    Field { name: "rule", level: Level::Relay, kind: FieldKind::Text, privacy: Privacy::None, stated: false, doc: "for \"why was this sent\"" },
];
