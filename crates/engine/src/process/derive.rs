//! What follows from facts and from their absence: messages, and lines that say why.

use parcelwire_domain::{
    Map, Value,
    id::{AggregateId, MessageId, OccurrenceId, ReceiptId},
    order::{Firing, Postponed},
    taxonomy::{Derived, Trigger},
};

use super::{decide::Decide, revise::message_id};
use crate::ports::{FOLLOWED, Revision, StoryDecision, StoryLine};

/// What followed from each event has so many lines: one for each derived trigger.
const LINES_OF_EVENT: u16 = 16;

impl Decide<'_> {
    /// Asks an order what follows now. `from` is the fact after which it is asked, whose line then says
    /// so too; when the order woke, what follows has lines of its own.
    pub(super) fn derive(&mut self, id: AggregateId, from: Option<(ReceiptId, u16)>) {
        let id = self.orders.get(&id).and_then(|desk| desk.merged_into).unwrap_or(id);
        let Some(desk) = self.orders.get_mut(&id) else { return };
        let derivation = desk.order.derive(&self.policy, self.now);
        self.take_back(id, &derivation.refuted);
        for firing in &derivation.firings {
            let mut decisions = Vec::new();
            let receipt = from.map_or(firing.receipt, |(receipt, _)| receipt);
            self.fire(id, firing, receipt, &mut decisions);
            self.tell(id, from, firing, decisions);
        }
        for postponed in &derivation.postponed {
            let decision = waits(postponed);
            self.tell(id, from, &postponed.firing, vec![decision]);
        }
    }

    /// What holds no longer is not told to whoever was not told yet.
    fn take_back(&mut self, id: AggregateId, refuted: &[OccurrenceId]) {
        if refuted.is_empty() {
            return;
        }
        let is_refuted = |message: MessageId, trigger: Trigger, of: AggregateId| {
            let mut destinations = self.merchant.destinations.keys();
            of == id
                && matches!(trigger, Trigger::Derived(_))
                && destinations.any(|destination| {
                    refuted.iter().any(|gone| message_id(id, *gone, destination) == message)
                })
        };
        let known = self.pending.iter().map(|it| (it.id, it.trigger, it.aggregate));
        let new = self.messages.iter().map(|it| (it.id, it.trigger, it.aggregate));
        let gone: Vec<MessageId> = known
            .chain(new)
            .filter(|(message, trigger, of)| is_refuted(*message, *trigger, *of))
            .map(|(message, ..)| message)
            .collect();
        for message in gone {
            self.put(Revision::Cancel { message, why: "superseded".to_owned() });
        }
    }

    fn tell(
        &mut self,
        id: AggregateId,
        from: Option<(ReceiptId, u16)>,
        firing: &Firing,
        decisions: Vec<StoryDecision>,
    ) {
        let is_told = decisions.iter().any(|decision| decision.decision == "message");
        if let Some(key) = from
            && let Some(line) = self.story.get_mut(&key)
        {
            line.decisions.extend(decisions);
            if is_told && line.outcome == "filtered" {
                (line.outcome, line.rule) = ("forwarded".to_owned(), String::new());
                let outcome = (line.outcome.clone(), line.rule.clone());
                self.lines.entry(key.0).or_default().insert(key.1, outcome);
            }
            return;
        }
        let Trigger::Derived(derived) = firing.trigger else { return };
        let rule = decisions.first().map(|decision| decision.decision.clone());
        let (outcome, rule) = match rule.filter(|_| !is_told) {
            Some(rule) => ("filtered", rule),
            None => ("forwarded", String::new()),
        };
        let index = line_of(firing.index, derived);
        let line = StoryLine {
            receipt: firing.receipt,
            index,
            aggregate: Some(id),
            status: firing.trigger.name().to_owned(),
            occurred_at: firing.occurred_at.at,
            outcome: outcome.to_owned(),
            rule,
            fields: self.followed(id, firing),
            decisions,
        };
        self.story.insert((firing.receipt, index), line);
    }

    /// What is told of it beside the trigger: by which names it is known, and what was counted.
    fn followed(&self, id: AggregateId, firing: &Firing) -> Map {
        let mut fields = Map::new();
        let view = self.orders.get(&id).map(|desk| desk.order.view(firing, self.now));
        let view = view.unwrap_or_default();
        for name in
            ["order_number", "order_id", "tracking_number", "return_id", "carrier", "status"]
        {
            fields.set_some(name, view.get(name).cloned());
        }
        fields.set("trigger", Value::text(firing.trigger.name()));
        fields.set("occurred_at", Value::text(firing.occurred_at.to_rfc3339()));
        for (name, value) in firing.fields.iter() {
            fields.set(name, value.clone());
        }
        fields
    }
}

fn waits(postponed: &Postponed) -> StoryDecision {
    let until = match postponed.until {
        Some(until) => format!("looked at again at {until}"),
        None => "not before something is heard of it".to_owned(),
    };
    StoryDecision {
        until: postponed.until,
        ..StoryDecision::of(postponed.firing.trigger, None, postponed.why.name())
            .because(format!("{}; {until}", postponed.why))
    }
}

/// The index of the line for what followed from an event. A receipt has at most 2,000 events.
fn line_of(event: u16, derived: Derived) -> u16 {
    FOLLOWED.saturating_add(event.saturating_mul(LINES_OF_EVENT)).saturating_add(derived as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_events_share_a_line_of_what_followed() {
        assert!(Derived::ALL.len() <= usize::from(LINES_OF_EVENT));
        let of = |event| Derived::ALL.iter().map(move |derived| line_of(event, *derived));
        let mut lines: Vec<u16> = [0, 1, 7, 1998, 1999].into_iter().flat_map(of).collect();
        let count = lines.len();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), count);
        assert!(lines[0] >= FOLLOWED);
    }
}
