//! The settings a connector asks for: the key form of console and API is made from them, and what
//! a merchant's file gives is checked against them.

use parcelwire_domain::{Map, Value};
use regex_lite::Regex;

use crate::{
    blocks::encode::percent_encode,
    expr::Kind,
    text::{Diagnostic, Diagnostics, Field, Keys, Node, Shape, Words, did_you_mean},
};

/// One setting.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its key.
    pub name: String,
    /// Whether it is never shown.
    pub secret: bool,
    /// Whether it must be given.
    pub required: bool,
    /// What holds when it is not.
    pub default: Option<String>,
    /// The only values it may have; empty for any.
    pub one_of: Vec<String>,
    /// What a value must match (keys: from their start).
    pub pattern: Option<Regex>,
    /// Where a person finds it, in English and German.
    pub found_at: [Option<String>; 2],
    /// What it is for.
    pub doc: Option<String>,
}

/// What is written under `settings:`.
pub static SHAPE: Shape = Shape::MapOf(
    Keys::Any,
    &Shape::Map(&[
        Field::new("secret", Shape::Bool, "never shown, and read from env:NAME or file:NAME"),
        Field::new("required", Shape::Bool, "whether it must be given"),
        Field::new("default", Shape::Text, "what holds when it is left out"),
        Field::new("one_of", Shape::List(&Shape::Text), "the only values it may have"),
        Field::new("pattern", Shape::Text, "a regular expression that a value must match"),
        Field::new(
            "where",
            Shape::Map(&[
                Field::new("en", Shape::Text, "in English"),
                Field::new("de", Shape::Text, "in German"),
            ]),
            "where a person finds it in the other system",
        ),
        Field::new("doc", Shape::Text, "what it is for"),
    ]),
);

/// Compiles `settings:`.
pub fn compile(file: &Node, reserved: &[&str], diagnostics: &mut Diagnostics) -> Vec<Setting> {
    let Some(node) = file.get("settings") else { return Vec::new() };
    let mut settings = Vec::new();
    for (key, node) in node.entries() {
        if reserved.contains(&key.text.as_str()) {
            let message = format!("`{}` is a key of every instance, not a setting", key.text);
            diagnostics.push(Diagnostic::error(&key.span, message).hint("choose another name"));
            continue;
        }
        let pattern = node.get("pattern").and_then(|node| {
            let compiled = Regex::new(node.as_str()?);
            if let Err(error) = &compiled {
                let message = format!("this is not a regular expression: {error}");
                diagnostics.push(Diagnostic::error(&node.span, message));
            }
            compiled.ok()
        });
        let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let default = node.entry("default").map(|(_, node)| node.as_str().unwrap_or("").to_owned());
        let one_of = node.get("one_of").and_then(Node::as_list).unwrap_or_default();
        settings.push(Setting {
            name: key.text.clone(),
            secret: node.get("secret").and_then(Node::as_bool).unwrap_or(false),
            required: node.get("required").and_then(Node::as_bool).unwrap_or(default.is_none()),
            default,
            one_of: one_of.iter().filter_map(Node::as_str).map(str::to_owned).collect(),
            pattern,
            found_at: ["en", "de"]
                .map(|language| node.get("where").and_then(|at| text(at, language))),
            doc: text(node, "doc"),
        });
    }
    settings
}

/// The values of the secret ones.
pub(crate) fn secrets<'m>(settings: &[Setting], given: &'m Map) -> Vec<&'m str> {
    let secret = settings.iter().filter(|setting| setting.secret);
    secret.filter_map(|setting| given.get(&setting.name)?.as_text()).collect()
}

/// Shorter texts are not masked: they would hide half of every sentence.
const SHORTEST_MASKED: usize = 4;

/// Each secret as it may be seen: itself, in base64, percent-encoded; the longest first.
pub(crate) fn masked_forms(secrets: &[&str]) -> Vec<String> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut forms: Vec<String> = secrets
        .iter()
        .filter(|secret| secret.len() >= SHORTEST_MASKED)
        .flat_map(|secret| [(*secret).to_owned(), STANDARD.encode(secret), percent_encode(secret)])
        .collect();
    forms.sort_by_key(|form| std::cmp::Reverse(form.len()));
    forms.dedup();
    forms
}

/// What `settings.` leads to in expressions.
pub fn kind(settings: &[Setting]) -> Kind {
    Kind::fields(settings.iter().map(|setting| (setting.name.clone(), Kind::Text)))
}

/// Completes and checks what was given. Sentences name the setting and what to do, never a value
/// of a secret. Patterns of secrets are asked of `real` ones only.
pub fn check(settings: &[Setting], given: &Map, real: bool) -> Result<Map, Vec<String>> {
    let mut faults = Vec::new();
    for (name, _) in given.iter() {
        if !settings.iter().any(|setting| setting.name == name) {
            let known = settings.iter().map(|setting| setting.name.as_str());
            let hint =
                did_you_mean(name, known).map(|hint| format!(" ({hint})")).unwrap_or_default();
            faults.push(format!("`{name}` is not a setting of this connector{hint}"));
        }
    }
    let mut complete = Map::new();
    for setting in settings {
        let value = given.get(&setting.name).and_then(Value::as_id);
        match value.or(setting.default.as_deref()) {
            Some(value) => {
                faults.extend(setting.fault(value, real));
                complete.set(setting.name.clone(), Value::text(value));
            }
            None if setting.required => faults.push(setting.missing()),
            None => {}
        }
    }
    if faults.is_empty() { Ok(complete) } else { Err(faults) }
}

impl Setting {
    fn missing(&self) -> String {
        let place = self.found_at[0].as_deref().or(self.found_at[1].as_deref());
        let place = place.map(|place| format!("; you find it at {place}")).unwrap_or_default();
        format!("`{}` is missing{place}", self.name)
    }

    fn fault(&self, value: &str, real: bool) -> Option<String> {
        if !self.one_of.is_empty() && !self.one_of.iter().any(|word| word == value) {
            return Some(format!("`{}` must be one of {}", self.name, self.one_of.join(", ")));
        }
        let pattern = self.pattern.as_ref().filter(|_| real || !self.secret)?;
        // From its start: what stands before a key is no key.
        if pattern.find(value).is_some_and(|found| found.start() == 0) {
            return None;
        }
        let place = self.found_at[0].as_deref().map(|at| format!("; the right one is at {at}"));
        Some(format!(
            "`{}` does not look right: it should match `{pattern}`{}",
            self.name,
            place.unwrap_or_default()
        ))
    }
}

/// The words of a closed list, for shapes.
pub const fn words(words: &'static [&'static str]) -> Shape {
    Shape::Enum(Words::These(words))
}
