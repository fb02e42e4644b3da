//! Nodes: their places, their types when asked, and the typed reading layer.

use parcelwire_domain::Value;

use super::*;

#[test]
fn every_node_and_key_knows_the_text_it_came_from() {
    let text =
        "ä: größer # x\nb: 'it''s'\nc: [1, {d: e}]\nf:\n  - g: h\n    i: j  \nk: |\n  l\nm:\n";
    let tree = node(text);
    let source = |node: &Node| node.span.source().to_owned();
    let at = |key: &str| tree.get(key).expect(key);
    assert_eq!(tree.entry("ä").map(|(key, _)| key.span.source().to_owned()), Some("ä".into()));
    assert_eq!(source(at("ä")), "größer");
    assert_eq!(source(at("b")), "'it''s'");
    assert_eq!(source(at("c")), "[1, {d: e}]");
    let items = at("c").as_list().expect("a list");
    assert_eq!((source(&items[0]), source(&items[1])), ("1".to_owned(), "{d: e}".to_owned()));
    assert_eq!(source(at("f")), "- g: h\n    i: j");
    assert_eq!(source(at("k")), "l");
    assert_eq!(tree.entry("m").map(|(_, node)| source(node)), Some("m".into()));
    assert_eq!(at("b").span.line_column(), (2, 4));
}

#[test]
fn a_part_of_a_text_is_found_in_the_file() {
    for (text, piece, expected) in [
        ("a: =one.two ~ x", "two", "two"),
        ("a: '=one.two'", "two", "two"),
        ("a: \"=one.two\"", "two", "two"),
        ("a: |\n  =one\n  .two\n", "two", "two"),
        // Escaped or ambiguous: the whole value is shown.
        ("a: 'it''s two, two'", "two", "'it''s two, two'"),
    ] {
        let tree = node(text);
        let value = tree.get("a").expect("a");
        let at = value.as_str().and_then(|text| text.find(piece)).expect("the piece");
        assert_eq!(value.part(at, at + piece.len()).source(), expected, "{text}");
    }
}

#[test]
fn scalars_are_typed_only_when_asked() {
    let tree =
        node("a: 12\nb: '12'\nc: True\nd: yes\ne: 0815\nf: -3\ng: 1e2\nh:\ni: 9223372036854775808");
    let at = |key: &str| tree.entry(key).expect(key).1;
    assert_eq!(at("a").as_int(), Some(12));
    assert_eq!(at("a").as_str(), Some("12"));
    assert_eq!(at("b").as_int(), None);
    assert_eq!(at("c").as_bool(), Some(true));
    assert_eq!(at("d").as_bool(), None);
    assert_eq!(at("e").as_number(), None);
    assert_eq!(at("f").as_int(), Some(-3));
    assert_eq!(at("g").as_number().map(|n| n.as_f64()), Some(100.0));
    assert_eq!(at("i").as_int(), None);
    assert_eq!(at("i").as_number().expect("a number").as_str(), "9223372036854775808");
    assert!(at("h").is_null() && at("h").as_str().is_none() && tree.get("h").is_none());
    assert_eq!(at("h").as_list(), Some(&[][..]));
}

#[test]
fn literal_data_leaves_null_out_and_json_keeps_it() {
    let tree = node("a: ~\nb: [1, null, x]\nc: { d: null, e: true }\nf: \"\\u00e4\\n\"");
    assert_eq!(
        tree.to_json_text(),
        r#"{"a":null,"b":[1,null,"x"],"c":{"d":null,"e":true},"f":"ä\n"}"#
    );
    assert_eq!(
        tree.to_value().map(|value| value.to_json()),
        Some(r#"{"b":[1,"x"],"c":{"e":true},"f":"ä\n"}"#.to_owned())
    );
    assert_eq!(tree.get("b").and_then(|b| b.as_list()?[2].to_value()), Some(Value::text("x")));
}

#[test]
fn typed_values_are_read_in_a_line_and_misfits_are_told() {
    let tree = node("n: 5\nt: [a, b]\none: a\nd: 3bd\nhold: off\nbad: [x]\nflag: yes\nneg: -1");
    let mut told = Diagnostics::default();
    assert_eq!(tree.read::<u32>("n", &mut told), Some(5));
    assert_eq!(tree.read::<Vec<String>>("t", &mut told), Some(vec!["a".into(), "b".into()]));
    assert_eq!(tree.read::<Vec<String>>("one", &mut told), Some(vec!["a".into()]));
    assert_eq!(tree.read("d", &mut told), Some(Period::new(3, PeriodUnit::BusinessDays)));
    assert_eq!(tree.read_word("hold", &[("off", 0), ("default", 1)], &mut told), Some(0));
    assert_eq!(tree.read::<String>("absent", &mut told), None);
    assert!(told.is_empty());

    assert_eq!(tree.read::<String>("bad", &mut told), None);
    assert_eq!(tree.read::<bool>("flag", &mut told), None);
    assert_eq!(tree.read::<u64>("neg", &mut told), None);
    assert_eq!(tree.require::<Spanned<String>>("title", &mut told), None);
    assert_eq!(tree.read_word("hold", &[("of", 0), ("default", 1)], &mut told), None);
    assert_eq!(
        lines(told),
        [
            "1:1 `title` is missing (add `title:`)",
            "5:7 unknown hold `off` (did you mean `of`?)",
            "6:6 a text was expected here, not a list (write a text)",
            "7:7 `true` or `false` was expected here, not a text (write `true` or `false`)",
            "8:6 a whole number from 0 was expected here, not a number (write a whole number from 0)",
        ]
    );
}
