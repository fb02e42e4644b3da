//! One order's life: its events and its messages.

use parcelwire_domain::id::{AggregateId, MerchantId};
use parcelwire_engine::ports::{List, MOST_OF_TIMELINE, Row, Timeline};
use rusqlite::{Connection, params};
use serde_json::json;

use super::{
    archive::{attempts, columns, row},
    rows::id_bytes,
};

pub(super) fn of(
    connection: &Connection,
    merchant: &MerchantId,
    order: AggregateId,
) -> rusqlite::Result<Timeline> {
    let (id, merchant) = (id_bytes(order.bits()), merchant.as_str());
    let mut events: Vec<Row> = connection
        .prepare_cached(&format!(
            "SELECT t.seq, {} FROM lines t WHERE t.aggregate = ?1 AND t.merchant = ?2
             ORDER BY t.at DESC, t.receipt DESC, t.place DESC LIMIT {MOST_OF_TIMELINE}",
            columns(List::Events)
        ))?
        .query_map(params![id, merchant], |line| row(List::Events, line))?
        .collect::<rusqlite::Result<_>>()?;
    events.reverse();
    // Of messages that are done there is no index by order: they are found by way of its receipts.
    let mut messages: Vec<Row> = connection
        .prepare_cached(&format!(
            "SELECT t.seq, {} FROM messages t WHERE t.aggregate = ?1 AND t.merchant = ?2
             AND t.receipt IN (SELECT receipt FROM lines WHERE aggregate = ?1)
             ORDER BY t.seq DESC LIMIT {MOST_OF_TIMELINE}",
            columns(List::Messages)
        ))?
        .query_map(params![id, merchant], |line| {
            let mut message = row(List::Messages, line)?;
            let id: [u8; 16] = line.get(1)?;
            message["requests"] = json!(attempts(connection, &id)?);
            Ok(message)
        })?
        .collect::<rusqlite::Result<_>>()?;
    messages.reverse();
    Ok(Timeline { events, messages })
}
