//! Destinations in merchants' files: settings that are lists or maps, and ids for triggers.

use super::*;
use crate::text::Severity;

const TAUBE: &str = "title: Taube\nfacts: invented\n\
    settings:\n  key: { secret: true }\n  fields: { kind: map, pattern: '^[0-9]+$' }\n\
    \x20 rows: { kind: list, required: false }\n\
    base_url: https://taube.example\nrepeated_id: ignored\n\
    ids: { required: true, doc: the number of a letter, where: { en: Loft } }\n\
    send: { request: 'POST /{{ trigger_id }}', json: '=properties | rename(settings.fields)' }\ntests: {}\n";

/// What is told of a merchant with this destination, with its place and what is concealed.
fn told(destination: &str) -> (Book, Vec<String>, String) {
    let merchant = format!("sources: {{}}\ndestinations:\n  taube:\n{destination}");
    let files = with(&[
        (FileKind::DestinationConnector, "taube", TAUBE),
        (FileKind::Merchant, "hey", &merchant),
    ]);
    let around = Surroundings::default();
    let (book, diagnostics) = Book::compile(&files, &Set, &around, None);
    let lines = diagnostics.iter().map(|told| {
        let (line, column) = told.span.as_ref().expect("a place").line_column();
        let mark = if told.severity == Severity::Error { "" } else { "warning: " };
        let hint = told.hint.as_deref().unwrap_or_default();
        format!("{line}:{column} {mark}{} ({hint})", told.message)
    });
    let lines = lines.collect();
    let format = RenderFormat::Text { colour: false };
    let shown = render(diagnostics.iter(), format, diagnostics.secrets());
    (book, lines, shown)
}

#[test]
fn maps_and_lists_are_taken_as_they_are_written() {
    let (book, lines, _) = told(
        "    key: env:KEY\n    fields: { tracking_url: 6, order_number: \"07\" }\n    rows: [a, b]\n    only: [delivered]\n    ids: { delivered: 4711 }\n",
    );
    assert_eq!(lines, [""; 0]);
    let merchant = book.merchant("hey").expect("it is in order");
    let (_, destination) = merchant.destinations.first_key_value().expect("it has one");
    let shown = parcelwire_domain::Value::Map(destination.settings.clone()).to_json();
    assert_eq!(shown, r#"{"fields":{"tracking_url":"6","order_number":"07"},"rows":["a","b"]}"#);
}

#[test]
fn what_is_wrong_in_a_map_is_told_where_it_stands_and_not_shown() {
    let (book, lines, shown) = told(
        "    key: env:KEY\n    fields:\n      a: kim@example.test\n      b: env:KEY\n      c: [6]\n      d: 7\n    rows: anna@example.test\n    only: [delivered]\n    ids: { delivered: 4711 }\n",
    );
    assert!(book.merchant("hey").is_none());
    assert_eq!(
        lines,
        [
            "6:10 `fields`: `a` should match `^[0-9]+$` (write one value)",
            "7:10 `fields`: `b` names a secret, and `fields` holds none (give it to a setting that is one)",
            "8:10 `fields`: `c` must be a text (write one value)",
            "10:11 `rows` must be a list, not a text (write one, as in [a, b])",
        ]
    );
    assert!(!shown.contains("kim@") && !shown.contains("anna@"), "{shown}");
}

#[test]
fn a_setting_that_is_no_map_takes_none() {
    let (_, lines, _) = told(
        "    key: { a: b }\n    fields: 6\n    only: [delivered]\n    ids: { delivered: 1 }\n",
    );
    assert_eq!(
        lines,
        [
            "4:10 `key` must be a text, not a map (write one value)",
            "5:13 `fields` must be a map, not a number (write one, as in { a: b })",
        ]
    );
}

#[test]
fn triggers_that_are_told_and_have_no_id_are_warned_of_beforehand() {
    let settings = "    key: env:KEY\n    fields: {}\n";
    let (book, lines, _) = told(&format!(
        "{settings}    only: [delivered, lost, dispatched]\n    ids: {{ dispatched: 1 }}\n"
    ));
    assert!(book.merchant("hey").is_some());
    // What is off is not told, with or without an id.
    let wanted = "7:10 warning: `ids:` gives none for delivered: they cannot be sent (it is the number of a letter, from Loft; or name the others in `only:`)";
    assert_eq!(lines, [wanted]);
    // Without `only:` all that are on are meant.
    let (_, lines, _) = told(settings);
    assert!(lines[0].contains("delivered") && lines[0].contains("dispatched"), "{lines:?}");
    let all =
        told(&format!("{settings}    only: [delivered]\n    ids: {{ delivered: 1, lost: 2 }}\n"));
    assert_eq!(all.1, [""; 0]);
}

#[test]
fn ids_that_a_connector_does_not_take_are_warned_of() {
    let merchant =
        "sources: {}\ndestinations:\n  klaviyo: { api_key: env:KLAVIYO, ids: { delivered: 1 } }\n";
    let (book, lines) = compile(&with(&[(FileKind::Merchant, "hey", merchant)]), None);
    assert!(book.merchant("hey").is_some());
    assert_eq!(lines, ["3 Klaviyo takes no ids for triggers (leave `ids:` out)"]);
    // One that reads them and says nothing of them takes what it is given.
    let silent = TAUBE.lines().filter(|line| !line.starts_with("ids:")).collect::<Vec<_>>();
    let merchant =
        "sources: {}\ndestinations:\n  taube: { key: env:KEY, fields: {}, ids: { lost: 1 } }\n";
    let files = with(&[
        (FileKind::DestinationConnector, "taube", &silent.join("\n")),
        (FileKind::Merchant, "hey", merchant),
    ]);
    assert_eq!(compile(&files, None).1, [""; 0]);
}
