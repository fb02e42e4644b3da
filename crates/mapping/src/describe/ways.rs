//! `verify:` in words.

use parcelwire_domain::{Map, Value};

use super::{Asked, text, texts};
use crate::{
    draft,
    expr::{Env, Kind, Scope},
    text::{Diagnostics, Node},
};

/// How one way to verify a request is called, and what it is.
pub(super) fn ways(file: &Node) -> Vec<String> {
    let nodes = file.get("verify").map(Node::one_or_many).unwrap_or_default();
    nodes.iter().map(way).collect()
}

/// Whether an instance with the usual settings needs a secret of its own.
pub(super) fn needs_secret(file: &Node, settings: &[Asked]) -> bool {
    let mut usual = Map::new();
    for setting in settings {
        let value = setting.default.as_ref().or(setting.one_of.first());
        usual.set_some(&setting.name, value.map(|value| Value::text(value.as_str())));
    }
    let holds = |node: &Node| {
        let Some(when) = node.get("when") else { return true };
        let scope = Scope::open().with("settings", Kind::Map);
        let when = draft::expression(when, &scope, &mut Diagnostics::default());
        let Some(when) = when else { return true };
        when.eval(&Env::new().with("settings", &usual)).truth() != Some(false)
    };
    let nodes = file.get("verify").map(Node::one_or_many).unwrap_or_default();
    nodes.iter().filter(|node| holds(node)).any(|node| !node.has("unsigned") && !node.has("keys"))
}

fn way(node: &Node) -> String {
    let mut words = method(node);
    for also in node.get("also").map(Node::one_or_many).unwrap_or_default() {
        words = format!("{words}; and beside it {}", way(also));
    }
    if let Some(when) = text(node, "when") {
        words = format!("{words}, where `{}`", when.trim_start_matches('='));
    }
    words
}

fn method(node: &Node) -> String {
    let has = |key: &str| node.get(key).is_some();
    if let Some(hash) = text(node, "hmac") {
        return signature(&format!("HMAC-{}", upper(&hash)), node);
    }
    if let Some(hash) = text(node, "plain_hash") {
        return signature(&format!("a plain {} (no HMAC)", upper(&hash)), node);
    }
    if let Some(algorithm) = text(node, "public_key") {
        return signature(&format!("a public-key signature ({algorithm})"), node);
    }
    if has("standard_webhooks") {
        return "Standard Webhooks (HMAC-SHA256 over id, time and body)".to_owned();
    }
    if has("token") {
        return format!("the secret itself, in {}", headers(node));
    }
    if let Some(lives) = text(node, "issued_token") {
        return format!("a bearer token that it fetched here, good for {lives}");
    }
    if has("bearer") {
        return "the secret as `Authorization: Bearer`".to_owned();
    }
    if has("basic") {
        return match text(node, "user") {
            Some(user) => format!("`Authorization: Basic` with the user `{user}`"),
            None => "`Authorization: Basic`; the secret is `user:password`".to_owned(),
        };
    }
    match text(node, "url_token").as_deref() {
        Some("path") => "the secret at the end of the address".to_owned(),
        Some(name) => format!("the secret in the address, as `?{name}=`"),
        None => "not at all: anybody can send".to_owned(),
    }
}

fn signature(kind: &str, node: &Node) -> String {
    let encoding = text(node, "encoding").unwrap_or_else(|| "hex".to_owned());
    let place = match (text(node, "query"), text(node, "body")) {
        (Some(name), _) => format!("the query parameter `{name}`"),
        (None, Some(path)) => format!("the body at `{path}`"),
        (None, None) => headers(node),
    };
    let signed = match text(node, "signed") {
        Some(signed) => format!("over `{signed}`"),
        None => "over the raw body".to_owned(),
    };
    let prefix = text(node, "prefix").map(|prefix| format!(" behind `{prefix}`"));
    let key = match (node.get("keys").and_then(|keys| text(keys, "url")), node.has("secret_of")) {
        (Some(url), _) => format!("; its keys are fetched from {url}"),
        (None, true) => "; the secret was given out in a handshake".to_owned(),
        (None, false) => String::new(),
    };
    format!("{kind} {signed}, {encoding}, in {place}{}{key}", prefix.unwrap_or_default())
}

fn headers(node: &Node) -> String {
    let names: Vec<String> = texts(node, "header").iter().map(|name| format!("`{name}`")).collect();
    match names.as_slice() {
        [] => "a header".to_owned(),
        [one] => format!("the header {one}"),
        several => format!("one of the headers {}", several.join(", ")),
    }
}

/// The name of a hash as people write it; what an instance chooses stays as it stands.
fn upper(hash: &str) -> String {
    if hash.contains("{{") || hash.starts_with('=') { hash.to_owned() } else { hash.to_uppercase() }
}
