//! What the rules see of an order.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{Wait, told::Told, when::When};
use crate::{
    Map, Moment, Value,
    calendar::Place,
    id::{OccurrenceId, SourceName},
    order::{Seat, Standing, Subject, TriggerPolicy},
    taxonomy::{Derived, Leg, Phase, Reason, Status, Trigger},
};

/// One thing that was said, as it stands among the others.
#[derive(Debug, Clone)]
pub(crate) struct Said<'a> {
    /// Where the order keeps it.
    pub(crate) place: usize,
    pub(crate) status: Status,
    pub(crate) reason: Option<Reason>,
    pub(crate) leg: Leg,
    pub(crate) rank: Option<u16>,
    /// When it happened, at the latest; never later than it was heard of.
    pub(crate) at: Timestamp,
    pub(crate) received_at: Timestamp,
    /// Place in the order of arrival.
    pub(crate) seq: u32,
    pub(crate) source: &'a SourceName,
    pub(crate) fields: &'a Map,
    pub(crate) standing: Standing,
    pub(crate) run: u32,
    pub(crate) occurrence: Option<OccurrenceId>,
    /// How much its party is believed on what it said of the parcel.
    pub(crate) weight: u8,
    pub(crate) moment: Moment,
}

/// A parcel or a return.
#[derive(Debug)]
pub(crate) struct Thing<'a> {
    pub(crate) subject: Subject,
    /// Every id under which it was spoken of.
    pub(crate) known_as: Vec<Subject>,
    /// All that was said of it, in the order in which it happened.
    pub(crate) said: Vec<Said<'a>>,
    /// The leg on which it goes where it is meant to go.
    pub(crate) leg: Leg,
    /// The status that the leg has reached.
    pub(crate) status: Option<Status>,
    /// The highest rank of this run.
    pub(crate) high: u16,
    pub(crate) run: u32,
    /// The place of the scan that ended it: on its leg, or by sending it back.
    pub(crate) ended: Option<usize>,
    /// The slug of who brings it.
    pub(crate) carrier: Option<String>,
    /// What is known of it: the best word on each field.
    pub(crate) fields: Map,
}

/// One order.
pub(crate) struct Case<'a> {
    pub(crate) subject: Subject,
    pub(crate) triggers: &'a BTreeMap<Trigger, TriggerPolicy>,
    pub(crate) seat: &'a Seat,
    /// Where it goes, where that is known.
    pub(crate) destination: Option<Place>,
    /// The zone there, or the shop's.
    pub(crate) zone: TimeZone,
    /// The parcels that count: those with a name, once there is one.
    pub(crate) parcels: Vec<Thing<'a>>,
    /// Parcels of which too little is known to count: what is said before one has a name.
    pub(crate) unnamed: Vec<Thing<'a>>,
    pub(crate) returns: Vec<Thing<'a>>,
    /// What was said of the order itself.
    pub(crate) of_order: Vec<Said<'a>>,
    /// What is known of it.
    pub(crate) fields: Map,
    /// Whether ordered items are known to be in no parcel yet.
    pub(crate) has_items_pending: bool,
    /// Occurrences that somebody has a message of.
    pub(crate) claimed: Vec<OccurrenceId>,
}

/// One thing of an order, or the order itself, and what was told of it.
#[derive(Clone, Copy)]
pub(crate) struct Of<'c> {
    pub(crate) case: &'c Case<'c>,
    /// `None` for the order.
    pub(crate) thing: Option<&'c Thing<'c>>,
    pub(crate) told: &'c [Told],
}

impl<'c> Of<'c> {
    /// What was told of this very thing.
    pub(super) fn told_of_it(&self) -> impl Iterator<Item = &'c Told> {
        let known_as = self.thing.map(|thing| thing.known_as.as_slice());
        self.told.iter().filter(move |told| told.is_of(known_as))
    }

    /// Whether it was told, for this occasion.
    pub(super) fn was_told(&self, derived: Derived, once: &str) -> bool {
        self.told_of_it().any(|told| told.derived == derived && told.once == once)
    }

    /// Whether it was told since then: a silence is told once, and a new one begins with what
    /// happens after that.
    pub(super) fn was_told_since(&self, derived: Derived, since: Timestamp) -> bool {
        self.told_of_it().any(|told| told.derived == derived && told.at >= since)
    }

    /// Whether the customer was told something else since then: what is past was told to nobody.
    pub(super) fn is_known_since(&self, derived: Derived, since: Timestamp) -> bool {
        let mut told = self.told_of_it().filter(|told| !told.past);
        told.any(|told| told.derived == derived && told.at >= since)
    }

    /// Whether it was told of the order as a whole.
    pub(super) fn was_told_of_order(&self, derived: Derived) -> bool {
        self.told.iter().any(|told| told.derived == derived && told.of.is_none())
    }

    /// The same where it counts that somebody was told.
    pub(super) fn is_known_of_order(&self, derived: Derived) -> bool {
        let mut told = self.told.iter().filter(|told| !told.past);
        told.any(|told| told.derived == derived && told.of.is_none())
    }

    /// How many silences were told before: this one's number.
    pub(super) fn nth(&self, derived: Derived) -> String {
        self.told_of_it().filter(|told| told.derived == derived).count().to_string()
    }

    /// Whether somebody has a message of it.
    pub(super) fn is_claimed(&self, occurrence: OccurrenceId) -> bool {
        self.case.claimed.contains(&occurrence)
    }

    /// How long a trigger waits.
    pub(crate) fn wait(&self, derived: Derived) -> Option<Wait> {
        let policy = self.case.triggers.get(&Trigger::Derived(derived));
        let after = policy.and_then(|policy| policy.after);
        let after = after.or_else(|| Some(derived.threshold()?.default))?;
        Some(if self.case.is_domestic() { after.domestic } else { after.abroad })
    }

    /// When a trigger's wait is over that began at `from`.
    pub(crate) fn after(&self, derived: Derived, from: Timestamp) -> Option<Timestamp> {
        let case = self.case;
        Some(self.wait(derived)?.after(from, &case.places(), &case.zone))
    }

    /// When a trigger's time before `end` begins.
    pub(super) fn before(&self, derived: Derived, end: Timestamp) -> Option<Timestamp> {
        Some(self.wait(derived)?.before(end, &self.case.zone))
    }

    /// A time that a source stated of the thing.
    pub(super) fn when(&self, name: &str) -> Option<When> {
        let text = self.thing?.fields.get(name)?.as_text()?;
        When::read(text, &self.case.zone)
    }
}

impl Case<'_> {
    /// Both ends of the way: a day counts where people work at both.
    pub(crate) fn places(&self) -> Vec<&Place> {
        self.seat.place.iter().chain(&self.destination).collect()
    }

    fn is_domestic(&self) -> bool {
        match (&self.seat.place, &self.destination) {
            (Some(seat), Some(destination)) => seat.country() == destination.country(),
            (None, _) | (_, None) => false,
        }
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.of_order.iter().any(|said| said.status == Status::OrderCancelled && said.counts())
    }

    /// The parcels whose shipping was not called off.
    pub(crate) fn live_parcels(&self) -> impl Iterator<Item = &Thing<'_>> {
        self.parcels.iter().filter(|parcel| !parcel.is_cancelled())
    }
}

impl Said<'_> {
    /// Whether it says something that is believed.
    pub(super) fn counts(&self) -> bool {
        match self.standing {
            Standing::New | Standing::Repeated | Standing::Late | Standing::Sensitive => true,
            Standing::Conflict
            | Standing::Remembered
            | Standing::Unknown
            | Standing::Parked
            | Standing::NoRecipient => false,
        }
    }

    /// Whether it shows that somebody has the thing in hand, told or not.
    pub(super) fn is_sign_of_life(&self) -> bool {
        self.status != Status::Unknown && self.reason != Some(Reason::TrackingFailed)
    }

    /// Whether it shows that the carrier has it.
    fn is_of_carrier(&self) -> bool {
        let is_moving = match self.status.row().phase {
            Phase::Transit | Phase::Delivery => true,
            Phase::Exception => self.status != Status::ShipmentCancelled,
            Phase::Order | Phase::Fulfilment | Phase::Return => false,
        };
        is_moving && self.is_sign_of_life()
    }
}

impl<'a> Thing<'a> {
    /// What was said on its own leg.
    pub(super) fn on_leg(&self) -> impl DoubleEndedIterator<Item = &Said<'a>> {
        self.said.iter().filter(|said| said.leg == self.leg)
    }

    /// The last sign of life.
    pub(super) fn last_sign(&self) -> Option<&Said<'a>> {
        self.on_leg().filter(|said| said.is_sign_of_life()).max_by_key(|said| said.at)
    }

    pub(super) fn is_over(&self) -> bool {
        self.ended.is_some()
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.status == Some(Status::ShipmentCancelled)
    }

    /// Whether it has left the warehouse.
    pub(super) fn is_out(&self) -> bool {
        !self.is_cancelled() && (self.high >= 260 || self.run > 0 || self.is_over())
    }

    /// What showed first that it has left the warehouse.
    pub(super) fn went_out(&self) -> Option<&Said<'a>> {
        let is_out = |said: &&Said<'a>| {
            let is_step = said.rank.is_some_and(|rank| rank >= 260);
            said.counts() && (is_step || said.status == Status::DeliveryAttemptFailed)
        };
        self.on_leg().find(is_out).or_else(|| self.end())
    }

    /// What ended it.
    pub(super) fn end(&self) -> Option<&Said<'a>> {
        let place = self.ended?;
        self.said.iter().find(|said| said.place == place)
    }

    /// Whether all of it came to the customer.
    pub(super) fn is_delivered(&self) -> bool {
        self.status == Some(Status::Delivered) && !self.is_partial()
    }

    /// Whether only a part of it came.
    pub(super) fn is_partial(&self) -> bool {
        let mut delivered = self
            .on_leg()
            .filter(|said| said.status == Status::Delivered && said.counts())
            .map(|said| said.fields.get("partial").and_then(Value::as_bool) == Some(true))
            .peekable();
        self.status == Some(Status::Delivered)
            && delivered.peek().is_some()
            && delivered.all(|is_partial| is_partial)
    }

    /// Whether the carrier has had it in hand.
    pub(super) fn is_with_carrier(&self) -> bool {
        self.on_leg().any(|said| said.is_of_carrier())
    }

    /// Whether it waits at a pick-up point.
    pub(super) fn ready(&self) -> Option<&Said<'a>> {
        if self.status != Some(Status::ReadyForPickup) || self.is_over() {
            return None;
        }
        self.on_leg().rfind(|said| {
            said.status == Status::ReadyForPickup
                && said.run == self.run
                && said.standing == Standing::New
        })
    }

    /// Whether one of these side statuses was said, and no step since.
    pub(super) fn is_open(&self, sides: &[Status]) -> bool {
        self.on_leg().filter(|said| said.counts()).fold(false, |is_open, said| {
            sides.contains(&said.status) || (is_open && said.rank.is_none())
        })
    }

    /// Whether it is known why nothing moves.
    pub(super) fn is_held_up(&self) -> bool {
        self.is_open(&[Status::Held, Status::Delayed, Status::CustomsClearance])
    }
}
