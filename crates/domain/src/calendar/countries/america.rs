//! The United States: federal holidays. One on a Saturday is taken on the Friday before, one on a
//! Sunday on the Monday after.

use jiff::{
    ToSpan as _,
    civil::{Date, Weekday},
};

use super::{is_last, is_nth};

pub(super) fn is_holiday(day: Date, _: Option<&str>) -> bool {
    is_nth(day, 1, Weekday::Monday, 3)
        || is_nth(day, 2, Weekday::Monday, 3)
        || is_last(day, 5, Weekday::Monday)
        || is_nth(day, 9, Weekday::Monday, 1)
        || is_nth(day, 10, Weekday::Monday, 2)
        || is_nth(day, 11, Weekday::Thursday, 4)
        || [(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)]
            .iter()
            .any(|fixed| is_observed(day, *fixed))
}

fn is_observed(day: Date, (month, of_month): (i8, i8)) -> bool {
    let is_it = |date: Date| (date.month(), date.day()) == (month, of_month);
    is_it(day)
        || (day.weekday() == Weekday::Friday && is_it(day.saturating_add(1.day())))
        || (day.weekday() == Weekday::Monday && is_it(day.saturating_sub(1.day())))
}
