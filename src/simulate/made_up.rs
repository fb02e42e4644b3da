//! The rule files of a scenario: the merchant that it names, or one who is made up around a mapping,
//! with sources through which anybody may state facts in canonical words.

use std::{fmt::Write as _, sync::Arc};

use parcelwire_domain::{
    Map, Party, Value,
    id::SourceName,
    taxonomy::{FIELDS, Status},
};
use parcelwire_mapping::{
    book::{Book, Entry, FileKind, Invented, RuleFile, Surroundings},
    merchant::Source,
    scenario::{Rules, Scenario, Whose},
    text::{RenderFormat, Severity, did_you_mean, render},
};

use super::SimulateError;

/// The id of the made-up merchant.
pub(super) const ID: &str = "scenario";

/// How the paths of files begin that are nowhere.
const MADE_UP: &str = "(scenario) ";

const PARTIES: [Party; 4] = [Party::Shop, Party::Fulfilment, Party::Carrier, Party::Returns];

/// Where messages go that a mapping alone decides about.
const TOOL: &str = "\
title: A marketing tool
facts: made up for scenarios
base_url: https://marketing.invalid
backfill: true
repeated_id: ignored
send:
  request: POST /events
  json: { id: =id, event: =name, contact: { email: =email }, data: =properties }
tests: {}
";

/// The source through which a party states facts.
pub(super) fn source_of(party: Party) -> String {
    format!("fact-{}", party.name())
}

/// Whether a source is one of those.
pub(super) fn is_ours(source: &str) -> bool {
    PARTIES.iter().any(|party| source_of(*party) == source)
}

/// All files, compiled, with the scenario's merchant under [`ID`].
pub(super) fn book(
    scenario: &Scenario,
    files: &[RuleFile],
    around: &Surroundings,
) -> Result<Book, SimulateError> {
    let mut files: Vec<RuleFile> = files.to_vec();
    let file = |kind, name: String, text: String| RuleFile {
        kind,
        path: format!("{MADE_UP}{name}.yaml"),
        name,
        text,
    };
    for party in PARTIES {
        files.push(file(FileKind::SourceConnector, source_of(party), facts(party)));
    }
    match &scenario.whose {
        Whose::Mapping { mapping, with } => {
            files.retain(|file| file.kind != FileKind::Merchant);
            let name = match mapping {
                Rules::File(name) => name,
                Rules::Own(own) => {
                    files.push(file(FileKind::Mapping, ID.to_owned(), json(own)));
                    ID
                }
            };
            let tool = "scenario-tool".to_owned();
            files.push(file(FileKind::DestinationConnector, tool, TOOL.to_owned()));
            let merchant = merchant(name, with);
            // Only what it names is compiled: a story begins at once.
            let is_connector =
                |kind| matches!(kind, FileKind::SourceConnector | FileKind::DestinationConnector);
            files.retain(|file| !is_connector(file.kind) || is_wanted(file, &merchant));
            files.push(file(FileKind::Merchant, ID.to_owned(), merchant));
        }
        Whose::Merchant(id) => {
            let own = files.iter_mut().find(|f| f.kind == FileKind::Merchant && f.name == *id);
            let Some(own) = own else { return Err(SimulateError::Rules(no_merchant(id, &files))) };
            let own = RuleFile { name: ID.to_owned(), ..own.clone() };
            // Accounts of a feed belong to one merchant: the others are not in this story.
            files.retain(|file| file.kind != FileKind::Merchant);
            files.push(own);
        }
    }
    let (mut book, told) = Book::compile(&files, &Invented, around, None);
    let complete = PARTIES.iter().all(|party| book.sources.contains_key(&source_of(*party)));
    if book.merchant(ID).is_none() || !complete {
        let errors = told.iter().filter(|told| told.severity == Severity::Error);
        let text = render(errors, RenderFormat::Text { colour: false }, told.secrets());
        return Err(SimulateError::Rules(format!("its files are broken\n{}", text.trim_end())));
    }
    add_sources(&mut book);
    Ok(book)
}

/// Whether a connector is one of ours, or named by the merchant.
fn is_wanted(file: &RuleFile, merchant: &str) -> bool {
    file.path.starts_with(MADE_UP) || merchant.contains(&format!("\"{}\"", file.name))
}

fn add_sources(book: &mut Book) {
    let sources: Vec<_> = PARTIES
        .iter()
        .filter_map(|party| {
            let name = source_of(*party);
            let connector = Arc::clone(book.sources.get(&name)?);
            let source =
                Source { ready: connector.share(Map::new()), connector: name.clone(), feed: None };
            Some((SourceName::parse(&name).ok()?, source))
        })
        .collect();
    for entry in book.merchants.values_mut() {
        if let Entry::Ready { merchant, .. } = entry
            && let Some(merchant) = Arc::get_mut(merchant)
        {
            merchant.sources.extend(sources);
            return;
        }
    }
}

/// The file of a merchant who has this mapping; JSON is YAML.
fn merchant(mapping: &str, with: &Map) -> String {
    let map = |entries: &[(&str, Value)]| -> Map {
        entries.iter().map(|(key, value)| (*key, value.clone())).collect()
    };
    let tool = map(&[("connector", Value::text("scenario-tool"))]);
    let mut file = map(&[
        ("name", Value::text("A shop")),
        ("timezone", Value::text("Europe/Berlin")),
        ("country", Value::text("DE")),
        ("mapping", Value::text(mapping)),
        ("destinations", Value::Map(map(&[("tool", Value::Map(tool))]))),
        ("sources", Value::Map(Map::new())),
    ]);
    for (key, value) in with.iter() {
        file.set(key, value.clone());
    }
    json(&file)
}

fn json(file: &Map) -> String {
    let mut text = String::new();
    file.write_json(&mut text);
    text
}

/// A connector whose payload is the canonical event itself.
fn facts(party: Party) -> String {
    let mut text = format!(
        "title: Facts\nfacts: made up for scenarios\nparty: {}\n\
         verify: {{ token: true, header: X-Key }}\nevents:\n  code: =status\n  leg: =leg\n  \
         reason: =reason\n  occurred_at: =occurred_at\n",
        party.name()
    );
    // The last is a key of rules, for times without an offset.
    let own = ["status", "leg", "reason", "occurred_at", "timezone"];
    for field in FIELDS.iter().filter(|field| field.stated && !own.contains(&field.name)) {
        writeln!(text, "  {0}: ={0}", field.name).expect("a text takes it");
    }
    text.push_str("statuses:\n");
    for status in Status::ALL {
        writeln!(text, "  {0}: {0}", status.name()).expect("a text takes it");
    }
    text.push_str("tests: {}\n");
    text
}

fn no_merchant(id: &str, files: &[RuleFile]) -> String {
    let ids = files.iter().filter(|file| file.kind == FileKind::Merchant);
    let ids = ids.map(|file| file.name.as_str());
    let hint = did_you_mean(id, ids.clone())
        .unwrap_or_else(|| format!("known ones: {}", ids.collect::<Vec<_>>().join(", ")));
    format!("there is no merchant `{id}` (hint: {hint})")
}
