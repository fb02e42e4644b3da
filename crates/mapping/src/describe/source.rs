//! What a source connector can do.

use std::collections::BTreeSet;

use parcelwire_domain::taxonomy::{FIELDS, Leg, Level, Status};
use serde::Serialize;

use super::{
    Asked, text, texts,
    ways::{needs_secret, ways},
};
use crate::text::Node;

/// What a source connector can do.
#[derive(Debug, Serialize)]
pub struct Source {
    /// Who speaks through it.
    pub party: String,
    /// How a request is verified, one sentence for each way.
    pub verified_by: Vec<String>,
    /// Whether an instance needs a secret to be verified with.
    pub needs_secret: bool,
    /// Where the topic stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_at: Option<String>,
    /// The topics its rules are for.
    pub topics: Vec<String>,
    /// The canonical statuses it can say, in the taxonomy's order.
    pub statuses: Vec<&'static str>,
    /// Each row of its table: the system's code, and what it means.
    pub codes: Vec<Code>,
    /// The fields of an event it can bring.
    pub fields: Vec<&'static str>,
    /// What of it matters most.
    pub brings: Brings,
    /// Requests that it answers without effect.
    pub handshakes: Vec<String>,
    /// What it asks the other system about a webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lookup: Option<String>,
    /// What it asks again and again, where no webhook comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub poll: Option<String>,
    /// Whether an id tells a repeat; else the body's hash does.
    pub delivery_id: bool,
    /// Whether one stream can serve many merchants.
    pub feed: bool,
    /// The zone of times without offset.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

/// One row of `statuses:`.
#[derive(Debug, Serialize)]
pub struct Code {
    /// The other system's code.
    pub code: String,
    /// What it means: `status`, `status/reason` or `ignore`, and what is added to it.
    pub is: String,
}

/// What decides whether a merchant needs a second source.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Brings {
    /// An e-mail address, a phone number or the shop's id of the customer.
    pub recipient: bool,
    /// The parcel's or the order's items.
    pub items: bool,
    /// A link to follow the parcel.
    pub tracking_link: bool,
}

impl Source {
    pub(super) fn of(file: &Node, settings: &[Asked]) -> Self {
        let rules = file.get("events").map(Node::one_or_many).unwrap_or_default();
        let fields = fields(file, rules);
        let brings = |names: &[&str]| fields.iter().any(|field| names.contains(field));
        let said: BTreeSet<Status> = said(file, rules).collect();
        Self {
            party: text(file, "party").unwrap_or_else(|| "fulfilment".to_owned()),
            verified_by: ways(file),
            needs_secret: needs_secret(file, settings),
            topic_at: topic_at(file),
            topics: topics(rules),
            statuses: said.into_iter().map(Status::name).collect(),
            codes: codes(file),
            brings: Brings {
                recipient: brings(&["email", "phone", "external_id"]),
                items: brings(&["items", "order_items", "items_received"]),
                tracking_link: brings(&["tracking_url"]),
            },
            fields,
            handshakes: handshakes(file),
            lookup: file.get("lookup").and_then(asked),
            poll: file.get("poll").and_then(polled),
            delivery_id: file.has("delivery_id"),
            feed: file.has("account"),
            timezone: text(file, "timezone"),
        }
    }

    pub(super) fn in_short(&self) -> String {
        let mut words = vec![match self.statuses.len() {
            1 => "1 status".to_owned(),
            n => format!("{n} statuses"),
        }];
        let mut add = |is: bool, word: &str| words.extend(is.then(|| word.to_owned()));
        add(self.brings.recipient, "recipient");
        add(self.brings.items, "items");
        add(self.brings.tracking_link, "tracking link");
        add(!self.handshakes.is_empty(), "handshake");
        add(self.lookup.is_some(), "lookup");
        add(self.poll.is_some(), "polling");
        add(self.feed, "feed");
        words.join(", ")
    }
}

/// Every status that a rule or a row of the table can say, `ignore` left out.
fn said(file: &Node, rules: &[Node]) -> impl Iterator<Item = Status> {
    let fixed = rules.iter().filter_map(|rule| status(rule.get("status")?.as_str()?));
    let table = file.get("statuses").into_iter().flat_map(Node::entries);
    let rows = table.filter_map(|(_, row)| match row.as_str() {
        Some(words) => status(words),
        None => {
            let leg = text(row, "leg").and_then(|leg| Leg::parse(&leg)).unwrap_or(Leg::Forward);
            Some(status(row.get("status")?.as_str()?)?.on(leg))
        }
    });
    fixed.chain(rows).filter(|status| *status != Status::Unknown)
}

fn status(words: &str) -> Option<Status> {
    Status::parse(words.split('/').next().unwrap_or_default())
}

fn codes(file: &Node) -> Vec<Code> {
    let table = file.get("statuses").into_iter().flat_map(Node::entries);
    table.map(|(code, row)| Code { code: code.text.clone(), is: meaning(row) }).collect()
}

fn meaning(row: &Node) -> String {
    if let Some(words) = row.as_str() {
        return words.to_owned();
    }
    let mut words = text(row, "status").unwrap_or_default();
    if let Some(reason) = text(row, "reason") {
        words = format!("{words}/{reason}");
    }
    if row.get("quiet").and_then(Node::as_bool) == Some(true) {
        words.push_str(", quietly");
    }
    for (key, value) in row.entries() {
        if !matches!(key.text.as_str(), "status" | "reason" | "quiet") {
            let value = value.as_str().map_or_else(|| value.to_json_text(), str::to_owned);
            words = format!("{words}, {} {value}", key.text);
        }
    }
    words
}

/// Fields in the order of the taxonomy: of rules, and of rows of the table.
fn fields(file: &Node, rules: &[Node]) -> Vec<&'static str> {
    let rows = file.get("statuses").into_iter().flat_map(Node::entries).map(|(_, row)| row);
    let named: BTreeSet<&str> = rules
        .iter()
        .chain(rows)
        .flat_map(Node::entries)
        .map(|(key, _)| key.text.as_str())
        .collect();
    let known = FIELDS.iter().filter(|field| field.stated && field.level != Level::Relay);
    let known = known.map(|field| field.name).filter(|name| !matches!(*name, "status" | "reason"));
    known.filter(|name| named.contains(name)).collect()
}

fn topics(rules: &[Node]) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for topic in rules.iter().flat_map(|rule| texts(rule, "topic")) {
        if !found.contains(&topic) {
            found.push(topic);
        }
    }
    found
}

fn topic_at(file: &Node) -> Option<String> {
    let topic = file.get("topic")?;
    let names = |key: &str| {
        let names: Vec<String> = texts(topic, key).iter().map(|name| format!("`{name}`")).collect();
        names.join(" or ")
    };
    Some(match (topic.has("header"), topic.has("body")) {
        (true, _) => format!("the header {}", names("header")),
        (_, true) => format!("the body at {}", names("body")),
        _ => format!("the query parameter {}", names("query")),
    })
}

fn handshakes(file: &Node) -> Vec<String> {
    let nodes = file.get("handshake").map(Node::one_or_many).unwrap_or_default();
    let words = |node: &Node| {
        let mut words = text(node, "method")?;
        if let Some(path) = text(node, "path") {
            words = format!("{words} …/{path}");
        }
        if let Some(when) = text(node, "when") {
            words = format!("{words} where `{}`", when.trim_start_matches('='));
        }
        Some(words)
    };
    nodes.iter().filter_map(words).collect()
}

fn asked(node: &Node) -> Option<String> {
    let requests: Vec<String> =
        node.one_or_many().iter().filter_map(|node| text(node, "request")).collect();
    (!requests.is_empty()).then(|| requests.join(", "))
}

fn polled(node: &Node) -> Option<String> {
    let requests = asked(node)?;
    Some(match text(node, "every") {
        Some(every) => format!("{requests} every {every}"),
        None => requests,
    })
}
