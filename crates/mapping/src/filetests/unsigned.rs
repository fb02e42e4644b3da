//! Tests of requests that are no deliveries: pings, handshakes, and what must be refused.

use std::sync::Arc;

use jiff::Timestamp;
use parcelwire_domain::{Map, Value};

use super::{
    compare,
    source::{PATH, add_signature, configured, header_lines, lines, query_of, text_at, time_of},
};
use crate::{
    blocks::{
        encode::percent_encode,
        verify::{Headers, Incoming, Secret},
    },
    json::Doc,
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
    let (ready, secret) = ready(connector, test)?;
    let now = time_of(test, now)?;
    let text = |key: &str| test.get(key).and_then(Node::as_str).unwrap_or_default();
    let mut headers = header_lines(test);
    let path = match text("path") {
        "" => PATH.to_owned(),
        below => format!("{PATH}/{below}"),
    };
    let method = test.get("method").and_then(Node::as_str).unwrap_or("POST");
    let mut query = query_of(test);
    let Some(wanted) = test.get("answers").and_then(Node::to_value) else {
        let lines = lines(&headers);
        let post = Incoming::post(Headers::new(&lines), body);
        let request = Incoming { method, path: &path, query: &query, ..post };
        return refused(&ready, &request, text("refused"), now);
    };
    // What is only answered to those who prove who they are is signed as they would.
    let signed = {
        let lines = lines(&headers);
        let field = |path: &str| text_at(body, path);
        let request = Incoming {
            method,
            path: &path,
            query: &query,
            body_field: Some(&field),
            ..Incoming::post(Headers::new(&lines), body)
        };
        let signer = secret.and_then(|secret| ready.handshake_signer(&request, &secret));
        let signed = signer.map(|signer| signer.sign(&request, "test-1", now)).transpose();
        signed.map_err(|fault| fault.to_string())?.unwrap_or_default()
    };
    add_signature(&mut headers, signed.headers);
    for (name, value) in signed.query {
        let mark = if query.is_empty() { "" } else { "&" };
        query = format!("{query}{mark}{}={}", percent_encode(&name), percent_encode(&value));
    }
    let lines = lines(&headers);
    let post = Incoming::post(Headers::new(&lines), body);
    let request = Incoming { method, path: &path, query: &query, ..post };
    answered(&ready, &request, &wanted, now)
}

fn answered(
    ready: &ReadySource,
    request: &Incoming<'_>,
    wanted: &Value,
    now: Timestamp,
) -> Result<(), String> {
    let answer = ready.handshake(request, now).ok_or("no handshake knows this request")?;
    let answer = answer.map_err(|refusal| format!("refused: {refusal}"))?;
    let mut told = Map::new();
    told.set("status", Value::int(i64::from(answer.status)));
    if let Ok(json) = Doc::parse(answer.body.as_bytes()) {
        told.set_some("json", json.root().to_value());
    }
    told.set("content_type", Value::text(answer.content_type));
    told.set("body", Value::text(answer.body));
    compare(wanted, Some(&Value::Map(told)))
}

fn refused(
    ready: &ReadySource,
    request: &Incoming<'_>,
    wanted: &str,
    now: Timestamp,
) -> Result<(), String> {
    let refusal = match ready.handshake(request, now) {
        Some(Ok(_)) => return Err("a handshake answers it".to_owned()),
        Some(Err(refusal)) => refusal,
        None => match ready.verify(request, now) {
            Ok(_) => return Err(format!("expected {wanted}, but it is verified")),
            Err(refusal) => refusal,
        },
    };
    if refusal.code() == wanted {
        return Ok(());
    }
    Err(format!("expected {wanted}, found {}", refusal.code()))
}

fn ready(
    connector: &Arc<SourceConnector>,
    test: &Node,
) -> Result<(ReadySource, Option<Secret>), String> {
    let (complete, method) = configured(connector, test)?;
    let invented = method.and_then(|method| method.invented("a test in a file"));
    let Some(secrets) = invented else {
        return Ok((connector.share(complete), None));
    };
    let address = format!("https://relay.example.test{PATH}");
    let ready = connector
        .ready(complete, &[secrets.verifying], &address)
        .map_err(|fault| format!("the invented secret does not fit: {fault:?}"))?;
    Ok((ready, Some(secrets.signing)))
}
