//! What is kept of a request beside its body: the headers that the file names, and the query where it
//! reads that. Never credentials.

use std::collections::BTreeSet;

use super::request::{DeliveryId, TopicAt};
use crate::text::Node;

/// The names of headers that are kept (small letters), and whether the query is.
pub(super) fn of(
    file: &Node,
    topic: Option<&TopicAt>,
    delivery_id: &DeliveryId,
) -> (Vec<String>, bool) {
    let mut kept = BTreeSet::new();
    if let Some(TopicAt::Header(names)) = topic {
        kept.extend(names.iter().cloned());
    }
    let mut keeps_query = matches!(topic, Some(TopicAt::Query(_)));
    for read in delivery_id.reads() {
        if let [root, name, ..] = read.path.as_slice()
            && root == "headers"
        {
            kept.insert(name.to_lowercase());
        }
    }
    for text in texts(file) {
        keeps_query |= text.contains("query.") || text.contains("query[");
        for rest in text.split("headers[").skip(1) {
            let name = rest.trim_start_matches(['\'', '"']);
            let end = name.find(['\'', '"']).unwrap_or(0);
            kept.extend(name.get(..end).filter(|name| !name.is_empty()).map(str::to_lowercase));
        }
        for rest in text.split("headers.").skip(1) {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let name = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
            kept.extend(Some(name.to_lowercase()).filter(|name| !name.is_empty()));
        }
    }
    (kept.into_iter().collect(), keeps_query)
}

/// Rules, and what is asked about a webhook, name their headers in the text of the file: the same
/// words, found once.
fn texts(file: &Node) -> Vec<&str> {
    let lookup = file.get("lookup");
    let asked = ["when", "request", "query", "headers", "json", "form"].map(|key| lookup?.get(key));
    let read = ["events", "statuses", "account"].map(|key| file.get(key));
    let mut texts = Vec::new();
    for node in asked.into_iter().chain(read).flatten() {
        collect(node, &mut texts);
    }
    texts
}

fn collect<'n>(node: &'n Node, texts: &mut Vec<&'n str>) {
    texts.extend(node.as_str());
    for item in node.as_list().unwrap_or_default() {
        collect(item, texts);
    }
    for (_, value) in node.entries() {
        collect(value, texts);
    }
}
