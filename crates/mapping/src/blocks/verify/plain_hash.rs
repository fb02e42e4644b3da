//! A plain hash over the body and the secret, as some carriers make it: `sha256(body + "/" + secret)`.
//! Weaker than an HMAC, but the secret must be known to make it.

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;

use super::SignFault;
use super::envelope::Envelope;
use super::hash::Hash;
use super::incoming::Incoming;
use super::refusal::{Refusal, Verified};
use super::secret::{KeyForm, Secret, SecretProblem, each_secret, which};
use crate::blocks::sign::Signed;

/// The options of a plain hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainHashSpec {
    /// The hash function.
    pub hash: Hash,
    /// How the secret becomes bytes.
    pub key: KeyForm,
    /// How the hash travels and what it covers; `{{ secret }}` must be among the parts.
    pub envelope: Envelope,
}

impl PlainHashSpec {
    pub(in crate::blocks) fn prepare(
        &self,
        secrets: &[Secret],
    ) -> Result<ReadyHash, Vec<SecretProblem>> {
        let keys = each_secret(secrets, |secret| self.key.key(secret, ""))?;
        Ok(ReadyHash { hash: self.hash, envelope: self.envelope.clone(), keys })
    }
}

/// A plain hash with its secrets decoded.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyHash {
    hash: Hash,
    envelope: Envelope,
    keys: Vec<Zeroizing<Vec<u8>>>,
}

impl ReadyHash {
    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let opened = self.envelope.open(request)?;
        let matched = which(&self.keys, |key| {
            let tag = self.hash.tag(|to| opened.feed(&self.envelope.signed, key, to));
            tag.is_among(&opened.candidates)
        });
        self.envelope.conclude("plain_hash", &opened, matched, now)
    }

    pub(in crate::blocks) fn sign(
        &self,
        request: &Incoming<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Signed, SignFault> {
        let draft = self.envelope.draft(request, id, now)?;
        let key = self.keys.first().expect("each_secret answers with at least one key");
        let tag = self.hash.tag(|to| draft.feed(&self.envelope.signed, key, to));
        Ok(self.envelope.seal(&draft, tag.as_slice()))
    }
}
