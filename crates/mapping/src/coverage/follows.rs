//! From which statuses a derived trigger can follow: without any of them it never does.

use parcelwire_domain::taxonomy::{Derived, Status};

/// What shows that a parcel is on its way.
const MOVING: &[Status] = &[
    Status::CarrierAccepted,
    Status::InTransit,
    Status::OutForDelivery,
    Status::DeliveryAttemptFailed,
];

/// What shows that a parcel has left the warehouse.
const OUT: &[Status] =
    &[Status::Dispatched, Status::CarrierAccepted, Status::InTransit, Status::OutForDelivery];

pub(super) fn follows_from(derived: Derived) -> &'static [Status] {
    match derived {
        Derived::OrderPartiallyDispatched | Derived::OrderFullyDispatched => OUT,
        Derived::OrderPartiallyDelivered | Derived::OrderFullyDelivered => &[Status::Delivered],
        Derived::FulfilmentStalled => &[Status::OrderPlaced],
        Derived::CarrierPickupStalled => &[Status::LabelCreated, Status::Dispatched],
        Derived::ShipmentStalled | Derived::PresumedLost => MOVING,
        Derived::EtaChanged | Derived::DeliveryOverdue | Derived::DeliveryExpectedTomorrow => OUT,
        Derived::ShipmentRecovered => MOVING,
        Derived::PickupReminder | Derived::PickupExpiring => &[Status::ReadyForPickup],
        Derived::ReturnLabelExpiring => &[Status::ReturnLabelCreated],
        Derived::ReturnStalled => &[Status::ReturnInTransit],
    }
}
