//! What a destination's lookup found is kept for other messages, until an answer says that it is wrong.

use serde_json::Value;

use crate::{
    harness::{TestApp, fulfilment, merchant, next, spawn_with, write},
    other::{Other, Question, json, status},
};

const PIGEON: &str = r"title: Pigeon
facts: invented for a test
settings: { key: { secret: true } }
base_url: https://pigeon.example
headers: { Authorization: 'Bearer {{ settings.key }}' }
repeated_id: ignored
lookup:
  request: GET /people
  query: { email: =email }
  take: { id: =body.id }
  keep: 1h
send:
  request: POST /people/{{ found.id }}/events
  json: { id: =id, name: =name }
  answers:
    - { status: 404, is: rejected, forget: true }
tests: {}
";

/// A merchant with a shop, whose events go to the pigeon.
fn with_pigeon(other: &str, key: &str) -> String {
    let shop = merchant(other);
    let shop = shop.split("destinations:").next().unwrap_or_default();
    format!("{shop}destinations:\n  pigeon: {{ key: {key}, base_url: \"{other}\" }}\n")
}

async fn relay(other: &Other) -> TestApp {
    spawn_with(|directory, _| {
        write(directory, "connectors/destinations/pigeon.yaml", PIGEON);
        for name in ["hey", "ben"] {
            let file = with_pigeon(&other.url(""), "key-one");
            write(directory, &format!("merchants/{name}.yaml"), &file);
        }
    })
    .await
}

/// A parcel for this person leaves; comes back once its message has its end.
async fn parcel(app: &TestApp, merchant: &str, name: &str) -> Value {
    let mut body = fulfilment(next());
    body["email"] = format!("{name}@example.test").into();
    let sent = app.shop_raw(merchant, "fulfillments/create", body.to_string().into_bytes()).await;
    let id = sent.body["id"].as_str().expect("an id");
    let path = format!("/api/v1/receipts/{id}");
    app.until(&path, |story| {
        let message = &story["messages"][0];
        message["state"].is_string() && message["state"] != "pending"
    })
    .await
}

fn is_search(question: &Question) -> bool {
    question.path.starts_with("/people?")
}

/// What was asked, from a place on.
fn paths(other: &Other, from: usize) -> Vec<String> {
    other.asked().into_iter().skip(from).map(|asked| asked.path).collect()
}

#[tokio::test]
async fn a_person_is_looked_up_once_for_many_messages() {
    let other =
        Other::start(|asked| json(if is_search(asked) { r#"{"id":7}"# } else { "{}" })).await;
    let app = relay(&other).await;
    for _ in 0..3 {
        assert_eq!(parcel(&app, "hey", "kim").await["messages"][0]["state"], "sent");
    }
    let search = "/people?email=kim%40example.test";
    assert_eq!(
        paths(&other, 0),
        [search, "/people/7/events", "/people/7/events", "/people/7/events"]
    );
    // Not for somebody else, not for another merchant, not with another key.
    parcel(&app, "hey", "alex").await;
    assert_eq!(paths(&other, 4), ["/people?email=alex%40example.test", "/people/7/events"]);
    parcel(&app, "ben", "kim").await;
    assert_eq!(paths(&other, 6), [search, "/people/7/events"]);
    write(app.directory.path(), "merchants/hey.yaml", &with_pigeon(&other.url(""), "key-two"));
    while other.asked().last().is_none_or(|last| last.key != "Bearer key-two") {
        parcel(&app, "hey", "kim").await;
    }
    let asked = other.asked();
    let fresh: Vec<&Question> =
        asked.iter().filter(|asked| asked.key == "Bearer key-two").collect();
    assert_eq!(fresh.len(), 2);
    assert!(is_search(fresh[0]) && !is_search(fresh[1]));
}

#[tokio::test]
async fn what_was_found_is_forgotten_when_the_event_says_so() {
    let (mut searches, mut told) = (0, 0);
    let other = Other::start(move |asked| {
        if is_search(asked) {
            searches += 1;
            return json(if searches == 1 { r#"{"id":7}"# } else { r#"{"id":8}"# });
        }
        told += 1;
        // Between the first event and the second somebody made the person anew.
        if told == 1 || asked.path == "/people/8/events" { json("{}") } else { status(404, "") }
    })
    .await;
    let app = relay(&other).await;
    for _ in 0..3 {
        let story = parcel(&app, "hey", "kim").await;
        assert_eq!(story["messages"][0]["state"], "sent", "{story}");
    }
    let search = "/people?email=kim%40example.test";
    let expected = [
        search,
        "/people/7/events",
        "/people/7/events",
        search,
        "/people/8/events",
        "/people/8/events",
    ];
    assert_eq!(paths(&other, 0), expected);
}
