//! A scenario: a story of facts and webhooks with their times, and the messages that are expected
//! of it. Must not know who lives it.

mod shape;
#[cfg(test)]
mod tests;
mod when;

use jiff::{Timestamp, tz::TimeZone};
use parcelwire_domain::{Map, Party, Value};

use crate::{
    filetests::compare,
    text::{Diagnostic, Diagnostics, Node, SourceFile, Span, check, read},
};
use when::{Times, period};

pub use shape::SHAPE;

/// Where a scenario's times are read when it names no zone.
const ZONE: &str = "Europe/Berlin";

/// How long is looked on after the last step, when `ends:` says nothing: longer than any absence.
const AFTERWARDS: std::time::Duration = std::time::Duration::from_hours(30 * 24);

/// One story.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// What it is about.
    pub title: String,
    /// Against whose files it is lived.
    pub whose: Whose,
    /// When it begins.
    pub begins: Timestamp,
    /// When nobody looks any more.
    pub ends: Timestamp,
    /// What happens, in order of time.
    pub story: Vec<Step>,
    /// What is expected to be sent, and nothing else.
    pub sends: Vec<Expected>,
    zone: TimeZone,
}

/// Against whose files a story is lived.
#[derive(Debug, Clone, PartialEq)]
pub enum Whose {
    /// A merchant who is made up around a mapping.
    Mapping {
        /// The mapping: one of the files, or the content of one.
        mapping: Rules,
        /// Other keys of the merchant's file.
        with: Map,
    },
    /// One of the configured merchants.
    Merchant(String),
}

/// A mapping.
#[derive(Debug, Clone, PartialEq)]
pub enum Rules {
    /// In the file of this name.
    File(String),
    /// Written in the scenario itself.
    Own(Map),
}

/// Something that happens.
#[derive(Debug, Clone)]
pub struct Step {
    /// When it reaches the relay.
    pub at: Timestamp,
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub what: What,
}

/// What happens.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// A webhook of one of the merchant's sources, as if it had been verified.
    Hook {
        /// The source.
        source: String,
        /// The topic, where the connector has one.
        topic: Option<String>,
        /// Headers.
        headers: Vec<(String, String)>,
        /// The raw body.
        body: String,
    },
    /// A fact in canonical words.
    Fact {
        /// Who says it.
        from: Party,
        /// The flat fields of an event.
        fields: Map,
    },
    /// A fact that an import brings.
    Import {
        /// As whose word it counts.
        from: Party,
        /// The flat fields of an event.
        fields: Map,
    },
    /// The relay is not running until then; what is due meanwhile comes late.
    Down(Timestamp),
}

/// A message that is expected.
#[derive(Debug, Clone)]
pub struct Expected {
    /// Where it stands.
    pub span: Span,
    /// What is said of it, under the names of [`Told`].
    fields: Map,
}

/// A message that was sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// When.
    pub at: Timestamp,
    /// `trigger`, `name`, `to`, `destination`, `backfill`, `order`, `tracking_number`, `properties`.
    pub fields: Map,
}

/// Reads a scenario's file; all that is wrong with it goes to `diagnostics`.
pub fn parse(path: &str, text: &str, diagnostics: &mut Diagnostics) -> Option<Scenario> {
    let file = read(SourceFile::new(path, text), diagnostics)?;
    if !check(&SHAPE, &file, diagnostics) {
        return None;
    }
    let zone = file.get("timezone").and_then(Node::as_str).unwrap_or(ZONE);
    let zone = TimeZone::get(zone).ok()?;
    let begins = Times::absolute(file.get("begins")?, &zone, diagnostics)?;
    let times = Times { zone: &zone, begins };
    let about = plain_map(file.get("about"));
    let steps: Vec<Option<Step>> = file
        .get("story")
        .and_then(Node::as_list)
        .unwrap_or_default()
        .iter()
        .map(|node| step(node, &about, &times, diagnostics))
        .collect();
    let sends: Vec<Option<Expected>> = file
        .get("sends")
        .and_then(Node::as_list)
        .unwrap_or_default()
        .iter()
        .map(|node| expected(node, &times, diagnostics))
        .collect();
    let mut story = steps.into_iter().collect::<Option<Vec<_>>>()?;
    story.sort_by_key(|step| step.at);
    let ends = match file.get("ends") {
        Some(node) => times.read(node, diagnostics)?,
        None => story.last().map_or(begins, |step| step.at) + AFTERWARDS,
    };
    Some(Scenario {
        title: file.get("title").and_then(Node::as_str).unwrap_or(path).to_owned(),
        whose: whose(&file, diagnostics)?,
        begins,
        ends,
        story,
        sends: sends.into_iter().collect::<Option<_>>()?,
        zone,
    })
}

fn whose(file: &Node, diagnostics: &mut Diagnostics) -> Option<Whose> {
    let merchant = file.get("merchant").and_then(Node::as_str);
    match (file.get("mapping"), merchant) {
        (Some(node), None) => {
            let own = || Rules::Own(plain_map(Some(node)));
            let mapping = node.as_str().map_or_else(own, |name| Rules::File(name.to_owned()));
            Some(Whose::Mapping { mapping, with: plain_map(file.get("with")) })
        }
        (None, Some(id)) if !file.has("with") => Some(Whose::Merchant(id.to_owned())),
        (None, Some(_)) => {
            let span = &file.get("with")?.span;
            let error = Diagnostic::error(span, "`with:` is for a made-up merchant");
            diagnostics.push(error.hint("change the merchant's own file, or name a `mapping:`"));
            None
        }
        _ => {
            let error =
                Diagnostic::error(&file.span, "a scenario names a `mapping:` or a `merchant:`");
            diagnostics.push(error.hint("one of them, as in `mapping: default`"));
            None
        }
    }
}

fn step(
    node: &Node,
    about: &Map,
    times: &Times<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<Step> {
    let at = times.read(node.get("at")?, diagnostics)?;
    let kinds = ["hook", "fact", "import", "down"].map(|key| node.get(key));
    let what = match kinds {
        [Some(hook), None, None, None] => hooked(hook),
        [None, Some(fact), None, None] => {
            let (from, fields) = stated(fact, about, at, times, diagnostics)?;
            What::Fact { from, fields }
        }
        [None, None, Some(row), None] => {
            let (from, fields) = stated(row, about, at, times, diagnostics)?;
            What::Import { from, fields }
        }
        [None, None, None, Some(down)] => What::Down(at + period(down.as_str()?)?),
        _ => {
            let message = "a step is one of `hook:`, `fact:`, `import:` and `down:`";
            let error = Diagnostic::error(&node.span, message);
            diagnostics.push(error.hint("write a step for each"));
            return None;
        }
    };
    Some(Step { at, span: node.span.clone(), what })
}

fn hooked(node: &Node) -> What {
    let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let headers = node.get("headers").into_iter().flat_map(Node::entries);
    let headers = headers
        .filter_map(|(key, value)| Some((key.text.to_lowercase(), value.as_str()?.to_owned())));
    let body = node.get("body");
    What::Hook {
        source: text("source").unwrap_or_default(),
        topic: text("topic"),
        headers: headers.collect(),
        body: body
            .map(|body| body.as_str().map_or_else(|| body.to_json_text(), str::to_owned))
            .unwrap_or_default(),
    }
}

/// A fact with what all of the scenario's facts have in common. It happens when it is told, unless
/// it says otherwise.
fn stated(
    node: &Node,
    about: &Map,
    at: Timestamp,
    times: &Times<'_>,
    diagnostics: &mut Diagnostics,
) -> Option<(Party, Map)> {
    let mut fields = about.clone();
    for (key, value) in plain_map(Some(node)) {
        fields.set(key, value);
    }
    // `about` is of facts in general: one of them may not have it.
    for (key, _) in node.entries().filter(|(_, value)| value.is_null()) {
        fields.remove(&key.text);
    }
    let occurred_at = match node.get("occurred_at") {
        Some(stated) => times.read(stated, diagnostics)?,
        None => at,
    };
    fields.set("occurred_at", Value::text(times.rfc3339(occurred_at)));
    let from = match fields.remove("from").as_ref().and_then(Value::as_text) {
        Some("shop") => Party::Shop,
        Some("carrier") => Party::Carrier,
        Some("returns") => Party::Returns,
        _ => Party::Fulfilment,
    };
    Some((from, fields))
}

fn expected(node: &Node, times: &Times<'_>, diagnostics: &mut Diagnostics) -> Option<Expected> {
    let mut fields = plain_map(Some(node));
    if let Some(at) = node.get("at") {
        let at = times.read(at, diagnostics)?;
        fields.set("at", Value::text(times.shown(at)));
    }
    Some(Expected { span: node.span.clone(), fields })
}

fn plain_map(node: Option<&Node>) -> Map {
    match node.and_then(Node::to_value) {
        Some(Value::Map(map)) => map,
        _ => Map::new(),
    }
}

impl Scenario {
    /// A time as the scenario's own zone has it, to the minute.
    pub fn shown(&self, at: Timestamp) -> String {
        Times { zone: &self.zone, begins: self.begins }.shown(at)
    }

    /// What differs between what was expected and what was sent, each with the place of the
    /// expectation; without one for what nobody expected. Both are in order of time.
    pub fn judge(&self, told: &[Told]) -> Vec<(Option<Span>, String)> {
        let told: Vec<Map> = told.iter().map(|told| self.as_expected(told)).collect();
        let mut faults = Vec::new();
        let mut left: Vec<&Map> = told.iter().collect();
        for expected in &self.sends {
            let fits = |told: &&Map| {
                compare(&expected.value(), Some(&Value::Map((*told).clone()))).is_ok()
            };
            if let Some(place) = left.iter().position(fits) {
                left.remove(place);
                continue;
            }
            let like =
                left.iter().find(|told| told.get("trigger") == expected.fields.get("trigger"));
            let why = match like {
                Some(like) => compare(&expected.value(), Some(&Value::Map((*like).clone())))
                    .err()
                    .unwrap_or_default(),
                None => format!("nothing like {} was sent", brief(&expected.fields)),
            };
            faults.push((Some(expected.span.clone()), why));
        }
        faults
            .extend(left.into_iter().map(|told| (None, format!("not expected: {}", brief(told)))));
        faults
    }

    fn as_expected(&self, told: &Told) -> Map {
        let mut fields = Map::new();
        fields.set("at", Value::text(self.shown(told.at)));
        for (key, value) in told.fields.iter() {
            fields.set(key, value.clone());
        }
        fields
    }
}

impl Expected {
    fn value(&self) -> Value {
        Value::Map(self.fields.clone())
    }
}

/// A message in a line, without its properties.
fn brief(fields: &Map) -> String {
    let words = ["at", "trigger", "name", "to", "destination"];
    let words =
        words.iter().filter_map(|key| Some(format!("{key}: {}", fields.get(key)?.as_text()?)));
    format!("{{ {} }}", words.collect::<Vec<_>>().join(", "))
}
