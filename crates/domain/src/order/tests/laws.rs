use proptest::prelude::*;

use super::*;

/// Statuses that meet each other in every way the rules know.
const STATUSES: [Status; 12] = [
    Status::OrderPlaced,
    Status::LabelCreated,
    Status::Dispatched,
    Status::InTransit,
    Status::Delayed,
    Status::OutForDelivery,
    Status::DeliveryAttemptFailed,
    Status::ReadyForPickup,
    Status::Delivered,
    Status::Undeliverable,
    Status::ReturnRequested,
    Status::ReturnReceived,
];

/// One of two parcels of one order, said by one of two sources, with or without the recipient.
fn any_fact() -> impl Strategy<Value = Fact> {
    let parts = (0..STATUSES.len(), 0..40_i64, 0..3_u8, any::<bool>(), 0..4_u8);
    parts.prop_map(|(status, at, parcel, carrier, how)| {
        let status = STATUSES[status];
        let number = format!("T{parcel}");
        let return_id = format!("R{parcel}");
        let mut fields = vec![("order_number", "#1")];
        match status.row().home {
            Home::Order => {}
            Home::Leg(Leg::Return) => fields.push(("return_id", return_id.as_str())),
            Home::Leg(Leg::Forward | Leg::Rts) | Home::Any => {
                fields.push(("tracking_number", number.as_str()));
            }
        }
        if how == 0 {
            fields.push(ANNA);
        }
        let mut told = fact(0, at, status, &fields);
        told.event.quiet = how == 1;
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

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
        // Everything once more, as other receipts.
        let twice: Vec<Fact> = facts.iter().chain(&facts).cloned().collect();
        let once = tell(&rules, &numbered(&facts));
        let all = tell(&rules, &numbered(&twice));
        let mut ids: Vec<OccurrenceId> = all.sent.iter().map(|(_, id, _)| *id).collect();
        ids.sort_unstable();
        ids.dedup();
        prop_assert_eq!(ids.len(), all.sent.len());
        prop_assert!(all.sent.len() == once.sent.len() || !once.order.parked.is_empty());
    }

    #[test]
    fn ids_never_change_when_names_are_learned(facts in prop::collection::vec(any_fact(), 1..10)) {
        let rules = Rules::all_on();
        let facts = numbered(&facts);
        let mut told = tell(&rules, &facts[..1]);
        let mut known: Vec<(Vec<(ReceiptId, u16)>, Subject, Option<OccurrenceId>)> = Vec::new();
        for fact in &facts {
            let mut learned = fact.clone();
            learned.event.fields.set("parcel_id", crate::Value::text(
                learned.event.fields.get("tracking_number").and_then(crate::Value::as_text).map_or("F0".to_owned(), |t| format!("F{t}")),
            ));
            told.hear(&rules, &learned);
            for (tellers, subject, occurrence) in &known {
                let place = told.order.place_of(tellers[0]);
                let group = told.order.groups().into_iter().find(|group| group.places.contains(&place)).expect("a group");
                prop_assert_eq!(group.subject, *subject);
                if occurrence.is_some() {
                    prop_assert_eq!(told.order.scans[place].occurrence, *occurrence);
                }
            }
            known = told.order.groups().iter().flat_map(|group| {
                group.places.iter().map(|place| {
                    let scan = &told.order.scans[*place];
                    (scan.told_by.clone(), group.subject, scan.occurrence)
                }).collect::<Vec<_>>()
            }).collect();
        }
    }

    #[test]
    fn what_was_written_reads_back(facts in prop::collection::vec(any_fact(), 1..10)) {
        let rules = Rules::all_on();
        let told = tell(&rules, &numbered(&facts));
        prop_assert_eq!(Order::read(&told.order.write()), Ok(told.order));
    }
}
