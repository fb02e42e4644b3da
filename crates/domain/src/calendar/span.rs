//! Counting with business days.

use std::time::Duration;

use jiff::{
    Timestamp, ToSpan as _, Zoned,
    civil::{Date, Time},
    tz::TimeZone,
};

use super::{Place, is_business_day_at_all};

/// Most days that are looked at: no threshold and no gap is longer.
const MOST_DAYS: usize = 800;

/// When `count` business days after `from` are over: at the same time of day, on the last of them.
/// What begins on a day that does not count begins with the next one that does. A day counts where it
/// is a business day at every one of `places`.
pub fn after_business_days(
    from: Timestamp,
    count: u32,
    places: &[&Place],
    zone: &TimeZone,
) -> Timestamp {
    let counts = |day: Date| is_business_day_at_all(day, places);
    let start = from.to_zoned(zone.clone());
    let (mut day, mut time) = (start.date(), start.time());
    if !counts(day) {
        day = next(day, counts);
        time = Time::midnight();
    }
    for _ in 0..count.min(u32::try_from(MOST_DAYS).unwrap_or(u32::MAX)) {
        day = next(day, counts);
    }
    let end = day.to_datetime(time).to_zoned(zone.clone());
    end.map_or(Timestamp::MAX, |end| end.timestamp())
}

fn next(day: Date, counts: impl Fn(Date) -> bool) -> Date {
    let days = day.series(1.day()).skip(1).take(MOST_DAYS);
    days.into_iter().find(|day| counts(*day)).unwrap_or(day)
}

/// How many business days lie behind `from`, up to and with the day of `until`.
pub fn business_days_between(
    from: Timestamp,
    until: Timestamp,
    places: &[&Place],
    zone: &TimeZone,
) -> i64 {
    let last = until.to_zoned(zone.clone()).date();
    let days = from.to_zoned(zone.clone()).date().series(1.day()).skip(1).take(MOST_DAYS);
    let counted = days.take_while(|day| *day <= last);
    counted.filter(|day| is_business_day_at_all(*day, places)).count() as i64
}

/// How much of the time from `from` to `until` lies on business days: a weekend is no silence.
pub fn working_time(
    from: Timestamp,
    until: Timestamp,
    places: &[&Place],
    zone: &TimeZone,
) -> Duration {
    let mut sum = Duration::ZERO;
    let mut at = from;
    for _ in 0..MOST_DAYS {
        if at >= until {
            return sum;
        }
        let local = at.to_zoned(zone.clone());
        let end = tomorrow(&local).unwrap_or(until).min(until);
        if is_business_day_at_all(local.date(), places) {
            sum += Duration::try_from(end.duration_since(at)).unwrap_or(Duration::ZERO);
        }
        // A zone may skip a day: never stand still.
        at = if end > at { end } else { until };
    }
    sum
}

fn tomorrow(local: &Zoned) -> Option<Timestamp> {
    Some(local.tomorrow().ok()?.start_of_day().ok()?.timestamp())
}
