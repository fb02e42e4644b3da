//! What a destination connector can do.

use serde::Serialize;

use super::{Said, text, texts};
use crate::text::Node;

/// The requests before the event, in the order they are made.
const BEFORE: [&str; 3] = ["token", "lookup", "profile"];

/// What a destination connector can do.
#[derive(Debug, Serialize)]
pub struct Destination {
    /// The requests of one message, in their order.
    pub requests: Vec<Asking>,
    /// Whether the person is written in a request of its own.
    pub writes_profile: bool,
    /// The ids that it gives to what triggers start, where it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ids: Option<Ids>,
    /// How many events one request can hold, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<String>,
    /// The request that only a good key is answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<String>,
    /// How often it may be called.
    pub limits: Vec<String>,
    /// What becomes of an event told twice: `ignored`, `overwrites` or `sends_again`.
    pub repeated_id: String,
    /// Whether it can record without starting anything.
    pub backfill: bool,
    /// How old a fact may be to start anything there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub triggers_within: Option<String>,
    /// What answers mean, where it differs from the usual.
    pub outcomes: Vec<Outcome>,
    /// What a message must have.
    pub needs: Vec<String>,
    /// Keys that no request may have.
    pub never: Vec<String>,
}

/// `ids:` of a file.
#[derive(Debug, Serialize)]
pub struct Ids {
    /// Whether a trigger without one cannot be told.
    pub required: bool,
    /// What they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doc: Option<String>,
    /// Where a person finds them.
    #[serde(rename = "where", skip_serializing_if = "Said::is_empty")]
    pub found_at: Said,
}

/// One request.
#[derive(Debug, Serialize)]
pub struct Asking {
    /// Its slot: token, lookup, profile or send.
    pub slot: &'static str,
    /// Method and address.
    pub request: String,
    /// When it is made, where not always.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// How long what it found is good for other messages.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep: Option<String>,
}

/// What an answer means.
#[derive(Debug, Serialize)]
pub struct Outcome {
    /// The slot whose answers it is about; nothing for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub slot: Option<&'static str>,
    /// The HTTP status.
    pub status: String,
    /// A condition beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The verdict.
    pub is: String,
}

impl Destination {
    pub(super) fn of(file: &Node) -> Self {
        let requests =
            BEFORE.into_iter().chain(["send"]).filter_map(|slot| asking(file, slot)).collect();
        Self {
            requests,
            writes_profile: file.has("profile"),
            ids: file.get("ids").map(|ids| Ids {
                required: ids.get("required").and_then(Node::as_bool).unwrap_or(false),
                doc: text(ids, "doc"),
                found_at: Said::of(ids.get("where")),
            }),
            batch: file.get("batch").map(batch),
            check: file.get("check").and_then(|check| match check.as_str() {
                Some(request) => Some(request.to_owned()),
                None => text(check, "request"),
            }),
            limits: limits(file),
            repeated_id: text(file, "repeated_id").unwrap_or_default(),
            backfill: file.get("backfill").and_then(Node::as_bool).unwrap_or(false),
            triggers_within: text(file, "triggers_within"),
            outcomes: outcomes(file),
            needs: needs(file),
            never: texts(file, "never"),
        }
    }

    pub(super) fn in_short(&self) -> String {
        let first = if self.writes_profile { "profile, then event" } else { "event with profile" };
        let mut words = vec![first.to_owned()];
        let mut add = |is: bool, word: &str| words.extend(is.then(|| word.to_owned()));
        add(self.ids.is_some(), "ids");
        add(self.batch.is_some(), "batch");
        add(self.check.is_some(), "check");
        add(self.backfill, "backfill");
        words.push(format!("repeated id: {}", self.repeated_id.replace('_', " ")));
        if let Some(window) = &self.triggers_within {
            words.push(format!("within {window}"));
        }
        words.join(", ")
    }
}

fn asking(file: &Node, slot: &'static str) -> Option<Asking> {
    let node = file.get(slot)?;
    let mut when = text(node, "when").map(|when| when.trim_start_matches('=').to_owned());
    if node.get("if_missing").and_then(Node::as_bool) == Some(true) {
        when.get_or_insert_with(|| "nothing was found".to_owned());
    }
    Some(Asking { slot, request: text(node, "request")?, when, keep: text(node, "keep") })
}

fn batch(node: &Node) -> String {
    let most = text(node, "most").map(|most| format!("up to {most} events"));
    let request = text(node, "request").map(|request| format!(" by `{request}`"));
    let later = match text(node, "results").as_deref() {
        Some("later") => "; what became of each is not told",
        Some(_) | None => "",
    };
    let most = most.unwrap_or_else(|| "many events".to_owned());
    format!("{most} in one request{}{later}", request.unwrap_or_default())
}

fn limits(file: &Node) -> Vec<String> {
    let limits = file.get("limits").into_iter().flat_map(Node::entries);
    let words = |(key, node): (&crate::text::Key, &Node)| {
        let number = node.as_str()?;
        Some(match key.text.strip_prefix("per_") {
            Some(unit) => format!("{number} a {unit}"),
            None => format!("{number} at once"),
        })
    };
    limits.filter_map(words).collect()
}

fn outcomes(file: &Node) -> Vec<Outcome> {
    let mut found = Vec::new();
    for slot in BEFORE.into_iter().chain(["send"]) {
        let answers = file.get(slot).and_then(|node| node.get("answers"));
        found.extend(answers.into_iter().flat_map(|answers| read(answers, Some(slot))));
    }
    found.extend(file.get("answers").into_iter().flat_map(|answers| read(answers, None)));
    found
}

fn read(answers: &Node, slot: Option<&'static str>) -> Vec<Outcome> {
    if let Some(rows) = answers.as_list() {
        let row = |node: &Node| Outcome {
            slot,
            status: match texts(node, "status").join(", ") {
                any if any.is_empty() => "any".to_owned(),
                stated => stated,
            },
            when: text(node, "when").map(|when| when.trim_start_matches('=').to_owned()),
            is: meaning(node),
        };
        return rows.iter().map(row).collect();
    }
    let row = |(key, node): (&crate::text::Key, &Node)| Outcome {
        slot,
        status: key.text.clone(),
        when: None,
        is: node.as_str().unwrap_or_default().to_owned(),
    };
    answers.entries().map(row).collect()
}

/// The verdict of a rule, with what stands beside it.
fn meaning(node: &Node) -> String {
    let mut is = text(node, "is").unwrap_or_default();
    if let Some(wait) = text(node, "wait") {
        is = format!("{is} after {wait}");
    }
    if node.get("forget").and_then(Node::as_bool) == Some(true) {
        is.push_str(", once what was kept is looked up anew");
    }
    is
}

fn needs(file: &Node) -> Vec<String> {
    let slots = BEFORE.into_iter().chain(["send"]).filter_map(|slot| file.get(slot));
    let lists = slots.chain([file]).filter_map(|node| node.get("needs"));
    lists.flat_map(Node::one_or_many).filter_map(|need| text(need, "say")).collect()
}
