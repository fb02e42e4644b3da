use crate::{
    book::{Book, FileKind, Invented, RuleFile, Surroundings},
    coverage::{Coverage, coverage, diagnostics},
    text::{Severity, SourceFile},
};

const SHOP: &str = r"
title: Shop
facts: invented
party: shop
verify: { unsigned: true }
events:
  - topic: order
    status: order_placed
    order_number: =number
    email: =email
  - topic: parcel
    status: dispatched
    quiet: true
    order_number: =number
";

const WAREHOUSE: &str = r"
title: Warehouse
facts: invented
verify: { unsigned: true }
events:
  code: =code
  leg: =leg
  order_number: =number
statuses:
  gone: dispatched
  there: delivered
  lost: { status: lost, quiet: true }
  paper: ignore
";

const MERCHANT: &str = r"
sources: { shop: {}, warehouse: {} }
destinations: { tool: {} }
mapping: own
";

fn covered(merchant: &str, mapping: &str) -> Coverage {
    let tool = "title: Tool\nfacts: invented\nbase_url: https://tool.example\nrepeated_id: ignored\n\
                send: { request: POST /events, json: { event: =name } }\n";
    let files: Vec<RuleFile> = [
        (FileKind::SourceConnector, "shop", SHOP),
        (FileKind::SourceConnector, "warehouse", WAREHOUSE),
        (FileKind::DestinationConnector, "tool", tool),
        (FileKind::Mapping, "default", ""),
        (FileKind::Mapping, "own", mapping),
        (FileKind::Merchant, "hey", merchant),
    ]
    .into_iter()
    .map(|(kind, name, text)| RuleFile {
        kind,
        name: name.to_owned(),
        path: format!("{name}.yaml"),
        text: text.to_owned(),
    })
    .collect();
    let (book, told) = Book::compile(&files, &Invented, &Surroundings::default(), None);
    let told: Vec<&str> = told.iter().map(|told| told.message.as_str()).collect();
    coverage(book.merchant("hey").unwrap_or_else(|| panic!("it compiles: {told:?}")))
}

/// From where a trigger comes, or why it does not.
fn of(coverage: &Coverage, trigger: &str) -> String {
    let row = coverage.triggers.iter().find(|row| row.trigger.name() == trigger).expect("a row");
    match row.never {
        Some(never) => never.name().to_owned(),
        None => row.from.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
    }
}

#[test]
fn a_trigger_fires_from_the_sources_that_may_state_it_as_news() {
    let all =
        covered(MERCHANT, "triggers: { order_placed: on, lost: on, return_in_transit: on }\n");
    assert_eq!(of(&all, "order_placed"), "shop");
    assert_eq!(of(&all, "dispatched"), "warehouse", "the shop's is only remembered");
    assert_eq!(of(&all, "delivered"), "warehouse");
    // The payload may state another leg, and then the same scan is another status.
    assert_eq!(of(&all, "return_in_transit"), "warehouse");
    assert_eq!(of(&all, "lost"), "no_source");
    assert_eq!(of(&all, "label_created"), "off");
    assert_eq!(of(&all, "order_fully_delivered"), "warehouse", "it follows from deliveries");
    assert_eq!(of(&all, "pickup_reminder"), "no_source");
    assert_eq!(of(&all, "shipment_stalled"), "off");
    assert_eq!(all.recipients_from.iter().map(ToString::to_string).collect::<Vec<_>>(), ["shop"]);
}

#[test]
fn whom_nobody_believes_and_what_nobody_wants_never_fires() {
    let all = covered(
        "sources: { warehouse: {} }\ndestinations: { tool: { only: [delivered] } }\nmapping: own\n",
        "triggers: { delivered: { only_from: [carrier] }, dispatched: on, returned_to_sender: on }\n",
    );
    assert_eq!(of(&all, "delivered"), "not_believed");
    assert_eq!(of(&all, "dispatched"), "no_destination");
    assert_eq!(of(&all, "returned_to_sender"), "no_destination");
    assert!(all.recipients_from.is_empty());
}

#[test]
fn it_is_told_in_one_note_and_one_warning_for_each_reason() {
    let place = SourceFile::new("hey.yaml", "name: Hey\n").start();
    let told = diagnostics(&covered(MERCHANT, "triggers: { lost: on }\n"), &place);
    let lines: Vec<&str> = told.iter().map(|told| told.message.as_str()).collect();
    assert_eq!(told[0].severity, Severity::Note);
    assert!(lines[0].starts_with("can fire: ") && lines[0].contains("delivered from warehouse"));
    assert_eq!(told[1].severity, Severity::Warning);
    assert!(lines[1].contains("from no source: ") && lines[1].contains("lost"), "{lines:?}");
    assert_eq!(told.len(), 2, "{lines:?}");
    let alone = "sources: { warehouse: {} }\ndestinations: { tool: {} }\n";
    let told = diagnostics(&covered(alone, ""), &place);
    assert!(told.iter().any(|told| told.message.contains("no source names a recipient")));
}
