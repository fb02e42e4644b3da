//! What headers tell: how the request is signed, its id, its topic.

/// What was found in the headers, as lines of the file.
#[derive(Debug, Default)]
pub(super) struct Headers {
    /// Lines of `verify:`, with what stands in front of them as a comment.
    pub(super) verify: Vec<String>,
    /// The header with the topic.
    pub(super) topic: Option<(String, String)>,
    /// The header that tells a repeat.
    pub(super) id: Option<String>,
    /// Why the method is believed.
    pub(super) why: String,
}

/// Reads what the headers of a sample tell; names in small letters.
pub(super) fn read(headers: &[(String, String)]) -> Headers {
    let mut found = verify(headers);
    let ends = |name: &str, ends: &[&str]| ends.iter().any(|end| name.ends_with(end));
    found.topic = headers
        .iter()
        .find(|(name, _)| ends(name, &["topic", "event-type", "event-name", "-event"]))
        .map(|(name, value)| (name.clone(), value.clone()));
    let ids = ["delivery-id", "event-id", "message-id", "webhook-id", "svix-id", "notification-id"];
    let by_rank = |end: &&str| headers.iter().find(|(name, _)| name.ends_with(*end));
    found.id = ids.iter().find_map(by_rank).map(|(name, _)| name.clone());
    found
}

fn verify(headers: &[(String, String)]) -> Headers {
    let value_of = |wanted: &str| {
        headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let of = |why: &str, lines: &[&str]| Headers {
        verify: lines.iter().map(|line| (*line).to_owned()).collect(),
        why: why.to_owned(),
        ..Headers::default()
    };
    for prefix in ["webhook", "svix"] {
        let signature = value_of(&format!("{prefix}-signature"));
        if signature.is_some_and(|value| value.starts_with("v1,")) {
            return of(
                &format!(
                    "the headers {prefix}-id, -timestamp and -signature are those of Standard Webhooks"
                ),
                &["standard_webhooks: true"],
            );
        }
    }
    if let Some((name, value)) = headers.iter().find(|(name, _)| is_signature(name)) {
        return signature(name, value);
    }
    match value_of("authorization").and_then(|value| value.split(' ').next()) {
        Some("Bearer") => {
            return of("the header Authorization brings a bearer token", &["bearer: true"]);
        }
        Some("Basic") => {
            return of("the header Authorization brings user and password", &["basic: true"]);
        }
        Some(_) | None => {}
    }
    let token = headers.iter().find(|(name, _)| {
        ["token", "api-key", "secret", "apikey", "credential"].iter().any(|end| name.ends_with(end))
    });
    if let Some((name, _)) = token {
        let why = format!("the header {name} looks like a secret that is sent as it is");
        return of(&why, &["token: true", &format!("header: {name}")]);
    }
    of(
        "nothing in what you gave shows how it signs; give its headers with --header, or read its documentation",
        &["hmac: sha256", "encoding: hex", "header: X-Signature"],
    )
}

fn is_signature(name: &str) -> bool {
    name.contains("signature") && !name.ends_with("-id")
        || name.contains("hmac")
        || name.ends_with("-sig")
        || name.ends_with("-sign")
        || name == "sign"
}

/// What a signature looks like: its length tells the hash, its letters how it is written.
fn signature(name: &str, value: &str) -> Headers {
    let mut lines = Vec::new();
    let mut why = format!("the header {name}");
    // `t=1688,v1=2403…`: several in one, the time among them.
    let pairs: Vec<(&str, &str)> =
        value.split(',').filter_map(|pair| pair.trim().split_once('=')).collect();
    let time = pairs.iter().find(|(key, _)| *key == "t");
    let signed = pairs.iter().find(|(key, value)| key.starts_with('v') && value.len() > 30);
    let (prefix, bare) = match (time, signed) {
        (Some(_), Some((_, bare))) => (None, *bare),
        _ => {
            match value.split_once('=').filter(|(name, rest)| rest.len() > 20 && name.len() < 24) {
                Some((prefix, rest)) => (Some(format!("{prefix}=")), rest),
                None => (None, value),
            }
        }
    };
    let is_hex = bare.bytes().all(|b| b.is_ascii_hexdigit());
    let (hash, encoding) = match (is_hex, bare.trim_end_matches('=').len()) {
        (true, 40) => (Some("sha1"), "hex"),
        (true, 64) => (Some("sha256"), "hex"),
        (true, 128) => (Some("sha512"), "hex"),
        (false, 27) => (Some("sha1"), "base64"),
        (false, 43) => (Some("sha256"), "base64"),
        (false, 86) => (Some("sha512"), "base64"),
        (true, _) => (None, "hex"),
        (false, _) => (None, "base64"),
    };
    match hash {
        Some(hash) => {
            why.extend([format!(
                " is as long as a {hash} in {encoding}; that it is an HMAC over the body is a guess"
            )]);
        }
        None => why.push_str(
            " sounds like a signature; its value tells nothing, so hash and encoding are guesses",
        ),
    }
    lines.push(format!("hmac: {}", hash.unwrap_or("sha256")));
    lines.push(format!("encoding: {encoding}"));
    lines.push(format!("header: {name}"));
    if let Some(prefix) = prefix {
        lines.push(format!("prefix: \"{prefix}\""));
    }
    if let (Some((time, _)), Some((key, _))) = (time, signed) {
        lines.push(format!("pairs: {{ signature: {key} }}"));
        lines.push("signed: \"{{ timestamp }}.{{ body }}\"".to_owned());
        lines.push(format!("timestamp: {{ pair: {time} }}"));
        why.push_str("; so is what stands between time and body");
    }
    Headers { verify: lines, why, ..Headers::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_known_by_name_and_length() {
        let hex = "a".repeat(64);
        let base64 = format!("{}=", "A".repeat(43));
        for (name, value, expected) in [
            (
                "x-depot-signature",
                hex.clone(),
                "hmac: sha256; encoding: hex; header: x-depot-signature",
            ),
            (
                "x-depot-hmac-sha256",
                base64,
                "hmac: sha256; encoding: base64; header: x-depot-hmac-sha256",
            ),
            (
                "x-hub-signature-256",
                format!("sha256={hex}"),
                "hmac: sha256; encoding: hex; header: x-hub-signature-256; prefix: \"sha256=\"",
            ),
            (
                "depot-signature",
                format!("t=1688493073,v1={hex}"),
                "hmac: sha256; encoding: hex; header: depot-signature; pairs: { signature: v1 }; signed: \"{{ timestamp }}.{{ body }}\"; timestamp: { pair: t }",
            ),
            ("webhook-signature", "v1,abc".to_owned(), "standard_webhooks: true"),
            ("authorization", "Bearer abc".to_owned(), "bearer: true"),
            ("x-api-key", "abc".to_owned(), "token: true; header: x-api-key"),
            ("user-agent", "x".to_owned(), "hmac: sha256; encoding: hex; header: X-Signature"),
        ] {
            let found = read(&[(name.to_owned(), value)]);
            assert_eq!(found.verify.join("; "), expected, "{name}");
            assert!(!found.why.is_empty());
        }
    }

    #[test]
    fn ids_and_topics_are_known_by_name() {
        let lines = [("x-depot-delivery-id", "1"), ("x-depot-topic", "parcel/moved")];
        let found = read(&lines.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(found.id.as_deref(), Some("x-depot-delivery-id"));
        assert_eq!(found.topic, Some(("x-depot-topic".to_owned(), "parcel/moved".to_owned())));
    }
}
