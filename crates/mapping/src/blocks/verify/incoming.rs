//! A request as the signature methods see it: raw, borrowed, not yet trusted and not yet parsed.
//!
//! Must not know which HTTP server received it.

use std::borrow::Cow;

use super::key_set::KnownKeys;

/// A request to verify, or one to sign.
#[derive(Clone, Copy)]
pub struct Incoming<'a> {
    /// `POST`, in capitals.
    pub method: &'a str,
    /// The whole address as the sender knows it: `http.public_url`, path and query.
    pub url: &'a str,
    /// The path alone, as it was sent (not decoded).
    pub path: &'a str,
    /// What follows the `?`, as it was sent; empty if there is none.
    pub query: &'a str,
    /// The header lines.
    pub headers: Headers<'a>,
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// Reads a text or number of the body by its dotted path. Only asked when a connector says
    /// that its signature or timestamp stands in the body; `None` if there is no such reader.
    pub body_field: Option<&'a BodyField<'a>>,
    /// What is known of the keys that the request's signer publishes; see [`WantedKey`].
    ///
    /// [`WantedKey`]: super::WantedKey
    pub keys: Option<&'a KnownKeys>,
}

/// Finds the text of one field of the body by its dotted path (`meta.signature`).
pub type BodyField<'a> = dyn Fn(&str) -> Option<String> + 'a;

impl<'a> Incoming<'a> {
    /// A `POST` of `body` with `headers`, without address: what most methods look at.
    pub fn post(headers: Headers<'a>, body: &'a [u8]) -> Self {
        Self {
            method: "POST",
            url: "",
            path: "",
            query: "",
            headers,
            body,
            body_field: None,
            keys: None,
        }
    }

    /// The decoded value of the first query parameter called `name`.
    pub fn query_value(&self, name: &str) -> Option<String> {
        pairs_of(self.query)
            .find(|(key, _)| form_decode(key) == name)
            .map(|(_, value)| form_decode(value))
    }

    /// The raw query without the parameters called `name`, nothing else changed: what is signed
    /// when the signature travels in the query itself.
    pub fn query_without(&self, name: &str) -> Cow<'a, str> {
        if self.query_value(name).is_none() {
            return Cow::Borrowed(self.query);
        }
        let kept = self.query.split('&').filter(|pair| {
            let key = pair.split_once('=').map_or(*pair, |(key, _)| key);
            form_decode(key) != name
        });
        Cow::Owned(kept.collect::<Vec<_>>().join("&"))
    }

    pub(super) fn field(&self, path: &str) -> Option<String> {
        self.body_field.and_then(|read| read(path))
    }
}

fn pairs_of(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

/// Undoes `%41` and, as queries have it, `+`.
fn form_decode(text: &str) -> String {
    percent_decode(&text.replace('+', " "))
}

/// Undoes `%41`; what is no valid escape stays as it is.
pub(super) fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = (byte == b'%').then(|| bytes.get(at + 1..at + 3)).flatten();
        let mut decoded = [0];
        match escaped {
            Some(digits) if hex::decode_to_slice(digits, &mut decoded).is_ok() => {
                out.push(decoded[0]);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Header lines in the order they came; names are compared without regard to case.
#[derive(Clone, Copy, Default)]
pub struct Headers<'a>(&'a [(&'a str, &'a str)]);

impl<'a> Headers<'a> {
    /// Takes pairs of name and value.
    pub const fn new(lines: &'a [(&'a str, &'a str)]) -> Self {
        Self(lines)
    }

    /// The first value of `name`, trimmed. Whoever reads an id or a time from a header must take
    /// the first as well: it is the one that was verified.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Every value of `name`, trimmed.
    pub fn all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a str> + use<'a, 'n> {
        let lines = self.0;
        lines
            .iter()
            .filter(move |(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.trim())
    }

    /// All lines.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
        self.0.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_query(query: &str) -> Incoming<'_> {
        Incoming { query, ..Incoming::post(Headers::default(), b"") }
    }

    #[test]
    fn header_names_are_caseless_and_the_first_line_counts() {
        let lines = [("X-A", " 1 "), ("x-b", "2"), ("x-a", "3")];
        let headers = Headers::new(&lines);
        assert_eq!(headers.get("x-A"), Some("1"));
        assert_eq!(headers.all("X-A").collect::<Vec<_>>(), ["1", "3"]);
        assert_eq!(headers.get("x-c"), None);
    }

    #[test]
    fn query_values_are_decoded() {
        let request = with_query("a=1&to%6ben=x%2By+z&b&c=%zz%");
        assert_eq!(request.query_value("token").as_deref(), Some("x+y z"));
        assert_eq!(request.query_value("b").as_deref(), Some(""));
        assert_eq!(request.query_value("c").as_deref(), Some("%zz%"));
        assert_eq!(request.query_value("d"), None);
    }

    #[test]
    fn a_parameter_is_cut_out_of_the_query_and_nothing_else_is_touched() {
        for (query, left) in [
            ("shop-id=1&sig=ab&t=%20+", "shop-id=1&t=%20+"),
            ("sig=ab", ""),
            ("t=2&sig=ab", "t=2"),
            ("t=2&&x", "t=2&&x"),
        ] {
            assert_eq!(with_query(query).query_without("sig"), left, "{query}");
        }
    }
}
