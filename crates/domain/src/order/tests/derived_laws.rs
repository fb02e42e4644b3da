//! Laws of derived triggers: whatever the order of facts and however often, early or late it is woken.

use proptest::prelude::*;

use super::{
    derived::{Life, at, said},
    *,
};
use crate::{Value, taxonomy::Derived};

/// Statuses from which, or from the silence after which, something follows.
const STATUSES: [Status; 14] = [
    Status::OrderPlaced,
    Status::LabelCreated,
    Status::Dispatched,
    Status::InTransit,
    Status::Delayed,
    Status::OutForDelivery,
    Status::DeliveryAttemptFailed,
    Status::ReadyForPickup,
    Status::Delivered,
    Status::Lost,
    Status::ShipmentCancelled,
    Status::ReturningToSender,
    Status::ReturnLabelCreated,
    Status::ReturnInTransit,
];

const HOUR: i64 = 3600;

fn hour(hour: i64) -> Timestamp {
    at("2026-11-23T06:00:00Z") + std::time::Duration::from_secs((hour * HOUR).unsigned_abs())
}

/// A fact of one of two parcels (or returns), within twelve days, by one of two sources.
fn any_fact() -> impl Strategy<Value = Fact> {
    let parts = (0..STATUSES.len(), 0..288_i64, 0..2_u8, any::<bool>(), 0..6_u8);
    parts.prop_map(|(status, time, of, is_carrier, special)| {
        let status = STATUSES[status];
        let is_return = status.row().home == Home::Leg(Leg::Return);
        let name = if is_return { "return_id" } else { "tracking_number" };
        let number = format!("T{of}");
        let named = [(name, number.as_str())];
        let fields: &[(&str, &str)] = if status.row().home == Home::Order { &[] } else { &named };
        let mut told = said("2026-11-23T06:00:00Z", status, fields);
        told.event.occurred_at = Moment::utc(hour(time));
        told.event.received_at = hour(time);
        match special {
            0 => {
                let mut point = Map::new();
                point.set("pickup_until", Value::text("2026-12-02"));
                told.event.fields.set("pickup_point", Value::Map(point));
            }
            1 => told.event.fields.set("eta_until", Value::text("2026-11-30")),
            2 => told.event.fields.set("return_by", Value::text("2026-12-10")),
            _ => {}
        }
        if is_carrier { by(told, "dhl", Party::Carrier) } else { told }
    })
}

/// Facts as they come: each up to three days after it happened.
fn heard() -> impl Strategy<Value = Vec<(Timestamp, Fact)>> {
    prop::collection::vec((any_fact(), 0..72_i64), 1..12).prop_map(|facts| {
        let mut heard: Vec<(Timestamp, Fact)> = facts
            .into_iter()
            .map(|(fact, late)| {
                let now = fact.event.occurred_at.at
                    + std::time::Duration::from_secs((late * HOUR).unsigned_abs());
                (now, fact)
            })
            .collect();
        heard.sort_by_key(|(now, _)| *now);
        heard
    })
}

/// All that fires by the end, in the order in which it does.
fn fired(life: &Life) -> Vec<(Timestamp, Trigger, OccurrenceId)> {
    life.fired.iter().map(|(now, firing)| (*now, firing.trigger, firing.occurrence)).collect()
}

fn follows_from_absence(trigger: Trigger) -> bool {
    let Trigger::Derived(derived) = trigger else { return false };
    derived.threshold().is_some() || derived == Derived::DeliveryExpectedTomorrow
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn waking_early_or_again_changes_nothing(
        heard in heard(),
        needless in prop::collection::vec(0..1500_i64, 0..20),
    ) {
        let mut exact = Life::begin();
        let mut restless = Life::begin();
        let mut wakes: Vec<Timestamp> = needless.into_iter().map(hour).collect();
        wakes.sort();
        for (now, fact) in &heard {
            exact.hear(fact.clone(), *now);
            while wakes.first().is_some_and(|wake| wake <= now) {
                let wake = wakes.remove(0);
                restless.until(wake);
                restless.order.wake(&restless.rules.policy(), wake);
                restless.derive(wake);
                restless.derive(wake);
            }
            restless.hear(fact.clone(), *now);
        }
        for wake in wakes {
            restless.until(wake);
            restless.derive(wake);
        }
        exact.until(hour(3000));
        restless.until(hour(3000));
        prop_assert_eq!(fired(&exact), fired(&restless));
    }

    #[test]
    fn nothing_fires_twice_and_nothing_that_is_known_to_be_over(
        heard in heard(),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        late in prop::collection::vec(0..400_i64, 0..10),
    ) {
        // Woken late, or not at all between two facts, which come again and again.
        let mut life = Life::begin();
        let mut all = heard.clone();
        for index in again {
            let (now, fact) = &heard[index.index(heard.len())];
            all.push((*now + std::time::Duration::from_secs(5), fact.clone()));
        }
        all.sort_by_key(|(now, _)| *now);
        let mut late: Vec<Timestamp> = late.into_iter().map(hour).collect();
        late.sort();
        // What has fired when each came to its end, and which it was.
        let mut ended: Vec<(usize, String)> = Vec::new();
        for (n, (now, fact)) in all.iter().enumerate() {
            while late.first().is_some_and(|wake| wake < now) {
                life.derive(late.remove(0));
            }
            let mut told = fact.clone();
            told.receipt = ReceiptId::from_bits(1000 + n as u128);
            told.event.received_at = *now;
            let policy = life.rules.policy();
            drop(life.order.apply(told, &policy, *now));
            let fired = life.fired.len();
            life.derive(*now);
            let ends = fact.event.status.row().terminal || fact.event.leg == Leg::Rts;
            if let Some(name) = fact.event.fields.get("tracking_number").filter(|_| ends) {
                ended.push((fired, name.as_text().unwrap_or_default().to_owned()));
            }
        }
        life.until(hour(3000));
        // `derive` itself fails where something fires twice.
        for (n, (now, firing)) in life.fired.iter().enumerate() {
            let view = life.order.view(firing, *now);
            let number = view.get("tracking_number").and_then(Value::as_text).unwrap_or_default();
            let is_parcel = matches!(firing.subject, Subject::Parcel(_));
            if is_parcel && follows_from_absence(firing.trigger) {
                let was_over = ended.iter().any(|(fired, name)| *fired <= n && name == number);
                prop_assert!(!was_over, "{:?} of {number} at {now}", firing.trigger);
            }
        }
    }

    #[test]
    fn the_same_facts_in_any_order_lead_to_the_same(
        (facts, shuffled) in prop::collection::vec(any_fact(), 1..10)
            .prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        again in prop::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let end = |facts: &[Fact]| {
            let mut life = Life::begin();
            for (n, fact) in facts.iter().enumerate() {
                let mut told = fact.clone();
                told.receipt = ReceiptId::from_bits(n as u128 + 1);
                told.event.received_at = hour(300);
                let policy = life.rules.policy();
                drop(life.order.apply(told, &policy, hour(300)));
            }
            life.derive(hour(300));
            life.until(hour(4000));
            // Ids hang on who was heard of first; which day was told first, on what came first.
            let mut told: Vec<String> = life.fired.iter()
                .filter(|(_, firing)| firing.trigger != Trigger::Derived(Derived::EtaChanged))
                .map(|(now, firing)| {
                    let view = life.order.view(firing, *now);
                    let name = |name| view.get(name).and_then(Value::as_text).map(str::to_owned);
                    let of = name("tracking_number").or_else(|| name("return_id"));
                    let of = of.filter(|_| !matches!(firing.subject, Subject::Order(_)));
                    format!("{now} {} {of:?}", firing.trigger.name())
                })
                .collect();
            told.sort();
            told
        };
        let mut shuffled = shuffled;
        for index in again {
            shuffled.push(facts[index.index(facts.len())].clone());
        }
        prop_assert_eq!(end(&facts), end(&shuffled));
    }

    #[test]
    fn what_was_told_reads_back(heard in heard()) {
        let mut life = Life::begin();
        for (now, fact) in &heard {
            life.hear(fact.clone(), *now);
        }
        life.until(hour(500));
        prop_assert_eq!(Order::read(&life.order.write()), Ok(life.order));
    }
}
