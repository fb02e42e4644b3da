//! Spans as OTLP/JSON: ids in hex, numbers of 64 bits as texts.

use jiff::Timestamp;
use parcelwire_engine::trace::{Detail, Span, SpanKind};
use serde_json::{Value, json};

use super::Otlp;

/// The request for a batch of spans.
pub(super) fn request(otlp: &Otlp, spans: &[Span]) -> Value {
    let resource: Vec<Value> =
        otlp.resource.iter().map(|(key, value)| attribute(key, text(value))).collect();
    let scope = json!({ "name": "parcelwire", "version": env!("CARGO_PKG_VERSION") });
    let spans: Vec<Value> = spans.iter().map(span).collect();
    json!({ "resourceSpans": [{
        "resource": { "attributes": resource },
        "scopeSpans": [{ "scope": scope, "spans": spans }],
    }] })
}

fn span(span: &Span) -> Value {
    let kind = match span.kind {
        SpanKind::Internal => 1,
        SpanKind::Server => 2,
        SpanKind::Client => 3,
    };
    let details = span.details.iter().map(|(key, detail)| match detail {
        Detail::Text(value) => attribute(key, text(value)),
        Detail::Number(number) => attribute(key, json!({ "intValue": number.to_string() })),
    });
    let mut told = json!({
        "traceId": format!("{:032x}", span.trace), "spanId": format!("{:016x}", span.id),
        "name": span.name, "kind": kind,
        "startTimeUnixNano": nanos(span.began), "endTimeUnixNano": nanos(span.ended),
        "attributes": details.collect::<Vec<_>>(),
        "status": { "code": if span.failed { 2 } else { 0 } },
    });
    if let Some(parent) = span.parent {
        told["parentSpanId"] = format!("{parent:016x}").into();
    }
    told
}

fn attribute(key: &str, value: Value) -> Value {
    json!({ "key": key, "value": value })
}

fn text(value: &str) -> Value {
    json!({ "stringValue": value })
}

fn nanos(at: Timestamp) -> String {
    at.as_nanosecond().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::otlp::Variables;

    #[test]
    fn a_span_is_written_as_the_protocol_says() {
        let at = Timestamp::from_second(1_795_341_600).expect("a time");
        let one = Span {
            trace: 0xabc,
            id: 7,
            parent: Some(5),
            name: "send",
            kind: SpanKind::Client,
            began: at,
            ended: at + std::time::Duration::from_millis(1),
            details: vec![("trigger", Detail::Text("lost".to_owned())), ("n", Detail::Number(3))],
            failed: true,
        };
        let find = |name: &str| {
            (name == "OTEL_EXPORTER_OTLP_ENDPOINT").then(|| "http://127.0.0.1:4318".to_owned())
        };
        let otlp = Variables::read(&find).otlp.expect("it is on");
        let told = request(&otlp, &[one.clone(), Span { parent: None, ..one }]);
        let of = &told["resourceSpans"][0];
        assert_eq!(
            of["resource"]["attributes"][0],
            json!({ "key": "service.name", "value": { "stringValue": "parcelwire" } })
        );
        let spans = &of["scopeSpans"][0]["spans"];
        assert_eq!(
            spans[0],
            json!({
                "traceId": "00000000000000000000000000000abc", "spanId": "0000000000000007",
                "parentSpanId": "0000000000000005", "name": "send", "kind": 3,
                "startTimeUnixNano": "1795341600000000000", "endTimeUnixNano": "1795341600001000000",
                "attributes": [{ "key": "trigger", "value": { "stringValue": "lost" } },
                               { "key": "n", "value": { "intValue": "3" } }],
                "status": { "code": 2 },
            })
        );
        assert_eq!(spans[1].get("parentSpanId"), None);
    }
}
