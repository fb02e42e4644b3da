//! HMAC with a shared secret, over the raw body or a template of parts: what most senders do.

use jiff::Timestamp;

use super::SignFault;
use super::envelope::Envelope;
use super::hash::{Hash, MacKey};
use super::incoming::Incoming;
use super::refusal::{Refusal, Verified};
use super::secret::{KeyForm, Secret, SecretProblem, each_secret, which};
use crate::blocks::sign::Signed;

/// The options of an HMAC.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HmacSpec {
    /// The hash function.
    pub hash: Hash,
    /// How the secret becomes the key.
    pub key: KeyForm,
    /// What is taken from the start of the secret first (`whsec_`), if it is there.
    pub strip: String,
    /// How the signature travels and what it covers.
    pub envelope: Envelope,
}

impl HmacSpec {
    /// HMAC of the raw body, hexadecimal, in the header `name`, the secret's text as the key.
    pub fn header(hash: Hash, name: impl Into<String>) -> Self {
        Self {
            hash,
            key: KeyForm::default(),
            strip: String::new(),
            envelope: Envelope::header(name),
        }
    }

    pub(in crate::blocks) fn prepare(
        &self,
        secrets: &[Secret],
    ) -> Result<ReadyHmac, Vec<SecretProblem>> {
        let keys = each_secret(secrets, |secret| {
            self.key.key(secret, &self.strip).map(|key| MacKey::new(self.hash, &key))
        })?;
        Ok(ReadyHmac { label: label(self.hash), envelope: self.envelope.clone(), keys })
    }
}

const fn label(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "hmac_sha1",
        Hash::Sha256 => "hmac_sha256",
        Hash::Sha512 => "hmac_sha512",
    }
}

/// An HMAC with its keys made ready.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyHmac {
    label: &'static str,
    envelope: Envelope,
    keys: Vec<MacKey>,
}

impl ReadyHmac {
    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let opened = self.envelope.open(request)?;
        let matched = which(&self.keys, |key| {
            let tag = key.tag(|to| opened.feed(&self.envelope.signed, &[], to));
            tag.is_among(&opened.candidates)
        });
        self.envelope.conclude(self.label, &opened, matched, now)
    }

    pub(in crate::blocks) fn sign(
        &self,
        request: &Incoming<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Signed, SignFault> {
        let draft = self.envelope.draft(request, id, now)?;
        let key = self.keys.first().expect("each_secret answers with at least one key");
        let tag = key.tag(|to| draft.feed(&self.envelope.signed, &[], to));
        Ok(self.envelope.seal(&draft, tag.as_slice()))
    }
}
