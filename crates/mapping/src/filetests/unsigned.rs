//! Tests of requests that the runner does not sign: pings, handshakes, and what must be refused.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{Map, Value};

use super::{
    compare,
    source::{PATH, configured, header_lines},
};
use crate::{
    blocks::verify::{Headers, Incoming},
    source::{ReadySource, SourceConnector},
    text::Node,
};

/// Runs a test that expects `answers:` or `refused:`.
pub(super) fn run(
    connector: &Arc<SourceConnector>,
    test: &Node,
    body: &[u8],
    now: Timestamp,
) -> Result<(), String> {
    let ready = ready(connector, test)?;
    let text = |key: &str| test.get(key).and_then(Node::as_str).unwrap_or_default();
    let headers = header_lines(test);
    let lines: Vec<(&str, &str)> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let path = match text("path") {
        "" => PATH.to_owned(),
        below => format!("{PATH}/{below}"),
    };
    let method = test.get("method").and_then(Node::as_str).unwrap_or("POST");
    let request = Incoming {
        method,
        path: &path,
        query: text("query"),
        ..Incoming::post(Headers::new(&lines), body)
    };
    if let Some(wanted) = test.get("answers").and_then(Node::to_value) {
        let Some((status, content_type, body)) = ready.handshake(&request) else {
            return Err("no handshake knows this request".to_owned());
        };
        let mut told = Map::new();
        told.set("status", Value::int(i64::from(status)));
        told.set("content_type", Value::text(content_type));
        told.set("body", Value::text(body));
        return compare(&wanted, Some(&Value::Map(told)));
    }
    if ready.handshake(&request).is_some() {
        return Err("a handshake answers it".to_owned());
    }
    let wanted = text("refused");
    match ready.verify(&request, now) {
        Ok(_) => Err(format!("expected {wanted}, but it is verified")),
        Err(refusal) if refusal.code() == wanted => Ok(()),
        Err(refusal) => Err(format!("expected {wanted}, found {}", refusal.code())),
    }
}

fn ready(connector: &Arc<SourceConnector>, test: &Node) -> Result<ReadySource, String> {
    let (complete, method) = configured(connector, test)?;
    let Some(secrets) = method.and_then(|method| method.invented("a test in a file")) else {
        return Ok(connector.share(complete));
    };
    let address = format!("https://relay.example.test{PATH}");
    connector
        .ready(complete, &[secrets.verifying], &address)
        .map_err(|fault| format!("the invented secret does not fit: {fault:?}"))
}
