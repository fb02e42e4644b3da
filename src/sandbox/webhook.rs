//! The receiving end of outgoing webhooks: a Standard Webhooks signature over a CloudEvents
//! envelope.

use actix_web::{HttpRequest, HttpResponse, web::Bytes};
use parcelwire_mapping::blocks::verify::{
    Headers, Incoming, MethodSpec, Secret, StandardWebhooksSpec, Verifier,
};
use serde_json::{Map, Value, json};

use super::{EventKey, State, header, now};

/// Checks signatures, where a secret was given.
#[derive(Debug, Default)]
pub struct WebhookCheck(Option<Verifier>);

impl WebhookCheck {
    /// Checks against this secret (`whsec_…`); without one, nothing is checked.
    pub fn new(secret: Option<&str>) -> Result<Self, String> {
        let Some(secret) = secret else { return Ok(Self(None)) };
        let secret = Secret::new(secret).map_err(|fault| fault.to_string())?;
        let spec = MethodSpec::StandardWebhooks(StandardWebhooksSpec::default());
        let verifier = spec.verifier(&[secret]).map_err(|problems| {
            problems.iter().map(|problem| problem.fault.to_string()).collect::<Vec<_>>().join("; ")
        })?;
        Ok(Self(Some(verifier)))
    }

    fn refusal(&self, request: &HttpRequest, body: &[u8]) -> Option<String> {
        let verifier = self.0.as_ref()?;
        let lines: Vec<(&str, &str)> = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
            .collect();
        let incoming = Incoming::post(Headers::new(&lines), body);
        verifier.verify(&incoming, now()).err().map(|refusal| refusal.to_string())
    }
}

/// Takes one webhook.
pub(super) fn take(request: &HttpRequest, body: &Bytes, state: &State) -> HttpResponse {
    let refuse = |status: u16, detail: String| {
        state.received.count(|sums| sums.refused += 1);
        let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
        HttpResponse::build(status).json(json!({ "detail": detail }))
    };
    if let Some(detail) = state.webhook.refusal(request, body) {
        return refuse(401, detail);
    }
    let Ok(Value::Object(envelope)) = serde_json::from_slice(body) else {
        return refuse(400, "the body is not a JSON object".to_owned());
    };
    let text = |key: &str| envelope.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let missing =
        ["specversion", "id", "source", "type", "time"].iter().find(|key| text(key).is_empty());
    if let Some(missing) = missing {
        return refuse(400, format!("the envelope has no `{missing}`"));
    }
    let id = header(request, "webhook-id").unwrap_or_default();
    if id != text("id") {
        return refuse(400, "webhook-id is not the envelope's id".to_owned());
    }
    let data = envelope.get("data").and_then(Value::as_object).cloned().unwrap_or_default();
    let of = |map: &Map<String, Value>, key: &str| {
        map.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let key = EventKey {
        account: request.path().to_owned(),
        metric: of(&data, "trigger"),
        profile: of(&data, "email"),
        unique_id: id,
    };
    let backfill = data.get("backfill").and_then(Value::as_bool).unwrap_or(false);
    state.received.keep(key, text("time"), backfill, data);
    HttpResponse::NoContent().finish()
}
