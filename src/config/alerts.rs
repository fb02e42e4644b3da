//! Who of the operator's is told what is wrong, and by which server.

use std::{path::PathBuf, time::Duration};

use parcelwire_domain::incident::{Kind, Language, Pace};
use parcelwire_engine::AlertSettings;
use parcelwire_mapping::merchant::{AlertWebhook, Alerts as Told, is_mailbox};
use serde::{Deserialize, Serialize};

use super::{ConfigError, RealSecrets};
use crate::mail::{Server, Smtp};

/// Who is told what is wrong.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Alerts {
    pub to: Vec<String>,
    pub webhook: Webhook,
    pub kinds: Vec<String>,
    pub language: String,
    pub smtp: MailServer,
    pub opens_after_seconds: u64,
    pub ends_after_seconds: u64,
    pub backlog_seconds: u64,
    pub nothing_accepted_seconds: u64,
    pub look_seconds: u64,
}

/// An address that takes signed webhooks.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct Webhook {
    pub url: String,
    pub secret: String,
}

/// The server that sends mail.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each is described in config/default.yaml")]
pub struct MailServer {
    pub url: String,
    pub from: String,
    pub username: String,
    pub password: String,
    pub ca_file: PathBuf,
}

impl Alerts {
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong = |key, problem: String| Err(ConfigError::Wrong { key, problem });
        let words = |told: &str| told.to_owned();
        if let Some(kind) = self.kinds.iter().find(|kind| Kind::parse(kind).is_none()) {
            let known = Kind::names().join(", ");
            return wrong("alerts.kinds", format!("has `{kind}` (hint: {known})"));
        }
        if self.to.iter().any(|to| !is_mailbox(to)) {
            return wrong("alerts.to", words("has something that is no e-mail address"));
        }
        if !matches!(self.language.as_str(), "en" | "de") {
            return wrong("alerts.language", words("must be `en` or `de`"));
        }
        if self.look_seconds == 0 {
            return wrong("alerts.look_seconds", words("must be at least 1"));
        }
        if self.webhook.url.is_empty() != self.webhook.secret.is_empty() {
            return wrong("alerts.webhook", words("needs both: url and secret"));
        }
        if self.smtp.url.is_empty() {
            let hint = "names somebody, but there is no mail server (hint: alerts.smtp.url)";
            return if self.to.is_empty() { Ok(()) } else { wrong("alerts.to", words(hint)) };
        }
        if let Err(why) = Server::parse(&self.smtp.url) {
            return wrong("alerts.smtp.url", why);
        }
        if self.smtp.from.is_empty() {
            return wrong("alerts.smtp.from", words("is missing (hint: relay@hey.example)"));
        }
        Ok(())
    }

    /// What the engine is told; secrets are looked up.
    pub fn engine(&self, secrets: &RealSecrets) -> Result<AlertSettings, String> {
        let told = |why: String| format!("`alerts.webhook.secret`: {why}");
        let webhook = if self.webhook.url.is_empty() {
            None
        } else {
            let secret = secrets.optional(&self.webhook.secret).map_err(told)?;
            let secret = secret.ok_or_else(|| told(NOT_SET.to_owned()))?;
            Some(AlertWebhook::new(&self.webhook.url, &secret).map_err(told)?)
        };
        let operator = Told {
            to: self.to.clone(),
            webhook,
            kinds: self.kinds.iter().filter_map(|kind| Kind::parse(kind)).collect(),
            language: Language::of(&self.language),
        };
        Ok(AlertSettings {
            operator,
            pace: Pace {
                opens_after: Duration::from_secs(self.opens_after_seconds),
                ends_after: Duration::from_secs(self.ends_after_seconds),
            },
            backlog: Duration::from_secs(self.backlog_seconds),
            quiet: Duration::from_secs(self.nothing_accepted_seconds),
            look: Duration::from_secs(self.look_seconds),
        })
    }

    /// The mail server, where one is set; secrets are looked up. `plain` are networks in which nothing
    /// needs to be encrypted.
    pub fn mail(&self, secrets: &RealSecrets, plain: &[String]) -> Result<Option<Smtp>, String> {
        let smtp = &self.smtp;
        if smtp.url.is_empty() {
            return Ok(None);
        }
        let told = |why: String| format!("`alerts.smtp.password`: {why}");
        let login = if smtp.username.is_empty() {
            None
        } else {
            let password = secrets.optional(&smtp.password).map_err(told)?;
            let password = password.ok_or_else(|| told(NOT_SET.to_owned()))?;
            Some((smtp.username.clone(), password))
        };
        let server = Server::parse(&smtp.url).map_err(|why| format!("`alerts.smtp.url` {why}"))?;
        let ca_file = Some(smtp.ca_file.clone()).filter(|path| !path.as_os_str().is_empty());
        let (from, plain) = (smtp.from.clone(), plain.to_vec());
        Ok(Some(Smtp { server, from, login, ca_file, plain }))
    }

    /// The same with secrets masked.
    pub(super) fn masked(mut self) -> Self {
        for secret in [&mut self.webhook.secret, &mut self.smtp.password] {
            let is_named = ["env:", "file:"].iter().any(|start| secret.starts_with(start));
            if !secret.is_empty() && !is_named {
                "****".clone_into(secret);
            }
        }
        self
    }
}

const NOT_SET: &str = "it is not set; set it and start again";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn alerts() -> Alerts {
        Settings::defaults().expect("they are in order").alerts
    }

    #[test]
    fn by_default_everything_is_told_and_to_nobody() {
        let alerts = alerts();
        assert!(alerts.check().is_ok() && alerts.to.is_empty());
        assert_eq!(alerts.kinds, Kind::names());
        let secrets = RealSecrets { directory: PathBuf::new() };
        let told = alerts.engine(&secrets).expect("it is in order");
        let default = AlertSettings::default();
        assert_eq!((told.pace, told.backlog), (default.pace, default.backlog));
        assert_eq!((told.quiet, told.look), (default.quiet, default.look));
        assert!(alerts.mail(&secrets, &[]).expect("it is in order").is_none());
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_key() {
        type Change = fn(&mut Alerts);
        let changes: [(&str, Change); 7] = [
            ("alerts.kinds", |alerts| alerts.kinds.push("key_refsed".to_owned())),
            ("alerts.to", |alerts| alerts.to.push("ops".to_owned())),
            ("alerts.to", |alerts| alerts.to.push("ops@hey.example".to_owned())),
            ("alerts.language", |alerts| alerts.language = "fr".to_owned()),
            ("alerts.webhook", |alerts| alerts.webhook.url = "https://ops.example".to_owned()),
            ("alerts.smtp.url", |alerts| alerts.smtp.url = "mail.example".to_owned()),
            ("alerts.smtp.from", |alerts| alerts.smtp.url = "smtp://mail.example".to_owned()),
        ];
        for (key, change) in changes {
            let mut alerts = alerts();
            change(&mut alerts);
            let told = alerts.check().expect_err(key).to_string();
            assert!(told.starts_with(&format!("`{key}` ")), "{told}");
        }
    }

    #[test]
    fn literal_secrets_are_masked_and_a_login_needs_its_password() {
        let mut alerts = alerts();
        alerts.smtp.url = "smtp://mail.example".to_owned();
        alerts.smtp.username = "relay".to_owned();
        let secrets = RealSecrets { directory: PathBuf::new() };
        assert!(alerts.mail(&secrets, &[]).is_err());
        alerts.smtp.password = "geheim".to_owned();
        assert!(alerts.mail(&secrets, &[]).expect("it is in order").is_some());
        assert_eq!(alerts.masked().smtp.password, "****");
    }
}
