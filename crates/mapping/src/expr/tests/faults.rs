//! What does not load, and what is said about it.

use crate::{
    expr::{Expr, Kind, MAX_EXPRESSION_BYTES, MAX_HEIGHT, Scope},
    text::{Diagnostics, SourceFile},
};

fn faults(text: &str, scope: &Scope) -> Vec<String> {
    let mut told = Diagnostics::default();
    let span = SourceFile::new("a.yaml", text).start().part(0, text.len());
    let compiled = Expr::compile(text, &span, scope, &mut told);
    assert_eq!(compiled.is_some(), !told.has_errors(), "`{text}`: {told:?}");
    told.iter().map(|one| format!("{} {:?}", one.message, one.hint)).collect()
}

#[test]
fn each_mistake_says_what_to_write() {
    let scope = Scope::closed().with("delivered_to", Kind::Text).with("amount", Kind::Number);
    for (expression, part) in [
        ("", "an expression is expected"),
        ("amount +", "expected"),
        ("(amount", ")"),
        ("delivered_too", "delivered_to"),
        ("delivered_to | uper", "upper"),
        ("delivered_to | upcase", "upper"),
        ("amount is defined", "present"),
        ("1 < amount < 5", "do not chain"),
        ("amount = 5", "`==` compares"),
        ("upper(delivered_to)", "|"),
        ("'open", "'"),
        ("delivered_to | truncate", "length"),
        ("delivered_to | truncate('x')", "number"),
        ("amount @ 5", "@"),
    ] {
        let told = faults(expression, &scope).join("\n");
        assert!(told.contains(part), "`{expression}`: {told:?} does not say {part:?}");
    }
}

#[test]
fn all_mistakes_of_an_expression_are_told_at_once() {
    let scope = Scope::closed().with("a", Kind::Number);
    let told = faults("b + c | uper", &scope);
    assert_eq!(told.len(), 3, "{told:?}");
}

#[test]
fn expressions_have_a_longest_and_a_highest() {
    let scope = Scope::open();
    let long = |bytes: usize| format!("'{}'", "x".repeat(bytes - 2));
    assert!(faults(&long(MAX_EXPRESSION_BYTES), &scope).is_empty());
    assert!(!faults(&long(MAX_EXPRESSION_BYTES + 1), &scope).is_empty());
    let high = |height: usize| format!("{}1{}", "(".repeat(height), ")".repeat(height));
    assert!(faults(&high(MAX_HEIGHT - 1), &scope).is_empty());
    assert!(!faults(&high(MAX_HEIGHT + 1), &scope).is_empty());
    assert!(!faults(&high(2000), &scope).is_empty(), "and no stack is used up");
}
