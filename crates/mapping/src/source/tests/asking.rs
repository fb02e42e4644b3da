//! What sources ask of other systems.

use super::*;

const DEPOT: &str = r#"
title: Depot
facts: invented
settings:
  key: { secret: true }
  url: { default: https://api.depot.test }
topic: { body: kind }
verify: { token: true, header: X-Key }
lookup:
  when: =kind == 'parcel'
  request: GET {{ link }}
  host: ^api[0-9]*\.depot\.test$
  query:
    full: "1"
    zone: =headers['x-zone']
  headers: { X-Key: "{{ settings.key }}" }
  pages: { query: page, from: 1, last: =body.pages, most: 3 }
  items: =body.parcels
  cache: 1h
  answers: [{ status: 404, when: =body.soon == true, is: again }]
events:
  each: =answer
  as: parcel
  code: =parcel.state
  tracking_number: =parcel.track
statuses: { home: delivered }
tests:
  pages become one list:
    headers: { x-zone: eu }
    body: { kind: parcel, link: "https://api2.depot.test/p?full=0" }
    lookup:
      request: GET https://api2.depot.test/p?full=1&zone=eu&page=1
      headers: { x-key: test-key }
      answers:
        - { json: { pages: 2, parcels: [{ state: home, track: A }] } }
        - { request: "GET https://api2.depot.test/p?full=1&zone=eu&page=2", json: { pages: 2, parcels: [{ state: home, track: B }] } }
    events: [{ status: delivered, tracking_number: A }, { status: delivered, tracking_number: B }]
  another kind is not looked up:
    body: { kind: other, link: "https://api.depot.test/p" }
    filtered: no_rule
  another host is refused:
    body: { kind: parcel, link: "https://api.depot.test:8443/p" }
    failed: lookup_refused
  more pages than the file allows:
    body: { kind: parcel, link: "https://api.depot.test/p" }
    lookup: { answers: [{ json: { pages: 9 } }, { json: { pages: 9 } }, { json: { pages: 9 } }] }
    failed: lookup_too_large
  not there:
    body: { kind: parcel, link: "https://api.depot.test/p" }
    lookup: { answers: { status: 404, json: {} } }
    failed: lookup_not_found
  not there yet:
    body: { kind: parcel, link: "https://api.depot.test/p" }
    lookup: { answers: { status: 404, json: { soon: true } }, is: again }
  what is refused for good:
    body: { kind: parcel, link: "https://api.depot.test/p" }
    lookup: { answers: { status: 422, json: {} } }
    failed: lookup_failed
  a redirect is not followed:
    body: { kind: parcel, link: "https://api.depot.test/p" }
    lookup: { answers: { status: 302, headers: { location: "https://evil.test" } } }
    failed: lookup_failed
  an error page in a fine answer:
    body: { kind: parcel, link: "https://api.depot.test/p" }
    lookup: { answers: { text: "<html>soon back</html>" }, is: again }
"#;

fn outcomes(name: &str, text: &str) -> Vec<(String, Option<String>)> {
    let (connector, node) = compiled(name, text).unwrap_or_else(|told| panic!("{told}"));
    let tests = filetests::source::run(&connector, &node, now());
    tests.into_iter().map(|test| (test.name, test.failure)).collect()
}

fn all_pass(name: &str, text: &str) {
    let all = outcomes(name, text);
    let failed: Vec<_> = all.iter().filter(|(_, failure)| failure.is_some()).collect();
    assert!(failed.is_empty() && !all.is_empty(), "{failed:#?}");
}

#[test]
fn a_lookup_is_asked_and_read_as_its_tests_say() {
    all_pass("depot", DEPOT);
}

#[test]
fn the_shipped_files_that_ask_pass_their_own_tests() {
    for (name, text) in [
        ("one", include_str!("../../../../../connectors/sources/shipstation_v1.yaml")),
        ("two", include_str!("../../../../../connectors/sources/alaiko.yaml")),
    ] {
        all_pass(name, text);
    }
}

#[test]
fn a_test_of_a_lookup_can_fail() {
    for (from, to, why) in [
        ("page=2", "page=3", "expected GET"),
        ("x-key: test-key", "x-key: other", "header x-key"),
        ("{ json: { pages: 9 } }, { json: { pages: 9 } }]", "{ json: { pages: 9 } }]", "no answer"),
        ("failed: lookup_not_found", "failed: lookup_failed", "found failed: lookup_not_found"),
        ("true } }, is: again", "true } }, is: key_wrong", "expected key_wrong, found again"),
        ("kind: other,", "kind: parcel,", "say so by `lookup:`"),
    ] {
        let text = DEPOT.replacen(from, to, 1);
        assert_ne!(text, DEPOT, "{from}");
        let failures: Vec<String> =
            outcomes("depot", &text).into_iter().filter_map(|(_, failure)| failure).collect();
        assert!(failures.iter().any(|told| told.contains(why)), "{from}: {failures:?}");
    }
}

#[test]
fn an_address_from_a_payload_needs_a_pin() {
    let request = |text: &str, host: &str| {
        let text = DEPOT.replace("GET {{ link }}", text);
        text.replace("  host: ^api[0-9]*\\.depot\\.test$\n", host)
    };
    for led in [
        "GET {{ link }}",
        "GET https://{{ shop }}.depot.test/x",
        "GET {{ settings.url }}{{ link }}",
        "GET =link",
    ] {
        let told = compiled("depot", &request(led, "")).expect_err(led);
        assert!(told.contains("a payload could lead this request anywhere"), "{told}");
        compiled("depot", &request(led, "  host: [api.depot.test, b.test]\n")).expect(led);
    }
    for own in [
        "GET https://api.depot.test/orders/{{ id }}",
        "GET {{ settings.url }}/orders/{{ id }}",
        "GET https://{{ settings.url }}.x.test/{{ id }}",
        "GET https://api.depot.test?id={{ id }}",
    ] {
        compiled("depot", &request(own, "")).expect(own);
    }
    for (wrong, host, why) in [
        ("GET /orders/{{ id }}", "", "the address must be whole"),
        ("GET {{ link }}", "  host: \"*.depot.test\"\n", "is no host"),
        ("GET {{ link }}", "  host: ^api(\n", "not a regular expression"),
        ("FETCH {{ link }}", "  host: b.test\n", "no method"),
    ] {
        let told = compiled("depot", &request(wrong, host)).expect_err(wrong);
        assert!(told.contains(why), "{told}");
    }
}

fn received<'a>(body: &'a [u8], source: &'a SourceName) -> Received<'a> {
    Received {
        topic: Some("parcel"),
        headers: &[],
        query: "",
        body,
        accounts: &[],
        received_at: now(),
        source,
    }
}

#[test]
fn a_kept_answer_is_read_and_a_failed_lookup_is_an_outcome() {
    let (connector, _) = compiled("depot", DEPOT).expect("it compiles");
    let ready = connector.share(Map::new());
    let source = SourceName::parse("depot").expect("a name");
    let body = br#"{"kind":"parcel","link":"https://api.depot.test/p"}"#;
    let received = received(body, &source);
    assert!(ready.needs_answer(&received));
    let kept = br#"[{"parcels":[{"state":"home","track":"A"}]},{"parcels":{"state":"home","track":"B"}},{}]"#;
    let reading = ready.read_with(&received, Some(Answered::Body(kept)));
    assert_eq!(reading.events.len(), 2);
    for fault in LookupFault::ALL {
        let reading = ready.read_with(&received, Some(Answered::Failed(fault)));
        let outcome = reading.useless.map(|useless| useless.outcome());
        assert_eq!(outcome, Some(("failed", fault.name())));
        assert_eq!(LookupFault::parse(fault.name()), Some(fault));
    }
    assert!(!ready.needs_answer(&Received { body: b"not json", ..received }));
}

#[test]
fn what_a_lookup_is_limited_and_cached_by() {
    let (connector, _) = compiled("depot", DEPOT).expect("it compiles");
    let with = |key: &str| {
        let mut settings = Map::new();
        settings.set("key", Value::text(key));
        connector.share(settings)
    };
    let source = SourceName::parse("depot").expect("a name");
    let body = br#"{"kind":"parcel","link":"https://api.depot.test/p"}"#;
    let key = |ready: &ReadySource, body: &[u8]| {
        ready.look_up(&received(body, &source), 1000).expect("it is asked").cached()
    };
    let (one, two) = (with("first-key"), with("second-key"));
    assert_ne!(one.credential(), two.credential());
    assert_eq!(one.credential(), with("first-key").credential());
    assert_eq!(key(&one, body), key(&one, body));
    assert_ne!(key(&one, body), key(&two, body), "another key may be answered otherwise");
    let other = br#"{"kind":"parcel","link":"https://api.depot.test/q"}"#;
    assert_ne!(key(&one, body), key(&one, other));
    let url = "https://api.depot.test/p?key=first-key&b=Zmlyc3Qta2V5";
    assert_eq!(one.mask(url), "https://api.depot.test/p?key=****&b=****");
}

const ROUNDS: &str = r#"
title: Rounds
facts: invented
settings: { key: { secret: true } }
poll:
  request: GET https://api.depot.test/changes
  query: { since: =cursor }
  basic: { user: "{{ settings.key }}", password: "" }
  every: 1m
  items: =body.list
  id: =item.id
  topic: parcel
  cursor: { take: =item.at }
  overlap: 5m
  pages: { next: =body.next, most: 2 }
events:
  topic: parcel
  code: =state
  tracking_number: =track
statuses: { home: delivered }
tests:
  two pages:
    poll:
      cursor: "2026-11-22T09:00:00Z"
      request: GET https://api.depot.test/changes?since=2026-11-22T08%3A55%3A00Z
      headers: { Authorization: "Basic dGVzdC1rZXk6" }
      answers:
        - json: { next: /changes?c=2, list: [{ id: 1, state: home, track: A, at: "2026-11-22T09:20:00Z" }] }
        - { request: "GET https://api.depot.test/changes?c=2", json: { list: [{ id: 2, state: home, track: B, at: "2026-11-22T09:10:00Z" }] } }
      ids: ["1", "2"]
      next: "2026-11-22T09:20:00Z"
    events: [{ tracking_number: A }, { tracking_number: B }]
  the first time it begins now:
    poll: { now: "2026-11-22T10:00:00Z", request: "GET https://api.depot.test/changes?since=2026-11-22T09%3A55%3A00Z", answers: { json: { list: [] } }, next: "2026-11-22T10:00:00Z" }
    events: []
  another host is not followed:
    poll: { answers: { json: { next: "https://evil.test/", list: [] } }, is: rejected }
  no list is no answer:
    poll: { answers: { json: { error: x } }, is: again }
"#;

#[test]
fn a_source_is_polled_as_its_tests_say() {
    all_pass("rounds", ROUNDS);
    let (connector, _) = compiled("rounds", ROUNDS).expect("it compiles");
    assert!(!connector.has_webhooks());
    assert_eq!(connector.polls_every(), Some(std::time::Duration::from_mins(1)));
}

fn page(round: &mut Round, json: &str) -> Page {
    let answer = crate::http::HttpAnswer {
        status: 200,
        headers: Vec::new(),
        body: json.to_owned().into(),
        truncated: false,
        took: std::time::Duration::ZERO,
    };
    match round.on(&answer, now()) {
        PollStep::Page(page) => page,
        PollStep::Failed(verdict, detail) => panic!("{verdict:?} {detail}"),
    }
}

#[test]
fn a_cursor_moves_only_where_nothing_older_can_follow() {
    let (connector, _) = compiled("rounds", ROUNDS).expect("it compiles");
    let ready = connector.share(Map::new());
    let item = |minute: u32| format!(r#"{{"id":{minute},"at":"2026-11-22T09:{minute:02}:00Z"}}"#);
    let list = |minutes: &[u32], next: &str| {
        let items: Vec<String> = minutes.iter().map(|minute| item(*minute)).collect();
        format!(r#"{{"next":"{next}","list":[{}]}}"#, items.join(","))
    };
    // In the middle of a round it stays, whatever the page says.
    let from = Some("2026-11-22T09:00:00Z");
    let mut round = ready.poll(from, now()).expect("it is asked");
    assert_eq!(page(&mut round, &list(&[30, 20], "/2")).cursor, None);
    // More follows than the file allows, newest first: what was not seen may be older.
    let cut = page(&mut round, &list(&[10, 5], "/3"));
    assert!(cut.is_cut && cut.cursor.is_none() && cut.next.is_none());
    // Oldest first: it goes on from there.
    let mut round = ready.poll(from, now()).expect("it is asked");
    page(&mut round, &list(&[5, 10], "/2"));
    let cut = page(&mut round, &list(&[20, 30], "/3"));
    assert!(cut.is_cut);
    assert_eq!(cut.cursor.as_deref(), Some("2026-11-22T09:30:00Z"));
    // It never goes back.
    let mut round = ready.poll(Some("2026-11-22T09:50:00Z"), now()).expect("it is asked");
    let last = page(&mut round, &list(&[40], ""));
    assert_eq!(last.cursor.as_deref(), Some("2026-11-22T09:50:00Z"));
}

#[test]
fn a_given_cursor_is_passed_on_page_by_page() {
    let text = ROUNDS.replace(
        "  cursor: { take: =item.at }\n  overlap: 5m\n",
        "  cursor: { take: =body.token, start: '0' }\n",
    );
    let (text, _) = text.split_once("tests:").expect("it has tests");
    let (connector, _) = compiled("rounds", &format!("{text}tests: {{}}\n")).expect("it compiles");
    let ready = connector.share(Map::new());
    let mut round = ready.poll(None, now()).expect("it is asked");
    assert_eq!(round.request().url, "https://api.depot.test/changes?since=0");
    let first = page(&mut round, r#"{"token":"t1","next":"/2","list":[]}"#);
    assert_eq!((first.cursor.as_deref(), first.next.is_some()), (Some("t1"), true));
    let round = ready.poll(Some("t1"), now()).expect("it is asked");
    assert_eq!(round.request().url, "https://api.depot.test/changes?since=t1");
}

#[test]
fn mistakes_in_polling_are_told() {
    for (from, to, why) in [
        ("every: 1m", "every: 0s", "`every` is a time between 1s"),
        ("  items: =body.list\n", "", "items"),
        ("take: =item.at", "take: =item.at, start: '0'", "starts at the time it is"),
        ("take: =item.at", "take: =body.token", "overlaps"),
        ("{ next: =body.next, most: 2 }", "{ most: 2 }", "how pages follow each other"),
        ("since: =cursor", "since: =body.x", "body"),
    ] {
        let text = ROUNDS.replacen(from, to, 1);
        assert_ne!(text, ROUNDS, "{from}");
        let told = compiled("rounds", &text).expect_err(from);
        assert!(told.contains(why), "{from}\n{told}");
    }
    let told = compiled(
        "x",
        "title: X\nfacts: none\nevents: { status: delivered, order_id: =a }\ntests: {}\n",
    );
    assert!(told.expect_err("it is neither hooked nor polled").contains("`verify` is missing"));
}
