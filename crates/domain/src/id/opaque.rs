//! Ids that mean nothing and never change: 128 bits, shown as a prefix and 26 letters.

use sha2::{Digest as _, Sha256};

/// Bits at the start of a receipt's id that are its time, in milliseconds since 1970.
const TIME_BITS: u32 = 48;

/// Crockford's alphabet: no letter that is read as another.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Why a text is not an id of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an id that starts with `{prefix}`")]
pub struct NotAnId {
    /// The prefix of the kind.
    pub prefix: &'static str,
    /// What was given.
    pub text: String,
}

fn show(prefix: &str, bits: u128) -> String {
    let mut text = String::with_capacity(prefix.len() + 26);
    text.push_str(prefix);
    for at in (0..26).rev() {
        text.push(ALPHABET[(bits >> (at * 5)) as usize & 31] as char);
    }
    text
}

fn read(prefix: &'static str, text: &str) -> Result<u128, NotAnId> {
    let fail = || NotAnId { prefix, text: text.to_owned() };
    let digits = text.strip_prefix(prefix).filter(|rest| rest.len() == 26).ok_or_else(fail)?;
    let mut bits: u128 = 0;
    for (at, digit) in digits.bytes().enumerate() {
        let value = ALPHABET.iter().position(|letter| *letter == digit).ok_or_else(fail)?;
        if at == 0 && value > 7 {
            return Err(fail());
        }
        bits = (bits << 5) | value as u128;
    }
    Ok(bits)
}

/// 128 bits that follow from `parts` alone; each part's length is hashed with it, so that no two
/// lists of parts run together.
pub(crate) fn derive_bits(kind: &str, parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in std::iter::once(kind.as_bytes()).chain(parts.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    u128::from_be_bytes(digest[..16].try_into().expect("SHA-256 has 32 bytes"))
}

macro_rules! opaque {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The prefix by which people tell the kinds apart.
            pub const PREFIX: &'static str = $prefix;

            /// Takes the raw bits: from a store, or time and randomness from the edge.
            pub const fn from_bits(bits: u128) -> Self {
                Self(bits)
            }

            /// The raw bits.
            pub const fn bits(self) -> u128 {
                self.0
            }

            /// The id that follows from `parts` alone: repeating the step that made it makes the
            /// same id again.
            pub fn derived(parts: &[&[u8]]) -> Self {
                Self(derive_bits($prefix, parts))
            }

            /// The same, beginning with the time in `near`, another id that begins with one: what
            /// is made together then stands together in a store's indexes.
            pub fn derived_near(near: u128, parts: &[&[u8]]) -> Self {
                const TIME: u128 = !(u128::MAX >> TIME_BITS);
                Self((near & TIME) | (derive_bits($prefix, parts) & !TIME))
            }

            /// Reads the shown form.
            pub fn parse(text: &str) -> Result<Self, NotAnId> {
                read($prefix, text).map(Self)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&show($prefix, self.0))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::parse(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

opaque!(
    /// One accepted webhook request, or one merchant's share of a feed's.
    ReceiptId, "rcp_"
);
opaque!(
    /// One trigger for one destination.
    MessageId, "msg_"
);
opaque!(
    /// One order aggregate.
    AggregateId, "ord_"
);
opaque!(
    /// One parcel; given when first heard of, and kept.
    ParcelId, "par_"
);
opaque!(
    /// One return; given when first heard of, and kept.
    ReturnId, "ret_"
);
opaque!(
    /// One refused request.
    RefusedId, "ref_"
);
opaque!(
    /// Something that went wrong, from when it was told until it is over.
    IncidentId, "inc_"
);

impl ReceiptId {
    /// A receipt id that sorts by time: 48 bits of milliseconds since 1970, 80 bits of chance.
    pub fn at(unix_ms: u64, chance: u128) -> Self {
        Self((u128::from(unix_ms) << 80) | (chance & ((1 << 80) - 1)))
    }
}

impl RefusedId {
    /// As [`ReceiptId::at`].
    pub fn at(unix_ms: u64, chance: u128) -> Self {
        Self((u128::from(unix_ms) << 80) | (chance & ((1 << 80) - 1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_form_reads_back() {
        for bits in [0, 1, u128::MAX, 0x0192_0000_0000_7000_8000_0000_0000_0001] {
            let id = ReceiptId::from_bits(bits);
            assert_eq!(ReceiptId::parse(&id.to_string()), Ok(id));
        }
        for bad in ["", "rcp_", "msg_00000000000000000000000000", "rcp_8zzzzzzzzzzzzzzzzzzzzzzzzz"]
        {
            assert!(ReceiptId::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn parts_do_not_run_together() {
        assert_ne!(ParcelId::derived(&[b"ab", b"c"]), ParcelId::derived(&[b"a", b"bc"]));
    }
}
