//! Standard Webhooks (`webhook-id`, `webhook-timestamp`, `webhook-signature`), versions `v1`
//! (HMAC-SHA-256 under a `whsec_` secret) and `v1a` (Ed25519 under a `whpk_` key), and the same
//! under the `svix-` names.

use std::sync::Arc;

use jiff::Timestamp;

use super::SignFault;
use super::envelope::MAX_SIGNATURES;
use super::hash::{Encoding, Hash, MacKey};
use super::incoming::Incoming;
use super::keys::{PrivateKey, PublicKey};
use super::refusal::{Refusal, Verified};
use super::secret::{
    KeyForm, Secret, SecretFault, SecretProblem, decode_base64, each_secret, which,
};
use super::timestamp::{self, DEFAULT_TOLERANCE, TimestampFormat};
use crate::blocks::sign::Signed;

/// The options of Standard Webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandardWebhooksSpec {
    /// Seconds the signed time may lie in the past or the future.
    pub tolerance: u32,
}

impl Default for StandardWebhooksSpec {
    fn default() -> Self {
        Self { tolerance: DEFAULT_TOLERANCE }
    }
}

/// Starts a shared secret.
const SECRET: &str = "whsec_";
/// Starts a public key.
const PUBLIC: &str = "whpk_";
/// Starts a private key.
const PRIVATE: &str = "whsk_";
/// The lengths of a shared secret that the specification allows, in bytes.
const SPECIFIED: std::ops::RangeInclusive<usize> = 24..=64;
/// The most Ed25519 signatures of one request that are checked: each costs some 50 µs.
const MAX_ASYMMETRIC: usize = 4;
/// The headers' names: id, time, signature.
const FAMILIES: [[&str; 3]; 2] = [
    ["webhook-id", "webhook-timestamp", "webhook-signature"],
    ["svix-id", "svix-timestamp", "svix-signature"],
];

impl StandardWebhooksSpec {
    pub(super) fn prepare(&self, secrets: &[Secret]) -> Result<ReadyStandard, Vec<SecretProblem>> {
        let keys = each_secret(secrets, verifying_keys)?;
        Ok(ReadyStandard { tolerance: self.tolerance, keys })
    }

    /// What is unusual about a secret, for the one who set it.
    pub(super) fn warning(secret: &Secret) -> Option<String> {
        let text = secret.expose().trim();
        if text.starts_with(PUBLIC) {
            return None;
        }
        let Some(encoded) = text.strip_prefix(SECRET) else {
            return Some(format!(
                "the secret does not start with `{SECRET}`: it is tried as base64 and as plain text"
            ));
        };
        let length = decode_base64(encoded)?.len();
        (!SPECIFIED.contains(&length)).then(|| {
            format!(
                "the secret is {length} bytes long; Standard Webhooks asks for {} to {}",
                SPECIFIED.start(),
                SPECIFIED.end()
            )
        })
    }
}

#[derive(Clone)]
enum Key {
    V1(MacKey),
    V1a(Box<PublicKey>),
}

/// The keys that one secret may stand for. A secret without `whsec_` may have been meant as base64
/// (as the libraries read it) or as text (as people write it by hand); both need the secret.
fn verifying_keys(secret: &Secret) -> Result<Vec<Key>, SecretFault> {
    let text = secret.expose().trim();
    if text.starts_with(PRIVATE) {
        return Err(SecretFault::WrongKind {
            given: "a private key",
            needed: "the public key (whpk_…) or the shared secret (whsec_…)",
        });
    }
    if let Some(encoded) = text.strip_prefix(PUBLIC) {
        let key = decode_base64(encoded).and_then(|key| PublicKey::ed25519(&key));
        let key = key.ok_or_else(|| SecretFault::NotDecodable {
            expected: format!("base64 of 32 bytes after {PUBLIC}"),
        })?;
        return Ok(vec![Key::V1a(Box::new(key))]);
    }
    let mac = |form: KeyForm| {
        form.key(secret, SECRET).map(|key| Key::V1(MacKey::new(Hash::Sha256, &key)))
    };
    if text.starts_with(SECRET) {
        return Ok(vec![mac(KeyForm::Base64)?]);
    }
    Ok(mac(KeyForm::Base64).into_iter().chain([mac(KeyForm::Utf8)?]).collect())
}

/// Standard Webhooks with its keys made ready.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyStandard {
    tolerance: u32,
    keys: Vec<Vec<Key>>,
}

/// The three headers of one request, all of one family.
struct Lines<'a> {
    id: &'a str,
    timestamp: &'a str,
    /// The header in which the signature stands, for messages.
    header: &'static str,
    v1: Vec<Vec<u8>>,
    v1a: Vec<Vec<u8>>,
}

impl ReadyStandard {
    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let lines = read(request)?;
        let fits = |key: &Key| match key {
            Key::V1(key) => {
                let tag = key.tag(|to| feed(lines.id, lines.timestamp, request.body, to));
                tag.is_among(&lines.v1)
            }
            Key::V1a(key) if !lines.v1a.is_empty() => {
                let mut signed = Vec::with_capacity(request.body.len() + 80);
                feed(lines.id, lines.timestamp, request.body, &mut |bytes| {
                    signed.extend_from_slice(bytes);
                });
                lines.v1a.iter().any(|signature| key.fits(&signed, signature))
            }
            Key::V1a(_) => false,
        };
        let matched =
            which(&self.keys, |keys| keys.iter().fold(false, |found, key| found | fits(key)));
        let secret = matched.ok_or_else(|| Refusal::Invalid { place: place(lines.header) })?;
        let format = TimestampFormat::UnixSeconds;
        let timestamp = timestamp::check(lines.timestamp, format, Some(self.tolerance), now)?;
        Ok(Verified {
            method: "standard_webhooks",
            timestamp,
            secret,
            generation: None,
            covers_body: true,
        })
    }
}

fn read<'a>(request: &Incoming<'a>) -> Result<Lines<'a>, Refusal> {
    let stated = |name: &str| request.headers.get(name).filter(|value| !value.is_empty());
    let needed =
        |name: &'static str| stated(name).ok_or_else(|| Refusal::Missing { expected: place(name) });
    let used = FAMILIES.into_iter().find(|[_, _, signature]| stated(signature).is_some());
    let [id, timestamp, header] = used.unwrap_or(FAMILIES[0]);
    let (signatures, id, timestamp) = (needed(header)?, needed(id)?, needed(timestamp)?);
    let (mut v1, mut v1a) = (Vec::new(), Vec::new());
    for signature in signatures.split_ascii_whitespace().take(MAX_SIGNATURES) {
        // Versions that we do not know are passed over, as the specification asks.
        match signature.split_once(',') {
            Some(("v1", text)) => v1.extend(decode_base64(text)),
            Some(("v1a", text)) if v1a.len() < MAX_ASYMMETRIC => v1a.extend(decode_base64(text)),
            Some(_) | None => {}
        }
    }
    if v1.is_empty() && v1a.is_empty() {
        let form = "`v1,` with a base64 signature".to_owned();
        return Err(Refusal::Malformed { place: place(header), form });
    }
    Ok(Lines { id, timestamp, header, v1, v1a })
}

fn place(header: &str) -> String {
    format!("header `{header}`")
}

fn feed(id: &str, timestamp: &str, body: &[u8], to: &mut dyn FnMut(&[u8])) {
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        to(part);
    }
}

/// Signs as Standard Webhooks asks.
#[derive(Clone)]
pub(in crate::blocks) enum StandardSigner {
    /// With a shared secret.
    V1(MacKey),
    /// With a private key.
    V1a(Arc<PrivateKey>),
}

impl StandardSigner {
    pub(in crate::blocks) fn new(secret: &Secret) -> Result<Self, SecretFault> {
        let text = secret.expose().trim();
        if text.starts_with(PUBLIC) {
            return Err(SecretFault::WrongKind {
                given: "a public key",
                needed: "the shared secret (whsec_…) or the private key (whsk_…)",
            });
        }
        if let Some(encoded) = text.strip_prefix(PRIVATE) {
            let key = decode_base64(encoded).and_then(|key| PrivateKey::ed25519(&key));
            let key = key.ok_or_else(|| SecretFault::NotDecodable {
                expected: format!("base64 of 32 or 64 bytes after {PRIVATE}"),
            })?;
            return Ok(Self::V1a(Arc::new(key)));
        }
        let key = match KeyForm::Base64.key(secret, SECRET) {
            Err(_) if !text.starts_with(SECRET) => KeyForm::Utf8.key(secret, "")?,
            decoded => decoded?,
        };
        Ok(Self::V1(MacKey::new(Hash::Sha256, &key)))
    }

    pub(in crate::blocks) fn sign(
        &self,
        request: &Incoming<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Signed, SignFault> {
        let timestamp = TimestampFormat::UnixSeconds.write(now);
        let signature = match self {
            Self::V1(key) => {
                let tag = key.tag(|to| feed(id, &timestamp, request.body, to));
                format!("v1,{}", Encoding::Base64.encode(tag.as_slice()))
            }
            Self::V1a(key) => {
                let mut signed = Vec::with_capacity(request.body.len() + 80);
                feed(id, &timestamp, request.body, &mut |bytes| signed.extend_from_slice(bytes));
                format!("v1a,{}", Encoding::Base64.encode(&key.sign(&signed)?))
            }
        };
        let headers = [("webhook-id", id.to_owned()), ("webhook-timestamp", timestamp)]
            .into_iter()
            .chain([("webhook-signature", signature)])
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        Ok(Signed { headers, ..Signed::default() })
    }
}
