//! The event interface of Klaviyo, as far as one can be strict about it from outside: vendor
//! specification of revision 2026-07-15 (github.com/klaviyo/openapi, MIT). Marked "unverified"
//! is what the specification does not say. Pure.

use jiff::{Timestamp, ToSpan as _};
use serde_json::{Map, Value, json};

use super::received::EventKey;

/// The newest revision known here.
pub(super) const REVISION: &str = "2026-07-15";

/// Older ones are answered with 410. The vendor keeps a revision for about two years (unverified).
const OLDEST_REVISION: &str = "2024-07-15";

const MAX_BODY_BYTES: usize = 5_000_000;
const MAX_METRIC_CHARS: usize = 127;
const MAX_PROPERTIES: usize = 400;
const MAX_TEXT_BYTES: usize = 100_000;
const MAX_LIST_ITEMS: usize = 4_000;
const MAX_NESTING: usize = 10;

/// What an event may say. That unknown attributes are refused is unverified; it finds slips of the
/// pen.
const OF_EVENT: [&str; 8] =
    ["properties", "time", "value", "value_currency", "unique_id", "backfill", "metric", "profile"];

/// What a profile may say.
const OF_PROFILE: [&str; 14] = [
    "email",
    "phone_number",
    "external_id",
    "anonymous_id",
    "_kx",
    "first_name",
    "last_name",
    "organization",
    "locale",
    "title",
    "image",
    "location",
    "properties",
    "meta",
];

/// What is in a good event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct GoodEvent {
    /// What tells it from others.
    pub key: EventKey,
    /// When it happened.
    pub time: String,
    /// Recorded without starting anything.
    pub backfill: bool,
    /// Its properties.
    pub properties: Map<String, Value>,
}

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    /// The HTTP status.
    pub status: u16,
    code: &'static str,
    detail: String,
    pointer: &'static str,
}

impl Refused {
    fn new(
        status: u16,
        code: &'static str,
        detail: impl Into<String>,
        pointer: &'static str,
    ) -> Self {
        Self { status, code, detail: detail.into(), pointer }
    }

    fn invalid(detail: impl Into<String>, pointer: &'static str) -> Self {
        Self::new(400, "invalid", detail, pointer)
    }

    /// The body of the answer, in the vendor's form.
    pub(super) fn body(&self) -> Value {
        json!({ "errors": [{
            "id": "00000000-0000-4000-8000-000000000000",
            "status": self.status,
            "code": self.code,
            "title": "The sandbox refuses this request.",
            "detail": self.detail,
            "source": { "pointer": self.pointer },
        }] })
    }
}

/// The account that a request belongs to: the end of its private key.
pub(super) fn account(header: impl Fn(&str) -> Option<String>) -> Result<String, Refused> {
    let refused = |detail: &str| Refused::new(401, "not_authenticated", detail, "/data/");
    let value =
        header("authorization").ok_or_else(|| refused("there is no Authorization header"))?;
    let key = value
        .strip_prefix("Klaviyo-API-Key ")
        .ok_or_else(|| refused("Authorization does not start with `Klaviyo-API-Key `"))?;
    if !key.starts_with("pk_") || key.starts_with("pk_wrong") {
        return Err(refused(
            "this is not a private key (one starts with pk_; pk_wrong… never works)",
        ));
    }
    check_revision(header("revision").as_deref())?;
    let tail = key.len().saturating_sub(4);
    Ok(key.get(tail..).unwrap_or(key).to_owned())
}

/// `YYYY-MM-DD`, perhaps with a suffix as in `.pre`.
fn check_revision(revision: Option<&str>) -> Result<(), Refused> {
    let revision =
        revision.ok_or_else(|| Refused::invalid("there is no revision header", "/data/"))?;
    let date = revision.split('.').next().unwrap_or_default();
    if date.parse::<jiff::civil::Date>().is_err() || date > REVISION {
        return Err(Refused::invalid(format!("no revision `{revision}` exists"), "/data/"));
    }
    if date < OLDEST_REVISION {
        return Err(Refused::new(410, "gone", format!("revision {revision} is retired"), "/data/"));
    }
    Ok(())
}

/// Checks the body of POST /api/events.
pub(super) fn event(
    account: &str,
    content_type: Option<&str>,
    body: &[u8],
    now: Timestamp,
) -> Result<GoodEvent, Refused> {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if !matches!(kind, "application/json" | "application/vnd.api+json") {
        return Err(Refused::new(415, "unsupported_media_type", "send JSON", "/data/"));
    }
    if body.len() > MAX_BODY_BYTES {
        return Err(Refused::new(413, "payload_too_large", "more than 5 MB", "/data/"));
    }
    let body: Value = serde_json::from_slice(body)
        .map_err(|error| Refused::invalid(format!("the body is not JSON: {error}"), "/data/"))?;
    let data = typed(&body, "event", "/data/type")?;
    only(data, &OF_EVENT, "/data/attributes")?;
    kinds(data)?;
    let properties = data.get("properties").and_then(Value::as_object).ok_or_else(|| {
        Refused::invalid("`properties` must be a map", "/data/attributes/properties")
    })?;
    check_properties(properties)?;
    let metric = metric(data)?;
    let profile = profile(data)?;
    let time = time(data, now)?;
    let text = |key: &str| data.get(key).and_then(Value::as_str).map(str::to_owned);
    // Without an id the second takes its place.
    let unique_id = text("unique_id").unwrap_or_else(|| second(&time));
    Ok(GoodEvent {
        key: EventKey { account: account.to_owned(), metric, profile, unique_id },
        time,
        backfill: data.get("backfill").and_then(Value::as_bool).unwrap_or(false),
        properties: properties.clone(),
    })
}

fn typed<'a>(
    of: &'a Value,
    kind: &str,
    pointer: &'static str,
) -> Result<&'a Map<String, Value>, Refused> {
    let data = &of["data"];
    if data["type"].as_str() != Some(kind) {
        return Err(Refused::invalid(format!("`type` must be `{kind}`"), pointer));
    }
    data["attributes"]
        .as_object()
        .ok_or_else(|| Refused::invalid("`attributes` must be a map", pointer))
}

fn only(
    attributes: &Map<String, Value>,
    known: &[&str],
    pointer: &'static str,
) -> Result<(), Refused> {
    match attributes.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(Refused::invalid(format!("`{key}` is not known here"), pointer)),
        None => Ok(()),
    }
}

/// What is optional is of its kind, or null.
fn kinds(data: &Map<String, Value>) -> Result<(), Refused> {
    type Is = fn(&Value) -> bool;
    let kinds: [(&str, Is, &str); 4] = [
        ("value", Value::is_number, "a number"),
        ("value_currency", Value::is_string, "a text"),
        ("unique_id", Value::is_string, "a text"),
        ("backfill", Value::is_boolean, "true or false"),
    ];
    for (key, is, kind) in kinds {
        if data.get(key).is_some_and(|value| !value.is_null() && !is(value)) {
            let detail = format!("`{key}` must be {kind}");
            return Err(Refused::invalid(detail, "/data/attributes"));
        }
    }
    Ok(())
}

fn check_properties(properties: &Map<String, Value>) -> Result<(), Refused> {
    const AT: &str = "/data/attributes/properties";
    if properties.len() > MAX_PROPERTIES {
        return Err(Refused::invalid("more than 400 properties", AT));
    }
    properties.values().try_for_each(|value| check_size(value, 1))
}

fn check_size(value: &Value, depth: usize) -> Result<(), Refused> {
    const AT: &str = "/data/attributes/properties";
    if depth > MAX_NESTING {
        return Err(Refused::invalid("nested deeper than 10", AT));
    }
    match value {
        Value::String(text) if text.len() > MAX_TEXT_BYTES => {
            Err(Refused::invalid("a text of more than 100 KB", AT))
        }
        Value::Array(items) if items.len() > MAX_LIST_ITEMS => {
            Err(Refused::invalid("a list of more than 4000 items", AT))
        }
        Value::Array(items) => items.iter().try_for_each(|item| check_size(item, depth + 1)),
        Value::Object(map) => map.values().try_for_each(|value| check_size(value, depth + 1)),
        Value::String(_) | Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn metric(data: &Map<String, Value>) -> Result<String, Refused> {
    const AT: &str = "/data/attributes/metric/data/attributes/name";
    let metric = data.get("metric").unwrap_or(&Value::Null);
    let name = typed(metric, "metric", AT)?.get("name").and_then(Value::as_str).unwrap_or_default();
    if name.is_empty() || name.chars().count() > MAX_METRIC_CHARS {
        return Err(Refused::invalid("a metric's name has 1 to 127 characters", AT));
    }
    Ok(name.to_owned())
}

fn profile(data: &Map<String, Value>) -> Result<String, Refused> {
    const AT: &str = "/data/attributes/profile/data/attributes";
    let profile = data.get("profile").unwrap_or(&Value::Null);
    let attributes = typed(profile, "profile", AT)?;
    only(attributes, &OF_PROFILE, AT)?;
    let given = |key: &str| attributes.get(key).filter(|value| !value.is_null());
    if given("email").is_some_and(|email| !email.as_str().is_some_and(is_email)) {
        return Err(Refused::invalid("`email` is not an e-mail address", AT));
    }
    if given("phone_number").is_some_and(|phone| !phone.as_str().is_some_and(is_e164)) {
        return Err(Refused::invalid("`phone_number` is not in E.164", AT));
    }
    ["email", "phone_number", "external_id", "anonymous_id", "_kx"]
        .into_iter()
        .find_map(|key| attributes.get(key)?.as_str().map(str::to_owned))
        .or_else(|| profile["data"]["id"].as_str().map(str::to_owned))
        .filter(|id| !id.is_empty())
        .ok_or_else(|| Refused::invalid("a profile needs one identifier", AT))
}

/// A time to the second, whatever its offset: what stands for an id that is missing.
fn second(time: &str) -> String {
    time.parse::<Timestamp>().map_or_else(|_| time.to_owned(), |at| at.as_second().to_string())
}

fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    !name.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
}

fn is_e164(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    (7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
}

fn time(data: &Map<String, Value>, now: Timestamp) -> Result<String, Refused> {
    const AT: &str = "/data/attributes/time";
    let Some(time) = data.get("time").filter(|time| !time.is_null()) else {
        return Ok(now.to_string());
    };
    let text = time.as_str().ok_or_else(|| Refused::invalid("`time` must be a text", AT))?;
    let at: Timestamp = text.parse().map_err(|_| Refused::invalid("`time` is not RFC 3339", AT))?;
    let year_ahead = now.checked_add((365 * 24).hours()).unwrap_or(now);
    if at.as_second() < 631_152_000 || at > year_ahead {
        return Err(Refused::invalid("`time` is before 1990 or over a year ahead", AT));
    }
    Ok(text.to_owned())
}
