//! This store as records, and made of records: one end of a move.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::id::{PARTITIONS, Partition};
use parcelwire_engine::ports::{LedgerResult, PortError, Shelf};
use redis::Value;

use super::{
    LEASE, OpenError, Settings,
    answer::{bytes, list, text, texts},
    checks,
    connect::{Arguments, Link},
    keys, meta, scripts,
};
use crate::moving::{MARK, Mark, MoveError, Moved, Place, Side, Step};

mod at;
mod read;
mod write;

/// The setting that keeps everybody else away while a move is under way.
pub(super) const BUSY: &str = "copying";

/// It ends by itself after so long, when whoever moves fell over.
const BUSY_FOR: Duration = Duration::from_secs(20);

/// A server that nobody works on.
pub(crate) struct Server {
    link: Link,
    name: String,
    /// The owners of a partition, in order; the last ones that were looked up.
    owners: BTreeMap<u8, Vec<String>>,
    /// The number before the first message of each partition, when all are put in one row.
    before: Option<Vec<i64>>,
}

/// What is moved from, or to.
pub(crate) async fn open(settings: Settings, is_source: bool) -> Result<Server, MoveError> {
    let name = super::connect::shown(&settings.url);
    let link = Link::new(&settings).map_err(OpenError::from)?;
    checks::server(&link, &settings).await?;
    if meta::schema(&link).await?.is_none() {
        if is_source {
            return Err(MoveError::NoData { place: name });
        }
        meta::begin_empty(&link).await?;
    }
    let mut arguments = Arguments::default();
    arguments.add("go").add("copy").number(LEASE.as_millis());
    let seen = link.run(&scripts::INSTANCES_SEEN, keys::INSTANCES, &arguments).await?;
    if !texts(seen)?.is_empty() {
        return Err(MoveError::InUse { place: name, seconds: LEASE.as_secs() });
    }
    let mut take = redis::cmd("SET");
    take.arg(meta::key(BUSY)).arg("1").arg("NX").arg("PX").arg(BUSY_FOR.as_millis() as u64);
    if link.ask(&take).await? == Value::Nil {
        return Err(MoveError::InUse { place: name, seconds: BUSY_FOR.as_secs() });
    }
    Ok(Server { link, name, owners: BTreeMap::new(), before: None })
}

impl Server {
    /// Keeps the others away for some more.
    async fn stay(&self) -> LedgerResult<()> {
        let mut stay = redis::cmd("SET");
        stay.arg(meta::key(BUSY)).arg("1").arg("PX").arg(BUSY_FOR.as_millis() as u64);
        self.link.ask(&stay).await.map(|_| ())
    }

    /// Owners of a partition of whom there is something, in order.
    async fn owners(&mut self, partition: u8) -> LedgerResult<Vec<String>> {
        if let Some(known) = self.owners.get(&partition) {
            return Ok(known.clone());
        }
        let key = format!("{}ms", keys::of(place(partition)?));
        let mut owners = texts(self.link.ask(redis::cmd("SMEMBERS").arg(key)).await?)?;
        owners.sort_unstable();
        self.owners = BTreeMap::from([(partition, owners.clone())]);
        Ok(owners)
    }

    /// One small value of each partition.
    async fn each(&self, ending: &str) -> LedgerResult<Vec<Option<String>>> {
        let mut found = Vec::with_capacity(usize::from(PARTITIONS));
        for partition in Partition::all() {
            let key = format!("{}{ending}", keys::of(partition));
            let value = self.link.ask(redis::cmd("GET").arg(key)).await?;
            found.push(super::answer::optional(value)?);
        }
        Ok(found)
    }
}

fn place(partition: u8) -> LedgerResult<Partition> {
    let found = Partition::all().nth(usize::from(partition));
    found.ok_or_else(|| super::answer::misfit("not a partition"))
}

#[async_trait(?Send)]
impl Side for Server {
    fn name(&self) -> String {
        self.name.clone()
    }

    async fn is_empty(&mut self) -> Result<bool, PortError> {
        for partition in Partition::all() {
            if !self.owners(partition.number()).await?.is_empty() {
                return Ok(false);
            }
        }
        // A relay that was started once has noted that it was there.
        for shelf in Shelf::ALL.into_iter().filter(|shelf| *shelf != Shelf::Hearing) {
            let key = format!("{}vi:{}:", keys::META, shelf.name());
            if self.link.ask(redis::cmd("EXISTS").arg(key)).await? != Value::Int(0) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn fingerprint(&mut self) -> Result<String, PortError> {
        let key = meta::read(&self.link, "instance_key").await?.unwrap_or_default();
        let mut told = format!("redis {:02x?}", &key[..key.len().min(8)]);
        for partition in Partition::all() {
            let key = format!("{}lease", keys::of(partition));
            let epoch = self.link.ask(redis::cmd("HGET").arg(key).arg("epoch")).await?;
            told.push(' ');
            told.push_str(&super::answer::optional(epoch)?.unwrap_or_default());
        }
        Ok(told)
    }

    async fn read(
        &mut self,
        place: &Place,
        most: usize,
        now: Timestamp,
    ) -> Result<Step, PortError> {
        self.stay().await?;
        self.step(place, most, now).await
    }

    async fn write(
        &mut self,
        records: Vec<Moved>,
        mark: &Mark,
        now: Timestamp,
    ) -> Result<(), PortError> {
        self.stay().await?;
        let mark = serde_json::to_vec(mark)
            .map_err(|error| PortError::NotApplied { why: error.to_string() })?;
        // The first of all writes: nothing may be there before it.
        if meta::read(&self.link, MARK).await?.is_none() {
            meta::write(&self.link, MARK, &mark).await?;
        }
        self.put(records, now).await?;
        meta::write(&self.link, MARK, &mark).await
    }

    async fn mark(&mut self) -> Result<Option<Mark>, PortError> {
        let mark = meta::read(&self.link, MARK).await?;
        mark.map(|mark| super::commit::read_json(&mark)).transpose()
    }

    async fn finish(&mut self) -> Result<(), PortError> {
        self.link.ask(redis::cmd("DEL").arg(meta::key(MARK))).await.map(|_| ())
    }

    async fn close(&mut self) -> Result<(), PortError> {
        self.link.ask(redis::cmd("DEL").arg(meta::key(BUSY))).await.map(|_| ())
    }
}

/// Rows of an answer, each a list.
fn rows(answer: Value) -> LedgerResult<Vec<super::answer::Fields>> {
    list(answer)?.into_iter().map(super::answer::Fields::of).collect()
}

/// Names and values in turn.
fn pairs(answer: Value) -> LedgerResult<Vec<(String, String)>> {
    let mut rest = texts(answer)?.into_iter();
    let mut found = Vec::new();
    while let (Some(name), Some(value)) = (rest.next(), rest.next()) {
        found.push((name, value));
    }
    Ok(found)
}

/// A cursor and the keys that it found.
pub(super) fn scanned(answer: Value) -> LedgerResult<(String, Vec<String>)> {
    let mut answer = super::answer::Fields::of(answer)?;
    let cursor = bytes(answer.value())?.unwrap_or_default();
    let cursor = text(Value::BulkString(cursor))?;
    Ok((cursor, texts(answer.value())?))
}
