//! What is read of a request before its body is processed: topic, delivery id, and the names that
//! expressions see.

use std::borrow::Cow;

use parcelwire_domain::{Map, Value};

use crate::{
    blocks::verify::Incoming,
    draft,
    expr::{Env, Expr, Kind, Scope, Template, Val},
    json::{Doc, form},
    settings::{self, Setting},
    text::{Diagnostics, Node},
};

/// Largest body into which a look for topic and delivery id is taken.
const MAX_LOOK_BYTES: usize = 1 << 20;

/// Where the kind of a webhook stands.
#[derive(Debug)]
pub(super) enum TopicAt {
    Header(Vec<String>),
    Query(String),
    Body(Expr),
}

/// The names that expressions of a source see.
pub(super) fn scope(settings: &[Setting]) -> Scope {
    Scope::open()
        .with("headers", Kind::Map)
        .with("query", Kind::Map)
        .with("body", Kind::Any)
        .with("topic", Kind::Text)
        .with("settings", settings::kind(settings))
}

impl TopicAt {
    pub(super) fn compile(
        file: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let node = file.get("topic")?;
        if let Some(names) = node.get("header") {
            let names = names.one_or_many().iter().filter_map(Node::as_str);
            return Some(Self::Header(names.map(str::to_lowercase).collect()));
        }
        if let Some(name) = node.get("query").and_then(Node::as_str) {
            return Some(Self::Query(name.to_owned()));
        }
        let path = node.get("body")?;
        let text = path.as_str()?;
        Expr::compile(text, &path.span, scope, diagnostics).map(Self::Body)
    }

    pub(super) fn find(&self, request: &Incoming<'_>, body: &Payload) -> Option<String> {
        let text = match self {
            Self::Header(names) => {
                names.iter().find_map(|name| request.headers.get(name)).map(str::to_owned)
            }
            Self::Query(name) => request.query_value(name),
            Self::Body(path) => {
                let env = env(body, Val::Missing, Val::Missing);
                path.eval(&env).as_text().map(Cow::into_owned)
            }
        };
        text.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }
}

/// A body as it was read.
#[derive(Debug, Default)]
pub(super) enum Payload {
    #[default]
    Nothing,
    Json(Doc),
    Form(Map),
}

impl Payload {
    /// Reads a body as far as a bounded look goes; what cannot be read is nothing, here.
    pub(super) fn look(body: &[u8], is_form: bool) -> Self {
        if body.len() > MAX_LOOK_BYTES {
            return Self::Nothing;
        }
        if is_form {
            return std::str::from_utf8(body)
                .map(|text| Self::Form(form::parse(text)))
                .unwrap_or_default();
        }
        Doc::parse(body).map(Self::Json).unwrap_or_default()
    }

    /// The text or number at a dotted path.
    pub(super) fn text_at(&self, path: &str) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Json(doc) => {
                let found = doc.root().find(path.split('.'))?;
                let number = found.number().map(str::to_owned);
                found.text().map(Cow::into_owned).or(number)
            }
            Self::Form(map) => map.get(path).and_then(Value::as_id).map(str::to_owned),
        }
    }

    fn root(&self) -> Val<'_> {
        match self {
            Self::Nothing => Val::Missing,
            Self::Json(doc) => doc.root().into(),
            Self::Form(map) => map.into(),
        }
    }
}

/// The names for one request.
pub(super) fn env<'a>(payload: &'a Payload, headers: Val<'a>, query: Val<'a>) -> Env<'a> {
    let root = payload.root();
    Env::over(root.clone()).with("headers", headers).with("query", query).with("body", root)
}

/// Headers as expressions see them: names in small letters, the first of each.
pub(super) fn headers<'a>(lines: impl Iterator<Item = (&'a str, &'a str)>) -> Val<'a> {
    let mut entries: Vec<(Cow<'a, str>, Val<'a>)> = Vec::new();
    for (name, value) in lines {
        let name = if name.bytes().any(|b| b.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        };
        if !entries.iter().any(|(known, _)| *known == name) {
            entries.push((name, Val::text(value.trim())));
        }
    }
    Val::map(entries)
}

/// A query string as expressions see it.
pub(super) fn query(text: &str) -> Map {
    if text.is_empty() { Map::new() } else { form::parse(text) }
}

/// The delivery id: the first of these that is present.
#[derive(Debug, Default)]
pub(super) struct DeliveryId {
    candidates: Vec<(Template, bool)>,
}

impl DeliveryId {
    pub(super) fn compile(file: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Self {
        let nodes = file.get("delivery_id").map(Node::one_or_many).unwrap_or_default();
        let mut candidates = Vec::new();
        for node in nodes {
            if let Some(template) = draft::template(node, scope, diagnostics) {
                let reads_body = template.reads().any(|read| {
                    let root = read.path.first().map(String::as_str);
                    !matches!(root, Some("headers" | "query" | "settings" | "topic"))
                });
                candidates.push((template, reads_body));
            }
        }
        Self { candidates }
    }

    pub(super) fn find(&self, request: &Incoming<'_>, is_form: bool) -> Option<String> {
        let query = query(request.query);
        let empty = Payload::Nothing;
        let mut looked = None;
        for (template, reads_body) in &self.candidates {
            let payload = if *reads_body {
                looked.get_or_insert_with(|| Payload::look(request.body, is_form))
            } else {
                &empty
            };
            let env = env(payload, headers(request.headers.iter()), (&query).into());
            let id = template.eval(&env).as_text().map(|id| id.trim().to_owned());
            if let Some(id) = id.filter(|id| !id.is_empty()) {
                return Some(id.chars().take(300).collect());
            }
        }
        None
    }

    pub(super) fn reads(&self) -> impl Iterator<Item = &crate::expr::Read> {
        self.candidates.iter().flat_map(|(template, _)| template.reads())
    }
}
