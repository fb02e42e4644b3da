//! Public and private keys: RSA and Ed25519, from PEM, base64 or DER, by way of *ring*.
//!
//! Must not know where signatures travel.

use ring::signature::{
    self, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair, UnparsedPublicKey,
    VerificationAlgorithm,
};

use super::SignFault;
use super::public_key::Algorithm;
use super::secret::decode_base64;

/// The bytes before an Ed25519 key in its `SubjectPublicKeyInfo` (RFC 8410).
const ED25519_SPKI: [u8; 12] =
    [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0];
/// The algorithm identifier of RSA keys, `rsaEncryption` with NULL (RFC 3279).
const RSA_IDENTIFIER: [u8; 13] =
    [0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0];
/// The lengths of RSA keys that are accepted, in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// A key that verifies.
#[derive(Clone)]
pub(super) struct PublicKey {
    algorithm: &'static dyn VerificationAlgorithm,
    /// PKCS#1 for RSA, 32 bytes for Ed25519: what *ring* reads.
    bytes: Vec<u8>,
}

impl PublicKey {
    /// Reads PEM, or base64 of DER or (for Ed25519) of the bare key.
    pub(super) fn read(algorithm: Algorithm, text: &str) -> Result<Self, String> {
        Self::of_der(algorithm, &der_of(text, "PUBLIC KEY")?)
    }

    /// Reads DER, or (for Ed25519) the bare key.
    pub(super) fn of_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, String> {
        match algorithm {
            Algorithm::Ed25519 => {
                let bare = der.strip_prefix(&ED25519_SPKI).unwrap_or(der);
                Self::ed25519(bare).ok_or_else(|| "an Ed25519 public key".to_owned())
            }
            Algorithm::RsaSha256 => Self::rsa(&signature::RSA_PKCS1_2048_8192_SHA256, der),
            Algorithm::RsaSha512 => Self::rsa(&signature::RSA_PKCS1_2048_8192_SHA512, der),
            Algorithm::RsaPssSha256 => Self::rsa(&signature::RSA_PSS_2048_8192_SHA256, der),
        }
    }

    pub(super) fn ed25519(bytes: &[u8]) -> Option<Self> {
        (bytes.len() == 32).then(|| Self { algorithm: &signature::ED25519, bytes: bytes.to_vec() })
    }

    fn rsa(algorithm: &'static dyn VerificationAlgorithm, der: &[u8]) -> Result<Self, String> {
        let pkcs1 = pkcs1_of(der).ok_or("an RSA public key")?;
        let bits = modulus_bits(pkcs1).ok_or("an RSA public key")?;
        if !RSA_BITS.contains(&bits) {
            let (least, most) = (RSA_BITS.start(), RSA_BITS.end());
            return Err(format!("an RSA key of {least} to {most} bits (it has {bits})"));
        }
        Ok(Self { algorithm, bytes: pkcs1.to_vec() })
    }

    /// Whether `signature` was made over `message` by the private key of this pair.
    pub(super) fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(self.algorithm, &self.bytes).verify(message, signature).is_ok()
    }
}

/// A key that signs.
pub(in crate::blocks) enum PrivateKey {
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair, &'static dyn RsaEncoding),
}

impl PrivateKey {
    /// Reads PEM (PKCS#8, for RSA also PKCS#1), or base64 of it or of a bare Ed25519 key.
    pub(super) fn read(algorithm: Algorithm, text: &str) -> Option<Self> {
        let der = der_of(text, "PRIVATE KEY").ok()?;
        let rsa = |encoding| {
            let pair = RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der));
            pair.ok().map(|pair| Self::Rsa(pair, encoding))
        };
        match algorithm {
            Algorithm::Ed25519 => Self::ed25519(&der).or_else(|| {
                Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der).ok().map(Self::Ed25519)
            }),
            Algorithm::RsaSha256 => rsa(&signature::RSA_PKCS1_SHA256),
            Algorithm::RsaSha512 => rsa(&signature::RSA_PKCS1_SHA512),
            Algorithm::RsaPssSha256 => rsa(&signature::RSA_PSS_SHA256),
        }
    }

    /// A seed of 32 bytes, or the seed and the public key behind it.
    pub(super) fn ed25519(bytes: &[u8]) -> Option<Self> {
        let pair = match bytes.split_at_checked(32)? {
            (seed, []) => Ed25519KeyPair::from_seed_unchecked(seed),
            (seed, public) => Ed25519KeyPair::from_seed_and_public_key(seed, public),
        };
        pair.ok().map(Self::Ed25519)
    }

    /// The public half: bare for Ed25519, PKCS#1 for RSA.
    pub(super) fn public(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(pair) => pair.public_key().as_ref().to_vec(),
            Self::Rsa(pair, _) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFault> {
        match self {
            Self::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Self::Rsa(pair, encoding) => {
                let mut out = vec![0; pair.public().modulus_len()];
                // RSA needs randomness against timing attacks; Ed25519 and PKCS#1 signatures do not
                // depend on it. Only tests and `parcelwire send` come here.
                let random = ring::rand::SystemRandom::new();
                pair.sign(*encoding, &random, message, &mut out).map_err(|_| SignFault::Key)?;
                Ok(out)
            }
        }
    }
}

/// The DER inside PEM armour whose label ends in `kind`, or of bare base64.
fn der_of(text: &str, kind: &str) -> Result<Vec<u8>, String> {
    const DASHES: &str = "-----";
    let not_a_key = || format!("a {} as PEM or base64", kind.to_lowercase());
    let text = text.trim();
    let body = match text.strip_prefix("-----BEGIN ") {
        None => text,
        Some(armour) => {
            let (label, rest) = armour.split_once(DASHES).ok_or_else(not_a_key)?;
            if !label.ends_with(kind) {
                return Err(format!("{} (it is a {})", not_a_key(), label.to_lowercase()));
            }
            rest.split_once("-----END ").ok_or_else(not_a_key)?.0
        }
    };
    let packed: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    decode_base64(&packed).filter(|der| !der.is_empty()).ok_or_else(not_a_key)
}

/// The `RSAPublicKey` inside a `SubjectPublicKeyInfo`, or `der` if it is one already.
fn pkcs1_of(der: &[u8]) -> Option<&[u8]> {
    let (outer, rest) = element(der, 0x30)?;
    if !rest.is_empty() {
        return None;
    }
    let Some((identifier, after)) = element(outer, 0x30) else {
        return Some(der);
    };
    let (bits, rest) = element(after, 0x03)?;
    let (unused, key) = bits.split_first()?;
    (identifier == RSA_IDENTIFIER && rest.is_empty() && *unused == 0).then_some(key)
}

fn modulus_bits(pkcs1: &[u8]) -> Option<usize> {
    let (inside, rest) = element(pkcs1, 0x30)?;
    let (modulus, exponent) = element(inside, 0x02)?;
    let (_, end) = element(exponent, 0x02)?;
    if !rest.is_empty() || !end.is_empty() {
        return None;
    }
    let start = modulus.iter().position(|byte| *byte != 0)?;
    Some((modulus.len() - start) * 8 - modulus[start].leading_zeros() as usize)
}

/// One DER element with this tag: its content, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.split_first()?;
    if *first != tag {
        return None;
    }
    let (length, rest) = rest.split_first()?;
    let (length, rest) = match length {
        0..=0x7f => (usize::from(*length), rest),
        // Four length bytes are far more than any key needs, and cannot overflow.
        0x81..=0x84 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
            (bytes.iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}
