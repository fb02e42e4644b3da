//! The canonical statuses, as one table: every rule about a status is read from its row.

/// What a source can say of an order, a parcel or a return.
///
/// The order of the variants is the order of the table, not of events; see [`Status::rank`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Status {
    /// `order_placed`
    OrderPlaced,
    /// `order_cancelled`
    OrderCancelled,
    /// `fulfilment_started`
    FulfilmentStarted,
    /// `fulfilment_on_hold`
    FulfilmentOnHold,
    /// `address_correction_required`
    AddressCorrectionRequired,
    /// `label_created`
    LabelCreated,
    /// `dispatched`
    Dispatched,
    /// `carrier_accepted`
    CarrierAccepted,
    /// `in_transit`
    InTransit,
    /// `customs_clearance`
    CustomsClearance,
    /// `delivery_scheduled`
    DeliveryScheduled,
    /// `out_for_delivery`
    OutForDelivery,
    /// `delivery_attempt_failed`
    DeliveryAttemptFailed,
    /// `ready_for_pickup`
    ReadyForPickup,
    /// `delivered`
    Delivered,
    /// `delayed`
    Delayed,
    /// `held`
    Held,
    /// `exception`
    Exception,
    /// `damaged`
    Damaged,
    /// `undeliverable`
    Undeliverable,
    /// `lost`
    Lost,
    /// `shipment_cancelled`
    ShipmentCancelled,
    /// `returning_to_sender`
    ReturningToSender,
    /// `returned_to_sender`
    ReturnedToSender,
    /// `return_requested`
    ReturnRequested,
    /// `return_label_created`
    ReturnLabelCreated,
    /// `return_in_transit`
    ReturnInTransit,
    /// `return_received`
    ReturnReceived,
    /// `return_refunded`
    ReturnRefunded,
    /// `unknown`: the source says nothing that means anything. Never sent.
    Unknown,
}

/// The part of a parcel's life that a status belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The order itself.
    Order,
    /// In the warehouse.
    Fulfilment,
    /// With the carrier.
    Transit,
    /// The last metres.
    Delivery,
    /// Something went wrong.
    Exception,
    /// On the way back.
    Return,
}

/// How a status moves its leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Moves the leg forward to this rank. Ranks are compared within a leg only.
    Step(u16),
    /// May occur any number of times; tells once per episode.
    Side,
    /// Says nothing.
    None,
}

/// On which leg a status stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Home {
    /// It concerns the order, before or beside any parcel.
    Order,
    /// Always this leg.
    Leg(Leg),
    /// Whichever leg the fact names.
    Any,
}

/// The three ways a parcel can go.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// To the customer.
    Forward,
    /// The carrier brings an undeliverable parcel back.
    Rts,
    /// The customer sends it back.
    Return,
}

/// One row of the table.
#[derive(Debug)]
pub struct StatusRow {
    /// The canonical name.
    pub name: &'static str,
    /// Its phase.
    pub phase: Phase,
    /// Its leg.
    pub home: Home,
    /// Its kind and rank.
    pub kind: Kind,
    /// Whether it closes its leg (for `order_cancelled`: the order).
    pub terminal: bool,
    /// Whether it is sent unless switched off.
    pub on: bool,
    /// The default metric name in English.
    pub en: &'static str,
    /// The default metric name in German.
    pub de: &'static str,
}

#[rustfmt::skip]
static TABLE: &[StatusRow] = &[
    StatusRow { name: "order_placed", phase: Phase::Order, home: Home::Order, kind: Kind::Step(100), terminal: false, on: false, en: "Order Placed", de: "Bestellung eingegangen" },
    StatusRow { name: "order_cancelled", phase: Phase::Order, home: Home::Order, kind: Kind::Side, terminal: true, on: false, en: "Order Cancelled", de: "Bestellung storniert" },
    StatusRow { name: "fulfilment_started", phase: Phase::Fulfilment, home: Home::Leg(Leg::Forward), kind: Kind::Step(200), terminal: false, on: false, en: "Fulfilment Started", de: "Bestellung in Bearbeitung" },
    StatusRow { name: "fulfilment_on_hold", phase: Phase::Fulfilment, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: false, on: false, en: "Fulfilment On Hold", de: "Bestellung angehalten" },
    StatusRow { name: "address_correction_required", phase: Phase::Fulfilment, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: false, on: true, en: "Address Correction Required", de: "Adresskorrektur erforderlich" },
    StatusRow { name: "label_created", phase: Phase::Fulfilment, home: Home::Leg(Leg::Forward), kind: Kind::Step(240), terminal: false, on: false, en: "Shipping Label Created", de: "Versandetikett erstellt" },
    StatusRow { name: "dispatched", phase: Phase::Fulfilment, home: Home::Leg(Leg::Forward), kind: Kind::Step(260), terminal: false, on: true, en: "Order Dispatched", de: "Bestellung wurde aus dem Lager versandt" },
    StatusRow { name: "carrier_accepted", phase: Phase::Transit, home: Home::Leg(Leg::Forward), kind: Kind::Step(300), terminal: false, on: false, en: "Shipment Accepted By Carrier", de: "Sendung vom Versanddienst übernommen" },
    StatusRow { name: "in_transit", phase: Phase::Transit, home: Home::Leg(Leg::Forward), kind: Kind::Step(320), terminal: false, on: true, en: "Shipment In Transit", de: "Bestellung ist unterwegs" },
    StatusRow { name: "customs_clearance", phase: Phase::Transit, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: false, on: false, en: "Shipment In Customs", de: "Sendung beim Zoll" },
    StatusRow { name: "delivery_scheduled", phase: Phase::Transit, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: false, on: false, en: "Delivery Scheduled", de: "Zustellung angekündigt" },
    StatusRow { name: "out_for_delivery", phase: Phase::Delivery, home: Home::Leg(Leg::Forward), kind: Kind::Step(400), terminal: false, on: true, en: "Out For Delivery", de: "Sendung wird heute zugestellt" },
    StatusRow { name: "delivery_attempt_failed", phase: Phase::Delivery, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: false, on: true, en: "Delivery Attempt Failed", de: "Zustellversuch fehlgeschlagen" },
    StatusRow { name: "ready_for_pickup", phase: Phase::Delivery, home: Home::Leg(Leg::Forward), kind: Kind::Step(440), terminal: false, on: true, en: "Ready For Pickup", de: "Paket wartet auf Abholung" },
    StatusRow { name: "delivered", phase: Phase::Delivery, home: Home::Leg(Leg::Forward), kind: Kind::Step(500), terminal: true, on: true, en: "Shipment Delivered", de: "Sendung wurde erfolgreich zugestellt" },
    StatusRow { name: "delayed", phase: Phase::Exception, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: false, on: true, en: "Shipment Delayed", de: "Sendung verspätet sich" },
    StatusRow { name: "held", phase: Phase::Exception, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: false, on: false, en: "Shipment Held", de: "Sendung wird zurückgehalten" },
    StatusRow { name: "exception", phase: Phase::Exception, home: Home::Any, kind: Kind::Side, terminal: false, on: false, en: "Shipment Exception", de: "Problem mit der Sendung" },
    StatusRow { name: "damaged", phase: Phase::Exception, home: Home::Any, kind: Kind::Side, terminal: false, on: false, en: "Shipment Damaged", de: "Sendung beschädigt" },
    StatusRow { name: "undeliverable", phase: Phase::Exception, home: Home::Leg(Leg::Forward), kind: Kind::Step(560), terminal: true, on: false, en: "Shipment Undeliverable", de: "Sendung unzustellbar" },
    StatusRow { name: "lost", phase: Phase::Exception, home: Home::Any, kind: Kind::Step(570), terminal: true, on: false, en: "Shipment Lost", de: "Sendung verloren" },
    StatusRow { name: "shipment_cancelled", phase: Phase::Exception, home: Home::Leg(Leg::Forward), kind: Kind::Side, terminal: true, on: false, en: "Shipment Cancelled", de: "Versand storniert" },
    StatusRow { name: "returning_to_sender", phase: Phase::Return, home: Home::Leg(Leg::Rts), kind: Kind::Step(600), terminal: false, on: false, en: "Returning To Sender", de: "Sendung geht zurück an den Absender" },
    StatusRow { name: "returned_to_sender", phase: Phase::Return, home: Home::Leg(Leg::Rts), kind: Kind::Step(640), terminal: true, on: false, en: "Returned To Sender", de: "Sendung zurück beim Absender" },
    StatusRow { name: "return_requested", phase: Phase::Return, home: Home::Leg(Leg::Return), kind: Kind::Step(700), terminal: false, on: false, en: "Return Requested", de: "Retoure angemeldet" },
    StatusRow { name: "return_label_created", phase: Phase::Return, home: Home::Leg(Leg::Return), kind: Kind::Step(720), terminal: false, on: true, en: "Return Label Created", de: "Rücksendeetikett erstellt" },
    StatusRow { name: "return_in_transit", phase: Phase::Return, home: Home::Leg(Leg::Return), kind: Kind::Step(740), terminal: false, on: false, en: "Return In Transit", de: "Retoure ist unterwegs" },
    StatusRow { name: "return_received", phase: Phase::Return, home: Home::Leg(Leg::Return), kind: Kind::Step(760), terminal: false, on: true, en: "Return Received", de: "Retoure ist im Lager eingegangen" },
    StatusRow { name: "return_refunded", phase: Phase::Return, home: Home::Leg(Leg::Return), kind: Kind::Step(800), terminal: true, on: false, en: "Return Refunded", de: "Retoure erstattet" },
    StatusRow { name: "unknown", phase: Phase::Exception, home: Home::Any, kind: Kind::None, terminal: false, on: false, en: "Unknown", de: "Unbekannt" },
];

impl Status {
    /// All statuses, in the order of the table.
    pub const ALL: &'static [Self] = &[
        Self::OrderPlaced,
        Self::OrderCancelled,
        Self::FulfilmentStarted,
        Self::FulfilmentOnHold,
        Self::AddressCorrectionRequired,
        Self::LabelCreated,
        Self::Dispatched,
        Self::CarrierAccepted,
        Self::InTransit,
        Self::CustomsClearance,
        Self::DeliveryScheduled,
        Self::OutForDelivery,
        Self::DeliveryAttemptFailed,
        Self::ReadyForPickup,
        Self::Delivered,
        Self::Delayed,
        Self::Held,
        Self::Exception,
        Self::Damaged,
        Self::Undeliverable,
        Self::Lost,
        Self::ShipmentCancelled,
        Self::ReturningToSender,
        Self::ReturnedToSender,
        Self::ReturnRequested,
        Self::ReturnLabelCreated,
        Self::ReturnInTransit,
        Self::ReturnReceived,
        Self::ReturnRefunded,
        Self::Unknown,
    ];

    /// The row that describes this status.
    pub fn row(self) -> &'static StatusRow {
        &TABLE[self as usize]
    }

    /// The canonical name.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// The status of this canonical name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.name() == name)
    }

    /// What the same scan means on another leg: a carrier says of every parcel that it is on its
    /// way and was delivered. That a return came is the warehouse's to say.
    pub fn on(self, leg: Leg) -> Self {
        use Status::{
            CarrierAccepted, CustomsClearance, Delayed, Delivered, DeliveryAttemptFailed,
            DeliveryScheduled, Dispatched, Held, InTransit, LabelCreated, OutForDelivery,
            ReadyForPickup, Undeliverable,
        };
        let is_moving = matches!(
            self,
            Dispatched
                | CarrierAccepted
                | InTransit
                | CustomsClearance
                | DeliveryScheduled
                | OutForDelivery
                | ReadyForPickup
        );
        let is_trouble = matches!(self, Delayed | Held | DeliveryAttemptFailed | Undeliverable);
        match leg {
            Leg::Rts | Leg::Return if is_trouble => Self::Exception,
            Leg::Rts if is_moving || self == LabelCreated => Self::ReturningToSender,
            Leg::Rts if self == Delivered => Self::ReturnedToSender,
            Leg::Return if self == LabelCreated => Self::ReturnLabelCreated,
            Leg::Return if is_moving || self == Delivered => Self::ReturnInTransit,
            Leg::Forward | Leg::Rts | Leg::Return => self,
        }
    }

    /// The rank, for steps.
    pub fn rank(self) -> Option<u16> {
        if let Kind::Step(rank) = self.row().kind { Some(rank) } else { None }
    }
}

impl Phase {
    /// The name in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Fulfilment => "fulfilment",
            Self::Transit => "transit",
            Self::Delivery => "delivery",
            Self::Exception => "exception",
            Self::Return => "return",
        }
    }
}

impl Leg {
    /// All legs.
    pub const ALL: [Self; 3] = [Self::Forward, Self::Rts, Self::Return];

    /// The name in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Rts => "rts",
            Self::Return => "return",
        }
    }

    /// The leg of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|leg| leg.name() == name)
    }
}

impl serde::Serialize for Status {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Status {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&name)
            .ok_or_else(|| serde::de::Error::custom(format_args!("no status is named `{name}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_scan_means_another_thing_on_another_leg() {
        let cases = [
            (Status::InTransit, Status::ReturningToSender, Status::ReturnInTransit),
            (Status::Delivered, Status::ReturnedToSender, Status::ReturnInTransit),
            (Status::LabelCreated, Status::ReturningToSender, Status::ReturnLabelCreated),
            (Status::Delayed, Status::Exception, Status::Exception),
            (Status::Damaged, Status::Damaged, Status::Damaged),
            (Status::Lost, Status::Lost, Status::Lost),
            (Status::Unknown, Status::Unknown, Status::Unknown),
            (Status::ReturnReceived, Status::ReturnReceived, Status::ReturnReceived),
        ];
        for (status, rts, back) in cases {
            let on = |leg| status.on(leg);
            assert_eq!((on(Leg::Forward), on(Leg::Rts), on(Leg::Return)), (status, rts, back));
        }
        // Whatever the leg, what comes of it belongs there, or anywhere.
        for status in Status::ALL {
            for leg in [Leg::Rts, Leg::Return] {
                let home = status.on(leg).row().home;
                assert!(
                    matches!(home, Home::Any | Home::Order)
                        || home != Home::Leg(Leg::Forward)
                        || status.row().phase == Phase::Fulfilment
                        || *status == Status::ShipmentCancelled,
                    "{status:?} on {leg:?}"
                );
            }
        }
    }

    #[test]
    fn every_status_finds_its_own_row() {
        assert_eq!(Status::ALL.len(), TABLE.len());
        for status in Status::ALL {
            assert_eq!(Status::parse(status.name()), Some(*status));
        }
    }
}
