//! Signatures made with a private key that only the sender has: RSA and Ed25519, checked with a
//! public key that stands in the connector's file or is given as the source's secret.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;

use super::SignFault;
use super::envelope::{Envelope, Place};
use super::incoming::Incoming;
use super::key_set::{FetchedKeysSpec, WantedKey};
use super::keys::{PrivateKey, PublicKey};
use super::refusal::{Refusal, Verified};
use super::secret::{Secret, SecretFault, SecretProblem, each_secret};
use crate::blocks::sign::Signed;

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// RSA, PKCS#1 v1.5 padding, SHA-256.
    RsaSha256,
    /// RSA, PKCS#1 v1.5 padding, SHA-512.
    RsaSha512,
    /// RSA, PSS padding, SHA-256.
    RsaPssSha256,
    /// Ed25519.
    Ed25519,
}

impl Algorithm {
    /// The names in files.
    pub const NAMES: [(&'static str, Self); 4] = [
        ("rsa_sha256", Self::RsaSha256),
        ("rsa_sha512", Self::RsaSha512),
        ("rsa_pss_sha256", Self::RsaPssSha256),
        ("ed25519", Self::Ed25519),
    ];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
    }

    const fn label(self) -> &'static str {
        match self {
            Self::RsaSha256 => "rsa_sha256",
            Self::RsaSha512 => "rsa_sha512",
            Self::RsaPssSha256 => "rsa_pss_sha256",
            Self::Ed25519 => "ed25519",
        }
    }
}

/// The options of a public-key signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeySpec {
    /// The algorithm.
    pub algorithm: Algorithm,
    /// The vendor's public keys, where they are the same for everyone: PEM, or base64. When there
    /// are none, the source's secrets are the public keys.
    pub keys: Vec<String>,
    /// Where the vendor publishes its keys, where they are fetched.
    pub fetched: Option<FetchedKeysSpec>,
    /// How the signature travels and what it covers.
    pub envelope: Envelope,
}

impl PublicKeySpec {
    /// Whether the source's secrets are the public keys.
    pub(super) fn needs_secret(&self) -> bool {
        self.keys.is_empty() && self.fetched.is_none()
    }

    /// What cannot work: keys in the file that cannot be read.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = self.envelope.faults(false);
        let unreadable =
            self.keys.iter().filter_map(|key| PublicKey::read(self.algorithm, key).err());
        faults.extend(unreadable.map(|expected| format!("the key is not {expected}")));
        if let Some(fetched) = &self.fetched {
            faults.extend(fetched.faults());
        }
        faults
    }

    pub(super) fn prepare(&self, secrets: &[Secret]) -> Result<ReadyPublic, Vec<SecretProblem>> {
        let read = |text: &str| {
            PublicKey::read(self.algorithm, text)
                .map_err(|expected| SecretFault::NotDecodable { expected })
        };
        let keys = if self.needs_secret() {
            each_secret(secrets, |secret| read(secret.expose()))?
        } else {
            let problem = |fault| vec![SecretProblem { secret: None, fault }];
            self.keys.iter().map(|key| read(key)).collect::<Result<_, _>>().map_err(problem)?
        };
        Ok(ReadyPublic {
            algorithm: self.algorithm,
            envelope: self.envelope.clone(),
            keys,
            fetched: self.fetched.clone(),
        })
    }

    /// Signs with the private key in `secret`.
    pub(in crate::blocks) fn signer(&self, secret: &Secret) -> Result<PrivateSigner, SecretFault> {
        let key = PrivateKey::read(self.algorithm, secret.expose()).ok_or({
            if self.needs_secret() {
                SecretFault::WrongKind { given: "no private key", needed: "the private key as PEM" }
            } else {
                SecretFault::CannotSign
            }
        })?;
        Ok(PrivateSigner { envelope: self.envelope.clone(), key: Arc::new(key) })
    }
}

/// A public-key method with its keys read.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyPublic {
    algorithm: Algorithm,
    envelope: Envelope,
    keys: Vec<PublicKey>,
    fetched: Option<FetchedKeysSpec>,
}

/// The most signatures that are checked with each key: a check costs some 50 µs.
const MAX_CHECKED: usize = 4;

impl ReadyPublic {
    /// The key that must be known before `request` can be verified.
    pub(super) fn wanted<'a>(&'a self, request: &Incoming<'a>) -> Option<WantedKey<'a>> {
        let keys = self.fetched.as_ref()?;
        // What has no signature is refused without asking anybody.
        self.envelope.open(request).ok()?;
        let id = request.headers.get(&keys.by).filter(|id| !id.is_empty())?;
        Some(WantedKey { keys, id })
    }

    /// The keys of the vendor's that the request names.
    fn named(
        &self,
        spec: &FetchedKeysSpec,
        request: &Incoming<'_>,
    ) -> Result<Vec<PublicKey>, Refusal> {
        let place = Place::header(&spec.by).describe();
        let id = request.headers.get(&spec.by).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Refusal::Missing { expected: place.clone() })?;
        let known = request.keys.cloned().unwrap_or_default();
        match known.set {
            Some(set) if set.has(id) => Ok(set.find(id, self.algorithm)),
            Some(_) if known.is_current => Err(Refusal::Invalid { place }),
            _ => Err(Refusal::KeyUnavailable { place }),
        }
    }

    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let opened = self.envelope.open(request)?;
        let fetched = self.fetched.as_ref().map(|spec| self.named(spec, request)).transpose()?;
        let keys = fetched.as_ref().unwrap_or(&self.keys);
        let mut signed = Vec::with_capacity(request.body.len() + 80);
        opened.feed(&self.envelope.signed, &[], &mut |bytes| signed.extend_from_slice(bytes));
        let candidates = opened.candidates.get(..MAX_CHECKED).unwrap_or(&opened.candidates);
        // Nothing here is secret, so the first match may end the search.
        let fits = |key: &PublicKey| candidates.iter().any(|one| key.fits(&signed, one));
        let matched = keys.iter().position(fits);
        self.envelope.conclude(self.algorithm.label(), &opened, matched, now)
    }
}

/// A private key with the way its signatures travel.
#[derive(Clone)]
pub(in crate::blocks) struct PrivateSigner {
    envelope: Envelope,
    key: Arc<PrivateKey>,
}

impl PrivateSigner {
    pub(in crate::blocks) fn sign(
        &self,
        request: &Incoming<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Signed, SignFault> {
        let draft = self.envelope.draft(request, id, now)?;
        let mut signed = Vec::with_capacity(request.body.len() + 80);
        draft.feed(&self.envelope.signed, &[], &mut |bytes| signed.extend_from_slice(bytes));
        Ok(self.envelope.seal(&draft, &self.key.sign(&signed)?))
    }
}

/// An Ed25519 pair made from `seed`, as base64: for tests inside files.
pub(in crate::blocks) fn ed25519_pair(seed: &[u8; 32]) -> Option<(Secret, Secret)> {
    let public = PrivateKey::ed25519(seed)?.public();
    let secret = |bytes: &[u8]| Secret::new(STANDARD.encode(bytes)).ok();
    Some((secret(&public)?, secret(seed)?))
}
