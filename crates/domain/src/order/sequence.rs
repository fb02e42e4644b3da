//! In which order the scans of one parcel happened, as far as their times tell. A function of the
//! set of scans: in which order they came decides nothing but ties.

use jiff::Timestamp;

use super::{Fact, Ruling, Scan};
use crate::{
    Moment,
    taxonomy::{Kind, Reason, Status},
};

/// A failed attempt at the time of a step: after the tour, before what came of it.
const ATTEMPT: u16 = 420;

/// The places of the scans, what happened first in front.
pub(super) fn sequence(scans: &[&Scan]) -> Vec<usize> {
    let mut keyed: Vec<(Key, usize)> = Vec::with_capacity(scans.len());
    keyed.extend(scans.iter().enumerate().map(|(place, scan)| (key(scan, scans), place)));
    keyed.sort();
    keyed.into_iter().map(|(_, place)| place).collect()
}

/// Second, nanosecond, rank; before or behind what happened then; what tells two scans apart.
type Key = (i64, i32, u16, Side, u16, Status, Option<Reason>, Timestamp);

/// On which side of a scan whose time is known one stands of which only the day, or the minute, is.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Before,
    Exact,
    Behind,
}

fn key(scan: &Scan, among: &[&Scan]) -> Key {
    let own = order(scan);
    let width = scan.at.precision.width_seconds();
    if width == 0 {
        let (second, nanosecond) = instant(scan);
        return (second, nanosecond, own, Side::Exact, own, scan.status, scan.reason, scan.at.at);
    }
    // Of a day without a time it is not known when: before whatever follows it by its nature that
    // is known to have happened on that day, else at the day's end. So it is of a minute.
    let first = scan.at.at.as_second();
    let end = first.saturating_add(width);
    let follows = |other: &&&Scan| {
        let on_that_day = (first..=end).contains(&instant(other).0);
        let is_exact = other.at.precision.width_seconds() < width;
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
pub(super) fn told_in_order(rulings: Vec<Ruling>) -> Vec<Ruling> {
    let order = |ruling: &Ruling| {
        let is_attempt = ruling.status == Status::DeliveryAttemptFailed;
        let rank = if is_attempt { Some(ATTEMPT) } else { ruling.status.rank() };
        (ruling.occurred_at, rank.unwrap_or(u16::MAX))
    };
    as_happened(rulings, order)
}

/// Facts of one receipt, what happened first in front: many systems list what happened last first.
pub fn facts_in_order(facts: Vec<Fact>) -> Vec<Fact> {
    let order = |fact: &Fact| {
        let event = &fact.event;
        (event.occurred_at, event.status.rank().unwrap_or(0))
    };
    as_happened(facts, order)
}

/// Things in the order of their times; of a day without a time, before what follows it by its order and
/// is known to have happened on that day, else at the day's end.
fn as_happened<T>(things: Vec<T>, of: impl Fn(&T) -> (Moment, u16)) -> Vec<T> {
    let times: Vec<(Moment, u16)> = things.iter().map(of).collect();
    let key = |(at, own): &(Moment, u16)| {
        let width = at.precision.width_seconds();
        if width == 0 {
            return (at.at, *own, Side::Exact, *own);
        }
        let (first, end) = (at.at.as_second(), at.at.as_second().saturating_add(width));
        let follows = |(other, order): &&(Moment, u16)| {
            let is_exact = other.precision.width_seconds() < width;
            is_exact && (first..=end).contains(&other.at.as_second()) && order >= own
        };
        match times.iter().filter(follows).map(|(other, order)| (other.at, *order)).min() {
            Some((next, order)) => (next, order, Side::Before, *own),
            None => (Timestamp::from_second(end).unwrap_or(at.at), *own, Side::Behind, *own),
        }
    };
    let mut keyed: Vec<_> = times.iter().map(key).zip(things).collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    keyed.into_iter().map(|(_, thing)| thing).collect()
}
