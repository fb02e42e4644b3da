//! A message as it was decided: what every retry says again.

use jiff::Timestamp;
use parcelwire_domain::{Map, Value};

/// When an event with these fields happened.
pub fn occurred_at(fields: &Map) -> Option<Timestamp> {
    fields.get("occurred_at")?.as_text()?.parse().ok()
}

/// A message as it was frozen when it was made. Its JSON is what the store keeps.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Frozen {
    /// The name the merchant chose.
    pub name: String,
    /// The event's flat fields (`id`, `trigger`, `name`, `email`, `occurred_at`, …).
    pub fields: Map,
    /// The mapping's properties, evaluated.
    pub properties: Map,
    /// The mapping's values.
    pub values: Map,
    /// The trace it belongs to, where a sender told one: a `traceparent`.
    pub trace: Option<String>,
}

impl Frozen {
    /// When it happened, as it is told.
    pub fn occurred_at(&self) -> Option<Timestamp> {
        occurred_at(&self.fields)
    }

    /// As the store keeps it.
    pub fn write(&self) -> Vec<u8> {
        let mut out = String::with_capacity(2048);
        out.push_str("{\"name\":");
        Value::text(self.name.clone()).write_json(&mut out);
        for (key, map) in
            [("fields", &self.fields), ("properties", &self.properties), ("values", &self.values)]
        {
            out.push_str(",\"");
            out.push_str(key);
            out.push_str("\":");
            map.write_json(&mut out);
        }
        if let Some(trace) = &self.trace {
            out.push_str(",\"trace\":");
            Value::text(trace.clone()).write_json(&mut out);
        }
        out.push('}');
        out.into_bytes()
    }

    /// Reads what [`Frozen::write`] wrote.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let doc = crate::json::Doc::parse(bytes).ok()?;
        let root = doc.root();
        let map = |key: &str| match root.get(key)?.to_value()? {
            Value::Map(map) => Some(map),
            Value::Bool(_) | Value::Number(_) | Value::Text(_) | Value::List(_) => None,
        };
        Some(Self {
            name: root.get("name")?.text()?.into_owned(),
            fields: map("fields")?,
            properties: map("properties").unwrap_or_default(),
            values: map("values").unwrap_or_default(),
            trace: root.get("trace").and_then(|trace| Some(trace.text()?.into_owned())),
        })
    }
}
