//! Easter Sunday of the Gregorian calendar, and the days that are counted from it.

use jiff::{ToSpan as _, civil::Date};

/// Good Friday, counted from Easter Sunday.
pub(super) const GOOD_FRIDAY: i64 = -2;
/// Easter Sunday.
pub(super) const EASTER: i64 = 0;
/// Easter Monday.
pub(super) const EASTER_MONDAY: i64 = 1;
/// Ascension Day, a Thursday.
pub(super) const ASCENSION: i64 = 39;
/// Whit Sunday.
pub(super) const WHIT_SUNDAY: i64 = 49;
/// Whit Monday.
pub(super) const WHIT_MONDAY: i64 = 50;
/// Corpus Christi, a Thursday.
pub(super) const CORPUS_CHRISTI: i64 = 60;

/// By how many days `day` is behind (or before) the Easter Sunday of its year.
pub(super) fn days_from_easter(day: Date) -> i64 {
    let sunday = easter(day.year());
    sunday.until(day).map_or(i64::MAX, |span| i64::from(span.get_days()))
}

/// Easter Sunday of a year: the rule of Meeus, Jones and Butcher.
pub(super) fn easter(year: i16) -> Date {
    let y = i32::from(year);
    let golden = y.rem_euclid(19);
    let (century, of_century) = (y.div_euclid(100), y.rem_euclid(100));
    let leap = (century / 4, century % 4);
    let moon = (century + 8) / 25;
    let moon = (century - moon + 1) / 3;
    let epact = (19 * golden + century - leap.0 - moon + 15) % 30;
    let week = (32 + 2 * leap.1 + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let shift = (golden + 11 * epact + 22 * week) / 451;
    let at = epact + week - 7 * shift + 114;
    // `at` is at least 114 - 7 and at most 114 + 36: March or April.
    let march = Date::new(year, 3, 1).expect("every year has a March");
    let days = (at / 31 - 3) * 31 + at % 31;
    march.saturating_add(days.days())
}
