//! Slips of the pen that would be swallowed: in tests, and in values whose list is closed.

use super::{
    mistakes::{checked, told},
    *,
};

const HEAD: &str = "title: T\nfacts: invented\nverify: { hmac: sha256, header: X-Sig }\n";

/// What is told of a source with this text below its head.
fn of_source(text: &str) -> Vec<String> {
    told(&[(FileKind::SourceConnector, "t", &format!("{HEAD}{text}"))])
}

fn all_begin(found: &[String], expected: &[&str]) -> bool {
    found.len() == expected.len()
        && found.iter().zip(expected).all(|(is, start)| is.starts_with(start))
}

#[test]
fn keys_that_no_test_of_a_source_has_are_told_with_their_place() {
    for (test, expected) in [
        ("{ body: {}, topc: b, events: [] }", "6:18 unknown key `topc` (did you mean `topic`?)"),
        ("{ body: {}, nonsense: 1, events: [] }", "6:18 unknown key `nonsense` (allowed here"),
        (
            "{ rows: { body: {}, code_att: c, expect: {} } }",
            "6:26 unknown key `code_att` (did you mean `code_at`?)",
        ),
        ("{ rows: { body: {} } }", "6:14 `expect` is missing in `rows`"),
        ("{ refused: signature_mising }", "6:17 `refused` must be"),
        ("{ answers: { stauts: 200 } }", "6:19 unknown key `stauts` (did you mean `status`?)"),
        (
            "{ body: {}, lookup: { answers: [{ jsn: 1 }] }, events: [] }",
            "6:40 unknown key `jsn` (did you mean `json`?)",
        ),
    ] {
        let text = "events: { status: delivered, order_number: =n }\ntests:\n  ";
        let found = of_source(&format!("{text}a: {test}\n"));
        assert!(all_begin(&found, &[expected]), "{test}: {found:#?}");
    }
}

#[test]
fn keys_that_no_test_of_a_destination_has_are_told_with_their_place() {
    let head = "title: T\nfacts: invented\nsettings: {}\nbase_url: https://d.example\n\
        repeated_id: ignored\nsend: { request: POST / }\ntests:\n  a: ";
    for (test, expected) in [
        ("{ given: {}, withot: [email] }", "8:19 unknown key `withot` (did you mean `without`?)"),
        (
            "{ given: {}, answers: [{ given: { stauts: 1 }, verdict: sent }] }",
            "8:40 unknown key `stauts`",
        ),
        (
            "{ given: {}, answers: [{ given: {}, verdct: sent }] }",
            "8:42 unknown key `verdct` (did you mean `verdict`?)",
        ),
        (
            "{ given: {}, answers: [{ given: {}, verdict: snt }] }",
            "8:51 unknown verdict `snt` (did you mean `sent`?)",
        ),
    ] {
        let found = told(&[(FileKind::DestinationConnector, "d", &format!("{head}{test}\n"))]);
        assert!(all_begin(&found, &[expected]), "{test}: {found:#?}");
    }
}

#[test]
fn literal_values_outside_a_closed_list_are_told() {
    let text = "\
events:
  code: =c
  order_number: =n
  action_required_by: nobody
  location: { city: =city, street: =street }
  leg: forwards
  delivered_to: =whom
statuses:
  a: { status: delivered, delivered_to: nieghbour }
  b: { status: ready_for_pickup, pickup_point: { type: lockr, name: =point } }
tests: {}
";
    let found = of_source(text);
    let expected = [
        "7:23 unknown `action_required_by` `nobody` (known are: `none`, `recipient`",
        "8:28 unknown key `street` (allowed here: `city`, `country`)",
        "9:8 unknown `leg` `forwards` (did you mean `forward`?)",
        "12:41 unknown `delivered_to` `nieghbour` (did you mean `neighbour`?)",
        "13:56 unknown `pickup_point.type` `lockr` (did you mean `locker`?)",
    ];
    let mut found: Vec<&String> =
        found.iter().filter(|line| !line.contains("no test has")).collect();
    found.sort_by_key(|line| line.split(':').next().and_then(|line| line.parse::<u32>().ok()));
    let found: Vec<String> = found.into_iter().cloned().collect();
    assert!(all_begin(&found, &expected), "{found:#?}");
}

#[test]
fn a_code_that_is_put_together_and_ignored_counts_as_tested_by_any_test_that_leads_to_it() {
    let head = "events: { code: \"=('word ' ~ c)\", order_number: =n }\nstatuses: { word a: ignore }\ntests:\n  one: ";
    for test in [
        "{ body: { n: 7, c: a }, filtered: ignored }",
        "{ body: { n: 7, c: a }, events: [] }",
        "{ rows: { body: { n: 7 }, code_at: c, expect: { a: ignore } } }",
    ] {
        assert_eq!(of_source(&format!("{head}{test}\n")), Vec::<String>::new(), "{test}");
    }
    let other = "{ body: { n: 7, c: b }, filtered: unmapped_code }\n";
    assert!(all_begin(
        &of_source(&format!("{head}{other}")),
        &["5:1 warning: no test has these codes: word a"]
    ));
}

#[test]
fn a_condition_that_cannot_be_decided_is_told_once_with_the_number_of_tests() {
    let text = format!(
        "{HEAD}events: {{ when: =mode != 'test', status: delivered, order_number: =n }}\ntests:\n  \
         a: {{ body: {{ n: 1 }}, events: [{{}}] }}\n  b: {{ body: {{ n: 2 }}, events: [{{}}] }}\n  \
         c: {{ body: {{ n: 3 }}, events: [{{}}] }}\n"
    );
    let checked = checked(&[(FileKind::SourceConnector, "t", &text)]);
    let failures: Vec<&str> =
        checked.tests.iter().filter_map(|(_, test)| test.failure.as_deref()).collect();
    let noted: Vec<&str> = failures
        .iter()
        .flat_map(|failure| failure.lines())
        .filter(|line| line.contains("`mode`"))
        .collect();
    assert_eq!(failures.len(), 3, "{failures:?}");
    assert_eq!(noted, ["note: a rule's condition needs `mode`, which is missing (in 3 tests)"]);
}
