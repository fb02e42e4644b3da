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
    /// What is given for it.
    pub kind: SettingKind,
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

/// What is given for a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SettingKind {
    /// One text.
    #[default]
    Text,
    /// A list of texts.
    List,
    /// Texts by name.
    Map,
}

impl SettingKind {
    /// What holds where nothing is given: a list or map may be empty.
    pub(crate) fn nothing(self) -> Option<Value> {
        match self {
            Self::Text => None,
            Self::List => Some(Value::List([].into())),
            Self::Map => Some(Value::Map(Map::new())),
        }
    }
}

/// Most entries of a list or a map.
const MAX_ENTRIES: usize = 500;

/// Where a person finds something, in two languages.
pub(crate) static PLACE: Shape = Shape::Map(&[
    Field::new("en", Shape::Text, "in English"),
    Field::new("de", Shape::Text, "in German"),
]);

/// What is written under `settings:`.
pub static SHAPE: Shape = Shape::MapOf(
    Keys::Any,
    &Shape::Map(&[
        Field::new("kind", words(&["text", "list", "map"]), "what is given for it").default("text"),
        Field::new("secret", Shape::Bool, "never shown, and read from env:NAME or file:NAME"),
        Field::new("required", Shape::Bool, "whether it must be given"),
        Field::new("default", Shape::Text, "what holds when it is left out"),
        Field::new("one_of", Shape::List(&Shape::Text), "the only values it may have"),
        Field::new(
            "pattern",
            Shape::Text,
            "a regular expression that a value, or each in a list or map, must match",
        ),
        Field::new("where", PLACE, "where a person finds it in the other system"),
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
        let kind = match node.get("kind").and_then(Node::as_str) {
            Some("list") => SettingKind::List,
            Some("map") => SettingKind::Map,
            Some(_) | None => SettingKind::Text,
        };
        if kind != SettingKind::Text {
            for key in ["secret", "default"] {
                if let Some((key, _)) = node.entry(key) {
                    let message = format!("only a text has a `{}`", key.text);
                    diagnostics.push(Diagnostic::error(&key.span, message).hint("leave it out"));
                }
            }
        }
        let one_of = node.get("one_of").and_then(Node::as_list).unwrap_or_default();
        settings.push(Setting {
            name: key.text.clone(),
            kind,
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
    let kind = |setting: &Setting| match setting.kind {
        SettingKind::Text => Kind::Text,
        SettingKind::List => Kind::list(Kind::Text),
        SettingKind::Map => Kind::Map,
    };
    Kind::fields(settings.iter().map(|setting| (setting.name.clone(), kind(setting))))
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
        let given = given.get(&setting.name);
        let value = match setting.kind {
            SettingKind::Text => {
                let text = given.and_then(Value::as_id).or(setting.default.as_deref());
                text.inspect(|text| faults.extend(setting.fault(text, real))).map(Value::text)
            }
            SettingKind::List | SettingKind::Map => {
                given.and_then(|given| setting.collection(given, &mut faults))
            }
        };
        match value {
            Some(value) => complete.set(setting.name.clone(), value),
            None if given.is_some() => {}
            None if setting.required => faults.push(setting.missing()),
            None => complete.set_some(&setting.name, setting.kind.nothing()),
        }
    }
    if faults.is_empty() { Ok(complete) } else { Err(faults) }
}

impl Setting {
    /// A list or a map, its values as texts.
    fn collection(&self, given: &Value, faults: &mut Vec<String>) -> Option<Value> {
        let before = faults.len();
        let mut text = |at: &str, value: &Value| {
            let fault = match value.as_id() {
                Some(text) => self.fault_of_entry(at, text),
                None => Some(format!("`{}`: `{at}` is no text", self.name)),
            };
            faults.extend(fault);
            Value::text(value.as_id().unwrap_or_default())
        };
        let value = match (self.kind, given) {
            (SettingKind::List, Value::List(list)) => {
                let items = list.iter().zip(1_usize..);
                Some(Value::List(items.map(|(item, n)| text(&n.to_string(), item)).collect()))
            }
            (SettingKind::Map, Value::Map(map)) => {
                let entries = map.iter().map(|(key, value)| (key.to_owned(), text(key, value)));
                Some(Value::Map(entries.collect()))
            }
            _ => None,
        };
        let entries = value.as_ref().map(|value| match value {
            Value::Map(map) => map.len(),
            value => value.as_list().unwrap_or_default().len(),
        });
        match entries {
            None => faults.push(self.wrong_kind()),
            Some(count) if count > MAX_ENTRIES => {
                faults.push(format!("`{}` has more than {MAX_ENTRIES} entries", self.name));
            }
            Some(_) => {}
        }
        value.filter(|_| faults.len() == before)
    }

    /// What is said of a value of another kind.
    pub(crate) fn wrong_kind(&self) -> String {
        let (kind, example) = match self.kind {
            SettingKind::Text => ("a text", "write one value"),
            SettingKind::List => ("a list", "write one, as in [a, b]"),
            SettingKind::Map => ("a map", "write one, as in { a: b }"),
        };
        format!("`{}` must be {kind}; {example}", self.name)
    }

    /// What is wrong with one text in a list or a map; names where it stands, never what it says.
    pub(crate) fn fault_of_entry(&self, at: &str, text: &str) -> Option<String> {
        let (name, bad) =
            (&self.name, |why: String| Some(format!("`{name}`: `{at}` {why}", name = self.name)));
        if text.starts_with("env:") || text.starts_with("file:") {
            let why = format!(
                "names a secret, and `{name}` holds none; give it to a setting that is one"
            );
            return bad(why);
        }
        if !self.one_of.is_empty() && !self.one_of.iter().any(|word| word == text) {
            return bad(format!("must be one of {}", self.one_of.join(", ")));
        }
        match &self.pattern {
            Some(pattern) if pattern.find(text).is_none_or(|found| found.start() > 0) => {
                bad(format!("should match `{pattern}`"))
            }
            Some(_) | None => None,
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{RenderFormat, SourceFile, read, render};

    fn declared(text: &str) -> (Vec<Setting>, String) {
        let mut diagnostics = Diagnostics::default();
        let file = SourceFile::new("connectors/destinations/x.yaml", text);
        let node = read(file, &mut diagnostics).expect("it is YAML");
        let settings = compile(&node, &["only"], &mut diagnostics);
        (settings, render(diagnostics.iter(), RenderFormat::Text { colour: false }, &[]))
    }

    fn value(json: &str) -> Value {
        let doc = crate::json::Doc::parse(json.as_bytes()).expect("it is JSON");
        doc.root().to_value().expect("it is a value")
    }

    #[test]
    fn lists_and_maps_are_texts_throughout_and_are_checked_one_by_one() {
        let (settings, told) = declared(
            "settings: { fields: { kind: map, pattern: '^[0-9]+$' }, names: { kind: list, required: false, one_of: [a, b] } }",
        );
        assert_eq!(told, "");
        for (given, wanted) in [
            (r#"{"fields":{"x":6,"y":"7"}}"#, Ok(r#"{"fields":{"x":"6","y":"7"},"names":[]}"#)),
            (r#"{"fields":{},"names":["a"]}"#, Ok(r#"{"fields":{},"names":["a"]}"#)),
            ("{}", Err("`fields` is missing")),
            (r#"{"fields":"x"}"#, Err("`fields` must be a map; write one, as in { a: b }")),
            (r#"{"fields":["x"]}"#, Err("`fields` must be a map; write one, as in { a: b }")),
            (r#"{"fields":{"x":{"y":1}}}"#, Err("`fields`: `x` is no text")),
            (
                r#"{"fields":{"x":"kim@example.test"}}"#,
                Err("`fields`: `x` should match `^[0-9]+$`"),
            ),
            (r#"{"fields":{},"names":["a","c"]}"#, Err("`names`: `2` must be one of a, b")),
            (
                r#"{"fields":{},"names":"a"}"#,
                Err("`names` must be a list; write one, as in [a, b]"),
            ),
            (
                r#"{"fields":{"x":"env:KEY"}}"#,
                Err(
                    "`fields`: `x` names a secret, and `fields` holds none; give it to a setting that is one",
                ),
            ),
        ] {
            let Value::Map(map) = value(given) else { panic!("a map") };
            let checked = check(&settings, &map, true);
            let checked =
                checked.map(|map| Value::Map(map).to_json()).map_err(|faults| faults.join("\n"));
            assert_eq!(checked, wanted.map(str::to_owned).map_err(str::to_owned), "{given}");
        }
    }

    #[test]
    fn a_secret_is_a_text() {
        let (_, told) = declared("settings: { keys: { kind: map, secret: true, default: x } }");
        assert!(told.contains("only a text has a `secret`"), "{told}");
        assert!(told.contains("only a text has a `default`"), "{told}");
    }

    #[test]
    fn a_map_has_at_most_so_many_entries() {
        let (settings, _) = declared("settings: { fields: { kind: map } }");
        for (count, fine) in [(MAX_ENTRIES, true), (MAX_ENTRIES + 1, false)] {
            let fields: Map = (0..count).map(|n| (format!("f{n}"), Value::int(1))).collect();
            let mut given = Map::new();
            given.set("fields", Value::Map(fields));
            assert_eq!(check(&settings, &given, true).is_ok(), fine, "{count}");
        }
    }
}
