//! Where secrets stand, and who finds them.

use crate::blocks::verify::Secret;

/// Where a secret stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// `env:NAME`
    Env(String),
    /// `file:NAME`, below `secrets.path`.
    File(String),
    /// In the file itself.
    Literal(String),
}

impl SecretRef {
    /// Reads it as it stands in a file.
    pub fn parse(text: &str) -> Self {
        if let Some(name) = text.strip_prefix("env:") {
            return Self::Env(name.trim().to_owned());
        }
        match text.strip_prefix("file:") {
            Some(name) => Self::File(name.trim().to_owned()),
            None => Self::Literal(text.to_owned()),
        }
    }
}

/// Finds secrets; the edge implements it.
pub trait Secrets {
    /// The secret, or what is wrong and what to do, naming the place and never the value.
    fn find(&self, place: &SecretRef) -> Result<Secret, String>;

    /// Whether these are real: invented ones are not tested against patterns, and sources get
    /// some that fit their method.
    fn are_real(&self) -> bool;
}

/// Secrets for `parcelwire check`, which needs none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Invented;

impl Secrets for Invented {
    fn find(&self, place: &SecretRef) -> Result<Secret, String> {
        let text = match place {
            SecretRef::Literal(text) => text.clone(),
            SecretRef::Env(_) | SecretRef::File(_) => {
                "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned()
            }
        };
        Secret::new(text).map_err(|fault| fault.to_string())
    }

    fn are_real(&self) -> bool {
        false
    }
}
