//! Known dates, and how they are counted with.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use super::{easter::easter, *};

fn day(text: &str) -> Date {
    text.parse().expect("a date")
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn easter_is_on_the_known_sundays() {
    for sunday in [
        "2019-04-21",
        "2020-04-12",
        "2021-04-04",
        "2022-04-17",
        "2023-04-09",
        "2024-03-31",
        "2025-04-20",
        "2026-04-05",
        "2027-03-28",
        "2028-04-16",
        "2029-04-01",
        "2030-04-21",
        "2038-04-25",
        "2049-04-18",
        "2076-04-19",
    ] {
        assert_eq!(easter(day(sunday).year()), day(sunday));
    }
}

/// Weekdays that are free in a year, as month and day.
fn free(year: i16, place: &Place) -> Vec<String> {
    let first = Date::new(year, 1, 1).expect("a day");
    let days = first.series(jiff::ToSpan::days(1)).take_while(|day| day.year() == year);
    let free = days.filter(|day| is_holiday(*day, place));
    let free = free.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday));
    free.map(|day| format!("{:02}-{:02}", day.month(), day.day())).collect()
}

#[test]
fn the_holidays_of_each_country_in_2026_fall_on_the_known_days() {
    #[rustfmt::skip]
    let known: [(&str, Option<&str>, &[&str]); 11] = [
        ("DE", None, &["01-01", "04-03", "04-06", "05-01", "05-14", "05-25", "12-25"]),
        ("AT", None, &["01-01", "01-06", "04-06", "05-01", "05-14", "05-25", "06-04", "10-26", "12-08", "12-25"]),
        ("CH", None, &["01-01", "05-14", "12-25"]),
        ("NL", None, &["01-01", "04-06", "04-27", "05-14", "05-25", "12-25"]),
        ("BE", None, &["01-01", "04-06", "05-01", "05-14", "05-25", "07-21", "11-11", "12-25"]),
        ("FR", None, &["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "11-11", "12-25"]),
        ("IT", None, &["01-01", "01-06", "04-06", "05-01", "06-02", "12-08", "12-25"]),
        ("ES", None, &["01-01", "01-06", "04-03", "05-01", "10-12", "12-08", "12-25"]),
        ("PL", None, &["01-01", "01-06", "04-06", "05-01", "06-04", "11-11", "12-24", "12-25"]),
        ("GB", None, &["01-01", "04-03", "04-06", "05-04", "05-25", "08-31", "12-25", "12-28"]),
        ("US", None, &["01-01", "01-19", "02-16", "05-25", "06-19", "07-03", "09-07", "10-12", "11-11", "11-26", "12-25"]),
    ];
    for (country, region, days) in known {
        assert_eq!(free(2026, &Place::new(country, region)), days, "{country}");
    }
}

#[test]
fn every_german_state_has_its_own_days_beside_those_of_all() {
    let of_all = free(2026, &Place::new("DE", None));
    #[rustfmt::skip]
    let known: [(&str, &[&str]); 16] = [
        ("BW", &["01-06", "06-04"]), ("BY", &["01-06", "06-04"]), ("BE", &[]), ("BB", &[]),
        ("HB", &[]), ("HH", &[]), ("HE", &["06-04"]), ("MV", &[]), ("NI", &[]),
        ("NW", &["06-04"]), ("RP", &["06-04"]), ("SL", &["06-04"]), ("SN", &["11-18"]),
        ("ST", &["01-06"]), ("SH", &[]), ("TH", &[]),
    ];
    for (state, days) in known {
        let own = free(2026, &Place::new("DE", Some(state)));
        let own: Vec<&String> = own.iter().filter(|day| !of_all.contains(day)).collect();
        assert_eq!(own, days, "{state}");
    }
    // Of 2026 many fall on a weekend; here is a day of each kind in a year in which it does not.
    for (state, holiday) in [
        ("BE", "2027-03-08"),
        ("MV", "2027-03-08"),
        ("BE", "2025-05-08"),
        ("BE", "2028-06-17"),
        ("BY", "2025-08-15"),
        ("SL", "2025-08-15"),
        ("TH", "2027-09-20"),
        ("BB", "2025-10-31"),
        ("HB", "2025-10-31"),
        ("HH", "2025-10-31"),
        ("NI", "2025-10-31"),
        ("SH", "2025-10-31"),
        ("MV", "2025-10-31"),
        ("SN", "2025-10-31"),
        ("ST", "2025-10-31"),
        ("TH", "2025-10-31"),
        ("BW", "2027-11-01"),
        ("BY", "2027-11-01"),
        ("NW", "2027-11-01"),
        ("RP", "2027-11-01"),
        ("SL", "2027-11-01"),
        ("SN", "2024-11-20"),
        ("BB", "2026-04-05"),
        ("BB", "2026-05-24"),
    ] {
        let there = Place::new("DE", Some(state));
        assert!(is_holiday(day(holiday), &there), "{holiday} in {state}");
        assert!(!is_holiday(day(holiday), &Place::new("DE", None)), "{holiday}");
    }
    assert!(!is_holiday(day("2022-03-08"), &Place::new("DE", Some("MV"))), "only since 2023");
}

#[test]
fn substitutes_are_taken_as_each_country_takes_them() {
    let gb = |day_: &str, nation| is_holiday(day(day_), &Place::new("GB", nation));
    // Christmas 2027 is a Saturday, New Year 2028 too.
    assert!(gb("2027-12-27", None) && gb("2027-12-28", None) && gb("2028-01-03", None));
    assert!(gb("2028-01-04", Some("SCT")) && !gb("2028-01-04", None));
    assert!(gb("2026-08-03", Some("SCT")) && !gb("2026-08-31", Some("Scotland")));
    assert!(gb("2026-03-17", Some("NIR")) && gb("2026-07-13", Some("northern ireland")));
    let us = |day_: &str| is_holiday(day(day_), &Place::new("US", None));
    assert!(us("2027-12-24") && us("2027-12-31") && us("2027-07-05") && us("2024-06-19"));
    let nl = |day_: &str| is_holiday(day(day_), &Place::new("NL", None));
    assert!(nl("2025-04-26") && !nl("2025-04-27") && nl("2025-05-05") && !nl("2026-05-05"));
    let pl = |day_: &str| is_holiday(day(day_), &Place::new("PL", None));
    assert!(pl("2025-12-24") && !pl("2024-12-24"));
}

#[test]
fn a_region_is_known_by_its_code_and_its_names() {
    for text in ["BY", "by", "DE-BY", "de-by", " Bayern ", "Bavaria"] {
        assert_eq!(Place::new("DE", Some(text)).region(), Some("BY"), "{text}");
    }
    assert_eq!(Place::new("DE", Some("Texas")).region(), None);
    assert_eq!(Place::new("fr", Some("BY")).country(), "FR");
}

#[test]
fn business_days_pass_over_weekends_and_holidays() {
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let (de, by) = (Place::new("DE", None), Place::new("DE", Some("BY")));
    let after = |from: &str, days: u32, places: &[&Place]| {
        after_business_days(at(from), days, places, &berlin).to_zoned(berlin.clone()).to_string()
    };
    // Friday noon and three business days: Wednesday noon.
    assert!(after("2026-11-27T11:00:00Z", 3, &[&de]).starts_with("2026-12-02T12:00"));
    // A Saturday does not count: Monday is the first.
    assert!(after("2026-11-28T11:00:00Z", 3, &[&de]).starts_with("2026-12-03T00:00"));
    // Epiphany is free in Bavaria: Monday the 5th, then Wednesday.
    assert!(after("2026-01-02T11:00:00Z", 2, &[&de]).starts_with("2026-01-06T12:00"));
    assert!(after("2026-01-02T11:00:00Z", 2, &[&by]).starts_with("2026-01-07T12:00"));
    // What is free at one end does not count.
    assert!(after("2026-01-02T11:00:00Z", 2, &[&de, &by]).starts_with("2026-01-07T12:00"));
    // In the night of the change of clocks the time of day stays.
    assert!(after("2026-10-23T10:00:00Z", 1, &[&de]).starts_with("2026-10-26T12:00"));
    // Nothing known of the place: weekends only.
    assert!(after("2026-12-24T11:00:00Z", 1, &[]).starts_with("2026-12-25T12:00"));
    assert_eq!(
        business_days_between(
            at("2026-11-27T11:00:00Z"),
            at("2026-12-02T11:00:00Z"),
            &[&de],
            &berlin
        ),
        3
    );
}

#[test]
fn a_weekend_is_no_silence() {
    let berlin = TimeZone::get("Europe/Berlin").expect("a zone");
    let de = Place::new("DE", None);
    let hours = |from: &str, until: &str| {
        working_time(at(from), at(until), &[&de], &berlin).as_secs() / 3600
    };
    // Friday 18:00 to Monday 08:00.
    assert_eq!(hours("2026-11-27T17:00:00Z", "2026-11-30T07:00:00Z"), 14);
    assert_eq!(hours("2026-11-28T09:00:00Z", "2026-11-29T09:00:00Z"), 0);
    assert_eq!(hours("2026-11-30T07:00:00Z", "2026-11-30T09:00:00Z"), 2);
    assert_eq!(hours("2026-11-30T09:00:00Z", "2026-11-30T07:00:00Z"), 0);
}

#[test]
fn nobody_brings_parcels_on_sundays_and_holidays() {
    let de = Place::new("DE", None);
    assert!(delivers_on(day("2026-11-28"), Some("dhl"), &de));
    assert!(!delivers_on(day("2026-11-28"), Some("dhl_express"), &de));
    assert!(!delivers_on(day("2026-11-29"), Some("dhl"), &de));
    assert!(!delivers_on(day("2026-12-25"), None, &de));
    assert!(delivers_on(day("2026-11-27"), None, &de));
}
