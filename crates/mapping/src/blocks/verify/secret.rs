//! Secrets: how they are held, and how their text becomes a key. Decoding happens once, when files
//! are read, so that a secret that cannot work is found then and not at the first webhook.
//!
//! Must not know where a secret came from (environment, file, literal).

use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;
use unicode_normalization::UnicodeNormalization as _;

/// A secret as its owner wrote it. Never printed, wiped when dropped, never blank.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes the text of a secret.
    pub fn new(text: impl Into<String>) -> Result<Self, SecretFault> {
        let text = Zeroizing::new(text.into());
        if text.trim().is_empty() {
            return Err(SecretFault::Empty);
        }
        Ok(Self(SecretString::from(text.as_str())))
    }

    /// The text itself. Never log or store it.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}

/// Why a secret cannot be used. The operator's fault; nothing of the secret is in the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFault {
    /// Nothing is there.
    #[error("the secret is empty")]
    Empty,
    /// No secret was given to a method that needs one.
    #[error("there is no secret to verify with")]
    Absent,
    /// More than [`MAX_SECRETS`].
    #[error("there are more than {MAX_SECRETS} secrets")]
    TooMany,
    /// The text is not of the form the method says.
    #[error("the secret is not {expected}")]
    NotDecodable {
        /// What it should be, e.g. `base64 after whsec_`.
        expected: String,
    },
    /// A public key was given where a signing key is needed, or the other way round.
    #[error("the key is {given}, but {needed} is needed")]
    WrongKind {
        /// What it is.
        given: &'static str,
        /// What it should be.
        needed: &'static str,
    },
    /// The method can only be verified here: the private key is the vendor's.
    #[error("requests of this kind are signed with a private key that only their sender has")]
    CannotSign,
}

impl SecretFault {
    /// The next step, lower case, no final period.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Empty => "put the secret into the variable or file that is named here",
            Self::Absent => {
                "add `secret:` with env:NAME or file:NAME; it is shown where the webhook is set up"
            }
            Self::TooMany => "keep the one in use and, while it is being changed, the next one",
            Self::NotDecodable { .. } => {
                "copy it again, whole and without quotes, from where the webhook is set up"
            }
            Self::WrongKind { .. } => {
                "verifying needs the shared secret or the public key, signing the private one"
            }
            Self::CannotSign => {
                "give the private key of a pair of your own, or try `parcelwire map`"
            }
        }
    }
}

/// The most secrets one source may have: rotation needs two.
pub const MAX_SECRETS: usize = 16;

/// A fault, and which of the secrets has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretProblem {
    /// Counted from 0; `None` where it concerns all of them.
    pub secret: Option<usize>,
    /// What is wrong.
    pub fault: SecretFault,
}

/// Which of the keys holds, the first of several. All are tried: how long it takes tells nothing.
pub(super) fn which<K>(keys: &[K], mut holds: impl FnMut(&K) -> bool) -> Option<usize> {
    let mut found = None;
    for (at, key) in keys.iter().enumerate() {
        if holds(key) {
            found = found.or(Some(at));
        }
    }
    found
}

/// Makes every secret ready with `make`; tells of all that cannot be. Answers at least one.
pub(super) fn each_secret<T>(
    secrets: &[Secret],
    make: impl Fn(&Secret) -> Result<T, SecretFault>,
) -> Result<Vec<T>, Vec<SecretProblem>> {
    let of_all = |fault| Err(vec![SecretProblem { secret: None, fault }]);
    if secrets.is_empty() {
        return of_all(SecretFault::Absent);
    }
    if secrets.len() > MAX_SECRETS {
        return of_all(SecretFault::TooMany);
    }
    let (mut ready, mut problems) = (Vec::new(), Vec::new());
    for (at, secret) in secrets.iter().enumerate() {
        match make(secret) {
            Ok(one) => ready.push(one),
            Err(fault) => problems.push(SecretProblem { secret: Some(at), fault }),
        }
    }
    if problems.is_empty() { Ok(ready) } else { Err(problems) }
}

/// How the text of a secret becomes the bytes of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum KeyForm {
    /// The text's own bytes.
    #[default]
    Utf8,
    /// Base64, either alphabet, padded or not.
    Base64,
    /// Hexadecimal digits.
    Hex,
    /// Normalised by Unicode NFKD first (`EasyPost`).
    Nfkd,
    /// `&amp;` and its kin undone first (`WordPress` keeps secrets so).
    HtmlDecoded,
}

impl KeyForm {
    /// The names in files.
    pub const NAMES: [(&'static str, Self); 5] = [
        ("utf8", Self::Utf8),
        ("base64", Self::Base64),
        ("hex", Self::Hex),
        ("nfkd", Self::Nfkd),
        ("html", Self::HtmlDecoded),
    ];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, form)| *form)
    }

    /// The key that `secret` stands for, after taking away `strip` from its start if it is there.
    pub fn key(self, secret: &Secret, strip: &str) -> Result<Zeroizing<Vec<u8>>, SecretFault> {
        let text = match self {
            Self::Base64 | Self::Hex => secret.expose().trim(),
            Self::Utf8 | Self::Nfkd | Self::HtmlDecoded => secret.expose(),
        };
        let text = text.strip_prefix(strip).unwrap_or(text);
        let fault = |form: &str| SecretFault::NotDecodable {
            expected: if strip.is_empty() {
                form.to_owned()
            } else {
                format!("{form} after {strip}")
            },
        };
        let key = match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Base64 => decode_base64(text).ok_or_else(|| fault("base64"))?,
            Self::Hex => hex::decode(text).map_err(|_| fault("hexadecimal"))?,
            Self::Nfkd => text.nfkd().collect::<String>().into_bytes(),
            Self::HtmlDecoded => html_decode(text).into_bytes(),
        };
        if key.is_empty() { Err(SecretFault::Empty) } else { Ok(Zeroizing::new(key)) }
    }
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Base64 in either alphabet, padded or not; stray bits at the end are refused.
pub(in crate::blocks) fn decode_base64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// The characters that `WordPress` encodes in a stored secret, with the names and numbers of each.
const ENTITIES: [(&str, u32, char); 5] =
    [("amp", 38, '&'), ("lt", 60, '<'), ("gt", 62, '>'), ("quot", 34, '"'), ("", 39, '\'')];

/// Undoes the entities of [`ENTITIES`] once: `&amp;lt;` becomes `&lt;`.
fn html_decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let entity = after.split_once(';').and_then(|(name, tail)| Some((entity(name)?, tail)));
        let (character, tail) = entity.unwrap_or(('&', after));
        out.push(character);
        rest = tail;
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok(),
            None => digits.parse().ok(),
        },
        None => None,
    };
    ENTITIES
        .iter()
        .find(|(known, code, _)| number == Some(*code) || (*known == name && !name.is_empty()))
        .map(|(_, _, character)| *character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(form: KeyForm, text: &str, strip: &str) -> Result<Vec<u8>, SecretFault> {
        form.key(&Secret::new(text).expect("not blank"), strip).map(|key| key.to_vec())
    }

    #[test]
    fn blank_secrets_are_refused() {
        for text in ["", " ", "\n\t"] {
            assert_eq!(Secret::new(text), Err(SecretFault::Empty));
        }
        assert_eq!(key(KeyForm::Base64, "whsec_", "whsec_"), Err(SecretFault::Empty));
    }

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new("hunter2").expect("not blank");
        assert_eq!(format!("{secret:?}"), "Secret(***)");
        assert_eq!(secret.clone(), secret);
        assert_ne!(secret, Secret::new("hunter3").expect("not blank"));
    }

    #[test]
    fn each_form_makes_its_key() {
        for (form, text, strip, expected) in [
            (KeyForm::Utf8, "ab cü", "", "ab cü".as_bytes()),
            (KeyForm::Utf8, "whsec_ab", "whsec_", b"ab"),
            (KeyForm::Base64, "whsec_AAEC/w==", "whsec_", &[0, 1, 2, 255]),
            (KeyForm::Base64, " whsec_AAEC/w==\n", "whsec_", &[0, 1, 2, 255]),
            (KeyForm::Base64, "AAEC/w", "", &[0, 1, 2, 255]),
            (KeyForm::Base64, "AAEC_w", "", &[0, 1, 2, 255]),
            (KeyForm::Hex, "00FFa1", "", &[0, 255, 161]),
            (KeyForm::Nfkd, "Schlüssel", "", "Schlu\u{308}ssel".as_bytes()),
            (KeyForm::HtmlDecoded, "a&amp;b&lt;&gt;&quot;&#039;&#39;&#x27;", "", b"a&b<>\"'''"),
            (KeyForm::HtmlDecoded, "&amp;lt; & &nbsp; &;&#;a", "", b"&lt; & &nbsp; &;&#;a"),
        ] {
            assert_eq!(key(form, text, strip).as_deref(), Ok(expected), "{form:?} {text}");
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_refused_with_what_was_expected() {
        let fault = key(KeyForm::Base64, "whsec_not base64!", "whsec_").expect_err("no base64");
        assert_eq!(fault.to_string(), "the secret is not base64 after whsec_");
        let fault = key(KeyForm::Hex, "abc", "").expect_err("no hex");
        assert_eq!(fault.to_string(), "the secret is not hexadecimal");
    }
}
