//! The page of all functions and tests, made from their rows.

use std::fmt::Write as _;

use super::{FAMILIES, Function};

/// A test's name, what it says, and an example with its value.
type TestRow = (&'static str, &'static str, (&'static str, &'static str));

/// What stands behind `is`.
const TESTS: [TestRow; 10] = [
    ("present", "It is there.", ("'a' is present", "true")),
    ("missing", "It is not there, or null.", ("('a' if false) is missing", "true")),
    (
        "blank",
        "It is missing, an empty text or blanks, or an empty list or map.",
        ("' ' is blank", "true"),
    ),
    ("true", "It is there and true. No when it is missing.", ("('a' if false) is true", "false")),
    (
        "false",
        "It is there and false. No when it is missing.",
        ("('a' if false) is false", "false"),
    ),
    (
        "number",
        "It is a number. Unknown when it is missing, as with all below.",
        ("7 is number", "true"),
    ),
    ("text", "It is a text.", ("'7' is text", "true")),
    ("boolean", "It is true or false.", ("true is boolean", "true")),
    ("list", "It is a list.", ("[7] is list", "true")),
    ("map", "It is a map.", ("'{\"a\": 1}' | read_json is map", "true")),
];

const START: &str = "\
# Functions and tests

All that expressions can do beside arithmetic (`+ - * / // %`), comparison, `and or not in`, `~` for joining texts and
`x if condition else y`. A function stands behind a value, `value | name(arguments)`; arguments may be given by name. What
is missing stays missing: unless its line says otherwise, a function of nothing is nothing, and so is one that cannot do
its work (a text that is no date, for one).

This page is made from the code; a test keeps the two in step.
";

/// The whole page, as Markdown.
pub fn page() -> String {
    let mut page = START.to_owned();
    for (title, rows) in &FAMILIES {
        heading(&mut page, title, "function");
        for row in *rows {
            line(&mut page, &signature(row), row.doc, row.example);
        }
    }
    heading(&mut page, "Tests: `value is name`, `value is not name`", "test");
    for (name, doc, example) in TESTS {
        line(&mut page, &format!("is {name}"), doc, example);
    }
    page
}

fn heading(page: &mut String, title: &str, noun: &str) {
    write!(
        page,
        "\n## {title}\n\n| {noun} | what it says | example | gives |\n|---|---|---|---|\n"
    )
    .expect("a String takes every text");
}

fn line(page: &mut String, name: &str, doc: &str, (expression, value): (&str, &str)) {
    let cell = |text: &str| text.replace('|', "\\|");
    let code = |text: &str| format!("`{}`", cell(text));
    let (name, expression, value) = (code(name), code(expression), code(value));
    writeln!(page, "| {name} | {} | {expression} | {value} |", cell(doc))
        .expect("a String takes every text");
}

/// `truncate(length, end?)`
fn signature(function: &Function) -> String {
    let args: Vec<String> = function
        .args
        .iter()
        .map(|arg| format!("{}{}", arg.name, if arg.required { "" } else { "?" }))
        .collect();
    if args.is_empty() {
        return function.name.to_owned();
    }
    format!("{}({})", function.name, args.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::{ast::Test, functions::tests::value};

    #[test]
    fn the_page_in_the_docs_is_the_page_of_the_code() {
        let docs = include_str!("../../../../../docs/connectors/functions.md");
        assert!(
            docs == page(),
            "the page is behind; cargo run -q -p parcelwire-mapping --example functions > docs/connectors/functions.md"
        );
    }

    #[test]
    fn every_test_has_its_line_and_its_example_holds() {
        let names = TESTS.map(|(name, ..)| name);
        assert_eq!(names, Test::ALL.map(|(name, _)| name));
        for (_, _, (expression, expected)) in TESTS {
            assert_eq!(value(expression), expected, "{expression}");
        }
    }
}
