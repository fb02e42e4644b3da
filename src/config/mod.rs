//! Settings: compiled-in defaults, the file, the environment. The only place that reads the
//! process's environment, with the secrets beside it.

mod alerts;
mod files;
mod secrets;
mod store;

use std::path::{Path, PathBuf};

use config::{Config, Environment, File, FileFormat};
use jiff::SignedDuration;
use parcelwire_engine::{Messages, Settings as EngineSettings, ports::Retention, trace::Tracing};
use serde::{Deserialize, Serialize};

use crate::telemetry::otlp::Variables;
pub use alerts::{Alerts, MailServer, Webhook};
pub use files::{RuleFiles, shipped};
pub use secrets::RealSecrets;
pub use store::{Sentinel, Store};

/// The documented defaults.
pub const DEFAULTS: &str = include_str!("../../config/default.yaml");

/// Where the file is looked for when none is named.
pub const FILE: &str = "config/parcelwire.yaml";

/// What is otherwise by default where data take memory.
const ON_REDIS: &str = "retention: { bodies_days: 3 }";

/// All settings.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The server.
    pub http: Http,
    /// Where data is kept.
    pub store: Store,
    /// Who may look.
    pub admin: Admin,
    /// Where secrets are.
    pub secrets: Secrets,
    /// Where rule files are.
    pub paths: Paths,
    /// `live`, `sandbox` or `none`.
    pub messages: String,
    /// The sandbox.
    pub sandbox: SandboxAt,
    /// Where destinations may be.
    pub egress: Egress,
    /// Who is told what is wrong.
    pub alerts: Alerts,
    /// How long things are kept.
    pub retention: Keep,
    /// What is logged.
    pub log: Log,
}

/// The server.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Http {
    pub bind: String,
    pub port: u16,
    pub public_url: String,
    pub max_body_bytes: usize,
    pub max_bodies_bytes: usize,
    pub accept_deadline_ms: u64,
    pub request_timeout_ms: u64,
    pub max_connections: usize,
    pub workers: usize,
}

/// Who may look.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Admin {
    pub token: String,
}

/// Where secrets are.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Secrets {
    pub path: PathBuf,
}

/// Where rule files are.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Paths {
    pub merchants: PathBuf,
    pub feeds: PathBuf,
    pub templates: PathBuf,
    pub connectors: PathBuf,
    pub mappings: PathBuf,
}

/// The sandbox.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct SandboxAt {
    pub url: String,
}

/// Where destinations may be.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Egress {
    pub allow: Vec<String>,
    pub max_answers_bytes: usize,
    pub traceparent: bool,
}

/// How long things are kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Keep {
    pub receipts_days: u32,
    pub bodies_days: u32,
    pub memory_days: u32,
}

/// What is logged.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Log {
    pub level: String,
    pub format: String,
}

/// The variable that names a proxy, if one does.
pub fn proxy() -> Option<&'static str> {
    let names = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    names.into_iter().find(|name| secrets::variable(name).is_some())
}

/// What the variables of OpenTelemetry say.
pub fn open_telemetry() -> Variables {
    Variables::read(&secrets::variable)
}

impl Log {
    /// Whether each line is a JSON object.
    pub fn is_json(&self) -> bool {
        self.format == "json"
    }
}

/// Why there are no settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file or a variable cannot be read as settings.
    #[error(
        "the settings cannot be read: {0} (hint: `parcelwire config` shows all keys; environment: PARCELWIRE__SECTION__KEY)"
    )]
    Unreadable(#[source] Box<config::ConfigError>),
    /// A value makes no sense.
    #[error("`{key}` {problem}")]
    Wrong {
        /// Which.
        key: &'static str,
        /// What is wrong, and what to write.
        problem: String,
    },
}

/// A level, or levels of single parts after `target=`, with commas between them.
fn is_level(text: &str) -> bool {
    text.split(',').all(|part| {
        let level = part.rsplit_once('=').map_or(part, |(_, level)| level).trim();
        ["off", "error", "warn", "info", "debug", "trace"]
            .iter()
            .any(|known| known.eq_ignore_ascii_case(level))
    })
}

/// Turns side by side where the store is asked over a network: while one waits for its answer, another
/// decides.
const DECIDING_BESIDE_REDIS: usize = 3;

impl Settings {
    /// Reads defaults, file and environment. A file that was named must be there.
    pub fn load(file: Option<&Path>) -> Result<Self, ConfigError> {
        let mut built = Self::layered(file, "");
        if built.as_ref().is_ok_and(|settings| settings.store.is_redis()) {
            built = Self::layered(file, ON_REDIS);
        }
        let settings = built.map_err(|error| ConfigError::Unreadable(Box::new(error)))?;
        settings.check()?;
        Ok(settings)
    }

    /// Defaults, further ones, the file, the environment: what comes later wins.
    fn layered(file: Option<&Path>, further: &str) -> Result<Self, config::ConfigError> {
        let named = File::from(file.unwrap_or(Path::new(FILE))).format(FileFormat::Yaml);
        // Values stay texts until their key says what they are: a token may look like a number.
        let environment = Environment::with_prefix("PARCELWIRE")
            .prefix_separator("__")
            .separator("__")
            .ignore_empty(true);
        let list = |variable: &str| {
            let text = secrets::variable(variable)?;
            Some(text.split(',').map(|word| word.trim().to_owned()).collect::<Vec<_>>())
        };
        Config::builder()
            .add_source(File::from_str(DEFAULTS, FileFormat::Yaml))
            .add_source(File::from_str(further, FileFormat::Yaml))
            .add_source(named.required(file.is_some()))
            .add_source(environment)
            .set_override_option("egress.allow", list("PARCELWIRE__EGRESS__ALLOW"))
            .and_then(|builder| {
                builder.set_override_option("alerts.to", list("PARCELWIRE__ALERTS__TO"))
            })
            .and_then(|builder| {
                builder.set_override_option("alerts.kinds", list("PARCELWIRE__ALERTS__KINDS"))
            })
            .and_then(|builder| builder.build())
            .and_then(Config::try_deserialize::<Self>)
    }

    /// The defaults alone, whatever files and environment say.
    pub fn defaults() -> Result<Self, ConfigError> {
        let source = File::from_str(DEFAULTS, FileFormat::Yaml);
        let built = Config::builder().add_source(source).build();
        built
            .and_then(Config::try_deserialize::<Self>)
            .map_err(|error| ConfigError::Unreadable(Box::new(error)))
    }

    fn check(&self) -> Result<(), ConfigError> {
        let wrong =
            |key, problem: &str| Err(ConfigError::Wrong { key, problem: problem.to_owned() });
        self.store.check()?;
        self.alerts.check()?;
        if !matches!(self.messages.as_str(), "live" | "sandbox" | "none") {
            return wrong("messages", "must be `live`, `sandbox` or `none`");
        }
        if !is_level(&self.log.level) {
            return wrong("log.level", "must be off, error, warn, info, debug or trace");
        }
        if self.retention.memory_days < self.retention.receipts_days + 14 {
            return wrong("retention.memory_days", "must be at least retention.receipts_days + 14");
        }
        if let Some(network) =
            self.egress.allow.iter().find(|text| crate::transport::Network::parse(text).is_none())
        {
            return Err(ConfigError::Wrong {
                key: "egress.allow",
                problem: format!("has `{network}`, which is no network (hint: as in 127.0.0.0/8)"),
            });
        }
        if !matches!(self.log.format.as_str(), "text" | "json") {
            return wrong("log.format", "must be `text` or `json`");
        }
        Ok(())
    }

    /// What the engine is told.
    pub fn engine(&self) -> EngineSettings {
        EngineSettings {
            messages: match self.messages.as_str() {
                "sandbox" => Messages::Sandbox(self.sandbox.url.clone()),
                "none" => Messages::None,
                _ => Messages::Live,
            },
            accept_deadline: std::time::Duration::from_millis(self.http.accept_deadline_ms),
            retention: Retention {
                receipts_days: self.retention.receipts_days,
                bodies_days: self.retention.bodies_days,
                memory_days: self.retention.memory_days,
            },
            deciding: if self.store.is_redis() { DECIDING_BESIDE_REDIS } else { 1 },
            max_answer_bytes: self.http.max_body_bytes,
            max_answers_bytes: self.egress.max_answers_bytes,
            tracing: Tracing { propagates: self.egress.traceparent, ..Tracing::default() },
            ..EngineSettings::default()
        }
    }

    /// The effective values as YAML-like JSON, secrets masked.
    pub fn shown(&self) -> serde_json::Value {
        let mut shown = self.clone();
        let token = &shown.admin.token;
        if !token.is_empty() && !token.starts_with("env:") && !token.starts_with("file:") {
            shown.admin.token = "****".to_owned();
        }
        shown.store = shown.store.masked();
        shown.alerts = shown.alerts.masked();
        serde_json::to_value(shown).unwrap_or_default()
    }

    /// How long a request may take to come in.
    pub fn request_timeout(&self) -> SignedDuration {
        SignedDuration::from_millis(i64::try_from(self.http.request_timeout_ms).unwrap_or(30_000))
    }
}
