//! `keep:` of a destination's lookup: for how long what it found is good for other messages that would
//! ask the very same.

use std::{collections::BTreeSet, time::Duration};

use sha2::{Digest as _, Sha256};

use super::learned::Key;
use crate::{
    http::HttpRequest,
    text::{Diagnostic, Diagnostics, Node, Period},
};

/// Longest time: seven days.
const LONGEST: u64 = 7 * 24 * 3600;

/// Reads `keep:` of a slot.
pub(super) fn time(slot: &Node, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let node = slot.get("keep")?;
    let seconds = node.as_str().and_then(|text| text.parse().ok()).and_then(Period::seconds);
    let seconds = seconds.filter(|seconds| (1..=LONGEST).contains(seconds));
    if seconds.is_none() {
        let error = Diagnostic::error(&node.span, "`keep` is a time up to 7d, as in 24h");
        diagnostics.push(error);
    } else if !slot.has("take") {
        let error = Diagnostic::error(&node.span, "there is nothing to keep without `take:`");
        diagnostics.push(error.hint("say what is found, or leave `keep` out"));
    }
    seconds.map(Duration::from_secs)
}

/// Nothing can be forgotten that is not kept.
pub(super) fn check_forgets(file: &Node, diagnostics: &mut Diagnostics) {
    if file.get("lookup").is_some_and(|lookup| lookup.has("keep")) {
        return;
    }
    let batch = file.get("batch");
    let slots = ["token", "lookup", "profile", "send", "check"].map(|slot| file.get(slot));
    let all = slots.into_iter().chain([Some(file), batch, batch.and_then(|b| b.get("profile"))]);
    for answers in all.flatten().filter_map(|node| node.get("answers")) {
        for (key, _) in answers.as_list().into_iter().flatten().filter_map(|r| r.entry("forget")) {
            let error = Diagnostic::error(&key.span, "there is nothing to forget: no find is kept");
            diagnostics.push(error.hint("add `keep:` to `lookup:`, or leave `forget` out"));
        }
    }
}

/// What tells one lookup from another. Headers made of secrets are left out: a new token finds the
/// same, and whose credentials they are is said by `credential`.
pub(super) fn key(
    request: &HttpRequest,
    secret_headers: &BTreeSet<String>,
    credential: [u8; 16],
) -> Key {
    let mut hash = Sha256::new();
    hash.update(credential);
    let open = |name: &str| !secret_headers.contains(&name.to_lowercase());
    let headers = request.headers.iter().filter(|(name, _)| open(name));
    let headers = headers.flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    for text in [request.method.as_str(), request.url.as_str()].into_iter().chain(headers) {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text.as_bytes());
    }
    hash.update(&request.body);
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}
