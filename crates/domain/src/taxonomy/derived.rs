//! The triggers that the relay derives itself: no source ever states them.

use super::Status;

/// What shows that a carrier has a parcel in hand.
const MOVING: &[Status] = &[
    Status::CarrierAccepted,
    Status::InTransit,
    Status::CustomsClearance,
    Status::DeliveryScheduled,
    Status::OutForDelivery,
    Status::DeliveryAttemptFailed,
    Status::Delayed,
    Status::Held,
    Status::Exception,
    Status::Damaged,
];

/// What shows that a parcel has left the warehouse.
const OUT: &[Status] = &[
    Status::Dispatched,
    Status::CarrierAccepted,
    Status::InTransit,
    Status::OutForDelivery,
    Status::DeliveryAttemptFailed,
    Status::ReadyForPickup,
    Status::Delivered,
    Status::Undeliverable,
    Status::Lost,
];

/// What an order or a parcel is first heard of with.
const KNOWN: &[Status] = &[
    Status::OrderPlaced,
    Status::FulfilmentStarted,
    Status::LabelCreated,
    Status::Dispatched,
    Status::CarrierAccepted,
    Status::InTransit,
    Status::DeliveryScheduled,
    Status::OutForDelivery,
];

/// A trigger that follows from what is, or is not, known of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Derived {
    /// `order_partially_dispatched`
    OrderPartiallyDispatched,
    /// `order_fully_dispatched`
    OrderFullyDispatched,
    /// `order_partially_delivered`
    OrderPartiallyDelivered,
    /// `order_fully_delivered`
    OrderFullyDelivered,
    /// `fulfilment_stalled`
    FulfilmentStalled,
    /// `carrier_pickup_stalled`
    CarrierPickupStalled,
    /// `shipment_stalled`
    ShipmentStalled,
    /// `presumed_lost`
    PresumedLost,
    /// `eta_changed`
    EtaChanged,
    /// `delivery_overdue`
    DeliveryOverdue,
    /// `delivery_expected_tomorrow`
    DeliveryExpectedTomorrow,
    /// `shipment_recovered`
    ShipmentRecovered,
    /// `pickup_reminder`
    PickupReminder,
    /// `pickup_expiring`
    PickupExpiring,
    /// `return_label_expiring`
    ReturnLabelExpiring,
    /// `return_stalled`
    ReturnStalled,
}

/// One row of the table.
#[derive(Debug)]
pub struct DerivedRow {
    /// The canonical name.
    pub name: &'static str,
    /// Whether it is sent unless switched off.
    pub on: bool,
    /// The default metric name in English.
    pub en: &'static str,
    /// The default metric name in German.
    pub de: &'static str,
}

#[rustfmt::skip]
static TABLE: &[DerivedRow] = &[
    DerivedRow { name: "order_partially_dispatched", on: false, en: "Order Partially Dispatched", de: "Bestellung teilweise versandt" },
    DerivedRow { name: "order_fully_dispatched", on: false, en: "Order Fully Dispatched", de: "Bestellung vollständig versandt" },
    DerivedRow { name: "order_partially_delivered", on: false, en: "Order Partially Delivered", de: "Bestellung teilweise zugestellt" },
    DerivedRow { name: "order_fully_delivered", on: true, en: "Order Fully Delivered", de: "Bestellung vollständig zugestellt" },
    DerivedRow { name: "fulfilment_stalled", on: false, en: "Fulfilment Stalled", de: "Versand verzögert sich" },
    DerivedRow { name: "carrier_pickup_stalled", on: false, en: "Carrier Pickup Stalled", de: "Übergabe an Versanddienst verzögert" },
    DerivedRow { name: "shipment_stalled", on: false, en: "Shipment Stalled", de: "Sendung ohne Bewegung" },
    DerivedRow { name: "presumed_lost", on: false, en: "Shipment Presumed Lost", de: "Sendung vermutlich verloren" },
    DerivedRow { name: "eta_changed", on: false, en: "Delivery Date Changed", de: "Liefertermin geändert" },
    DerivedRow { name: "delivery_overdue", on: false, en: "Delivery Overdue", de: "Zustellung überfällig" },
    DerivedRow { name: "delivery_expected_tomorrow", on: false, en: "Delivery Expected Tomorrow", de: "Zustellung morgen erwartet" },
    DerivedRow { name: "shipment_recovered", on: false, en: "Shipment Moving Again", de: "Sendung wieder unterwegs" },
    DerivedRow { name: "pickup_reminder", on: true, en: "Pickup Reminder", de: "Erinnerung: Paket abholen" },
    DerivedRow { name: "pickup_expiring", on: false, en: "Pickup Expiring", de: "Abholfrist läuft ab" },
    DerivedRow { name: "return_label_expiring", on: false, en: "Return Label Expiring", de: "Rücksendeetikett läuft ab" },
    DerivedRow { name: "return_stalled", on: false, en: "Return Stalled", de: "Retoure ohne Bewegung" },
];

impl Derived {
    /// All derived triggers, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::OrderPartiallyDispatched,
        Self::OrderFullyDispatched,
        Self::OrderPartiallyDelivered,
        Self::OrderFullyDelivered,
        Self::FulfilmentStalled,
        Self::CarrierPickupStalled,
        Self::ShipmentStalled,
        Self::PresumedLost,
        Self::EtaChanged,
        Self::DeliveryOverdue,
        Self::DeliveryExpectedTomorrow,
        Self::ShipmentRecovered,
        Self::PickupReminder,
        Self::PickupExpiring,
        Self::ReturnLabelExpiring,
        Self::ReturnStalled,
    ];

    /// From which statuses it can follow: without any of them it never does.
    pub fn follows_from(self) -> &'static [Status] {
        match self {
            Self::OrderPartiallyDispatched | Self::OrderFullyDispatched => OUT,
            Self::OrderPartiallyDelivered | Self::OrderFullyDelivered => &[Status::Delivered],
            Self::FulfilmentStalled => KNOWN,
            Self::CarrierPickupStalled => &[Status::LabelCreated, Status::Dispatched],
            Self::ShipmentStalled | Self::PresumedLost => MOVING,
            Self::EtaChanged | Self::DeliveryOverdue | Self::DeliveryExpectedTomorrow => KNOWN,
            Self::ShipmentRecovered => MOVING,
            Self::PickupReminder | Self::PickupExpiring => &[Status::ReadyForPickup],
            Self::ReturnLabelExpiring => &[Status::ReturnLabelCreated],
            Self::ReturnStalled => &[Status::ReturnInTransit],
        }
    }

    /// The row that describes this trigger.
    pub fn row(self) -> &'static DerivedRow {
        &TABLE[self as usize]
    }
}

impl serde::Serialize for Derived {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.row().name)
    }
}

impl<'de> serde::Deserialize<'de> for Derived {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let known = Self::ALL.iter().copied().find(|derived| derived.row().name == name);
        known.ok_or_else(|| {
            serde::de::Error::custom(format_args!("no derived trigger is named `{name}`"))
        })
    }
}
