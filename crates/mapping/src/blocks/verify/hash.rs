//! The hash functions, plain and keyed, behind one small type each, and how signatures are written
//! as text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::secret::decode_base64;

/// A hash function that a sender may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Hash {
    /// SHA-1: old, yet unbroken as an HMAC.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// The names in files.
    pub const NAMES: [(&'static str, Self); 3] =
        [("sha1", Self::Sha1), ("sha256", Self::Sha256), ("sha512", Self::Sha512)];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, hash)| *hash)
    }

    /// The hash of what `feed` passes on.
    pub(super) fn tag(self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Tag {
        match self {
            Self::Sha1 => {
                let mut hash = Sha1::new();
                feed(&mut |bytes| hash.update(bytes));
                Tag::new(&hash.finalize())
            }
            Self::Sha256 => {
                let mut hash = Sha256::new();
                feed(&mut |bytes| hash.update(bytes));
                Tag::new(&hash.finalize())
            }
            Self::Sha512 => {
                let mut hash = Sha512::new();
                feed(&mut |bytes| hash.update(bytes));
                Tag::new(&hash.finalize())
            }
        }
    }
}

/// A key made ready: the first block of the HMAC is computed once, not per request.
#[derive(Clone)]
pub(in crate::blocks) enum MacKey {
    Sha1(Box<Hmac<Sha1>>),
    Sha256(Box<Hmac<Sha256>>),
    Sha512(Box<Hmac<Sha512>>),
}

impl MacKey {
    pub(super) fn new(hash: Hash, key: &[u8]) -> Self {
        const ANY: &str = "an HMAC takes a key of any length";
        match hash {
            Hash::Sha1 => Self::Sha1(Box::new(Hmac::new_from_slice(key).expect(ANY))),
            Hash::Sha256 => Self::Sha256(Box::new(Hmac::new_from_slice(key).expect(ANY))),
            Hash::Sha512 => Self::Sha512(Box::new(Hmac::new_from_slice(key).expect(ANY))),
        }
    }

    /// The HMAC of what `feed` passes on.
    pub(super) fn tag(&self, feed: impl FnOnce(&mut dyn FnMut(&[u8]))) -> Tag {
        match self {
            Self::Sha1(key) => {
                let mut mac = Hmac::clone(key);
                feed(&mut |bytes| mac.update(bytes));
                Tag::new(&mac.finalize().into_bytes())
            }
            Self::Sha256(key) => {
                let mut mac = Hmac::clone(key);
                feed(&mut |bytes| mac.update(bytes));
                Tag::new(&mac.finalize().into_bytes())
            }
            Self::Sha512(key) => {
                let mut mac = Hmac::clone(key);
                feed(&mut |bytes| mac.update(bytes));
                Tag::new(&mac.finalize().into_bytes())
            }
        }
    }
}

/// The longest output of all hash functions here, in bytes.
const LONGEST: usize = 64;

/// The output of a hash or HMAC, without a heap allocation.
pub(super) struct Tag {
    bytes: [u8; LONGEST],
    len: usize,
}

impl Tag {
    fn new(output: &[u8]) -> Self {
        let mut bytes = [0; LONGEST];
        bytes[..output.len()].copy_from_slice(output);
        Self { bytes, len: output.len() }
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Whether one of the `candidates` is this tag. Looks at every byte of every candidate.
    pub(super) fn is_among(&self, candidates: &[Vec<u8>]) -> bool {
        let mut found = subtle::Choice::from(0);
        for candidate in candidates {
            found |= self.as_slice().ct_eq(candidate);
        }
        found.into()
    }
}

/// How a signature's bytes are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Hexadecimal digits; capitals are read as well.
    #[default]
    Hex,
    /// Base64; read padded or not, written padded.
    Base64,
    /// Base64 for URLs; read padded or not, written without padding.
    Base64Url,
}

impl Encoding {
    /// The names in files.
    pub const NAMES: [(&'static str, Self); 3] =
        [("hex", Self::Hex), ("base64", Self::Base64), ("base64url", Self::Base64Url)];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, encoding)| *encoding)
    }

    pub(super) fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::Hex => hex::decode(text).ok(),
            Self::Base64 | Self::Base64Url => decode_base64(text),
        }
    }

    pub(super) fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::Hex => hex::encode(bytes),
            Self::Base64 => STANDARD.encode(bytes),
            Self::Base64Url => URL_SAFE_NO_PAD.encode(bytes),
        }
    }

    /// The word for people.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Hex => "hexadecimal",
            Self::Base64 | Self::Base64Url => "base64",
        }
    }
}
