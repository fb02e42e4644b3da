//! The rules of the taxonomy as tables, and the laws: any order of the same facts ends in the same
//! state, nothing fires twice, ids never change.

mod derived;
mod derived_laws;
mod derived_parcels;
mod imported;
mod laws;
mod names;
mod outlook;
mod rules;
mod times;
mod views;

use std::{collections::BTreeMap, time::Duration};

use jiff::{Timestamp, ToSpan as _};

use super::*;
use crate::{
    AliasKind, Event, Map, Moment, Party,
    id::MerchantKey,
    silence::Hearing,
    taxonomy::{Home, Leg, Reason, Status, Trigger},
};

/// The rules of a test: everything is on, but for what is named.
struct Rules {
    key: MerchantKey,
    triggers: BTreeMap<Trigger, TriggerPolicy>,
    seat: Seat,
}

impl Rules {
    fn all_on() -> Self {
        let rules = TriggerPolicy {
            on: true,
            max_age: Duration::from_hours(72),
            hold: Duration::ZERO,
            only_from: Vec::new(),
            once_per: OncePer::Parcel,
            after: None,
        };
        let key = MerchantKey::of(&[7; 32], &merchant());
        let triggers = Trigger::all().map(|trigger| (trigger, rules.clone())).collect();
        Self { key, triggers, seat: Seat::default() }
    }

    fn with(mut self, status: Status, change: impl FnOnce(&mut TriggerPolicy)) -> Self {
        change(self.triggers.get_mut(&Trigger::Status(status)).expect("all triggers are in it"));
        self
    }

    fn policy(&self) -> Policy<'_> {
        Policy {
            key: &self.key,
            triggers: &self.triggers,
            seat: &self.seat,
            hearing: Hearing::default(),
        }
    }
}

fn merchant() -> MerchantId {
    MerchantId::parse("hey").expect("a name")
}

fn klaviyo() -> DestinationName {
    DestinationName::parse("klaviyo").expect("a name")
}

fn minute(minute: i64) -> Timestamp {
    Timestamp::from_second(1_795_341_600 + minute * 60).expect("a time")
}

/// A fact of receipt `n`, which happened at minute `at` and is of `fields`.
fn fact(n: u128, at: i64, status: Status, fields: &[(&str, &str)]) -> Fact {
    let mut map = Map::new();
    for (name, value) in fields {
        map.set(*name, crate::Value::text(*value));
    }
    let leg = match status.row().home {
        Home::Leg(leg) => leg,
        Home::Order | Home::Any => Leg::Forward,
    };
    Fact {
        receipt: ReceiptId::from_bits(n),
        index: 0,
        event: Event {
            status,
            reason: None,
            leg,
            quiet: false,
            imported: false,
            occurred_at: Moment::utc(minute(at)),
            received_at: minute(at),
            source: SourceName::parse("shop").expect("a name"),
            party: Party::Carrier,
            fields: map,
        },
    }
}

/// Names and recipient of the one parcel of most tests.
const ONE: [(&str, &str); 3] = [("order_number", "#1001"), ("tracking_number", "T1"), ANNA];

const ANNA: (&str, &str) = ("email", "anna@hey.example");

/// Applies facts in this order to one order and claims all that fires.
struct Told {
    order: Order,
    /// Per ruling: status, standing, whether something new was claimed.
    rulings: Vec<(Status, Standing, bool)>,
    /// What was claimed, in order.
    sent: Vec<(Trigger, OccurrenceId, bool)>,
}

fn tell(rules: &Rules, facts: &[Fact]) -> Told {
    let first = fact(0, 0, Status::Unknown, &[]);
    let order = Order::first_heard(&merchant(), facts.first().unwrap_or(&first));
    let mut told = Told { order, rulings: Vec::new(), sent: Vec::new() };
    for fact in facts {
        told.hear(rules, fact);
    }
    told
}

impl Told {
    fn hear(&mut self, rules: &Rules, fact: &Fact) {
        let now = fact.event.received_at;
        let rulings = self.order.apply(fact.clone(), &rules.policy(), now);
        self.take(rulings);
    }

    fn take(&mut self, rulings: Vec<Ruling>) {
        for ruling in rulings {
            let mut fired = false;
            for firing in ruling.firings.iter().filter(|firing| firing.stopped.is_none()) {
                if self.order.claim(firing, &klaviyo()) {
                    fired = true;
                    self.sent.push((firing.trigger, firing.occurrence, firing.late));
                }
            }
            self.rulings.push((ruling.status, ruling.standing, fired));
        }
    }

    fn standings(&self) -> Vec<Standing> {
        self.rulings.iter().map(|(_, standing, _)| *standing).collect()
    }

    fn sent(&self) -> Vec<&'static str> {
        self.sent.iter().map(|(trigger, _, _)| trigger.name()).collect()
    }
}

fn reasoned(mut fact: Fact, reason: Reason) -> Fact {
    fact.event.reason = Some(reason);
    fact
}

fn quiet(mut fact: Fact) -> Fact {
    fact.event.quiet = true;
    fact
}

fn by(mut fact: Fact, source: &str, party: Party) -> Fact {
    fact.event.source = SourceName::parse(source).expect("a name");
    fact.event.party = party;
    fact
}

/// What an import says at minute `at`.
fn imported(mut fact: Fact, at: i64) -> Fact {
    fact.event.imported = true;
    heard_at(fact, at)
}

fn heard_at(mut fact: Fact, at: i64) -> Fact {
    fact.event.received_at = minute(at);
    fact
}
