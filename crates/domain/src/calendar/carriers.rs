//! On which days carriers bring parcels.

use jiff::civil::{Date, Weekday};

use super::{Place, is_holiday};

/// Carriers that bring parcels to homes from Monday to Friday only. Unverified: from general knowledge,
/// no vendor document was read; whoever is not named here also comes on Saturdays.
const NOT_ON_SATURDAYS: [&str; 3] = ["dhl_express", "tnt", "fedex"];

/// Whether `carrier` (a slug) may bring a parcel to `place` on `day`: never on a Sunday or a public
/// holiday.
pub fn delivers_on(day: Date, carrier: Option<&str>, place: &Place) -> bool {
    let is_out = match day.weekday() {
        Weekday::Sunday => false,
        Weekday::Saturday => !carrier.is_some_and(|slug| NOT_ON_SATURDAYS.contains(&slug)),
        Weekday::Monday
        | Weekday::Tuesday
        | Weekday::Wednesday
        | Weekday::Thursday
        | Weekday::Friday => true,
    };
    is_out && !is_holiday(day, place)
}
