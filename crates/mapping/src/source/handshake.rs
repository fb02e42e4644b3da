//! Requests without effect that a connector knows how to answer: a HEAD, a ping, a handshake.

use super::{
    ReadySource,
    request::{self, Payload},
};
use crate::{
    blocks::verify::Incoming,
    draft,
    expr::{Expr, Kind, Scope, Template},
    text::{Diagnostics, Node},
};

/// Longest body that a handshake is asked about.
const MAX_HANDSHAKE_BYTES: usize = 8 * 1024;

#[derive(Debug)]
pub(super) struct Handshake {
    method: String,
    when: Option<Expr>,
    status: u16,
    body: Option<Template>,
    content_type: String,
}

impl ReadySource {
    /// The answer to a request without effect (HEAD, GET, an unsigned ping), if the connector
    /// knows it: asked before verification. Status, content type, body.
    pub fn handshake(&self, request: &Incoming<'_>) -> Option<(u16, String, String)> {
        let known = self.connector.handshakes.iter().filter(|known| known.method == request.method);
        for known in known {
            let payload = match request.body {
                [] => Payload::Nothing,
                body => Payload::look(body, self.connector.is_form),
            };
            let query = request::query(request.query);
            let env =
                request::env(&payload, request::headers(request.headers.iter()), (&query).into())
                    .with("settings", &self.settings)
                    .with("path", tail(request))
                    .with("text", text_of(request.body));
            let holds =
                known.when.as_ref().is_none_or(|when| when.eval(&env).truth() == Some(true));
            if holds {
                let body = known.body.as_ref().and_then(|body| body.eval(&env).as_text());
                let body = body.map(|text| text.into_owned()).unwrap_or_default();
                return Some((known.status, known.content_type.clone(), body));
            }
        }
        None
    }
}

/// What stands behind the source's name in a request's path.
fn tail<'r>(request: &Incoming<'r>) -> &'r str {
    let mut parts = request.path.splitn(5, '/');
    // `/hooks/{merchant}/{source}/…`
    match (parts.next(), parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(""), Some("hooks"), Some(_), Some(_), Some(tail)) => tail,
        _ => "",
    }
}

/// A body as text, as far as a handshake may look; nothing where it is longer or no text.
fn text_of(body: &[u8]) -> Option<&str> {
    std::str::from_utf8(body).ok().filter(|text| text.len() <= MAX_HANDSHAKE_BYTES)
}

pub(super) fn handshakes(
    file: &Node,
    scope: &Scope,
    diagnostics: &mut Diagnostics,
) -> Vec<Handshake> {
    let nodes = file.get("handshake").map(Node::one_or_many).unwrap_or_default();
    let text = |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
    let scope = &scope.clone().with("path", Kind::Text).with("text", Kind::Text);
    nodes
        .iter()
        .map(|node| Handshake {
            method: text(node, "method").unwrap_or_default(),
            when: node.get("when").and_then(|when| draft::expression(when, scope, diagnostics)),
            status: status(node, 200),
            body: node.get("body").and_then(|body| draft::template(body, scope, diagnostics)),
            content_type: text(node, "content_type").unwrap_or_else(|| "text/plain".to_owned()),
        })
        .collect()
}

/// An HTTP status as a file states it.
pub(super) fn status(node: &Node, usual: u16) -> u16 {
    let stated = node.get("status").and_then(Node::as_int);
    stated.and_then(|status| u16::try_from(status).ok()).unwrap_or(usual)
}
