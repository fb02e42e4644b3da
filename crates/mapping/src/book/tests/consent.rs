//! Who may be sent what advertises, and what `check` says of offers.

use parcelwire_domain::{Map, Value, objection::Scope};

use super::*;

const P: FileKind = FileKind::Mapping;
const M: FileKind = FileKind::Merchant;

const DELAYED: &str = "triggers: { delayed: { purpose: promotional } }\n";

const STATED: &str =
    "existing_customers:\n  own_similar_goods: true\n  notice_in_each_message: true\n";

fn book_of(mapping: &str, more: &str) -> Book {
    let merchant = format!("{HEY}timezone: Europe/Berlin\nmapping: own\n{more}");
    let (book, told) = compile(&with(&[(P, "own", mapping), (M, "hey", &merchant)]), None);
    assert!(told.is_empty(), "{told:?}");
    book
}

/// `sent`, or the rule that stopped it.
fn ends(book: &Book, fields: &[(&str, Value)], objection: Option<Scope>, test: bool) -> String {
    let merchant = book.merchant("hey").expect("the merchant is there");
    let mut view = Map::new();
    view.set("email", Value::text("anna@hey.example"));
    for (name, value) in fields {
        view.set(*name, value.clone());
    }
    let source = SourceName::parse("shop").expect("a name");
    let candidate = Candidate {
        trigger: Trigger::Status(Status::Delayed),
        occurrence: OccurrenceId::from_bytes([1; 16]),
        view: &view,
        source: &source,
        backfill: false,
        objection,
        test,
    };
    let destination = DestinationName::parse("klaviyo").expect("a name");
    let now = "2026-11-22T10:00:00Z".parse().expect("a time");
    match merchant.choose(&candidate, &destination, now) {
        Choice::Send(_) => "sent".to_owned(),
        Choice::Stop { rule, .. } => rule,
    }
}

fn consent(word: &'static str) -> (&'static str, Value) {
    ("marketing_consent", Value::text(word))
}

#[test]
fn a_promotional_trigger_needs_consent_and_what_is_not_known_is_none() {
    let book = book_of(DELAYED, "");
    let with = |fields: &[(&str, Value)]| ends(&book, fields, None, false);
    assert_eq!(with(&[consent("granted")]), "sent");
    assert_eq!(with(&[consent("denied")]), "consent denied");
    assert_eq!(with(&[consent("unknown")]), "consent unknown");
    assert_eq!(with(&[]), "consent unknown");
    // That a notice was given does not help a merchant who does not state the rest.
    assert_eq!(with(&[("existing_customer_notice", Value::Bool(true))]), "consent unknown");
    assert_eq!(ends(&book, &[], None, true), "sent", "a test event goes to who asked for it");
    let transactional = book_of("triggers: { delayed: on }\n", "");
    assert_eq!(ends(&transactional, &[consent("denied")], None, false), "sent");
}

#[test]
fn an_existing_customer_is_sent_advertising_where_every_condition_is_stated() {
    let told = ("existing_customer_notice", Value::Bool(true));
    let untold = ("existing_customer_notice", Value::Bool(false));
    let on = |time: &'static str| ("ordered_at", Value::text(time));
    let by_source = book_of(DELAYED, STATED);
    let since = format!("{STATED}  notice_since: 2026-05-01\n");
    let by_day = book_of(DELAYED, &since);
    let with = |book: &Book, fields: &[(&str, Value)]| ends(book, fields, None, false);
    for (book, fields, expected) in [
        (&by_source, vec![], "consent unknown"),
        (&by_source, vec![told.clone()], "sent"),
        (&by_source, vec![untold.clone()], "consent unknown"),
        (&by_source, vec![on("2026-11-20T10:00:00Z")], "consent unknown"),
        // Who said no has objected, notice or not.
        (&by_source, vec![told.clone(), consent("denied")], "consent denied"),
        (&by_day, vec![], "consent unknown"),
        (&by_day, vec![on("2026-04-30T21:59:59Z")], "consent unknown"),
        // The day is the shop's.
        (&by_day, vec![on("2026-04-30T22:00:00Z")], "sent"),
        (&by_day, vec![on("2026-05-01")], "sent"),
        (&by_day, vec![on("not a day")], "consent unknown"),
        (&by_day, vec![untold, on("2026-11-20T10:00:00Z")], "consent unknown"),
        (&by_day, vec![told, on("2026-01-01T10:00:00Z")], "sent"),
        (&by_day, vec![consent("granted")], "sent"),
    ] {
        assert_eq!(with(book, &fields), expected, "{fields:?}");
    }
}

#[test]
fn who_objected_is_sent_no_advertising_and_who_objected_to_all_nothing() {
    let granted = [consent("granted")];
    let promotional = book_of(DELAYED, STATED);
    let transactional = book_of("triggers: { delayed: on }\n", "");
    for (book, scope, expected) in [
        (&promotional, Some(Scope::Promotional), "objected"),
        (&promotional, Some(Scope::All), "objected"),
        (&transactional, Some(Scope::Promotional), "sent"),
        (&transactional, Some(Scope::All), "objected"),
        (&transactional, None, "sent"),
    ] {
        assert_eq!(ends(book, &granted, scope, false), expected, "{scope:?}");
    }
}

#[test]
fn half_an_exception_is_none() {
    for (stated, line, named) in [
        ("existing_customers: { own_similar_goods: true }\n", 8, "`notice_in_each_message: true`"),
        (
            "existing_customers:\n  own_similar_goods: false\n  notice_in_each_message: true\n",
            9,
            "`own_similar_goods: true`",
        ),
        (
            "existing_customers:\n  own_similar_goods: true\n  notice_in_each_message: true\n  notice_since: May\n",
            11,
            "a day",
        ),
    ] {
        let (book, told) = compile(&with(&[(M, "hey", &format!("{HEY}{stated}"))]), None);
        assert!(book.merchant("hey").is_none());
        let fits = |told: &&String| told.starts_with(&format!("{line} ")) && told.contains(named);
        assert!(told.iter().any(|told| fits(&told)), "{told:?}");
    }
}

#[test]
fn an_offer_that_joins_a_transactional_trigger_is_told_with_its_place() {
    let warnings = |mapping: &str| compile(&with(&[(P, "own", mapping)]), None).1;
    let told = warnings(
        "triggers:\n  delivered:\n    properties:\n      code: =values.voucher\nvalues: { voucher: A }\n",
    );
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].starts_with("4 `code` looks like an offer (`voucher`) and joins delivered"),
        "{told:?}"
    );
    assert!(told[0].contains("purpose: promotional"), "{told:?}");
    // As a part of a property, in a name, and for all triggers.
    let nested = "triggers:\n  delivered:\n    properties:\n      box: { text: Dein Gutschein }\n";
    assert_eq!(warnings(nested).len(), 1);
    assert!(warnings("triggers:\n  delivered: Paket da, 10 % Rabatt\n")[0].contains("the name"));
    let shared = warnings("properties:\n  special_offer: Nimm zwei\n");
    assert!(shared.len() == 1 && shared[0].starts_with("2 `special_offer`"), "{shared:?}");
    // Where nobody is sent it unasked, nothing is to be said.
    for fine in [
        "triggers:\n  delayed: { purpose: promotional, properties: { voucher: A } }\n",
        "triggers:\n  lost: off\n  delivered: { properties: { item_count: =items | count } }\n",
    ] {
        assert_eq!(warnings(fine), Vec::<String>::new(), "{fine}");
    }
    // A child's purpose counts for what its parent says.
    let child = [
        (P, "base", "triggers:\n  delayed: { purpose: promotional, properties: { voucher: A } }\n"),
        (P, "own", "extends: base\ntriggers:\n  delayed: { purpose: transactional }\n"),
    ];
    assert_eq!(compile(&with(&child), None).1.len(), 1);
}
