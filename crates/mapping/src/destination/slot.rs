//! One request of an exchange, as it stands in a file.

use bytes::Bytes;
use parcelwire_domain::{Map, Value};

use super::{answers::Answers, needs::Needs, ready::Inner};
use crate::{
    blocks::encode::{BodyFormat, Nested, percent_encode},
    draft,
    expr::{Built, Env, Expr, Scope, Template},
    http::HttpRequest,
    text::{Diagnostic, Diagnostics, Node},
};

/// A request with what belongs to it.
#[derive(Debug)]
pub(super) struct Slot {
    method: String,
    path: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
    body: Option<(BodyFormat, Built)>,
    pub(super) when: Option<Expr>,
    pub(super) if_missing: bool,
    pub(super) answers: Answers,
    pub(super) take: Vec<(String, Expr)>,
    pub(super) lives: Option<Expr>,
    pub(super) needs: Needs,
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Slot {
    pub(super) fn compile(
        node: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let asked = node.get("request").and_then(|node| request(node, scope, diagnostics));
        let answer_scope = super::answers::scope();
        let one = |key: &str, scope: &Scope, diagnostics: &mut Diagnostics| {
            node.get(key).and_then(|node| draft::expression(node, scope, diagnostics))
        };
        let when = one("when", scope, diagnostics);
        let lives = one("lives", &answer_scope, diagnostics);
        let take = node.get("take").into_iter().flat_map(|node| node.entries()).filter_map(
            |(key, node)| {
                Some((key.text.clone(), draft::expression(node, &answer_scope, diagnostics)?))
            },
        );
        let take = take.collect();
        let nested = node.get("nested").and_then(Node::as_str).and_then(Nested::parse);
        let body = match (node.get("json"), node.get("form")) {
            (Some(json), None) => Some((BodyFormat::Json, draft::built(json, scope, diagnostics)?)),
            (None, Some(form)) => {
                let format = BodyFormat::Form(nested.unwrap_or(Nested::Brackets));
                Some((format, draft::built(form, scope, diagnostics)?))
            }
            (None, None) => None,
            (Some(_), Some(form)) => {
                let message = "a request has a `json:` or a `form:` body, not both";
                diagnostics.push(Diagnostic::error(&form.span, message));
                None
            }
        };
        let (query, headers) = (node.get("query"), node.get("headers"));
        let (query, headers) =
            (templates(query, scope, diagnostics), templates(headers, scope, diagnostics));
        let (method, path) = asked?;
        Some(Self {
            method,
            path,
            query,
            headers,
            body,
            when,
            if_missing: node.get("if_missing").and_then(Node::as_bool).unwrap_or(false),
            answers: Answers::compile(node.get("answers"), diagnostics),
            take,
            lives,
            needs: Needs::compile(node, scope, diagnostics),
        })
    }

    /// Its own headers.
    pub(super) fn headers(&self) -> &[(String, Template)] {
        &self.headers
    }

    /// A request without body, as `check:` is written.
    pub(super) fn bare(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Self> {
        let (method, path) = request(node, scope, diagnostics)?;
        Some(Self {
            method,
            path,
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            when: None,
            if_missing: false,
            answers: Answers::default(),
            take: Vec::new(),
            lives: None,
            needs: Needs::default(),
        })
    }

    /// The request for these names. What is wrong is the connector's or the settings' fault.
    pub(super) fn request<'a>(
        &'a self,
        inner: &Inner,
        common: &'a [(String, Template)],
        env: &mut Env<'a>,
    ) -> Result<HttpRequest, String> {
        let path = self.path.eval(env).as_text().ok_or("the path needs a field that is missing")?;
        let mut url = inner
            .host_of(&path)
            .unwrap_or_else(|| format!("{}{path}", inner.base_url.trim_end_matches('/')));
        for (name, template) in &self.query {
            if let Some(value) = template.eval(env).as_text() {
                url.push(if url.contains('?') { '&' } else { '?' });
                url.push_str(&percent_encode(name));
                url.push('=');
                url.push_str(&percent_encode(&value));
            }
        }
        let mut headers: Vec<(String, String)> = Vec::new();
        for (name, template) in common.iter().chain(&self.headers) {
            let Some(value) = template.eval(env).as_text() else { continue };
            if value.bytes().any(|b| b < 0x20 || b == 0x7f) {
                return Err(format!("the header `{name}` would hold control characters"));
            }
            headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            headers.push((name.clone(), value.into_owned()));
        }
        let mut body = Bytes::new();
        if let Some((format, built)) = &self.body {
            let value = built.eval(env).unwrap_or(Value::Map(Map::new()));
            body = format.write(&value).map_err(|fault| fault.to_string())?.into();
            if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
                headers.push(("Content-Type".to_owned(), format.content_type().to_owned()));
            }
        }
        Ok(HttpRequest { method: self.method.clone(), url, headers, body })
    }
}

fn request(
    node: &Node,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) -> Option<(String, Template)> {
    let text = node.as_str()?;
    let (method, path) = text.split_once(' ').unwrap_or((text, ""));
    let path = path.trim();
    if !METHODS.contains(&method) {
        let error = Diagnostic::error(&node.span, format!("`{method}` is no method for a request"));
        diagnostics.push(error.hint("write method and path, as in POST /events"));
        return None;
    }
    let start = text.len() - path.len();
    let path = Template::text(path, &node.part(start, text.len()), scope, diagnostics)?;
    Some((method.to_owned(), path))
}

/// A map of templates.
pub(super) fn templates(
    node: Option<&Node>,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) -> Vec<(String, Template)> {
    let entries = node.iter().flat_map(|node| node.entries());
    entries
        .filter_map(|(key, node)| {
            Some((key.text.clone(), draft::template(node, scope, diagnostics)?))
        })
        .collect()
}
