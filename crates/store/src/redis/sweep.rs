//! Looks through what is unfinished for what nobody would ever come to: walks over all keys, some at a
//! time, and lets a script look at each receipt, message and order among them where it is kept.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use jiff::Timestamp;
use parcelwire_domain::id::Partition;
use parcelwire_engine::ports::{Held, LedgerResult, Orphan, OrphanKind, Swept};
use redis::Value;

use super::{
    Inner,
    answer::{Fields, misfit, text},
    connect::Arguments,
    moving::scanned,
    scripts,
};
use crate::moment::micros;

/// Keys of receipts (`r`), messages (`m`) and orders (`a`), and of nothing else.
const PATTERN: &str = "pw:{p[0-9][0-9]}:[rma]:*";

/// About so many keys are passed over in one part, whatever they are: the server does nothing else
/// meanwhile.
const KEYS: u32 = 2000;

/// Most things that one script looks at.
const LOOKED_AT: usize = 200;

/// Which kind of thing, and its own part of the key.
type Thing = (String, String);

impl Inner {
    /// One part. A place that cannot be read is the beginning.
    pub(super) async fn sweep(
        &self,
        held: &Held,
        now: Timestamp,
        after: Option<&str>,
    ) -> LedgerResult<Swept> {
        let place = after.and_then(|after| after.split_once('.'));
        let place = place.and_then(|(node, at)| Some((node.parse().ok()?, at.parse().ok()?)));
        let (node, cursor): (usize, u64) = place.unwrap_or((0, 0));
        let nodes = self.link.nodes().await?;
        let Some(address) = nodes.get(node) else { return Ok(Swept::default()) };
        let mut look = redis::cmd("SCAN");
        look.arg(cursor).arg("MATCH").arg(PATTERN).arg("COUNT").arg(KEYS);
        let (cursor, keys) = scanned(self.link.ask_node(address.as_ref(), &look).await?)?;
        let looks = by_partition(held, &keys).into_iter().map(|((partition, epoch), things)| {
            self.sweep_partition(partition, epoch, now, things)
        });
        let mut found = Vec::new();
        for orphans in join_all(looks).await {
            found.extend(orphans?);
        }
        if !found.is_empty() {
            self.news.notify_waiters();
        }
        let next = match cursor.as_str() {
            "0" => (node + 1 < nodes.len()).then(|| format!("{}.0", node + 1)),
            cursor => Some(format!("{node}.{cursor}")),
        };
        Ok(Swept { found, next })
    }

    async fn sweep_partition(
        &self,
        partition: Partition,
        epoch: u64,
        now: Timestamp,
        things: Vec<Thing>,
    ) -> LedgerResult<Vec<Orphan>> {
        let mut found = Vec::new();
        for some in things.chunks(LOOKED_AT) {
            let mut arguments = Arguments::default();
            arguments.number(micros(now)).number(some.len());
            for (kind, own) in some {
                arguments.add(kind.as_str()).add(own.as_str());
            }
            let answer = self.run_owned(&scripts::SWEEP, partition, epoch, arguments).await?;
            // Whoever owns it by now looks for itself.
            let rows = Fields::of(answer.unwrap_or(Value::Nil))?.rest();
            for row in rows {
                found.push(orphan(row)?);
            }
        }
        if !found.is_empty() {
            self.hands().stir_all(partition);
        }
        Ok(found)
    }
}

fn orphan(row: Value) -> LedgerResult<Orphan> {
    let mut row = Fields::of(row)?;
    let name = row.text()?;
    let kind = OrphanKind::ALL.into_iter().find(|kind| kind.name() == name);
    Ok(Orphan { kind: kind.ok_or_else(|| misfit("not a kind"))?, id: text(row.value())? })
}

/// Of the keys those whose partition is held, with its epoch.
fn by_partition(held: &Held, keys: &[String]) -> BTreeMap<(Partition, u64), Vec<Thing>> {
    let mut parts: BTreeMap<(Partition, u64), Vec<Thing>> = BTreeMap::new();
    for key in keys {
        let Some((number, kind, own)) = parse(key) else { continue };
        let place = held.partitions.iter().find(|(place, _)| place.number() == number);
        if let Some(place) = place {
            parts.entry(*place).or_default().push((kind.to_owned(), own.to_owned()));
        }
    }
    parts
}

/// The number of a key's partition, the kind of thing, and the rest.
fn parse(key: &str) -> Option<(u8, &str, &str)> {
    let (number, rest) = key.strip_prefix("pw:{p")?.split_once("}:")?;
    let (kind, own) = rest.split_once(':')?;
    Some((number.parse().ok()?, kind, own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        assert_eq!(parse("pw:{p07}:r:rcp_1"), Some((7, "r", "rcp_1")));
        assert_eq!(parse("pw:{p63}:a:hey:agg_1"), Some((63, "a", "hey:agg_1")));
        assert_eq!(parse("pw:{meta}:schema"), None);
    }
}
