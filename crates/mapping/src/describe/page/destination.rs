//! The part of a page about a destination.

use super::table;
use crate::describe::Destination;

pub(super) fn write(destination: &Destination, out: &mut String) {
    out.push_str("\n### What it sends\n\n");
    for asking in &destination.requests {
        let when = asking.when.as_ref().map(|when| format!(", where `{when}`"));
        let keep = asking.keep.as_ref().map(|keep| format!("; what it finds is kept for {keep}"));
        out.extend([format!(
            "- {}: `{}`{}{}\n",
            asking.slot,
            asking.request,
            when.unwrap_or_default(),
            keep.unwrap_or_default()
        )]);
    }
    if let Some(batch) = &destination.batch {
        out.extend([format!("- batch: {batch}\n")]);
    }
    match &destination.check {
        Some(request) => out.extend([format!("- The key is checked by `{request}`.\n")]),
        None => out.push_str("- The key cannot be checked; send a test event.\n"),
    }
    if let Some(ids) = &destination.ids {
        let must = if ids.required { "must" } else { "may" };
        let place = ids.found_at.en.as_ref().map(|place| format!(" ({place})"));
        let doc = ids.doc.as_ref().map(|doc| format!(": {doc}"));
        out.extend([format!(
            "- What a trigger starts there {must} be named under `ids:` in the merchant's file{}{}.\n",
            doc.unwrap_or_default(),
            place.unwrap_or_default()
        )]);
    }
    if !destination.limits.is_empty() {
        out.extend([format!("- At most {}.\n", destination.limits.join(", "))]);
    }
    let repeated = match destination.repeated_id.as_str() {
        "ignored" => "is ignored there: the first one counts",
        "overwrites" => "overwrites the first one",
        _ => "is one more event: after an answer that was lost, somebody may get a message twice",
    };
    out.extend([format!("- An event that is told twice {repeated}.\n")]);
    if destination.backfill {
        out.push_str("- A fact that comes late is recorded without starting anything.\n");
    }
    if let Some(window) = &destination.triggers_within {
        out.extend([format!("- Facts older than {window} start nothing there.\n")]);
    }
    for need in &destination.needs {
        out.extend([format!("- Not sent: {need}.\n")]);
    }
    if !destination.never.is_empty() {
        let keys: Vec<String> = destination.never.iter().map(|key| format!("`{key}`")).collect();
        out.extend([format!("- Never sets {}: consent is not ours to change.\n", keys.join(", "))]);
    }
    out.push_str("\n### What its answers mean\n\n");
    out.push_str(
        "2xx `sent`, 401 and 403 `key_wrong`, 408, 425, 429 and 5xx `again`, else `rejected`",
    );
    if destination.outcomes.is_empty() {
        out.push_str(".\n");
        return;
    }
    out.push_str("; but the first of these that holds:\n\n");
    let rows = destination.outcomes.iter().map(|outcome| {
        let when = outcome.when.as_ref().map(|when| format!("`{when}`"));
        [
            outcome.slot.unwrap_or("all").to_owned(),
            outcome.status.clone(),
            when.unwrap_or_default(),
            format!("`{}`", outcome.is),
        ]
    });
    table(["request", "status", "where", "is"], rows, out);
}
