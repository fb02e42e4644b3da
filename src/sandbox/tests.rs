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
