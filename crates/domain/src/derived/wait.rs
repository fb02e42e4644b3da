//! How long a trigger of absence waits: for each a default, and bounds within which files may move it.

use std::time::Duration;

use jiff::{Timestamp, ToSpan as _, tz::TimeZone};

use crate::{
    calendar::{Place, after_business_days},
    taxonomy::Derived,
};

/// A length of time as people mean it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// So long.
    Time(Duration),
    /// So many days of the calendar, at the same time of day.
    Days(u32),
    /// So many business days.
    BusinessDays(u32),
}

/// How long, by where the parcel goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// Within the shop's country.
    pub domestic: Wait,
    /// To another one, or to nobody knows where.
    pub abroad: Wait,
}

/// What holds unless files say otherwise, and what they may say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// The default.
    pub default: After,
    /// The least: less would be told of parcels with which all is well.
    pub least: Wait,
}

impl Threshold {
    /// The most that any may be.
    pub const MOST: Wait = Wait::Days(365);
}

impl Wait {
    /// Its length with a business day taken as a day: to compare, not to appoint.
    pub fn about(self) -> Duration {
        let days = |days: u32| Duration::from_secs(u64::from(days) * 86_400);
        match self {
            Self::Time(time) => time,
            Self::Days(count) | Self::BusinessDays(count) => days(count),
        }
    }

    /// When it is over.
    pub(crate) fn after(self, from: Timestamp, places: &[&Place], zone: &TimeZone) -> Timestamp {
        match self {
            Self::Time(time) => from.checked_add(time).unwrap_or(Timestamp::MAX),
            Self::Days(days) => shifted(from, i64::from(days), zone),
            Self::BusinessDays(days) => after_business_days(from, days, places, zone),
        }
    }

    /// When it begins, to be over at `end`. Before a deadline every day counts: people can go there,
    /// or write, on a Saturday too.
    pub(crate) fn before(self, end: Timestamp, zone: &TimeZone) -> Timestamp {
        match self {
            Self::Time(time) => end.checked_sub(time).unwrap_or(Timestamp::MIN),
            Self::Days(days) | Self::BusinessDays(days) => shifted(end, -i64::from(days), zone),
        }
    }
}

fn shifted(from: Timestamp, days: i64, zone: &TimeZone) -> Timestamp {
    let there = from.to_zoned(zone.clone()).checked_add(days.days());
    let edge = if days < 0 { Timestamp::MIN } else { Timestamp::MAX };
    there.map_or(edge, |there| there.timestamp())
}

impl std::fmt::Display for Wait {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Time(time) if time.as_secs() % 3600 == 0 => {
                write!(f, "{}h", time.as_secs() / 3600)
            }
            Self::Time(time) if time.as_secs() % 60 == 0 => write!(f, "{}m", time.as_secs() / 60),
            Self::Time(time) => write!(f, "{}s", time.as_secs()),
            Self::Days(days) => write!(f, "{days}d"),
            Self::BusinessDays(days) => write!(f, "{days}bd"),
        }
    }
}

impl Derived {
    /// How long it waits, for triggers that follow from absence or a deadline.
    pub fn threshold(self) -> Option<Threshold> {
        use Wait::{BusinessDays, Days, Time};
        const fn hours(hours: u64) -> Wait {
            Time(Duration::from_hours(hours))
        }
        let (domestic, abroad, least) = match self {
            Self::FulfilmentStalled => (BusinessDays(3), BusinessDays(3), BusinessDays(1)),
            Self::CarrierPickupStalled => (BusinessDays(4), BusinessDays(4), BusinessDays(1)),
            Self::ShipmentStalled => (BusinessDays(3), BusinessDays(5), BusinessDays(1)),
            Self::PresumedLost => (Days(14), Days(14), Days(5)),
            Self::DeliveryOverdue => (hours(24), hours(24), hours(1)),
            Self::PickupReminder => (Days(3), Days(3), Days(1)),
            Self::PickupExpiring => (hours(48), hours(48), hours(12)),
            Self::ReturnLabelExpiring => (Days(3), Days(3), Days(1)),
            Self::ReturnStalled => (BusinessDays(5), BusinessDays(10), BusinessDays(1)),
            Self::OrderPartiallyDispatched
            | Self::OrderFullyDispatched
            | Self::OrderPartiallyDelivered
            | Self::OrderFullyDelivered
            | Self::EtaChanged
            | Self::DeliveryExpectedTomorrow
            | Self::ShipmentRecovered => return None,
        };
        Some(Threshold { default: After { domestic, abroad }, least })
    }
}
