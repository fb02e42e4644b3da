//! Handing out messages whose turn it is: of each lane the first, destinations in turn.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::Timestamp;
use parcelwire_domain::id::{MessageId, Partition};
use parcelwire_engine::ports::{HandOut, Held, LedgerResult, ReadyMessage};
use redis::Value;

use super::{
    Inner,
    answer::{Fields, number, texts},
    connect::Arguments,
    hands::{Kind, Unlooked, counts, in_turn},
    records, scripts,
};
use crate::moment::{micros, time};

/// Destinations with something due, each with its partition and its ids.
type Due = BTreeMap<String, (Partition, Vec<String>)>;

impl Inner {
    /// Hands out what is ready.
    pub(super) async fn ready(
        &self,
        held: &Held,
        now: Timestamp,
        room: &HandOut,
    ) -> LedgerResult<Vec<ReadyMessage>> {
        let partitions = self.working(held);
        let partitions = self.hands().look_into(Kind::Ready, &partitions, Some(now));
        let due = self.what_is_due(Kind::Ready, &partitions, now, room.each).await;
        let due = due.inspect_err(|_| self.stir(Kind::Ready, &partitions))?;
        let taken = self.take_ready(due, now, room);
        let claims = taken.iter().map(|(partition, ids)| self.claim(held, *partition, ids));
        let mut found = Vec::new();
        for ((partition, ids), claimed) in taken.iter().zip(join_all(claims).await) {
            let claimed = claimed.unwrap_or_else(|error| {
                tracing::warn!(%error, "the store failed; messages wait");
                Vec::new()
            });
            let mut hands = self.hands();
            for id in ids.iter().filter_map(|id| MessageId::parse(id).ok()) {
                if !claimed.iter().any(|ready| ready.message.id == id) {
                    hands.messages.remove(&id);
                    hands.stir(Kind::Ready, *partition);
                }
            }
            found.extend(claimed);
        }
        Ok(found)
    }

    /// Ids by name, from partitions in which something may be due; notes when the next thing is.
    pub(super) async fn what_is_due(
        &self,
        kind: Kind,
        partitions: &[Partition],
        now: Timestamp,
        each: usize,
    ) -> LedgerResult<Due> {
        let code = if kind == Kind::Asking { &scripts::ASKING } else { &scripts::READY };
        let mut arguments = Arguments::default();
        // Those that are under way stand before the others: as many again.
        arguments.number(micros(now)).number(each * 2);
        let looks = partitions.iter().map(|partition| {
            let look = self.run(code, *partition, &arguments);
            async move { (*partition, look.await) }
        });
        let mut due = Due::new();
        for (partition, answer) in join_all(looks).await {
            let mut answer = Fields::of(answer?)?;
            for row in Fields::of(answer.value())?.rest() {
                let mut row = Fields::of(row)?;
                due.insert(row.text()?, (partition, texts(row.value())?));
            }
            self.hands().due(kind, partition, next(&mut answer)?);
        }
        Ok(due)
    }

    fn take_ready(
        &self,
        due: Due,
        now: Timestamp,
        room: &HandOut,
    ) -> BTreeMap<Partition, Vec<String>> {
        let resting: BTreeMap<String, Timestamp> = room
            .resting
            .iter()
            .filter(|(_, until)| **until > now)
            .map(|((merchant, destination), until)| (format!("{merchant}/{destination}"), *until))
            .collect();
        let (each, limit) = (room.each, room.limit);
        let mut hands = self.hands();
        let last = hands.last.get(&Kind::Ready).cloned().unwrap_or_default();
        let busy = counts(hands.messages.values());
        let mut taken: BTreeMap<Partition, Vec<String>> = BTreeMap::new();
        let mut count = 0;
        for (place, (partition, ids)) in in_turn(due, &last) {
            if let Some(until) = resting.get(&place) {
                hands.due_by(Kind::Ready, partition, *until);
                continue;
            }
            let free: Vec<(MessageId, String)> = ids
                .into_iter()
                .filter_map(|text| MessageId::parse(&text).ok().map(|id| (id, text)))
                .filter(|(id, _)| !hands.messages.contains_key(id))
                .collect();
            let under_way = busy.get(&place).copied().unwrap_or(0);
            let room = each.saturating_sub(under_way).min(limit - count);
            // What there is no room for in all is looked for again; what waits for others of its own
            // destination, when one of them ends.
            if free.len() > room && limit - count <= room {
                hands.stir(Kind::Ready, partition);
            }
            for (id, text) in free.into_iter().take(room) {
                hands.messages.insert(id, (partition, place.clone()));
                taken.entry(partition).or_default().push(text);
                count += 1;
            }
            if room > 0 {
                hands.last.insert(Kind::Ready, place);
            }
        }
        taken
    }

    async fn claim(
        &self,
        held: &Held,
        partition: Partition,
        ids: &[String],
    ) -> LedgerResult<Vec<ReadyMessage>> {
        let epoch = held.partitions.iter().find(|(place, _)| *place == partition);
        let Some((_, epoch)) = epoch else { return Ok(Vec::new()) };
        let mut arguments = Arguments::default();
        arguments.number(ids.len());
        for id in ids {
            arguments.add(id.as_str());
        }
        let answer = self.run_owned(&scripts::CLAIM, partition, *epoch, arguments).await?;
        let rows = Fields::of(answer.unwrap_or(Value::Nil))?.rest();
        rows.map(records::ready).collect()
    }

    /// Messages that were handed out and not tried.
    pub(super) async fn let_messages_go(&self, messages: &[MessageId]) {
        let mut parts: BTreeMap<Partition, Vec<MessageId>> = BTreeMap::new();
        {
            let mut hands = self.hands();
            for message in messages {
                if let Some((partition, _)) = hands.messages.remove(message) {
                    hands.stir(Kind::Ready, partition);
                    parts.entry(partition).or_default().push(*message);
                }
            }
        }
        for (partition, part) in parts {
            let mut arguments = Arguments::default();
            arguments.number(part.len());
            for message in part {
                arguments.add(message.to_string());
            }
            // Somebody else's by now: so are the marks.
            let Some(epoch) = self.leases.epoch(partition) else { continue };
            let released = self.run_owned(&scripts::UNCLAIM, partition, epoch, arguments).await;
            if let Err(error) = released {
                tracing::debug!(%error, "messages stay marked until they are handed out again");
            }
        }
    }

    /// When the next thing becomes due.
    pub(super) async fn next_due(&self, held: &Held) -> LedgerResult<Option<Timestamp>> {
        let nothing = Arguments::default();
        let (mut first, mut unknown) = (None, Vec::new());
        {
            let hands = self.hands();
            for (partition, _) in &held.partitions {
                match hands.next(*partition) {
                    Ok(next) => first = [first, next].into_iter().flatten().min(),
                    Err(Unlooked) => unknown.push(*partition),
                }
            }
        }
        let asked =
            unknown.into_iter().map(|partition| self.run(&scripts::NEXT_DUE, partition, &nothing));
        for answer in join_all(asked).await {
            let next = next(&mut Fields::of(Value::Array(vec![answer?]))?)?;
            first = [first, next].into_iter().flatten().min();
        }
        Ok(first)
    }
}

/// A time, or nothing.
pub(super) fn next(answer: &mut Fields) -> LedgerResult<Option<Timestamp>> {
    let told = answer.optional()?.filter(|text| !text.is_empty());
    Ok(told.map(|text| number(&text)).transpose()?.map(time))
}
