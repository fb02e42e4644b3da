//! What a connector can do, read off its file: for lists, JSON and the pages of the docs.
//! Must not know any connector's name, nor how one is compiled.

mod catalogue;
mod destination;
mod event;
mod facts;
mod page;
mod setup;
pub mod shape;
mod source;
mod statuses;
#[cfg(test)]
mod tests;
mod ways;

use serde::Serialize;

use crate::{
    book::{FileKind, RuleFile, in_force},
    settings::{self, Setting, SettingKind},
    text::{Diagnostics, Node, SourceFile, read},
};

pub use catalogue::{Page, catalogue};
pub use destination::{Destination, Ids};
pub use event::event_schema;
pub use facts::{Confirmed, Facts};
pub use page::page;
pub use setup::Setup;
pub use source::Source;

/// What one connector can do.
#[derive(Debug, Serialize)]
pub struct Description {
    /// The name merchants call it by.
    pub name: String,
    /// What people call the system.
    pub title: String,
    /// Whether it is compiled in, and not a file of the operator's.
    pub shipped: bool,
    /// How well what it says of the system is confirmed.
    pub facts: Facts,
    /// What is to be done in the other system.
    pub setup: Setup,
    /// What an instance can be told.
    pub settings: Vec<Asked>,
    /// What is special to its kind.
    #[serde(flatten)]
    pub can: Can,
}

/// What is special to a kind of connector.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Can {
    /// It reads.
    Source(Box<Source>),
    /// It sends.
    Destination(Box<Destination>),
}

/// One setting, for people.
#[derive(Debug, Serialize)]
pub struct Asked {
    /// Its key.
    pub name: String,
    /// What is given: a text, a list or a map.
    #[serde(skip_serializing_if = "is_text")]
    pub form: &'static str,
    /// Whether it is never shown.
    pub secret: bool,
    /// Whether it must be given.
    pub required: bool,
    /// What holds when it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// The only values it may have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub one_of: Vec<String>,
    /// What it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where a person finds it.
    #[serde(rename = "where", skip_serializing_if = "Said::is_empty")]
    pub found_at: Said,
    /// A value that would do, where the file's own tests show one.
    #[serde(skip)]
    pub example: Option<String>,
}

/// Something said in the languages of the console.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct Said {
    /// In English.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub en: Option<String>,
    /// In German.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub de: Option<String>,
}

impl Said {
    fn is_empty(&self) -> bool {
        self.en.is_none() && self.de.is_none()
    }

    fn of(node: Option<&Node>) -> Self {
        let text = |key| Some(node?.get(key)?.as_str()?.trim().to_owned());
        Self { en: text("en"), de: text("de") }
    }
}

impl Description {
    /// Where its file lies, below the root of the connectors.
    pub fn path(&self) -> String {
        format!("{}/{}.yaml", self.folder(), self.name)
    }

    fn folder(&self) -> &'static str {
        match self.can {
            Can::Source(_) => "sources",
            Can::Destination(_) => "destinations",
        }
    }

    /// The word for its kind.
    pub fn kind(&self) -> &'static str {
        match self.can {
            Can::Source(_) => "source",
            Can::Destination(_) => "destination",
        }
    }

    /// What it can do, in one line.
    pub fn in_short(&self) -> String {
        match &self.can {
            Can::Source(source) => source.in_short(),
            Can::Destination(destination) => destination.in_short(),
        }
    }
}

/// All connectors among the files, by kind and name; those that cannot be read are left to
/// `check`. `is_shipped` tells which are compiled in.
pub fn all(files: &[RuleFile], is_shipped: impl Fn(&RuleFile) -> bool) -> Vec<Description> {
    let connectors = in_force(files).filter(|file| {
        matches!(file.kind, FileKind::SourceConnector | FileKind::DestinationConnector)
    });
    connectors.filter_map(|file| describe(file, is_shipped(file))).collect()
}

/// What this file can do, when it is YAML and a connector.
fn describe(file: &RuleFile, shipped: bool) -> Option<Description> {
    let mut ignored = Diagnostics::default();
    let node = read(SourceFile::new(file.path.clone(), file.text.clone()), &mut ignored)?;
    if ignored.has_errors() {
        return None;
    }
    let settings = asked(&node, &mut ignored);
    let can = match file.kind {
        FileKind::SourceConnector => Can::Source(Box::new(Source::of(&node, &settings))),
        FileKind::DestinationConnector => Can::Destination(Box::new(Destination::of(&node))),
        FileKind::Mapping | FileKind::Merchant | FileKind::Template | FileKind::Feed => {
            return None;
        }
    };
    Some(Description {
        name: file.name.clone(),
        title: text(&node, "title").unwrap_or_else(|| file.name.clone()),
        shipped,
        facts: Facts::of(node.get("facts")),
        setup: Setup::of(node.get("setup")),
        settings,
        can,
    })
}

fn asked(file: &Node, ignored: &mut Diagnostics) -> Vec<Asked> {
    let settings = settings::compile(file, &[], ignored);
    settings.into_iter().map(|setting| one_asked(file, setting)).collect()
}

fn one_asked(file: &Node, setting: Setting) -> Asked {
    let Setting { name, kind, secret, required, default, one_of, pattern, found_at, doc } = setting;
    let shown = |value: &String| {
        pattern.as_ref().is_none_or(|pattern| pattern.is_match(value))
            && (one_of.is_empty() || one_of.contains(value))
    };
    let example = examples(file, &name).find(shown).or_else(|| one_of.first().cloned());
    let [en, de] = found_at;
    let form = match kind {
        SettingKind::Text => TEXT,
        SettingKind::List => "list",
        SettingKind::Map => "map",
    };
    let found_at = Said { en, de };
    Asked { name, form, secret, required, default, one_of, doc, found_at, example }
}

/// What the file's tests give for a setting.
fn examples<'n>(file: &'n Node, name: &'n str) -> impl Iterator<Item = String> + 'n {
    let tests = file.get("tests").into_iter().flat_map(Node::entries);
    tests.filter_map(move |(_, test)| text(test.get("settings")?, name))
}

/// What most settings are.
const TEXT: &str = "text";

fn is_text(form: &&str) -> bool {
    *form == TEXT
}

/// The text under a key.
fn text(node: &Node, key: &str) -> Option<String> {
    Some(node.get(key)?.as_str()?.trim().to_owned())
}

/// The texts under a key, one or many.
fn texts(node: &Node, key: &str) -> Vec<String> {
    let nodes = node.get(key).map(Node::one_or_many).unwrap_or_default();
    nodes.iter().filter_map(Node::as_str).map(|text| text.trim().to_owned()).collect()
}
