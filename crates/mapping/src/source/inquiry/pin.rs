//! Which host may be asked. An address that comes from a payload is somebody else's word: it is read
//! more strictly than any client would, so that no two readers can see two hosts in it.

use regex_lite::Regex;

use crate::{
    expr::{Part, Read, Template},
    text::{Diagnostic, Diagnostics, Node},
};

/// The hosts of `host:`; nothing where the file or the settings name the host themselves.
#[derive(Debug)]
pub(super) enum Pin {
    Own,
    Names(Vec<String>),
    Pattern(Regex),
}

/// Scheme and authority of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    host: String,
    port: Option<u16>,
    /// Where path and query begin.
    end: usize,
}

impl Pin {
    /// `own` are the roots that the operator writes: an address made of these needs no pin.
    pub(super) fn compile(
        node: &Node,
        address: &Template,
        own: &[&str],
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let start = match address {
            Template::Fixed(value) => value.as_ref().and_then(parcelwire_domain::Value::as_text),
            Template::Filled(parts) => parts.first().and_then(|part| match part {
                Part::Plain(text) => Some(text.as_str()),
                Part::Expr(_) => None,
            }),
            Template::Typed(_) => None,
        };
        if start
            .is_some_and(|start| !start.starts_with("https://") && !start.starts_with("http://"))
        {
            let span = node.get("request").map_or(&node.span, |request| &request.span);
            let error =
                Diagnostic::error(span, "a source has no base URL: the address must be whole");
            diagnostics
                .push(error.hint("write GET https://…, or begin with a setting that holds it"));
            return None;
        }
        let Some(stated) = node.get("host") else {
            if names_own_host(address, own) {
                return Some(Self::Own);
            }
            let span = node.get("request").map_or(&node.span, |request| &request.span);
            let error = Diagnostic::error(span, "a payload could lead this request anywhere");
            diagnostics.push(
                error.hint("add `host:`, the hosts it may go to, as in ^api[0-9]*\\.x\\.com$"),
            );
            return None;
        };
        if let Some(pattern) = stated.as_str().filter(|text| text.starts_with('^')) {
            // Bounded on both sides whatever stands in it: `^a|b$` is no trap here.
            let compiled = Regex::new(&format!("^(?:{pattern})$"));
            if let Err(error) = &compiled {
                let message = format!("this is not a regular expression: {error}");
                diagnostics.push(Diagnostic::error(&stated.span, message));
            }
            return compiled.ok().map(Self::Pattern);
        }
        let mut names = Vec::new();
        for name in stated.one_or_many() {
            let text = name.as_str().unwrap_or_default().to_lowercase();
            if origin(&format!("https://{text}")).is_none() {
                let error = Diagnostic::error(&name.span, format!("`{text}` is no host"));
                diagnostics.push(error.hint("write host names, or one pattern that begins with ^"));
                return None;
            }
            names.push(text);
        }
        Some(Self::Names(names))
    }

    /// Whether this address may be asked. A port that is not the usual one belongs to the name.
    pub(super) fn judge(&self, url: &str) -> Result<(), String> {
        if matches!(self, Self::Own) {
            let whole = url.starts_with("https://") || url.starts_with("http://");
            return if whole { Ok(()) } else { Err("the address is not a whole one".to_owned()) };
        }
        let origin = origin(url).ok_or("the address is not one that is asked")?;
        let usual = if url.starts_with("https://") { 443 } else { 80 };
        let name = match origin.port.filter(|port| *port != usual) {
            Some(port) => format!("{}:{port}", origin.host),
            None => origin.host,
        };
        let fits = match self {
            Self::Own => true,
            Self::Names(names) => names.contains(&name),
            Self::Pattern(pattern) => pattern.is_match(&name),
        };
        if fits { Ok(()) } else { Err("the host is not one of `host:`".to_owned()) }
    }
}

/// The address of a following page: on the same host as the first, or a path there.
pub(super) fn beside(first: &str, next: &str) -> Option<String> {
    let own = origin(first);
    if next.starts_with('/') && !next.starts_with("//") && is_plain(next) {
        let end = own.map_or_else(|| path_of(first), |own| own.end);
        return Some(format!("{}{next}", first.get(..end)?));
    }
    let (own, other) = (own?, origin(next)?);
    let same = own.host == other.host && own.port == other.port;
    let scheme = |url: &str| url.starts_with("https://");
    (same && scheme(first) == scheme(next)).then(|| next.to_owned())
}

/// Where the path begins in an address that the operator wrote.
fn path_of(url: &str) -> usize {
    let start = url.find("://").map_or(0, |at| at + 3);
    let rest = url.get(start..).unwrap_or_default();
    rest.find(['/', '?']).map_or(url.len(), |at| start + at)
}

fn is_plain(text: &str) -> bool {
    !text.bytes().any(|b| b <= b' ' || b == 0x7f || b == b'\\')
}

/// Only what every reader of addresses sees alike: a plain name and perhaps a port.
fn origin(url: &str) -> Option<Origin> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
    if !is_plain(url) {
        return None;
    }
    let length = rest.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':')));
    let length = length.unwrap_or(rest.len());
    let authority = rest.get(..length)?;
    if !matches!(rest.as_bytes().get(length), None | Some(b'/' | b'?')) {
        return None;
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port.parse().ok()?)),
        None => (authority, None),
    };
    let end = url.len() - rest.len() + length;
    (!host.is_empty()).then(|| Origin { host: host.to_lowercase(), port, end })
}

/// Whether scheme and host stand in the file, or come from `own` names alone.
fn names_own_host(address: &Template, own: &[&str]) -> bool {
    let owned = |read: &Read| read.path.first().is_some_and(|root| own.contains(&root.as_str()));
    let Template::Filled(parts) = address else { return address.reads().all(owned) };
    let mut written = String::new();
    for part in parts {
        match part {
            Part::Plain(text) => {
                written.push_str(text);
                let path = written.find("://").map_or(0, |at| at + 3);
                // From the first slash of the path on, the host is settled.
                if written.get(path..).is_some_and(|rest| rest.contains(['/', '?'])) {
                    return true;
                }
            }
            Part::Expr(expr) => {
                if !expr.reads().iter().all(owned) {
                    return false;
                }
                // It may be the whole address as well as a name in it.
                if !written.contains("://") {
                    written.push_str("own://own");
                }
            }
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pin {
        Pin::Pattern(Regex::new(&format!("^(?:{text})$")).expect("a pattern"))
    }

    #[test]
    fn only_the_pinned_host_is_asked() {
        let pin = pattern(r"^api[0-9]*\.store\.test$");
        for fine in [
            "https://api.store.test/x?y=1",
            "https://API7.store.test",
            "https://api.store.test:443/x",
            "http://api.store.test/x",
        ] {
            assert_eq!(pin.judge(fine), Ok(()), "{fine}");
        }
        for refused in [
            "https://api.store.test.evil.test/x",
            "https://evil.test/api.store.test",
            "https://evil.test?https://api.store.test/",
            "https://api.store.test@evil.test/",
            "https://evil.test#@api.store.test/",
            "https://evil.test\\@api.store.test/",
            "https://evil.test\t.api.store.test/",
            "https://api.store.test:8443/x",
            "https://api.store.test%00.evil.test/",
            "https://api.store.test.",
            "https://[::1]/",
            "https://api.store.tést/",
            "https:/api.store.test/x",
            "https:api.store.test/x",
            "//api.store.test/x",
            "ftp://api.store.test/x",
            "file:///etc/passwd",
            "HTTPS://api.store.test/x",
            "https:///x",
            "",
        ] {
            assert!(pin.judge(refused).is_err(), "{refused}");
        }
        let either = pattern("^a.test|b.test$");
        assert!(either.judge("https://a.test.evil.test/").is_err());
        assert!(either.judge("https://evil.test.b.test/").is_err());
        let ports = Pin::Names(vec!["127.0.0.1:8080".to_owned()]);
        assert_eq!(ports.judge("http://127.0.0.1:8080/x"), Ok(()));
        assert!(ports.judge("http://127.0.0.1/x").is_err());
    }

    #[test]
    fn a_following_page_stays_on_its_host() {
        let first = "https://a.test/list?page=1";
        let stays = |next: &str| beside(first, next);
        assert_eq!(stays("/list?page=2").as_deref(), Some("https://a.test/list?page=2"));
        assert_eq!(stays("https://a.test/list?c=2").as_deref(), Some("https://a.test/list?c=2"));
        for other in [
            "https://b.test/x",
            "http://a.test/x",
            "https://a.test:444/",
            "//b.test/x",
            "/\\b.test",
            "x",
        ] {
            assert_eq!(stays(other), None, "{other}");
        }
        assert_eq!(
            beside("https://münchen.test/a", "/b").as_deref(),
            Some("https://münchen.test/b")
        );
    }
}
