//! What a destination can be told of that is no news any more.

use std::time::Duration;

use jiff::Timestamp;

/// What a destination does with what is past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Past {
    /// Whatever it is told may start something.
    Starts,
    /// It can be told to record without starting anything.
    Recorded,
    /// It records what is older than this and starts nothing with it, and can be told nothing else.
    RecordedAfter(Duration),
}

/// How a fact is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    /// As something new, which may start what it likes.
    News,
    /// To be recorded, and to start nothing.
    Record,
    /// Not at all: it would start something, and is no news.
    Not,
}

impl Past {
    /// How a fact is told at `now`. `is_past` says that it is no news, being too old or behind a
    /// later step.
    pub fn telling(self, is_past: bool, occurred_at: Timestamp, now: Timestamp) -> Telling {
        let starts_nothing = match self {
            Self::Starts => false,
            Self::Recorded => is_past,
            // Exactly so old may still start something.
            Self::RecordedAfter(window) => {
                occurred_at.checked_add(window).is_ok_and(|until| until < now)
            }
        };
        match (starts_nothing, is_past) {
            (true, _) => Telling::Record,
            (false, true) => Telling::Not,
            (false, false) => Telling::News,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_past_is_recorded_where_that_starts_nothing() {
        let now = Timestamp::from_second(1_795_341_600).expect("a time");
        let window = Duration::from_hours(72);
        let ago = |seconds: u64| now.checked_sub(Duration::from_secs(seconds)).expect("a time");
        let hour = 3600;
        for (past, is_past, age, telling) in [
            (Past::Starts, false, 0, Telling::News),
            (Past::Starts, true, 0, Telling::Not),
            (Past::Starts, true, 900 * hour, Telling::Not),
            (Past::Starts, false, 900 * hour, Telling::News),
            (Past::Recorded, false, 900 * hour, Telling::News),
            (Past::Recorded, true, 0, Telling::Record),
            (Past::RecordedAfter(window), false, 0, Telling::News),
            (Past::RecordedAfter(window), false, 72 * hour, Telling::News),
            (Past::RecordedAfter(window), false, 72 * hour + 1, Telling::Record),
            (Past::RecordedAfter(window), true, hour, Telling::Not),
            (Past::RecordedAfter(window), true, 72 * hour, Telling::Not),
            (Past::RecordedAfter(window), true, 72 * hour + 1, Telling::Record),
        ] {
            assert_eq!(past.telling(is_past, ago(age), now), telling, "{past:?} {is_past} {age}");
        }
        // What is dated ahead is as young as can be.
        let ahead = now + Duration::from_hours(1);
        assert_eq!(Past::RecordedAfter(window).telling(true, ahead, now), Telling::Not);
    }
}
