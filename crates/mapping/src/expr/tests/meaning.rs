//! Expression → value, a line each.

use super::{Decision, Env, Val, compiled, value};
use crate::json::Doc;

const NAMES: &str = r#"{
    "a": 7, "b": 2, "zero": 0, "neg": -7, "price": 49.90, "long": 1234567890123456789012345678901234567890,
    "s": "Kim", "empty": "", "yes": true, "no": false, "nothing": null,
    "list": [1, 2, 3], "words": ["x", "y"], "map": { "k": "v", "a-b": 1, "deep": { "z": 9 } },
    "rows": [{ "n": "A", "q": 1 }, { "n": "B" }]
}"#;

fn check(rows: &[(&str, &str)]) {
    for (expression, expected) in rows {
        assert_eq!(value(expression, NAMES), *expected, "{expression}");
    }
}

#[test]
fn paths_lead_to_values_or_to_nothing() {
    check(&[
        ("s", r#""Kim""#),
        ("map.k", r#""v""#),
        ("map['a-b']", "1"),
        ("map.deep.z", "9"),
        ("list[0]", "1"),
        ("list[-1]", "3"),
        ("list[3]", "missing"),
        ("list[zero + 1]", "2"),
        ("rows[1].n", r#""B""#),
        ("rows[1].q", "missing"),
        ("nothing", "missing"),
        ("nobody.knows.it", "missing"),
        ("s.k", "missing"),
    ]);
}

#[test]
fn numbers_are_exact() {
    check(&[
        ("a + b * 2", "11"),
        ("(a + b) * 2", "18"),
        ("a - b - 1", "4"),
        ("a / b", "3.5"),
        ("a // b", "3"),
        ("a % b", "1"),
        ("0.1 + 0.2", "0.3"),
        ("0.1 + 0.2 == 0.3", "true"),
        ("price * 3", "149.70"),
        ("long", "1234567890123456789012345678901234567890"),
        ("long == 1234567890123456789012345678901234567890", "true"),
        ("123456789012345678901234567890 + 1", "123456789012345678901234567891"),
        // Beyond 38 digits nothing is calculated, rather than something wrong.
        ("long + 1", "missing"),
        ("1 / 3", "0.33333333333333333333"),
        ("a / zero", "missing"),
        ("a % zero", "missing"),
        ("-a", "-7"),
        ("-neg", "7"),
        ("1.0 == 1", "true"),
        ("a + s", "missing"),
    ]);
}

#[test]
fn what_is_missing_passes_through() {
    check(&[
        ("nothing + 1", "missing"),
        ("s ~ nothing", "missing"),
        ("nothing == 1", "missing"),
        ("nothing < 1", "missing"),
        ("not nothing", "missing"),
        ("nothing in list", "missing"),
        ("nothing is missing", "true"),
        ("nothing is present", "false"),
        ("empty is blank", "true"),
        ("s is not blank", "true"),
        ("yes is true", "true"),
        ("no is false", "true"),
        ("no is true", "false"),
        ("nothing is true", "false"),
        ("nothing is false", "false"),
        ("nothing is not true", "true"),
        ("a is true", "false"),
        ("'true' is true", "false"),
        ("nothing or 'x'", r#""x""#),
        ("empty or 'x'", r#""x""#),
        ("zero or 5", "0"),
        ("no or 5", "5"),
        ("no or nothing", "false"),
        ("nothing | default('x')", r#""x""#),
        ("[1, nothing, 3]", "[1,3]"),
        ("a if nothing else b", "missing"),
        ("a if no", "missing"),
        ("a if yes", "7"),
        ("a if no else b", "2"),
    ]);
}

#[test]
fn a_condition_answers_when_one_side_decides_alone() {
    check(&[
        ("no and nothing", "false"),
        ("nothing and no", "false"),
        ("yes and nothing", "missing"),
        ("a == 7 or nothing == 1", "true"),
        ("nothing == 1 or a == 7", "true"),
        ("a == 8 or nothing == 1", "missing"),
        ("a in [7, nothing]", "true"),
        ("a in [8, nothing]", "missing"),
        ("a not in [8, 9]", "true"),
        ("'k' in map", "true"),
        ("'i' in s", "true"),
        ("not a == 8", "true"),
    ]);
}

#[test]
fn texts_are_joined_and_compared() {
    check(&[
        ("s ~ ' ' ~ a", r#""Kim 7""#),
        ("s + '!'", r#""Kim!""#),
        ("'b' > 'a'", "true"),
        ("a < 'b'", "missing"),
        ("s == 'kim'", "false"),
        ("a == '7'", "false"),
        ("list + [4]", "[1,2,3,4]"),
        ("list == [1, 2, 3]", "true"),
        ("s ~ list", "missing"),
    ]);
}

#[test]
fn a_condition_over_something_missing_names_it() {
    let doc = Doc::parse(br#"{"a": 1}"#).expect("JSON");
    let decide = |text: &str| {
        let expression = compiled(text);
        let names = Env::over(Val::from(doc.root()));
        expression.decide(&names)
    };
    assert_eq!(decide("a == 1"), Decision::Yes);
    assert_eq!(decide("a == 2"), Decision::No);
    let undecided = decide("a == 1 and order.value > 5");
    assert_eq!(undecided, Decision::Undecided("order.value".to_owned()));
    assert_eq!(decide("order.returns is true"), Decision::No);
    assert_eq!(decide("order.returns is not true"), Decision::Yes);
}
