use proptest::prelude::*;

use super::*;

/// Statuses that meet each other in every way the rules know.
const STATUSES: [Status; 20] = [
    Status::OrderPlaced,
    Status::OrderCancelled,
    Status::AddressCorrectionRequired,
    Status::LabelCreated,
    Status::Dispatched,
    Status::InTransit,
    Status::Delayed,
    Status::OutForDelivery,
    Status::DeliveryAttemptFailed,
    Status::ReadyForPickup,
    Status::Delivered,
    Status::Damaged,
    Status::Undeliverable,
    Status::Lost,
    Status::ShipmentCancelled,
    Status::ReturningToSender,
    Status::ReturnedToSender,
    Status::ReturnRequested,
    Status::ReturnReceived,
    Status::ReturnRefunded,
];

/// By which of its names a fact calls its parcel or return.
#[derive(Debug, Clone, Copy)]
enum Called {
    Number,
    Id,
    Both,
    Nothing,
}

/// One of three parcels of one order, said by one of two sources, under one of its names, with or
/// without the recipient.
fn any_fact() -> impl Strategy<Value = Fact> {
    let called = prop_oneof![
        4 => Just(Called::Number), 3 => Just(Called::Id), 2 => Just(Called::Both),
        1 => Just(Called::Nothing)
    ];
    let how = (any::<bool>(), 0..5_u8, 0..12_u8, 0..4_u8);
    let parts = (0..STATUSES.len(), 0..40_i64, 0..3_u8, called, how);
    parts.prop_map(|(status, at, parcel, called, (carrier, who, special, leg))| {
        let status = STATUSES[status];
        let (number, id) = (format!("T{parcel}"), format!("F{parcel}"));
        let is_return = status.row().home == Home::Leg(Leg::Return);
        let id_name = if is_return { "return_id" } else { "parcel_id" };
        let mut fields = vec![("order_number", "#1")];
        if status.row().home != Home::Order {
            if matches!(called, Called::Number | Called::Both) {
                fields.push(("tracking_number", number.as_str()));
            }
            if matches!(called, Called::Id | Called::Both) {
                fields.push((id_name, id.as_str()));
            }
        }
        if who == 0 {
            fields.push(ANNA);
        }
        let mut told = fact(0, at, status, &fields);
        if status.row().home == Home::Any {
            told.event.leg = Leg::ALL[usize::from(leg).min(2)];
        }
        match special {
            0 => told.event.quiet = true,
            1 => told.event.fields.set("redirected", crate::Value::Bool(true)),
            2 => told.event.reason = Some(Reason::Weather),
            3 => told.event.reason = Some(Reason::Deceased),
            4 => told.event.occurred_at.precision = crate::TimePrecision::Day,
            _ => {}
        }
        if carrier { by(told, "dhl", Party::Carrier) } else { by(told, "shop", Party::Shop) }
    })
}

fn numbered(facts: &[Fact]) -> Vec<Fact> {
    let number = |(n, fact): (usize, &Fact)| Fact {
        receipt: ReceiptId::from_bits(n as u128 + 1),
        ..heard_at(fact.clone(), 100 + n as i64)
    };
    facts.iter().enumerate().map(number).collect()
}

/// What an order has come to, without ids and without who told it when.
fn state(order: &Order) -> String {
    let mut groups: Vec<String> = order
        .groups()
        .iter()
        .map(|group| {
            let scans = order.scans_of(group);
            let folded = fold::fold(&scans);
            let mut lines: Vec<String> = folded
                .sequence
                .iter()
                .map(|place| {
                    let (scan, stand) = (scans[*place], &folded.stands[*place]);
                    format!("{:?} {} {:?} {}", scan.status, scan.at.at, stand.standing, stand.run)
                })
                .collect();
            // Who said it first is not told apart where two say the same at the same time.
            lines.sort();
            let legs: Vec<String> = folded
                .legs
                .iter()
                .map(|(leg, state)| {
                    format!("{leg:?} {} {:?} {}", state.high, state.status, state.run)
                })
                .collect();
            format!("{:?} {lines:?} {legs:?}", group.names)
        })
        .collect();
    groups.sort();
    format!("{groups:?} {:?} {:?}", order.known, order.names)
}

/// Two parcels of one order, and what of it came back.
const STORY: [(Status, &str); 16] = [
    (Status::OrderPlaced, ""),
    (Status::Dispatched, "1"),
    (Status::Dispatched, "2"),
    (Status::InTransit, "1"),
    (Status::InTransit, "2"),
    (Status::OutForDelivery, "1"),
    (Status::ReadyForPickup, "2"),
    (Status::Delivered, "1"),
    (Status::Delivered, "2"),
    (Status::Damaged, "2"),
    (Status::ReturnRequested, "R"),
    (Status::ReturnLabelCreated, "R"),
    (Status::ReturnInTransit, "R"),
    (Status::ReturnReceived, "R"),
    (Status::ReturnRefunded, "R"),
    (Status::ReturnRequested, "S"),
];

/// One fact of the story; `linked`: it calls its parcel by both of its names.
fn of_story(place: usize, linked: bool) -> Fact {
    let (status, of) = STORY[place];
    let (number, id) = (format!("T{of}"), format!("F{of}"));
    let mut fields = vec![("order_number", "#1"), ANNA];
    if status.row().home == Home::Leg(Leg::Return) {
        fields.push(("return_id", of));
    } else if !of.is_empty() {
        fields.push(("parcel_id", id.as_str()));
        if linked {
            fields.push(("tracking_number", number.as_str()));
        }
    }
    fact(0, place as i64, status, &fields)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(384))]

    #[test]
    fn any_order_of_the_same_facts_ends_in_the_same_state(
        (facts, shuffled) in prop::collection::vec(any_fact(), 1..12)
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let rules = Rules::all_on();
        let mut shuffled = shuffled;
        for index in again {
            shuffled.push(facts[index.index(facts.len())].clone());
        }
        let one = tell(&rules, &numbered(&facts));
        let other = tell(&rules, &numbered(&shuffled));
        prop_assert_eq!(state(&one.order), state(&other.order));
    }

    #[test]
    fn nothing_fires_twice(facts in prop::collection::vec(any_fact(), 1..16)) {
        let rules = Rules::all_on();
        // Everything again, as other receipts. What a repeat finds in another light for all that
        // came since (what waited, what named no parcel) may be told then; a third time never.
        let thrice: Vec<Fact> = facts.iter().chain(&facts).chain(&facts).cloned().collect();
        let twice = tell(&rules, &numbered(&thrice)[..2 * facts.len()]);
        let all = tell(&rules, &numbered(&thrice));
        let mut ids: Vec<OccurrenceId> = all.sent.iter().map(|(_, id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), all.sent.len());
        prop_assert_eq!(twice.sent, all.sent);
    }

    #[test]
    fn ids_never_change_but_to_the_elder_of_two(facts in prop::collection::vec(any_fact(), 1..12)) {
        let rules = Rules::all_on();
        let facts = numbered(&facts);
        let order = Order::first_heard(&merchant(), &facts[0]);
        let mut told = Told { order, rulings: Vec::new(), sent: Vec::new() };
        let mut known: Vec<(ReceiptId, Vec<Subject>, Option<OccurrenceId>)> = Vec::new();
        for fact in &facts {
            let rulings = told.order.apply(fact.clone(), &rules.policy(), fact.event.received_at);
            let united: Vec<_> = rulings.iter().flat_map(|ruling| ruling.united.clone()).collect();
            told.take(rulings);
            for (receipt, subjects, occurrence) in &known {
                let place = told.order.place_of((*receipt, 0));
                let groups = told.order.groups();
                let group = groups.iter().find(|group| group.places.contains(&place));
                let group = group.expect("a group");
                prop_assert!(
                    subjects.iter().any(|subject| group.known_as.contains(subject)),
                    "{:?} was {:?}", group.known_as, subjects
                );
                let now = told.order.scans[place].occurrence;
                let is_united = |of: &OccurrenceId| {
                    united.iter().any(|pair| pair.gone == *of && Some(pair.kept) == now)
                };
                prop_assert!(
                    occurrence.is_none_or(|of| now == Some(of) || is_united(&of)),
                    "{:?} was {:?}", now, occurrence
                );
            }
            known = told.order.groups().iter().flat_map(|group| {
                group.places.iter().map(|place| {
                    let scan = &told.order.scans[*place];
                    (scan.told_by[0].0, vec![group.subject], scan.occurrence)
                }).collect::<Vec<_>>()
            }).collect();
        }
    }

    #[test]
    fn a_story_is_told_whole_whatever_the_order(
        places in Just((0..STORY.len()).collect::<Vec<usize>>()).prop_shuffle(),
        again in prop::collection::vec((0..STORY.len(), any::<prop::sample::Index>()), 0..6),
        linked in any::<bool>(),
    ) {
        let rules = Rules::all_on();
        let mut heard = places;
        for (place, at) in again {
            let at = at.index(heard.len() + 1);
            heard.insert(at, place);
        }
        let facts: Vec<Fact> = heard.iter().map(|place| of_story(*place, linked)).collect();
        let told = tell(&rules, &numbered(&facts));
        let mut expected: Vec<&str> = STORY.iter().map(|(status, ..)| status.name()).collect();
        let mut sent = told.sent();
        sent.sort_unstable();
        expected.sort_unstable();
        prop_assert_eq!(sent, expected);
        // News is what nothing behind it was heard of before.
        for (trigger, occurrence, late) in &told.sent {
            let first = told.order.scans.iter().find(|scan| scan.occurrence == Some(*occurrence));
            let first = first.expect("it was said");
            let is_behind = told.order.scans.iter().any(|other| {
                let is_same = other.leg == first.leg && other.names == first.names;
                let is_later = other.at.at > first.at.at && other.rank().is_some();
                is_same && is_later && other.received_at < first.received_at
            });
            if trigger.name() != "order_placed" {
                prop_assert_eq!(*late, is_behind, "{:?}", trigger);
            }
        }
    }

    #[test]
    fn what_was_written_reads_back(facts in prop::collection::vec(any_fact(), 1..10)) {
        let rules = Rules::all_on();
        let told = tell(&rules, &numbered(&facts));
        prop_assert_eq!(Order::read(&told.order.write()), Ok(told.order));
    }
}
