//! The signature methods the other way round: for `parcelwire send`, the tests inside files, and
//! the outgoing webhook.
//!
//! Must not know how a request is sent.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::encode::percent_encode;
use super::verify::{
    Algorithm, Incoming, IssuedSecretSigner, MethodSpec, PrivateSigner, ReadyHash, ReadyHmac,
    ReadyIssuedToken, ReadyToken, Secret, SecretFault, SecretProblem, SignFault, StandardSigner,
    StaticTokenSpec, ed25519_pair, sign_with_all,
};

/// What has to be added to a request, so that it is signed. Values are as they are to be read:
/// query values and the path's token still have to be percent-encoded.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signed {
    /// Header lines.
    pub headers: Vec<(String, String)>,
    /// Query parameters, to stand behind those the request has.
    pub query: Vec<(String, String)>,
    /// Fields of the body, by dotted path.
    pub body_fields: Vec<(String, String)>,
    /// A last part for the path.
    pub path: Option<String>,
}

impl Signed {
    /// `url` with what the signature adds to path and query, encoded.
    pub fn address(&self, url: &str) -> String {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut out = path.to_owned();
        if let Some(last) = &self.path {
            out = format!("{}/{}", path.trim_end_matches('/'), percent_encode(last));
        }
        let own = (!query.is_empty()).then(|| query.to_owned());
        let added = self
            .query
            .iter()
            .map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)));
        let pairs: Vec<String> = own.into_iter().chain(added).collect();
        if pairs.is_empty() { out } else { format!("{out}?{}", pairs.join("&")) }
    }
}

/// A method with the secret of one sender, ready to sign.
#[derive(Clone)]
pub struct Signer(Kind);

#[derive(Clone)]
enum Kind {
    Hmac(ReadyHmac),
    Standard(StandardSigner),
    Hash(ReadyHash),
    Token(ReadyToken),
    Private(PrivateSigner),
    IssuedToken(ReadyIssuedToken),
    IssuedSecret(IssuedSecretSigner),
    All(Vec<Signer>),
    Unsigned,
}

impl MethodSpec {
    /// Makes the method ready to sign with `secret`: the shared one, or a private key. Of a list the
    /// first method that can sign with it is taken.
    pub fn signer(&self, secret: &Secret) -> Result<Signer, SecretFault> {
        let one = std::slice::from_ref(secret);
        Ok(Signer(match self {
            Self::Hmac(spec) => Kind::Hmac(spec.prepare(one).map_err(first)?),
            Self::StandardWebhooks(_) => Kind::Standard(StandardSigner::new(secret)?),
            Self::PlainHash(spec) => Kind::Hash(spec.prepare(one).map_err(first)?),
            Self::StaticToken(spec) => Kind::Token(spec.prepare(one).map_err(first)?),
            Self::PublicKey(spec) => Kind::Private(spec.signer(secret)?),
            Self::IssuedToken(spec) => Kind::IssuedToken(spec.prepare(one).map_err(first)?),
            Self::IssuedSecret(spec) => Kind::IssuedSecret(spec.signer(secret)?),
            Self::Unsigned => Kind::Unsigned,
            Self::AllOf(specs) => {
                Kind::All(specs.iter().map(|spec| spec.signer(secret)).collect::<Result<_, _>>()?)
            }
            Self::AnyOf(specs) => {
                let mut fault = SecretFault::CannotSign;
                for spec in specs {
                    match spec.signer(secret) {
                        Ok(signer) => return Ok(signer),
                        Err(found) => fault = found,
                    }
                }
                return Err(fault);
            }
        }))
    }

    /// Invented secrets for tests inside files: one to verify with and one to sign with. `None`
    /// where only the vendor can sign (a fixed public key) or a key pair cannot be invented (RSA).
    pub fn invented(&self, seed: &str) -> Option<Invented> {
        let bytes: [u8; 32] = Sha256::digest(seed.as_bytes()).into();
        let shared = |text: String| {
            let secret = Secret::new(text).ok()?;
            Some(Invented { verifying: secret.clone(), signing: secret })
        };
        match self {
            Self::StandardWebhooks(_) => shared(format!("whsec_{}", hex::encode(bytes))),
            Self::StaticToken(StaticTokenSpec::Basic { user: None }) => {
                shared(format!("user:{}", hex::encode(bytes)))
            }
            // Hexadecimal digits are also base64 and plain text: they fit every key form.
            Self::Hmac(_)
            | Self::PlainHash(_)
            | Self::StaticToken(_)
            | Self::IssuedToken(_)
            | Self::IssuedSecret(_)
            | Self::Unsigned => shared(hex::encode(bytes)),
            Self::PublicKey(spec)
                if self.needs_secret() && spec.algorithm == Algorithm::Ed25519 =>
            {
                ed25519_pair(&bytes).map(|(verifying, signing)| Invented { verifying, signing })
            }
            Self::PublicKey(_) => None,
            Self::AnyOf(specs) | Self::AllOf(specs) => {
                specs.iter().find_map(|spec| spec.invented(seed))
            }
        }
    }
}

/// A pair of secrets that nobody uses.
#[derive(Debug, Clone)]
pub struct Invented {
    /// What the source would have as its secret.
    pub verifying: Secret,
    /// What the sender would have.
    pub signing: Secret,
}

fn first(problems: Vec<SecretProblem>) -> SecretFault {
    problems.into_iter().next().map_or(SecretFault::Absent, |problem| problem.fault)
}

impl Signer {
    /// Signs `request` as delivery `id`, sent at `now`. The request is as it will be sent, but for
    /// what the signature adds.
    pub fn sign(
        &self,
        request: &Incoming<'_>,
        id: &str,
        now: Timestamp,
    ) -> Result<Signed, SignFault> {
        match &self.0 {
            Kind::Hmac(ready) => ready.sign(request, id, now),
            Kind::Standard(ready) => ready.sign(request, id, now),
            Kind::Hash(ready) => ready.sign(request, id, now),
            Kind::Token(ready) => Ok(ready.sign()),
            Kind::Private(ready) => ready.sign(request, id, now),
            Kind::IssuedToken(ready) => Ok(ready.sign(now)),
            Kind::IssuedSecret(ready) => ready.sign(request, id, now),
            Kind::All(signers) => sign_with_all(signers, request, id, now),
            Kind::Unsigned => Ok(Signed::default()),
        }
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signer(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signing_adds_to_the_address_is_encoded_and_put_behind() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let plain = Signed::default();
        let query =
            Signed { query: vec![pair("sig", "a+b="), pair("t", "1")], ..Signed::default() };
        let path = Signed { path: Some("a/b c".to_owned()), ..Signed::default() };
        for (signed, url, expected) in [
            (&plain, "http://r/hooks/a/b", "http://r/hooks/a/b"),
            (&plain, "http://r/hooks/a/b?x=%20", "http://r/hooks/a/b?x=%20"),
            (&query, "http://r/hooks/a/b", "http://r/hooks/a/b?sig=a%2Bb%3D&t=1"),
            (&query, "http://r/hooks/a/b?x=1", "http://r/hooks/a/b?x=1&sig=a%2Bb%3D&t=1"),
            (&path, "http://r/hooks/a/b/?x=1", "http://r/hooks/a/b/a%2Fb%20c?x=1"),
        ] {
            assert_eq!(signed.address(url), expected, "{url}");
        }
    }

    #[test]
    fn a_list_signs_with_the_first_method_that_takes_the_secret() {
        use crate::blocks::verify::{
            Encoding, Hash, Headers, HmacSpec, KeyForm, StandardWebhooksSpec,
        };
        let mut hex = HmacSpec::header(Hash::Sha256, "x-hex");
        hex.key = KeyForm::Hex;
        hex.envelope.encoding = Encoding::Base64;
        let list = MethodSpec::AnyOf(vec![
            MethodSpec::Hmac(hex),
            MethodSpec::StandardWebhooks(StandardWebhooksSpec::default()),
        ]);
        let signed_by = |text: &str| {
            let signer = list.signer(&Secret::new(text).expect("not blank")).expect("one of them");
            let request = Incoming::post(Headers::default(), b"{}");
            let now = Timestamp::from_second(1_700_000_000).expect("in range");
            signer.sign(&request, "msg_1", now).expect("signs").headers[0].0.clone()
        };
        assert_eq!(signed_by("00ff"), "x-hex");
        assert_eq!(signed_by("whsec_AAAA"), "webhook-id");
    }
}
