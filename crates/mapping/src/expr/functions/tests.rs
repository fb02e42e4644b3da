//! Every function does what its row says.

use std::collections::BTreeSet;

use super::{all, find, other_name};
use crate::{
    expr::{Env, Expr, Scope},
    text::{Diagnostics, SourceFile},
};

pub(super) fn value(text: &str) -> String {
    let mut told = Diagnostics::default();
    let span = SourceFile::new("a.yaml", text).start().part(0, text.len());
    let compiled = Expr::compile(text, &span, &Scope::open(), &mut told);
    let compiled = compiled.unwrap_or_else(|| panic!("`{text}` does not load: {told:?}"));
    let env = Env::new();
    compiled.eval(&env).into_value().map_or("missing".to_owned(), |value| value.to_json())
}

#[test]
fn every_example_gives_its_value() {
    for function in all() {
        let (expression, expected) = function.example;
        let tight = |text: &str| match serde_json::from_str::<serde_json::Value>(text) {
            Ok(value) => value.to_string(),
            Err(_) => text.to_owned(),
        };
        assert_eq!(tight(&value(expression)), tight(expected), "{expression}");
    }
}

#[test]
fn names_are_given_once_and_hints_lead_to_functions() {
    let names: BTreeSet<&str> = all().map(|function| function.name).collect();
    assert_eq!(names.len(), all().count());
    for name in ["length", "downcase", "tojson", "strftime", "concat", "phone"] {
        let ours = other_name(name).expect("it has another name here");
        assert!(find(ours).is_some(), "{name} leads to {ours}");
        assert!(find(name).is_none(), "{name} exists");
    }
}

#[test]
fn every_function_answers_whatever_it_is_given() {
    for function in all() {
        for input in ["'x'", "''", "5", "-0.5", "true", "[1, 'a']", "nobody", "[]", "'ä😀'"] {
            let args: Vec<&str> =
                function.args.iter().filter(|arg| arg.required).map(|_| "nobody").collect();
            let args =
                if args.is_empty() { String::new() } else { format!("({})", args.join(", ")) };
            let text = format!("({input}) | {}{args}", function.name);
            let mut told = Diagnostics::default();
            let span = SourceFile::new("a.yaml", text.as_str()).start().part(0, text.len());
            if let Some(compiled) = Expr::compile(&text, &span, &Scope::open(), &mut told) {
                drop(compiled.eval(&Env::new()).into_value());
            }
        }
    }
}
