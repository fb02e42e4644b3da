//! Bearer tokens that were given out by us, to senders that fetch one (OAuth 2, client
//! credentials) before they send. A token is the time at which it was issued and an HMAC of it:
//! nothing is stored, and every instance knows it after every restart.
//!
//! Must not know how a token is asked for.

use jiff::Timestamp;

use super::hash::{Encoding, Hash, MacKey};
use super::incoming::Incoming;
use super::refusal::{Refusal, Verified};
use super::secret::{KeyForm, Secret, SecretFault, SecretProblem, each_secret, which};
use super::static_token::StaticTokenSpec;
use crate::blocks::sign::Signed;

/// Seconds that a token is still taken after the time that its holder was told, and that one may
/// seem to come from the future: requests take their time, and clocks of instances differ.
const GRACE: i64 = 60;

/// Options of tokens that we issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedTokenSpec {
    /// How many seconds a token lives.
    pub lives: u32,
}

impl IssuedTokenSpec {
    pub(in crate::blocks) fn prepare(
        &self,
        secrets: &[Secret],
    ) -> Result<ReadyIssuedToken, Vec<SecretProblem>> {
        let keys = each_secret(secrets, key)?;
        Ok(ReadyIssuedToken { lives: self.lives, keys })
    }
}

fn key(secret: &Secret) -> Result<MacKey, SecretFault> {
    KeyForm::Utf8.key(secret, "").map(|key| MacKey::new(Hash::Sha256, &key))
}

/// A new token.
pub fn issued_token(secret: &Secret, now: Timestamp) -> Option<String> {
    key(secret).ok().map(|key| write(&key, now))
}

fn write(key: &MacKey, now: Timestamp) -> String {
    let at = now.as_second().to_string();
    let tag = key.tag(|to| feed(&at, to));
    format!("{at}.{}", Encoding::Hex.encode(tag.as_slice()))
}

/// What a token's HMAC covers.
fn feed(at: &str, to: &mut dyn FnMut(&[u8])) {
    to(b"parcelwire: token of\0");
    to(at.as_bytes());
}

/// Tokens with the secrets that they are signed with.
#[derive(Clone)]
pub(in crate::blocks) struct ReadyIssuedToken {
    lives: u32,
    keys: Vec<MacKey>,
}

impl ReadyIssuedToken {
    pub(super) fn verify(
        &self,
        request: &Incoming<'_>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let place = || StaticTokenSpec::Bearer.describe();
        let stated = StaticTokenSpec::Bearer.stated(request);
        if stated.is_empty() {
            return Err(Refusal::Missing { expected: place() });
        }
        let mut matched = None;
        for token in stated.iter().filter_map(|token| std::str::from_utf8(token).ok()) {
            let Some((at, signature)) = token.split_once('.') else { continue };
            let Some(signature) = Encoding::Hex.decode(signature) else { continue };
            let candidates = [signature];
            let key = which(&self.keys, |key| key.tag(|to| feed(at, to)).is_among(&candidates));
            matched = matched.or(key.map(|key| (key, at.to_owned())));
        }
        let (secret, at) = matched.ok_or_else(|| Refusal::Invalid { place: place() })?;
        let timestamp = self.check(&at, now)?;
        Ok(Verified {
            method: "issued_token",
            timestamp: Some(timestamp),
            secret,
            generation: None,
            covers_body: false,
        })
    }

    /// When it was issued, if it is still good. Asked last: only who had it from us learns more.
    fn check(&self, at: &str, now: Timestamp) -> Result<Timestamp, Refusal> {
        let issued = at.parse().ok().and_then(|second| Timestamp::from_second(second).ok());
        let expected = "a Unix time in seconds";
        let issued = issued.ok_or(Refusal::TimestampUnreadable { expected })?;
        let age = now.as_second() - issued.as_second();
        let lives = i64::from(self.lives);
        if age > lives + GRACE || age < -GRACE {
            return Err(Refusal::TimestampOutsideTolerance {
                seconds: age.unsigned_abs(),
                direction: if age < 0 { "in the future" } else { "in the past" },
                tolerance: u64::from(self.lives),
            });
        }
        Ok(issued)
    }

    pub(in crate::blocks) fn sign(&self, now: Timestamp) -> Signed {
        let key = self.keys.first().expect("each_secret answers with at least one key");
        let header = ("authorization".to_owned(), format!("Bearer {}", write(key, now)));
        Signed { headers: vec![header], ..Signed::default() }
    }
}
