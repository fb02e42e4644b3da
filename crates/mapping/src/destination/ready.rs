//! A destination connector with one merchant's settings and credentials.

use std::{collections::BTreeSet, sync::Arc};

use parcelwire_domain::{Map, Value, past::Past, taxonomy::Trigger};
use sha2::{Digest as _, Sha256};

use super::{Batch, DestinationConnector, Exchange, Frozen, Learned, batch, slot::Slot};
use crate::{
    blocks::{limits::Limits, sign::Signer},
    expr::{Env, Template},
    settings,
};

/// What to make it ready with.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The connector's settings, secrets resolved.
    pub settings: Map,
    /// Another base URL (operator files only).
    pub base_url: Option<String>,
    /// Other limits than the connector's; `Some(Limits::OFF)` for `limits: off`.
    pub limits: Option<Limits>,
    /// `ids:` triggers to ids the other system needs.
    pub ids: Map,
    /// Whether the secrets are real: invented ones are not tested against patterns.
    pub real: bool,
}

/// A connector with one merchant's settings and credentials.
#[derive(Debug, Clone)]
pub struct ReadyDestination(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    pub(super) connector: Arc<DestinationConnector>,
    pub(super) settings: Map,
    pub(super) base_url: String,
    pub(super) ids: Map,
    pub(super) signer: Option<Signer>,
    limits: Limits,
    masked: Vec<String>,
    /// Headers (small letters) made of secrets, in whatever form.
    pub(super) secret_headers: BTreeSet<String>,
    /// The base URL is not the connector's own: no request goes anywhere else.
    elsewhere: bool,
    pub(super) credential: [u8; 16],
    fingerprint: String,
}

impl DestinationConnector {
    /// Makes it ready for a merchant's destination; what is wrong with the settings comes back as
    /// sentences with the setting's name.
    pub fn ready(self: &Arc<Self>, setup: Setup) -> Result<ReadyDestination, Vec<String>> {
        let settings = settings::check(&self.settings, &setup.settings, setup.real)?;
        let env = Env::new().with("settings", &settings);
        let own = self.base_url.eval(&env).as_text().map(|url| url.into_owned());
        let elsewhere = setup.base_url.is_some();
        let base_url = setup.base_url.or(own).ok_or_else(|| {
            vec![format!("`base_url` comes to nothing with these settings: {}", self.address)]
        })?;
        let signer = match &self.sign {
            Some(sign) => Some(sign.signer(&env).map_err(|fault| vec![fault])?),
            None => None,
        };
        let secrets = settings::secrets(&self.settings, &settings);
        let mut hash = Sha256::new();
        hash.update(base_url.as_bytes());
        for secret in &secrets {
            hash.update([0]);
            hash.update(secret.as_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let mut whole = Sha256::new();
        whole.update(digest);
        whole.update(settings_text(&settings).as_bytes());
        whole.update(self.title.as_bytes());
        let fingerprint = hex::encode(whole.finalize().as_slice().get(..8).unwrap_or_default());
        let masked = settings::masked_forms(&secrets);
        drop(env);
        let mut credential = [0; 16];
        credential.copy_from_slice(&digest[..16]);
        Ok(ReadyDestination(Arc::new(Inner {
            limits: setup.limits.unwrap_or(self.limits),
            ids: setup.ids,
            connector: Arc::clone(self),
            settings,
            base_url,
            signer,
            masked,
            secret_headers: self.secret_headers(),
            elsewhere,
            credential,
            fingerprint,
        })))
    }

    /// Headers that are made of secrets or of a token.
    fn secret_headers(&self) -> BTreeSet<String> {
        let secret = |name: &str| self.settings.iter().any(|own| own.secret && own.name == name);
        let tells = |template: &Template| {
            template.reads().any(|read| match read.path.as_slice() {
                [root, ..] if root == "token" => true,
                [root, name, ..] if root == "settings" => secret(name),
                [root] => root == "settings",
                _ => false,
            })
        };
        let slots = [&self.token, &self.lookup, &self.profile, &self.check].into_iter().flatten();
        let batch = self.batch.iter().flat_map(batch::Plan::slots);
        let own = slots.chain([&self.send]).chain(batch).flat_map(Slot::headers);
        let all = self.headers.iter().chain(own);
        all.filter(|(_, template)| tells(template)).map(|(name, _)| name.to_lowercase()).collect()
    }
}

fn settings_text(settings: &Map) -> String {
    let mut text = String::new();
    settings.write_json(&mut text);
    text
}

impl Inner {
    /// Where a request to an address of another host goes: below the base URL that stands in for
    /// all hosts of the connector, where there is one.
    pub(super) fn host_of(&self, url: &str) -> Option<String> {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"))?;
        if !self.elsewhere {
            return Some(url.to_owned());
        }
        let path = rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or_default();
        Some(format!("{}{path}", self.base_url.trim_end_matches('/')))
    }

    pub(super) fn mask(&self, text: &str) -> String {
        let mut masked = text.to_owned();
        for form in &self.masked {
            if masked.contains(form.as_str()) {
                masked = masked.replace(form.as_str(), "****");
            }
        }
        masked
    }
}

impl ReadyDestination {
    /// See [`DestinationConnector::past`].
    pub fn past(&self) -> Past {
        self.0.connector.past()
    }

    /// How often it may be called.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// 128 bits over host and credentials: destinations with the same share one limit.
    pub fn credential(&self) -> [u8; 16] {
        self.0.credential
    }

    /// A hash over settings and connector: a paused destination is tried at once when it changes.
    pub fn fingerprint(&self) -> String {
        self.0.fingerprint.clone()
    }

    /// The base URL in force.
    pub fn base_url(&self) -> &str {
        &self.0.base_url
    }

    /// The same destination with another base URL: `messages: sandbox`.
    #[must_use]
    pub fn at(&self, base_url: &str) -> Self {
        let inner = &self.0;
        Self(Arc::new(Inner {
            connector: Arc::clone(&inner.connector),
            settings: inner.settings.clone(),
            base_url: base_url.to_owned(),
            ids: inner.ids.clone(),
            signer: inner.signer.clone(),
            limits: inner.limits,
            masked: inner.masked.clone(),
            secret_headers: inner.secret_headers.clone(),
            elsewhere: true,
            credential: inner.credential,
            fingerprint: inner.fingerprint.clone(),
        }))
    }

    /// Begins to send a message. `backfill` is as it stands now; `trigger` for `ids:`.
    pub fn exchange(
        &self,
        frozen: Frozen,
        trigger: Trigger,
        backfill: bool,
        learned: &Learned,
    ) -> Exchange {
        Exchange::new(Arc::clone(&self.0), frozen, trigger, backfill, learned)
    }

    /// How many messages may share a request at most; `None` where each has its own.
    pub fn most_together(&self) -> Option<usize> {
        self.0.connector.batch.as_ref().map(batch::Plan::most)
    }

    /// How often such a request may be made.
    pub fn batch_limits(&self) -> Limits {
        self.0.connector.batch.as_ref().map_or(Limits::OFF, |plan| plan.limits)
    }

    /// Begins to send many messages in one request, in this order; each with its trigger and
    /// whether it is `backfill`. Those that do not fit are left.
    pub fn batch(&self, messages: Vec<(Frozen, Trigger, bool)>, learned: &Learned) -> Batch {
        let exchanges = messages.into_iter().map(|(frozen, trigger, backfill)| {
            Exchange::new(Arc::clone(&self.0), frozen, trigger, backfill, learned)
        });
        Batch::new(Arc::clone(&self.0), exchanges.collect(), learned)
    }

    /// The connector's check of the credentials, where it has one.
    pub fn check(&self) -> Option<Exchange> {
        self.0.connector.check.as_ref()?;
        Some(Exchange::check(Arc::clone(&self.0)))
    }

    /// `text` with every secret of this destination masked: for what people are shown.
    pub fn mask(&self, text: &str) -> String {
        self.0.mask(text)
    }

    /// A header's value as it may be shown: of one that is made of a secret in a form of its own (a
    /// pair in base64, a hash) nothing is left but its scheme.
    pub fn mask_header(&self, name: &str, value: &str) -> String {
        let masked = self.mask(value);
        if masked != value || !self.0.secret_headers.contains(&name.to_lowercase()) {
            return masked;
        }
        value
            .split_once(' ')
            .map_or_else(|| "****".to_owned(), |(scheme, _)| format!("{scheme} ****"))
    }

    /// The value of a setting that is no secret, for lists and pages.
    pub fn shown_setting(&self, name: &str) -> Option<&Value> {
        let secret = self.0.connector.settings.iter().any(|s| s.name == name && s.secret);
        if secret { None } else { self.0.settings.get(name) }
    }
}
