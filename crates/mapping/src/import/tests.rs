use super::*;

const NOW: &str = "2026-11-23T08:00:00Z";

fn row(json: &str) -> Map {
    let doc = Doc::parse(json.as_bytes()).expect("it is JSON");
    doc.root().to_value().and_then(|value| value.as_map().cloned()).expect("a map")
}

fn with<T>(run: impl FnOnce(&By<'_>) -> T) -> T {
    let source = SourceName::parse("shop").expect("a name");
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let received_at = NOW.parse().expect("a time");
    run(&By { source: &source, party: Party::Shop, zone: &zone, received_at })
}

fn faults(json: &str) -> Vec<String> {
    let told = with(|by| read(&row(json), by)).expect_err(json);
    told.into_iter().map(|it| format!("{}: {} ({})", it.field, it.message, it.hint)).collect()
}

#[test]
fn a_row_is_an_event_in_canonical_words() {
    let json = r##"{"status":"in_transit","order_number":"#1001","tracking_number":340000000000000001,
        "carrier":"dhl","email":" kim@example.test ","occurred_at":"2026-11-20 14:05","phone":"",
        "items":"2 x SND-38; HUT-1","pickup_point.type":"locker","pickup_point.name":"Packstation 117",
        "destination_country":"de"}"##;
    let event = with(|by| read(&row(json), by)).expect("it is in order");
    assert_eq!((event.status, event.leg, event.imported), (Status::InTransit, Leg::Forward, true));
    assert_eq!(event.occurred_at.to_rfc3339(), "2026-11-20T14:05:00+01:00");
    let mut text = String::new();
    event.fields.write_json(&mut text);
    let expected = r##"{"order_number":"#1001","tracking_number":"340000000000000001","carrier":"dhl","email":"kim@example.test","items":[{"sku":"SND-38","quantity":2},{"sku":"HUT-1"}],"pickup_point":{"type":"locker","name":"Packstation 117"},"destination_country":"DE"}"##;
    assert_eq!(text, expected);
}

#[test]
fn an_order_alone_was_placed_when_it_was_ordered() {
    let event = with(|by| read(&row(r#"{"order_id":"1","ordered_at":"2026-11-20"}"#), by));
    let event = event.expect("it is in order");
    assert_eq!((event.status, event.leg), (Status::OrderPlaced, Leg::Forward));
    assert_eq!(event.occurred_at.precision, TimePrecision::Day);
}

#[test]
fn a_return_is_on_its_own_leg() {
    let json = r#"{"return_id":"R1","status":"return_in_transit","occurred_at":"2026-11-20"}"#;
    assert_eq!(with(|by| read(&row(json), by)).expect("in order").leg, Leg::Return);
}

#[test]
fn all_that_is_wrong_with_a_row_is_told_at_once_and_what_to_do() {
    let json = r#"{"ordernumber":"1","email":"kim","status":"deliverd","reason":"weather?",
        "occurred_at":"20.11.2026","phase":"x","carrier.name":"dhl","attempt":"two"}"#;
    assert_eq!(
        faults(json),
        [
            "ordernumber: there is no field `ordernumber` (did you mean `order_number`?)",
            "email: `email` does not fit (it is an e-mail address)",
            "phase: `phase` is made by the relay, not imported (leave the column out)",
            "carrier.name: there is no field `carrier.name` (did you mean `carrier_name`?)",
            "attempt: `attempt` does not fit (it is a whole number)",
            "status: `deliverd` is no status (did you mean `delivered`?)",
            "reason: `weather?` is no reason (did you mean `weather`?)",
            "occurred_at: `20.11.2026` is no time (as in 2026-11-20T14:05:00+01:00, or 2026-11-20 where only the day is known)",
        ]
    );
}

#[test]
fn what_is_missing_is_asked_for() {
    for (json, field) in [
        (r#"{"status":"delivered","occurred_at":"2026-11-20"}"#, "order_number"),
        (r#"{"order_id":"1","tracking_number":"T1","occurred_at":"2026-11-20"}"#, "status"),
        (r#"{"order_id":"1","status":"unknown","occurred_at":"2026-11-20"}"#, "status"),
        (r#"{"order_id":"1","status":"delivered"}"#, "occurred_at"),
        (r#"{"order_id":"1"}"#, "occurred_at"),
        (r#"{"order_id":"1","occurred_at":"2026-11-25"}"#, "occurred_at"),
        (r#"{"order_id":"1","occurred_at":"2026-11-20","items":"["}"#, "items"),
    ] {
        let told = faults(json);
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with(field), "{told:?}");
    }
}

#[test]
fn a_row_is_kept_alike_however_it_came() {
    let one = body(&row(r#"{"b":"2","a":"1","c":" "}"#));
    assert_eq!(one, r#"{"a":"1","b":"2"}"#);
    assert_eq!(one, body(&row(r#"{"a":"1","b":"2"}"#)));
}

#[test]
fn a_kept_row_that_cannot_be_read_any_more_is_shown_as_such() {
    for text in ["", "[]", r#"{"order_id":"1"}"#] {
        let told = with(|by| reading(text.as_bytes(), by));
        assert!(matches!(told.useless, Some(Useless::Unreadable(_))), "{text}");
    }
}

#[test]
fn every_field_that_a_source_may_state_is_a_column() {
    let names: Vec<&str> = columns().collect();
    assert!(names.contains(&"order_number") && names.contains(&"occurred_at"));
    assert!(!names.contains(&"parcel_count"));
    let mut once = names.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), names.len());
}
