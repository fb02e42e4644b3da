//! A file's text without its secrets.
//!
//! Works on lines, not on nodes, so that it holds for files that cannot be read. Errs on the side
//! of hiding. Must not know what the files mean.

use std::ops::Range;

use super::super::period::Period;

/// What stands in place of a secret.
const MASK: &str = "****";
/// A key that contains one of these words has a secret for its value, or people's addresses.
const SECRET_WORDS: [&str; 13] = [
    "testers",
    "secret",
    "token",
    "apikey",
    "password",
    "passwd",
    "passphrase",
    "passwort",
    "kennwort",
    "geheim",
    "credential",
    "authorization",
    "private_key",
];
/// And so has one that ends so.
const SECRET_ENDS: [&str; 2] = ["_key", "_pwd"];
/// Ways to verify whose value is a parameter's name or a time, whatever their own names sound like.
const METHODS: [&str; 2] = ["url_token", "issued_token"];
/// The longest name of a parameter.
const MOST_NAME_BYTES: usize = 16;
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

/// What stands on the lines below a secret's key.
#[derive(Clone, Copy)]
enum Below {
    /// A value, if the next line is none of a map: until one no deeper than this column.
    Value(usize),
    /// A value for certain: a list's elements, a block of text.
    Lines(usize),
    /// The rest of a list in brackets.
    Bracket,
}

/// The values of all keys that look like a secret's, found line by line.
fn secrets_by_key(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut below: Option<Below> = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim();
        if content.is_empty() {
            continue;
        }
        let column = line.len() - line.trim_start().len();
        if let Some(open) = below {
            below = open.after(content, column);
            if below.is_some() || matches!(open, Below::Bracket) {
                found.extend(hidden_of(content).map(|(from, to)| {
                    let here = start + column;
                    here + from..here + to
                }));
                continue;
            }
        }
        below = in_line(line, start, column, &mut found);
    }
    found.retain(|range| !range.is_empty());
    found
}

impl Below {
    /// What it is once this line is read; nothing when the line no longer belongs to it.
    fn after(self, content: &str, column: usize) -> Option<Self> {
        let within = |key: usize| column > key || (column == key && content.starts_with('-'));
        let entry = content.trim_start_matches(['-', ' ']);
        let is_entry = entry.contains(": ") || entry.ends_with(':');
        match self {
            Self::Value(key) if within(key) && !is_entry => Some(Self::Lines(key)),
            Self::Lines(key) if within(key) => Some(self),
            Self::Bracket if !content.contains(']') => Some(self),
            Self::Value(_) | Self::Lines(_) | Self::Bracket => None,
        }
    }
}

/// The part of a secret's line to hide: all of it but a list's dash, unless it names a secret.
fn hidden_of(content: &str) -> Option<(usize, usize)> {
    let value = content.trim_start_matches(['-', ' ']);
    (!names_a_secret(value)).then(|| (content.len() - value.len(), content.len()))
}

/// Finds secrets within a line; answers whether the last one's value stands below.
fn in_line(
    line: &str,
    start: usize,
    column: usize,
    found: &mut Vec<Range<usize>>,
) -> Option<Below> {
    let mut from = 0;
    while let Some(colon) = line.get(from..).and_then(|rest| rest.find(':')) {
        let colon = from + colon;
        from = colon + 1;
        let key = line.get(..colon).unwrap_or_default();
        let after = line.get(from..).unwrap_or_default();
        let ends = after.is_empty() || after.starts_with([' ', '\n', '\r', '\t', '"', '\'']);
        if !ends || !is_secret(key) {
            continue;
        }
        let value = after.trim();
        if value.is_empty() || value.starts_with('#') {
            return Some(Below::Value(column));
        }
        if value.starts_with(['|', '>']) {
            return Some(Below::Lines(column));
        }
        if is_method(key) && names_a_parameter(value) {
            continue;
        }
        if value.starts_with('{') && !value.starts_with("{{")
            || names_a_secret(value)
            || matches!(value.split([',', '}', ' ']).next(), Some("true" | "false"))
        {
            continue;
        }
        let lead = after.len() - after.trim_start().len();
        let length = value_length(value, key.contains('{'));
        found.push(start + from + lead..start + from + lead + length);
        if value.starts_with('[') && !value.contains(']') {
            return Some(Below::Bracket);
        }
        from += lead + length;
    }
    None
}

/// Whether what stands before a colon is the key of a secret.
fn is_secret(key: &str) -> bool {
    let key = key.trim_end_matches(['"', '\'', ' ']);
    let name = key.rsplit(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).next();
    let name = name.unwrap_or_default().to_lowercase().replace('-', "_");
    SECRET_WORDS.iter().any(|word| name.contains(word))
        || SECRET_ENDS.iter().any(|end| name.ends_with(end))
}

/// Whether what stands before a colon is the key of a way to verify, and no secret's.
fn is_method(key: &str) -> bool {
    let name = key.trim_end_matches(['"', '\'', ' ']);
    METHODS.iter().any(|method| {
        name.strip_suffix(method).is_some_and(|before| {
            before.is_empty() || before.ends_with(['{', ',', ' ', '-', '"', '\''])
        })
    })
}

/// Whether a value can be the name of a parameter, or a time, and no secret: a short word.
fn names_a_parameter(value: &str) -> bool {
    let word = value.split([',', '}', ' ']).next().unwrap_or_default();
    word.len() <= MOST_NAME_BYTES
        && (word.bytes().all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'-'))
            || word.parse::<Period>().is_ok())
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
        _ if in_flow => {
            let end = value.find([',', '}']).unwrap_or(value.len());
            value.get(..end).unwrap_or(value).trim_end().len()
        }
        _ => value.find(" #").unwrap_or(value.len()),
    }
}
