//! The runner itself: what it accepts, and what it says of a test that fails or makes no sense.

use super::run::run;
use crate::book::{FileKind, RuleFile, Surroundings};

/// Each test of a file with how it went: `ok`, or what is wrong.
fn outcomes(kind: FileKind, text: &str) -> Vec<(String, String)> {
    let file = |kind, name: &str, text: &str| RuleFile {
        kind,
        name: name.to_owned(),
        path: format!("{name}.yaml"),
        text: text.to_owned(),
    };
    let files = [file(FileKind::Mapping, "default", "names: en\n"), file(kind, "tested", text)];
    let now = "2026-11-22T10:00:00Z".parse().expect("a time");
    let checked = run(&files, &Surroundings::default(), now, |file| file.name == "tested");
    assert!(!checked.diagnostics.has_errors(), "{:?}", checked.diagnostics);
    checked
        .tests
        .into_iter()
        .map(|(_, test)| (test.name, test.failure.unwrap_or_else(|| "ok".to_owned())))
        .collect()
}

/// Runs `name: { … }` tests below `head`, each beside the beginning of its expected outcome.
fn check(kind: FileKind, head: &str, tests: &[(&str, &str)]) {
    let listed = tests.iter().enumerate().map(|(at, (test, _))| format!("  t{at}: {test}\n"));
    let text = format!("{head}tests:\n{}", listed.collect::<String>());
    let mut wrong = Vec::new();
    let outcomes = outcomes(kind, &text);
    assert_eq!(outcomes.len(), tests.len());
    for ((_, found), (test, expected)) in outcomes.into_iter().zip(tests) {
        if !found.starts_with(expected) || (*expected == "ok" && found != "ok") {
            wrong.push((test, found, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_mapping_is_tested_by_what_is_given_and_what_is_sent() {
    let head = "\
names: de
when: =destination_country in ['DE', 'AT']
values: { voucher: SORRY10 }
triggers:
  in_transit: off
  delayed: { properties: { voucher: =values.voucher if marketing_consent == 'granted' } }
  delivered: { name: Da!, when: =order_number == '1001', properties: { p: [1, 2] } }
  lost: { properties: { account: =settings.account } }
";
    check(
        FileKind::Mapping,
        head,
        &[
            (
                "{ given: { trigger: delayed, destination_country: AT, marketing_consent: granted }, \
                 sends: { name: Sendung verspätet sich, properties: { voucher: SORRY10 } } }",
                "ok",
            ),
            (
                "{ given: { trigger: delayed, destination_country: AT, marketing_consent: granted }, \
                 values: { voucher: HEY15 }, sends: { properties: { voucher: HEY15 } } }",
                "ok",
            ),
            ("{ given: { trigger: delayed, destination_country: DE }, sends: {} }", "ok"),
            (
                "{ given: { trigger: delayed, destination_country: DE }, \
                 sends: { email: kim@example.test, trigger: delayed, occurred_at: '2026-11-22T10:00:00Z' } }",
                "ok",
            ),
            (
                "{ given: { trigger: delayed, destination_country: DE }, sends: { properties: { voucher: x } } }",
                "properties.voucher: expected \"x\", found nothing",
            ),
            // A number stands for the text that a source states.
            (
                "{ given: { order_number: 1001, destination_country: DE }, sends: { name: Da!, properties: { p: [1, 2] } } }",
                "ok",
            ),
            (
                "{ given: { order_number: 1001, destination_country: DE }, sends: { properties: { p: [1] } } }",
                "properties.p: expected 1 elements, found 2: [1,2]",
            ),
            (
                "{ given: { trigger: lost, destination_country: DE }, settings: { account: a7 }, sends: { properties: { account: a7 } } }",
                "ok",
            ),
            ("{ given: { order_number: 1001, destination_country: FR }, filtered: when }", "ok"),
            ("{ given: { order_number: 1001 }, filtered: when unknown }", "ok"),
            ("{ given: { order_number: 1001 }, filtered: unknown }", "ok"),
            ("{ given: { order_number: 1001 }, filtered: when }", "filtered: when unknown ("),
            ("{ given: { trigger: in_transit }, filtered: off }", "ok"),
            ("{ given: { trigger: in_transit }, filtered: true }", "ok"),
            ("{ given: { trigger: in_transit }, sends: {} }", "filtered: off"),
            (
                "{ given: { trigger: delayed, destination_country: DE }, filtered: when }",
                "it sends",
            ),
            ("{ given: { trigger: delayed } }", "it says nothing to expect"),
            ("{ given: {}, sends: {}, filtered: off }", "`sends:` and `filtered:` exclude"),
            (
                "{ given: { trigger: delaied }, sends: {} }",
                "`delaied` is no trigger (did you mean `delayed`?)",
            ),
            (
                "{ given: { destination_contry: DE }, sends: {} }",
                "`given:` has no field `destination_contry` (did you mean `destination_country`?)",
            ),
        ],
    );
}

#[test]
fn a_destination_is_tested_by_its_request() {
    let head = "\
title: T
facts: invented
settings: { api_key: { secret: true, pattern: ^bt_ } }
base_url: https://api.example/v3
headers: { Authorization: 'Bearer {{ settings.api_key }}' }
repeated_id: ignored
send: { request: POST /events, json: { event: =name, contact: { email: =email }, n: =order_number, p: =properties } }
";
    check(
        FileKind::DestinationConnector,
        head,
        &[
            (
                "{ given: { trigger: delivered, name: Da!, email: a@b.example }, json: { event: Da!, contact: { email: a@b.example } } }",
                "ok",
            ),
            (
                "{ given: { order_number: 7, properties: { x: 1 } }, json: { n: '7', p: { x: 1 } } }",
                "ok",
            ),
            ("{ given: {}, request: POST /events }", "ok"),
            ("{ given: {}, request: 'POST https://api.example/v3/events' }", "ok"),
            ("{ given: {}, request: POST /event }", "expected POST /event, found"),
            ("{ given: {}, headers: { authorization: Bearer test-api_key } }", "ok"),
            ("{ given: {}, json: { event: Shipment Delivered } }", "ok"),
            ("{ given: { email: }, without: contact }", "ok"),
            (
                "{ given: { emial: x }, json: {} }",
                "`given:` has no field `emial` (did you mean `email`?)",
            ),
            ("{ given: {}, answers: [{ given: { status: 401 }, verdict: key_wrong }] }", "ok"),
            (
                "{ given: {}, answers: [{ given: { status: 200 }, verdict: again }] }",
                "answer 200: expected again",
            ),
        ],
    );
}

#[test]
fn a_source_is_tested_by_its_events() {
    let head = "\
title: T
facts: invented
topic: { header: X-Topic }
verify: { hmac: sha256, header: X-Sig }
events: { topic: [a, b], each: =l, as: p, when: =p.skip is missing, code: =p.c, order_number: =n }
statuses: { x: delivered, Y y: address_correction_required/address_incomplete, z: ignore }
";
    let body = "body: { n: 7, l: [{ c: X }, { c: ' y Y ' }, { c: x, skip: 1 }] }";
    check(
        FileKind::SourceConnector,
        head,
        &[
            (
                &format!(
                    "{{ topic: a, {body}, events: [{{ status: delivered, order_number: '7' }}, {{ reason: address_incomplete }}] }}"
                ),
                "ok",
            ),
            (
                &format!("{{ topic: b, {body}, events: [{{}}] }}"),
                "it: expected 1 elements, found 2",
            ),
            (&format!("{{ topic: c, {body}, filtered: topic_not_used }}"), "ok"),
            ("{ topic: a, body: { n: 7, l: [{ c: q }] }, filtered: unmapped_code }", "ok"),
            ("{ topic: a, body: { l: [{ c: x }] }, failed: no_subject }", "ok"),
            ("{ topic: a, body: '[1', failed: unreadable }", "ok"),
            (
                "{ rows: { topic: a, body: { n: 7, l: [{}] }, code_at: l.0.c, expect: { X: delivered } } }",
                "ok",
            ),
            (
                "{ rows: { topic: a, body: { n: 7, l: [{}] }, code_at: l.0.c, expect: { z: ignore } } }",
                "ok",
            ),
            (
                "{ rows: { topic: a, body: { n: 7, l: [{}] }, code_at: l.0.c, expect: { x: dispatched } } }",
                "status: expected \"dispatched\", found \"delivered\"",
            ),
            (
                "{ rows: { topic: a, body: { n: 7, l: [{}] }, code_at: l.5.c, expect: { x: delivered } } }",
                "`code_at` leads nowhere",
            ),
        ],
    );
}

#[test]
fn a_test_says_by_which_way_it_is_signed_and_what_its_address_says() {
    let head = "\
title: T
facts: invented
verify: [{ hmac: sha256, header: X-Sig }, { url_token: token }]
events: { status: delivered, order_number: =n, tracking_number: =query.t, carrier: =query.token | default('none') }
";
    check(
        FileKind::SourceConnector,
        head,
        &[
            ("{ body: { n: 7 }, events: [{ carrier: none }] }", "ok"),
            ("{ body: { n: 7 }, signed_by: url_token, events: [{ order_number: '7' }] }", "ok"),
            ("{ body: { n: 7 }, signed_by: 2, events: [{ order_number: '7' }] }", "ok"),
            ("{ body: { n: 7 }, query: { t: a b }, events: [{ tracking_number: a b }] }", "ok"),
            ("{ body: { n: 7 }, query: t=x, events: [{ tracking_number: x }] }", "ok"),
            ("{ body: { n: 7 }, query: { token: x }, refused: signature_invalid }", "ok"),
            ("{ body: { n: 7 }, refused: signature_missing }", "ok"),
            (
                "{ body: { n: 7 }, signed_by: basic, events: [{}] }",
                "`verify:` has no way `basic`; it has: hmac, url_token",
            ),
            ("{ body: { n: 7 }, path: x, events: [{}] }", "`path:` is for tests with"),
        ],
    );
}

#[test]
fn a_batch_that_is_refused_is_tested_by_what_becomes_of_each() {
    let head = "\
title: T
facts: invented
settings: {}
base_url: https://api.example
repeated_id: ignored
send: { request: POST /one, json: { email: =email } }
batch: { request: POST /many, most: 9, json: { all: =items } }
";
    let case = |end: &str| {
        format!(
            "{{ given: [{{}}, {{ email: b@x.test }}], answers: [{{ given: {{ status: 422 }}, {end} }}] }}"
        )
    };
    check(
        FileKind::DestinationConnector,
        head,
        &[
            (&case("verdict: alone"), "ok"),
            (&case("verdicts: [alone, alone]"), "ok"),
            (
                &case("verdict: rejected"),
                "answer 422: expected rejected, found alone (answered 422): each is sent again by itself",
            ),
            (&case("verdicts: [sent, alone]"), "answer 422: expected sent, alone, found alone"),
        ],
    );
}
