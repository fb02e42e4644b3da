//! Requests for many messages: who belongs together, and what becomes of each.

use super::*;
use crate::{
    blocks::outcome::Verdict,
    destination::{
        DestinationConnector, Frozen, Learned, ReadyDestination,
        tests::{DELIVERED, answer, compiled, frozen, now},
    },
    filetests,
    text::{RenderFormat, SourceFile, read, render},
};

const HEAD: &str = r"
title: Taube
facts: invented
base_url: https://api.taube.example
repeated_id: ignored
needs: [{ value: =email, say: nobody to tell }]
send: { request: POST /one, json: { who: =email, what: =name } }
";

fn ready(batch: &str) -> ReadyDestination {
    let (connector, _) = compiled("taube", &format!("{HEAD}{batch}tests: {{}}\n"));
    connector.ready(crate::destination::Setup::default()).expect("it is complete")
}

fn mistakes(batch: &str) -> String {
    let mut diagnostics = Diagnostics::default();
    let file = SourceFile::new("connectors/destinations/taube.yaml", format!("{HEAD}{batch}"));
    let node = read(file, &mut diagnostics).expect("it is YAML");
    assert!(DestinationConnector::compile(&node, &mut diagnostics).is_none());
    render(diagnostics.iter(), RenderFormat::Text { colour: false }, &[])
}

fn to(email: &str) -> Frozen {
    let mut frozen = frozen();
    frozen.fields.set("email", parcelwire_domain::Value::text(email));
    frozen
}

/// What is asked and what comes of it, in words.
fn told(step: BatchStep) -> String {
    match step {
        BatchStep::Send(request) => {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            format!("{} {} {body}", request.method, request.url)
        }
        BatchStep::Done { whole, each } => {
            let each = each.into_iter().map(|end| match end {
                End::Tried { verdict, .. } => verdict.name(),
                End::Alone { .. } => "alone",
                End::Left => "left",
            });
            format!("{}: {}", whole.name(), each.collect::<Vec<_>>().join(" "))
        }
    }
}

fn of(ready: &ReadyDestination, emails: &[&str]) -> Batch {
    let messages = emails.iter().map(|email| (to(email), DELIVERED, false));
    ready.batch(messages.collect(), &Learned::default())
}

const BY_INDEX: &str = r"
batch:
  request: POST /many
  most: 3
  most_bytes: 1000
  json: { all: =items }
  results:
    - { each: =body.wrong, as: w, index: =w.at, say: =w.why }
    - { each: =body.busy, index: =item, is: again }
";

#[test]
fn as_many_as_fit_go_in_one_request_and_the_others_are_left() {
    let ready = ready(BY_INDEX);
    assert_eq!(ready.most_together(), Some(3));
    let mut batch = of(&ready, &["a@x.test", "", "b@x.test", "c@x.test", "d@x.test"]);
    assert_eq!(
        told(batch.start(now())),
        r#"POST https://api.taube.example/many {"all":[{"who":"a@x.test","what":"Paket da!"},{"who":"b@x.test","what":"Paket da!"},{"who":"c@x.test","what":"Paket da!"}]}"#
    );
    let body = r#"{"wrong":[{"at":[1],"why":"x"}],"busy":[2]}"#;
    let ended = batch.on(&answer(200, body), now());
    let BatchStep::Done { whole, each } = &ended else { panic!("it is over") };
    let verdicts =
        vec![Verdict::Sent, Verdict::Rejected, Verdict::Rejected, Verdict::AGAIN, Verdict::AGAIN];
    assert_eq!(*whole, Verdict::Partial(verdicts));
    let detail = "answered 200: x".to_owned();
    assert_eq!(each[2], End::Tried { verdict: Verdict::Rejected, detail });
    assert_eq!(told(ended), "partial: sent rejected rejected again left");
}

#[test]
fn a_request_is_as_long_as_it_may_be_and_no_longer() {
    let length = |names: &[usize]| {
        let items = names.iter().map(|n| r#"{"who":"","what":"Paket da!"}"#.len() + n);
        r#"{"all":[]}"#.len() + items.sum::<usize>() + names.len() - 1
    };
    let rest = 1000 - length(&[400, 400, 0]);
    let ready = ready(BY_INDEX);
    for (last, fits) in [(rest, true), (rest + 1, false)] {
        let emails: Vec<String> = [400, 400, last].iter().map(|n| "x".repeat(*n)).collect();
        let emails: Vec<&str> = emails.iter().map(String::as_str).collect();
        let mut batch = of(&ready, &emails);
        let BatchStep::Send(request) = batch.start(now()) else { panic!("it is sent") };
        assert_eq!(request.body.len() == 1000, fits);
        let ended = told(batch.on(&answer(200, "{}"), now()));
        let wanted = if fits { "sent: sent sent sent" } else { "partial: sent sent left" };
        assert_eq!(ended, wanted, "{last}: {} bytes", request.body.len());
    }
    // One that is too long for any request is for the other system to judge.
    let mut batch = of(&ready, &["x".repeat(2000).as_str()]);
    assert!(matches!(batch.start(now()), BatchStep::Send(_)));
}

#[test]
fn a_failure_that_nobody_is_named_for_sends_each_by_itself() {
    let ready = ready(BY_INDEX);
    for (status, body, wanted) in [
        (200, r#"{"wrong":[{"at":7}]}"#, "again: alone alone"),
        (200, r#"{"wrong":[{"why":"?"}]}"#, "again: alone alone"),
        (200, r#"{"wrong":[{"at":-1}]}"#, "again: alone alone"),
        (200, r#"{"wrong":["?",{"at":0}]}"#, "partial: rejected alone"),
        (200, r#"{"wrong":{"at":0}}"#, "sent: sent sent"),
        (400, r#"{"wrong":[{"at":0}]}"#, "again: alone alone"),
        (302, "", "settings_wrong: settings_wrong settings_wrong"),
        (401, "", "key_wrong: key_wrong key_wrong"),
        (410, "", "again: alone alone"),
        (503, "", "again: again again"),
    ] {
        let mut batch = of(&ready, &["a@x.test", "b@x.test"]);
        batch.start(now());
        assert_eq!(told(batch.on(&answer(status, body), now())), wanted, "{status} {body}");
    }
    // A single one is what the failure was about.
    let mut batch = of(&ready, &["a@x.test"]);
    batch.start(now());
    assert_eq!(told(batch.on(&answer(400, ""), now())), "rejected: rejected");
}

#[test]
fn a_list_beside_the_messages_says_of_each_how_it_fared() {
    let ready = ready(
        "batch: { request: POST /many, most: 9, json: { all: =items }, results: [{ each: =body.results, as: r, when: =r.ok == false, say: =r.why }] }\n",
    );
    let mut batch = of(&ready, &["a@x.test", "b@x.test"]);
    batch.start(now());
    let body = r#"{"results":[{"ok":true},{"ok":false,"why":"closed"}]}"#;
    assert_eq!(told(batch.on(&answer(200, body), now())), "partial: sent rejected");
    let mut batch = of(&ready, &["a@x.test", "b@x.test"]);
    batch.start(now());
    let body = r#"{"results":[{"ok":true},{"ok":true},{"ok":false}]}"#;
    assert_eq!(told(batch.on(&answer(200, body), now())), "again: alone alone");
}

const BY_KEY: &str = r#"
settings: { id: { default: shop } }
headers: { Authorization: "{{ token.access }}" }
token: { request: POST /token, take: { access: =body.access } }
profile: { request: PUT /person, json: { person: { mail: =email } } }
batch:
  group: =trigger
  key: =email
  most: 9
  profile:
    request: PUT /persons
    each: =single.person.mail
    json: { persons: =items }
    results: [{ each: =body.refused, key: =item }]
  request: POST /many/{{ group }}/{{ settings.id }}
  each: { to: =single.who, id: =id }
  json: =items
  answers: { 400: partial }
  results: [{ each: =body.refused, key: =item }]
"#;

#[test]
fn a_batch_walks_its_slots_for_all_and_renews_a_token_once() {
    let ready = ready(BY_KEY);
    let message = |email: &str, trigger: &str| {
        let mut frozen = to(email);
        frozen.fields.set("trigger", parcelwire_domain::Value::text(trigger));
        (frozen, DELIVERED, false)
    };
    let messages = vec![
        message("a@x.test", "delivered"),
        message("b@x.test", "dispatched"),
        message("A@x.test", "delivered"),
        message("c@x.test", "delivered"),
        message("d@x.test", "delivered"),
    ];
    let mut batch = ready.batch(messages, &Learned::default());
    let token = "POST https://api.taube.example/token ";
    assert_eq!(told(batch.start(now())), token);
    let persons =
        r#"PUT https://api.taube.example/persons {"persons":["a@x.test","c@x.test","d@x.test"]}"#;
    assert_eq!(told(batch.on(&answer(200, r#"{"access":"t1"}"#), now())), persons);
    // The token is refused: it is renewed, and the same is asked again.
    assert_eq!(told(batch.on(&answer(401, ""), now())), token);
    assert_eq!(told(batch.on(&answer(200, r#"{"access":"t2"}"#), now())), persons);
    let BatchStep::Send(send) = batch.on(&answer(200, r#"{"refused":["C@X.test"]}"#), now()) else {
        panic!("the events follow")
    };
    let body = r#"[{"to":"a@x.test","id":"1"},{"to":"d@x.test","id":"1"}]"#;
    assert_eq!(String::from_utf8_lossy(&send.body), body);
    assert_eq!(send.url, "https://api.taube.example/many/delivered/shop");
    assert!(send.headers.contains(&("Authorization".to_owned(), "t2".to_owned())));
    let mut refused = batch;
    let body = r#"{"refused":["d@x.test"]}"#;
    // With 400 nobody says that the others were taken.
    let ended = told(refused.on(&answer(400, body), now()));
    assert_eq!(ended, "partial: alone left left rejected rejected");
    assert_eq!(refused.learned().token().map(|token| token.len()), Some(1));
}

#[test]
fn what_a_file_says_wrong_of_batches_is_told() {
    for (batch, part) in [
        (
            "batch: { request: POST /many, most: 9, json: =items, answers: { 207: partial } }",
            "nothing says how single messages fared",
        ),
        (
            "batch: { request: POST /many, most: 9, json: =items, results: [{ each: =body.x, key: =item }] }",
            "add `key:` to `batch:`",
        ),
        (
            "batch: { request: POST /many, most: 9, key: =email, json: =items, results: [{ each: =body.x, key: =item, index: =item }] }",
            "not of both",
        ),
        ("batch: { request: POST /many, most: 1, json: =items }", "2"),
        ("batch: { request: POST /many, json: =items }", "most"),
        ("batch: { request: POST /many, most: 9, json: { all: =email } }", "email"),
        (
            "sign: { standard_webhooks: whsec_x }\nbatch: { request: POST /many, most: 9, json: =items }",
            "no id that could be signed",
        ),
        (
            "never: [status]\nbatch: { request: POST /many, most: 9, each: { status: x }, json: =items }",
            "never sends",
        ),
    ] {
        let told = mistakes(&format!("{batch}\n"));
        assert!(told.contains(part), "{part} in {told}");
    }
}

#[test]
fn tests_in_files_try_batches() {
    let text = format!(
        "{HEAD}{BY_INDEX}{}",
        r#"
tests:
  fine:
    given: [{ trigger: delivered, email: a@x.test }, { trigger: delivered, email: b@x.test }]
    request: POST /many
    json: { all: [{ who: a@x.test }, { who: b@x.test }] }
    answers:
      - { given: { status: 200 }, verdict: sent }
      - { given: { status: 200, body: { wrong: [{ at: 0, why: x }] } }, verdicts: [rejected, sent], details: ["answered 200: x", answered 200] }
      - { given: { status: 400 }, verdicts: [alone, alone] }
  wrong verdict:
    given: [{ trigger: delivered }, { trigger: delivered }]
    answers: [{ given: { status: 200, body: { wrong: [{ at: 0 }] } }, verdicts: [sent, sent] }]
  not alike:
    given: [{ trigger: delivered }, { trigger: delivered }]
    answers: [{ given: { status: 200, body: { wrong: [{ at: 0 }] } }, verdict: partial }]
  wrong body:
    given: [{ trigger: delivered }]
    json: { all: [{ who: nobody }] }
  wrong detail:
    given: [{ trigger: delivered }]
    answers: [{ given: { status: 200 }, verdict: sent, detail: other }]
"#
    );
    let (connector, node) = compiled("taube", &text);
    let tests = filetests::destination::run(&connector, &node, now());
    let failed: Vec<&str> =
        tests.iter().filter(|test| test.failure.is_some()).map(|test| test.name.as_str()).collect();
    assert_eq!(failed, ["wrong verdict", "not alike", "wrong body", "wrong detail"]);
    let (plain, _) = compiled("taube", &format!("{HEAD}tests: {{}}\n"));
    let tests = filetests::destination::run(&plain, &node, now());
    let told = tests[0].failure.clone().unwrap_or_default();
    assert_eq!(told, "the file has no `batch:`");
}

const KEEPS: &str = r"
lookup:
  request: GET /people
  query: { email: =email }
  take: { id: =body.id }
  keep: 1h
batch:
  request: POST /many
  most: 3
  json: { all: =items }
  each: =found.id
  answers: [{ status: 404, is: rejected, forget: true }]
";

#[test]
fn a_find_that_is_wrong_is_forgotten_and_its_message_goes_by_itself() {
    let ready = ready(KEEPS);
    let mut first = of(&ready, &["a@x.test"]);
    first.start(now());
    first.on(&answer(200, r#"{"id":1}"#), now());
    assert_eq!(told(first.on(&answer(200, "{}"), now())), "sent: sent");
    let mut known = Learned::default();
    known.learn(&first.learned());
    let messages = ["a@x.test", "b@x.test"].map(|email| (to(email), DELIVERED, false));
    let mut batch = ready.batch(messages.to_vec(), &known);
    // Only who is not known is looked up.
    let search =
        |email: &str| format!("GET https://api.taube.example/people?email={email}%40x.test ");
    assert_eq!(told(batch.start(now())), search("b"));
    let all = told(batch.on(&answer(200, r#"{"id":2}"#), now()));
    assert_eq!(all, r#"POST https://api.taube.example/many {"all":[1,2]}"#);
    assert_eq!(told(batch.on(&answer(404, "{}"), now())), "again: alone alone");
    known.learn(&batch.learned());
    assert_eq!(told(of_known(&ready, "a@x.test", &known).start(now())), search("a"));
    assert_eq!(told(of_known(&ready, "b@x.test", &known).start(now())), search("b"));
}

fn of_known(ready: &ReadyDestination, email: &str, known: &Learned) -> Batch {
    ready.batch(vec![(to(email), DELIVERED, false)], known)
}
