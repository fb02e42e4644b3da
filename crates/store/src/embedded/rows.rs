//! Between rows and the records of the ports.

use bytes::Bytes;
use parcelwire_domain::{
    id::{
        AggregateId, DestinationName, FeedName, MerchantId, MessageId, OccurrenceId, ReceiptId,
        SourceName,
    },
    taxonomy::{Leg, Trigger},
};
use parcelwire_engine::ports::{KeptAnswer, NewMessage, Owner, PendingMessage, StoredReceipt};
use rusqlite::{Row, types::Type};

use super::packed;
use crate::moment::time;

/// What is in the database does not fit: never a panic.
pub(super) fn misfit(place: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(place, Type::Blob, what.to_owned().into())
}

pub(super) fn id_bytes(bits: u128) -> [u8; 16] {
    bits.to_be_bytes()
}

pub(super) fn bits(row: &Row<'_>, place: usize) -> rusqlite::Result<u128> {
    let bytes: [u8; 16] = row.get(place)?;
    Ok(u128::from_be_bytes(bytes))
}

pub(super) fn parsed<T, E>(
    row: &Row<'_>,
    place: usize,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(place)?.as_str().map_err(|_| misfit(place, "not a text"))?;
    parse(text).map_err(|_| misfit(place, "not of its kind"))
}

pub(super) const RECEIPT: &str = "r.id, r.feed, r.owner, r.source, r.topic, r.received_at, r.headers, r.query, r.accounts, b.body, r.why, a.body, r.verified";

/// What came of its lookup: only a receipt that waits again says why there is no answer.
fn answer(row: &Row<'_>) -> rusqlite::Result<Option<KeptAnswer>> {
    if let Some(body) = packed::optional(row, 11)? {
        return Ok(Some(KeptAnswer::Body(body.into())));
    }
    Ok(row.get::<_, Option<String>>(10)?.map(KeptAnswer::Failed))
}

/// Where [`RECEIPT`] is read from.
pub(super) const RECEIPTS: &str = "receipts r LEFT JOIN bodies b ON b.id = r.body \
    LEFT JOIN bodies a ON a.id = r.answer";

/// Reads [`RECEIPT`].
pub(super) fn receipt(row: &Row<'_>) -> rusqlite::Result<StoredReceipt> {
    let feed: bool = row.get(1)?;
    let owner = if feed {
        Owner::Feed(parsed(row, 2, FeedName::parse)?)
    } else {
        Owner::Merchant(parsed(row, 2, MerchantId::parse)?)
    };
    let json = |place: usize| -> rusqlite::Result<String> { row.get(place) };
    let body = packed::optional(row, 9)?;
    Ok(StoredReceipt {
        id: ReceiptId::from_bits(bits(row, 0)?),
        owner,
        source: parsed(row, 3, SourceName::parse)?,
        topic: row.get(4)?,
        received_at: time(row.get(5)?),
        verified: row.get(12)?,
        headers: serde_json::from_str(&json(6)?).map_err(|_| misfit(6, "not headers"))?,
        query: row.get(7)?,
        accounts: serde_json::from_str(&json(8)?).map_err(|_| misfit(8, "not accounts"))?,
        body: Bytes::from(body.unwrap_or_default()),
        answer: answer(row)?,
    })
}

pub(super) const MESSAGE: &str = "m.id, m.merchant, m.destination, m.aggregate, m.receipt, \
    m.occurrence, m.trigger, m.leg, m.rank, m.subject, m.created_at, m.not_before, m.fresh_until, \
    m.backfill, m.sandbox, f.frozen, m.rules, m.attempts, m.tries";

/// Reads [`MESSAGE`] but for its last two columns.
pub(super) fn message(row: &Row<'_>) -> rusqlite::Result<NewMessage> {
    Ok(NewMessage {
        id: MessageId::from_bits(bits(row, 0)?),
        merchant: parsed(row, 1, MerchantId::parse)?,
        destination: parsed(row, 2, DestinationName::parse)?,
        aggregate: AggregateId::from_bits(bits(row, 3)?),
        receipt: ReceiptId::from_bits(bits(row, 4)?),
        occurrence: OccurrenceId::from_bytes(row.get(5)?),
        trigger: parsed(row, 6, |name| Trigger::parse(name).ok_or(()))?,
        leg: parsed(row, 7, |name| Leg::parse(name).ok_or(()))?,
        rank: row.get(8)?,
        subject: row.get(9)?,
        created_at: time(row.get(10)?),
        not_before: time(row.get(11)?),
        fresh_until: time(row.get(12)?),
        backfill: row.get(13)?,
        sandbox: row.get(14)?,
        frozen: Bytes::from(packed::column(row, 15)?),
        rules: row.get(16)?,
    })
}

pub(super) const PENDING: &str =
    "id, aggregate, destination, trigger, leg, rank, subject, backfill";

/// Reads [`PENDING`].
pub(super) fn pending(row: &Row<'_>) -> rusqlite::Result<PendingMessage> {
    Ok(PendingMessage {
        id: MessageId::from_bits(bits(row, 0)?),
        aggregate: AggregateId::from_bits(bits(row, 1)?),
        destination: parsed(row, 2, DestinationName::parse)?,
        trigger: parsed(row, 3, |name| Trigger::parse(name).ok_or(()))?,
        leg: parsed(row, 4, |name| Leg::parse(name).ok_or(()))?,
        rank: row.get(5)?,
        subject: row.get(6)?,
        backfill: row.get(7)?,
    })
}
