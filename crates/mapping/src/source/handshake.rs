//! Requests without effect that a connector knows how to answer: a HEAD, a ping, a registration
//! that hands out a secret, a token to come back with. What hands out anything is verified first.

use jiff::Timestamp;
use parcelwire_domain::Map;

use super::{
    NotReady, ReadySource,
    request::{self, Payload},
    verify::Verify,
};
use crate::{
    blocks::{
        sign::Signer,
        verify::{Incoming, MethodSpec, Refusal, Secret, Verified, Verifier, issued_token},
    },
    draft,
    expr::{Built, Env, Expr, Kind, Scope, Template, Val},
    text::{Diagnostic, Diagnostics, Node},
};

/// Longest body that a handshake is asked about.
const MAX_HANDSHAKE_BYTES: usize = 8 * 1024;

/// Names that only a verified handshake sees: all of them stand for secrets.
const OF_VERIFIED: [(&str, Kind); 4] = [
    ("secret", Kind::Text),
    ("generation", Kind::Number),
    ("token", Kind::Text),
    ("expires_in", Kind::Number),
];

#[derive(Debug)]
pub(super) struct Handshake {
    method: String,
    path: Option<String>,
    when: Option<Expr>,
    verify: Option<Verify>,
    status: u16,
    body: Body,
    content_type: String,
}

#[derive(Debug)]
enum Body {
    Nothing,
    Text(Template),
    Json(Built),
}

/// The answer to a handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandshakeAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The body's type.
    pub content_type: String,
    /// The body.
    pub body: String,
}

/// The handshakes of one instance.
#[derive(Debug, Clone, Default)]
pub(super) struct Gates {
    /// Of each handshake, in their order.
    each: Vec<Gate>,
    /// What is handed out is made of these.
    secrets: Vec<Secret>,
    /// How many seconds a token lives that is handed out.
    token_lives: Option<u32>,
}

/// A handshake with one instance's secrets.
#[derive(Debug, Clone)]
enum Gate {
    /// It hands out nothing, so that everyone is answered.
    Open,
    /// With these settings it does not exist.
    Closed,
    /// Only who proves to hold a secret is answered.
    Guarded(Box<(Verifier, MethodSpec)>),
}

impl ReadySource {
    /// The answer to a request without effect (HEAD, GET, a ping, a registration), if the
    /// connector knows it, or why it has none: asked before verification.
    pub fn handshake(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Option<Result<HandshakeAnswer, Refusal>> {
        let mut refused: Option<Refusal> = None;
        let asked = Asked::new(self, request);
        for (known, gate) in self.connector.handshakes.iter().zip(&self.gates.each) {
            if !known.is_for(&asked) {
                continue;
            }
            let verified = match gate {
                Gate::Closed => continue,
                Gate::Open => None,
                Gate::Guarded(way) => match self.check(&way.0, request, now) {
                    Ok(verified) => Some(verified),
                    Err(refusal) => {
                        refused = Some(Refusal::more_telling(refused, refusal));
                        continue;
                    }
                },
            };
            return Some(Ok(self.answered(known, &asked, verified, now)));
        }
        refused.map(Err)
    }

    /// Signs a handshake as its sender would, for tests in files: with the method of the first
    /// guarded one that knows the request.
    pub(crate) fn handshake_signer(
        &self,
        request: &Incoming<'_>,
        secret: &Secret,
    ) -> Option<Signer> {
        let asked = Asked::new(self, request);
        let mut known = self.connector.handshakes.iter().zip(&self.gates.each);
        known.find_map(|(known, gate)| match gate {
            Gate::Guarded(way) if known.is_for(&asked) => way.1.signer(secret).ok(),
            Gate::Guarded(..) | Gate::Open | Gate::Closed => None,
        })
    }

    fn answered(
        &self,
        known: &Handshake,
        asked: &Asked<'_>,
        verified: Option<Verified>,
        now: Timestamp,
    ) -> HandshakeAnswer {
        let Gates { secrets, token_lives, .. } = &self.gates;
        let secret = verified.as_ref().and_then(|verified| secrets.get(verified.secret));
        let token = secret.filter(|_| token_lives.is_some());
        let token = token.and_then(|secret| issued_token(secret, now));
        let mut env = asked.env();
        if let (Some(verified), Some(secret)) = (&verified, secret) {
            env = env
                .with("secret", secret.expose())
                .with("generation", verified.generation.map(number))
                .with("token", token.as_deref())
                .with("expires_in", token_lives.map(number));
        }
        let body = match &known.body {
            Body::Nothing => String::new(),
            Body::Text(body) => body.eval(&env).as_text().unwrap_or_default().into_owned(),
            Body::Json(body) => {
                body.eval(&mut env).map_or_else(|| "{}".to_owned(), |json| json.to_json())
            }
        };
        HandshakeAnswer { status: known.status, content_type: known.content_type.clone(), body }
    }
}

/// A request as handshakes see it.
struct Asked<'a> {
    source: &'a ReadySource,
    request: &'a Incoming<'a>,
    payload: Payload,
    query: Map,
}

impl<'a> Asked<'a> {
    fn new(source: &'a ReadySource, request: &'a Incoming<'a>) -> Self {
        let any = source.connector.handshakes.iter().any(|known| known.method == request.method);
        let payload = match request.body {
            [] => Payload::Nothing,
            _ if !any => Payload::Nothing,
            body => Payload::look(body, source.connector.is_form),
        };
        Self { source, request, payload, query: request::query(request.query) }
    }

    fn env(&self) -> Env<'_> {
        let headers = request::headers(self.request.headers.iter());
        request::env(&self.payload, headers, (&self.query).into())
            .with("settings", &self.source.settings)
            .with("path", tail(self.request))
            .with("text", text_of(self.request.body))
            .with("address", self.source.address.as_str())
    }
}

impl Gates {
    /// The handshakes with one instance's settings and secrets; `method` verifies its webhooks.
    pub(super) fn of(
        handshakes: &[Handshake],
        settings: &Map,
        method: &MethodSpec,
        secrets: &[Secret],
    ) -> Result<Self, NotReady> {
        let each = handshakes.iter().map(|known| known.gate(settings, secrets));
        let each: Vec<Gate> = each.collect::<Result<_, _>>()?;
        let is_guarded = each.iter().any(|gate| matches!(gate, Gate::Guarded(..)));
        let secrets = if is_guarded { secrets.to_vec() } else { Vec::new() };
        Ok(Self { each, secrets, token_lives: method.token_lives() })
    }
}

fn number(n: impl Into<u32>) -> Val<'static> {
    Val::Number(n.into().to_string().into())
}

impl Handshake {
    fn is_for(&self, asked: &Asked<'_>) -> bool {
        self.method == asked.request.method
            && self.path.as_deref().is_none_or(|path| path == tail(asked.request))
            && self.when.as_ref().is_none_or(|when| when.eval(&asked.env()).truth() == Some(true))
    }

    fn gate(&self, settings: &Map, secrets: &[Secret]) -> Result<Gate, NotReady> {
        let Some(verify) = &self.verify else { return Ok(Gate::Open) };
        if !verify.is_some(settings) {
            return Ok(Gate::Closed);
        }
        let method = verify.method(settings).map_err(NotReady::Settings)?;
        let verifier = method.verifier(secrets).map_err(NotReady::Secrets)?;
        Ok(Gate::Guarded(Box::new((verifier, method))))
    }

    fn compile(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Self {
        let text = |key: &str| node.get(key).and_then(Node::as_str).map(str::to_owned);
        let mut shown = scope.clone();
        for name in ["path", "text", "address"] {
            shown = shown.with(name, Kind::Text);
        }
        let when = node.get("when").and_then(|when| draft::expression(when, &shown, diagnostics));
        let verify = Verify::compile(node, scope, diagnostics);
        if verify.is_some() {
            for (name, kind) in OF_VERIFIED {
                shown = shown.with(name, kind);
            }
        }
        let body = match (node.get("body"), node.get("json")) {
            (None, None) => Body::Nothing,
            (Some(body), None) => {
                draft::template(body, &shown, diagnostics).map_or(Body::Nothing, Body::Text)
            }
            (None, Some(json)) => {
                draft::built(json, &shown, diagnostics).map_or(Body::Nothing, Body::Json)
            }
            (Some(_), Some(json)) => {
                let message = "an answer has `body:` or `json:`, not both";
                diagnostics.push(Diagnostic::error(&json.span, message).hint("keep one of them"));
                Body::Nothing
            }
        };
        if verify.is_none() {
            for (name, _) in OF_VERIFIED.iter().filter(|(name, _)| body.reads(name)) {
                let message = format!("`{name}` is only there in a handshake that is verified");
                let error = Diagnostic::error(&node.span, message);
                diagnostics.push(error.hint("add `verify:` beside it"));
            }
        }
        let usual = if matches!(body, Body::Json(_)) { "application/json" } else { "text/plain" };
        Self {
            method: text("method").unwrap_or_default(),
            path: text("path").map(|path| path.trim_matches('/').to_owned()),
            when,
            verify,
            status: status(node, 200),
            body,
            content_type: text("content_type").unwrap_or_else(|| usual.to_owned()),
        }
    }
}

impl Body {
    fn reads(&self, name: &str) -> bool {
        let is = |read: &crate::expr::Read| read.path.first().is_some_and(|root| root == name);
        match self {
            Self::Nothing => false,
            Self::Text(template) => template.reads().any(is),
            Self::Json(built) => built.reads().into_iter().any(is),
        }
    }
}

/// What stands behind the source's, or the feed's, name in a request's path.
fn tail<'r>(request: &Incoming<'r>) -> &'r str {
    let below = |start, names| {
        let path = request.path.strip_prefix(start)?;
        path.splitn(names + 1, '/').nth(names)
    };
    below("/hooks/", 2).or_else(|| below("/feeds/", 1)).unwrap_or_default()
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
    nodes.iter().map(|node| Handshake::compile(node, scope, diagnostics)).collect()
}

/// An HTTP status as a file states it.
pub(super) fn status(node: &Node, usual: u16) -> u16 {
    let stated = node.get("status").and_then(Node::as_int);
    stated.and_then(|status| u16::try_from(status).ok()).unwrap_or(usual)
}
