//! Business days: which days count at a place, and when so many of them are over. Holidays follow from
//! rules (fixed days, and days counted from Easter), not from a list.
//!
//! The rules are those in force in 2026, with the years in which the younger ones began. Tests hold
//! them against known dates of 2024 to 2028. Before 2019 and for places that are not known here only
//! weekends are free. Must not know: carriers' systems, orders.

mod carriers;
mod countries;
mod easter;
mod place;
mod span;
#[cfg(test)]
mod tests;

use jiff::civil::{Date, Weekday};

pub use carriers::delivers_on;
pub use countries::COUNTRIES;
pub use place::Place;
pub use span::{after_business_days, business_days_between, working_time};

/// Whether people work on `day` at `place`: from Monday to Friday, but for public holidays.
pub fn is_business_day(day: Date, place: &Place) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && !is_holiday(day, place)
}

/// Whether `day` is a public holiday at `place`: of the whole country, and of the region where that
/// is known.
pub fn is_holiday(day: Date, place: &Place) -> bool {
    countries::find(place.country())
        .is_some_and(|country| (country.is_holiday)(day, place.region()))
}

/// Whether people work on `day` at every one of `places`.
pub(crate) fn is_business_day_at_all(day: Date, places: &[&Place]) -> bool {
    let is_weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
    !is_weekend && !places.iter().any(|place| is_holiday(day, place))
}
