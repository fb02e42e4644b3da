//! What was before the relay was connected teaches, and is never told; what happens after is, once.

use proptest::prelude::*;

use super::{
    derived::{Life, at, said},
    *,
};
use crate::taxonomy::Derived;

const DAY: i64 = 24 * 60;

fn old(status: Status, day: i64) -> Fact {
    imported(fact(1, -day * DAY, status, &ONE), 0)
}

#[test]
fn a_delivery_after_an_import_finds_its_recipient_and_is_told_once() {
    let rules = Rules::all_on();
    let mut taught = old(Status::InTransit, 1);
    taught.event.source = SourceName::parse("file").expect("a name");
    // Another source that knows only the parcel.
    let came = fact(2, 10, Status::Delivered, &[("tracking_number", "T1")]);
    let again =
        by(fact(3, 20, Status::Delivered, &[("tracking_number", "T1")]), "dhl", Party::Carrier);
    let told = tell(&rules, &[taught, came, again]);
    assert_eq!(told.sent(), ["delivered"]);
    assert_eq!(told.standings(), [Standing::New, Standing::New, Standing::Repeated]);
}

#[test]
fn what_an_import_said_is_told_by_nobody_later() {
    let rules = Rules::all_on();
    let taught = [Status::OrderPlaced, Status::Dispatched, Status::InTransit, Status::Delayed];
    for status in taught {
        // Said at another time, by another source, in the same run.
        let again = by(fact(2, 5, status, &ONE), "dhl", Party::Carrier);
        let told = tell(&rules, &[old(status, 2), again]);
        assert!(told.sent.is_empty(), "{status:?}");
    }
}

#[test]
fn a_trigger_that_was_off_when_the_import_came_tells_nothing_of_it_when_it_is_on() {
    for status in [Status::OrderPlaced, Status::InTransit] {
        let off = Rules::all_on().with(status, |rules| rules.on = false);
        let mut told = tell(&off, &[old(status, 1)]);
        told.hear(&Rules::all_on(), &by(fact(2, 5, status, &ONE), "dhl", Party::Carrier));
        assert!(told.sent.is_empty(), "{status:?}");
    }
}

#[test]
fn what_waits_for_a_recipient_is_news_although_an_import_brings_it() {
    let rules = Rules::all_on();
    let parked = fact(1, 0, Status::InTransit, &[("tracking_number", "T1")]);
    // The import knows the same, with the same words, and whose it is.
    let taught = imported(fact(2, 0, Status::InTransit, &ONE), 30);
    let mut told = tell(&rules, &[parked.clone(), taught.clone()]);
    assert_eq!(told.sent(), ["in_transit"]);
    assert!(told.order.parked_receipts().is_empty());
    let made_by = |rulings: Vec<Ruling>| -> Vec<u128> {
        let speaks = |ruling: &Ruling| ruling.firings.iter().any(|it| it.stopped.is_none());
        rulings.iter().filter(|it| speaks(it)).map(|it| it.receipt.bits()).collect()
    };
    let first = Order::first_heard(&merchant(), &parked);
    let mut order = first;
    assert!(made_by(order.apply(parked, &rules.policy(), minute(0))).is_empty());
    assert_eq!(made_by(order.apply(taught, &rules.policy(), minute(30))), [1]);
    told.hear(&rules, &fact(3, 40, Status::InTransit, &ONE));
    assert_eq!(told.sent().len(), 1);
}

#[test]
fn an_imported_fact_without_a_recipient_waits_for_nobody() {
    let rules = Rules::all_on();
    let taught = imported(fact(1, -DAY, Status::InTransit, &[("tracking_number", "T1")]), 0);
    let told = tell(&rules, &[taught, fact(2, 5, Status::OutForDelivery, &ONE)]);
    assert_eq!(told.sent(), ["out_for_delivery"]);
    assert!(told.order.parked_receipts().is_empty());
}

#[test]
fn another_run_after_an_import_is_news() {
    let rules = Rules::all_on();
    let facts = [
        old(Status::OutForDelivery, 1),
        imported(fact(2, -DAY + 60, Status::DeliveryAttemptFailed, &ONE), 0),
        fact(3, 30, Status::OutForDelivery, &ONE),
        fact(4, 60, Status::DeliveryAttemptFailed, &ONE),
    ];
    assert_eq!(tell(&rules, &facts).sent(), ["out_for_delivery", "delivery_attempt_failed"]);
}

impl Life {
    /// What an import says at `now`, of a time before.
    fn import(
        &mut self,
        now: &str,
        time: &str,
        status: Status,
        fields: &[(&str, &str)],
    ) -> &mut Self {
        let of: Vec<(&str, &str)> =
            [("destination_country", "DE")].iter().chain(fields).copied().collect();
        let mut told = said(time, status, &of);
        told.event.imported = true;
        self.hear(told, at(now))
    }
}

const T1: (&str, &str) = ("tracking_number", "T1");
const T2: (&str, &str) = ("tracking_number", "T2");
const NOW: &str = "2026-11-23T08:00:00Z";

#[test]
fn an_order_that_was_complete_is_never_told_to_be() {
    let mut life = Life::begin();
    life.import(NOW, "2026-11-20T08:00:00Z", Status::Delivered, &[T1]);
    // A carrier that states an earlier time.
    let again = by(said("2026-11-20T07:30:00Z", Status::Delivered, &[T1]), "dhl", Party::Carrier);
    life.hear(again, at("2026-11-23T09:00:00Z"));
    life.wait("2027-01-23T08:00:00Z");
    assert!(life.told().is_empty(), "{:?}", life.told());
}

#[test]
fn the_last_parcel_of_an_imported_order_completes_it_in_whatever_order_the_rows_came() {
    let rows = [(Status::Delivered, T1), (Status::InTransit, T2)];
    for rows in [[rows[0], rows[1]], [rows[1], rows[0]]] {
        let mut life = Life::begin();
        for (status, name) in rows {
            life.import(NOW, "2026-11-20T08:00:00Z", status, &[name]);
        }
        life.say("2026-11-23T12:00:00Z", Status::Delivered, &[T2]);
        assert_eq!(life.told(), ["order_fully_delivered 11-23 13:00"]);
    }
}

#[test]
fn a_reminder_that_is_due_later_comes_and_one_that_was_due_does_not() {
    let mut life = Life::begin();
    life.import(NOW, "2026-11-21T08:00:00Z", Status::ReadyForPickup, &[T1]);
    life.import(NOW, "2026-11-13T08:00:00Z", Status::ReadyForPickup, &[T2]);
    life.wait("2027-01-23T08:00:00Z");
    assert_eq!(life.told(), ["pickup_reminder 11-24 09:00"]);
    assert_eq!(life.fired[0].1.subject, {
        let known = fact(1, 0, Status::ReadyForPickup, &[T1]);
        let mut alone = Order::first_heard(&merchant(), &known);
        alone.apply(known, &life.rules.policy(), minute(0))[0].subject
    });
}

#[test]
fn a_silence_from_before_is_told_by_nobody_and_one_that_had_begun_counts_from_the_import() {
    let mut life = Life::begin();
    // Stalled for long, and presumed lost in a week: of both nobody can know what came meanwhile.
    life.import(NOW, "2026-11-16T08:00:00Z", Status::InTransit, &[T1]);
    life.wait("2027-01-23T08:00:00Z");
    assert_eq!(life.told(), ["presumed_lost 12-07 09:00"]);
    let mut life = Life::begin().without(&[Derived::PresumedLost]);
    life.import(NOW, "2026-11-20T12:00:00Z", Status::InTransit, &[T1]);
    life.wait("2027-01-23T08:00:00Z");
    // Three business days after the Monday of the import.
    assert_eq!(life.told(), ["shipment_stalled 11-26 09:00"]);
    let told = life.fired[0].1.fields.get("hours_since_last_scan").cloned();
    assert_eq!(told, Some(crate::Value::int(140)), "since its last scan, not since the import");
}

#[test]
fn what_moves_again_after_an_import_had_stalled_for_nobody() {
    let mut life = Life::begin().without(&[Derived::PresumedLost]);
    life.import(NOW, "2026-11-10T08:00:00Z", Status::InTransit, &[T1]);
    life.say("2026-11-23T12:00:00Z", Status::OutForDelivery, &[T1]);
    assert!(life.told().is_empty(), "{:?}", life.told());
    // It stands still once more: that is news.
    life.wait("2026-12-23T08:00:00Z");
    assert_eq!(life.only(Derived::ShipmentStalled), ["shipment_stalled 11-26 13:00"]);
}

#[test]
fn a_rule_that_is_switched_on_later_tells_nothing_of_the_import() {
    let all = [Derived::OrderFullyDelivered, Derived::OrderFullyDispatched];
    let mut life = Life::begin().without(&all);
    life.import(NOW, "2026-11-20T08:00:00Z", Status::Delivered, &[T1]);
    life.rules = Rules { seat: life.rules.seat.clone(), ..Rules::all_on() };
    let again = by(said("2026-11-20T07:30:00Z", Status::Delivered, &[T1]), "dhl", Party::Carrier);
    life.hear(again, at("2026-11-23T09:00:00Z"));
    assert!(life.told().is_empty(), "{:?}", life.told());
}

const STATUSES: [Status; 10] = [
    Status::OrderPlaced,
    Status::Dispatched,
    Status::InTransit,
    Status::Delayed,
    Status::OutForDelivery,
    Status::DeliveryAttemptFailed,
    Status::ReadyForPickup,
    Status::Delivered,
    Status::ReturnLabelCreated,
    Status::ReturnInTransit,
];

/// A row of an import, of one of two parcels, and of the twenty days before.
fn any_row() -> impl Strategy<Value = Fact> {
    let parts = (0..STATUSES.len(), 0..480_i64, 1..3_u8, any::<bool>(), 0..5_u8);
    parts.prop_map(|(status, hours, of, is_known, special)| {
        let status = STATUSES[status];
        let number = format!("T{of}");
        let is_return = status.row().home == Home::Leg(Leg::Return);
        let name = if is_return { "return_id" } else { "tracking_number" };
        let mut fields = vec![("order_number", "#1"), ("destination_country", "DE")];
        if status.row().home != Home::Order {
            fields.push((name, number.as_str()));
        }
        if is_known {
            fields.push(ANNA);
        }
        let mut told = imported(fact(1, -hours * 60, status, &fields), 0);
        if special == 0 {
            let later = crate::Value::text("2026-11-20");
            told.event.fields.set("eta_until", later);
        }
        told
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn an_import_tells_nothing_at_once_and_later_only_what_is_due_later(
        rows in prop::collection::vec(any_row(), 1..10),
    ) {
        let mut life = Life::begin();
        for row in &rows {
            life.hear(row.clone(), minute(0));
        }
        prop_assert!(life.fired.is_empty(), "{:?}", life.told());
        life.until(minute(90 * DAY));
        for (now, firing) in &life.fired {
            prop_assert!(*now > minute(0) && firing.occurred_at.at > minute(0), "{firing:?}");
        }
        // The same once more teaches nothing new.
        let before = life.fired.len();
        for row in &rows {
            life.hear(imported(row.clone(), 90 * DAY), minute(90 * DAY));
        }
        life.until(minute(180 * DAY));
        prop_assert_eq!(life.fired.len(), before);
    }
}
