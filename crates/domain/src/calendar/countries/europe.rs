//! Countries of which the holidays of the whole country are known. Those of regions are left out.

use jiff::civil::{Date, Weekday};

use super::{
    super::easter::{
        ASCENSION, CORPUS_CHRISTI, EASTER, EASTER_MONDAY, GOOD_FRIDAY, WHIT_MONDAY, WHIT_SUNDAY,
        days_from_easter,
    },
    is_one_of,
};

pub(super) fn austria(day: Date, _: Option<&str>) -> bool {
    const FIXED: [(i8, i8); 9] =
        [(1, 1), (1, 6), (5, 1), (8, 15), (10, 26), (11, 1), (12, 8), (12, 25), (12, 26)];
    let moved = [EASTER_MONDAY, ASCENSION, WHIT_MONDAY, CORPUS_CHRISTI];
    is_one_of(day, &FIXED) || moved.contains(&days_from_easter(day))
}

pub(super) fn belgium(day: Date, _: Option<&str>) -> bool {
    const FIXED: [(i8, i8); 7] = [(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)];
    is_one_of(day, &FIXED)
        || [EASTER_MONDAY, ASCENSION, WHIT_MONDAY].contains(&days_from_easter(day))
}

/// Those that every canton has.
pub(super) fn switzerland(day: Date, _: Option<&str>) -> bool {
    is_one_of(day, &[(1, 1), (8, 1), (12, 25)]) || days_from_easter(day) == ASCENSION
}

/// Those that every autonomous community has, and Epiphany, of which none makes another day.
pub(super) fn spain(day: Date, _: Option<&str>) -> bool {
    const FIXED: [(i8, i8); 9] =
        [(1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)];
    is_one_of(day, &FIXED) || days_from_easter(day) == GOOD_FRIDAY
}

/// Without those of Alsace and Moselle.
pub(super) fn france(day: Date, _: Option<&str>) -> bool {
    const FIXED: [(i8, i8); 8] =
        [(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)];
    is_one_of(day, &FIXED)
        || [EASTER_MONDAY, ASCENSION, WHIT_MONDAY].contains(&days_from_easter(day))
}

/// With the day of Saint Francis, since 2026.
pub(super) fn italy(day: Date, _: Option<&str>) -> bool {
    const FIXED: [(i8, i8); 10] =
        [(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)];
    let francis = day.year() >= 2026 && is_one_of(day, &[(10, 4)]);
    is_one_of(day, &FIXED) || francis || [EASTER, EASTER_MONDAY].contains(&days_from_easter(day))
}

/// The King's Day is a day earlier where it would be a Sunday; Liberation Day is free in every fifth
/// year.
pub(super) fn netherlands(day: Date, _: Option<&str>) -> bool {
    let kings_day = match (day.month(), day.day()) {
        (4, 27) => day.weekday() != Weekday::Sunday,
        (4, 26) => day.weekday() == Weekday::Saturday,
        _ => false,
    };
    let liberation = is_one_of(day, &[(5, 5)]) && day.year() % 5 == 0;
    let moved = [EASTER, EASTER_MONDAY, ASCENSION, WHIT_SUNDAY, WHIT_MONDAY];
    is_one_of(day, &[(1, 1), (12, 25), (12, 26)])
        || kings_day
        || liberation
        || moved.contains(&days_from_easter(day))
}

/// With Christmas Eve, since 2025.
pub(super) fn poland(day: Date, _: Option<&str>) -> bool {
    const FIXED: [(i8, i8); 9] =
        [(1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 25), (12, 26)];
    let eve = day.year() >= 2025 && is_one_of(day, &[(12, 24)]);
    let moved = [EASTER, EASTER_MONDAY, WHIT_SUNDAY, CORPUS_CHRISTI];
    is_one_of(day, &FIXED) || eve || moved.contains(&days_from_easter(day))
}
