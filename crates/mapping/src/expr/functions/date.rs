//! Functions on times. A time is a text: RFC 3339, or a date or time without a zone.

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{Span, SpanRound, Timestamp, Unit, Zoned};

use super::super::ast::Prepared;
use super::super::number::Decimal;
use super::super::value::Val;
use super::{Function, Given, Want, arg, option};

pub(super) static ROWS: &[Function] = &[];

/// Reads a length of time as rule files write it: `12h`, `3d`, `-30m`, `45s`, `2w`.
pub fn span(text: &str) -> Option<Span> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let unit = digits.find(|c: char| !c.is_ascii_digit())?;
    let (count, unit) = digits.split_at_checked(unit)?;
    let count = sign * count.parse::<i64>().ok().filter(|count| *count <= 1_000_000)?;
    match unit {
        "s" => Span::new().try_seconds(count).ok(),
        "m" => Span::new().try_minutes(count).ok(),
        "h" => Span::new().try_hours(count).ok(),
        "d" => Span::new().try_days(count).ok(),
        "w" => Span::new().try_weeks(count).ok(),
        _ => None,
    }
}
