//! Times that sources state as text: a day, or an instant.

use jiff::{
    Timestamp, ToSpan as _,
    civil::{Date, DateTime},
    tz::TimeZone,
};

/// What a text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Day(Date),
    /// On this day, where it was stated.
    At(Timestamp, Date),
}

impl When {
    /// Reads RFC 3339, a date, or a time without an offset, which is one of `zone`.
    pub(super) fn read(text: &str, zone: &TimeZone) -> Option<Self> {
        let text = text.trim();
        let date: Option<Date> = text.get(..10).and_then(|date| date.parse().ok());
        if let Ok(at) = text.parse::<Timestamp>() {
            return Some(Self::At(at, date.unwrap_or_else(|| at.to_zoned(zone.clone()).date())));
        }
        if text.len() == 10 {
            return date.map(Self::Day);
        }
        let local: DateTime = text.parse().ok()?;
        let at = local.to_zoned(zone.clone()).ok()?.timestamp();
        Some(Self::At(at, local.date()))
    }

    /// The day it falls on.
    pub(super) fn date(self) -> Date {
        match self {
            Self::Day(date) | Self::At(_, date) => date,
        }
    }

    /// When it is over.
    pub(super) fn end(self, zone: &TimeZone) -> Timestamp {
        match self {
            Self::At(at, _) => at,
            Self::Day(date) => start_of(date.saturating_add(1.day()), zone),
        }
    }
}

/// When a day begins.
pub(super) fn start_of(day: Date, zone: &TimeZone) -> Timestamp {
    day.to_zoned(zone.clone()).map_or(Timestamp::MAX, |start| start.timestamp())
}

/// An hour of a day.
pub(super) fn hour_of(day: Date, hour: i8, zone: &TimeZone) -> Timestamp {
    let there = day.at(hour, 0, 0, 0).to_zoned(zone.clone());
    there.map_or(Timestamp::MAX, |there| there.timestamp())
}
