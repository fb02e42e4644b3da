//! Signing what is sent.

use jiff::Timestamp;

use crate::{
    blocks::{
        sign::Signer,
        verify::{
            Encoding, Hash, Headers, HmacSpec, Incoming, MethodSpec, Secret, StandardWebhooksSpec,
        },
    },
    draft,
    expr::{Env, Scope, Template},
    http::HttpRequest,
    text::{Diagnostic, Diagnostics, Node},
};

/// How a connector signs its requests.
#[derive(Debug)]
pub(super) struct Sign {
    method: MethodSpec,
    secret: Template,
    id: Option<Template>,
}

impl Sign {
    pub(super) fn compile(
        file: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let node = file.get("sign")?;
        let text = |key: &str| node.get(key).and_then(Node::as_str);
        let (method, secret) = if let Some(secret) = node.get("standard_webhooks") {
            (MethodSpec::StandardWebhooks(StandardWebhooksSpec::default()), secret)
        } else {
            let hash = text("hmac").and_then(Hash::parse);
            let (Some(hash), Some(header), Some(secret)) =
                (hash, text("header"), node.get("secret"))
            else {
                let error = Diagnostic::error(&node.span, "how it signs is not said in full");
                diagnostics
                    .push(error.hint("write standard_webhooks:, or hmac:, secret: and header:"));
                return None;
            };
            let mut spec = HmacSpec::header(hash, header);
            spec.envelope.encoding = text("encoding").and_then(Encoding::parse).unwrap_or_default();
            text("prefix").unwrap_or_default().clone_into(&mut spec.envelope.prefix);
            (MethodSpec::Hmac(spec), secret)
        };
        Some(Self {
            method,
            secret: draft::template(secret, scope, diagnostics)?,
            id: node.get("id").and_then(|id| draft::template(id, scope, diagnostics)),
        })
    }

    /// A signer for these settings; sentences for people where the secret cannot be used.
    pub(super) fn signer<'a>(&'a self, env: &Env<'a>) -> Result<Signer, String> {
        let secret = self.secret.eval(env).as_text().ok_or("the signing secret is missing")?;
        let secret = Secret::new(secret.into_owned()).map_err(|fault| fault.to_string())?;
        self.method.signer(&secret).map_err(|fault| format!("the signing secret: {fault}"))
    }

    pub(super) fn id<'a>(&'a self, env: &Env<'a>) -> String {
        let own = self.id.as_ref().and_then(|id| id.eval(env).as_text());
        own.or_else(|| env.get("id").as_text()).map(|id| id.into_owned()).unwrap_or_default()
    }
}

/// Adds a signature to a request that is otherwise whole.
pub(crate) fn sign(
    request: &mut HttpRequest,
    signer: &Signer,
    id: &str,
    now: Timestamp,
) -> Result<(), String> {
    let lines: Vec<(&str, &str)> =
        request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let whole =
        Incoming { url: &request.url, ..Incoming::post(Headers::new(&lines), &request.body) };
    let signed = signer.sign(&whole, id, now).map_err(|fault| fault.to_string())?;
    request.url = signed.address(&request.url);
    request.headers.extend(signed.headers);
    Ok(())
}
