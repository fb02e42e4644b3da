//! Where data is kept, and what is asked of a Redis server.

use std::path::PathBuf;

use parcelwire_store::redis::{self, Fsync};
use serde::{Deserialize, Serialize};

use super::{ConfigError, RealSecrets};

/// Where data is kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Store {
    pub kind: String,
    pub path: PathBuf,
    pub url: String,
    pub cluster: bool,
    pub sentinel: Sentinel,
    pub ca_file: PathBuf,
    pub fsync: String,
    pub unchecked: bool,
    pub replicas: u32,
}

/// The sentinels that know where the master is.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Sentinel {
    pub master: String,
    pub password: String,
}

impl Store {
    /// Whether it is a Redis.
    pub fn is_redis(&self) -> bool {
        self.kind == "redis"
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong =
            |key, problem: &str| Err(ConfigError::Wrong { key, problem: problem.to_owned() });
        match self.kind.as_str() {
            "embedded" if !self.url.is_empty() => {
                wrong("store.url", "is set, but store.kind is `embedded` (hint: kind: redis)")
            }
            "embedded" => Ok(()),
            "redis" if self.url.is_empty() => {
                wrong("store.url", "is missing (hint: redis://HOST:PORT, or env:NAME)")
            }
            "redis" if Fsync::parse(&self.fsync).is_none() => {
                wrong("store.fsync", "must be `always` or `everysec`")
            }
            "redis" if self.cluster && !self.sentinel.master.is_empty() => {
                wrong("store.cluster", "and store.sentinel.master exclude each other")
            }
            "redis" => Ok(()),
            _ => wrong("store.kind", "must be `embedded` or `redis`"),
        }
    }

    /// What the Redis store is told; secrets are looked up.
    pub fn redis(&self, secrets: &RealSecrets) -> Result<redis::Settings, String> {
        let secret = |key: &str, text: &str| {
            let found = secrets.optional(text).map_err(|why| format!("`{key}`: {why}"))?;
            Ok::<_, String>(found.map(|secret| secret.expose().to_owned()))
        };
        let missing = || "`store.url`: its variable is not set; set it and start again".to_owned();
        let path = Some(&self.ca_file).filter(|path| !path.as_os_str().is_empty());
        Ok(redis::Settings {
            url: secret("store.url", &self.url)?.ok_or_else(missing)?,
            cluster: self.cluster,
            sentinel_master: Some(self.sentinel.master.clone()).filter(|name| !name.is_empty()),
            sentinel_password: secret("store.sentinel.password", &self.sentinel.password)?,
            ca_file: path.cloned(),
            fsync: Fsync::parse(&self.fsync).unwrap_or(Fsync::Always),
            unchecked: self.unchecked,
            replicas: self.replicas,
        })
    }

    /// The same with passwords masked.
    pub(super) fn masked(mut self) -> Self {
        let is_named =
            |text: &str| text.is_empty() || text.starts_with("env:") || text.starts_with("file:");
        if !is_named(&self.url) {
            self.url = self.url.split(',').map(masked_url).collect::<Vec<_>>().join(",");
        }
        if !is_named(&self.sentinel.password) {
            self.sentinel.password = "****".to_owned();
        }
        self
    }
}

/// Scheme, user and host stay; a password, and what follows the path, does not.
fn masked_url(url: &str) -> String {
    let (url, query) = url.split_once('?').unwrap_or((url, ""));
    let ending = if query.is_empty() { "" } else { "?****" };
    let Some((scheme, rest)) = url.split_once("://") else { return format!("{url}{ending}") };
    match rest.rsplit_once('@') {
        Some((login, host)) => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:****@{host}{ending}")
        }
        None => format!("{url}{ending}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_password_of_an_address_is_shown() {
        for (url, shown) in [
            ("redis://cache:6379/1", "redis://cache:6379/1"),
            ("redis://:geheim@cache", "redis://:****@cache"),
            ("rediss://relay:ge@heim@cache:6380", "rediss://relay:****@cache:6380"),
            ("redis+unix:///run/r.sock?pass=geheim", "redis+unix:///run/r.sock?****"),
        ] {
            assert_eq!(masked_url(url), shown);
        }
    }
}
