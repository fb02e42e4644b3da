//! How long triggers of absence wait, and by whose calendar.

use parcelwire_domain::{
    derived::{After, Wait},
    order::OncePer,
    taxonomy::Derived,
};

use super::*;

const P: FileKind = FileKind::Mapping;
const M: FileKind = FileKind::Merchant;

fn book_of(mapping: &str, merchant: &str) -> (Option<Book>, Vec<String>) {
    let merchant = format!("{HEY}mapping: own\n{merchant}");
    let files = with(&[(P, "own", mapping), (M, "hey", &merchant)]);
    let (book, told) = Book::compile(&files, &Set, &Surroundings::default(), None);
    let is_fine = !told.has_errors();
    let told = told.iter().map(|told| {
        let hint = told.hint.as_deref().unwrap_or_default();
        format!("{} ({hint})", told.message)
    });
    let told = told.collect();
    (is_fine.then_some(book), told)
}

fn after(mapping: &str, merchant: &str, derived: Derived) -> Option<After> {
    let (book, told) = book_of(mapping, merchant);
    let book = book.unwrap_or_else(|| panic!("{told:?}"));
    book.merchant("hey").expect("it is in order").triggers[&Trigger::Derived(derived)].after
}

#[test]
fn a_merchants_own_wait_wins_over_its_mappings() {
    use Wait::{BusinessDays, Days};
    let both = |wait| Some(After { domestic: wait, abroad: wait });
    let mapping =
        "triggers: { pickup_reminder: { after: 4d }, shipment_stalled: { after: 6bd } }\n";
    assert_eq!(after(mapping, "", Derived::PickupReminder), both(Days(4)));
    let own = "after: { pickup_reminder: 2d }\n";
    assert_eq!(after(mapping, own, Derived::PickupReminder), both(Days(2)));
    let merchant = "after: { shipment_stalled: { domestic: 2bd } }\n";
    let stalled = After { domestic: BusinessDays(2), abroad: BusinessDays(5) };
    assert_eq!(after(mapping, merchant, Derived::ShipmentStalled), Some(stalled));
    assert_eq!(after("", "", Derived::ShipmentStalled), None, "the default");
}

#[test]
fn a_wait_that_is_too_short_too_long_or_for_an_event_is_a_mistake() {
    for (mapping, merchant, expected) in [
        (
            "triggers: { pickup_reminder: { after: 12h } }\n",
            "",
            "`after: 12h` does not fit pickup_reminder: less than 1d would speak of parcels with \
             which all is well (its default is 3d)",
        ),
        (
            "",
            "after: { shipment_stalled: { abroad: 0bd } }\n",
            "`after: 0bd` does not fit shipment_stalled: less than 1bd would speak of parcels with \
             which all is well (its default is 3bd, abroad 5bd)",
        ),
        (
            "",
            "after: { presumed_lost: 366d }\n",
            "`after: 366d` does not fit presumed_lost: more than 365d is never waited for (its \
             default is 14d)",
        ),
        (
            "",
            "after: { delivered: 3d }\n",
            "`after` is for triggers of absence; this one follows from an event (use `hold:` for a \
             short wait)",
        ),
    ] {
        let (book, told) = book_of(mapping, merchant);
        assert!(book.is_none(), "{mapping}{merchant}");
        // Of a mapping that is broken the merchant's file says so too.
        assert!(told.iter().any(|told| told == expected), "{told:#?}");
    }
    for (mapping, merchant) in [
        ("triggers: { pickup_reminder: { after: 1d } }\n", ""),
        ("", "after: { fulfilment_stalled: 1bd, presumed_lost: 365d, delivery_overdue: 1h }\n"),
    ] {
        let (book, told) = book_of(mapping, merchant);
        assert!(book.is_some() && told.is_empty(), "{told:?}");
    }
}

#[test]
fn a_shop_counts_by_its_own_zone_and_holidays() {
    let seat = |merchant: &str| {
        let (book, told) = book_of("", merchant);
        let book = book.unwrap_or_else(|| panic!("{told:?}"));
        (book.merchant("hey").expect("it is in order").seat.clone(), told)
    };
    let (bavaria, told) = seat("timezone: Europe/Berlin\ncountry: DE\nregion: Bayern\n");
    assert_eq!(bavaria.zone.iana_name(), Some("Europe/Berlin"));
    let place = bavaria.place.expect("a place");
    assert_eq!((place.country(), place.region()), ("DE", Some("BY")));
    assert!(told.is_empty());
    let (nowhere, _) = seat("");
    assert!(nowhere.place.is_none());
    let (_, told) = seat("country: JP\n");
    assert_eq!(told, ["no holidays of JP are known: only weekends are free ()"]);
    let (_, told) = seat("country: FR\nregion: Elsass\n");
    assert!(
        told[0].starts_with("this is no region of FR that has holidays of its own"),
        "{told:?}"
    );
}

#[test]
fn that_it_is_on_its_way_is_told_once_for_the_order_unless_files_say_otherwise() {
    let once = |mapping: &str, status: Status| {
        let (book, _) = book_of(mapping, "");
        let book = book.expect("it is in order");
        book.merchant("hey").expect("it is in order").triggers[&Trigger::Status(status)].once_per
    };
    assert_eq!(once("", Status::InTransit), OncePer::Order);
    assert_eq!(once("", Status::Delivered), OncePer::Parcel);
    let each = "triggers: { in_transit: { once_per: parcel } }\n";
    assert_eq!(once(each, Status::InTransit), OncePer::Parcel);
}
