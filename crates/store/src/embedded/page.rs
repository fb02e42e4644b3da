//! Pages of lists, newest first: which index leads to the rows depends on what is asked for, so that a page
//! costs the same whatever else is stored.

use parcelwire_domain::{Alias, AliasKind};
use parcelwire_engine::ports::{Cursor, Filter, List, Page, Row};
use rusqlite::{Connection, types::Value as Sql};

use super::archive::{columns, row};
use crate::{
    moment::micros,
    shown::{ASKING, MESSAGE_STATES, RECEIPT_STATES, state_number},
};

/// Conditions and their values.
#[derive(Default)]
struct Conditions {
    sql: Vec<String>,
    values: Vec<Sql>,
}

impl Conditions {
    /// `??` stands for the value.
    fn add(&mut self, sql: &str, value: impl Into<Sql>) {
        self.values.push(value.into());
        self.sql.push(sql.replace("??", &format!("?{}", self.values.len())));
    }
}

/// The way to the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// From the newest on, or from a time on.
    Time,
    /// Among those of a state of which there are usually few.
    State,
    /// By way of the merchant's receipts, or those of its rows that are few anyway.
    Owner,
    /// From a name to its orders.
    Order,
}

impl Way {
    fn of(list: List, filter: &Filter) -> Self {
        let names = [&filter.order, &filter.email, &filter.tracking_number];
        let is_timed = filter.since.is_some() || filter.until.is_some();
        let is_common = |status: &String| match list {
            List::Receipts => status == "forwarded" || status == "filtered",
            List::Messages => status == "sent",
            List::Events | List::Refused => false,
        };
        if names.into_iter().any(Option::is_some) {
            Self::Order
        } else if filter.status.as_ref().is_some_and(|status| !is_common(status)) {
            Self::State
        } else if is_timed || filter.merchant.is_none() {
            Self::Time
        } else {
            Self::Owner
        }
    }

    /// What leads that way, where that is not left to SQLite.
    fn index(self, list: List) -> Option<&'static str> {
        match (self, list) {
            (Self::Time, List::Receipts) => Some("receipts_time"),
            (Self::Time, List::Events) => Some("lines_time"),
            (Self::Time, List::Messages) => Some("messages_made"),
            (Self::State, List::Receipts) => Some("receipts_state"),
            (Self::State, List::Events) => Some("lines_status"),
            (Self::State, List::Messages) => Some("messages_state"),
            (Self::Owner, List::Receipts) => Some("receipts_owner"),
            // Of refused requests few are kept.
            (_, List::Refused) | (Self::Owner | Self::Order, _) => None,
        }
    }
}

/// Where rows of a list are, and what stands there.
struct Table {
    name: &'static str,
    at: &'static str,
    status: &'static str,
    owner: &'static str,
}

impl Table {
    fn of(list: List) -> Self {
        let (name, at, status, owner) = match list {
            List::Receipts => ("receipts", "received_at", "state", "owner"),
            List::Events => ("lines", "at", "status", "merchant"),
            List::Messages => ("messages", "created_at", "state", "merchant"),
            List::Refused => ("refused", "at", "code", "owner"),
        };
        Self { name, at, status, owner }
    }
}

pub(super) fn page(
    connection: &Connection,
    list: List,
    filter: &Filter,
    after: Option<&Cursor>,
    limit: usize,
) -> rusqlite::Result<Page> {
    let (table, way) = (Table::of(list), Way::of(list, filter));
    // What a merchant's receipts led to is found by way of the receipts: no index of its own is needed.
    let by_receipt = way == Way::Owner && matches!(list, List::Events | List::Messages);
    let mut conditions = Conditions::default();
    narrow(&mut conditions, list, &table, filter, way, by_receipt);
    let from = match way.index(list) {
        _ if by_receipt => format!(
            "receipts r INDEXED BY receipts_owner CROSS JOIN {} t ON t.receipt = r.id",
            table.name
        ),
        Some(index) => format!("{} t INDEXED BY {index}", table.name),
        None => format!("{} t", table.name),
    };
    let of_time = format!("t.{}", table.at);
    let first = match way {
        _ if by_receipt => "r.seq",
        Way::Time | Way::State if list != List::Refused => of_time.as_str(),
        Way::Order => "+t.seq",
        Way::Time | Way::State | Way::Owner => "t.seq",
    };
    if let Some((place, row)) = after.map(|cursor| place(&cursor.0)) {
        conditions.add(&format!("{first} <= ??"), place);
        let place = conditions.values.len();
        conditions.add(&format!("({first} < ?{place} OR t.seq < ??)"), row);
    }
    let wanted = if conditions.sql.is_empty() {
        String::new()
    } else {
        format!("WHERE {}", conditions.sql.join(" AND "))
    };
    let is_of_row = first.ends_with("t.seq");
    let order = if is_of_row { first.to_owned() } else { format!("{first} DESC, t.seq") };
    let sql = format!(
        "SELECT t.seq, {}, {first} FROM {from} {wanted} ORDER BY {order} DESC LIMIT {}",
        columns(list),
        limit + 1
    );
    // Not from the cache: of these there are too many kinds, and others would have to go.
    let mut statement = connection.prepare(&sql)?;
    let values = rusqlite::params_from_iter(conditions.values);
    let last = statement.column_count() - 1;
    let mut rows: Vec<((i64, i64), Row)> = statement
        .query_map(values, |line| Ok(((line.get(last)?, line.get(0)?), row(list, line)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| more);
    let next = next.map(|((first, second), _)| Cursor(format!("{first}.{second}")));
    Ok(Page { rows: rows.into_iter().map(|(_, row)| row).collect(), next })
}

fn narrow(
    conditions: &mut Conditions,
    list: List,
    table: &Table,
    filter: &Filter,
    way: Way,
    by_receipt: bool,
) {
    // A column with a plus is looked at, and leads nowhere: an order leads to few rows.
    let t = if way == Way::Order { "+t" } else { "t" };
    if let Some(merchant) = &filter.merchant {
        let of = if by_receipt { "r.owner" } else { &format!("{t}.{}", table.owner) };
        conditions.add(&format!("{of} = ??"), merchant.as_str().to_owned());
        match list {
            _ if by_receipt => conditions.sql.push("r.feed = 0".to_owned()),
            List::Receipts | List::Refused => conditions.sql.push("t.feed = 0".to_owned()),
            // Only a merchant has them.
            List::Events | List::Messages => {}
        }
    }
    if let Some(since) = filter.since {
        conditions.add(&format!("{t}.{} >= ??", table.at), micros(since));
    }
    if let Some(until) = filter.until {
        conditions.add(&format!("{t}.{} < ??", table.at), micros(until));
    }
    if let Some(wanted) = &filter.status {
        match list {
            List::Receipts if wanted == RECEIPT_STATES[0] => {
                // What waits for an answer of another system waits as well.
                conditions.sql.push(format!("{t}.state IN (0, {ASKING})"));
            }
            List::Receipts => {
                conditions.add(&format!("{t}.state = ??"), state_number(&RECEIPT_STATES, wanted));
            }
            List::Messages => {
                conditions.add(&format!("{t}.state = ??"), state_number(&MESSAGE_STATES, wanted));
            }
            List::Events | List::Refused => {
                conditions.add(&format!("{t}.{} = ??", table.status), wanted.clone());
            }
        }
    }
    let names = [
        (&[AliasKind::OrderId, AliasKind::OrderNumber][..], &filter.order),
        (&[AliasKind::Email], &filter.email),
        (&[AliasKind::TrackingNumber], &filter.tracking_number),
    ];
    for (kinds, wanted) in names {
        if let Some(wanted) = wanted {
            subject(conditions, list, filter, kinds, wanted);
        }
    }
}

/// Where a cursor stands: the place in the order of the list, and the row.
fn place(cursor: &str) -> (i64, i64) {
    let (first, second) = cursor.split_once('.').unwrap_or(("0", "0"));
    (first.parse().unwrap_or(0), second.parse().unwrap_or(0))
}

/// Narrows a list to the orders that a name leads to.
fn subject(
    conditions: &mut Conditions,
    list: List,
    filter: &Filter,
    kinds: &[AliasKind],
    wanted: &str,
) {
    let of_list: fn(&str) -> String = match list {
        List::Events | List::Messages => |found| format!("t.aggregate IN ({found})"),
        List::Receipts => {
            |found| format!("t.id IN (SELECT receipt FROM lines WHERE aggregate IN ({found}))")
        }
        // What was refused was not understood: it belongs to no order.
        List::Refused => {
            conditions.sql.push("0".to_owned());
            return;
        }
    };
    let mut found = Vec::new();
    for kind in kinds {
        let Some(alias) = Alias::new(*kind, wanted) else { continue };
        conditions.values.push(alias.value.into());
        let named =
            format!("a.kind = '{}' AND a.value = ?{}", kind.name(), conditions.values.len());
        // Names are sorted by merchant: each of them is looked at by itself.
        let whose = match &filter.merchant {
            Some(merchant) => {
                conditions.values.push(merchant.as_str().to_owned().into());
                format!("aliases a WHERE a.merchant = ?{}", conditions.values.len())
            }
            None => "counters c CROSS JOIN aliases a WHERE a.merchant = c.merchant".to_owned(),
        };
        found.push(format!("SELECT a.aggregate FROM {whose} AND {named}"));
    }
    if found.is_empty() {
        conditions.sql.push("0".to_owned());
    } else {
        conditions.sql.push(of_list(&found.join(" UNION ALL ")));
    }
}
