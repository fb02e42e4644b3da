//! What follows from facts and from their absence, story by story.

use super::*;
use crate::{
    Value,
    calendar::Place,
    derived::{After, Wait},
    taxonomy::Derived,
};

/// One order, looked after as the relay does: facts when they come, and waking on time.
pub(super) struct Life {
    pub(super) rules: Rules,
    pub(super) order: Order,
    /// What fired that no source stated: when, and what.
    pub(super) fired: Vec<(Timestamp, Firing)>,
    pub(super) refuted: Vec<OccurrenceId>,
    n: u128,
}

pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap_or_else(|_| panic!("{text} is a time"))
}

fn german() -> Seat {
    let zone = jiff::tz::TimeZone::get("Europe/Berlin").expect("a zone");
    Seat { zone, place: Some(Place::new("DE", None)) }
}

impl Life {
    pub(super) fn begin() -> Self {
        let rules = Rules { seat: german(), ..Rules::all_on() };
        let first = fact(1, 0, Status::Unknown, &[]);
        let order = Order::first_heard(&merchant(), &first);
        Self { rules, order, fired: Vec::new(), refuted: Vec::new(), n: 0 }
    }

    fn without(mut self, derived: &[Derived]) -> Self {
        for derived in derived {
            let rules = self.rules.triggers.get_mut(&Trigger::Derived(*derived));
            rules.expect("all are in it").on = false;
        }
        self
    }

    /// Something is said now, by the source of these tests, to a German address.
    fn say(&mut self, time: &str, status: Status, fields: &[(&str, &str)]) -> &mut Self {
        let of: Vec<(&str, &str)> =
            [("destination_country", "DE")].iter().chain(fields).copied().collect();
        self.hear(said(time, status, &of), at(time))
    }

    pub(super) fn hear(&mut self, mut told: Fact, now: Timestamp) -> &mut Self {
        self.until(now);
        self.n += 1;
        told.receipt = ReceiptId::from_bits(self.n);
        told.event.received_at = now;
        let policy = self.rules.policy();
        let rulings = self.order.apply(told, &policy, now);
        let firings = rulings.iter().flat_map(|ruling| &ruling.firings);
        for firing in firings.filter(|firing| firing.stopped.is_none()) {
            self.order.claim(firing, &klaviyo());
        }
        self.derive(now);
        self
    }

    pub(super) fn derive(&mut self, now: Timestamp) {
        let derivation = self.order.derive(&self.rules.policy(), now);
        assert!(derivation.postponed.is_empty(), "{derivation:?}");
        for firing in derivation.firings {
            assert!(self.order.claim(&firing, &klaviyo()), "it fires twice: {firing:?}");
            self.fired.push((now, firing));
        }
        self.refuted.extend(derivation.refuted);
    }

    /// Wakes on time until then.
    pub(super) fn until(&mut self, end: Timestamp) -> &mut Self {
        while let Some(now) = self.order.wake_at().filter(|now| *now <= end) {
            self.order.wake(&self.rules.policy(), now);
            self.derive(now);
            assert!(self.order.wake_at().is_none_or(|next| next > now), "it wakes in vain");
        }
        self
    }

    fn wait(&mut self, until: &str) -> &mut Self {
        self.until(at(until))
    }

    /// All that fired: `TRIGGER TIME`, in the shop's zone.
    fn told(&self) -> Vec<String> {
        let zone = &self.rules.seat.zone;
        let told = |(now, firing): &(Timestamp, Firing)| {
            let now = now.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string();
            format!("{} {now}", firing.trigger.name())
        };
        self.fired.iter().map(told).collect()
    }

    fn only(&self, derived: Derived) -> Vec<String> {
        let name = derived.row().name;
        self.told().into_iter().filter(|told| told.starts_with(name)).collect()
    }

    fn view(&self, derived: Derived) -> Map {
        let is_it =
            |(_, firing): &&(Timestamp, Firing)| firing.trigger == Trigger::Derived(derived);
        let (now, firing) = self.fired.iter().rfind(is_it).expect("it fired");
        self.order.view(firing, *now)
    }
}

/// A fact of an order that is known by these fields.
pub(super) fn said(time: &str, status: Status, fields: &[(&str, &str)]) -> Fact {
    let mut told = fact(1, 0, status, &[("order_number", "#1"), ANNA]);
    for (name, value) in fields {
        told.event.fields.set(*name, Value::text(*value));
    }
    told.event.occurred_at = Moment::utc(at(time));
    told.event.received_at = at(time);
    told
}

fn items(skus: &[&str]) -> Value {
    let item = |sku: &&str| {
        let mut item = Map::new();
        item.set("sku", Value::text(*sku));
        item.set("quantity", Value::int(1));
        Value::Map(item)
    };
    Value::List(skus.iter().map(item).collect())
}

fn with(mut told: Fact, name: &str, value: Value) -> Fact {
    told.event.fields.set(name, value);
    told
}

const ONE: (&str, &str) = ("tracking_number", "T1");
const TWO: (&str, &str) = ("tracking_number", "T2");

/// Only parcels, not the order they are of.
const OF_ORDER: [Derived; 4] = [
    Derived::OrderPartiallyDispatched,
    Derived::OrderFullyDispatched,
    Derived::OrderPartiallyDelivered,
    Derived::OrderFullyDelivered,
];

#[test]
fn an_order_of_two_parcels_is_told_as_it_goes() {
    let mut life = Life::begin();
    let placed = said("2026-11-23T08:00:00Z", Status::OrderPlaced, &[]);
    life.hear(with(placed, "order_items", items(&["A", "B"])), at("2026-11-23T08:00:00Z"));
    let first = said("2026-11-23T12:00:00Z", Status::Dispatched, &[ONE]);
    life.hear(with(first, "items", items(&["A"])), at("2026-11-23T12:00:00Z"));
    let second = said("2026-11-24T12:00:00Z", Status::Dispatched, &[TWO]);
    life.hear(with(second, "items", items(&["B"])), at("2026-11-24T12:00:00Z"));
    life.say("2026-11-25T10:00:00Z", Status::Delivered, &[ONE]);
    life.say("2026-11-26T10:00:00Z", Status::Delivered, &[TWO]);
    // Again, and by somebody else: nothing.
    life.say("2026-11-26T11:00:00Z", Status::Delivered, &[TWO]);
    assert_eq!(
        life.told(),
        [
            "order_partially_dispatched 11-23 13:00",
            "order_fully_dispatched 11-24 13:00",
            "order_partially_delivered 11-25 11:00",
            "order_fully_delivered 11-26 11:00",
        ]
    );
    let view = life.view(Derived::OrderFullyDelivered);
    assert_eq!(view.get("trigger"), Some(&Value::text("order_fully_delivered")));
    assert_eq!(view.get("items"), Some(&items(&["A", "B"])), "of an order all of it is told");
    assert_eq!(view.get("parcels_delivered"), Some(&Value::int(2)));
}

#[test]
fn one_parcel_with_all_there_is_is_never_partial() {
    let mut life = Life::begin();
    life.say("2026-11-23T08:00:00Z", Status::OrderPlaced, &[]);
    life.say("2026-11-23T12:00:00Z", Status::Dispatched, &[ONE]);
    life.say("2026-11-25T10:00:00Z", Status::Delivered, &[ONE]);
    life.wait("2027-03-01T00:00:00Z");
    assert_eq!(
        life.told(),
        ["order_fully_dispatched 11-23 13:00", "order_fully_delivered 11-25 11:00"]
    );
}

#[test]
fn an_order_is_delivered_once_no_parcel_is_under_way_and_one_came_whole() {
    let told = |second: &[(Status, &[(&str, &str)])]| {
        let mut life = Life::begin();
        life.say("2026-11-23T12:00:00Z", Status::Dispatched, &[ONE]);
        life.say("2026-11-23T12:00:00Z", Status::Dispatched, &[TWO]);
        life.say("2026-11-24T10:00:00Z", Status::Delivered, &[ONE]);
        for (status, fields) in second {
            let fields: Vec<(&str, &str)> = [TWO].iter().chain(*fields).copied().collect();
            life.say("2026-11-25T10:00:00Z", *status, &fields);
        }
        life.only(Derived::OrderFullyDelivered).len()
    };
    assert_eq!(told(&[]), 0, "one is under way");
    assert_eq!(told(&[(Status::Lost, &[])]), 1, "the other one is at its end");
    assert_eq!(told(&[(Status::ShipmentCancelled, &[])]), 1);
    assert_eq!(told(&[(Status::ReturningToSender, &[])]), 1, "it goes back");
    assert_eq!(told(&[(Status::OutForDelivery, &[])]), 0);
    assert_eq!(told(&[(Status::OrderCancelled, &[])]), 0, "nobody is asked for a review of that");
    // Nothing came.
    let mut life = Life::begin();
    life.say("2026-11-23T12:00:00Z", Status::Dispatched, &[ONE]);
    life.say("2026-11-24T10:00:00Z", Status::Lost, &[ONE]);
    assert!(life.only(Derived::OrderFullyDelivered).is_empty());
    // Only a part came, and then the rest.
    let mut life = Life::begin();
    life.say("2026-11-23T12:00:00Z", Status::Dispatched, &[ONE]);
    let part = said("2026-11-24T10:00:00Z", Status::Delivered, &[ONE]);
    life.hear(with(part, "partial", Value::Bool(true)), at("2026-11-24T10:00:00Z"));
    assert!(life.only(Derived::OrderFullyDelivered).is_empty());
    life.say("2026-11-25T10:00:00Z", Status::Delivered, &[ONE]);
    assert_eq!(life.only(Derived::OrderFullyDelivered).len(), 1);
}

#[test]
fn items_that_are_in_no_parcel_keep_an_order_open() {
    let mut life = Life::begin();
    let placed = said("2026-11-23T08:00:00Z", Status::OrderPlaced, &[]);
    life.hear(with(placed, "order_items", items(&["A", "B"])), at("2026-11-23T08:00:00Z"));
    let first = said("2026-11-23T12:00:00Z", Status::Dispatched, &[ONE]);
    life.hear(with(first, "items", items(&["A"])), at("2026-11-23T12:00:00Z"));
    life.say("2026-11-24T10:00:00Z", Status::Delivered, &[ONE]);
    assert!(life.only(Derived::OrderFullyDelivered).is_empty());
    assert_eq!(life.only(Derived::OrderPartiallyDelivered).len(), 1);
}

#[test]
fn fulfilment_stalls_after_business_days_without_a_parcel() {
    let from = |change: fn(&mut Life)| {
        // A Thursday noon in Berlin.
        let mut life = Life::begin();
        life.say("2026-11-26T11:00:00Z", Status::OrderPlaced, &[]);
        change(&mut life);
        life.wait("2027-02-01T00:00:00Z");
        life.only(Derived::FulfilmentStalled)
    };
    assert_eq!(from(|_| {}), ["fulfilment_stalled 12-01 12:00"], "Friday, Monday, Tuesday");
    let dispatched = |life: &mut Life| {
        life.say("2026-11-30T11:00:00Z", Status::Dispatched, &[ONE]);
    };
    assert!(from(dispatched).is_empty());
    let cancelled = |life: &mut Life| {
        life.say("2026-11-30T11:00:00Z", Status::OrderCancelled, &[]);
    };
    assert!(from(cancelled).is_empty());
    let asked = |life: &mut Life| {
        life.say("2026-11-30T11:00:00Z", Status::AddressCorrectionRequired, &[]);
    };
    assert!(from(asked).is_empty(), "it waits for the customer");
    let held = |life: &mut Life| {
        life.say("2026-11-30T11:00:00Z", Status::FulfilmentOnHold, &[]);
        life.say("2026-12-02T11:00:00Z", Status::FulfilmentStarted, &[]);
    };
    assert_eq!(
        from(held),
        ["fulfilment_stalled 12-02 12:00"],
        "the hold is over, and so is the time"
    );
    let slower = |life: &mut Life| {
        let after = After { domestic: Wait::BusinessDays(5), abroad: Wait::BusinessDays(9) };
        let of = Trigger::Derived(Derived::FulfilmentStalled);
        life.rules.triggers.get_mut(&of).expect("a trigger").after = Some(after);
        life.derive(at("2026-11-26T12:00:00Z"));
    };
    assert_eq!(from(slower), ["fulfilment_stalled 12-03 12:00"]);
}

#[test]
fn holidays_of_the_shop_and_of_the_destination_do_not_count() {
    let told = |seat: Option<&str>, country: &str| {
        let mut life = Life::begin();
        life.rules.seat.place = Some(Place::new("DE", seat));
        let to = ("destination_country", country);
        life.hear(
            said("2026-01-02T11:00:00Z", Status::OrderPlaced, &[to]),
            at("2026-01-02T11:00:00Z"),
        );
        life.wait("2026-02-01T00:00:00Z");
        life.only(Derived::FulfilmentStalled)
    };
    assert_eq!(told(None, "DE"), ["fulfilment_stalled 01-07 12:00"]);
    assert_eq!(told(Some("BY"), "DE"), ["fulfilment_stalled 01-08 12:00"], "Epiphany in Bavaria");
    assert_eq!(told(None, "AT"), ["fulfilment_stalled 01-08 12:00"], "and in Austria");
}

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
