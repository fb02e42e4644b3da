use super::*;

#[test]
fn steps_of_one_parcel_each_fire_once() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 0, Status::Dispatched, &ONE),
        fact(2, 1, Status::InTransit, &ONE),
        fact(3, 1, Status::InTransit, &ONE),
        by(fact(4, 2, Status::InTransit, &ONE), "carrier", Party::Carrier),
        fact(5, 3, Status::Delivered, &ONE),
        by(fact(6, 4, Status::Delivered, &ONE), "carrier", Party::Carrier),
    ];
    let told = tell(&rules, &facts);
    assert_eq!(told.sent(), ["dispatched", "in_transit", "delivered"]);
    use Standing::{New, Repeated};
    assert_eq!(told.standings(), [New, New, New, Repeated, New, Repeated]);
}

#[test]
fn a_step_behind_a_higher_one_is_late_and_fires_only_as_such() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 10, Status::Delivered, &ONE),
        heard_at(fact(2, 5, Status::OutForDelivery, &ONE), 11),
        heard_at(fact(3, 1, Status::Dispatched, &ONE), 12),
    ];
    let told = tell(&rules, &facts);
    assert_eq!(told.standings(), [Standing::New, Standing::Late, Standing::Late]);
    let late: Vec<bool> = told.sent.iter().map(|(_, _, late)| *late).collect();
    assert_eq!(late, [false, true, true]);
}

#[test]
fn a_failed_attempt_opens_a_new_run() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 1, Status::OutForDelivery, &ONE),
        reasoned(fact(2, 2, Status::DeliveryAttemptFailed, &ONE), Reason::RecipientUnavailable),
        // Another source gives another reason for the same attempt.
        by(
            reasoned(fact(3, 3, Status::DeliveryAttemptFailed, &ONE), Reason::NoAccess),
            "carrier",
            Party::Carrier,
        ),
        fact(4, 4, Status::OutForDelivery, &ONE),
        fact(5, 5, Status::DeliveryAttemptFailed, &ONE),
        fact(6, 6, Status::ReadyForPickup, &ONE),
        fact(7, 7, Status::Delivered, &ONE),
    ];
    let told = tell(&rules, &facts);
    assert_eq!(
        told.sent(),
        [
            "out_for_delivery",
            "delivery_attempt_failed",
            "out_for_delivery",
            "delivery_attempt_failed",
            "ready_for_pickup",
            "delivered"
        ]
    );
    assert_ne!(told.sent[0].1, told.sent[2].1, "a second run is another occurrence");
}

#[test]
fn a_redirect_from_the_pickup_point_allows_a_second_delivery() {
    let rules = Rules::all_on();
    let mut redirected = fact(3, 3, Status::OutForDelivery, &ONE);
    redirected.event.fields.set("redirected", crate::Value::Bool(true));
    let facts = [
        fact(1, 1, Status::OutForDelivery, &ONE),
        fact(2, 2, Status::ReadyForPickup, &ONE),
        redirected,
    ];
    let told = tell(&rules, &facts);
    assert_eq!(told.sent(), ["out_for_delivery", "ready_for_pickup", "out_for_delivery"]);
}

#[test]
fn a_side_status_fires_once_per_episode_and_reason() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 1, Status::InTransit, &ONE),
        reasoned(fact(2, 2, Status::Delayed, &ONE), Reason::Weather),
        reasoned(fact(3, 3, Status::Delayed, &ONE), Reason::Weather),
        reasoned(fact(4, 4, Status::Delayed, &ONE), Reason::Strike),
        fact(5, 5, Status::OutForDelivery, &ONE),
        reasoned(fact(6, 6, Status::Delayed, &ONE), Reason::Weather),
    ];
    let told = tell(&rules, &facts);
    assert_eq!(told.sent(), ["in_transit", "delayed", "delayed", "out_for_delivery", "delayed"]);
    assert_eq!(told.standings()[2], Standing::Repeated);
}

#[test]
fn after_a_terminal_status_only_what_may_follow_follows() {
    use Standing::{Conflict, New};
    let cases = [
        (Status::Delivered, Status::OutForDelivery, Conflict),
        (Status::Delivered, Status::Delayed, Conflict),
        (Status::Delivered, Status::DeliveryAttemptFailed, Conflict),
        (Status::Delivered, Status::Damaged, New),
        (Status::Delivered, Status::ReturnRequested, New),
        (Status::Lost, Status::Delivered, New),
        (Status::Undeliverable, Status::Delivered, New),
        (Status::Undeliverable, Status::ReturningToSender, New),
        (Status::ShipmentCancelled, Status::Delivered, Conflict),
    ];
    for (closed_by, then, expected) in cases {
        let rules = Rules::all_on();
        let told = tell(&rules, &[fact(1, 1, closed_by, &ONE), fact(2, 2, then, &ONE)]);
        assert_eq!(told.standings()[1], expected, "{then:?} after {closed_by:?}");
        assert_eq!(told.sent.len(), if expected == New { 2 } else { 1 }, "{then:?}");
    }
}

#[test]
fn each_refund_of_a_return_is_told() {
    let rules = Rules::all_on();
    let of = |n, at, refund| {
        fact(n, at, Status::ReturnRefunded, &[("return_id", "R1"), ("refund_id", refund), ANNA])
    };
    let told = tell(&rules, &[of(1, 1, "f1"), of(2, 2, "f1"), of(3, 3, "f2")]);
    assert_eq!(told.sent(), ["return_refunded", "return_refunded"]);
}

#[test]
fn what_is_not_to_be_told_is_remembered() {
    let rules = Rules::all_on().with(Status::OrderPlaced, |rules| rules.on = false);
    let cases = [
        (quiet(fact(1, 1, Status::Delivered, &ONE)), Standing::Remembered),
        (fact(1, 1, Status::OrderPlaced, &ONE), Standing::Remembered),
        (fact(1, 1, Status::Unknown, &ONE), Standing::Unknown),
        (reasoned(fact(1, 1, Status::Undeliverable, &ONE), Reason::Deceased), Standing::Sensitive),
    ];
    for (fact, standing) in cases {
        let told = tell(&rules, std::slice::from_ref(&fact));
        assert_eq!(told.rulings, [(fact.event.status, standing, false)]);
    }
}

#[test]
fn a_quiet_step_moves_nothing() {
    let rules = Rules::all_on();
    let facts =
        [quiet(fact(1, 1, Status::Delivered, &ONE)), fact(2, 2, Status::OutForDelivery, &ONE)];
    assert_eq!(tell(&rules, &facts).standings(), [Standing::Remembered, Standing::New]);
}

#[test]
fn a_switched_off_trigger_is_named_and_not_parked() {
    let rules = Rules::all_on()
        .with(Status::LabelCreated, |rules| rules.on = false)
        .with(Status::Delivered, |rules| rules.only_from = vec![Party::Shop]);
    let order = fact(1, 1, Status::LabelCreated, &[("order_number", "1")]);
    let mut told = Order::first_heard(&merchant(), &order);
    let ruling = told.apply(order, &rules.policy(), minute(1)).remove(0);
    assert_eq!(ruling.standing, Standing::New);
    assert_eq!(ruling.firings[0].stopped, Some("off"));
    let delivered = fact(2, 2, Status::Delivered, &[("order_number", "1")]);
    let ruling = told.apply(delivered, &rules.policy(), minute(2)).remove(0);
    assert_eq!(ruling.firings[0].stopped, Some("only_from"));
    assert_eq!(told.wake_at(), None);
}

#[test]
fn facts_without_a_recipient_wait_for_one() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 1, Status::Dispatched, &[("order_number", "1"), ("tracking_number", "T1")]),
        fact(2, 2, Status::InTransit, &[("tracking_number", "T1")]),
        fact(3, 3, Status::Delivered, &[("order_number", "1"), ("tracking_number", "T1"), ANNA]),
    ];
    let told = tell(&rules, &facts);
    let expected = [
        (Status::Dispatched, Standing::Parked, false),
        (Status::InTransit, Standing::Parked, false),
        // The dispatch happened first and is told first; no later step makes it needless.
        (Status::Dispatched, Standing::New, true),
        (Status::InTransit, Standing::Late, true),
        (Status::Delivered, Standing::New, true),
    ];
    assert_eq!(told.rulings, expected);
    assert!(told.order.parked_receipts().is_empty());
}

#[test]
fn a_fact_that_no_recipient_is_found_for_fails_in_time() {
    let rules = Rules::all_on();
    let waiting = fact(1, 1, Status::Dispatched, &[("order_number", "1")]);
    let mut order = Order::first_heard(&merchant(), &waiting);
    order.apply(waiting, &rules.policy(), minute(1));
    let until = order.wake_at().expect("it waits");
    assert_eq!(until, minute(1 + 72 * 60));
    let just_before = until.checked_sub(1.seconds()).expect("a time");
    assert!(order.wake(&rules.policy(), just_before).is_empty());
    let over = order.wake(&rules.policy(), until);
    assert_eq!(over.len(), 1);
    assert_eq!(over[0].standing, Standing::NoRecipient);
    assert!(over[0].firings.is_empty());
    assert_eq!(order.wake_at(), None);
}

#[test]
fn once_per_order_is_once_for_all_parcels() {
    let rules = Rules::all_on().with(Status::Dispatched, |rules| rules.once_per = OncePer::Order);
    let facts = [
        fact(1, 1, Status::Dispatched, &[("order_id", "1"), ("tracking_number", "T1"), ANNA]),
        fact(2, 2, Status::Dispatched, &[("order_id", "1"), ("tracking_number", "T2"), ANNA]),
        fact(3, 3, Status::Delivered, &[("order_id", "1"), ("tracking_number", "T1"), ANNA]),
        fact(4, 4, Status::Delivered, &[("order_id", "1"), ("tracking_number", "T2"), ANNA]),
    ];
    assert_eq!(tell(&rules, &facts).sent(), ["dispatched", "delivered", "delivered"]);
}

#[test]
fn a_parcel_first_heard_of_without_a_name_learns_it_later() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 1, Status::Dispatched, &[("order_number", "1"), ANNA]),
        fact(2, 2, Status::InTransit, &[("order_number", "1"), ("tracking_number", "T1")]),
        fact(3, 3, Status::Dispatched, &[("order_number", "1"), ("tracking_number", "T1")]),
    ];
    let told = tell(&rules, &facts);
    assert_eq!(told.sent(), ["dispatched", "in_transit"]);
}

#[test]
fn two_parcels_that_turn_out_to_be_one_tell_nothing_twice() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 1, Status::Dispatched, &[("order_id", "1"), ("parcel_id", "F1"), ANNA]),
        fact(2, 1, Status::Dispatched, &[("order_id", "1"), ("tracking_number", "T1")]),
        fact(3, 2, Status::InTransit, &[("parcel_id", "F1"), ("tracking_number", "T1")]),
        fact(4, 3, Status::Dispatched, &[("order_id", "1"), ("tracking_number", "T1")]),
        fact(5, 3, Status::Dispatched, &[("order_id", "1"), ("parcel_id", "F1")]),
    ];
    let told = tell(&rules, &facts);
    assert_eq!(told.sent(), ["dispatched", "dispatched", "in_transit"]);
}

#[test]
fn two_orders_that_turn_out_to_be_one_keep_the_elder_id_and_all_claims() {
    let rules = Rules::all_on();
    let elder = tell(
        &rules,
        &[fact(1, 1, Status::Dispatched, &[("order_id", "1"), ("tracking_number", "T1"), ANNA])],
    );
    let younger = tell(
        &rules,
        &[
            by(
                fact(
                    2,
                    2,
                    Status::Dispatched,
                    &[("order_number", "#9"), ("tracking_number", "T1"), ANNA],
                ),
                "wms",
                Party::Fulfilment,
            ),
            by(
                fact(
                    3,
                    3,
                    Status::InTransit,
                    &[("order_number", "#9"), ("tracking_number", "T1"), ANNA],
                ),
                "wms",
                Party::Fulfilment,
            ),
        ],
    );
    let id = elder.order.id();
    let one = elder.order.clone().merge(younger.order.clone()).order;
    let other = younger.order.merge(elder.order).order;
    assert_eq!(one, other, "merging has no direction");
    assert_eq!(one.id(), id);
    let mut told = Told { order: one, rulings: Vec::new(), sent: Vec::new() };
    told.hear(
        &rules,
        &fact(4, 5, Status::InTransit, &[("order_id", "1"), ("tracking_number", "T1")]),
    );
    told.hear(&rules, &fact(5, 6, Status::Dispatched, &[("tracking_number", "T1")]));
    assert!(told.sent.is_empty(), "both were claimed before: {:?}", told.sent);
}

#[test]
fn closed_names_lead_nowhere_after_their_time() {
    let rules = Rules::all_on();
    let told = tell(&rules, &[fact(1, 0, Status::Delivered, &ONE)]);
    let number = Alias::new(AliasKind::TrackingNumber, "T1").expect("a name");
    let minutes = ALIAS_DAYS * 24 * 60;
    assert!(told.order.aliases(minute(minutes - 1)).contains(&number));
    assert!(!told.order.aliases(minute(minutes)).contains(&number));
    assert!(!told.order.is_found_by(&number, minute(minutes)));
}

#[test]
fn another_order_id_of_the_same_source_contradicts() {
    let rules = Rules::all_on();
    let told = tell(&rules, &[fact(1, 0, Status::Delivered, &[("order_id", "1"), ANNA])]);
    let ask = |source, id| {
        let asked = fact(2, 1, Status::Delivered, &[("order_id", id)]);
        told.order.contradicts(&by(asked, source, Party::Shop))
    };
    assert!(ask("shop", "2"));
    assert!(!ask("shop", "1"));
    assert!(!ask("wms", "2"));
}

#[test]
fn the_view_joins_what_is_known() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 0, Status::OrderPlaced, &[("order_id", "1"), ("order_number", "#1001"), ANNA]),
        fact(
            2,
            1,
            Status::Dispatched,
            &[
                ("order_id", "1"),
                ("parcel_id", "F1"),
                ("tracking_number", "T1"),
                ("carrier", "DHL Paket"),
            ],
        ),
        fact(
            3,
            2,
            Status::Dispatched,
            &[("order_id", "1"), ("parcel_id", "F2"), ("tracking_number", "T2")],
        ),
        fact(4, 3, Status::Delivered, &[("parcel_id", "F1"), ("delivered_to", "neighbour")]),
    ];
    let mut told = tell(&rules, &facts[..3]);
    let ruling = told.order.apply(facts[3].clone(), &rules.policy(), minute(3)).remove(0);
    let view = told.order.view(&ruling.firings[0], minute(3));
    let text = |name: &str| view.get(name).map(crate::Value::to_json).unwrap_or_default();
    assert_eq!(text("email"), r#""anna@hey.example""#);
    assert_eq!(text("order_number"), r##""#1001""##);
    assert_eq!(text("tracking_number"), r#""T1""#);
    assert_eq!(text("carrier"), r#""dhl""#);
    assert_eq!(text("carrier_name"), r#""DHL""#);
    assert_eq!(text("delivered_to"), r#""neighbour""#);
    assert_eq!(text("parcel_index"), "1");
    assert_eq!(text("parcel_count"), "2");
    assert_eq!(text("parcels_delivered"), "1");
    assert_eq!(text("parcels_open"), "1");
    assert_eq!(text("is_last_parcel"), "false");
    assert!(text("other_parcels").contains("\"T2\""), "{}", text("other_parcels"));
}

#[test]
fn a_fact_that_was_forgotten_or_not_keeps_the_order_bounded() {
    let rules = Rules::all_on();
    let mut told = tell(&rules, &[fact(1, 0, Status::InTransit, &ONE)]);
    for n in 0..(MAX_SCANS as i64 + 20) {
        told.hear(&rules, &fact(2 + n as u128, 1 + n, Status::InTransit, &ONE));
    }
    assert_eq!(told.sent(), ["in_transit"]);
    assert!(told.order.scans.len() <= MAX_SCANS);
}

#[test]
fn a_party_that_is_not_believed_moves_nothing() {
    let only = |rules: &mut TriggerPolicy| rules.only_from = vec![Party::Carrier];
    let rules = Rules::all_on().with(Status::Delivered, only);
    let facts = [
        by(fact(1, 1, Status::Delivered, &ONE), "shop", Party::Shop),
        fact(2, 2, Status::OutForDelivery, &ONE),
        heard_at(fact(3, 0, Status::InTransit, &ONE), 3),
        fact(4, 4, Status::Delivered, &ONE),
        fact(5, 5, Status::OutForDelivery, &ONE),
    ];
    let mut told = tell(&rules, &[]);
    let unbelieved = told.order.apply(facts[0].clone(), &rules.policy(), minute(1)).remove(0);
    assert_eq!(unbelieved.firings[0].stopped, Some("only_from"));
    assert_eq!(unbelieved.passed, None);
    for fact in &facts[1..] {
        told.hear(&rules, fact);
    }
    let sent: Vec<_> = told.sent.iter().map(|(of, _, late)| (of.name(), *late)).collect();
    assert_eq!(sent, [("out_for_delivery", false), ("in_transit", true), ("delivered", false)]);
}

#[test]
fn only_so_many_facts_wait_under_one_name() {
    let rules = Rules::all_on();
    let of = |n: u128| {
        let order = format!("#{n}");
        fact(n, 0, Status::Dispatched, &[("order_number", &order), ("tracking_number", "n/a")])
    };
    let facts: Vec<Fact> = (1..=230).map(of).collect();
    let told = tell(&rules, &facts);
    let count = |wanted| told.standings().into_iter().filter(|of| *of == wanted).count();
    assert_eq!((count(Standing::Parked), count(Standing::NoRecipient)), (200, 30));
}
