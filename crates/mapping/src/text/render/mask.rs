//! A file's text without its secrets.
//!
//! Works on lines, not on nodes, so that it holds for files that cannot be read. Errs on the side
//! of hiding. Must not know what the files mean.

use std::ops::Range;

/// What stands in place of a secret.
const MASK: &str = "****";
/// A key that contains one of these words has a secret for its value.
const SECRET_WORDS: [&str; 8] = [
    "secret",
    "token",
    "api_key",
    "apikey",
    "password",
    "authorization",
    "private_key",
    "access_key",
];
/// Values that begin so name a secret, or compute one, and are none.
const NAMES_OF_SECRETS: [&str; 3] = ["env:", "file:", "="];
/// A shorter secret is hidden in its line, but not searched for in messages.
const MIN_SEARCHED_BYTES: usize = 4;

/// The text with its secrets replaced, and where the bytes went.
pub(super) struct Masked {
    /// The text to show.
    pub(super) text: String,
    hidden: Vec<Range<usize>>,
    secrets: Vec<String>,
}

impl Masked {
    /// Masks what keys' names give away, and `given`.
    pub(super) fn new(text: &str, given: impl Iterator<Item = Range<usize>>) -> Self {
        let mut ranges: Vec<Range<usize>> = given.chain(secrets_by_key(text)).collect();
        ranges.retain(|range| text.get(range.clone()).is_some_and(|secret| !secret.is_empty()));
        ranges.sort_by_key(|range| (range.start, range.end));
        let mut hidden: Vec<Range<usize>> = Vec::new();
        for range in ranges {
            match hidden.last_mut() {
                Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
                _ => hidden.push(range),
            }
        }
        let mut out = String::with_capacity(text.len());
        let mut from = 0;
        for range in &hidden {
            out.push_str(text.get(from..range.start).unwrap_or_default());
            out.push_str(MASK);
            from = range.end;
        }
        out.push_str(text.get(from..).unwrap_or_default());
        let secrets = hidden
            .iter()
            .filter_map(|range| text.get(range.clone()))
            .flat_map(|hidden| match hidden.strip_prefix('[') {
                Some(list) => list.trim_end_matches(']').split(',').collect(),
                None => vec![hidden],
            })
            .map(|secret| secret.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|secret| secret.len() >= MIN_SEARCHED_BYTES)
            .collect();
        Self { text: out, hidden, secrets }
    }

    /// Where byte `at` of the original is shown.
    pub(super) fn place(&self, at: usize) -> usize {
        let (mut removed, mut added) = (0, 0);
        for range in &self.hidden {
            if at <= range.start {
                break;
            }
            if at < range.end {
                return range.start - removed + added;
            }
            removed += range.len();
            added += MASK.len();
        }
        at - removed + added
    }

    /// A message without the secrets it may repeat.
    pub(super) fn hide_in(&self, message: &str) -> String {
        let mut message = message.to_owned();
        for secret in &self.secrets {
            if message.contains(secret) {
                message = message.replace(secret, MASK);
            }
        }
        message
    }
}

/// The values of all keys that look like a secret's, found line by line.
fn secrets_by_key(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // The column of a secret's key whose value stands on the lines below it.
    let mut below: Option<usize> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim();
        let column = line.len() - line.trim_start().len();
        if content.is_empty() {
            continue;
        }
        if let Some(key) = below {
            if column > key || (column == key && content.starts_with('-')) {
                if !names_a_secret(content.trim_start_matches('-').trim_start()) {
                    let lead = content.len() - content.trim_start_matches(['-', ' ']).len();
                    found.push(start + column + lead..start + column + content.len());
                }
                continue;
            }
            below = None;
        }
        if in_line(line, start, &mut found) {
            below = Some(column);
        }
    }
    found.retain(|range| !range.is_empty());
    found
}

/// Finds secrets within a line; answers whether the last one's value stands below.
fn in_line(line: &str, start: usize, found: &mut Vec<Range<usize>>) -> bool {
    let mut from = 0;
    while let Some(colon) = line.get(from..).and_then(|rest| rest.find(':')) {
        let colon = from + colon;
        from = colon + 1;
        let key = line.get(..colon).unwrap_or_default().trim_end_matches(['"', '\'', ' ']);
        let name_start = key.rfind(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-')));
        let name = key.get(name_start.map_or(0, |at| at + 1)..).unwrap_or_default();
        let name = name.to_lowercase().replace('-', "_");
        let after = line.get(from..).unwrap_or_default();
        if !SECRET_WORDS.iter().any(|word| name.contains(word))
            || !after.starts_with([' ', '\n', '\r', '\t', '"', '\'']) && !after.is_empty()
        {
            continue;
        }
        let value = after.trim();
        let lead = after.len() - after.trim_start().len();
        if value.is_empty() || value.starts_with(['|', '>', '#']) {
            return true;
        }
        if value.starts_with('{') && !value.starts_with("{{")
            || names_a_secret(value)
            || matches!(value.split([',', '}', ' ']).next(), Some("true" | "false"))
        {
            continue;
        }
        let value_start = start + from + lead;
        let in_flow = key.contains('{');
        found.push(value_start..value_start + value_length(value, in_flow));
        return false;
    }
    false
}

/// Values of this form may be shown: a name, an expression, a text with parts filled in.
fn names_a_secret(value: &str) -> bool {
    let bare = value.trim_start_matches(['"', '\'', '[', ' ']);
    let single = !value.starts_with('[') || !value.contains(',');
    single && NAMES_OF_SECRETS.iter().any(|lead| bare.starts_with(lead)) || value.contains("{{")
}

/// How much of the rest of a line is the value.
fn value_length(value: &str, in_flow: bool) -> usize {
    let close = |closing: char| {
        value.get(1..).and_then(|rest| rest.rfind(closing)).map_or(value.len(), |at| at + 2)
    };
    match value.chars().next() {
        Some(quote @ ('"' | '\'')) => close(quote),
        Some('[') => close(']'),
        _ if in_flow => value.find([',', '}']).unwrap_or(value.len()),
        _ => value.find(" #").unwrap_or(value.len()),
    }
}
