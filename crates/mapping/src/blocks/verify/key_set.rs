//! Public keys that a vendor publishes under ids and changes from time to time: a JSON Web Key Set
//! (RFC 7517), as it was fetched.
//!
//! Must not know how or when it is fetched.

use std::sync::Arc;
use std::time::Duration;

use super::keys::PublicKey;
use super::public_key::Algorithm;
use super::secret::decode_base64;
use crate::json::{Doc, Json, Kind};

/// The most keys of a set that are kept; vendors have two or three.
pub const MAX_KEYS: usize = 64;

/// Where a vendor's keys are, and how a request names the one that it was signed with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedKeysSpec {
    /// The address of the set.
    pub url: String,
    /// The header with the key's id.
    pub by: String,
    /// How long a set is good before it is fetched again.
    pub cache: Duration,
}

impl FetchedKeysSpec {
    /// What cannot work.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !self.url.starts_with("https://") && !self.url.starts_with("http://") {
            faults.push("the keys' `url` must begin with https://".to_owned());
        }
        if self.url.contains("{{") {
            faults.push("the keys' `url` is fixed: who sends must not say where to ask".to_owned());
        }
        if self.by.trim().is_empty() {
            faults.push("`by` must name the header with the key's id".to_owned());
        }
        faults
    }
}

/// What has to be known before a request can be verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WantedKey<'a> {
    /// Where the keys are.
    pub keys: &'a FetchedKeysSpec,
    /// The id of the key, as the request states it.
    pub id: &'a str,
}

/// What is known of a vendor's keys.
#[derive(Debug, Clone, Default)]
pub struct KnownKeys {
    /// The latest set; none where none could be fetched yet.
    pub set: Option<Arc<KeySet>>,
    /// Whether it was fetched after the request had come in: an id that is not there is no id.
    pub is_current: bool,
}

/// Keys by their ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeySet(Vec<(String, Parts)>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Parts {
    Rsa { modulus: Vec<u8>, exponent: Vec<u8> },
    Ed25519(Vec<u8>),
}

impl KeySet {
    /// Reads a set. Keys of other kinds are passed over; `None` where it is no set at all.
    pub fn read(body: &[u8]) -> Option<Self> {
        let doc = Doc::parse(body).ok()?;
        let keys = doc.root().get("keys").filter(|keys| keys.kind() == Kind::List)?;
        Some(Self(keys.items().take(MAX_KEYS).filter_map(one).collect()))
    }

    /// Whether a key of this id is in it.
    pub fn has(&self, id: &str) -> bool {
        self.0.iter().any(|(known, _)| known == id)
    }

    /// The keys of this id that are of this kind: one, unless the vendor is careless.
    pub(super) fn find(&self, id: &str, algorithm: Algorithm) -> Vec<PublicKey> {
        let named = self.0.iter().filter(|(known, _)| known == id);
        named.filter_map(|(_, parts)| parts.key(algorithm)).collect()
    }
}

fn one(item: Json<'_>) -> Option<(String, Parts)> {
    let text = |key: &str| item.get(key).and_then(|value| value.text());
    let bytes = |key: &str| text(key).and_then(|text| decode_base64(&text));
    let parts = match text("kty")?.as_ref() {
        "RSA" => Parts::Rsa { modulus: bytes("n")?, exponent: bytes("e")? },
        "OKP" if text("crv").as_deref() == Some("Ed25519") => Parts::Ed25519(bytes("x")?),
        _ => return None,
    };
    Some((text("kid")?.into_owned(), parts))
}

impl Parts {
    fn key(&self, algorithm: Algorithm) -> Option<PublicKey> {
        match (self, algorithm) {
            (Self::Ed25519(bytes), Algorithm::Ed25519) => PublicKey::ed25519(bytes),
            (
                Self::Rsa { modulus, exponent },
                Algorithm::RsaSha256 | Algorithm::RsaSha512 | Algorithm::RsaPssSha256,
            ) => PublicKey::of_der(algorithm, &pkcs1(modulus, exponent)).ok(),
            (Self::Rsa { .. }, Algorithm::Ed25519)
            | (
                Self::Ed25519(_),
                Algorithm::RsaSha256 | Algorithm::RsaSha512 | Algorithm::RsaPssSha256,
            ) => None,
        }
    }
}

/// An `RSAPublicKey` in DER (RFC 8017).
fn pkcs1(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    element(0x30, &[integer(modulus), integer(exponent)].concat())
}

/// An unsigned integer: no zeros before it, but one where it would seem negative.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let bytes = bytes.get(start..).unwrap_or_default();
    let sign: &[u8] = if bytes.first().is_none_or(|first| *first >= 0x80) { &[0] } else { &[] };
    element(0x02, &[sign, bytes].concat())
}

fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let start = length.iter().position(|byte| *byte != 0).unwrap_or(length.len() - 1);
    let digits = length.get(start..).unwrap_or_default();
    let mut out = vec![tag];
    if content.len() >= 0x80 {
        out.push(0x80 | u8::try_from(digits.len()).expect("a length has eight bytes at most"));
    }
    out.extend_from_slice(digits);
    out.extend_from_slice(content);
    out
}
