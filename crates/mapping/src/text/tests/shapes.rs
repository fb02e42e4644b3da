//! Shapes: the checks, the schema and the page that come from one table.

use serde_json::json;

use super::*;

static PURPOSES: Words = Words::These(&["transactional", "promotional"]);
static LANGUAGE: Format = Format {
    name: "a language",
    accepts: |text| text.len() == 2 && text.bytes().all(|b| b.is_ascii_lowercase()),
    pattern: Some("^[a-z]{2}$"),
    hint: "two small letters, e.g. `de`",
};
static TREE: Shape = Shape::OneOf(&[Shape::Text, Shape::List(&Shape::Ref("tree", || &TREE))]);
static TRIGGER: Shape = Shape::Map(&[
    Field::new("name", Shape::Expression, "the event's name").required(),
    Field::new("purpose", Shape::Enum(PURPOSES), "why it is sent").default("transactional"),
    Field::new("max_age", Shape::Duration, "older events are not sent"),
    Field::new("maximum_age", Shape::Duration, "older events").deprecated("write `max_age`"),
    Field::new("priority", Shape::Int { min: 0, max: 9 }, "who goes first"),
    Field::new("quiet", Shape::Bool, "remembered only"),
]);
static FILE: Shape = Shape::Map(&[
    Field::new("title", Shape::Text, "what people call it").required(),
    Field::new("language", Shape::Format(&LANGUAGE), "of the customers"),
    Field::new("secret", Shape::Secret, "signs the webhooks"),
    Field::new("topics", Shape::OneOrMany(&Shape::Text), "which topics"),
    Field::new("tree", Shape::Ref("tree", || &TREE), "nested"),
    Field::new("body", Shape::Template, "what is sent"),
    Field::new("sample", Shape::Any, "a payload"),
    Field::new(
        "triggers",
        Shape::MapOf(
            Keys::Enum(Words::From("trigger", || vec!["delivered", "delayed", "dispatched"])),
            &Shape::OneOf(&[Shape::Enum(Words::These(&["on", "off"])), TRIGGER]),
        ),
        "by name",
    ),
    Field::new(
        "settings",
        Shape::Open(&[Field::new("rate", Shape::Number { min: 0, max: 5 }, "")], &Shape::Text),
        "",
    ),
]);

const GOOD: &str = "\
title: 0815
language: de
secret: [env:A, env:B]
topics: a
tree: [a, [b, [c]]]
body: { a: =x, b: [1, { c: d }] }
sample: { a: null }
triggers:
  delivered: off
  delayed: { name: Paket, purpose: promotional, max_age: 3bd, priority: 9, quiet: true }
settings: { rate: 0.5, other: x }
";

/// Documents with one error each, that the schema must refuse too.
const BAD: &[(&str, &str)] = &[
    ("language: de", "1:1 `title` is missing in the file (add `title:` (what people call it))"),
    ("title: a\ntitel: b", "2:1 unknown key `titel` (did you mean `title`?)"),
    ("title: [a]", "1:8 `title` must be a text, not a list (a text that starts with `{` or `[`"),
    ("title:", "1:1 `title` has no value (write a text, or remove the key)"),
    (
        "title: a\nlanguage: German",
        "2:11 `language` must be a language, not `German` (two small letters",
    ),
    ("title: a\nsecret: { a: b }", "2:9 `secret` must be a secret"),
    ("title: a\ntopics: [a, [b]]", "2:13 an element of `topics` must be a text, not a list"),
    ("title: a\ntree: [a, { b: c }]", "2:11 an element of `tree` must be a tree, not a map"),
    ("title: a\nbody: { a: null }", "2:12 `a` has no value"),
    (
        "title: a\ntriggers: { delivred: off }",
        "2:13 unknown trigger `delivred` (did you mean `delivered`?)",
    ),
    (
        "title: a\ntriggers: { delivered: of }",
        "2:24 `delivered` must be `on` or `off`, not `of` (did you mean `off`?)",
    ),
    ("title: a\ntriggers: { delivered: {} }", "2:24 `name` is missing in `delivered` (add"),
    (
        "title: a\ntriggers: { delivered: { name: b, purpose: promo } }",
        "2:44 `purpose` must be `transactional` or `promotional`, not `promo` (write",
    ),
    (
        "title: a\ntriggers: { delivered: { name: b, max_age: 3 days } }",
        "2:44 `max_age` must be a duration such as `12h`, `3d` or `3bd`, not `3 days` (a duration",
    ),
    (
        "title: a\ntriggers: { delivered: { name: b, priority: 10 } }",
        "2:45 `priority` must be a whole number from 0 to 9, not `10`",
    ),
    (
        "title: a\ntriggers: { delivered: { name: b, quiet: yes } }",
        "2:42 `quiet` must be `true` or `false`, not `yes` (write `true` or `false`)",
    ),
    ("title: a\nsettings: { rate: 6 }", "2:19 `rate` must be a number from 0 to 5, not `6`"),
    ("title: a\nsettings: { other: [] }", "2:20 `other` must be a text, not a list"),
    ("- a", "1:1 the file must be a map, not a list"),
];

fn told(text: &str) -> Vec<String> {
    let mut diagnostics = Diagnostics::default();
    if let Some(node) = read(SourceFile::new("a.yaml", text), &mut diagnostics) {
        let readable = !diagnostics.has_errors();
        let fine = check(&FILE, &node, &mut diagnostics);
        assert_eq!(readable && fine, !diagnostics.has_errors());
    }
    lines(diagnostics)
}

#[test]
fn a_good_file_passes_and_each_error_is_told_with_its_place() {
    assert_eq!(told(GOOD), Vec::<String>::new());
    let mut wrong = Vec::new();
    for (text, expected) in BAD {
        let told = told(text);
        if told.len() != 1 || !told[0].starts_with(expected) {
            wrong.push((text, told));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn all_errors_of_a_file_are_told_at_once() {
    let text = "\
titel: a
language: German
topics: {}
body: [{ a: }]
triggers:
  delivred: off
  delayed: { purpose: promo, max_age: soon, a:1, name: Hallo, Welt }
settings: { rate: fast }
";
    let places: Vec<String> =
        told(text).iter().map(|told| told.split(" (").next().unwrap().to_owned()).collect();
    insta::assert_snapshot!(places.join("\n"), @r"
    1:1 unknown key `titel`
    1:1 `title` is missing in the file
    2:11 `language` must be a language, not `German`
    3:9 `topics` must be a text, or a list, not a map
    4:10 `a` has no value
    6:3 unknown trigger `delivred`
    7:23 `purpose` must be `transactional` or `promotional`, not `promo`
    7:39 `max_age` must be a duration such as `12h`, `3d` or `3bd`, not `soon`
    7:45 unknown key `a:1`
    7:63 unknown key `Welt`
    8:19 `rate` must be a number from 0 to 5, not `fast`
    ");
}

#[test]
fn an_outdated_key_is_a_warning_that_names_the_new_one() {
    let text = "title: a\ntriggers: { delayed: { name: b, maximum_age: 3d } }";
    assert_eq!(told(text), ["2:33 `maximum_age` is no longer in use (write `max_age`)"]);
}

#[test]
fn values_in_error_already_told_are_not_told_again() {
    assert_eq!(told("title: @x\nlanguage: {{ x }}").len(), 2);
}

#[test]
fn keys_that_only_their_reader_knows_get_the_same_hints() {
    let tree = node("api_kye: x");
    let (key, _) = tree.entries().next().expect("an entry");
    assert_eq!(
        line(&unknown_key(key, ["api_key", "url"])),
        "1:1 unknown key `api_kye` (did you mean `api_key`?)"
    );
    assert_eq!(
        line(&unknown_key(key, ["url", "limit"])),
        "1:1 unknown key `api_kye` (allowed here: `url`, `limit`)"
    );
    assert_eq!(line(&unknown_key(key, [])), "1:1 unknown key `api_kye` (remove it)");
}

#[test]
fn the_schema_accepts_and_refuses_what_the_check_does() {
    let schema = json_schema(&FILE, "a test file");
    let validator = jsonschema::draft202012::new(&schema).expect("a valid schema");
    let as_json = |text: &str| -> serde_json::Value {
        let (tree, _) = read_all(text);
        serde_json::from_str(&tree.expect("a tree").to_json_text()).expect("JSON")
    };
    let errors: Vec<String> =
        validator.iter_errors(&as_json(GOOD)).map(|error| error.to_string()).collect();
    assert_eq!(errors, Vec::<String>::new());
    for (text, _) in BAD {
        assert!(!validator.is_valid(&as_json(text)), "{text}");
    }
    assert_eq!(schema["title"], json!("a test file"));
    assert_eq!(schema["properties"]["title"]["description"], json!("what people call it"));
    assert!(jsonschema::meta::is_valid(&schema));
}

#[test]
fn the_page_has_a_table_for_every_map() {
    insta::assert_snapshot!(reference_markdown(&FILE, "A test file"), @r"
    # A test file

    | key | value | meaning |
    |---|---|---|
    | `title` | a text | what people call it (required) |
    | `language` | a language | of the customers |
    | `secret` | a secret (`env:NAME`, `file:NAME`) | signs the webhooks |
    | `topics` | a text, or a list | which topics |
    | `tree` | a tree | nested |
    | `body` | a value, a map or a list | what is sent |
    | `sample` | anything | a payload |
    | `triggers` | a map | by name |
    | `settings` | a map |  |

    ## `triggers.*`

    | key | value | meaning |
    |---|---|---|
    | `name` | a text or an expression | the event's name (required) |
    | `purpose` | `transactional` or `promotional` | why it is sent; default: `transactional` |
    | `max_age` | a duration such as `12h`, `3d` or `3bd` | older events are not sent |
    | `maximum_age` | a duration such as `12h`, `3d` or `3bd` | older events; no longer in use: write `max_age` |
    | `priority` | a whole number from 0 to 9 | who goes first |
    | `quiet` | `true` or `false` | remembered only |

    ## `settings`

    | key | value | meaning |
    |---|---|---|
    | `rate` | a number from 0 to 5 |  |

    Other keys may stand here too.
    ");
}

#[test]
fn of_several_maps_the_one_whose_keys_fit_is_meant() {
    static EITHER: Shape = Shape::OneOf(&[
        Shape::Map(&[
            Field::new("header", Shape::Text, "").required(),
            Field::new("prefix", Shape::Text, ""),
        ]),
        Shape::Map(&[Field::new("body", Shape::Text, "").required()]),
        Shape::Enum(Words::These(&["none"])),
    ]);
    for (text, expected) in [
        ("header: a", vec![]),
        ("body: a", vec![]),
        ("none", vec![]),
        ("header: a\nprefx: b", vec!["2:1 unknown key `prefx` (did you mean `prefix`?)"]),
        ("prefix: b", vec!["1:1 `header` is missing in the file (add `header:` ())"]),
        (
            "body: [a]",
            vec![
                "1:7 `body` must be a text, not a list (a text that starts with `{` or `[` needs quotes)",
            ],
        ),
        ("non", vec!["1:1 the file must be `none`, not `non` (did you mean `none`?)"]),
    ] {
        let mut told = Diagnostics::default();
        check(&EITHER, &node(text), &mut told);
        assert_eq!(lines(told), expected, "{text}");
    }
}

#[test]
fn shapes_that_contain_themselves_cost_no_more_than_the_file_is_long() {
    static DEEP: Shape = Shape::OneOf(&[
        Shape::Map(&[Field::new("a", Shape::Ref("deep", || &DEEP), "")]),
        Shape::Map(&[
            Field::new("a", Shape::Ref("deep", || &DEEP), ""),
            Field::new("b", Shape::Bool, ""),
        ]),
    ]);
    // Equal keys all the way down, and an error at the bottom: the worst case, kept small.
    let text = format!("{}x{}", "{ a: ".repeat(10), " }".repeat(10));
    let mut told = Diagnostics::default();
    assert!(!check(&DEEP, &node(&text), &mut told));
    assert_eq!(lines(told).len(), 1);
}

#[test]
fn only_so_many_messages_are_told_of_one_file() {
    let text = |keys: usize| {
        let keys: Vec<String> = (0..keys).map(|n| format!("key{n}: a\n")).collect();
        format!("title: a\n{}", keys.concat())
    };
    assert_eq!(told(&text(diagnostic::MAX_TOLD)).len(), diagnostic::MAX_TOLD);
    let told = told(&text(diagnostic::MAX_TOLD + 5));
    assert_eq!(told.len(), diagnostic::MAX_TOLD + 1);
    assert!(told.iter().any(|told| told.contains("there are 5 more messages")), "{told:?}");
}
