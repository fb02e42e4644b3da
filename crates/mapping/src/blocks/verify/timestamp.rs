//! The time a sender signs, so that a recorded request cannot be played back later.

use jiff::Timestamp;

use super::envelope::Place;
use super::refusal::Refusal;

/// What is accepted on either side of our clock where a connector says nothing else: 5 minutes, as
/// Standard Webhooks and most senders advise.
pub const DEFAULT_TOLERANCE: u32 = 300;

/// Where the signed time stands and how far off it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimestampSpec {
    /// Where it stands.
    pub at: TimestampAt,
    /// How it is written.
    pub format: TimestampFormat,
    /// Seconds it may lie in the past or the future; `None`: it is signed, but not checked, for
    /// senders that repeat an old request under its old time.
    pub tolerance: Option<u32>,
}

impl TimestampSpec {
    /// Unix seconds at `at`, checked with the usual tolerance.
    pub const fn new(at: TimestampAt) -> Self {
        Self { at, format: TimestampFormat::UnixSeconds, tolerance: Some(DEFAULT_TOLERANCE) }
    }
}

/// Where a signed time stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TimestampAt {
    /// In a header, query parameter or body field of its own.
    Place(Place),
    /// In a pair beside the signature: `t=…,v1=…`.
    Pair(String),
}

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TimestampFormat {
    /// Whole seconds since 1970.
    #[default]
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// `2026-11-22T10:00:00Z`.
    Rfc3339,
}

impl TimestampFormat {
    /// The names in files.
    pub const NAMES: [(&'static str, Self); 3] =
        [("unix", Self::UnixSeconds), ("unix_ms", Self::UnixMillis), ("rfc3339", Self::Rfc3339)];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, format)| *format)
    }

    /// Reads a time.
    pub fn read(self, text: &str) -> Option<Timestamp> {
        let number = || {
            let digits = text.strip_prefix('-').unwrap_or(text);
            digits.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<i64>().ok()).flatten()
        };
        match self {
            Self::UnixSeconds => Timestamp::from_second(number()?).ok(),
            Self::UnixMillis => Timestamp::from_millisecond(number()?).ok(),
            Self::Rfc3339 => text.parse().ok(),
        }
    }

    /// Writes a time.
    pub fn write(self, time: Timestamp) -> String {
        match self {
            Self::UnixSeconds => time.as_second().to_string(),
            Self::UnixMillis => time.as_millisecond().to_string(),
            Self::Rfc3339 => time.to_string(),
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::UnixSeconds => "a number of seconds since 1970",
            Self::UnixMillis => "a number of milliseconds since 1970",
            Self::Rfc3339 => "an RFC 3339 time with offset",
        }
    }
}

/// Checks a signed time. Compared in whole seconds, because most senders state no more: exactly
/// `tolerance` off is accepted, one second more is not.
pub(super) fn check(
    text: &str,
    format: TimestampFormat,
    tolerance: Option<u32>,
    now: Timestamp,
) -> Result<Option<Timestamp>, Refusal> {
    let Some(signed) = format.read(text) else {
        return match tolerance {
            Some(_) => Err(Refusal::TimestampUnreadable { expected: format.word() }),
            None => Ok(None),
        };
    };
    let age = now.as_second().saturating_sub(signed.as_second());
    match tolerance.map(u64::from) {
        Some(tolerance) if age.unsigned_abs() > tolerance => {
            Err(Refusal::TimestampOutsideTolerance {
                seconds: age.unsigned_abs(),
                direction: if age > 0 { "in the past" } else { "in the future" },
                tolerance,
            })
        }
        _ => Ok(Some(signed)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tolerance_is_exact_to_the_second_in_every_format() {
        let now = Timestamp::new(1_700_000_000, 999_000_000).expect("in range");
        for format in TimestampFormat::NAMES.map(|(_, format)| format) {
            for (offset, accepted) in
                [(0, true), (-300, true), (300, true), (-301, false), (301, false)]
            {
                let signed = Timestamp::from_second(1_700_000_000 + offset).expect("in range");
                let text = format.write(signed);
                let checked = check(&text, format, Some(300), now);
                assert_eq!(checked.is_ok(), accepted, "{format:?} {offset}: {checked:?}");
                assert_eq!(check(&text, format, None, now), Ok(Some(signed)));
            }
        }
    }

    #[test]
    fn a_time_that_cannot_be_read_is_refused_where_it_counts() {
        let now = Timestamp::from_second(1_700_000_000).expect("in range");
        for text in ["", "soon", "1e9", "+1700000000", "99999999999999999999", "2023-11-14 22:13"] {
            for format in TimestampFormat::NAMES.map(|(_, format)| format) {
                let refused = check(text, format, Some(300), now).expect_err(text);
                assert_eq!(refused.code(), "timestamp_outside_tolerance", "{text}");
                assert_eq!(check(text, format, None, now), Ok(None));
            }
        }
    }
}
