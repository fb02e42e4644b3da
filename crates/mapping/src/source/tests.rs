//! The shipped source connectors, and what every source keeps to.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::id::SourceName;
use proptest::prelude::*;

use super::*;
use crate::{
    filetests,
    text::{RenderFormat, SourceFile, read, render},
};

mod asking;
mod handshakes;
mod names;

const SHIPPED: [(&str, &str); 2] = [
    ("shopify", include_str!("../../../../connectors/sources/shopify.yaml")),
    ("webhook", include_str!("../../../../connectors/sources/webhook.yaml")),
];

fn compiled(name: &str, text: &str) -> Result<(Arc<SourceConnector>, Node), String> {
    let mut diagnostics = Diagnostics::default();
    let file = SourceFile::new(format!("connectors/sources/{name}.yaml"), text);
    let node = read(file, &mut diagnostics);
    let connector = node.as_ref().and_then(|node| SourceConnector::compile(node, &mut diagnostics));
    match (connector, node) {
        (Some(connector), Some(node)) if !diagnostics.has_errors() => {
            Ok((Arc::new(connector), node))
        }
        _ => Err(render(diagnostics.iter(), RenderFormat::Text { colour: false }, &[])),
    }
}

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().expect("a time")
}

#[test]
fn every_shipped_file_passes_its_own_tests() {
    for (name, text) in SHIPPED {
        let (connector, node) = compiled(name, text).unwrap_or_else(|told| panic!("{told}"));
        let tests = filetests::source::run(&connector, &node, now());
        let failed: Vec<String> = tests
            .iter()
            .filter_map(|test| Some(format!("{name}: {}: {}", test.name, test.failure.as_ref()?)))
            .collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
        assert!(tests.len() > 10, "{name} has tests");
    }
}

#[test]
fn all_mistakes_of_a_file_are_told_at_once() {
    let text = "title: A\nfacts: none\nverify: { hmac: sha256 }\ntopik: { header: X }\nevents:\n  status: delivrd\n  order_nummer: =a\n  email: =a.b |\nstatuses:\n  x: dispatchd\ntests: {}\n";
    let told = compiled("broken", text).expect_err("it is broken");
    for part in ["topik", "order_nummer"] {
        assert!(told.contains(part), "{part} in\n{told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_body_is_read_without_panic_and_twice_the_same(body in prop::collection::vec(any::<u8>(), 0..400)) {
        for (name, text) in SHIPPED {
            let (connector, _) = compiled(name, text).expect("it is shipped");
            let ready = connector.share(Map::new());
            let source = SourceName::parse("test").expect("a name");
            let received = Received {
                topic: Some("fulfillment_events/create"), headers: &[], query: "", body: &body,
                accounts: &[], received_at: now(), source: &source,
            };
            prop_assert_eq!(ready.read(&received), ready.read(&received));
        }
    }
}
