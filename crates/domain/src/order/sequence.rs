//! In which order the scans of one parcel happened, as far as their times tell. A function of the
//! set of scans: in which order they came decides nothing but ties.

use jiff::Timestamp;

use super::{Ruling, Scan};
use crate::{
    TimePrecision,
    taxonomy::{Kind, Reason, Status},
};

/// A failed attempt at the time of a step: after the tour, before what came of it.
const ATTEMPT: u16 = 420;

/// The last second of a day.
const DAY_END_SECONDS: i64 = 86_399;

/// The places of the scans, what happened first in front.
pub(super) fn sequence(scans: &[&Scan]) -> Vec<usize> {
    let mut keyed: Vec<(Key, usize)> = Vec::with_capacity(scans.len());
    keyed.extend(scans.iter().enumerate().map(|(place, scan)| (key(scan, scans), place)));
    keyed.sort();
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// Second, nanosecond, rank; before or behind what happened then; what tells two scans apart.
type Key = (i64, i32, u16, Side, u16, Status, Option<Reason>, Timestamp);

/// On which side of a scan whose time is known one stands of which only the day is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Before,
    Exact,
    Behind,
}

fn key(scan: &Scan, among: &[&Scan]) -> Key {
    let own = order(scan);
    if scan.at.precision != TimePrecision::Day {
        let (second, nanosecond) = instant(scan);
        return (second, nanosecond, own, Side::Exact, own, scan.status, scan.reason, scan.at.at);
    }
    // Of a day without a time it is not known when: before whatever follows it by its nature that
    // is known to have happened on that day, else at the day's end.
    let first = scan.at.at.as_second();
    let end = first.saturating_add(DAY_END_SECONDS);
    let follows = |other: &&&Scan| {
        let on_that_day = (first..=end).contains(&instant(other).0);
        let is_exact = other.at.precision != TimePrecision::Day;
        let ends = other.status.row().terminal;
        let behind = if scan.rank().is_some() { order(other) >= own } else { ends };
        // A side status at the end of the ranks is no step that could follow.
        let moves = other.rank().is_some() || ends || order(other) == ATTEMPT;
        is_exact && on_that_day && other.leg == scan.leg && moves && behind
    };
    let next = among.iter().filter(follows).map(|other| (instant(other), order(other))).min();
    let ((second, nanosecond), rank) = next.unwrap_or(((end, 0), own));
    // What says the same with a time said it better.
    let is_before = next.is_some() && (scan.rank().is_none() || rank > own);
    let side = if is_before { Side::Before } else { Side::Behind };
    (second, nanosecond, rank, side, own, scan.status, scan.reason, scan.at.at)
}

/// When it happened; what is said to happen only later than it was heard of is no prophecy.
fn instant(scan: &Scan) -> (i64, i32) {
    let at = scan.at.at.min(scan.received_at);
    (at.as_second(), at.subsec_nanosecond())
}

/// At one and the same time steps come first, in the order of their ranks.
fn order(scan: &Scan) -> u16 {
    match scan.status.row().kind {
        Kind::Side if scan.status == Status::DeliveryAttemptFailed => ATTEMPT,
        Kind::Step(_) | Kind::Side | Kind::None => scan.rank().unwrap_or(u16::MAX),
    }
}

/// The same for rulings: in this order they are told.
pub(super) fn happened(ruling: &Ruling) -> (Timestamp, u16) {
    let is_attempt = ruling.status == Status::DeliveryAttemptFailed;
    let rank = if is_attempt { Some(ATTEMPT) } else { ruling.status.rank() };
    (ruling.occurred_at.at, rank.unwrap_or(u16::MAX))
}
