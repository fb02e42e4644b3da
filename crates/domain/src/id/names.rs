//! The names that people give: merchants, sources, destinations, feeds.

use std::sync::Arc;

/// Why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a name: it starts with a small letter or digit and goes on with up to 62 small \
     letters, digits, `-` or `_`"
)]
pub struct NotAName(pub String);

fn is_name(text: &str) -> bool {
    let ok = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    (1..=63).contains(&bytes.len())
        && ok(bytes[0])
        && bytes.iter().all(|b| ok(*b) || matches!(b, b'-' | b'_'))
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Takes `[a-z0-9][a-z0-9_-]{0,62}`, nothing else.
            pub fn parse(text: &str) -> Result<Self, NotAName> {
                if is_name(text) { Ok(Self(text.into())) } else { Err(NotAName(text.to_owned())) }
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
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

name!(
    /// One shop; the tenant.
    MerchantId
);
name!(
    /// A merchant's own instance of a source connector.
    SourceName
);
name!(
    /// A merchant's own instance of a destination connector.
    DestinationName
);
name!(
    /// One stream of webhooks that a provider sends for many merchants.
    FeedName
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_to_their_alphabet_and_length() {
        for good in ["a", "0", "hey-de", "a_b", &"x".repeat(63)] {
            assert!(MerchantId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "_a", "A", "ä", "a b", "a/b", "a.b", &"x".repeat(64)] {
            assert!(MerchantId::parse(bad).is_err(), "{bad}");
        }
    }
}
