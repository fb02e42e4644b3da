//! When something happened, as sources write it.

use jiff::{
    Timestamp,
    civil::DateTime,
    fmt::{rfc2822, temporal::Pieces},
    tz::{Offset, TimeZone},
};
use parcelwire_domain::{Moment, TimePrecision};

use crate::expr::Val;

/// From here on a number is milliseconds: as seconds it would be the year 5138.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// The moment a value states; `zone` is meant where it names no offset.
pub(crate) fn moment(value: &Val<'_>, zone: Option<&TimeZone>) -> Option<Moment> {
    match value {
        Val::Number(number) => unix(number.split('.').next()?.parse().ok()?),
        Val::Text(text) => text_moment(text.trim(), zone),
        Val::Missing | Val::Bool(_) | Val::List(_) | Val::Map(_) => None,
    }
}

fn unix(n: i64) -> Option<Moment> {
    let at = if n.abs() < MILLISECONDS_FROM {
        Timestamp::from_second(n)
    } else {
        Timestamp::from_millisecond(n)
    };
    at.ok().map(Moment::utc)
}

fn text_moment(text: &str, zone: Option<&TimeZone>) -> Option<Moment> {
    if matches!(text.len(), 10 | 13) && text.bytes().all(|b| b.is_ascii_digit()) {
        return unix(text.parse().ok()?);
    }
    let Ok(pieces) = Pieces::parse(text) else {
        let at = rfc2822::parse(text).ok()?;
        return Some(stated(at.timestamp(), at.offset(), TimePrecision::Second));
    };
    let Some(time) = pieces.time() else {
        let at = pieces.date().to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)).ok()?;
        return Some(stated(at.timestamp(), at.offset(), TimePrecision::Day));
    };
    let local = DateTime::from_parts(pieces.date(), time);
    if let Some(offset) = pieces.to_numeric_offset() {
        let at = local.to_zoned(TimeZone::fixed(offset)).ok()?;
        return Some(stated(at.timestamp(), offset, TimePrecision::Second));
    }
    let at = local.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)).ok()?;
    Some(stated(at.timestamp(), at.offset(), TimePrecision::AssumedZone))
}

fn stated(at: Timestamp, offset: Offset, precision: TimePrecision) -> Moment {
    Moment { at, offset_seconds: offset.seconds(), precision }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_sources_write_them() {
        let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
        let cases = [
            ("2026-11-20T14:05:00+01:00", "2026-11-20T14:05:00+01:00", TimePrecision::Second),
            ("2026-11-20T13:05:00Z", "2026-11-20T13:05:00+00:00", TimePrecision::Second),
            ("2026-11-20T14:05:00", "2026-11-20T14:05:00+01:00", TimePrecision::AssumedZone),
            ("2026-11-20 14:05", "2026-11-20T14:05:00+01:00", TimePrecision::AssumedZone),
            ("2026-11-20", "2026-11-20T00:00:00+01:00", TimePrecision::Day),
            ("1795180000", "2026-11-20T13:06:40+00:00", TimePrecision::Second),
            ("1795180000123", "2026-11-20T13:06:40+00:00", TimePrecision::Second),
            ("Fri, 20 Nov 2026 14:05:00 +0100", "2026-11-20T14:05:00+01:00", TimePrecision::Second),
        ];
        for (text, expected, precision) in cases {
            let read = moment(&Val::text(text), Some(&berlin)).expect(text);
            assert_eq!(read.to_rfc3339(), expected, "{text}");
            assert_eq!(read.precision, precision, "{text}");
        }
        for text in ["", "soon", "20.11.2026", "2026-13-01"] {
            assert!(moment(&Val::text(text), None).is_none(), "{text}");
        }
    }
}
