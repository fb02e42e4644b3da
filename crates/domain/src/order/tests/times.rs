//! In which order things happened, and what follows for runs, ends and what is news.

use super::*;
use crate::TimePrecision;

fn late(told: &Told) -> Vec<(&'static str, bool)> {
    told.sent.iter().map(|(trigger, _, late)| (trigger.name(), *late)).collect()
}

/// Only the day is known: that of minute 0 of all tests.
fn on_the_day(mut fact: Fact) -> Fact {
    let day = minute(0).to_zoned(jiff::tz::TimeZone::UTC).date();
    let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).expect("a day").timestamp();
    fact.event.occurred_at.at = midnight;
    fact.event.occurred_at.precision = TimePrecision::Day;
    fact
}

fn on_leg(mut fact: Fact, leg: Leg) -> Fact {
    fact.event.leg = leg;
    fact
}

fn redirected(mut fact: Fact) -> Fact {
    fact.event.fields.set("redirected", crate::Value::Bool(true));
    fact
}

#[test]
fn a_day_without_a_time_stands_where_its_step_belongs() {
    use Standing::{Late, New, Repeated};
    let cases: [(&[(i64, Status)], Status, Standing); 6] = [
        // A parcel that came on the day was on its way before.
        (&[(60, Status::Delivered)], Status::InTransit, Late),
        (&[(0, Status::Dispatched)], Status::InTransit, New),
        (&[(0, Status::OutForDelivery), (60, Status::Delivered)], Status::OutForDelivery, Repeated),
        // The tour on which the attempt failed is not a second one.
        (
            &[(0, Status::OutForDelivery), (60, Status::DeliveryAttemptFailed)],
            Status::OutForDelivery,
            Repeated,
        ),
        (&[(0, Status::OutForDelivery)], Status::Delivered, New),
        (&[(0, Status::Delivered)], Status::Delayed, Late),
    ];
    for (known, status, expected) in cases {
        let mut facts: Vec<Fact> =
            (1..).zip(known).map(|(n, (at, status))| fact(n, *at, *status, &ONE)).collect();
        facts.push(heard_at(on_the_day(fact(9, 0, status, &ONE)), 90));
        let told = tell(&Rules::all_on(), &facts);
        assert_eq!(*told.standings().last().expect("one"), expected, "{status:?} after {known:?}");
    }
}

#[test]
fn a_day_ends_at_its_end() {
    let day = on_the_day(fact(1, 0, Status::Delivered, &ONE)).event.occurred_at;
    assert_eq!(day.latest(), day.at.checked_add(24_i64.hours()).expect("a time"));
    assert_eq!(Moment::utc(minute(3)).latest(), minute(3));
}

#[test]
fn what_is_said_to_lie_ahead_opens_no_new_run() {
    let facts = [
        heard_at(fact(1, 40_000, Status::OutForDelivery, &ONE), 1),
        fact(2, 2, Status::DeliveryAttemptFailed, &ONE),
        fact(3, 3, Status::OutForDelivery, &ONE),
        fact(4, 4, Status::Delivered, &ONE),
    ];
    let told = tell(&Rules::all_on(), &facts);
    let sent = ["out_for_delivery", "delivery_attempt_failed", "out_for_delivery", "delivered"];
    assert_eq!(told.sent(), sent);
    assert_eq!(told.standings(), [Standing::New; 4]);
}

#[test]
fn an_attempt_at_the_same_time_stands_between_tour_and_pickup_point() {
    let facts = [
        fact(1, 5, Status::DeliveryAttemptFailed, &ONE),
        fact(2, 5, Status::ReadyForPickup, &ONE),
        fact(3, 5, Status::OutForDelivery, &ONE),
        by(fact(4, 6, Status::ReadyForPickup, &ONE), "carrier", Party::Carrier),
        fact(5, 7, Status::Delivered, &ONE),
    ];
    let told = tell(&Rules::all_on(), &facts);
    let expected = [
        ("delivery_attempt_failed", false),
        ("ready_for_pickup", false),
        ("out_for_delivery", true),
        ("delivered", false),
    ];
    assert_eq!(late(&told), expected);
}

#[test]
fn steps_before_a_failed_attempt_are_no_news_after_it() {
    let facts = [
        fact(1, 5, Status::DeliveryAttemptFailed, &ONE),
        heard_at(fact(2, 1, Status::InTransit, &ONE), 6),
        heard_at(fact(3, 4, Status::OutForDelivery, &ONE), 7),
        // Back in the depot: no news either, and no second attempt without a second tour.
        fact(4, 8, Status::InTransit, &ONE),
        fact(5, 9, Status::DeliveryAttemptFailed, &ONE),
        fact(6, 10, Status::OutForDelivery, &ONE),
    ];
    let told = tell(&Rules::all_on(), &facts);
    let expected = [
        ("delivery_attempt_failed", false),
        ("in_transit", true),
        ("out_for_delivery", true),
        ("in_transit", true),
        ("out_for_delivery", false),
    ];
    assert_eq!(late(&told), expected);
    assert_eq!(told.standings()[4], Standing::Repeated);
}

#[test]
fn a_redirect_that_two_sources_tell_is_one() {
    let facts = [
        fact(1, 1, Status::OutForDelivery, &ONE),
        fact(2, 2, Status::ReadyForPickup, &ONE),
        redirected(fact(3, 3, Status::OutForDelivery, &ONE)),
        by(redirected(fact(4, 4, Status::OutForDelivery, &ONE)), "carrier", Party::Carrier),
        by(redirected(fact(5, 5, Status::InTransit, &ONE)), "carrier", Party::Carrier),
    ];
    let told = tell(&Rules::all_on(), &facts);
    let sent = ["out_for_delivery", "ready_for_pickup", "out_for_delivery", "in_transit"];
    assert_eq!(told.sent(), sent);
    let forwarded = [
        fact(1, 1, Status::OutForDelivery, &ONE),
        redirected(fact(2, 2, Status::InTransit, &ONE)),
        by(redirected(fact(3, 3, Status::InTransit, &ONE)), "carrier", Party::Carrier),
        fact(4, 9, Status::OutForDelivery, &ONE),
        fact(5, 10, Status::OutForDelivery, &ONE),
    ];
    let told = tell(&Rules::all_on(), &forwarded);
    let expected = [("out_for_delivery", false), ("in_transit", true), ("out_for_delivery", false)];
    assert_eq!(late(&told), expected);
}

#[test]
fn what_is_lost_is_lost_on_every_leg() {
    let rts = [
        fact(1, 1, Status::Undeliverable, &ONE),
        fact(2, 2, Status::ReturningToSender, &ONE),
        on_leg(fact(3, 3, Status::Lost, &ONE), Leg::Rts),
        fact(4, 4, Status::ReturnedToSender, &ONE),
    ];
    let told = tell(&Rules::all_on(), &rts);
    assert_eq!(told.sent(), ["undeliverable", "returning_to_sender", "lost"]);
    assert_eq!(told.standings()[3], Standing::Conflict);
    let back: [(&str, &str); 3] = [("order_number", "#1001"), ("return_id", "R1"), ANNA];
    let returns = [
        fact(1, 1, Status::ReturnLabelCreated, &back),
        fact(2, 2, Status::ReturnInTransit, &back),
        on_leg(fact(3, 3, Status::Lost, &back), Leg::Return),
        fact(4, 4, Status::Delivered, &ONE),
    ];
    let told = tell(&Rules::all_on(), &returns);
    let expected = [
        ("return_label_created", false),
        ("return_in_transit", false),
        ("lost", false),
        ("delivered", false),
    ];
    assert_eq!(late(&told), expected);
}

#[test]
fn what_was_before_an_end_is_no_news_after_it() {
    let before: [(&[Status], Status); 5] = [
        (&[Status::ShipmentCancelled], Status::Dispatched),
        (&[Status::OrderCancelled], Status::OrderPlaced),
        (&[Status::Lost, Status::Delivered], Status::Delivered),
        (&[Status::Delivered], Status::Delayed),
        (&[Status::Lost], Status::InTransit),
    ];
    for (known, status) in before {
        let mut facts: Vec<Fact> =
            (2..).zip(known).map(|(n, known)| fact(n, n as i64, *known, &ONE)).collect();
        facts.push(heard_at(fact(20, 1, status, &ONE), 20));
        let told = tell(&Rules::all_on(), &facts);
        let last = told.sent.last().expect("it is told, as past");
        if status == Status::Delivered {
            // The correction was heard of already; this one is no second delivery.
            continue;
        }
        assert_eq!((last.0.name(), last.2), (status.name(), true), "after {known:?}");
    }
    // That it was lost, once it is known to have come.
    let found = [fact(1, 5, Status::Delivered, &ONE), heard_at(fact(2, 1, Status::Lost, &ONE), 6)];
    let told = tell(&Rules::all_on(), &found);
    assert_eq!(late(&told), [("delivered", false), ("lost", true)]);
}

#[test]
fn damage_may_be_found_after_any_end() {
    for end in [Status::Delivered, Status::Undeliverable, Status::Lost, Status::ShipmentCancelled] {
        let facts = [fact(1, 1, end, &ONE), fact(2, 2, Status::Damaged, &ONE)];
        assert_eq!(late(&tell(&Rules::all_on(), &facts))[1..], [("damaged", false)], "{end:?}");
    }
}

#[test]
fn no_reason_says_as_much_as_an_unspecified_one() {
    let facts = [
        fact(1, 1, Status::Delayed, &ONE),
        by(reasoned(fact(2, 2, Status::Delayed, &ONE), Reason::Unspecified), "c", Party::Carrier),
        reasoned(fact(3, 3, Status::Delayed, &ONE), Reason::Weather),
    ];
    assert_eq!(tell(&Rules::all_on(), &facts).sent(), ["delayed", "delayed"]);
}

#[test]
fn what_one_source_gives_a_sensitive_reason_for_no_other_source_tells() {
    use Standing::{New, Sensitive};
    let cases = [
        (Status::Undeliverable, Reason::Deceased, Sensitive),
        (Status::Held, Reason::Security, Sensitive),
        (Status::DeliveryAttemptFailed, Reason::Deceased, Sensitive),
        (Status::Held, Reason::PaymentDue, New),
    ];
    for (status, reason, expected) in cases {
        let facts = [
            reasoned(fact(1, 1, status, &ONE), reason),
            by(fact(2, 2, status, &ONE), "carrier", Party::Carrier),
        ];
        let told = tell(&Rules::all_on(), &facts);
        assert_eq!(told.standings()[1], expected, "{status:?}");
        assert_eq!(told.sent.len(), if expected == New { 2 } else { 0 }, "{status:?}");
    }
}

#[test]
fn of_many_facts_in_one_go_each_is_told_in_its_place() {
    let waiting = [("order_number", "1"), ("tracking_number", "T1")];
    let facts = [
        fact(1, 6, Status::ReadyForPickup, &waiting),
        heard_at(fact(2, 5, Status::DeliveryAttemptFailed, &waiting), 7),
        heard_at(fact(3, 1, Status::Dispatched, &waiting), 8),
        heard_at(fact(4, 0, Status::OrderPlaced, &[("order_number", "1"), ANNA]), 9),
    ];
    let told = tell(&Rules::all_on(), &facts);
    let sent = ["order_placed", "dispatched", "delivery_attempt_failed", "ready_for_pickup"];
    assert_eq!(told.sent(), sent);
}

#[test]
fn a_year_ahead_is_no_time_but_a_mistake() {
    let rules = Rules::all_on();
    for (at, expected) in [(500_000, 500_000), (600_000, 1), (50_000_000, 1)] {
        let mut told = tell(&rules, &[fact(1, 0, Status::Dispatched, &ONE)]);
        let ahead = heard_at(fact(2, at, Status::Delivered, &ONE), 1);
        let rulings = told.order.apply(ahead, &rules.policy(), minute(1));
        assert_eq!(rulings[0].firings[0].occurred_at.at, minute(expected), "{at}");
        assert!(!rulings[0].firings[0].late);
    }
}

#[test]
fn a_dispatch_that_comes_before_anybody_was_told_more_is_news() {
    let rules = Rules::all_on();
    let waiting = [("order_number", "1"), ("tracking_number", "T1")];
    let with_anna = [("order_number", "1"), ("tracking_number", "T1"), ANNA];
    let transit = fact(1, 5, Status::InTransit, &waiting);
    let cases: [(&[Fact], bool); 3] = [
        (&[transit.clone(), heard_at(fact(2, 1, Status::Dispatched, &with_anna), 6)], false),
        (
            &[
                transit,
                heard_at(fact(2, 1, Status::Dispatched, &waiting), 6),
                heard_at(fact(3, 0, Status::OrderPlaced, &with_anna), 7),
            ],
            false,
        ),
        (
            &[
                fact(1, 5, Status::InTransit, &with_anna),
                heard_at(fact(2, 1, Status::Dispatched, &waiting), 6),
            ],
            true,
        ),
    ];
    for (facts, is_late) in cases {
        let told = tell(&rules, facts);
        let dispatched = late(&told).into_iter().find(|(name, _)| *name == "dispatched");
        assert_eq!(dispatched, Some(("dispatched", is_late)), "{} facts", facts.len());
        assert!(late(&told).contains(&("in_transit", false)));
    }
}

/// Only the minute is known.
fn in_the_minute(mut fact: Fact) -> Fact {
    fact.event.occurred_at.precision = TimePrecision::Minute;
    fact
}

#[test]
fn a_minute_without_seconds_stands_where_its_step_belongs() {
    let seconds = |mut fact: Fact, seconds: i64| {
        let at = fact.event.occurred_at.at;
        fact.event.occurred_at.at = at.checked_add(seconds.seconds()).expect("a time");
        heard_at(fact, 9)
    };
    // The tour was scanned in the middle of the minute in which the attempt failed: it is the same tour.
    let facts = [
        in_the_minute(heard_at(fact(1, 5, Status::DeliveryAttemptFailed, &ONE), 8)),
        seconds(fact(2, 5, Status::OutForDelivery, &ONE), 20),
        seconds(fact(3, 7, Status::OutForDelivery, &ONE), 0),
    ];
    let told = tell(&Rules::all_on(), &facts);
    let expected = [
        ("delivery_attempt_failed", false),
        ("out_for_delivery", true),
        ("out_for_delivery", false),
    ];
    assert_eq!(late(&told), expected);
    // It came in the minute of the tour, after it.
    let facts = [
        in_the_minute(fact(1, 5, Status::Delivered, &ONE)),
        seconds(fact(2, 5, Status::OutForDelivery, &ONE), 20),
    ];
    assert_eq!(tell(&Rules::all_on(), &facts).standings(), [Standing::New, Standing::Late]);
}

#[test]
fn what_waited_is_told_in_its_order_where_only_the_day_is_known() {
    let waiting = [("order_number", "1"), ("tracking_number", "T1")];
    let facts = [
        // It came some time that day: after its tour, and not at midnight.
        heard_at(on_the_day(fact(1, 0, Status::Delivered, &waiting)), 60),
        heard_at(fact(2, 10, Status::OutForDelivery, &waiting), 61),
        // It left some time that day: before its tour.
        heard_at(on_the_day(fact(3, 0, Status::Dispatched, &waiting)), 62),
        heard_at(fact(4, 0, Status::OrderPlaced, &[("order_number", "1"), ANNA]), 63),
    ];
    let told = tell(&Rules::all_on(), &facts);
    let sent = ["order_placed", "dispatched", "out_for_delivery", "delivered"];
    assert_eq!(told.sent(), sent);
    let of_one_receipt = facts_in_order(facts[..3].to_vec());
    let order: Vec<Status> = of_one_receipt.iter().map(|fact| fact.event.status).collect();
    assert_eq!(order, [Status::Dispatched, Status::OutForDelivery, Status::Delivered]);
}
