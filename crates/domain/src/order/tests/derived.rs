//! What follows from facts and from their absence, story by story: of the order, and of all of it. What
//! follows for one parcel or return is in `derived_parcels.rs`.

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

    pub(super) fn without(mut self, derived: &[Derived]) -> Self {
        for derived in derived {
            let rules = self.rules.triggers.get_mut(&Trigger::Derived(*derived));
            rules.expect("all are in it").on = false;
        }
        self
    }

    /// Something is said now, by the source of these tests, to a German address.
    pub(super) fn say(&mut self, time: &str, status: Status, fields: &[(&str, &str)]) -> &mut Self {
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
        // Whatever is planned, the order wakes in time for it.
        let outlook = self.order.outlook(&self.rules.policy(), now);
        let planned = outlook.iter().filter(|it| it.stands == Stands::Planned && it.at > now);
        let first = planned.map(|it| it.at).min();
        assert!(
            first.is_none_or(|at| self.order.next.is_some_and(|next| next <= at)),
            "{outlook:?}"
        );
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

    pub(super) fn wait(&mut self, until: &str) -> &mut Self {
        self.until(at(until))
    }

    /// All that fired: `TRIGGER TIME`, in the shop's zone.
    pub(super) fn told(&self) -> Vec<String> {
        let zone = &self.rules.seat.zone;
        let told = |(now, firing): &(Timestamp, Firing)| {
            let now = now.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string();
            format!("{} {now}", firing.trigger.name())
        };
        self.fired.iter().map(told).collect()
    }

    pub(super) fn only(&self, derived: Derived) -> Vec<String> {
        let name = derived.row().name;
        self.told().into_iter().filter(|told| told.starts_with(name)).collect()
    }

    pub(super) fn view(&self, derived: Derived) -> Map {
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

pub(super) fn with(mut told: Fact, name: &str, value: Value) -> Fact {
    told.event.fields.set(name, value);
    told
}

pub(super) const ONE: (&str, &str) = ("tracking_number", "T1");
pub(super) const TWO: (&str, &str) = ("tracking_number", "T2");

/// Only parcels, not the order they are of.
pub(super) const OF_ORDER: [Derived; 4] = [
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
fn while_facts_wait_nothing_follows_from_absence_and_that_is_said_once() {
    let mut life = Life::begin();
    life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    let mut look = |time: &str, backlog: bool| {
        let Life { rules, order, .. } = &mut life;
        let hearing = Hearing { backlog, ..Hearing::default() };
        let derivation = order.derive(&Policy { hearing, ..rules.policy() }, at(time));
        let fired: Vec<&str> = derivation.firings.iter().map(|it| it.trigger.name()).collect();
        let waits: Vec<&str> = derivation.postponed.iter().map(|it| it.why.name()).collect();
        (fired.join(" "), waits.join(" "), order.wake_at())
    };
    let all = |fired: &str, waits: &str, next: Option<&str>| {
        (fired.to_owned(), waits.to_owned(), next.map(at))
    };
    let later = Some("2026-11-26T12:15:00Z");
    assert_eq!(look("2026-11-26T12:00:00Z", true), all("", "backlog", later));
    let later = Some("2026-11-26T12:30:00Z");
    assert_eq!(look("2026-11-26T12:15:00Z", true), all("", "", later), "it was said");
    assert_eq!(look("2026-11-26T12:30:00Z", false), all("pickup_reminder", "", None));
    // What follows from facts waits for nobody.
    let Life { rules, order, .. } = &mut life;
    let mut delivered = said("2026-11-26T13:00:00Z", Status::Delivered, &[ONE]);
    delivered.receipt = ReceiptId::from_bits(77);
    let hearing = Hearing { backlog: true, ..Hearing::default() };
    let policy = Policy { hearing, ..rules.policy() };
    drop(order.apply(delivered, &policy, at("2026-11-26T13:00:00Z")));
    let derivation = order.derive(&policy, at("2026-11-26T13:00:00Z"));
    let fired: Vec<&str> = derivation.firings.iter().map(|it| it.trigger.name()).collect();
    assert_eq!(fired, ["order_fully_delivered"]);
}

#[test]
fn nothing_follows_for_an_order_of_which_something_is_never_spoken() {
    let mut life = Life::begin();
    life.say("2026-11-23T12:00:00Z", Status::Dispatched, &[ONE]);
    life.say("2026-11-24T12:00:00Z", Status::Dispatched, &[TWO]);
    let told = life.told().len();
    let hushed = said("2026-11-25T12:00:00Z", Status::Undeliverable, &[TWO]);
    life.hear(reasoned(hushed, Reason::Deceased), at("2026-11-25T12:00:00Z"));
    life.say("2026-11-26T12:00:00Z", Status::Delivered, &[ONE]);
    life.wait("2027-02-01T00:00:00Z");
    assert_eq!(life.told().len(), told, "{:?}", life.told());
    // Whoever was not told yet is not told.
    assert_eq!(life.refuted.first(), life.fired.first().map(|(_, it)| &it.occurrence));
}
