//! What is read, exactly; what is refused, and why.

use proptest::prelude::*;

use super::{Doc, MAX_DEPTH, Unreadable, form};

fn read(text: &str) -> String {
    let doc = Doc::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    doc.root().to_value().map_or("null".to_owned(), |value| value.to_json())
}

fn refused(bytes: &[u8]) -> Unreadable {
    Doc::parse(bytes).expect_err("it is refused")
}

#[test]
fn values_come_through_as_they_were_stated() {
    for (text, expected) in [
        ("{}", "{}"),
        ("[]", "[]"),
        ("\u{feff}{\"a\":1}", r#"{"a":1}"#),
        (" { \"a\" : [ 1 , -0.50 , 1e3 ] } ", r#"{"a":[1,-0.50,1e3]}"#),
        (
            r#"{"n":1234567890123456789012345678901234567890}"#,
            r#"{"n":1234567890123456789012345678901234567890}"#,
        ),
        (r#"{"t":"\u00e4\n\ud83d\ude00\/"}"#, "{\"t\":\"ä\\n😀/\"}"),
        (r#"{"a":1,"a":2}"#, r#"{"a":2}"#),
        (r#"{"a":true,"b":false}"#, r#"{"a":true,"b":false}"#),
    ] {
        assert_eq!(read(text), expected, "{text}");
    }
}

#[test]
fn each_way_of_being_unreadable_has_its_name() {
    assert_eq!(refused(b""), Unreadable::Empty);
    assert_eq!(refused(b" \n"), Unreadable::Empty);
    assert_eq!(refused(b"{\"a\":\"\xff\"}"), Unreadable::NotUtf8 { at: 6 });
    for root in ["1", "\"a\"", "true", "null"] {
        assert_eq!(refused(root.as_bytes()), Unreadable::NeitherObjectNorList, "{root}");
    }
    let Unreadable::NumberOutOfRange { line, column } = refused(b"{\n \"a\": 1e999999}") else {
        panic!("1e999999 is out of range")
    };
    assert_eq!((line, column), (2, 7));
    for text in [
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{'a':1}",
        "[01]",
        "[1.]",
        "[.5]",
        "[+1]",
        "[\"\t\"]",
        "[nul]",
        "{} {}",
        "[\"\\x\"]",
        "[1 2]",
        "{\"a\" 1}",
        "[NaN]",
        "// a\n[]",
    ] {
        let error = refused(text.as_bytes());
        assert!(matches!(error, Unreadable::NotJson { .. }), "{text}: {error}");
    }
}

#[test]
fn nesting_ends_at_its_limit_and_uses_no_stack() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(Doc::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(refused(nested(MAX_DEPTH + 1).as_bytes()), Unreadable::TooDeep);
    assert_eq!(refused(nested(20_000).as_bytes()), Unreadable::TooDeep);
    assert_eq!(refused("{\"a\":".repeat(20_000).as_bytes()), Unreadable::TooDeep);
}

#[test]
fn paths_find_what_is_there() {
    let doc = Doc::parse(br#"{"a":{"b":[{"c":5}]},"z":null}"#).expect("JSON");
    let found = doc.root().find(["a", "b"]).and_then(|list| list.at(0)?.get("c")?.number());
    assert_eq!(found, Some("5"));
    assert!(doc.root().find(["a", "x"]).is_none());
}

#[test]
fn forms_are_maps_of_texts() {
    let map = form::parse("a=1&b=x+y%20%C3%A4&c=");
    let text = |name: &str| map.get(name).and_then(|value| value.as_text().map(str::to_owned));
    assert_eq!(text("a").as_deref(), Some("1"));
    assert_eq!(text("b").as_deref(), Some("x y ä"));
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("\\PC{0,6}", inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_another_writer_wrote_is_read_the_same(value in any_json()) {
        let text = serde_json::json!({ "v": value }).to_string();
        let ours: serde_json::Value = serde_json::from_str(&read(&text)).expect("JSON again");
        prop_assert_eq!(ours, serde_json::json!({ "v": value }));
    }

    #[test]
    fn any_bytes_are_read_or_refused_as_another_reader_does(
        text in "[\\[\\]{}:,\"\\\\ntrufals0-9eE.+ -]{0,24}"
    ) {
        let ours = Doc::parse(text.as_bytes());
        let theirs = serde_json::from_str::<serde_json::Value>(&text);
        match ours {
            Ok(_) => prop_assert!(theirs.is_ok() || theirs.is_err_and(|e| e.to_string().contains("out of range")), "{}", text),
            Err(Unreadable::NotJson { .. }) => prop_assert!(theirs.is_err(), "{}", text),
            Err(_) => {}
        }
    }
}
