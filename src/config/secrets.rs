//! Real secrets: from the environment, from files, from the rule files themselves.

use std::path::PathBuf;

use parcelwire_mapping::{
    blocks::verify::Secret,
    book::{SecretRef, Secrets},
};

/// Finds secrets where they really are.
#[derive(Debug, Clone)]
pub struct RealSecrets {
    /// Where `file:NAME` looks.
    pub directory: PathBuf,
}

impl Secrets for RealSecrets {
    fn find(&self, place: &SecretRef) -> Result<Secret, String> {
        let text = match place {
            SecretRef::Literal(text) => text.clone(),
            SecretRef::Env(name) => variable(name).ok_or_else(|| {
                format!("the environment variable {name} is not set; set it and start again")
            })?,
            SecretRef::File(name) => self.file(name)?,
        };
        Secret::new(text.trim()).map_err(|fault| fault.to_string())
    }

    fn are_real(&self) -> bool {
        true
    }
}

impl RealSecrets {
    fn file(&self, name: &str) -> Result<String, String> {
        let inside = !name.is_empty() && !name.contains("..") && !name.starts_with('/');
        if !inside {
            return Err(format!("`file:{name}` leads out of {}", self.directory.display()));
        }
        let path = self.directory.join(name);
        std::fs::read_to_string(&path)
            .map_err(|error| format!("the secret {} cannot be read: {error}", path.display()))
    }

    /// A secret of the operator's own settings; nothing when its variable is not set.
    pub fn optional(&self, text: &str) -> Result<Option<Secret>, String> {
        match SecretRef::parse(text) {
            SecretRef::Literal(text) if text.is_empty() => Ok(None),
            SecretRef::Env(name) if variable(&name).is_none() => Ok(None),
            place @ (SecretRef::Literal(_) | SecretRef::Env(_) | SecretRef::File(_)) => {
                self.find(&place).map(Some)
            }
        }
    }
}

/// A variable that is set to something.
#[expect(clippy::disallowed_methods, reason = "this is the edge where the environment is read")]
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
