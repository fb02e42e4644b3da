//! The sandbox refuses what the real interface refuses, and drops what it drops.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{klaviyo, received::Received};

fn now() -> Timestamp {
    "2026-11-23T10:00:00Z".parse().expect("a time")
}

fn good() -> Value {
    json!({ "data": { "type": "event", "attributes": {
        "properties": { "order_number": "#1" },
        "time": "2026-11-23T09:00:00+00:00",
        "unique_id": "a1",
        "metric": { "data": { "type": "metric", "attributes": { "name": "Shipment Delivered" } } },
        "profile": { "data": { "type": "profile", "attributes": { "email": "kim@example.test" } } },
    } } })
}

fn status(body: &Value) -> u16 {
    let text = body.to_string();
    let told = klaviyo::event("acct", Some("application/json"), text.as_bytes(), now());
    told.map_or_else(|refused| refused.status, |_| 202)
}

#[test]
fn a_whole_event_is_taken() {
    let text = good().to_string();
    let event = klaviyo::event("acct", Some("application/vnd.api+json"), text.as_bytes(), now())
        .expect("a good event");
    assert_eq!(event.key.metric, "Shipment Delivered");
    assert_eq!(event.key.profile, "kim@example.test");
    assert_eq!(event.key.unique_id, "a1");
    assert!(!event.backfill);
}

#[test]
fn what_the_interface_does_not_take_is_refused() {
    let cases: [(&str, &str, Value); 10] = [
        ("/data/type", "no type", json!(null)),
        ("/data/attributes/properties", "properties are no map", json!([])),
        ("/data/attributes/metric/data/attributes/name", "an empty metric", json!("")),
        ("/data/attributes/metric/data/attributes/name", "a long metric", json!("x".repeat(128))),
        ("/data/attributes/profile/data/attributes", "nobody", json!({})),
        ("/data/attributes/profile/data/attributes/email", "no address", json!("kim")),
        ("/data/attributes/time", "not a time", json!("yesterday")),
        ("/data/attributes/time", "too old", json!("1989-12-31T00:00:00Z")),
        ("/data/attributes/time", "too far ahead", json!("2027-12-31T00:00:00Z")),
        ("/data/attributes/unique_id", "a slip beside it", json!("a1")),
    ];
    for (pointer, name, value) in cases {
        let mut body = good();
        if name == "a slip beside it" {
            body["data"]["attributes"]["uniqe_id"] = value;
        } else {
            *body.pointer_mut(pointer).expect(pointer) = value;
        }
        assert_eq!(status(&body), 400, "{name}");
    }
    assert_eq!(status(&good()), 202);
}

/// A list in lists, so deep.
fn nested(depth: usize) -> Value {
    (0..depth).fold(json!(1), |inner, _| json!([inner]))
}

#[test]
fn sizes_are_those_of_the_interface() {
    let many = |count: usize| -> Value {
        (0..count).map(|n| (format!("p{n}"), json!(n))).collect::<serde_json::Map<_, _>>().into()
    };
    for (name, properties, expected) in [
        ("400 properties", many(400), 202),
        ("401 properties", many(401), 400),
        ("a text of 100 KB", json!({ "a": "x".repeat(100_000) }), 202),
        ("a longer text", json!({ "a": ["x".repeat(100_001)] }), 400),
        ("a list of 4000", json!({ "a": vec![1; 4_000] }), 202),
        ("a longer list", json!({ "a": vec![1; 4_001] }), 400),
        ("ten levels", json!({ "a": nested(9) }), 202),
        ("eleven levels", json!({ "a": nested(10) }), 400),
    ] {
        let mut body = good();
        body["data"]["attributes"]["properties"] = properties;
        assert_eq!(status(&body), expected, "{name}");
    }
    let mut large = good();
    large["data"]["attributes"]["properties"] =
        (0..51).map(|n| (format!("p{n}"), json!("x".repeat(100_000)))).collect();
    assert_eq!(status(&large), 413, "more than 5 MB");
}

#[test]
fn what_is_optional_is_of_its_kind_or_null() {
    for (key, right, wrong) in [
        ("value", json!(49.9), json!("49.9")),
        ("value_currency", json!("EUR"), json!(1)),
        ("unique_id", json!("a"), json!(7)),
        ("backfill", json!(true), json!("true")),
        ("time", json!("2026-11-23T09:00:00Z"), json!(1)),
    ] {
        for (value, expected) in [(json!(null), 202), (right, 202), (wrong, 400)] {
            let mut body = good();
            body["data"]["attributes"][key] = value.clone();
            assert_eq!(status(&body), expected, "{key}: {value}");
        }
    }
    for (key, value, expected) in [
        ("phone_number", json!("+4915112345678"), 202),
        ("phone_number", json!("015112345678"), 400),
        ("email", json!(null), 400),
        ("nickname", json!("Kim"), 400),
    ] {
        let mut body = good();
        body["data"]["attributes"]["profile"]["data"]["attributes"][key] = value.clone();
        assert_eq!(status(&body), expected, "{key}: {value}");
    }
}

#[test]
fn without_an_id_one_event_a_second_is_kept() {
    let id = |time: &str| {
        let mut body = good();
        body["data"]["attributes"]["unique_id"] = json!(null);
        body["data"]["attributes"]["time"] = json!(time);
        let text = body.to_string();
        let event = klaviyo::event("acct", Some("application/json"), text.as_bytes(), now());
        event.expect("a good event").key.unique_id
    };
    assert_eq!(id("2026-11-23T09:00:00.1Z"), id("2026-11-23T10:00:00.9+01:00"));
    assert_ne!(id("2026-11-23T09:00:00Z"), id("2026-11-23T09:00:01Z"));
}

#[test]
fn keys_and_revisions_are_checked() {
    let ask = |key: &str, revision: &str| {
        let (key, revision) = (key.to_owned(), revision.to_owned());
        klaviyo::account(move |name| match name {
            "authorization" => (!key.is_empty()).then(|| key.clone()),
            "revision" => (!revision.is_empty()).then(|| revision.clone()),
            _ => None,
        })
        .map_err(|refused| refused.status)
    };
    assert_eq!(ask("Klaviyo-API-Key pk_abcd1234", "2026-07-15"), Ok("1234".to_owned()));
    assert_eq!(ask("", "2026-07-15"), Err(401));
    assert_eq!(ask("Bearer pk_abcd1234", "2026-07-15"), Err(401));
    assert_eq!(ask("Klaviyo-API-Key AbC123", "2026-07-15"), Err(401));
    assert_eq!(ask("Klaviyo-API-Key pk_wrong", "2026-07-15"), Err(401));
    assert_eq!(ask("Klaviyo-API-Key pk_abcd1234", ""), Err(400));
    assert_eq!(ask("Klaviyo-API-Key pk_abcd1234", "2099-01-01"), Err(400));
    assert_eq!(ask("Klaviyo-API-Key pk_abcd1234", "2022-10-17"), Err(410));
    assert_eq!(ask("Klaviyo-API-Key pk_abcd1234", "2026-07-15.pre"), Ok("1234".to_owned()));
    assert_eq!(ask("Klaviyo-API-Key pk_abcd1234", "newest"), Err(400));
}

#[test]
fn a_repeated_id_is_kept_once_and_counted() {
    let received = Received::default();
    let text = good().to_string();
    for _ in 0..3 {
        let event = klaviyo::event("acct", Some("application/json"), text.as_bytes(), now())
            .expect("a good event");
        received.keep(event.key, event.time, event.backfill, event.properties);
    }
    let events = received.events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].times, 3);
    assert_eq!(received.sums().repeats, 2);
}
