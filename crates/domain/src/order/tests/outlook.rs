//! What is said of an order to whoever asks what comes next.

use super::{
    derived::{Life, ONE, at, said},
    *,
};
use crate::{derived::Wait, taxonomy::Derived};

fn of(life: &Life, derived: Derived, now: &str) -> Option<Prospect> {
    let outlook = life.order.outlook(&life.rules.policy(), at(now));
    outlook.into_iter().find(|prospect| prospect.derived == derived)
}

#[test]
fn what_waits_is_planned_and_says_what_it_follows_from() {
    let mut life = Life::begin();
    life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    let planned = of(&life, Derived::PickupReminder, "2026-11-24T12:00:00Z").expect("it waits");
    assert_eq!(planned.stands, Stands::Planned);
    assert_eq!(planned.at, at("2026-11-26T12:00:00Z"));
    assert_eq!((planned.basis, planned.after), (Status::ReadyForPickup, Some(Wait::Days(3))));
    assert_eq!(planned.since, at("2026-11-23T12:00:00Z"));
    assert_eq!(planned.tracking_number.as_deref(), Some(ONE.1));
    // Once it was told, or refuted, nothing is planned any more.
    life.wait("2026-11-27T12:00:00Z");
    assert_eq!(life.only(Derived::PickupReminder).len(), 1);
    assert_eq!(of(&life, Derived::PickupReminder, "2026-11-27T12:00:00Z"), None);
    let mut other = Life::begin();
    other.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    other.say("2026-11-24T12:00:00Z", Status::Delivered, &[ONE]);
    assert_eq!(of(&other, Derived::PickupReminder, "2026-11-24T13:00:00Z"), None);
}

#[test]
fn what_is_off_or_not_believed_is_told_as_such() {
    let mut life = Life::begin().without(&[Derived::PickupReminder]);
    life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    let stands = |life: &Life| of(life, Derived::PickupReminder, "2026-11-24T12:00:00Z");
    assert_eq!(stands(&life).expect("it is off").stands, Stands::Off);
    let rules = life.rules.triggers.get_mut(&Trigger::Derived(Derived::PickupReminder));
    let rules = rules.expect("all are in it");
    (rules.on, rules.only_from) = (true, vec![Party::Shop]);
    assert_eq!(stands(&life).expect("it is not believed").stands, Stands::NotBelieved);
}

#[test]
fn what_is_due_and_waits_for_news_is_suspended() {
    let mut life = Life::begin();
    life.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    let Life { rules, order, .. } = &mut life;
    let hearing = Hearing { backlog: true, ..Hearing::default() };
    let due = at("2026-11-26T12:00:00Z");
    let derivation = order.derive(&Policy { hearing, ..rules.policy() }, due);
    assert_eq!(derivation.postponed.len(), 1);
    let stands = of(&life, Derived::PickupReminder, "2026-11-26T12:01:00Z").map(|it| it.stands);
    assert_eq!(stands, Some(Stands::Suspended));
}

#[test]
fn nothing_is_planned_while_nobody_can_be_told_nor_of_what_is_never_spoken_of() {
    let mut nobody = Life::begin();
    let mut told = said("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    told.event.fields.remove("email");
    let (key, until) = ((told.receipt, told.index), at("2026-11-26T12:00:00Z"));
    let policy = nobody.rules.policy();
    drop(nobody.order.apply(told, &policy, at("2026-11-23T12:00:00Z")));
    assert_eq!(nobody.order.outlook(&policy, at("2026-11-23T12:00:00Z")), []);
    assert_eq!(nobody.order.parked_until(key), Some(until), "as long as it is news");
    let mut hushed = Life::begin();
    hushed.say("2026-11-23T12:00:00Z", Status::ReadyForPickup, &[ONE]);
    let mut why = said("2026-11-23T13:00:00Z", Status::Held, &[ONE]);
    why.event.reason = Some(Reason::Deceased);
    hushed.hear(why, at("2026-11-23T13:00:00Z"));
    assert_eq!(hushed.order.outlook(&hushed.rules.policy(), at("2026-11-24T12:00:00Z")), []);
}
