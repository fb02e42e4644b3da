//! What a list is narrowed by: the query string → a filter, or a sentence that says which part of
//! it makes no sense.

use std::collections::BTreeMap;

use actix_web::web::Query;
use jiff::Timestamp;
use parcelwire_domain::{id::MerchantId, taxonomy::Status};
use parcelwire_engine::ports::{Cursor, Filter, List};

use super::{Problem, bad_request, cursor, lists};

/// Rows of a page, unless asked for otherwise.
const PAGE: usize = 50;

/// Most rows of a page.
const MAX_PAGE: usize = 500;

/// The names that are understood.
const KNOWN: [&str; 8] =
    ["order", "email", "tracking_number", "status", "since", "until", "cursor", "limit"];

const RECEIPT_STATUSES: [&str; 7] =
    ["waiting", "forwarded", "filtered", "parked", "failed", "split", "unclaimed"];
const MESSAGE_STATUSES: [&str; 4] = ["pending", "sent", "dead", "cancelled"];
const REFUSALS: [&str; 3] =
    ["signature_missing", "signature_invalid", "timestamp_outside_tolerance"];

/// Which page of which rows.
#[derive(Debug, PartialEq)]
pub(super) struct Narrow {
    pub(super) filter: Filter,
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
}

impl Narrow {
    /// Reads a query string.
    pub(super) fn read(
        list: List,
        merchant: Option<MerchantId>,
        query: &str,
    ) -> Result<Self, Problem> {
        let given = given(query)?;
        let text = |name: &str| given.get(name).cloned();
        let status = text("status");
        if let Some(status) = &status {
            known_status(list, status)?;
        }
        let Turn { after, limit } = Turn::of(lists::name(list), merchant.as_ref(), &given)?;
        let filter = Filter {
            order: text("order"),
            email: text("email").map(|email| unblanked(&email)),
            tracking_number: text("tracking_number"),
            status,
            since: time("since", text("since"))?,
            until: time("until", text("until"))?,
            merchant,
        };
        Ok(Self { filter, after, limit })
    }
}

/// Which page of a list that is narrowed by nothing.
#[derive(Debug, PartialEq)]
pub(super) struct Turn {
    pub(super) after: Option<Cursor>,
    pub(super) limit: usize,
}

impl Turn {
    /// Reads a query string.
    pub(super) fn read(
        list: &str,
        merchant: Option<&MerchantId>,
        query: &str,
    ) -> Result<Self, Problem> {
        let given = given(query)?;
        match given.keys().find(|name| !["cursor", "limit"].contains(&name.as_str())) {
            Some(other) => Err(bad_request(
                format!("this list has no filter `{other}`"),
                "it takes cursor and limit",
            )),
            None => Self::of(list, merchant, &given),
        }
    }

    /// Reads what is left of a query string by whoever reads the rest.
    pub(super) fn of(
        list: &str,
        merchant: Option<&MerchantId>,
        given: &BTreeMap<String, String>,
    ) -> Result<Self, Problem> {
        let after = match given.get("cursor") {
            None => None,
            Some(text) => Some(cursor::open(list, merchant, text).ok_or_else(|| {
                let hint = "pass `next_cursor` of the page before, and leave it out for the first";
                bad_request("`cursor` is not one that this list gave out", hint)
            })?),
        };
        let limit = match given.get("limit") {
            None => PAGE,
            Some(text) => {
                text.parse().ok().filter(|n| (1..=MAX_PAGE).contains(n)).ok_or_else(|| {
                    bad_request(format!("`limit` is a number from 1 to {MAX_PAGE}"), "as in 100")
                })?
            }
        };
        Ok(Self { after, limit })
    }
}

fn given(query: &str) -> Result<BTreeMap<String, String>, Problem> {
    given_of(query, &KNOWN, KNOWN_HINT)
}

/// Names and values: each known, once, and not empty.
pub(super) fn given_of(
    query: &str,
    known: &[&str],
    hint: &'static str,
) -> Result<BTreeMap<String, String>, Problem> {
    let pairs = Query::<Vec<(String, String)>>::from_query(query)
        .map_err(|error| bad_request(format!("the query cannot be read: {error}"), hint))?;
    let mut given = BTreeMap::new();
    for (name, value) in pairs.into_inner() {
        if !known.contains(&name.as_str()) {
            return Err(bad_request(format!("a list has no filter `{name}`"), hint));
        }
        if value.trim().is_empty() {
            return Err(bad_request(format!("`{name}` is empty"), "leave it out"));
        }
        if given.insert(name.clone(), value).is_some() {
            return Err(bad_request(format!("`{name}` stands there twice"), "name it once"));
        }
    }
    Ok(given)
}

const KNOWN_HINT: &str =
    "filters are order, email, tracking_number, status, since, until, cursor and limit";

fn known_status(list: List, status: &str) -> Result<(), Problem> {
    let (known, hint) = match list {
        List::Receipts => (
            RECEIPT_STATUSES.contains(&status),
            "one of waiting, forwarded, filtered, parked, failed, split, unclaimed",
        ),
        List::Messages => {
            (MESSAGE_STATUSES.contains(&status), "one of pending, sent, dead, cancelled")
        }
        List::Events => (
            Status::parse(status).is_some(),
            "a canonical status, as in delivered; `parcelwire schema source` lists them",
        ),
        List::Refused => (
            REFUSALS.contains(&status),
            "one of signature_missing, signature_invalid, timestamp_outside_tolerance",
        ),
    };
    if known {
        return Ok(());
    }
    Err(bad_request(format!("`{status}` is no status of this list"), hint))
}

fn time(name: &str, text: Option<String>) -> Result<Option<Timestamp>, Problem> {
    text.map(|text| unblanked(&text).parse()).transpose().map_err(|_| {
        bad_request(format!("`{name}` is not a time in RFC 3339"), "as in 2026-11-22T10:00:00Z")
    })
}

/// A `+` that was not encoded arrives as a blank; neither addresses nor times have one.
pub(super) fn unblanked(text: &str) -> String {
    text.trim_start().replace(' ', "+")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Narrow, String> {
        Narrow::read(List::Receipts, None, query).map_err(|problem| problem.detail)
    }

    #[test]
    fn an_empty_query_is_the_first_page_of_all() {
        let all = Narrow { filter: Filter::default(), after: None, limit: PAGE };
        assert_eq!(read(""), Ok(all));
    }

    #[test]
    fn every_part_is_read_and_an_unencoded_plus_is_understood() {
        let query = "order=%231001&email=kim+a@example.test&tracking_number=A1&status=failed\
                     &since=2026-11-22T10:00:00+01:00&until=2026-11-23T10:00:00Z&limit=500";
        let narrow = read(query).expect("all is in order");
        let time = |text: &str| Some(text.parse().expect("a time"));
        assert_eq!(narrow.limit, 500);
        assert_eq!(narrow.filter.order.as_deref(), Some("#1001"));
        assert_eq!(narrow.filter.email.as_deref(), Some("kim+a@example.test"));
        assert_eq!(narrow.filter.tracking_number.as_deref(), Some("A1"));
        assert_eq!(narrow.filter.status.as_deref(), Some("failed"));
        assert_eq!(narrow.filter.since, time("2026-11-22T09:00:00Z"));
        assert_eq!(narrow.filter.until, time("2026-11-23T10:00:00Z"));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for (query, named) in [
            ("limit=0", "`limit`"),
            ("limit=501", "`limit`"),
            ("limit=abc", "`limit`"),
            ("limit=-1", "`limit`"),
            ("since=yesterday", "`since`"),
            ("since=2026-11-22", "`since`"),
            ("until=2026-11-22T10:00:00", "`until`"),
            ("until=", "`until`"),
            ("order=", "`order`"),
            ("cursor=1.2", "`cursor`"),
            ("cursor=nonsense", "`cursor`"),
            ("status=sent", "`sent`"),
            ("oder=1", "`oder`"),
            ("order=1&order=2", "`order`"),
        ] {
            let told = read(query).expect_err(query);
            assert!(told.contains(named), "{query}: {told}");
        }
        for (list, status) in [
            (List::Receipts, "unclaimed"),
            (List::Events, "out_for_delivery"),
            (List::Messages, "dead"),
            (List::Refused, "signature_invalid"),
        ] {
            assert!(Narrow::read(list, None, &format!("status={status}")).is_ok(), "{status}");
            assert!(Narrow::read(list, None, "status=deliverd").is_err(), "{list:?}");
        }
    }
}
