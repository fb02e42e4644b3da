//! What is signed: the raw body, or a short text of parts such as `{{ id }}.{{ timestamp }}.{{ body }}`.
//!
//! This is not the expression language: the parts are bytes as they came, taken before anything is
//! parsed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::incoming::Incoming;

/// The most parts a template may have.
const MAX_PARTS: usize = 32;

/// The parts that are signed, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    parts: Vec<Part>,
}

/// One part of what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Fixed text.
    Literal(String),
    /// The raw body.
    Body,
    /// The raw body, written as base64.
    BodyBase64,
    /// A text or number of the body, by its dotted path.
    BodyField(String),
    /// The delivery id.
    Id,
    /// The timestamp, as it was sent.
    Timestamp,
    /// The value of a header.
    Header(String),
    /// The whole public address.
    Url,
    /// Its path.
    Path,
    /// Its query; without the signature, if that stands in it.
    Query,
    /// The HTTP method, in capitals.
    Method,
    /// The secret itself: for plain hashes only.
    Secret,
}

/// Why a template cannot be read, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct TemplateFault {
    /// What is wrong.
    pub message: String,
    /// The byte at which it starts.
    pub at: usize,
}

impl TemplateFault {
    /// The parts there are.
    pub const HINT: &'static str = "parts are {{ body }}, {{ body | base64 }}, {{ body.FIELD }}, {{ id }}, \
         {{ timestamp }}, {{ headers['NAME'] }}, {{ url }}, {{ path }}, {{ query }}, {{ method }}";
}

impl Default for Template {
    fn default() -> Self {
        Self::body()
    }
}

impl Template {
    /// The raw body alone.
    pub fn body() -> Self {
        Self { parts: vec![Part::Body] }
    }

    /// Reads a template.
    pub fn parse(text: &str) -> Result<Self, TemplateFault> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            let at = text.len() - after.len();
            push_literal(&mut parts, before);
            let (inside, tail) = after.split_once("}}").ok_or_else(|| TemplateFault {
                message: "`{{` is not closed by `}}`".to_owned(),
                at: at - 2,
            })?;
            parts.push(part(inside.trim()).ok_or_else(|| TemplateFault {
                message: format!("`{}` is nothing that can be signed", inside.trim()),
                at,
            })?);
            rest = tail;
        }
        push_literal(&mut parts, rest);
        if parts.len() > MAX_PARTS {
            return Err(TemplateFault { message: format!("more than {MAX_PARTS} parts"), at: 0 });
        }
        if !parts.iter().any(|part| !matches!(part, Part::Literal(_) | Part::Secret)) {
            let message = "nothing of the request is signed".to_owned();
            return Err(TemplateFault { message, at: 0 });
        }
        Ok(Self { parts })
    }

    /// The parts.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Whether `part` is signed.
    pub fn has(&self, part: &Part) -> bool {
        self.parts.contains(part)
    }

    /// Whether the whole body is signed.
    pub fn covers_body(&self) -> bool {
        self.has(&Part::Body) || self.has(&Part::BodyBase64)
    }

    /// The first header or field that is to be signed and is not there.
    pub(super) fn missing(&self, request: &Incoming<'_>) -> Option<String> {
        self.parts.iter().find_map(|part| {
            if let Part::Header(name) = part {
                let there = request.headers.get(name).is_some();
                return (!there).then(|| format!("header `{name}`"));
            }
            if let Part::BodyField(path) = part {
                let there = request.field(path).is_some();
                return (!there).then(|| format!("field `{path}` in its body"));
            }
            None
        })
    }

    /// Passes the signed bytes on, part by part.
    pub(super) fn feed(&self, with: &Filled<'_>, to: &mut dyn FnMut(&[u8])) {
        let request = with.request;
        for part in &self.parts {
            match part {
                Part::Literal(text) => to(text.as_bytes()),
                Part::Body => to(request.body),
                Part::BodyBase64 => to(STANDARD.encode(request.body).as_bytes()),
                Part::BodyField(path) => to(request.field(path).unwrap_or_default().as_bytes()),
                Part::Id => to(with.id.as_bytes()),
                Part::Timestamp => to(with.timestamp.as_bytes()),
                Part::Header(name) => to(request.headers.get(name).unwrap_or("").as_bytes()),
                Part::Url => to(request.url.as_bytes()),
                Part::Path => to(request.path.as_bytes()),
                Part::Query => to(with.query.as_bytes()),
                Part::Method => to(request.method.as_bytes()),
                Part::Secret => to(with.secret),
            }
        }
    }
}

/// What the parts of a template stand for in one request.
pub(super) struct Filled<'a> {
    pub(super) request: &'a Incoming<'a>,
    pub(super) id: &'a str,
    pub(super) timestamp: &'a str,
    pub(super) query: &'a str,
    pub(super) secret: &'a [u8],
}

fn push_literal(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Literal(text.to_owned()));
    }
}

fn part(name: &str) -> Option<Part> {
    Some(match name {
        "body" => Part::Body,
        "body | base64" | "body|base64" => Part::BodyBase64,
        "id" => Part::Id,
        "timestamp" => Part::Timestamp,
        "url" => Part::Url,
        "path" => Part::Path,
        "query" => Part::Query,
        "method" => Part::Method,
        "secret" => Part::Secret,
        _ => match name.strip_prefix("body.") {
            Some(path) if is_path(path) => Part::BodyField(path.to_owned()),
            _ => Part::Header(header_name(name)?.to_owned()),
        },
    })
}

fn is_path(path: &str) -> bool {
    path.split('.').all(|name| {
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-')
    })
}

/// `headers['x-id']` or `headers["x-id"]`.
fn header_name(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("headers[")?.strip_suffix(']')?.trim();
    let name = ['\'', '"']
        .into_iter()
        .find_map(|quote| inside.strip_prefix(quote)?.strip_suffix(quote))?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    (!name.is_empty() && name.chars().all(plain)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::verify::incoming::Headers;

    fn signed(template: &str, request: &Incoming<'_>) -> String {
        let template = Template::parse(template).expect("a template");
        assert_eq!(template.missing(request), None);
        let mut out = Vec::new();
        let filled =
            Filled { request, id: "msg_1", timestamp: "17", query: "a=1", secret: b"geheim" };
        template.feed(&filled, &mut |bytes| out.extend_from_slice(bytes));
        String::from_utf8(out).expect("UTF-8")
    }

    #[test]
    fn every_part_is_filled_in_as_it_came() {
        let lines = [("X-Id", "7")];
        let field = |path: &str| (path == "meta.token").then(|| "tok".to_owned());
        let request = Incoming {
            method: "POST",
            url: "https://relay.example/hooks/a/b?a=1",
            path: "/hooks/a/b",
            query: "a=1&sig=x",
            headers: Headers::new(&lines),
            body: b"{}",
            body_field: Some(&field),
            keys: None,
        };
        for (template, expected) in [
            ("{{ body }}", "{}"),
            ("{{id}}.{{timestamp}}.{{body}}", "msg_1.17.{}"),
            ("v0:{{ timestamp }}:{{ body }}", "v0:17:{}"),
            ("{{ headers['x-id'] }}|{{ headers[\"X-ID\"] }}{{ body | base64 }}", "7|7e30="),
            ("{{ method }} {{ path }}?{{ query }}", "POST /hooks/a/b?a=1"),
            ("{{ url }}{{ body.meta.token }}", "https://relay.example/hooks/a/b?a=1tok"),
            ("{{ body }}/{{ secret }}", "{}/geheim"),
        ] {
            assert_eq!(signed(template, &request), expected, "{template}");
        }
    }

    #[test]
    fn what_is_no_template_is_refused_with_its_place() {
        for (template, at, message) in [
            ("{{ boddy }}", 2, "`boddy` is nothing that can be signed"),
            ("x{{ body", 1, "`{{` is not closed by `}}`"),
            ("{{ headers[x] }}", 2, "`headers[x]` is nothing that can be signed"),
            ("{{ headers[''] }}", 2, "`headers['']` is nothing that can be signed"),
            ("{{ body. }}", 2, "`body.` is nothing that can be signed"),
            ("constant", 0, "nothing of the request is signed"),
            ("", 0, "nothing of the request is signed"),
            ("{{ secret }}", 0, "nothing of the request is signed"),
        ] {
            let fault = Template::parse(template).expect_err(template);
            assert_eq!((fault.at, fault.message.as_str()), (at, message), "{template}");
        }
    }

    #[test]
    fn the_number_of_parts_has_a_limit() {
        assert!(Template::parse(&"{{ id }}".repeat(MAX_PARTS)).is_ok());
        assert!(Template::parse(&"{{ id }}".repeat(MAX_PARTS + 1)).is_err());
    }

    #[test]
    fn a_header_that_is_to_be_signed_and_is_not_there_is_told() {
        let template = Template::parse("{{ headers['x-id'] }}{{ body }}").expect("a template");
        let request = Incoming::post(Headers::default(), b"{}");
        assert_eq!(template.missing(&request).as_deref(), Some("header `x-id`"));
    }
}
