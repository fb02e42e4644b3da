//! A token: who holds it may see this much. Kept is a hash only; the token itself is shown once.

use jiff::Timestamp;
use parcelwire_domain::id::MerchantId;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// Letters of the part of a token that names it; they are no secret.
const NAME_LETTERS: usize = 16;

/// Bytes of chance of its secret part.
pub(super) const SECRET_BYTES: usize = 24;

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Role {
    /// Everything.
    Admin,
    /// Everything is read, people are masked; nothing is changed.
    Support,
    /// What belongs to one merchant, its people included.
    Merchant,
}

impl Role {
    /// All of them.
    pub(super) const ALL: [Self; 3] = [Self::Admin, Self::Support, Self::Merchant];

    /// As it is written.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Support => "support",
            Self::Merchant => "merchant",
        }
    }

    /// How its tokens begin, so that people, and those who search for lost ones, know them.
    fn prefix(self) -> &'static str {
        match self {
            Self::Admin => "pwa_",
            Self::Support => "pws_",
            Self::Merchant => "pwm_",
        }
    }
}

/// What is kept of a token, under its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Token {
    pub(super) name: String,
    pub(super) role: Role,
    /// Whose, for [`Role::Merchant`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) merchant: Option<MerchantId>,
    /// SHA-256 of the whole token, in hex. It has 192 bits of chance: nothing slower is needed.
    digest: String,
    pub(super) created_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) expires_at: Option<Timestamp>,
}

/// Whom a new one is for.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) merchant: Option<MerchantId>,
    pub(super) expires_at: Option<Timestamp>,
}

/// A new token of these bytes of chance: its id, itself, and what is kept.
pub(super) fn make(
    wanted: Wanted,
    id_chance: [u8; NAME_LETTERS / 2],
    secret_chance: [u8; SECRET_BYTES],
    now: Timestamp,
) -> (String, String, Token) {
    let Wanted { name, role, merchant, expires_at } = wanted;
    let id = hex::encode(id_chance);
    let text = format!("{}{id}_{}", role.prefix(), hex::encode(secret_chance));
    let digest = hex::encode(Sha256::digest(text.as_bytes()));
    (id, text, Token { name, role, merchant, digest, created_at: now, expires_at })
}

/// The id in a token, where it has the form of one that is kept.
pub(super) fn id_of(text: &str) -> Option<&str> {
    let role = Role::ALL.into_iter().find(|role| text.starts_with(role.prefix()))?;
    let (id, secret) = text.strip_prefix(role.prefix())?.split_once('_')?;
    let is_hex = |part: &str| part.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_one = is_id(id) && secret.len() == 2 * SECRET_BYTES && is_hex(secret);
    is_one.then_some(id)
}

/// Whether a text has the form of a token's id.
pub(super) fn is_id(text: &str) -> bool {
    text.len() == NAME_LETTERS && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl Token {
    /// Whether this is what was made of `text`, and still holds.
    pub(super) fn admits(&self, text: &str, now: Timestamp) -> bool {
        let digest = hex::encode(Sha256::digest(text.as_bytes()));
        let fits = bool::from(digest.as_bytes().ct_eq(self.digest.as_bytes()));
        fits && self.expires_at.is_none_or(|end| now < end)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_341_600).expect("a time")
    }

    fn made(role: Role, expires_at: Option<Timestamp>) -> (String, String, Token) {
        let wanted = Wanted { name: "Anna".to_owned(), role, merchant: None, expires_at };
        make(wanted, [0xab; 8], [7; SECRET_BYTES], now())
    }

    #[test]
    fn a_token_names_itself_and_only_itself_is_let_in() {
        for role in Role::ALL {
            let (id, text, token) = made(role, None);
            assert_eq!(id_of(&text), Some(id.as_str()), "{text}");
            assert!(token.admits(&text, now()));
            let other = text.replace("0707", "0708");
            assert!(!token.admits(&other, now()));
            assert!(!token.admits("", now()));
            let kept = serde_json::to_string(&token).expect("JSON");
            assert!(!kept.contains(&hex::encode([7; SECRET_BYTES])), "the secret is not kept");
            assert_eq!(serde_json::from_str::<Token>(&kept).expect("a token"), token);
        }
    }

    #[test]
    fn one_that_has_run_out_lets_nobody_in() {
        let end = now() + Duration::from_secs(60);
        let (_, text, token) = made(Role::Support, Some(end));
        assert!(token.admits(&text, end - Duration::from_secs(1)));
        assert!(!token.admits(&text, end));
    }

    #[test]
    fn what_is_none_is_not_looked_up() {
        let (_, text, _) = made(Role::Support, None);
        for wrong in [
            "",
            "pws_",
            "admin-token-of-a-test",
            "pwx_abababababababab_00",
            text.split_at(text.len() - 1).0,
            &text.to_uppercase(),
            &text.replace("_ab", "_a/"),
            &format!("{text}0"),
        ] {
            assert_eq!(id_of(wrong), None, "{wrong}");
        }
    }
}
