//! Lists. Each partition tells where its newest rows stand; the page's own rows are read afterwards.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use parcelwire_domain::id::{MerchantId, Partition};
use parcelwire_engine::ports::{Cursor, Filter, LedgerResult, List, Page, Row};
use redis::Value;

use super::{
    Inner,
    answer::{Fields, number},
    archive::places,
    commit::{alias_key, read_json},
    connect::Arguments,
    scripts, story,
};
use crate::{
    moment::micros,
    shown::{ASKING, MESSAGE_STATES, RECEIPT_STATES, named, state_number},
};

/// Where a row stands: its time and its member of the list, newest first. No two are the same.
type Place = (i64, String);

/// The fewest rows that a partition is asked for.
const FEWEST: usize = 8;

impl Inner {
    /// One page.
    pub(super) async fn page(
        &self,
        list: List,
        filter: &Filter,
        after: Option<&Cursor>,
        limit: usize,
    ) -> LedgerResult<Page> {
        let partitions = places(filter.merchant.as_ref());
        let (wanted, few) = (limit + 1, few(limit + 1, partitions.len()));
        let arguments = question(list, filter, after, few);
        let mut of = self.newest_of(&partitions, &arguments).await?;
        let mut found = newest(&of, wanted);
        let last = found.last().filter(|_| found.len() == wanted).map(|(place, _)| place.clone());
        // Where all that was asked for is among the newest, there may be more of them.
        let is_short = |rows: &Vec<Place>| {
            let is_in = |place: &Place| last.as_ref().is_none_or(|last| place >= last);
            few < wanted && rows.len() == few && rows.last().is_some_and(is_in)
        };
        let short: Vec<Partition> =
            of.iter().filter(|(_, rows)| is_short(rows)).map(|(partition, _)| *partition).collect();
        if !short.is_empty() {
            let arguments = question(list, filter, after, wanted);
            of.extend(self.newest_of(&short, &arguments).await?);
            found = newest(&of, wanted);
        }
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more);
        let next = next.map(|((at, member), _)| Cursor(format!("{at}.{member}")));
        Ok(Page { rows: self.rows(list, filter.merchant.as_ref(), found).await?, next })
    }

    /// The newest rows of each of these.
    async fn newest_of(
        &self,
        partitions: &[Partition],
        arguments: &Arguments,
    ) -> LedgerResult<BTreeMap<Partition, Vec<Place>>> {
        let asked = partitions.iter().map(|partition| {
            let look = self.run(&scripts::PAGE, *partition, arguments);
            async move { (*partition, look.await) }
        });
        let mut found = BTreeMap::new();
        for (partition, answer) in join_all(asked).await {
            let rows = Fields::of(answer?)?.rest().map(|row| {
                let mut row = Fields::of(row)?;
                Ok((number(&row.text()?)?, row.text()?))
            });
            found.insert(partition, rows.collect::<LedgerResult<_>>()?);
        }
        Ok(found)
    }

    async fn rows(
        &self,
        list: List,
        merchant: Option<&MerchantId>,
        found: Vec<(Place, Partition)>,
    ) -> LedgerResult<Vec<Row>> {
        let mut parts: BTreeMap<Partition, Vec<usize>> = BTreeMap::new();
        for (n, (_, partition)) in found.iter().enumerate() {
            parts.entry(*partition).or_default().push(n);
        }
        let found = &found;
        let asked = parts.into_iter().map(|(partition, rows)| async move {
            let mut arguments = Arguments::default();
            let code = if list == List::Refused {
                arguments.add(merchant.map(MerchantId::as_str).unwrap_or_default());
                &scripts::REFUSED
            } else {
                arguments.add(name(list));
                &scripts::ROWS
            };
            arguments.number(rows.len());
            for n in &rows {
                arguments.add(found[*n].0.1.as_str());
            }
            (rows, self.run(code, partition, &arguments).await)
        });
        let mut shown: BTreeMap<usize, Row> = BTreeMap::new();
        for (rows, answer) in join_all(asked).await {
            // What was pruned between the two looks is left out.
            for (n, row) in rows.into_iter().zip(Fields::of(answer?)?.rest()) {
                if let Some(row) = row_of(list, row)? {
                    shown.insert(n, row);
                }
            }
        }
        Ok(shown.into_values().collect())
    }
}

/// How many rows each partition is asked for at first: a page has rows of many.
fn few(wanted: usize, partitions: usize) -> usize {
    (4 * wanted / partitions.max(1)).clamp(FEWEST, wanted.max(FEWEST)).min(wanted)
}

/// The newest of all.
fn newest(of: &BTreeMap<Partition, Vec<Place>>, most: usize) -> Vec<(Place, Partition)> {
    let rows = of.iter().flat_map(|(at, rows)| rows.iter().map(move |row| (row.clone(), *at)));
    let mut found: Vec<(Place, Partition)> = rows.collect();
    found.sort_by(|a, b| b.cmp(a));
    found.truncate(most);
    found
}

fn name(list: List) -> &'static str {
    match list {
        List::Receipts => "receipts",
        List::Events => "events",
        List::Messages => "messages",
        List::Refused => "refused",
    }
}

fn row_of(list: List, row: Value) -> LedgerResult<Option<Row>> {
    let mut row = Fields::of(row)?;
    match list {
        List::Receipts => story::receipt_row(&mut row),
        List::Events => story::event_row(&mut row),
        List::Messages => {
            let id = row.text()?;
            Ok(story::message_row(&id, row.value())?.map(|(row, _)| row))
        }
        List::Refused => {
            let (_, row) = (row.text()?, row.text()?);
            Ok(Some(read_json(row.as_bytes())?))
        }
    }
}

fn question(list: List, filter: &Filter, after: Option<&Cursor>, most: usize) -> Arguments {
    let mut arguments = Arguments::default();
    let merchant = filter.merchant.as_ref().map(MerchantId::as_str);
    arguments.add(name(list)).add(merchant.unwrap_or_default()).number(most);
    let since = filter.since.map(|since| micros(since).to_string());
    arguments.add(since.unwrap_or_else(|| "-inf".to_owned()));
    let until = filter.until.map(|until| format!("({}", micros(until)));
    arguments.add(until.unwrap_or_else(|| "+inf".to_owned()));
    match after {
        // A cursor that is none stands before everything.
        Some(cursor) => {
            let (at, member) = cursor.0.split_once('.').unwrap_or_default();
            arguments.number(at.parse::<i64>().unwrap_or(0)).add(member)
        }
        None => arguments.add("").add(""),
    };
    let states = states(list, filter.status.as_deref());
    arguments.number(states.len());
    for state in states {
        arguments.add(state);
    }
    let groups = named(filter);
    arguments.number(groups.len());
    for names in groups {
        arguments.number(names.len());
        for alias in names {
            arguments.add(alias_key(&alias));
        }
    }
    arguments
}

/// The states that are asked for, as they stand in keys. None of events means all of them.
fn states(list: List, wanted: Option<&str>) -> Vec<String> {
    let numbers = |from: i64, to: i64| (from..to).map(|state| state.to_string()).collect();
    match (list, wanted) {
        (List::Events | List::Refused, wanted) => wanted.map(str::to_owned).into_iter().collect(),
        (List::Receipts, None) => numbers(0, ASKING + 1),
        // What waits for an answer of another system waits as well.
        (List::Receipts, Some(wanted)) if wanted == RECEIPT_STATES[0] => {
            vec!["0".to_owned(), ASKING.to_string()]
        }
        (List::Receipts, Some(wanted)) => vec![state_number(&RECEIPT_STATES, wanted).to_string()],
        (List::Messages, None) => numbers(0, MESSAGE_STATES.len() as i64),
        (List::Messages, Some(wanted)) => vec![state_number(&MESSAGE_STATES, wanted).to_string()],
    }
}
