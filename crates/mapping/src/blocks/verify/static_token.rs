//! A secret that is sent as it is: in a header, as Bearer or Basic credentials, in the address.
//! It says who sends, not what: nothing of the body is protected but by TLS.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::zeroize::Zeroizing;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::incoming::{Incoming, percent_decode};
use super::refusal::{Refusal, Verified};
use super::secret::{Secret, SecretFault, SecretProblem, decode_base64, each_secret, which};
use crate::blocks::sign::Signed;

/// Where the token stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StaticTokenSpec {
    /// In a header, under one of `names`, after `prefix` (whatever its case; may be empty).
    Header {
        /// The header's names.
        names: Vec<String>,
        /// What stands before the token.
        prefix: String,
    },
    /// `Authorization: Bearer TOKEN`.
    Bearer,
    /// `Authorization: Basic …`. The secret is the password of `user`, or `user:password` whole
    /// when no user is named here.
    Basic {
        /// The user name.
        user: Option<String>,
    },
    /// A query parameter of this name.
    Query(String),
    /// The last part of the path: `/hooks/hey/shop/TOKEN`.
    Path,
}

/// The most values of one request that are compared.
const MAX_TOKENS: usize = 16;

impl StaticTokenSpec {
    pub(in crate::blocks) fn prepare(
        &self,
        secrets: &[Secret],
    ) -> Result<ReadyToken, Vec<SecretProblem>> {
        let tokens = each_secret(secrets, |secret| self.token(secret))?;
        Ok(ReadyToken { spec: self.clone(), tokens })
    }

    /// What cannot work, whatever the secret is.
    pub(super) fn faults(&self) -> Vec<String> {
        let nameless = match self {
            Self::Header { names, .. } => {
                names.is_empty() || names.iter().any(|name| name.trim().is_empty())
            }
            Self::Query(name) => name.is_empty(),
            Self::Bearer | Self::Basic { .. } | Self::Path => false,
        };
        if nameless { vec!["the token's place has no name".to_owned()] } else { Vec::new() }
    }

    /// The text to expect.
    fn token(&self, secret: &Secret) -> Result<Token, SecretFault> {
        let text = match self {
            Self::Basic { user: Some(user) } => {
                Zeroizing::new(format!("{user}:{}", secret.expose()))
            }
            Self::Basic { user: None } if !secret.expose().contains(':') => {
                return Err(SecretFault::NotDecodable { expected: "user:password".to_owned() });
            }
            Self::Header { .. }
            | Self::Bearer
            | Self::Basic { .. }
            | Self::Query(_)
            | Self::Path => Zeroizing::new(secret.expose().trim().to_owned()),
        };
        Ok(Token { digest: Sha256::digest(text.as_bytes()).into(), text })
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Header { names, prefix } if prefix.is_empty() => {
                format!("header `{}`", names.join("` or `"))
            }
            Self::Header { names, prefix } => {
                format!("header `{}: {prefix}…`", names.join("` or `"))
            }
            Self::Bearer => "header `authorization: Bearer …`".to_owned(),
            Self::Basic { .. } => "header `authorization: Basic …`".to_owned(),
            Self::Query(name) => format!("query parameter `{name}`"),
            Self::Path => "token at the end of its path".to_owned(),
        }
    }

    const fn label(&self) -> &'static str {
        match self {
            Self::Header { .. } => "header_token",
            Self::Bearer => "bearer",
            Self::Basic { .. } => "basic",
            Self::Query(_) | Self::Path => "url_token",
        }
    }

    /// What the request states in the token's place.
    pub(super) fn stated(&self, request: &Incoming<'_>) -> Vec<Vec<u8>> {
        let after = |names: &[String], prefix: &str| -> Vec<String> {
            let values = names.iter().flat_map(|name| request.headers.all(name));
            let tokens = values.filter_map(|value| {
                let (start, rest) = value.split_at_checked(prefix.len())?;
                start.eq_ignore_ascii_case(prefix).then(|| rest.trim().to_owned())
            });
            tokens.filter(|token| !token.is_empty()).take(MAX_TOKENS).collect()
        };
        let authorization = || vec!["authorization".to_owned()];
        let bytes = |texts: Vec<String>| texts.into_iter().map(String::into_bytes).collect();
        match self {
            Self::Header { names, prefix } => bytes(after(names, prefix)),
            Self::Bearer => bytes(after(&authorization(), "Bearer ")),
            Self::Basic { .. } => after(&authorization(), "Basic ")
                .iter()
                .map(|text| decode_base64(text).unwrap_or_default())
                .collect(),
            Self::Query(name) => {
                let value = request.query_value(name).filter(|value| !value.is_empty());
                bytes(value.into_iter().collect())
            }
            Self::Path => {
                let last = request.path.rsplit('/').next().filter(|last| !last.is_empty());
                bytes(last.map(percent_decode).into_iter().collect())
            }
        }
    }
}

/// A token and its hash: hashes have one length, so comparing them tells nothing of the token's.
#[derive(Clone)]
struct Token {
    text: Zeroizing<String>,
    digest: [u8; 32],
}

/// A static token, ready to be compared.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyToken {
    spec: StaticTokenSpec,
    tokens: Vec<Token>,
}

impl ReadyToken {
    pub(super) fn verify(&self, request: &Incoming<'_>) -> Result<Verified, Refusal> {
        let stated = self.spec.stated(request);
        if stated.is_empty() {
            return Err(Refusal::Missing { expected: self.spec.describe() });
        }
        let digest = |candidate: &Vec<u8>| -> [u8; 32] { Sha256::digest(candidate).into() };
        let stated: Vec<[u8; 32]> = stated.iter().map(digest).collect();
        let matched = which(&self.tokens, |token| {
            let is_it = |digest: &[u8; 32]| bool::from(digest.ct_eq(&token.digest));
            stated.iter().fold(false, |found, digest| found | is_it(digest))
        });
        let secret = matched.ok_or_else(|| Refusal::Invalid { place: self.spec.describe() })?;
        Ok(Verified {
            method: self.spec.label(),
            timestamp: None,
            secret,
            generation: None,
            covers_body: false,
        })
    }

    pub(in crate::blocks) fn sign(&self) -> Signed {
        let token = self.tokens.first().expect("each_secret answers with at least one token");
        let token = token.text.as_str();
        let mut signed = Signed::default();
        let authorization = |value| ("authorization".to_owned(), value);
        match &self.spec {
            StaticTokenSpec::Header { names, prefix } => {
                let name = names.first().cloned().unwrap_or_default();
                signed.headers.push((name, format!("{prefix}{token}")));
            }
            StaticTokenSpec::Bearer => {
                signed.headers.push(authorization(format!("Bearer {token}")));
            }
            StaticTokenSpec::Basic { .. } => {
                signed.headers.push(authorization(format!("Basic {}", STANDARD.encode(token))));
            }
            StaticTokenSpec::Query(name) => signed.query.push((name.clone(), token.to_owned())),
            StaticTokenSpec::Path => signed.path = Some(token.to_owned()),
        }
        signed
    }
}
