//! What follows for one parcel or return.

use super::{
    derived::{Life, OF_ORDER, ONE, TWO, at, said, with},
    *,
};
use crate::{Value, taxonomy::Derived};

#[test]
fn a_parcel_that_the_carrier_does_not_scan_is_told_of_once() {
    let mut life = Life::begin().without(&OF_ORDER);
    life.say("2026-11-23T12:00:00Z", Status::LabelCreated, &[ONE]);
    life.say("2026-11-24T12:00:00Z", Status::Dispatched, &[ONE]);
    life.wait("2027-02-01T00:00:00Z");
    assert_eq!(life.told(), ["carrier_pickup_stalled 11-30 13:00"], "four business days");
    life.say("2027-02-01T10:00:00Z", Status::InTransit, &[ONE]);
    assert_eq!(life.told()[1..], ["shipment_recovered 02-01 11:00"]);
    let mut life = Life::begin().without(&OF_ORDER);
    life.say("2026-11-24T12:00:00Z", Status::Dispatched, &[ONE]);
    life.say("2026-11-27T12:00:00Z", Status::CarrierAccepted, &[ONE]);
    life.wait("2026-12-02T00:00:00Z");
    assert!(life.told().is_empty());
}

#[test]
fn a_shipment_stalls_sooner_at_home_than_abroad_and_is_presumed_lost_later() {
    let told = |country: &str| {
        let mut life = Life::begin().without(&OF_ORDER);
        let to = ("destination_country", country);
        let moves = said("2026-11-24T12:00:00Z", Status::InTransit, &[ONE, to]);
        life.hear(moves, at("2026-11-24T12:00:00Z")).wait("2027-02-01T00:00:00Z");
        life.told()
    };
    let lost = "presumed_lost 12-08 13:00";
    assert_eq!(told("DE"), ["shipment_stalled 11-27 13:00", lost]);
    assert_eq!(told("US"), ["shipment_stalled 12-02 13:00", lost], "Thanksgiving does not count");
    assert_eq!(told("GB"), ["shipment_stalled 12-01 13:00", lost]);
}

#[test]
fn a_silence_is_told_once_and_the_next_one_again() {
    let mut life = Life::begin().without(&OF_ORDER).without(&[Derived::PresumedLost]);
    life.say("2026-11-24T12:00:00Z", Status::InTransit, &[ONE]);
    life.wait("2026-11-30T00:00:00Z");
    // Said before the mail, and heard of only now: the same silence.
    let late = said("2026-11-25T12:00:00Z", Status::InTransit, &[ONE]);
    life.hear(late, at("2026-11-30T09:00:00Z"));
    life.wait("2026-12-03T00:00:00Z");
    life.say("2026-12-03T12:00:00Z", Status::InTransit, &[ONE]);
    life.wait("2027-01-15T00:00:00Z");
    assert_eq!(
        life.told(),
        [
            "shipment_stalled 11-27 13:00",
            "shipment_recovered 11-30 10:00",
            "shipment_stalled 12-08 13:00",
        ]
    );
    let ids: Vec<_> = life.fired.iter().map(|(_, firing)| firing.occurrence).collect();
    assert_ne!(ids[0], ids[2]);
}

#[test]
fn nothing_stalls_while_it_is_known_why() {
    for status in [Status::Held, Status::Delayed, Status::CustomsClearance] {
        let mut life = Life::begin().without(&OF_ORDER);
        life.say("2026-11-23T12:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-11-25")]);
        life.say("2026-11-24T12:00:00Z", status, &[ONE]);
        life.wait("2027-01-15T00:00:00Z");
        let told = life.told();
        assert_eq!(told, ["delivery_expected_tomorrow 11-24 09:00"], "{status:?}");
        // With the next step the time begins anew.
        life.say("2027-01-15T12:00:00Z", Status::InTransit, &[ONE]);
        life.wait("2027-01-21T00:00:00Z");
        let told = life.told();
        let is_told = |wanted: &str| told.iter().any(|told| told == wanted);
        assert!(is_told("shipment_stalled 01-20 13:00") || is_told("delivery_overdue 01-15 13:00"));
        let recovered = is_told("shipment_recovered 01-15 13:00");
        assert_eq!(recovered, status != Status::CustomsClearance, "{status:?}: {told:?}");
    }
}

#[test]
fn what_waits_to_be_collected_or_is_at_its_end_does_not_stall() {
    for end in [Status::ReadyForPickup, Status::Delivered, Status::Undeliverable, Status::Lost] {
        let mut life = Life::begin();
        life.say("2026-11-23T12:00:00Z", Status::InTransit, &[ONE]);
        life.say("2026-11-24T12:00:00Z", end, &[ONE]);
        life.wait("2027-03-01T00:00:00Z");
        assert!(life.only(Derived::ShipmentStalled).is_empty(), "{end:?}");
        assert!(life.only(Derived::PresumedLost).is_empty(), "{end:?}");
    }
}

#[test]
fn a_moved_day_is_told_with_what_was_said_before() {
    let mut life = Life::begin().without(&OF_ORDER);
    life.say("2026-11-23T08:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-11-30")]);
    life.say("2026-11-24T08:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-11-30")]);
    life.say("2026-11-25T08:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-12-03")]);
    // Another hour is no other day.
    let hour = ("eta_until", "2026-12-03T18:00:00+01:00");
    life.say("2026-11-25T09:00:00Z", Status::InTransit, &[ONE, hour]);
    assert_eq!(life.told(), ["eta_changed 11-25 09:00"]);
    let view = life.view(Derived::EtaChanged);
    assert_eq!(view.get("eta_previous"), Some(&Value::text("2026-11-30")));
    assert_eq!(view.get("eta_delta_days"), Some(&Value::int(3)));
    life.say("2026-11-26T09:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-12-01")]);
    assert_eq!(life.view(Derived::EtaChanged).get("eta_delta_days"), Some(&Value::int(-2)));
    // The day that was told before is not told again, and neither is one of a parcel on tour.
    life.say("2026-11-26T10:00:00Z", Status::OutForDelivery, &[ONE, ("eta_until", "2026-11-26")]);
    assert_eq!(life.only(Derived::EtaChanged).len(), 2);
}

#[test]
fn what_another_source_expects_moves_no_day() {
    let mut life = Life::begin().without(&OF_ORDER);
    let shop =
        said("2026-11-23T08:00:00Z", Status::Dispatched, &[ONE, ("eta_until", "2026-11-27")]);
    life.hear(by(shop, "shop", Party::Shop), at("2026-11-23T08:00:00Z"));
    let carrier =
        said("2026-11-24T08:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-11-28")]);
    life.hear(by(carrier, "dhl", Party::Carrier), at("2026-11-24T08:00:00Z"));
    assert!(life.told().is_empty());
}

#[test]
fn a_delivery_is_overdue_a_day_after_the_last_day_on_which_somebody_delivers() {
    let told = |until: &str, end: Option<Status>| {
        let off = [Derived::ShipmentStalled, Derived::DeliveryExpectedTomorrow];
        let mut life = Life::begin().without(&OF_ORDER).without(&off);
        life.say("2026-11-24T12:00:00Z", Status::InTransit, &[ONE, ("eta_until", until)]);
        if let Some(end) = end {
            life.say("2026-11-26T12:00:00Z", end, &[ONE]);
        }
        life.wait("2026-12-04T00:00:00Z");
        life.only(Derived::DeliveryOverdue)
    };
    assert_eq!(told("2026-11-26", None), ["delivery_overdue 11-28 00:00"]);
    assert_eq!(told("2026-11-26T18:00:00+01:00", None), ["delivery_overdue 11-27 18:00"]);
    assert_eq!(told("2026-11-29", None), ["delivery_overdue 12-02 00:00"], "a Sunday means Monday");
    assert!(told("2026-11-26", Some(Status::Delivered)).is_empty());
    assert!(told("2026-11-26", Some(Status::ReadyForPickup)).is_empty());
    // Whoever was told that it stands still needs no second mail on the same silence.
    let mut life = Life::begin().without(&OF_ORDER);
    life.say("2026-11-24T12:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-11-27")]);
    life.wait("2026-12-04T00:00:00Z");
    let told = life.told();
    assert_eq!(told, ["delivery_expected_tomorrow 11-26 09:00", "shipment_stalled 11-27 13:00"]);
}

#[test]
fn what_the_shop_promised_counts_where_no_carrier_says_otherwise() {
    let mut life = Life::begin().without(&OF_ORDER).without(&[Derived::CarrierPickupStalled]);
    let promised = ("promised_until", "2026-11-26");
    life.say("2026-11-23T08:00:00Z", Status::OrderPlaced, &[promised]);
    life.say("2026-11-24T08:00:00Z", Status::Dispatched, &[ONE]);
    life.wait("2026-12-04T00:00:00Z");
    assert_eq!(life.told(), ["delivery_overdue 11-28 00:00"]);
    assert_eq!(life.view(Derived::DeliveryOverdue).get("days_late"), Some(&Value::int(2)));
}

#[test]
fn a_delivery_is_announced_in_the_morning_before_by_the_customers_clock() {
    let told = |heard: &str, zone: Option<&str>, country: &str| {
        let mut life = Life::begin().without(&OF_ORDER);
        let mut fields = vec![ONE, ("eta_until", "2026-11-26"), ("destination_country", country)];
        fields.extend(zone.map(|zone| ("timezone", zone)));
        let moves = said(heard, Status::InTransit, &fields);
        life.hear(moves, at(heard)).wait("2026-11-26T12:00:00Z");
        life.only(Derived::DeliveryExpectedTomorrow)
    };
    assert_eq!(
        told("2026-11-23T08:00:00Z", None, "DE"),
        ["delivery_expected_tomorrow 11-25 09:00"]
    );
    assert_eq!(
        told("2026-11-23T08:00:00Z", None, "GB"),
        ["delivery_expected_tomorrow 11-25 10:00"]
    );
    let tokyo = told("2026-11-23T08:00:00Z", Some("Asia/Tokyo"), "JP");
    assert_eq!(tokyo, ["delivery_expected_tomorrow 11-25 01:00"]);
    assert_eq!(
        told("2026-11-25T15:00:00Z", None, "DE"),
        ["delivery_expected_tomorrow 11-25 16:00"]
    );
    assert!(told("2026-11-26T08:00:00Z", None, "DE").is_empty(), "it is expected today");
}

#[test]
fn a_day_that_moved_to_tomorrow_is_told_once() {
    let mut life = Life::begin().without(&OF_ORDER);
    life.say("2026-11-23T08:00:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-11-27")]);
    life.say("2026-11-24T08:30:00Z", Status::InTransit, &[ONE, ("eta_until", "2026-11-25")]);
    life.wait("2026-11-25T12:00:00Z");
    assert_eq!(life.told(), ["eta_changed 11-24 09:30"]);
}

#[test]
fn it_moves_again_only_after_somebody_was_told_that_it_does_not() {
    let told = |is_told: bool, next: Status| {
        let mut life = Life::begin().without(&OF_ORDER);
        if !is_told {
            life.rules = life.rules.with(Status::Delayed, |rules| rules.on = false);
        }
        life.say("2026-11-23T08:00:00Z", Status::InTransit, &[ONE]);
        life.say("2026-11-23T12:00:00Z", Status::Delayed, &[ONE]);
        life.say("2026-11-24T08:00:00Z", next, &[ONE]);
        life.say("2026-11-24T09:00:00Z", next, &[ONE]);
        life.told()
    };
    assert_eq!(told(true, Status::InTransit), ["shipment_recovered 11-24 09:00"]);
    assert_eq!(told(true, Status::OutForDelivery), ["shipment_recovered 11-24 09:00"]);
    assert!(told(true, Status::Delivered).is_empty(), "that it came says more");
    assert!(told(false, Status::InTransit).is_empty(), "nobody knows that it stood still");
}

#[test]
fn a_parcel_at_the_packstation_is_remembered_after_three_days() {
    let told = |until: Option<&str>, collected: Option<&str>| {
        let mut life = Life::begin().without(&OF_ORDER);
        let mut ready = said("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
        if let Some(until) = until {
            let mut point = Map::new();
            point.set("pickup_until", Value::text(until));
            ready = with(ready, "pickup_point", Value::Map(point));
        }
        life.hear(ready, at("2026-11-23T12:00:00Z"));
        if let Some(collected) = collected {
            life.say(collected, Status::Delivered, &[ONE]);
        }
        life.wait("2027-01-10T00:00:00Z");
        life.told()
    };
    assert_eq!(told(None, None), ["pickup_reminder 11-26 13:00"]);
    assert!(told(None, Some("2026-11-26T11:59:00Z")).is_empty());
    assert_eq!(told(None, Some("2026-11-26T12:01:00Z")), ["pickup_reminder 11-26 13:00"]);
    assert_eq!(
        told(Some("2026-11-30"), None),
        ["pickup_reminder 11-26 13:00", "pickup_expiring 11-29 00:00"]
    );
    // Both at once: the one that says more.
    assert_eq!(told(Some("2026-11-27"), None), ["pickup_expiring 11-26 00:00"]);
    assert!(told(Some("2026-11-24T11:00:00Z"), None).is_empty(), "it was told a day before");
}

#[test]
fn a_second_way_to_the_pickup_point_is_remembered_again() {
    let mut life = Life::begin().without(&OF_ORDER);
    life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    life.wait("2026-11-27T00:00:00Z");
    let tour = said("2026-11-27T08:00:00Z", Status::OutForDelivery, &[ONE]);
    life.hear(with(tour, "redirected", Value::Bool(true)), at("2026-11-27T08:00:00Z"));
    life.say("2026-11-27T18:00:00Z", Status::ReadyForPickup, &[ONE]);
    life.wait("2027-01-10T00:00:00Z");
    assert_eq!(life.told(), ["pickup_reminder 11-26 13:00", "pickup_reminder 11-30 19:00"]);
}

#[test]
fn the_same_last_day_is_told_once_on_whatever_way() {
    let mut life = Life::begin().without(&OF_ORDER).without(&[Derived::PickupReminder]);
    let mut point = Map::new();
    point.set("pickup_until", Value::text("2026-11-30"));
    for (tour, there) in [
        ("2026-11-23T08:00:00Z", "2026-11-23T12:00:00Z"),
        ("2026-11-29T08:00:00Z", "2026-11-29T09:00:00Z"),
    ] {
        let tour_of = said(tour, Status::OutForDelivery, &[ONE]);
        life.hear(with(tour_of, "redirected", Value::Bool(true)), at(tour));
        let ready = said(there, Status::ReadyForPickup, &[ONE]);
        life.hear(with(ready, "pickup_point", Value::Map(point.clone())), at(there));
    }
    life.wait("2027-01-10T00:00:00Z");
    assert_eq!(life.told(), ["pickup_expiring 11-29 00:00"]);
}

#[test]
fn a_return_label_expires_and_a_return_stalls() {
    let mut life = Life::begin();
    let label = [("return_id", "R1"), ("return_by", "2026-12-20")];
    life.say("2026-11-23T12:00:00Z", Status::ReturnLabelCreated, &label);
    life.wait("2026-12-18T08:00:00Z");
    assert_eq!(life.told(), ["return_label_expiring 12-18 00:00"]);
    life.say("2026-12-18T08:00:00Z", Status::ReturnInTransit, &[("return_id", "R1")]);
    life.wait("2027-02-01T00:00:00Z");
    assert_eq!(life.told()[1..], ["return_stalled 12-28 09:00"], "Christmas does not count");
    let mut life = Life::begin();
    life.say("2026-11-23T12:00:00Z", Status::ReturnLabelCreated, &label);
    life.say("2026-11-25T12:00:00Z", Status::ReturnInTransit, &[("return_id", "R1")]);
    life.say("2026-11-27T12:00:00Z", Status::ReturnReceived, &[("return_id", "R1")]);
    life.wait("2027-02-01T00:00:00Z");
    assert!(life.told().is_empty());
}

#[test]
fn what_holds_no_longer_is_not_told_to_whoever_was_not_told_yet() {
    let mut life = Life::begin().without(&OF_ORDER);
    life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    life.wait("2026-11-26T12:30:00Z");
    let reminder = life.fired[0].1.occurrence;
    assert!(life.refuted.is_empty());
    life.say("2026-11-26T13:00:00Z", Status::Delivered, &[ONE]);
    assert_eq!(life.refuted, [reminder]);
}

#[test]
fn nobody_is_told_before_somebody_is_known() {
    let mut life = Life::begin();
    let mut ready = said("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    ready.event.fields.remove("email");
    life.hear(ready, at("2026-11-23T12:00:00Z"));
    assert_eq!(life.order.next, None);
    life.say("2026-11-24T12:00:00Z", Status::OrderPlaced, &[]);
    life.wait("2026-11-27T00:00:00Z");
    assert_eq!(life.only(Derived::PickupReminder), ["pickup_reminder 11-26 13:00"]);
}

#[test]
fn ids_stay_when_another_name_of_the_parcel_is_learned() {
    let told = |is_linked: bool| {
        let mut life = Life::begin().without(&OF_ORDER);
        life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
        if is_linked {
            life.say("2026-11-24T12:00:00Z", Status::ReadyForPickup, &[ONE, ("parcel_id", "F1")]);
            life.say("2026-11-25T12:00:00Z", Status::InTransit, &[("parcel_id", "F1")]);
        }
        life.wait("2026-11-30T00:00:00Z");
        life.fired.iter().map(|(_, firing)| firing.occurrence).collect::<Vec<_>>()
    };
    assert_eq!(told(false).len(), 1);
    assert_eq!(told(false), told(true));
}

#[test]
fn once_for_the_order_is_once_for_all_its_parcels() {
    let mut life = Life::begin().without(&OF_ORDER);
    let rules = life.rules.triggers.get_mut(&Trigger::Derived(Derived::PickupReminder));
    rules.expect("a trigger").once_per = OncePer::Order;
    life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    life.say("2026-11-23T13:00:00Z", Status::ReadyForPickup, &[TWO]);
    life.wait("2026-12-10T00:00:00Z");
    assert_eq!(life.told(), ["pickup_reminder 11-26 13:00"]);
}
