//! The United Kingdom: bank holidays of England and Wales, or of the nation that is named. One that
//! falls on a weekend is taken on the next working day.

use jiff::{
    ToSpan as _,
    civil::{Date, Weekday},
};

use super::{
    super::easter::{EASTER_MONDAY, GOOD_FRIDAY, days_from_easter},
    is_last, is_nth,
};

/// Codes of ISO 3166-2 and names.
pub(super) const NATIONS: &[(&str, &[&str])] = &[
    ("ENG", &["england"]),
    ("WLS", &["wales"]),
    ("SCT", &["scotland"]),
    ("NIR", &["northern ireland"]),
];

pub(super) fn is_holiday(day: Date, nation: Option<&str>) -> bool {
    let is_scottish = nation == Some("SCT");
    let easter = days_from_easter(day);
    let in_may = is_nth(day, 5, Weekday::Monday, 1) || is_last(day, 5, Weekday::Monday);
    let summer = if is_scottish {
        is_nth(day, 8, Weekday::Monday, 1)
    } else {
        is_last(day, 8, Weekday::Monday)
    };
    let new_year: &[i8] = if is_scottish { &[1, 2] } else { &[1] };
    in_may
        || summer
        || easter == GOOD_FRIDAY
        || (easter == EASTER_MONDAY && !is_scottish)
        || is_taken_for(day, 1, new_year)
        || is_taken_for(day, 12, &[25, 26])
        || (is_scottish && is_taken_for(day, 11, &[30]))
        || (nation == Some("NIR") && (is_taken_for(day, 3, &[17]) || is_taken_for(day, 7, &[12])))
}

/// Whether `day` is one of the days of a month, or the working day taken for one of them.
fn is_taken_for(day: Date, month: i8, days: &[i8]) -> bool {
    let mut taken: Vec<Date> = Vec::new();
    for of_month in days {
        let Ok(mut date) = Date::new(day.year(), month, *of_month) else { continue };
        while is_weekend(date) || taken.contains(&date) {
            date = date.saturating_add(1.day());
        }
        taken.push(date);
    }
    taken.contains(&day) || (day.month() == month && days.contains(&day.day()))
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}
