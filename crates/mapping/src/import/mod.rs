//! A row of an import: one canonical event in flat words, as people export them from what they had
//! before. Must not know: files, their lines, who asked for the import.

mod cell;
#[cfg(test)]
mod tests;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use parcelwire_domain::{
    Event, Map, Moment, Party, TimePrecision, Value,
    id::SourceName,
    taxonomy::{FIELDS, Field, FieldKind, Home, Leg, Reason, Status, field},
};

use crate::{
    expr::Val,
    json::Doc,
    source::{Reading, Useless, fit, moment},
    text::did_you_mean,
};

/// The keys of a row that are no fields of their own table.
const WORDS: [&str; 4] = ["status", "leg", "reason", "occurred_at"];

/// Names of which a row has at least one.
const SUBJECTS: [&str; 6] =
    ["order_id", "order_number", "parcel_id", "tracking_number", "tracking_numbers", "return_id"];

/// Names that only a parcel or a return has.
const OF_THINGS: [&str; 4] = ["parcel_id", "tracking_number", "tracking_numbers", "return_id"];

/// What is wrong with one field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, as the row names it.
    pub field: String,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// Who says a row, and when it came.
#[derive(Debug, Clone, Copy)]
pub struct By<'a> {
    /// The source as whose word it counts.
    pub source: &'a SourceName,
    /// What kind of party that is.
    pub party: Party,
    /// In which zone its times are that name none.
    pub zone: &'a TimeZone,
    /// When it came.
    pub received_at: Timestamp,
}

/// Every name that a row may have.
pub fn columns() -> impl Iterator<Item = &'static str> {
    let stated = FIELDS.iter().filter(|field| field.stated).map(|field| field.name);
    WORDS.into_iter().chain(stated.filter(|name| !WORDS.contains(name)))
}

/// Whether a row may have this name.
pub fn column(name: &str) -> Result<(), Fault> {
    let (whole, part) = name.split_once('.').map_or((name, false), |(whole, _)| (whole, true));
    let is_map = || known(whole).is_some_and(|field| field.kind == FieldKind::Map);
    let fits = WORDS.contains(&name) || if part { is_map() } else { known(name).is_some() };
    if fits { Ok(()) } else { Err(unknown(name)) }
}

/// What a row says; or all that is wrong with it.
pub fn read(row: &Map, by: &By<'_>) -> Result<Event, Vec<Fault>> {
    let mut faults = Vec::new();
    let mut fields = Map::new();
    for (name, value) in row.iter().filter(|(_, value)| !is_empty(value)) {
        if !WORDS.contains(&name)
            && let Err(fault) = put(&mut fields, name, value)
        {
            faults.push(fault);
        }
    }
    if !SUBJECTS.iter().any(|name| fields.get(name).is_some()) && faults.is_empty() {
        let message = "the row names no order, parcel or return";
        faults.push(fault("order_number", message, "fill order_number, order_id or another name"));
    }
    let status = status(row, &fields).map_err(|fault| faults.push(fault)).ok();
    let leg = word(row, "leg", Leg::parse, Leg::ALL.iter().map(|leg| leg.name()));
    let leg = leg.map_err(|fault| faults.push(fault)).ok().flatten();
    let reasons = Reason::ALL.iter().map(|reason| reason.name());
    let reason = word(row, "reason", Reason::parse, reasons);
    let reason = reason.map_err(|fault| faults.push(fault)).ok().flatten();
    let at = occurred_at(row, status, &fields, by).map_err(|fault| faults.push(fault)).ok();
    let (Some(status), Some(occurred_at), true) = (status, at, faults.is_empty()) else {
        return Err(faults);
    };
    let status = status.on(leg.unwrap_or(Leg::Forward));
    Ok(Event {
        status,
        reason,
        leg: match status.row().home {
            Home::Leg(leg) => leg,
            Home::Order => Leg::Forward,
            Home::Any => leg.unwrap_or(Leg::Forward),
        },
        quiet: false,
        imported: true,
        occurred_at,
        received_at: by.received_at,
        source: by.source.clone(),
        party: by.party,
        fields,
    })
}

/// The row as it is kept: the same words in the same order, however they came.
pub fn body(row: &Map) -> String {
    let mut said: Vec<(&str, &Value)> = row.iter().filter(|(_, value)| !is_empty(value)).collect();
    said.sort_by_key(|(name, _)| *name);
    let sorted: Map = said.into_iter().map(|(name, value)| (name, value.clone())).collect();
    let mut text = String::new();
    sorted.write_json(&mut text);
    text
}

/// What a kept row says.
pub fn reading(body: &[u8], by: &By<'_>) -> Reading {
    let useless =
        |why: String| Reading { useless: Some(Useless::Unreadable(why)), ..Reading::default() };
    let doc = match Doc::parse(body) {
        Ok(doc) => doc,
        Err(why) => return useless(why.to_string()),
    };
    let Some(Value::Map(row)) = doc.root().to_value() else {
        return useless("a row is a map".to_owned());
    };
    match read(&row, by) {
        Ok(event) => Reading { events: vec![event], ..Reading::default() },
        Err(faults) => useless(faults.into_iter().map(|fault| fault.message).collect::<String>()),
    }
}

fn fault(field: &str, message: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault { field: field.to_owned(), message: message.into(), hint: hint.into() }
}

fn is_empty(value: &Value) -> bool {
    value.as_text().is_some_and(|text| text.trim().is_empty())
}

/// Puts one cell into the fields; `pickup_point.type` is a part of a map.
fn put(fields: &mut Map, name: &str, value: &Value) -> Result<(), Fault> {
    let (whole, part) = match name.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (name, None),
    };
    let known = known(whole).ok_or_else(|| unknown(name))?;
    let value = match part {
        None => cell::value(known, value),
        Some(part) if known.kind == FieldKind::Map => {
            let mut map = fields.get(whole).and_then(Value::as_map).cloned().unwrap_or_default();
            map.set(part, value.clone());
            Some(Value::Map(map))
        }
        Some(_) => return Err(unknown(name)),
    };
    let fitted = value.and_then(|value| fit(known, value));
    let fitted = fitted.ok_or_else(|| {
        fault(name, format!("`{name}` does not fit"), format!("it is {}", cell::form(known)))
    })?;
    fields.set(known.name, fitted);
    Ok(())
}

fn known(name: &str) -> Option<&'static Field> {
    field(name).filter(|field| field.stated)
}

fn unknown(name: &str) -> Fault {
    if field(name).is_some() {
        let message = format!("`{name}` is made by the relay, not imported");
        return fault(name, message, "leave the column out");
    }
    let hint = did_you_mean(name, columns());
    let hint = hint.unwrap_or_else(|| {
        "leave the column out; `parcelwire import --columns` lists all".to_owned()
    });
    fault(name, format!("there is no field `{name}`"), hint)
}

/// One of a closed list of words.
fn word<T>(
    row: &Map,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
    all: impl Iterator<Item = &'static str>,
) -> Result<Option<T>, Fault> {
    let Some(said) = row.get(name).filter(|value| !is_empty(value)) else { return Ok(None) };
    let text = said.as_text().unwrap_or_default().trim();
    parse(text).map(Some).ok_or_else(|| {
        let all: Vec<&str> = all.collect();
        let hint = did_you_mean(text, all.iter().copied());
        let hint = hint.unwrap_or_else(|| format!("one of: {}", all.join(", ")));
        fault(name, format!("`{text}` is no {name}"), hint)
    })
}

/// The status; of an order alone it may be left out.
fn status(row: &Map, fields: &Map) -> Result<Status, Fault> {
    let all = Status::ALL.iter().map(|status| status.name());
    let parse = |text: &str| Status::parse(text).filter(|status| *status != Status::Unknown);
    let said = word(row, "status", parse, all.filter(|name| *name != Status::Unknown.name()))?;
    match said {
        Some(status) => Ok(status),
        None if OF_THINGS.iter().any(|name| fields.get(name).is_some()) => {
            let message = "a row about a parcel or return says what became of it";
            Err(fault("status", message, "as in dispatched, in_transit or ready_for_pickup"))
        }
        None => Ok(Status::OrderPlaced),
    }
}

/// When it happened. Of an order that was placed, when it was ordered.
fn occurred_at(
    row: &Map,
    status: Option<Status>,
    fields: &Map,
    by: &By<'_>,
) -> Result<Moment, Fault> {
    let form = "as in 2026-11-20T14:05:00+01:00, or 2026-11-20 where only the day is known";
    let of_order = || fields.get("ordered_at").filter(|_| status == Some(Status::OrderPlaced));
    let said = row.get("occurred_at").filter(|value| !is_empty(value)).or_else(of_order);
    let said = said.ok_or_else(|| fault("occurred_at", "it is not said when it was so", form))?;
    let text = said.as_id().unwrap_or_default();
    let at = moment(&Val::text(text), Some(by.zone));
    let at = at.ok_or_else(|| fault("occurred_at", format!("`{text}` is no time"), form))?;
    let latest = by.received_at.checked_add(24_i64.hours()).unwrap_or(Timestamp::MAX);
    if at.at > latest {
        let message = format!("`{text}` lies ahead");
        return Err(fault("occurred_at", message, "an import tells what was, not what will be"));
    }
    // A zone that was taken for granted here is the merchant's own: as good as said.
    let precision = match at.precision {
        TimePrecision::AssumedZone => TimePrecision::Second,
        other => other,
    };
    Ok(Moment { precision, ..at })
}
