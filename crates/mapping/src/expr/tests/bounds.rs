//! Nothing runs away: whatever a file makes of whatever payload, work and output end at a limit.

use parcelwire_domain::Value;

use crate::{
    draft,
    expr::{Env, Expr, MAX_GIVEN_BYTES, MAX_MADE_BYTES, Scope, Val},
    json::Doc,
    text::{Diagnostics, SourceFile, read},
};

/// What the structure comes to over the payload, and whether a limit was reached.
fn built(yaml: &str, payload: &str) -> (Option<Value>, bool) {
    let mut told = Diagnostics::default();
    let node = read(SourceFile::new("a.yaml", yaml), &mut told).expect("it is YAML");
    let built = draft::built(&node, &Scope::open(), &mut told);
    let built = built.unwrap_or_else(|| panic!("{yaml}: {told:?}"));
    let doc = Doc::parse(payload.as_bytes()).expect("it is JSON");
    let mut env = Env::over(Val::from(doc.root()));
    let value = built.eval(&mut env);
    (value, env.over_limit())
}

fn ones(count: usize) -> String {
    format!("[{}]", vec!["1"; count].join(","))
}

#[test]
fn lists_in_lists_in_lists_end() {
    let payload = format!(r#"{{"l": {}}}"#, ones(10_000));
    let nested = |inner: &str| format!("a: {{ each: =l, give: {inner} }}");
    let two = "{ each: =l, give: 1 }".to_owned();
    let four = "{ each: =l, give: { each: =l, give: { each: =l, give: x } } }".to_owned();
    for inner in [two, four] {
        let (_, over) = built(&nested(&inner), &payload);
        assert!(over, "{inner}");
    }
    // One that stays below is whole.
    let (value, over) = built("a: { each: =l, give: 1 }", &payload);
    let length = value.and_then(|value| {
        value.as_map()?.get("a").map(|list| match list {
            Value::List(items) => items.len(),
            _ => 0,
        })
    });
    assert_eq!((length, over), (Some(10_000), false));
}

#[test]
fn a_long_text_is_not_copied_without_end() {
    let copies = |count: usize| {
        let note = "x".repeat(1 << 20);
        let payload = format!(r#"{{"note": "{note}", "l": {}}}"#, ones(count));
        let (value, over) = built("a: { each: =l, give: { note: =note } }", &payload);
        let json = value.map(|value| value.to_json().len()).unwrap_or_default();
        assert!(json <= MAX_GIVEN_BYTES + (1 << 20), "{json}");
        over
    };
    assert!(!copies(MAX_GIVEN_BYTES / (1 << 20) - 1));
    assert!(copies(MAX_GIVEN_BYTES / (1 << 20) + 1));
    assert!(copies(10_000));
}

#[test]
fn texts_that_grow_with_every_step_end() {
    let payload = format!(r#"{{"t": "{}"}}"#, "\\\"".repeat(100_000));
    for expression in [
        format!("=t{}", " ~ t".repeat(60)),
        format!("=t{}", " | json | replace('\\\\', 'xxxxxxxxxxxxxxxx')".repeat(10)),
        format!("=t | split('x') | join('{}')", "y".repeat(1_000)),
        format!("=[t{}] | join", ", t".repeat(60)),
    ] {
        let (value, over) = built(&format!("a: {expression:?}"), &payload);
        let length = value.map(|value| value.to_json().len()).unwrap_or_default();
        assert!(length <= 3 * MAX_MADE_BYTES, "{expression}: {length}");
        assert!(over || length < MAX_MADE_BYTES, "{expression}: {length}");
    }
}

#[test]
fn long_texts_are_compared_and_searched_within_the_steps() {
    let big = "x".repeat(1 << 20);
    let payload = format!(r#"{{"a": "{big}y", "b": "{big}z", "l": {}}}"#, ones(10_000));
    for when in ["=a == b", "=a < b", "='q' in a", "=a | matches('x{30}y$')"] {
        let (_, over) = built(&format!("r: {{ each: =l, when: {when:?}, give: 1 }}"), &payload);
        assert!(over, "{when}");
    }
}

#[test]
fn a_pattern_has_a_largest_size_and_a_long_text_ends_the_search() {
    let compiles = |text: &str| {
        let mut told = Diagnostics::default();
        let span = SourceFile::new("a.yaml", text).start();
        Expr::compile(text, &span, &Scope::open(), &mut told).is_some()
    };
    assert!(compiles("t | matches('^(JJD|00)[0-9A-Z]{8,40}$')"));
    assert!(!compiles("t | matches('(x{0,100}){0,100}')"));
    assert!(!compiles(&format!("t | matches('{}')", "x".repeat(201))));
    let payload = format!(r#"{{"t": "{}"}}"#, "aA".repeat(30_000));
    for expression in [
        "=t | matches('(a|A){1,90}[0-9]{1,90}$')",
        "=t | matches('((a|A){0,9}){0,9}[0-9]$')",
        "=t | replace_pattern('.*[0-9]|a', 'b')",
        "=t | replace_pattern('a', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb')",
    ] {
        let (value, over) = built(&format!("a: {expression:?}"), &payload);
        assert!(over && value.is_none(), "{expression}");
    }
}

#[test]
fn a_pattern_replaces_as_it_did_before_it_was_measured() {
    let value = |text: &str| super::value(text, r#"{"t": "a1bb22c"}"#);
    assert_eq!(value("t | replace_pattern('[0-9]+', '-')"), r#""a-bb-c""#);
    assert_eq!(value("t | replace_pattern('x*', '.')"), r#"".a.1.b.b.2.2.c.""#);
    assert_eq!(value("t | replace_pattern('z', '.')"), r#""a1bb22c""#);
    assert_eq!(value("t | replace_pattern('^a', '$1')"), r#""$11bb22c""#);
}
