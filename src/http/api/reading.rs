//! What the files in force make of a kept body, for whoever looks at a receipt: why nothing came of it,
//! codes that no table knows, notes. It is read anew, since files are mended after a look.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use parcelwire_domain::id::SourceName;
use parcelwire_mapping::{
    book::Book,
    source::{Answered, LookupFault, Received, Useless},
};
use serde_json::{Value, json};

/// Of a receipt as the store tells it; nothing once its body is gone, of a feed's, and of a source that
/// is gone from the files.
pub(super) fn of(book: &Book, story: &Value) -> Option<Value> {
    let merchant = book.merchant(story["merchant"].as_str()?)?;
    let name = SourceName::parse(story["source"].as_str()?).ok()?;
    let source = merchant.sources.get(&name)?;
    let request = &story["request"];
    let body = match (&request["body"]["text"], &request["body"]["base64"]) {
        (Value::String(text), _) => text.clone().into_bytes(),
        (_, Value::String(coded)) => STANDARD.decode(coded).ok()?,
        _ => return None,
    };
    let headers: Vec<(String, String)> = serde_json::from_value(request["headers"].clone()).ok()?;
    let accounts: Vec<String> = serde_json::from_value(request["accounts"].clone()).ok()?;
    let received = Received {
        topic: story["topic"].as_str(),
        headers: &headers,
        query: request["query"].as_str().unwrap_or_default(),
        body: &body,
        accounts: &accounts,
        received_at: story["received_at"].as_str()?.parse().ok()?,
        source: &name,
    };
    let answer = match (&story["lookup"]["answer"], story["why"].as_str()) {
        (_, Some(why)) if why.starts_with("lookup_") => {
            Some(Answered::Failed(LookupFault::parse(why).unwrap_or(LookupFault::Failed)))
        }
        (Value::String(answer), _) => Some(Answered::Body(answer.as_bytes())),
        // What has no answer yet says nothing yet.
        _ if source.ready.needs_answer(&received) => return None,
        _ => None,
    };
    let reading = source.ready.read_with(&received, answer);
    let why = reading.useless.as_ref().map(|useless| match useless {
        Useless::Unreadable(why) => format!("unreadable: {why}"),
        Useless::UnmappedCode(code) => format!("unmapped_code: {code}"),
        Useless::NoSubject
        | Useless::TopicNotUsed
        | Useless::Ignored
        | Useless::NoRule
        | Useless::OtherAccount
        | Useless::Lookup(_) => useless.outcome().1.to_owned(),
    });
    Some(json!({
        "events": reading.events.len(), "why": why, "notes": reading.notes,
        "unmapped_codes": reading.unmapped, "ignored_codes": reading.ignored,
    }))
}
