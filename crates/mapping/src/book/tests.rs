//! Merchants, templates, feeds and mappings, as files.

mod destinations;
mod examples;
mod files;
mod layers;
mod lines;
mod mistakes;
mod slips;
mod waiting;

use parcelwire_domain::{
    id::{DestinationName, OccurrenceId},
    incident::{Kind, Language},
    taxonomy::{Status, Trigger},
};

use super::*;
use crate::{
    blocks::verify::Secret,
    filetests,
    merchant::{Candidate, Choice, State},
    text::{Diagnostics, RenderFormat, render},
};

const SHIPPED: [(FileKind, &str, &str); 5] = [
    (
        FileKind::SourceConnector,
        "shopify",
        include_str!("../../../../connectors/sources/shopify.yaml"),
    ),
    (
        FileKind::SourceConnector,
        "webhook",
        include_str!("../../../../connectors/sources/webhook.yaml"),
    ),
    (
        FileKind::DestinationConnector,
        "klaviyo",
        include_str!("../../../../connectors/destinations/klaviyo.yaml"),
    ),
    (
        FileKind::DestinationConnector,
        "webhook",
        include_str!("../../../../connectors/destinations/webhook.yaml"),
    ),
    (FileKind::Mapping, "default", include_str!("../../../../mappings/default.yaml")),
];

/// A feed's connector.
const WAREHOUSE: &str = "title: Lager\nfacts: invented\nverify: { hmac: sha256, header: X-Sig }\naccount: =client\n\
    events: { code: =status, order_number: =order }\nstatuses: { done: dispatched }\ntests: {}\n";

fn file(kind: FileKind, name: &str, text: &str) -> RuleFile {
    let folder =
        FileKind::ALL.iter().find(|(_, known)| *known == kind).map_or("", |(word, _)| word);
    RuleFile {
        kind,
        name: name.to_owned(),
        path: format!("{folder}s/{name}.yaml"),
        text: text.to_owned(),
    }
}

fn shipped() -> Vec<RuleFile> {
    SHIPPED.iter().map(|(kind, name, text)| file(*kind, name, text)).collect()
}

fn with(more: &[(FileKind, &str, &str)]) -> Vec<RuleFile> {
    let mut files = shipped();
    files.extend(more.iter().map(|(kind, name, text)| file(*kind, name, text)));
    files
}

/// Secrets of a test: any environment variable but `GONE` is set.
struct Set;

impl Secrets for Set {
    fn find(&self, place: &SecretRef) -> Result<Secret, String> {
        let text = match place {
            SecretRef::Env(name) if name == "GONE" => {
                return Err("the variable GONE is not set".to_owned());
            }
            SecretRef::Env(name) if name.contains("KLAVIYO") => "pk_1234".to_owned(),
            SecretRef::Env(name) | SecretRef::File(name) => format!("secret of {name}"),
            SecretRef::Literal(text) => text.clone(),
        };
        Secret::new(text).map_err(|fault| fault.to_string())
    }

    fn are_real(&self) -> bool {
        true
    }
}

fn compile(files: &[RuleFile], last: Option<&Book>) -> (Book, Vec<String>) {
    let around = Surroundings {
        public_url: "https://relay.example".to_owned(),
        plain_http: vec!["127.0.0.0/8".to_owned()],
    };
    let (book, diagnostics) = Book::compile(files, &Set, &around, last);
    let lines = diagnostics.iter().map(|told| {
        let line = told.span.as_ref().map_or(0, |span| span.line_column().0);
        let hint = told.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{line} {}{hint}", told.message)
    });
    let lines = lines.collect();
    (book, lines)
}

const HEY: &str = "name: Hey Example\nlanguage: de\nnames: de\nsources:\n  shop: { connector: shopify, secret: env:SHOP }\n\
    destinations:\n  klaviyo: { api_key: env:KLAVIYO }\n";

fn choose(book: &Book, id: &str, trigger: Status, pairs: &[(&str, &str)]) -> Choice {
    let merchant = book.merchant(id).expect("the merchant is there");
    let mut view = parcelwire_domain::Map::new();
    view.set("email", parcelwire_domain::Value::text("anna@hey.example"));
    for (name, value) in pairs {
        view.set(*name, parcelwire_domain::Value::text(*value));
    }
    let source = SourceName::parse("shop").expect("a name");
    let candidate = Candidate {
        trigger: Trigger::Status(trigger),
        occurrence: OccurrenceId::from_bytes([1; 16]),
        view: &view,
        source: &source,
        backfill: false,
        test: false,
    };
    let destination = DestinationName::parse("klaviyo").expect("a name");
    merchant.choose(&candidate, &destination, "2026-11-22T10:00:00Z".parse().expect("a time"))
}

fn sent(choice: Choice) -> crate::destination::Frozen {
    match choice {
        Choice::Send(frozen) => frozen,
        Choice::Stop { rule, detail, .. } => panic!("{rule}: {detail}"),
    }
}

fn stopped(choice: Choice) -> String {
    match choice {
        Choice::Send(frozen) => panic!("it sends {}", frozen.name),
        Choice::Stop { rule, detail, .. } => format!("{rule}: {detail}"),
    }
}
