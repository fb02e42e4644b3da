//! Which names lead where: what joins two orders or parcels, and what must not.

use super::*;

fn number(text: &str) -> Alias {
    Alias::new(AliasKind::TrackingNumber, text).expect("a name")
}

fn warehouse(fact: Fact) -> Fact {
    by(fact, "warehouse", Party::Fulfilment)
}

fn shop(fact: Fact, name: &str) -> Fact {
    by(fact, name, Party::Shop)
}

const KIM: (&str, &str) = ("email", "kim@hey.example");

#[test]
fn names_of_the_order_tell_two_orders_apart() {
    let known = [
        shop(
            fact(1, 0, Status::OrderPlaced, &[("order_id", "51"), ("order_number", "#1"), ANNA]),
            "shop",
        ),
        warehouse(fact(2, 1, Status::Dispatched, &[("order_number", "1"), ("parcel_id", "P1")])),
    ];
    let told = tell(&Rules::all_on(), &known);
    let cases: [(&str, Party, &[(&str, &str)], bool); 11] = [
        // Sources number their parcels and returns from one, in each order anew.
        ("warehouse", Party::Fulfilment, &[("order_number", "2"), ("parcel_id", "P1")], true),
        ("warehouse", Party::Fulfilment, &[("order_number", "#1"), ("parcel_id", "P1")], false),
        ("warehouse", Party::Fulfilment, &[("parcel_id", "P1")], false),
        // Its own id of the order, or its own number, says nothing about what others call it.
        ("warehouse", Party::Fulfilment, &[("order_id", "W7"), ("order_number", "1")], false),
        ("carrier", Party::Carrier, &[("order_number", "2"), ("parcel_id", "P1")], false),
        ("shop", Party::Shop, &[("order_id", "52"), ("order_number", "#1")], true),
        ("shop", Party::Shop, &[("order_id", "51"), ("order_number", "#1-A")], false),
        ("shop", Party::Shop, &[("order_number", "#2"), ("parcel_id", "P1")], true),
        // A second shop has numbers of its own.
        ("shop-at", Party::Shop, &[("order_id", "91"), ("order_number", "#1")], true),
        ("shop-at", Party::Shop, &[("order_id", "51"), ("order_number", "#1")], false),
        ("shop-at", Party::Shop, &[("parcel_id", "P1")], false),
    ];
    for (source, party, fields, expected) in cases {
        let asked = by(fact(3, 2, Status::InTransit, fields), source, party);
        assert_eq!(told.order.contradicts(&asked), expected, "{source} {fields:?}");
    }
}

#[test]
fn of_two_orders_under_one_number_the_open_one_is_meant_then_the_newer_one() {
    let rules = Rules::all_on();
    let of = |n, at, status, order| {
        fact(n, at, status, &[("order_number", order), ("tracking_number", "T1"), ANNA])
    };
    let ended = tell(&rules, &[of(1, 1, Status::InTransit, "1"), of(2, 9, Status::Delivered, "1")]);
    let open = tell(&rules, &[of(3, 5, Status::Dispatched, "2")]);
    let newer = tell(&rules, &[of(4, 6, Status::Dispatched, "3")]);
    let lead = |told: &Told| told.order.lead(&number("T1"));
    assert!(lead(&open) < lead(&ended), "an open parcel is meant");
    assert!(lead(&newer) < lead(&open), "of two the one heard of last");
    // What was ordered has no end of its own: only its parcels have.
    let mut placed = tell(&rules, &[of(1, 0, Status::OrderPlaced, "1")]);
    placed.hear(&rules, &of(2, 9, Status::Delivered, "1"));
    assert!(lead(&open) < lead(&placed));
    let by_number = Alias::new(AliasKind::OrderNumber, "1").expect("a name");
    assert!(placed.order.lead(&by_number) > open.order.lead(&by_number));
}

#[test]
fn a_number_used_again_does_not_make_one_order_out_of_two_people() {
    let rules = Rules::all_on();
    let one = |status, who| fact(1, 1, status, &[("tracking_number", "T1"), who]);
    let kim = tell(&rules, &[fact(2, 2, Status::OrderPlaced, &[("order_number", "7"), KIM])]);
    let anna_ended = tell(&rules, &[one(Status::Delivered, ANNA)]);
    let anna_open = tell(&rules, &[one(Status::InTransit, ANNA)]);
    let kim_ended = tell(&rules, &[one(Status::Delivered, KIM)]);
    assert!(!kim.order.can_join(&anna_ended.order, &number("T1")));
    assert!(kim.order.can_join(&anna_open.order, &number("T1")), "the same parcel, two addresses");
    assert!(kim.order.can_join(&kim_ended.order, &number("T1")));
    let of = |n, id, number| {
        let told = fact(n, 1, Status::OrderPlaced, &[("order_id", id), ("order_number", number)]);
        tell(&rules, &[shop(told, "shop")])
    };
    assert!(!of(3, "51", "1").order.can_join(&of(4, "52", "2").order, &number("T1")));
}

#[test]
fn a_second_parcel_takes_no_id_away_from_the_first() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 1, Status::Dispatched, &[("order_number", "1"), ANNA]),
        fact(2, 2, Status::InTransit, &[("order_number", "1"), ("tracking_number", "T1")]),
        fact(3, 3, Status::Dispatched, &[("order_number", "1"), ("tracking_number", "T2")]),
        // Its dispatch was told before it had a name.
        fact(4, 4, Status::Dispatched, &[("order_number", "1"), ("tracking_number", "T1")]),
        fact(5, 5, Status::Delivered, &[("order_number", "1"), ("tracking_number", "T1")]),
    ];
    let mut told = tell(&rules, &facts[..2]);
    let id = |told: &Told, n| {
        let place = told.order.place_of((ReceiptId::from_bits(n), 0));
        let groups = told.order.groups();
        groups.iter().find(|group| group.places.contains(&place)).expect("a group").subject
    };
    let first = id(&told, 2);
    for fact in &facts[2..] {
        told.hear(&rules, fact);
        assert_eq!(id(&told, 2), first);
    }
    assert_ne!(id(&told, 3), first);
    assert_eq!(told.sent(), ["dispatched", "in_transit", "dispatched", "delivered"]);
}

#[test]
fn an_id_does_not_depend_on_how_often_a_thing_was_said() {
    let rules = Rules::all_on();
    let mut told = tell(&rules, &[fact(1, 1, Status::Delivered, &ONE)]);
    let subject = told.order.groups()[0].subject;
    // More often than anybody is remembered for.
    for n in 2..40 {
        let again = fact(n, 1, Status::Delivered, &ONE);
        let rulings = told.order.apply(again, &rules.policy(), minute(2));
        assert_eq!(
            (rulings[0].status, rulings[0].receipt),
            (Status::Delivered, ReceiptId::from_bits(n))
        );
        assert_eq!(rulings[0].subject, subject);
    }
    assert!(told.order.scans[0].told_by.len() < 10);
    // What is said of another thing is not mistaken for it.
    told.hear(&rules, &fact(50, 3, Status::Damaged, &ONE));
    let again = told.order.apply(fact(51, 1, Status::Delivered, &ONE), &rules.policy(), minute(4));
    assert_eq!(again[0].status, Status::Delivered);
}

#[test]
fn two_names_of_one_parcel_make_one_of_what_was_told_twice() {
    let rules = Rules::all_on();
    let facts = [
        fact(1, 1, Status::Dispatched, &[("order_id", "1"), ("parcel_id", "F1"), ANNA]),
        fact(2, 1, Status::Dispatched, &[("order_id", "1"), ("tracking_number", "T1")]),
    ];
    let mut told = tell(&rules, &facts);
    let link = fact(3, 2, Status::InTransit, &[("parcel_id", "F1"), ("tracking_number", "T1")]);
    let rulings = told.order.apply(link, &rules.policy(), minute(2));
    let united = &rulings[0].united;
    assert_eq!(united.len(), 1);
    assert_eq!((united[0].kept, united[0].gone), (told.sent[0].1, told.sent[1].1));
    assert_eq!(united[0].twice, [klaviyo()]);
    let went_by = told.rulings.len();
    assert!(rulings[0].known_as.len() >= went_by, "it went by two ids");
    assert!(told.order.is_claimed(united[0].kept, &klaviyo()));
}

#[test]
fn once_per_order_holds_for_orders_that_turn_out_to_be_one() {
    let rules = Rules::all_on().with(Status::InTransit, |rules| rules.once_per = OncePer::Order);
    let of = |n, at, order: &'static str, parcel: &'static str| {
        let fields = [("order_number", order), ("tracking_number", parcel), ANNA];
        fact(n, at, Status::InTransit, &fields)
    };
    let elder = tell(&rules, &[fact(1, 0, Status::OrderPlaced, &[("order_id", "1"), ANNA])]);
    let younger = tell(&rules, &[of(2, 1, "7", "T1")]);
    assert_eq!(younger.sent(), ["in_transit"]);
    let one = elder.order.merge(younger.order).order;
    let mut told = Told { order: one, rulings: Vec::new(), sent: Vec::new() };
    told.hear(&rules, &of(3, 3, "7", "T2"));
    assert!(told.sent.is_empty(), "{:?}", told.sent);
}

#[test]
fn the_shop_knows_best_who_ordered() {
    let rules = Rules::all_on();
    let facts = [
        shop(fact(1, 0, Status::OrderPlaced, &[("order_number", "1"), ANNA]), "shop"),
        warehouse(fact(2, 1, Status::Dispatched, &[("order_number", "1"), KIM])),
        by(fact(3, 2, Status::Delivered, &[("order_number", "1"), KIM]), "dhl", Party::Carrier),
    ];
    let mut told = tell(&rules, &facts[..1]);
    for heard in &facts[1..] {
        let rulings = told.order.apply(heard.clone(), &rules.policy(), minute(3));
        let view = told.order.view(&rulings[0].firings[0], minute(3));
        assert_eq!(view.get("email").and_then(crate::Value::as_text), Some(ANNA.1));
    }
    // It may think better of it.
    let now_kim =
        shop(quiet(fact(4, 5, Status::OrderPlaced, &[("order_number", "1"), KIM])), "shop");
    told.hear(&rules, &now_kim);
    let rulings = told.order.apply(fact(5, 6, Status::Damaged, &ONE), &rules.policy(), minute(6));
    assert_eq!(rulings[0].firings.len(), 1);
    let view = told.order.view(&rulings[0].firings[0], minute(6));
    assert_eq!(view.get("email").and_then(crate::Value::as_text), Some(KIM.1));
}

#[test]
fn what_two_orders_waited_with_is_told_by_the_fact_that_joins_them() {
    let rules = Rules::all_on();
    let waits = tell(&rules, &[fact(1, 5, Status::InTransit, &[("tracking_number", "T1")])]);
    assert_eq!(waits.standings(), [Standing::Parked]);
    let placed = fact(2, 0, Status::OrderPlaced, &[("order_number", "7"), ANNA]);
    let known = tell(&rules, &[placed]).order;
    let merged = known.merge(waits.order);
    let mut told = Told { order: merged.order, rulings: Vec::new(), sent: Vec::new() };
    told.hear(
        &rules,
        &fact(3, 1, Status::Dispatched, &[("order_number", "7"), ("tracking_number", "T1")]),
    );
    assert_eq!(told.sent(), ["dispatched", "in_transit"]);
    assert!(told.order.parked_receipts().is_empty());
}

#[test]
fn who_said_no_to_advertising_once_said_no_for_the_order() {
    let rules = Rules::all_on();
    let said = |n: u128, at: i64, word: &'static str, party: Party, source: &str| {
        let fields = [("order_number", "1"), ("marketing_consent", word), ANNA];
        by(fact(n, at, Status::OrderPlaced, &fields), source, party)
    };
    let cases: [(&[(&'static str, Party)], &str); 5] = [
        (&[("granted", Party::Shop), ("denied", Party::Fulfilment)], "denied"),
        (&[("denied", Party::Fulfilment), ("granted", Party::Shop)], "denied"),
        (&[("denied", Party::Shop), ("granted", Party::Shop)], "denied"),
        (&[("granted", Party::Shop), ("unknown", Party::Shop)], "granted"),
        (&[("unknown", Party::Shop), ("granted", Party::Carrier)], "granted"),
    ];
    for (words, expected) in cases {
        let facts: Vec<Fact> = (1..)
            .zip(words)
            .map(|(n, (word, party))| said(n, n as i64, word, *party, party.name()))
            .collect();
        let told = tell(&rules, &facts);
        let consent = told.order.known.get("marketing_consent").and_then(crate::Value::as_text);
        assert_eq!(consent, Some(expected), "{words:?}");
    }
}
