//! What other systems are asked: the port [`Asking`], on SQLite.

use std::{
    collections::BTreeMap,
    sync::{Arc, PoisonError},
};

use async_trait::async_trait;
use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, ReceiptId, SourceName};
use parcelwire_engine::ports::{
    Asked, Asking, Held, KeptAnswer, LedgerResult, Owner, Polled, StoredReceipt, ToAsk,
};
use rusqlite::{Connection, OptionalExtension as _, params};
use serde_json::Value as Json;

use super::{
    Embedded, Handed, packed,
    rows::{self, id_bytes, misfit},
    waiting::Doubt,
};
use crate::{
    moment::{micros, time},
    packed::pack,
    shown::{self, ASKING},
};

#[async_trait]
impl Asking for Embedded {
    async fn ask(&self, receipts: Vec<ReceiptId>, at: Timestamp) -> LedgerResult<()> {
        let ids: Vec<[u8; 16]> = receipts.iter().map(|id| id_bytes(id.bits())).collect();
        let all = ids.clone();
        let put_aside = self
            .desk
            .write(move |connection| {
                let mut statement = connection.prepare_cached(
                    "UPDATE receipts SET state = ?2, ask_at = ?3 WHERE id = ?1 AND state = 0
                     AND answer IS NULL AND why IS NULL",
                )?;
                let changed = ids.iter().map(|id| {
                    statement.execute(params![id, ASKING, micros(at)]).map(|changed| changed == 1)
                });
                changed.collect::<rusqlite::Result<Vec<bool>>>()
            })
            .await?;
        for (id, put_aside) in all.iter().zip(put_aside) {
            if put_aside {
                self.waiting.done(id);
            } else {
                // It has its answer already, and goes on waiting to be decided.
                self.waiting.give_back(id);
            }
        }
        Ok(())
    }

    async fn asking(
        &self,
        _: &Held,
        now: Timestamp,
        each: usize,
        limit: usize,
    ) -> LedgerResult<Vec<ToAsk>> {
        let handed = Arc::clone(&self.handed);
        self.desk
            .read(move |connection| {
                let mut handed = handed.lock().unwrap_or_else(PoisonError::into_inner);
                asking(connection, &mut handed, micros(now), each, limit)
            })
            .await
    }

    async fn asked(
        &self,
        merchant: MerchantId,
        receipt: ReceiptId,
        end: Asked,
    ) -> LedgerResult<()> {
        let id = id_bytes(receipt.bits());
        let doubt = Doubt::until_told(&self.waiting);
        let waits = self.desk.write(move |connection| asked(connection, &id, &end)).await?;
        if let Some(seq) = waits {
            self.waiting.add((false, merchant.as_str().to_owned()), seq);
        }
        doubt.told();
        self.handed().asking.remove(&id);
        self.news.notify_waiters();
        Ok(())
    }

    async fn hurry(&self, why: String) -> LedgerResult<()> {
        self.desk
            .write(move |connection| {
                connection
                    .execute("UPDATE receipts SET ask_at = 0 WHERE state = 7 AND why = ?1", [&why])
                    .map(|_| ())
            })
            .await
    }

    async fn polled(&self, of: Vec<(Owner, SourceName)>) -> LedgerResult<Vec<Option<Polled>>> {
        self.desk
            .read(move |connection| {
                of.iter().map(|(owner, source)| polled(connection, owner, source)).collect()
            })
            .await
    }

    async fn keep_polled(
        &self,
        owner: Owner,
        source: SourceName,
        polled: Polled,
    ) -> LedgerResult<()> {
        self.desk
            .write(move |connection| {
                let text = serde_json::to_string(&polled).map_err(|_| misfit(0, "not JSON"))?;
                connection
                    .prepare_cached("INSERT OR REPLACE INTO polls VALUES (?1, ?2, ?3)")?
                    .execute([merchant_of(&owner), source.as_str(), &text])
                    .map(|_| ())
            })
            .await
    }
}

/// Under which merchant it stands in `polls`: a feed's under none, with its own name as source.
pub(super) fn merchant_of(owner: &Owner) -> &str {
    match owner {
        Owner::Merchant(merchant) => merchant.as_str(),
        Owner::Feed(_) => "",
    }
}

fn polled(
    connection: &Connection,
    owner: &Owner,
    source: &SourceName,
) -> rusqlite::Result<Option<Polled>> {
    let text: Option<String> = connection
        .prepare_cached("SELECT polled FROM polls WHERE merchant = ?1 AND source = ?2")?
        .query_row([merchant_of(owner), source.as_str()], |row| row.get(0))
        .optional()?;
    text.map(|text| serde_json::from_str(&text).map_err(|_| misfit(0, "polled"))).transpose()
}

/// What is due, merchants in turn; each merchant's turn begins where the last look ended.
fn asking(
    connection: &Connection,
    handed: &mut Handed,
    now: i64,
    each: usize,
    limit: usize,
) -> rusqlite::Result<Vec<ToAsk>> {
    let mut under_way: BTreeMap<String, usize> = BTreeMap::new();
    for owner in handed.asking.values() {
        *under_way.entry(owner.clone()).or_default() += 1;
    }
    let mut owners = Vec::new();
    let mut at = String::new();
    while let Some(owner) = next_owner(connection, &at)? {
        owners.push(owner.clone());
        at = owner;
    }
    let start = owners.partition_point(|owner| *owner <= handed.last_asked);
    owners.rotate_left(start);
    let mut found = Vec::new();
    for owner in owners {
        if found.len() >= limit {
            break;
        }
        let busy = under_way.get(&owner).copied().unwrap_or(0);
        let room = each.saturating_sub(busy).min(limit - found.len());
        for (seq, id, tries) in due(connection, handed, &owner, now, room)? {
            handed.asking.insert(id, owner.clone());
            found.push(ToAsk { receipt: one(connection, seq)?, tries });
        }
        handed.last_asked = owner;
    }
    Ok(found)
}

fn one(connection: &Connection, seq: i64) -> rusqlite::Result<StoredReceipt> {
    let sql = format!("SELECT {} FROM {} WHERE r.seq = ?1", rows::RECEIPT, rows::RECEIPTS);
    connection.prepare_cached(&sql)?.query_row([seq], rows::receipt)
}

fn next_owner(connection: &Connection, after: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached(
            "SELECT owner FROM receipts INDEXED BY receipts_asking
             WHERE state = 7 AND owner > ?1 ORDER BY owner LIMIT 1",
        )?
        .query_row([after], |row| row.get(0))
        .optional()
}

type Due = (i64, [u8; 16], u32);

fn due(
    connection: &Connection,
    handed: &Handed,
    owner: &str,
    now: i64,
    room: usize,
) -> rusqlite::Result<Vec<Due>> {
    if room == 0 {
        return Ok(Vec::new());
    }
    let most = i64::try_from(room + handed.asking.len()).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(
        "SELECT seq, id, asks FROM receipts INDEXED BY receipts_asking
         WHERE state = 7 AND owner = ?1 AND ask_at <= ?2 ORDER BY ask_at, seq LIMIT ?3",
    )?;
    let rows = statement
        .query_map(params![owner, now, most], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<Vec<Due>>>()?;
    let free = rows.into_iter().filter(|(_, id, _)| !handed.asking.contains_key(id));
    Ok(free.take(room).collect())
}

/// Writes how a try ended; the receipt's place where it waits to be decided from now on.
fn asked(connection: &Connection, id: &[u8; 16], end: &Asked) -> rusqlite::Result<Option<i64>> {
    let seq: Option<i64> = connection
        .prepare_cached("SELECT seq FROM receipts WHERE id = ?1 AND state = ?2")?
        .query_row(params![id, ASKING], |row| row.get(0))
        .optional()?;
    let Some(seq) = seq else { return Ok(None) };
    let (state, answer, why, tries, at) = match end {
        Asked::Kept(KeptAnswer::Body(body)) => {
            connection
                .prepare_cached("INSERT INTO bodies (body) VALUES (?1)")?
                .execute([pack(body)])?;
            (0, Some(connection.last_insert_rowid()), None, None, None)
        }
        Asked::Kept(KeptAnswer::Failed(why)) => (0, None, Some(why.as_str()), None, None),
        Asked::NotNeeded => (0, None, None, None, None),
        Asked::Again { tries, at, why } => {
            (ASKING, None, why.as_deref(), Some(*tries), Some(micros(*at)))
        }
    };
    connection
        .prepare_cached(
            "UPDATE receipts SET state = ?2, answer = ?3, why = ?4, asks = COALESCE(?5, asks + 1),
             ask_at = ?6 WHERE seq = ?1",
        )?
        .execute(params![seq, state, answer, why, tries, at])?;
    Ok((state == 0).then_some(seq))
}

/// What was asked about a receipt, for whoever looks at it; nothing where nothing was.
pub(super) fn story(connection: &Connection, id: &[u8; 16]) -> rusqlite::Result<Option<Json>> {
    connection
        .prepare_cached(
            "SELECT r.asks, r.ask_at, a.body, r.state FROM receipts r
             LEFT JOIN bodies a ON a.id = r.answer WHERE r.id = ?1",
        )?
        .query_row([id], |row| {
            let (tries, at): (i64, Option<i64>) = (row.get(0)?, row.get(1)?);
            let answer = packed::optional(row, 2)?;
            Ok(shown::lookup(row.get(3)?, tries, at.map(time), answer))
        })
}

/// When the first receipt came that waits for an answer.
pub(super) fn oldest(
    connection: &Connection,
    merchant: Option<&str>,
) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached(
            "SELECT MIN(received_at) FROM receipts INDEXED BY receipts_asking
             WHERE state = 7 AND (?1 IS NULL OR owner = ?1)",
        )?
        .query_row([merchant], |row| row.get(0))
}

/// Forgets answers of receipts that were settled before; answers how many.
pub(super) fn prune(connection: &Connection, before: i64, most: i64) -> rusqlite::Result<usize> {
    let old: Vec<(i64, i64)> = connection
        .prepare_cached(
            "SELECT seq, answer FROM receipts INDEXED BY receipts_answered
             WHERE answer IS NOT NULL AND settled_at < ?1 LIMIT ?2",
        )?
        .query_map([before, most], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (seq, answer) in &old {
        connection
            .prepare_cached("UPDATE receipts SET answer = NULL WHERE seq = ?1")?
            .execute([seq])?;
        connection.prepare_cached("DELETE FROM bodies WHERE id = ?1")?.execute([answer])?;
    }
    Ok(old.len())
}
