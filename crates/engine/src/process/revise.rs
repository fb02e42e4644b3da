//! What a fact means for messages that are still unsent.

use jiff::Timestamp;
use parcelwire_domain::{
    Value,
    id::{AggregateId, DestinationName, MessageId, OccurrenceId},
    order::{Passed, Ruling, Standing, United},
    past::Telling,
    taxonomy::{Leg, Status, Trigger},
};

use parcelwire_mapping::merchant::{Candidate, Choice};

use super::decide::Decide;
use crate::ports::Revision;

/// Rules by which somebody does not want a message, whoever reported what it tells.
const REFUSALS: [&str; 2] = ["objected", "consent denied"];

/// An unsent message, made in this step or before it.
struct Unsent<'a> {
    id: MessageId,
    destination: &'a DestinationName,
    trigger: Trigger,
    leg: Leg,
    rank: Option<u16>,
    backfill: bool,
}

impl Decide<'_> {
    /// Takes back, or makes records of the past, what is no news any more.
    pub(super) fn revise(&mut self, id: AggregateId, ruling: &Ruling) {
        let unsent = self.unsent(id, ruling);
        let revised: Vec<(MessageId, DestinationName)> = unsent
            .iter()
            .filter(|message| !message.backfill)
            .filter(|message| ruling.passed.is_some_and(|passed| is_passed(message, passed)))
            .map(|message| (message.id, message.destination.clone()))
            .collect();
        let hushed: Vec<MessageId> = unsent
            .iter()
            .filter(|message| ruling.standing == Standing::Sensitive && says_that(message, ruling))
            .map(|message| message.id)
            .collect();
        for (message, destination) in revised {
            self.supersede(id, message, &destination);
        }
        for message in hushed {
            self.put(Revision::Cancel { message, why: "sensitive".to_owned() });
        }
    }

    /// A message that waits yet says what a second report brought, in the words of who knows best.
    pub(super) fn refill(
        &mut self,
        id: AggregateId,
        occurrence: OccurrenceId,
        destination: &DestinationName,
    ) {
        let Some(message) = self.unsent_of(&[id], occurrence, destination) else { return };
        let Some(desk) = self.orders.get(&id) else { return };
        let Some(speaker) = desk.order.speaker(occurrence) else { return };
        let known = self.pending.iter().find(|known| known.id == message);
        let new = self.messages.iter().find(|new| new.id == message);
        let backfill =
            known.is_some_and(|known| known.backfill) || new.is_some_and(|new| new.backfill);
        let mut view = desk.order.view(&speaker, self.now);
        view.set("late", Value::Bool(backfill));
        let candidate = Candidate {
            trigger: speaker.trigger,
            occurrence,
            view: &view,
            source: &speaker.source,
            backfill,
            objection: self.objected.of(self.policy.key, &view),
            test: false,
        };
        let frozen = match self.merchant.choose(&candidate, destination, self.now) {
            Choice::Send(frozen) => frozen,
            Choice::Stop { rule, .. } => {
                if REFUSALS.contains(&rule.as_str()) {
                    self.put(Revision::Cancel { message, why: rule });
                }
                return;
            }
        };
        let written = frozen.write().into();
        match self.messages.iter_mut().find(|new| new.id == message) {
            Some(new) => new.frozen = written,
            None => self.put(Revision::Refill { message, frozen: written }),
        }
        if let Some((_, words)) = self.made.iter_mut().find(|(known, _)| *known == message) {
            *words = frozen;
        }
    }

    /// Who does not want advertising is not sent what was meant to go out.
    pub(super) fn withdraw_advertising(&mut self, id: AggregateId) {
        let known = self.pending.iter().map(|it| (it.id, it.aggregate, it.trigger));
        let new = self.messages.iter().map(|it| (it.id, it.aggregate, it.trigger));
        let unwanted = known.chain(new).filter(|(_, aggregate, trigger)| {
            *aggregate == id && self.merchant.is_promotional(*trigger)
        });
        let unwanted: Vec<MessageId> = unwanted.map(|(message, ..)| message).collect();
        for message in unwanted {
            self.put(Revision::Cancel { message, why: "consent denied".to_owned() });
        }
    }

    /// Of two messages on what turned out to be one fact, the younger unsent one goes.
    pub(super) fn drop_twins(&mut self, aggregates: &[AggregateId], united: &[United]) {
        for pair in united {
            for destination in &pair.twice {
                let kept = self.unsent_of(aggregates, pair.kept, destination);
                let gone = self.unsent_of(aggregates, pair.gone, destination);
                // Where only one is unsent, the other one has told it.
                if let Some(message) = gone.or(kept) {
                    self.put(Revision::Cancel { message, why: "superseded".to_owned() });
                }
            }
        }
    }

    fn supersede(&mut self, id: AggregateId, message: MessageId, destination: &DestinationName) {
        let target = self.merchant.destinations.get(destination);
        // Of one that is not known here it is not known either that it would start nothing.
        let at = self.happened(id, message, destination).unwrap_or(self.now);
        let telling = target.map(|target| target.ready.past().telling(true, at, self.now));
        if telling != Some(Telling::Record) {
            self.put(Revision::Cancel { message, why: "superseded".to_owned() });
            return;
        }
        match self.messages.iter_mut().find(|new| new.id == message) {
            Some(new) => {
                new.backfill = true;
                new.not_before = self.now;
            }
            None => self.put(Revision::Backfill { message }),
        }
    }

    /// When that happened which an unsent message tells.
    fn happened(
        &self,
        id: AggregateId,
        message: MessageId,
        destination: &DestinationName,
    ) -> Option<Timestamp> {
        let order = &self.orders.get(&id)?.order;
        let told = |occurrence: &OccurrenceId| message_id(id, *occurrence, destination) == message;
        Some(order.speaker(order.claimed().find(told)?)?.occurred_at.at)
    }

    pub(super) fn put(&mut self, revision: Revision) {
        if !self.revisions.contains(&revision) {
            self.revisions.push(revision);
        }
    }

    /// The unsent messages of what a ruling speaks of.
    fn unsent(&self, id: AggregateId, ruling: &Ruling) -> Vec<Unsent<'_>> {
        let subjects: Vec<String> = ruling.known_as.iter().map(ToString::to_string).collect();
        let is_of = |aggregate: AggregateId, subject: &String| {
            aggregate == id && subjects.contains(subject)
        };
        let known = self.pending.iter().filter(|known| is_of(known.aggregate, &known.subject));
        let known = known.map(|known| Unsent {
            id: known.id,
            destination: &known.destination,
            trigger: known.trigger,
            leg: known.leg,
            rank: known.rank,
            backfill: known.backfill,
        });
        let new = self.messages.iter().filter(|new| is_of(new.aggregate, &new.subject));
        let new = new.map(|new| Unsent {
            id: new.id,
            destination: &new.destination,
            trigger: new.trigger,
            leg: new.leg,
            rank: new.rank,
            backfill: new.backfill,
        });
        known.chain(new).collect()
    }

    fn unsent_of(
        &self,
        aggregates: &[AggregateId],
        occurrence: OccurrenceId,
        destination: &DestinationName,
    ) -> Option<MessageId> {
        let mut ids = aggregates.iter().map(|id| message_id(*id, occurrence, destination));
        ids.find(|id| {
            self.pending.iter().any(|known| known.id == *id)
                || self.messages.iter().any(|new| new.id == *id)
        })
    }
}

/// The id of a message: of this occurrence, for this destination, whenever it is made.
pub(super) fn message_id(
    aggregate: AggregateId,
    occurrence: OccurrenceId,
    destination: &DestinationName,
) -> MessageId {
    let parts: [&[u8]; 2] = [occurrence.bytes(), destination.as_str().as_bytes()];
    MessageId::derived_near(aggregate.bits(), &parts)
}

/// Lower unsent steps of the leg are no news any more; the dispatch always is.
fn is_passed(message: &Unsent<'_>, passed: Passed) -> bool {
    message.leg == passed.leg
        && message.trigger != Trigger::Status(Status::Dispatched)
        && message.rank.is_some_and(|rank| rank < passed.rank)
}

fn says_that(message: &Unsent<'_>, ruling: &Ruling) -> bool {
    message.trigger == Trigger::Status(ruling.status)
}
