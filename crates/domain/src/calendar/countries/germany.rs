//! Germany and its sixteen states. Holidays of single towns or villages (Augsburg, parts of Saxony and
//! Thuringia) are left out; the Assumption is taken as Bavaria's, where most people have it.

use jiff::civil::{Date, Weekday};

use super::{
    super::easter::{
        ASCENSION, CORPUS_CHRISTI, EASTER, EASTER_MONDAY, GOOD_FRIDAY, WHIT_MONDAY, WHIT_SUNDAY,
        days_from_easter,
    },
    is_one_of,
};

/// Codes of ISO 3166-2 and names.
pub(super) const STATES: &[(&str, &[&str])] = &[
    ("BW", &["baden-württemberg", "baden-wuerttemberg"]),
    ("BY", &["bayern", "bavaria"]),
    ("BE", &["berlin"]),
    ("BB", &["brandenburg"]),
    ("HB", &["bremen"]),
    ("HH", &["hamburg"]),
    ("HE", &["hessen", "hesse"]),
    ("MV", &["mecklenburg-vorpommern"]),
    ("NI", &["niedersachsen", "lower saxony"]),
    ("NW", &["nordrhein-westfalen", "north rhine-westphalia"]),
    ("RP", &["rheinland-pfalz", "rhineland-palatinate"]),
    ("SL", &["saarland"]),
    ("SN", &["sachsen", "saxony"]),
    ("ST", &["sachsen-anhalt", "saxony-anhalt"]),
    ("SH", &["schleswig-holstein"]),
    ("TH", &["thüringen", "thueringen", "thuringia"]),
];

pub(super) fn is_holiday(day: Date, state: Option<&str>) -> bool {
    let from_easter = days_from_easter(day);
    is_one_of(day, &[(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)])
        || matches!(from_easter, GOOD_FRIDAY | EASTER_MONDAY | ASCENSION | WHIT_MONDAY)
        || state.is_some_and(|state| is_of_state(day, from_easter, state))
}

fn is_of_state(day: Date, from_easter: i64, state: &str) -> bool {
    let is_on = |month: i8, of_month: i8| is_one_of(day, &[(month, of_month)]);
    let epiphany = is_on(1, 6);
    let womens_day = |since: i16| is_on(3, 8) && day.year() >= since;
    let corpus_christi = from_easter == CORPUS_CHRISTI;
    let assumption = is_on(8, 15);
    let reformation = is_on(10, 31);
    let all_saints = is_on(11, 1);
    match state {
        "BW" => epiphany || corpus_christi || all_saints,
        "BY" => epiphany || corpus_christi || assumption || all_saints,
        "BE" => womens_day(2019) || is_once_in_berlin(day),
        "BB" => matches!(from_easter, EASTER | WHIT_SUNDAY) || reformation,
        "HB" | "HH" | "NI" | "SH" => reformation,
        "HE" => corpus_christi,
        "MV" => womens_day(2023) || reformation,
        "NW" | "RP" => corpus_christi || all_saints,
        "SL" => corpus_christi || assumption || all_saints,
        "SN" => reformation || is_day_of_repentance(day),
        "ST" => epiphany || reformation,
        "TH" => (is_on(9, 20) && day.year() >= 2019) || reformation,
        _ => false,
    }
}

/// Days that Berlin has free in one year only.
fn is_once_in_berlin(day: Date) -> bool {
    matches!((day.year(), day.month(), day.day()), (2020 | 2025, 5, 8) | (2028, 6, 17))
}

/// The Wednesday before the 23rd of November.
fn is_day_of_repentance(day: Date) -> bool {
    day.month() == 11 && day.weekday() == Weekday::Wednesday && (16..=22).contains(&day.day())
}
