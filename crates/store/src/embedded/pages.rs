//! Lists, newest first. Each owner's rows in one state stand in an index by time; a page is put together
//! of the newest of each, so that whatever is asked for, little is looked at.

use std::{collections::BTreeSet, fmt::Write as _};

use parcelwire_domain::{Alias, id::MerchantId};
use parcelwire_engine::ports::{Cursor, Filter, List, Page, Row};
use rusqlite::{
    Connection, OptionalExtension as _, Params, Row as Line, params, types::Value as Sql,
};

use super::archive::{columns, row};
use crate::{
    moment::micros,
    shown::{ASKING, MESSAGE_STATES, RECEIPT_STATES, named, state_number},
};

/// Where a row stands: its time, what tells it from others of that time, its place in the table.
type Key = (i64, Vec<u8>, i64);

/// Which rows of an owner and state: from a time on, and before a key.
struct Bounds {
    since: i64,
    /// The last time that counts.
    last: i64,
    /// Of rows of that very time, those before this.
    before: Vec<u8>,
    most: usize,
}

/// Behind whatever tells rows of one time apart.
const BEHIND_ALL: [u8; 20] = [0xff; 20];

impl Bounds {
    fn of(filter: &Filter, after: Option<&Cursor>, limit: usize) -> Self {
        let since = filter.since.map_or(i64::MIN, micros);
        let last = filter.until.map_or(i64::MAX, |until| micros(until).saturating_sub(1));
        let all = Self { since, last, before: BEHIND_ALL.to_vec(), most: limit + 1 };
        match after.map(|cursor| place(&cursor.0)) {
            Some((at, tie)) if at <= last => Self { last: at, before: tie, ..all },
            Some(_) | None => all,
        }
    }

    fn hold(&self, (at, tie, _): &Key) -> bool {
        *at >= self.since && (*at < self.last || *at == self.last && *tie < self.before)
    }
}

/// Where a cursor stands. One that is none stands before everything.
fn place(cursor: &str) -> (i64, Vec<u8>) {
    let (at, tie) = cursor.split_once('.').unwrap_or_default();
    (at.parse().unwrap_or(0), hex(tie).unwrap_or_default())
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let pair = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
    (0..text.len()).step_by(2).map(pair).collect()
}

fn shown_place((at, tie, _): &Key) -> Cursor {
    let mut shown = format!("{at}.");
    for byte in tie {
        write!(shown, "{byte:02x}").expect("a text takes all that is written to it");
    }
    Cursor(shown)
}

/// One page.
pub(super) fn page(
    connection: &Connection,
    list: List,
    filter: &Filter,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let bounds = Bounds::of(filter, after, limit);
    let names = named(filter);
    let mut keys = if names.is_empty() {
        whole(connection, list, filter, &bounds)?
    } else {
        narrowed(connection, list, filter, &names, &bounds)?
    };
    keys.sort_unstable_by(|a, b| b.cmp(a));
    let more = keys.len() > limit;
    keys.truncate(limit);
    let next = keys.last().filter(|_| more).map(shown_place);
    let sql = format!("SELECT t.seq, {} FROM {} t WHERE t.seq = ?1", columns(list), table(list));
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = keys.iter().map(|(_, _, seq)| statement.query_row([seq], |line| row(list, line)));
    Ok(Page { rows: rows.collect::<rusqlite::Result<Vec<Row>>>()?, next })
}

fn table(list: List) -> &'static str {
    match list {
        List::Receipts => "receipts",
        List::Events => "lines",
        List::Messages => "messages",
        List::Refused => "refused",
    }
}

/// The states that are asked for, as they stand in the table. None of events means all of them.
fn states(list: List, wanted: Option<&str>) -> Vec<Sql> {
    let numbers = |range: std::ops::Range<i64>| range.map(Sql::from).collect();
    match (list, wanted) {
        (List::Events | List::Refused, wanted) => {
            wanted.map(|status| Sql::from(status.to_owned())).into_iter().collect()
        }
        (List::Receipts, None) => numbers(0..ASKING + 1),
        // What waits for an answer of another system waits as well.
        (List::Receipts, Some(wanted)) if wanted == RECEIPT_STATES[0] => {
            vec![Sql::from(0), Sql::from(ASKING)]
        }
        (List::Receipts, Some(wanted)) => vec![state_number(&RECEIPT_STATES, wanted).into()],
        (List::Messages, None) => numbers(0..MESSAGE_STATES.len() as i64),
        (List::Messages, Some(wanted)) => vec![state_number(&MESSAGE_STATES, wanted).into()],
    }
}

/// Rows of one owner in one state: owner, state, from, to, before what of that time, how many.
const RECEIPTS: &str = "SELECT received_at, id, seq FROM receipts INDEXED BY receipts_list
    WHERE feed = ?7 AND owner = ?1 AND state = ?2 AND received_at >= ?3 AND received_at <= ?4
    AND (received_at < ?4 OR id < ?5) ORDER BY received_at DESC, id DESC LIMIT ?6";
const EVENTS: &str = "SELECT at, receipt, seq, place FROM lines INDEXED BY lines_list
    WHERE merchant = ?1 AND status = ?2 AND at >= ?3 AND at <= ?4
    AND (at < ?4 OR receipt < ?5 OR receipt = ?5 AND place < ?7)
    ORDER BY at DESC, receipt DESC, place DESC LIMIT ?6";
const MESSAGES: &str = "SELECT created_at, seq FROM messages INDEXED BY messages_list
    WHERE merchant = ?1 AND state = ?2 AND created_at >= ?3 AND created_at <= ?4
    AND (created_at < ?4 OR seq < ?5) ORDER BY created_at DESC, seq DESC LIMIT ?6";

/// Refused requests are few: all of them are looked at.
const REFUSED: &str =
    "SELECT at, id, seq FROM refused WHERE (?1 IS NULL OR feed = 0 AND owner = ?1)
    AND (?2 IS NULL OR code = ?2) AND at >= ?3 AND at <= ?4 AND (at < ?4 OR id < ?5)
    ORDER BY at DESC, id DESC LIMIT ?6";

/// The next owner, or status, behind one.
const NEXT_RECEIPTS: &str = "SELECT owner FROM receipts INDEXED BY receipts_list
    WHERE feed = ?2 AND owner > ?1 ORDER BY owner LIMIT 1";
const NEXT_EVENTS: &str = "SELECT merchant FROM lines INDEXED BY lines_list
    WHERE merchant > ?1 ORDER BY merchant LIMIT 1";
const NEXT_STATUS: &str = "SELECT status FROM lines INDEXED BY lines_list
    WHERE merchant = ?2 AND status > ?1 ORDER BY status LIMIT 1";
const NEXT_MESSAGES: &str = "SELECT merchant FROM messages INDEXED BY messages_list
    WHERE merchant > ?1 ORDER BY merchant LIMIT 1";
const NEXT_ALIASES: &str =
    "SELECT merchant FROM aliases WHERE merchant > ?1 ORDER BY merchant LIMIT 1";

/// What belongs to an order.
const LEADS: &str =
    "SELECT aggregate FROM aliases WHERE merchant = ?1 AND kind = ?2 AND value = ?3";
const EVENTS_OF: &str = "SELECT at, receipt, seq, place, status FROM lines WHERE aggregate = ?1";
const MESSAGES_OF: &str =
    "SELECT created_at, seq, state FROM messages INDEXED BY messages_lane WHERE aggregate = ?1";
const RECEIPTS_OF: &str = "SELECT receipt FROM lines WHERE aggregate = ?1";
const RECEIPT: &str = "SELECT received_at, id, seq, state FROM receipts WHERE id = ?1";

/// All that is asked without looking at everything.
#[cfg(test)]
pub(super) const BOUNDED: [&str; 13] = [
    RECEIPTS,
    EVENTS,
    MESSAGES,
    NEXT_RECEIPTS,
    NEXT_EVENTS,
    NEXT_STATUS,
    NEXT_MESSAGES,
    NEXT_ALIASES,
    LEADS,
    EVENTS_OF,
    MESSAGES_OF,
    RECEIPTS_OF,
    RECEIPT,
];

/// All names behind one another, without passing over the rows of any.
fn each(connection: &Connection, sql: &str, of: Option<&Sql>) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare_cached(sql)?;
    let (mut found, mut last) = (Vec::new(), String::new());
    loop {
        let next: Option<String> = match of {
            Some(of) => statement.query_row(params![last, of], |line| line.get(0)).optional()?,
            None => statement.query_row([&last], |line| line.get(0)).optional()?,
        };
        let Some(next) = next else { return Ok(found) };
        last.clone_from(&next);
        found.push(next);
    }
}

/// Owners of whom there is something in a list, each with whether it is a feed.
fn owners(
    connection: &Connection,
    list: List,
    merchant: Option<&MerchantId>,
) -> rusqlite::Result<Vec<(bool, String)>> {
    if let Some(merchant) = merchant {
        return Ok(vec![(false, merchant.to_string())]);
    }
    let merchants = |sql| -> rusqlite::Result<Vec<(bool, String)>> {
        Ok(each(connection, sql, None)?.into_iter().map(|name| (false, name)).collect())
    };
    match list {
        List::Events => merchants(NEXT_EVENTS),
        List::Messages => merchants(NEXT_MESSAGES),
        List::Receipts | List::Refused => {
            let mut found = Vec::new();
            for feed in [false, true] {
                let names = each(connection, NEXT_RECEIPTS, Some(&Sql::from(feed)))?;
                found.extend(names.into_iter().map(|name| (feed, name)));
            }
            Ok(found)
        }
    }
}

fn whole(
    connection: &Connection,
    list: List,
    filter: &Filter,
    bounds: &Bounds,
) -> rusqlite::Result<Vec<Key>> {
    let merchant = filter.merchant.as_ref();
    let wanted = states(list, filter.status.as_deref());
    if list == List::Refused {
        let merchant = merchant.map(MerchantId::as_str);
        let (code, most) = (wanted.first(), bounds.most as i64);
        let values = params![merchant, code, bounds.since, bounds.last, bounds.before, most];
        return keys(connection, REFUSED, values, |line| tied(line, line.get(1)?));
    }
    let mut found = Vec::new();
    for (feed, owner) in owners(connection, list, merchant)? {
        let every = list == List::Events && wanted.is_empty();
        let statuses = if every {
            let of = Sql::from(owner.clone());
            each(connection, NEXT_STATUS, Some(&of))?.into_iter().map(Sql::from).collect()
        } else {
            wanted.clone()
        };
        for state in &statuses {
            found.extend(of_one(connection, list, (feed, &owner), state, bounds)?);
        }
    }
    Ok(found)
}

/// The newest rows of one owner in one state.
fn of_one(
    connection: &Connection,
    list: List,
    (feed, owner): (bool, &str),
    state: &Sql,
    bounds: &Bounds,
) -> rusqlite::Result<Vec<Key>> {
    let Bounds { since, last, before, most } = bounds;
    let most = *most as i64;
    match list {
        List::Receipts => {
            let values = params![owner, state, since, last, before, most, feed];
            keys(connection, RECEIPTS, values, |line| tied(line, line.get(1)?))
        }
        List::Events => {
            let (receipt, index) = before.split_at(before.len().min(16));
            let index = index.iter().fold(0_i64, |n, byte| (n << 8) | i64::from(*byte));
            let values = params![owner, state, since, last, receipt, most, index];
            keys(connection, EVENTS, values, event_key)
        }
        List::Messages => {
            let values = params![owner, state, since, last, number(before), most];
            keys(connection, MESSAGES, values, message_key)
        }
        List::Refused => Ok(Vec::new()),
    }
}

fn keys(
    connection: &Connection,
    sql: &str,
    values: impl Params,
    read: impl Fn(&Line<'_>) -> rusqlite::Result<Key>,
) -> rusqlite::Result<Vec<Key>> {
    connection.prepare_cached(sql)?.query_map(values, read)?.collect()
}

fn tied(line: &Line<'_>, tie: Vec<u8>) -> rusqlite::Result<Key> {
    Ok((line.get(0)?, tie, line.get(2)?))
}

fn event_key(line: &Line<'_>) -> rusqlite::Result<Key> {
    let mut tie: Vec<u8> = line.get(1)?;
    tie.extend(line.get::<_, u16>(3)?.to_be_bytes());
    tied(line, tie)
}

fn message_key(line: &Line<'_>) -> rusqlite::Result<Key> {
    let seq: i64 = line.get(1)?;
    Ok((line.get(0)?, seq.to_be_bytes().to_vec(), seq))
}

/// The place of a message among those of one time.
fn number(tie: &[u8]) -> i64 {
    let whole: Result<[u8; 8], _> = tie.try_into();
    // Behind all of them, where the tie is that.
    whole.map_or(if tie.is_empty() { 0 } else { i64::MAX }, i64::from_be_bytes)
}

/// Rows of the orders that a name of each group leads to.
fn narrowed(
    connection: &Connection,
    list: List,
    filter: &Filter,
    names: &[Vec<Alias>],
    bounds: &Bounds,
) -> rusqlite::Result<Vec<Key>> {
    // What was refused was not understood: it belongs to no order.
    if list == List::Refused {
        return Ok(Vec::new());
    }
    let merchants = match &filter.merchant {
        Some(merchant) => vec![merchant.to_string()],
        None => each(connection, NEXT_ALIASES, None)?,
    };
    let wanted = states(list, filter.status.as_deref());
    let is_wanted =
        |state: &Sql| wanted.is_empty() && list == List::Events || wanted.contains(state);
    let mut found = Vec::new();
    for merchant in &merchants {
        for id in leads(connection, list, merchant, names)? {
            let rows = of_order(connection, list, &id)?;
            let rows = rows.into_iter().filter(|(key, state)| bounds.hold(key) && is_wanted(state));
            found.extend(rows.map(|(key, _)| key));
        }
    }
    Ok(found)
}

/// What is in all groups: orders, or their receipts.
fn leads(
    connection: &Connection,
    list: List,
    merchant: &str,
    names: &[Vec<Alias>],
) -> rusqlite::Result<BTreeSet<[u8; 16]>> {
    let mut kept: Option<BTreeSet<[u8; 16]>> = None;
    for group in names {
        let mut some = BTreeSet::new();
        for alias in group {
            let values = params![merchant, alias.kind.name(), alias.value];
            some.extend(ids(connection, LEADS, values)?);
        }
        if list == List::Receipts {
            let mut receipts = BTreeSet::new();
            for order in &some {
                receipts.extend(ids(connection, RECEIPTS_OF, [order])?);
            }
            some = receipts;
        }
        kept = Some(match kept {
            Some(kept) => kept.intersection(&some).copied().collect(),
            None => some,
        });
    }
    Ok(kept.unwrap_or_default())
}

fn ids(connection: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<Vec<[u8; 16]>> {
    connection.prepare_cached(sql)?.query_map(values, |line| line.get(0))?.collect()
}

/// The rows of one order, or one receipt, each with its state.
fn of_order(
    connection: &Connection,
    list: List,
    id: &[u8; 16],
) -> rusqlite::Result<Vec<(Key, Sql)>> {
    let (sql, at) = match list {
        List::Receipts => (RECEIPT, 3),
        List::Events => (EVENTS_OF, 4),
        List::Messages => (MESSAGES_OF, 2),
        List::Refused => return Ok(Vec::new()),
    };
    connection
        .prepare_cached(sql)?
        .query_map([id], |line| {
            let key = match list {
                List::Events => event_key(line)?,
                List::Messages => message_key(line)?,
                List::Receipts | List::Refused => tied(line, line.get(1)?)?,
            };
            Ok((key, line.get(at)?))
        })?
        .collect()
}
