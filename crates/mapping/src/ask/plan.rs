//! Method, address, parameters, headers and body of a request, with what is filled in.

use bytes::Bytes;
use parcelwire_domain::{Map, Value};

use crate::{
    blocks::encode::{BodyFormat, Nested, percent_encode},
    draft,
    expr::{Built, Env, Scope, Template},
    http::HttpRequest,
    text::{Diagnostic, Diagnostics, Node},
};

/// A request of a file.
#[derive(Debug)]
pub(crate) struct Plan {
    method: String,
    address: Template,
    query: Vec<(String, Template)>,
    headers: Vec<(String, Template)>,
    body: Option<(BodyFormat, Built)>,
}

const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

impl Plan {
    /// From a map with `request:`, `query:`, `headers:` and a body.
    pub(crate) fn compile(
        node: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let asked = node.get("request").and_then(|node| request(node, scope, diagnostics));
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
        let query = templates(node.get("query"), scope, diagnostics);
        let headers = templates(node.get("headers"), scope, diagnostics);
        let (method, address) = asked?;
        Some(Self { method, address, query, headers, body })
    }

    /// A request without anything beside method and path, as `check:` may be written.
    pub(crate) fn bare(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Self> {
        let (method, address) = request(node, scope, diagnostics)?;
        Some(Self { method, address, query: Vec::new(), headers: Vec::new(), body: None })
    }

    /// Its own headers.
    pub(crate) fn headers(&self) -> &[(String, Template)] {
        &self.headers
    }

    /// What is behind the method.
    pub(crate) fn address(&self) -> &Template {
        &self.address
    }

    /// Its body, before it is written.
    pub(crate) fn body<'a>(&'a self, env: &mut Env<'a>) -> Option<Value> {
        self.body.as_ref().and_then(|(_, built)| built.eval(env))
    }

    /// The request for these names; `whole` makes a URL of what is behind the method. What is wrong
    /// is the connector's or the settings' fault.
    pub(crate) fn request<'a>(
        &'a self,
        whole: impl FnOnce(&str) -> String,
        common: &'a [(String, Template)],
        env: &mut Env<'a>,
    ) -> Result<HttpRequest, String> {
        let path =
            self.address.eval(env).as_text().ok_or("the path needs a field that is missing")?;
        let mut url = whole(&path);
        for (name, template) in &self.query {
            if let Some(value) = template.eval(env).as_text() {
                url = with_parameter(&url, name, &value);
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

/// `url` with this parameter, which takes the place of one of the same name.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    let name = percent_encode(name);
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let others = query.split('&').filter(|pair| !pair.is_empty());
    let others = others.filter(|pair| pair.split('=').next() != Some(name.as_str()));
    let own = format!("{name}={}", percent_encode(value));
    let pairs: Vec<&str> = others.chain([own.as_str()]).collect();
    format!("{path}?{}", pairs.join("&"))
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
pub(crate) fn templates(
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_added_or_takes_the_place_of_its_namesake() {
        for (url, expected) in [
            ("https://a.test/x", "https://a.test/x?page=2"),
            ("https://a.test/x?page=1&b=%20", "https://a.test/x?b=%20&page=2"),
            ("https://a.test/x?pages=1", "https://a.test/x?pages=1&page=2"),
            ("https://a.test/x?", "https://a.test/x?page=2"),
        ] {
            assert_eq!(with_parameter(url, "page", "2"), expected);
        }
        assert_eq!(
            with_parameter("/x", "order[updatedAt]", "a b"),
            "/x?order%5BupdatedAt%5D=a%20b"
        );
    }
}
