//! The canonical statement made from a receipt: this parcel, order or return reached this status.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    id::SourceName,
    taxonomy::{Leg, Reason, Status},
    value::Map,
};

/// How exactly a source states when something happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimePrecision {
    /// To the second, with its offset.
    Second,
    /// To the minute.
    Minute,
    /// Only the day is known.
    Day,
    /// The source gave no offset: its connector's zone was taken.
    AssumedZone,
    /// The source gave no time: when we received it was taken.
    Received,
}

impl TimePrecision {
    /// The name in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Day => "day",
            Self::AssumedZone => "assumed_zone",
            Self::Received => "received",
        }
    }
}

/// A point in time with the offset in which it was stated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Moment {
    /// The instant.
    pub at: Timestamp,
    /// Seconds east of UTC in which the source wrote it.
    pub offset_seconds: i32,
    /// How exact it is.
    pub precision: TimePrecision,
}

impl Moment {
    /// An instant in UTC, exact to the second.
    pub fn utc(at: Timestamp) -> Self {
        Self { at, offset_seconds: 0, precision: TimePrecision::Second }
    }

    /// The latest instant that is meant: a day without a time is over at its end.
    pub fn latest(&self) -> Timestamp {
        match self.precision {
            TimePrecision::Day => {
                self.at.checked_add(jiff::Span::new().hours(24)).unwrap_or(self.at)
            }
            TimePrecision::Second
            | TimePrecision::Minute
            | TimePrecision::AssumedZone
            | TimePrecision::Received => self.at,
        }
    }

    /// RFC 3339 with the offset in which it was stated, whole seconds.
    pub fn to_rfc3339(&self) -> String {
        let offset =
            jiff::tz::Offset::from_seconds(self.offset_seconds).unwrap_or(jiff::tz::Offset::UTC);
        let whole = Timestamp::from_second(self.at.as_second()).unwrap_or(self.at);
        whole.display_with_offset(offset).to_string()
    }
}

/// What kind of party speaks through a source: decides who is believed on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The shop system.
    Shop,
    /// The warehouse or fulfilment provider.
    Fulfilment,
    /// The carrier, or who speaks for it.
    Carrier,
    /// A returns portal.
    Returns,
}

impl Party {
    /// The name in files (`only_from: [carrier]`, a connector's `party:`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Shop => "shop",
            Self::Fulfilment => "fulfilment",
            Self::Carrier => "carrier",
            Self::Returns => "returns",
        }
    }
}

/// One canonical event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The canonical status.
    pub status: Status,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The leg it concerns; `Forward` for statuses of the order.
    pub leg: Leg,
    /// Remembered, never a trigger.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub quiet: bool,
    /// Part of what was before the relay was connected: it teaches, and is never told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub imported: bool,
    /// When it happened at the source.
    pub occurred_at: Moment,
    /// When the relay heard of it.
    pub received_at: Timestamp,
    /// Who said it.
    pub source: SourceName,
    /// What kind of party that is.
    pub party: Party,
    /// All that the source stated beside it, under the names of [`crate::taxonomy::FIELDS`]
    /// (only fields that a source may state; `status`, `reason`, `leg`, `occurred_at` stand above).
    pub fields: Map,
}
