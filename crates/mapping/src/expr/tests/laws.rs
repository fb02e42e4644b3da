//! Any expression: the same as minijinja on the shared subset, printed and read again the same, and
//! never a panic.

use minijinja::Environment;
use proptest::prelude::*;
use serde::Deserialize as _;

use super::{compiled, value};
use crate::{
    expr::{Env, Expr, Scope, Val},
    json::Doc,
    text::{Diagnostics, SourceFile},
};

const NAMES: &str = r#"{"a": 7, "b": 2, "c": 40, "s": "Kim", "t": "x y", "p": true, "q": false,
    "xs": [2, 7, 9], "m": {"n": 3, "t": "Größe", "deep": {"x-y": [4]}},
    "rows": [{"n": "A", "q": 5}, {"n": "b"}]}"#;

const PATHS: &[&str] =
    &["a", "b", "c", "xs[1]", "xs[-1]", "m.n", "m['n']", "rows[0].q", "m.deep['x-y'][0]"];

const COUNTED: &[&str] =
    &["xs | count", "s | count", "xs | first", "xs | last", "xs | sum", "[b, a] | sort | first"];

const TEXTS: &[&str] = &[
    "s",
    "t",
    "'zz'",
    r"'it\'s'",
    r#""a\\b""#,
    "'ä😀'",
    "rows[1].n",
    "m.t",
    "xs | join('-')",
    "t | split(' ') | last",
    "u | default('none')",
    "['b', 's', 'b'] | unique | join",
];

/// Numbers: whole and never negative where the two differ (`//` and `%`).
fn number() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        proptest::sample::select(PATHS).prop_map(str::to_owned),
        (0_u32..50).prop_map(|n| n.to_string()),
        proptest::sample::select(COUNTED).prop_map(|text| format!("({text})")),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), prop_oneof![Just("+"), Just("*"), Just("-")], inner.clone())
                .prop_map(|(left, op, right)| format!("{left} {op} {right}")),
            (inner.clone(), prop_oneof![Just("//"), Just("%")], 1_u32..9)
                .prop_map(|(left, op, right)| format!("({left}) * ({left}) {op} {right}")),
            inner.clone().prop_map(|of| format!("-({of})")),
            inner.prop_map(|of| format!("({of})")),
        ]
    })
}

fn text() -> impl Strategy<Value = String> {
    let leaf = proptest::sample::select(TEXTS)
        .prop_map(|text| if text.contains('|') { format!("({text})") } else { text.to_owned() });
    leaf.prop_recursive(2, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|of| format!("{of} | replace('z', 'y')")),
            inner.clone().prop_map(|of| format!("{of} | trim | capitalize")),
            inner.clone().prop_map(|of| format!("[{of}, 'q'] | join('/')")),
            (inner.clone(), number())
                .prop_map(|(left, right)| format!("{left} ~ ({right}) ~ {left}")),
            (inner.clone(), inner.clone()).prop_map(|(left, right)| format!("{left} ~ {right}")),
            (inner.clone(), number()).prop_map(|(left, right)| format!("{left} ~ ({right})")),
            inner.clone().prop_map(|of| format!("({of}) | upper")),
            inner.prop_map(|of| format!("({of}) | lower")),
        ]
    })
}

fn condition() -> impl Strategy<Value = String> {
    let comparison =
        prop_oneof![Just("=="), Just("!="), Just("<"), Just(">="), Just("<="), Just(">")];
    let leaf = prop_oneof![
        Just("p".to_owned()),
        Just("q".to_owned()),
        (number(), comparison, number())
            .prop_map(|(left, op, right)| format!("{left} {op} {right}")),
        (text(), text()).prop_map(|(left, right)| format!("({left}) == ({right})")),
        number().prop_map(|n| format!("{n} in xs")),
        number().prop_map(|n| format!("{n} not in [1, a, b]")),
        (text(), text()).prop_map(|(left, right)| format!("({left}) in ({right})")),
        (text(), text()).prop_map(|(left, right)| format!("({left}) <= ({right})")),
        text().prop_map(|key| format!("({key}) not in m")),
        text().prop_map(|of| format!("({of}) is present")),
        Just("u is present".to_owned()),
        Just("u is not present".to_owned()),
        number().prop_map(|of| format!("({of}) is number and ({of}) is not text")),
        Just("p is true and q is not true".to_owned()),
        Just("u is false or q is false".to_owned()),
        text().prop_map(|of| format!("({of}) is true")),
        number().prop_map(|of| format!("({of}) is not false")),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("{l} and {r}")),
            (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("{l} or {r}")),
            inner.clone().prop_map(|of| format!("not ({of})")),
            inner.clone().prop_map(|of| format!("not {of}")),
            inner.clone().prop_map(|of| format!("({of}) is true")),
            inner.prop_map(|of| format!("({of})")),
        ]
    })
}

fn any() -> impl Strategy<Value = String> {
    let choice =
        |then: String, when: String, other: String| format!("{then} if {when} else {other}");
    prop_oneof![
        number(),
        text(),
        condition(),
        (number(), condition(), number()).prop_map(move |(a, b, c)| choice(a, b, c)),
        (text(), condition(), text()).prop_map(move |(a, b, c)| choice(a, b, c)),
    ]
}

/// What minijinja makes of it; nothing where its numbers run over. What it calls by another name
/// is given ours.
fn of_minijinja(expression: &str) -> Option<String> {
    let mut environment = Environment::new();
    environment.add_filter("count", |value: minijinja::Value| value.len());
    environment.add_test("present", |value: minijinja::Value| !value.is_undefined());
    environment.add_test("text", |value: minijinja::Value| value.as_str().is_some());
    let names: serde_json::Value = serde_json::from_str(NAMES).expect("it is JSON");
    let compiled = environment.compile_expression(expression).expect("it is in both languages");
    let value = compiled.eval(minijinja::value::Serde(names)).ok()?;
    let value = serde_json::Value::deserialize(value).expect("it is JSON");
    Some(value.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn the_shared_subset_means_the_same_as_in_minijinja(expression in any()) {
        let ours = value(&expression, NAMES);
        // Beyond 64 bits minijinja turns to floats, and we do not.
        let digits = ours.trim_start_matches('-').len();
        if !ours.starts_with('"') && digits > 15 {
            return Ok(());
        }
        let theirs = of_minijinja(&expression);
        prop_assert_eq!(Some(ours), theirs, "{}", expression);
    }

    #[test]
    fn an_expression_printed_and_read_again_is_the_same(expression in any()) {
        let once = compiled(&expression);
        let again = compiled(&once.to_string());
        prop_assert_eq!(once.to_string(), again.to_string());
        prop_assert_eq!(value(&expression, NAMES), value(&once.to_string(), NAMES));
    }

    #[test]
    fn any_text_loads_or_is_refused_and_never_panics(
        text in "[a-z0-9 '\"().,|+*/%~<>=!\\[\\]{}_-]{0,60}|\\PC{0,40}"
    ) {
        let mut told = Diagnostics::default();
        let span = SourceFile::new("a.yaml", text.as_str()).start().part(0, text.len());
        let compiled = Expr::compile(&text, &span, &Scope::open(), &mut told);
        prop_assert_eq!(compiled.is_none(), told.has_errors());
        if let Some(compiled) = compiled {
            let doc = Doc::parse(NAMES.as_bytes()).expect("JSON");
            let env = Env::over(Val::from(doc.root()));
            drop(compiled.eval(&env).into_value());
        }
    }
}
