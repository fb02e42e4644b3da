//! Times as both stores keep them: microseconds since 1970.

use jiff::Timestamp;

pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// What is no time is the first of all.
pub(crate) fn time(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH)
}
