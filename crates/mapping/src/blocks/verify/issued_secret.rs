//! Secrets that were given out by us: each shop of an app gets one of its own in a handshake, and
//! signs with it ever after. They are derived from the source's secret and the shop's id, so that
//! nothing is stored, and every instance knows them after every restart.
//!
//! Must not know how a secret is handed over.

use std::fmt::Write as _;

use jiff::Timestamp;
use secrecy::zeroize::Zeroizing;

use super::envelope::Place;
use super::hash::{Hash, MacKey};
use super::incoming::Incoming;
use super::refusal::{Refusal, Verified};
use super::secret::{Secret, SecretFault, SecretProblem, each_secret};
use super::{MethodSpec, SignFault};
use crate::blocks::sign::{Signed, Signer};

/// How many secrets one sender may have had: who is given a new one must be able to use it while
/// the one before still signs, and some refuse to be given the one they have.
pub const GENERATIONS: u8 = 2;

/// The secret that is given to `name` by whoever holds `secret`: 64 hexadecimal digits.
pub fn issued_secret(name: &str, secret: &str, generation: u8) -> String {
    let key = MacKey::new(Hash::Sha256, secret.as_bytes());
    let tag = key.tag(|to| {
        to(b"parcelwire: secret of\0");
        to(&[generation, 0]);
        to(name.as_bytes());
    });
    let mut text = String::with_capacity(64);
    for byte in tag.as_slice() {
        write!(text, "{byte:02x}").expect("a String takes every text");
    }
    text
}

/// A method whose secret is the sender's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedSecretSpec {
    /// Where the sender says who it is: the first place that holds something counts.
    pub names: Vec<Place>,
    /// The method under that secret.
    pub method: Box<MethodSpec>,
}

impl IssuedSecretSpec {
    /// What cannot work, whatever the secret is.
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = self.method.faults();
        if self.names.is_empty() {
            faults.push("it is not said where the sender's id stands".to_owned());
        }
        if !self.method.needs_secret() || matches!(*self.method, MethodSpec::PublicKey(_)) {
            faults.push("`secret_of` goes with methods that have a shared secret".to_owned());
        }
        faults
    }

    pub(super) fn prepare(
        &self,
        secrets: &[Secret],
    ) -> Result<ReadyIssuedSecret, Vec<SecretProblem>> {
        let secrets = each_secret(secrets, |secret| {
            // Any id will do to see whether the method takes secrets of this form.
            self.method.signer(&derived("", secret, 1)?).map(|_| secret.clone())
        })?;
        Ok(ReadyIssuedSecret { spec: self.clone(), secrets })
    }

    pub(in crate::blocks) fn signer(
        &self,
        secret: &Secret,
    ) -> Result<IssuedSecretSigner, SecretFault> {
        self.method.signer(&derived("", secret, 1)?)?;
        Ok(IssuedSecretSigner { spec: self.clone(), secret: secret.clone() })
    }

    fn name(&self, request: &Incoming<'_>) -> Option<String> {
        self.names.iter().find_map(|place| place.value(request).ok().map(|name| name.into_owned()))
    }

    fn places(&self) -> String {
        let places: Vec<String> = self.names.iter().map(Place::describe).collect();
        places.join(", nor a ")
    }
}

fn derived(name: &str, secret: &Secret, generation: u8) -> Result<Secret, SecretFault> {
    let text = Zeroizing::new(issued_secret(name.trim(), secret.expose(), generation));
    Secret::new(text.as_str())
}

/// The method with the source's secrets.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyIssuedSecret {
    spec: IssuedSecretSpec,
    secrets: Vec<Secret>,
}

impl ReadyIssuedSecret {
    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let name = self.spec.name(request);
        let name = name.ok_or_else(|| Refusal::Missing { expected: self.spec.places() })?;
        let mut telling: Option<Refusal> = None;
        for (at, secret) in self.secrets.iter().enumerate() {
            for generation in 1..=GENERATIONS {
                let verifier = derived(&name, secret, generation)
                    .map_err(|fault| vec![SecretProblem { secret: None, fault }])
                    .and_then(|secret| self.spec.method.verifier(&[secret]));
                let verifier = verifier.expect("it was tried with another id");
                match verifier.verify(request, now) {
                    Ok(verified) => {
                        return Ok(Verified {
                            secret: at,
                            generation: Some(generation),
                            ..verified
                        });
                    }
                    Err(refusal) => telling = Some(Refusal::more_telling(telling, refusal)),
                }
            }
        }
        Err(telling.expect("each_secret answers with at least one secret"))
    }
}

/// The method for one who sends.
#[derive(Clone)]
pub(in crate::blocks) struct IssuedSecretSigner {
    spec: IssuedSecretSpec,
    secret: Secret,
}

impl IssuedSecretSigner {
    pub(in crate::blocks) fn sign(
        &self,
        request: &Incoming<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Signed, SignFault> {
        let name = self.spec.name(request);
        let name = name.ok_or_else(|| SignFault::Missing(self.spec.places()))?;
        let secret = derived(&name, &self.secret, 1).map_err(|_| SignFault::Key)?;
        let signer: Signer = self.spec.method.signer(&secret).map_err(|_| SignFault::Key)?;
        signer.sign(request, id, now)
    }
}
