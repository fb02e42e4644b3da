//! The id of one fact becoming one trigger: the same in every retry, from every source.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::names::MerchantId;

/// The key under which one merchant's occurrence ids are made. Without it an id tells nothing of
/// the order or the person behind it.
#[derive(Clone)]
pub struct MerchantKey([u8; 32]);

impl std::fmt::Debug for MerchantKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MerchantKey(****)")
    }
}

impl MerchantKey {
    /// The key of `merchant` below the instance's own key, which the store made at its first
    /// start and keeps.
    pub fn of(instance_key: &[u8; 32], merchant: &MerchantId) -> Self {
        Self(mac(instance_key, &[b"merchant", merchant.as_str().as_bytes()]))
    }

    /// The occurrence id of `parts`: subject, leg, trigger, discriminator.
    pub fn occurrence(&self, parts: &[&[u8]]) -> OccurrenceId {
        let digest = mac(&self.0, parts);
        OccurrenceId(digest[..16].try_into().expect("SHA-256 has 32 bytes"))
    }
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// 128 bits, shown as 32 hex digits. Goes out as the CloudEvents `id`, as an API's unique id, and
/// the idempotency key elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OccurrenceId([u8; 16]);

impl OccurrenceId {
    /// The raw bytes.
    pub fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Takes the raw bytes, from a store.
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Reads 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 32 {
            return None;
        }
        u128::from_str_radix(text, 16).ok().map(|bits| Self(bits.to_be_bytes()))
    }
}

impl std::fmt::Display for OccurrenceId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl serde::Serialize for OccurrenceId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for OccurrenceId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("an occurrence id is 32 hex digits"))
    }
}
