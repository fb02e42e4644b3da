//! Who sent a request: the signature methods. Each is one file: its options (which a connector's
//! file fills in), its form with keys made ready, and the way it verifies.
//!
//! Works on the raw bytes, before anything is parsed, and compares in constant time. Must not know
//! YAML, the HTTP server, the clock, or where secrets are kept.

mod all_of;
mod any_of;
pub mod envelope;
pub mod hash;
mod hmac;
pub mod incoming;
mod issued_secret;
mod issued_token;
mod key_set;
mod keys;
mod plain_hash;
mod public_key;
mod refusal;
pub mod secret;
mod standard_webhooks;
mod static_token;
pub mod template;
pub mod timestamp;
mod unsigned;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

pub use any_of::MAX_METHODS;
pub use envelope::{Envelope, Pairs, Place};
pub use hash::{Encoding, Hash};
pub use hmac::HmacSpec;
pub use incoming::{BodyField, Headers, Incoming};
pub use issued_secret::{GENERATIONS, IssuedSecretSpec, issued_secret};
pub use issued_token::{IssuedTokenSpec, issued_token};
pub use key_set::{FetchedKeysSpec, KeySet, KnownKeys, MAX_KEYS, WantedKey};
pub use plain_hash::PlainHashSpec;
pub use public_key::{Algorithm, PublicKeySpec};
pub use refusal::{Refusal, Verified};
pub use secret::{KeyForm, Secret, SecretFault, SecretProblem};
pub use standard_webhooks::StandardWebhooksSpec;
pub use static_token::StaticTokenSpec;
pub use template::{Part, Template, TemplateFault};
pub use timestamp::{DEFAULT_TOLERANCE, TimestampAt, TimestampFormat, TimestampSpec};

pub(in crate::blocks) use all_of::sign as sign_with_all;
pub(in crate::blocks) use hmac::ReadyHmac;
pub(in crate::blocks) use issued_secret::IssuedSecretSigner;
pub(in crate::blocks) use issued_token::ReadyIssuedToken;
pub(in crate::blocks) use plain_hash::ReadyHash;
pub(in crate::blocks) use public_key::{PrivateSigner, ed25519_pair};
pub(in crate::blocks) use standard_webhooks::StandardSigner;
pub(in crate::blocks) use static_token::ReadyToken;

/// A signature method as a connector's file describes it: options, no secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MethodSpec {
    /// HMAC with a shared secret.
    Hmac(HmacSpec),
    /// Standard Webhooks, also under Svix's names.
    StandardWebhooks(StandardWebhooksSpec),
    /// A plain hash over body and secret.
    PlainHash(PlainHashSpec),
    /// The secret itself, in a header or the address.
    StaticToken(StaticTokenSpec),
    /// RSA or Ed25519 with a given public key.
    PublicKey(PublicKeySpec),
    /// A Bearer token that was issued by us.
    IssuedToken(IssuedTokenSpec),
    /// Another method, under a secret that was issued by us.
    IssuedSecret(IssuedSecretSpec),
    /// No verification.
    Unsigned,
    /// The first method that holds.
    AnyOf(Vec<MethodSpec>),
    /// Methods that must all hold.
    AllOf(Vec<MethodSpec>),
}

impl MethodSpec {
    /// What in the options cannot work, whatever the secrets are. Told when the file is read.
    pub fn faults(&self) -> Vec<String> {
        match self {
            Self::Hmac(spec) => spec.envelope.faults(false),
            Self::PlainHash(spec) => spec.envelope.faults(true),
            Self::PublicKey(spec) => spec.faults(),
            Self::StaticToken(spec) => spec.faults(),
            Self::IssuedSecret(spec) => spec.faults(),
            Self::StandardWebhooks(_) | Self::IssuedToken(_) | Self::Unsigned => Vec::new(),
            Self::AllOf(specs) => all_of::faults(specs),
            Self::AnyOf(specs) => {
                let mut faults: Vec<String> = specs.iter().flat_map(Self::faults).collect();
                if specs.is_empty() {
                    faults.push("the list of methods is empty".to_owned());
                }
                if specs.len() > MAX_METHODS {
                    faults.push(format!("there are more than {MAX_METHODS} methods"));
                }
                if specs.len() > 1 && specs.contains(&Self::Unsigned) {
                    let text = "`unsigned` beside other methods would accept every request";
                    faults.push(text.to_owned());
                }
                if specs.iter().filter(|spec| spec.fetches_keys()).count() > 1 {
                    faults.push("only one method of a list can fetch its keys".to_owned());
                }
                if specs.iter().any(|spec| matches!(spec, Self::AnyOf(_))) {
                    faults.push("a list of methods cannot stand in another".to_owned());
                }
                faults
            }
        }
    }

    /// What in the options protects less than it seems.
    pub fn warnings(&self) -> Vec<String> {
        match self {
            Self::Hmac(spec) => spec.envelope.warnings(),
            Self::PlainHash(spec) => spec.envelope.warnings(),
            Self::PublicKey(spec) => spec.envelope.warnings(),
            Self::IssuedSecret(spec) => spec.method.warnings(),
            Self::StandardWebhooks(_) | Self::StaticToken(_) | Self::IssuedToken(_) => Vec::new(),
            Self::Unsigned => vec![unsigned::WARNING.to_owned()],
            Self::AnyOf(specs) | Self::AllOf(specs) => {
                specs.iter().flat_map(Self::warnings).collect()
            }
        }
    }

    /// What is unusual about a secret for this method.
    pub fn secret_warning(&self, secret: &Secret) -> Option<String> {
        match self {
            Self::StandardWebhooks(_) => StandardWebhooksSpec::warning(secret),
            Self::Hmac(_)
            | Self::PlainHash(_)
            | Self::StaticToken(_)
            | Self::PublicKey(_)
            | Self::IssuedToken(_)
            | Self::IssuedSecret(_)
            | Self::Unsigned
            | Self::AnyOf(_)
            | Self::AllOf(_) => None,
        }
    }

    /// Whether a source with this method needs a secret.
    pub fn needs_secret(&self) -> bool {
        match self {
            Self::Hmac(_)
            | Self::StandardWebhooks(_)
            | Self::PlainHash(_)
            | Self::StaticToken(_)
            | Self::IssuedToken(_)
            | Self::IssuedSecret(_) => true,
            Self::PublicKey(spec) => spec.needs_secret(),
            Self::Unsigned => false,
            Self::AnyOf(specs) => specs.iter().all(Self::needs_secret),
            Self::AllOf(specs) => specs.iter().any(Self::needs_secret),
        }
    }

    /// Whether the keys that it verifies with are fetched from the vendor.
    pub fn fetches_keys(&self) -> bool {
        match self {
            Self::PublicKey(spec) => spec.fetched.is_some(),
            Self::AnyOf(specs) | Self::AllOf(specs) => specs.iter().any(Self::fetches_keys),
            Self::Hmac(_)
            | Self::StandardWebhooks(_)
            | Self::PlainHash(_)
            | Self::StaticToken(_)
            | Self::IssuedToken(_)
            | Self::IssuedSecret(_)
            | Self::Unsigned => false,
        }
    }

    /// How many seconds a token lives that this method takes; nothing where it takes none of ours.
    pub fn token_lives(&self) -> Option<u32> {
        match self {
            Self::IssuedToken(spec) => Some(spec.lives),
            Self::AnyOf(specs) | Self::AllOf(specs) => specs.iter().find_map(Self::token_lives),
            Self::Hmac(_)
            | Self::StandardWebhooks(_)
            | Self::PlainHash(_)
            | Self::StaticToken(_)
            | Self::PublicKey(_)
            | Self::IssuedSecret(_)
            | Self::Unsigned => None,
        }
    }

    /// Makes the method ready with a source's secrets; tells of every one that cannot be used.
    pub fn verifier(&self, secrets: &[Secret]) -> Result<Verifier, Vec<SecretProblem>> {
        self.ready(secrets).map(Verifier)
    }

    fn ready(&self, secrets: &[Secret]) -> Result<Ready, Vec<SecretProblem>> {
        Ok(match self {
            Self::Hmac(spec) => Ready::Hmac(spec.prepare(secrets)?),
            Self::StandardWebhooks(spec) => Ready::Standard(spec.prepare(secrets)?),
            Self::PlainHash(spec) => Ready::Hash(spec.prepare(secrets)?),
            Self::StaticToken(spec) => Ready::Token(spec.prepare(secrets)?),
            Self::PublicKey(spec) => Ready::Public(spec.prepare(secrets)?),
            Self::IssuedToken(spec) => Ready::IssuedToken(spec.prepare(secrets)?),
            Self::IssuedSecret(spec) => Ready::IssuedSecret(spec.prepare(secrets)?),
            Self::Unsigned => Ready::Unsigned,
            Self::AnyOf(specs) => Ready::AnyOf(any_of::prepare(specs, secrets)?),
            Self::AllOf(specs) => Ready::AllOf(all_of::prepare(specs, secrets)?),
        })
    }
}

/// A method with a source's secrets, ready to verify.
#[derive(Clone)]
pub struct Verifier(Ready);

impl Verifier {
    /// Who sent `request`, or why that cannot be told.
    pub fn verify(&self, request: &Incoming<'_>, now: Timestamp) -> Result<Verified, Refusal> {
        self.0.verify(request, now)
    }

    /// The key of the vendor's that must be known before `request` can be verified: to be put into
    /// its `keys`.
    pub fn wanted<'a>(&'a self, request: &Incoming<'a>) -> Option<WantedKey<'a>> {
        self.0.wanted(request)
    }
}

impl std::fmt::Debug for Verifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Verifier(***)")
    }
}

#[derive(Clone)]
enum Ready {
    Hmac(ReadyHmac),
    Standard(standard_webhooks::ReadyStandard),
    Hash(ReadyHash),
    Token(ReadyToken),
    Public(public_key::ReadyPublic),
    IssuedToken(ReadyIssuedToken),
    IssuedSecret(issued_secret::ReadyIssuedSecret),
    Unsigned,
    AnyOf(any_of::ReadyAnyOf),
    AllOf(all_of::ReadyAllOf),
}

impl Ready {
    fn wanted<'a>(&'a self, request: &Incoming<'a>) -> Option<WantedKey<'a>> {
        match self {
            Self::Public(ready) => ready.wanted(request),
            Self::AnyOf(ready) => ready.wanted(request),
            Self::AllOf(ready) => ready.wanted(request),
            Self::Hmac(_)
            | Self::Standard(_)
            | Self::Hash(_)
            | Self::Token(_)
            | Self::IssuedToken(_)
            | Self::IssuedSecret(_)
            | Self::Unsigned => None,
        }
    }

    fn verify(&self, request: &Incoming<'_>, now: Timestamp) -> Result<Verified, Refusal> {
        match self {
            Self::Hmac(ready) => ready.verify(request, now),
            Self::Standard(ready) => ready.verify(request, now),
            Self::Hash(ready) => ready.verify(request, now),
            Self::Token(ready) => ready.verify(request),
            Self::Public(ready) => ready.verify(request, now),
            Self::IssuedToken(ready) => ready.verify(request, now),
            Self::IssuedSecret(ready) => ready.verify(request, now),
            Self::Unsigned => Ok(unsigned::verify()),
            Self::AnyOf(ready) => ready.verify(request, now),
            Self::AllOf(ready) => ready.verify(request, now),
        }
    }
}

/// Why a request could not be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    /// Something that is signed is not in the request.
    #[error("the request has no {0}, which is signed")]
    Missing(String),
    /// The private key could not sign.
    #[error("the private key cannot sign")]
    Key,
}
