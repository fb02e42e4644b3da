//! The countries whose holidays are known, one file each where a line does not do.

mod america;
mod britain;
mod europe;
mod germany;

use jiff::civil::{Date, Weekday};

/// What is known of a country.
pub(super) struct Country {
    pub(super) code: &'static str,
    /// Its time zone, where it has only one (islands far away left out).
    pub(super) zone: Option<&'static str>,
    pub(super) is_holiday: fn(Date, Option<&str>) -> bool,
    /// Regions that have holidays of their own: code, then names.
    pub(super) regions: &'static [(&'static str, &'static [&'static str])],
}

/// The two letters of every country whose holidays are known.
pub const COUNTRIES: [&str; 11] =
    ["AT", "BE", "CH", "DE", "ES", "FR", "GB", "IT", "NL", "PL", "US"];

#[rustfmt::skip]
static TABLE: [Country; 11] = [
    Country { code: "AT", zone: Some("Europe/Vienna"), is_holiday: europe::austria, regions: &[] },
    Country { code: "BE", zone: Some("Europe/Brussels"), is_holiday: europe::belgium, regions: &[] },
    Country { code: "CH", zone: Some("Europe/Zurich"), is_holiday: europe::switzerland, regions: &[] },
    Country { code: "DE", zone: Some("Europe/Berlin"), is_holiday: germany::is_holiday, regions: germany::STATES },
    Country { code: "ES", zone: Some("Europe/Madrid"), is_holiday: europe::spain, regions: &[] },
    Country { code: "FR", zone: Some("Europe/Paris"), is_holiday: europe::france, regions: &[] },
    Country { code: "GB", zone: Some("Europe/London"), is_holiday: britain::is_holiday, regions: britain::NATIONS },
    Country { code: "IT", zone: Some("Europe/Rome"), is_holiday: europe::italy, regions: &[] },
    Country { code: "NL", zone: Some("Europe/Amsterdam"), is_holiday: europe::netherlands, regions: &[] },
    Country { code: "PL", zone: Some("Europe/Warsaw"), is_holiday: europe::poland, regions: &[] },
    Country { code: "US", zone: None, is_holiday: america::is_holiday, regions: &[] },
];

pub(super) fn find(code: &str) -> Option<&'static Country> {
    TABLE.iter().find(|country| country.code == code)
}

/// The code of a region as somebody wrote it.
pub(super) fn region(country: &str, text: &str) -> Option<&'static str> {
    let text = text.trim().to_lowercase();
    let bare = text.strip_prefix(&format!("{}-", country.to_lowercase()));
    let bare = bare.unwrap_or(&text);
    let is_meant = |(code, names): &&(&'static str, &'static [&'static str])| {
        code.to_lowercase() == bare || names.contains(&bare)
    };
    find(country)?.regions.iter().find(is_meant).map(|(code, _)| *code)
}

/// Whether it is one of these days, each a month and a day of it.
fn is_one_of(day: Date, days: &[(i8, i8)]) -> bool {
    days.contains(&(day.month(), day.day()))
}

/// Whether it is the n-th of its weekday in the month.
fn is_nth(day: Date, month: i8, weekday: Weekday, n: i8) -> bool {
    day.month() == month && day.weekday() == weekday && (day.day() - 1) / 7 == n - 1
}

/// Whether it is the last of its weekday in the month.
fn is_last(day: Date, month: i8, weekday: Weekday) -> bool {
    day.month() == month && day.weekday() == weekday && day.day() + 7 > day.days_in_month()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_countries_is_that_of_the_table() {
        let known: Vec<&str> = TABLE.iter().map(|country| country.code).collect();
        assert_eq!(known, COUNTRIES);
    }
}
