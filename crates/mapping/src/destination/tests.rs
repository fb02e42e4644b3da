//! The shipped destination connectors, and exchanges over several slots.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    Map, Value,
    taxonomy::{Status, Trigger},
};

use super::*;
use crate::{
    blocks::outcome::Verdict,
    filetests,
    http::HttpAnswer,
    text::{RenderFormat, SourceFile, read, render},
};

pub(super) fn compiled(name: &str, text: &str) -> (Arc<DestinationConnector>, Node) {
    let mut diagnostics = Diagnostics::default();
    let file = SourceFile::new(format!("connectors/destinations/{name}.yaml"), text);
    let node = read(file, &mut diagnostics);
    let connector =
        node.as_ref().and_then(|node| DestinationConnector::compile(node, &mut diagnostics));
    match (connector, node) {
        (Some(connector), Some(node)) if !diagnostics.has_errors() => (Arc::new(connector), node),
        _ => panic!("{}", render(diagnostics.iter(), RenderFormat::Text { colour: false }, &[])),
    }
}

pub(super) fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("a time")
}

#[test]
fn every_shipped_file_passes_its_own_tests() {
    for (name, text) in [
        ("activecampaign", include_str!("../../../../connectors/destinations/activecampaign.yaml")),
        ("braze", include_str!("../../../../connectors/destinations/braze.yaml")),
        ("brevo", include_str!("../../../../connectors/destinations/brevo.yaml")),
        ("customerio", include_str!("../../../../connectors/destinations/customerio.yaml")),
        ("emarsys", include_str!("../../../../connectors/destinations/emarsys.yaml")),
        ("getresponse", include_str!("../../../../connectors/destinations/getresponse.yaml")),
        ("hubspot", include_str!("../../../../connectors/destinations/hubspot.yaml")),
        ("klaviyo", include_str!("../../../../connectors/destinations/klaviyo.yaml")),
        ("mailchimp", include_str!("../../../../connectors/destinations/mailchimp.yaml")),
        ("omnisend", include_str!("../../../../connectors/destinations/omnisend.yaml")),
        ("webhook", include_str!("../../../../connectors/destinations/webhook.yaml")),
    ] {
        let (connector, node) = compiled(name, text);
        let tests = filetests::destination::run(&connector, &node, now());
        let failed: Vec<String> = tests
            .iter()
            .filter_map(|test| Some(format!("{name}: {}: {}", test.name, test.failure.as_ref()?)))
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        assert!(!tests.is_empty(), "{name} has tests");
    }
}

const OAUTH: &str = r#"
title: Taube
facts: invented
settings: { id: {}, key: { secret: true } }
base_url: https://api.taube.example
headers: { Authorization: "Bearer {{ token.access }}" }
repeated_id: ignored
token:
  request: POST /oauth
  form: { client: =settings.id, key: =settings.key }
  take: { access: =body.access_token }
  lives: =body.expires_in
lookup:
  request: GET /people
  query: { email: =email }
  take:
    id: =body.people[0].id
profile:
  request: POST /people
  if_missing: true
  json: { email: =email }
  take: { id: =body.id }
send:
  request: POST /people/{{ found.id }}/events
  json: { name: =name }
  answers:
    - { status: 200, when: =body.code != 0, is: rejected }
error: =body.message
tests: {}
"#;

pub(super) fn answer(status: u16, body: &str) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: Vec::new(),
        body: Bytes::from(body.to_owned()),
        truncated: false,
        took: Duration::ZERO,
    }
}

pub(super) fn frozen() -> Frozen {
    let mut fields = Map::new();
    fields.set("email", Value::text("kim@example.test"));
    fields.set("id", Value::text("1"));
    Frozen { name: "Paket da!".to_owned(), fields, ..Frozen::default() }
}

fn ready() -> ReadyDestination {
    let (connector, _) = compiled("taube", OAUTH);
    let mut settings = Map::new();
    settings.set("id", Value::text("shop"));
    settings.set("key", Value::text("geheim-geheim"));
    connector.ready(Setup { settings, real: true, ..Setup::default() }).expect("it is complete")
}

fn sent(step: Step) -> String {
    match step {
        Step::Send(request) => {
            let auth = request.headers.iter().find(|(name, _)| name == "Authorization");
            let auth = auth.map(|(_, value)| value.clone()).unwrap_or_default();
            let body = String::from_utf8_lossy(&request.body).into_owned();
            format!("{} {} {body} {auth}", request.method, request.url)
        }
        Step::Done { verdict, detail } => format!("{} {detail}", verdict.name()),
    }
}

pub(super) const DELIVERED: Trigger = Trigger::Status(Status::Delivered);

#[test]
fn an_exchange_walks_its_slots_and_keeps_the_token() {
    let ready = ready();
    let mut exchange = ready.exchange(frozen(), DELIVERED, false, &Learned::default());
    let first = sent(exchange.start(now()));
    assert_eq!(first, "POST https://api.taube.example/oauth client=shop&key=geheim-geheim ");
    let second =
        sent(exchange.on(&answer(200, r#"{"access_token":"t1","expires_in":3600}"#), now()));
    assert_eq!(second, "GET https://api.taube.example/people?email=kim%40example.test  Bearer t1");
    let third = sent(exchange.on(&answer(404, "{}"), now()));
    assert_eq!(
        third,
        r#"POST https://api.taube.example/people {"email":"kim@example.test"} Bearer t1"#
    );
    let fourth = sent(exchange.on(&answer(201, r#"{"id":7}"#), now()));
    assert_eq!(
        fourth,
        r#"POST https://api.taube.example/people/7/events {"name":"Paket da!"} Bearer t1"#
    );
    assert_eq!(sent(exchange.on(&answer(200, r#"{"code":0}"#), now())), "sent answered 200");
    // The next message uses the token, and finds the person.
    let learned = exchange.learned();
    let mut next = ready.exchange(frozen(), DELIVERED, false, &learned);
    assert!(sent(next.start(now())).starts_with("GET "));
    let send = sent(next.on(&answer(200, r#"{"people":[{"id":8}]}"#), now()));
    assert!(send.contains("/people/8/events"), "{send}");
    // A token that is refused is renewed once.
    let renewed = sent(next.on(&answer(401, "{}"), now()));
    assert!(renewed.contains("/oauth"), "{renewed}");
}

const KEEPS: &str = r#"
title: Kiebitz
facts: invented
settings: { id: {}, key: { secret: true } }
base_url: https://api.kiebitz.example
headers: { Authorization: "Bearer {{ token.access }}" }
repeated_id: ignored
token:
  request: POST /oauth
  form: { client: =settings.id, key: =settings.key }
  take: { access: =body.access_token }
lookup:
  request: GET /people
  query: { email: =email }
  take: { id: =body.id }
  keep: 1h
send:
  request: POST /people/{{ found.id }}/events
  json: { name: =name }
  answers:
    - { status: 404, is: rejected, forget: true }
    - { status: 409, is: again, forget: true }
tests: {}
"#;

fn keeper(key: &str) -> ReadyDestination {
    let (connector, _) = compiled("kiebitz", KEEPS);
    let mut settings = Map::new();
    settings.set("id", Value::text("shop"));
    settings.set("key", Value::text(key));
    connector.ready(Setup { settings, real: true, ..Setup::default() }).expect("it is complete")
}

const TOKEN: &str = r#"{"access_token":"t1","expires_in":60}"#;

/// What is known once one message was sent: a token, and the person.
fn known(ready: &ReadyDestination) -> Learned {
    let mut exchange = ready.exchange(frozen(), DELIVERED, false, &Learned::default());
    exchange.start(now());
    exchange.on(&answer(200, TOKEN), now());
    assert!(sent(exchange.on(&answer(200, r#"{"id":7}"#), now())).contains("/people/7/events"));
    assert_eq!(sent(exchange.on(&answer(200, "{}"), now())), "sent answered 200");
    let mut known = Learned::default();
    known.learn(&exchange.learned());
    known
}

#[test]
fn what_a_lookup_found_is_kept_for_its_time_whatever_the_token() {
    let ready = keeper("geheim-geheim");
    let known = known(&ready);
    let at = |minutes: u64| now() + Duration::from_secs(60 * minutes);
    let begin = |frozen| ready.exchange(frozen, DELIVERED, false, &known);
    // The token is good no more; what was found is.
    let mut next = begin(frozen());
    assert!(sent(next.start(at(59))).contains("/oauth"));
    let told = sent(next.on(&answer(200, &TOKEN.replace("t1", "t2")), at(59)));
    assert!(told.contains("POST https://api.kiebitz.example/people/7/events"), "{told}");
    let mut late = begin(frozen());
    late.start(at(60));
    assert!(sent(late.on(&answer(200, TOKEN), at(60))).starts_with("GET "));
    // Somebody else is looked up, and so is whoever is asked for with another key.
    let mut other = frozen();
    other.fields.set("email", Value::text("alex@example.test"));
    assert!(sent(begin(other).start(now())).starts_with("GET "));
    let stranger = keeper("anders-anders");
    assert!(
        sent(stranger.exchange(frozen(), DELIVERED, false, &known).start(now()))
            .starts_with("GET ")
    );
}

#[test]
fn nobody_who_was_not_found_is_kept() {
    let ready = keeper("geheim-geheim");
    let mut exchange = ready.exchange(frozen(), DELIVERED, false, &Learned::default());
    exchange.start(now());
    exchange.on(&answer(200, TOKEN), now());
    exchange.on(&answer(404, "{}"), now());
    let mut known = Learned::default();
    known.learn(&exchange.learned());
    assert!(
        sent(ready.exchange(frozen(), DELIVERED, false, &known).start(now())).starts_with("GET ")
    );
}

#[test]
fn what_is_wrong_is_forgotten_and_looked_up_anew_once() {
    let ready = keeper("geheim-geheim");
    let mut known = known(&ready);
    let mut exchange = ready.exchange(frozen(), DELIVERED, false, &known);
    assert!(sent(exchange.start(now())).contains("/people/7/events"));
    assert!(sent(exchange.on(&answer(404, "{}"), now())).starts_with("GET "));
    let told = sent(exchange.on(&answer(200, r#"{"id":8}"#), now()));
    assert!(told.contains("/people/8/events"), "{told}");
    assert_eq!(sent(exchange.on(&answer(404, "{}"), now())), "rejected answered 404");
    known.learn(&exchange.learned());
    let mut next = ready.exchange(frozen(), DELIVERED, false, &known);
    assert!(sent(next.start(now())).starts_with("GET "), "nothing wrong is kept");
}

#[test]
fn a_find_that_is_wrong_for_now_is_forgotten_for_the_next_attempt() {
    let ready = keeper("geheim-geheim");
    let mut known = known(&ready);
    let mut exchange = ready.exchange(frozen(), DELIVERED, false, &known);
    exchange.start(now());
    assert_eq!(sent(exchange.on(&answer(409, "{}"), now())), "again answered 409");
    known.learn(&exchange.learned());
    let mut next = ready.exchange(frozen(), DELIVERED, false, &known);
    assert!(sent(next.start(now())).starts_with("GET "));
}

/// What is told of a file.
fn told(text: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    let file = SourceFile::new("connectors/destinations/kiebitz.yaml", text);
    let node = read(file, &mut diagnostics).expect("it is YAML");
    assert!(DestinationConnector::compile(&node, &mut diagnostics).is_none());
    render(diagnostics.iter(), RenderFormat::Text { colour: false }, &[])
}

#[test]
fn what_cannot_be_kept_or_forgotten_is_told() {
    let kept_nothing = KEEPS.replace("  take: { id: =body.id }\n", "");
    assert!(told(&kept_nothing).contains("nothing to keep without `take:`"));
    assert!(told(&KEEPS.replace("keep: 1h", "keep: 8d")).contains("a time up to 7d"));
    assert!(told(&KEEPS.replace("  keep: 1h\n", "")).contains("nothing to forget"));
}

#[test]
fn a_dry_run_shows_all_requests_with_placeholders_for_what_would_be_learned() {
    let mut exchange = ready().exchange(frozen(), DELIVERED, false, &Learned::default());
    let mut told = vec![sent(exchange.start(now()))];
    for _ in 0..3 {
        told.push(sent(exchange.assume(now())));
    }
    assert_eq!(
        told,
        [
            "POST https://api.taube.example/oauth client=shop&key=geheim-geheim ",
            "GET https://api.taube.example/people?email=kim%40example.test  Bearer <access>",
            r#"POST https://api.taube.example/people/<id>/events {"name":"Paket da!"} Bearer <access>"#,
            "sent not sent",
        ]
    );
}

#[test]
fn what_an_answer_says_wrong_is_told_without_addresses_and_secrets() {
    let ready = ready();
    let mut exchange = ready.exchange(frozen(), DELIVERED, false, &Learned::default());
    exchange.start(now());
    let told = exchange.on(
        &answer(400, r#"{"message":"no person kim@example.test for key geheim-geheim"}"#),
        now(),
    );
    let detail = "answered 400: no person **** for key ****".to_owned();
    assert_eq!(told, Step::Done { verdict: Verdict::Rejected, detail });
}

#[test]
fn settings_that_are_missing_or_misspelt_are_all_named() {
    let (connector, _) = compiled("taube", OAUTH);
    let mut settings = Map::new();
    settings.set("kay", Value::text("x"));
    let faults = connector.ready(Setup { settings, real: true, ..Setup::default() });
    let faults = faults.expect_err("it is incomplete").join("\n");
    for part in
        ["`kay` is not a setting", "did you mean `key`?", "`id` is missing", "`key` is missing"]
    {
        assert!(faults.contains(part), "{part} in {faults}");
    }
}

#[test]
fn a_frozen_message_reads_back() {
    let frozen = frozen();
    assert_eq!(Frozen::read(&frozen.write()), Some(frozen));
    assert_eq!(Frozen::read(b"{}"), None);
}

#[test]
fn an_address_that_comes_to_nothing_is_named_as_it_is_written() {
    let text = "title: T\nfacts: invented\nsettings: { host: { required: false } }\nbase_url: =settings.host\n\
        repeated_id: ignored\nsend: { request: POST / }\ntests: {}\n";
    let (connector, _) = compiled("t", text);
    let faults = connector.ready(Setup::default()).expect_err("it has no address");
    assert_eq!(faults, ["`base_url` comes to nothing with these settings: =settings.host"]);
}
