//! One message on its way: which request comes next, and what it all comes to. Without I/O.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::{Map, Value, taxonomy::Trigger};

use super::{
    DestinationConnector, Frozen,
    ready::Inner,
    sign::sign,
    slot::Slot,
};
use crate::{
    ask::{Read, with_wait},
    blocks::outcome::Verdict,
    expr::Env,
    http::{HttpAnswer, HttpRequest},
};

/// Most requests for one message.
pub const MAX_REQUESTS: u32 = 6;

/// A token is renewed so long before its end.
const TOKEN_MARGIN: Duration = Duration::from_secs(30);

/// Longest text of a detail.
const MAX_DETAIL_CHARS: usize = 300;

/// One message on its way.
#[derive(Debug)]
pub struct Exchange {
    inner: Arc<Inner>,
    frozen: Frozen,
    backfill: bool,
    learned: Learned,
    found: Option<Map>,
    at: Place,
    requests: u32,
    token_renewed: bool,
}

/// What an exchange wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Send this, and hand over the answer.
    Send(HttpRequest),
    /// It is over.
    Done {
        /// What it came to.
        verdict: Verdict,
        /// Plain words for people; names no person and no secret.
        detail: String,
    },
}

/// What one exchange learned for the next (a token). Kept in memory by whoever sends, per
/// destination and settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    token: Option<(Map, Timestamp)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Token,
    Lookup,
    Profile,
    Send,
    Check,
}

impl Exchange {
    pub(super) fn new(
        inner: Arc<Inner>,
        mut frozen: Frozen,
        trigger: Trigger,
        backfill: bool,
        learned: &Learned,
    ) -> Self {
        frozen.fields.set("backfill", Value::Bool(backfill));
        if let Some(id) = inner.ids.get(trigger.name()) {
            frozen.fields.set("trigger_id", id.clone());
        }
        let learned = learned.clone();
        let at = Place::Token;
        Self {
            inner,
            frozen,
            backfill,
            learned,
            found: None,
            at,
            requests: 0,
            token_renewed: false,
        }
    }

    pub(super) fn check(inner: Arc<Inner>) -> Self {
        let frozen = Frozen::default();
        let learned = Learned::default();
        let at = Place::Token;
        let mut exchange = Self {
            inner,
            frozen,
            backfill: false,
            learned,
            found: None,
            at,
            requests: 0,
            token_renewed: false,
        };
        if exchange.connector().token.is_none() {
            exchange.at = Place::Check;
        }
        exchange
    }

    fn connector(&self) -> &DestinationConnector {
        &self.inner.connector
    }

    fn is_check(&self) -> bool {
        self.frozen.fields.is_empty()
    }

    /// The first step.
    pub fn start(&mut self, now: Timestamp) -> Step {
        let inner = Arc::clone(&self.inner);
        let lacking = (!self.is_check()).then(|| inner.connector.needs.lacking(&self.env()));
        if let Some((verdict, detail)) = lacking.flatten() {
            return Step::Done { verdict, detail };
        }
        self.next(now)
    }

    /// The step after an answer.
    pub fn on(&mut self, answer: &HttpAnswer, now: Timestamp) -> Step {
        let inner = Arc::clone(&self.inner);
        let connector = &inner.connector;
        let Some(slot) = self.slot(connector) else { return failed("nothing was asked") };
        let read = Read::new(answer);
        let settings = &inner.settings;
        let judged = slot.answers.judge(&read, settings);
        let judged = judged.or_else(|| connector.answers.judge(&read, settings));
        let usual = match answer.status {
            // A redirect is never followed: the address in the settings is not the right one.
            300..=399 => Verdict::SettingsWrong,
            404 if self.at == Place::Lookup => Verdict::Sent,
            status => Verdict::of_status(status),
        };
        let verdict = with_wait(judged.unwrap_or(usual), &connector.throttles, answer, now);
        if verdict != Verdict::Sent {
            if verdict == Verdict::KeyWrong && self.may_renew_token() {
                return self.renew_token(now);
            }
            let detail = self.detail(connector, &read);
            return Step::Done { verdict, detail };
        }
        self.take(slot, &read, now);
        match self.at {
            Place::Send | Place::Check => {
                let detail = format!("answered {}", answer.status);
                return Step::Done { verdict, detail };
            }
            Place::Token if self.is_check() => self.at = Place::Check,
            Place::Token => self.at = Place::Lookup,
            Place::Lookup => self.at = Place::Profile,
            Place::Profile => self.at = Place::Send,
        }
        self.next(now)
    }

    /// What it learned on the way.
    pub fn learned(&self) -> Learned {
        self.learned.clone()
    }

    fn slot<'c>(&self, connector: &'c DestinationConnector) -> Option<&'c Slot> {
        match self.at {
            Place::Token => connector.token.as_ref(),
            Place::Lookup => connector.lookup.as_ref(),
            Place::Profile => connector.profile.as_ref(),
            Place::Send => Some(&connector.send),
            Place::Check => connector.check.as_ref(),
        }
    }

    /// The request of the next slot that there is something to ask for.
    fn next(&mut self, now: Timestamp) -> Step {
        let inner = Arc::clone(&self.inner);
        loop {
            let slot = self.slot(&inner.connector);
            let wanted = slot.filter(|slot| self.is_wanted(slot, now));
            if let Some(slot) = wanted {
                if let Some((verdict, detail)) = slot.needs.lacking(&self.env()) {
                    return Step::Done { verdict, detail };
                }
                self.requests += 1;
                if self.requests > MAX_REQUESTS {
                    return failed("more requests than one message may need");
                }
                return match self.request(slot, now) {
                    Ok(request) => Step::Send(request),
                    Err(detail) => Step::Done { verdict: Verdict::Rejected, detail },
                };
            }
            self.at = match self.at {
                Place::Token if self.is_check() => Place::Check,
                Place::Token => Place::Lookup,
                Place::Lookup => Place::Profile,
                Place::Profile => Place::Send,
                Place::Send | Place::Check => return failed("there is no request to make"),
            };
        }
    }

    fn is_wanted(&self, slot: &Slot, now: Timestamp) -> bool {
        if self.at == Place::Token {
            let good = self.learned.token.as_ref().is_some_and(|(_, until)| *until > now);
            return !good;
        }
        if slot.if_missing && self.found.is_some() {
            return false;
        }
        let env = self.env();
        slot.when.as_ref().is_none_or(|when| when.eval(&env).truth() == Some(true))
    }

    fn env(&self) -> Env<'_> {
        let token = self.learned.token.as_ref().map(|(token, _)| token);
        Env::over(&self.frozen.fields)
            .with("properties", &self.frozen.properties)
            .with("values", &self.frozen.values)
            .with("settings", &self.inner.settings)
            .with("fields", &self.frozen.fields)
            .with("name", self.frozen.name.as_str())
            .with("backfill", self.backfill)
            .with("token", token)
            .with("found", self.found.as_ref())
    }

    fn request(&self, slot: &Slot, now: Timestamp) -> Result<HttpRequest, String> {
        let inner = &self.inner;
        // The token's own request goes without the headers that carry it.
        let common: &[_] = if self.at == Place::Token { &[] } else { &inner.connector.headers };
        let mut env = self.env();
        let mut request = slot.request(inner, common, &mut env)?;
        if let (Some(signer), Some(plan)) = (&inner.signer, &inner.connector.sign) {
            let id = plan.id(&env);
            sign(&mut request, signer, &id, now)?;
        }
        Ok(request)
    }

    fn take(&mut self, slot: &Slot, read: &Read<'_>, now: Timestamp) {
        let env = read.env();
        let mut taken = Map::new();
        for (name, expr) in &slot.take {
            taken.set_some(name, expr.eval(&env).into_value());
        }
        match self.at {
            Place::Token => {
                let seconds = slot.lives.as_ref().and_then(|lives| lives.eval(&env).as_text());
                let seconds = seconds.and_then(|text| text.parse::<i64>().ok()).unwrap_or(300);
                let until = now + Duration::from_secs(u64::try_from(seconds).unwrap_or(300));
                let until = until.checked_sub(TOKEN_MARGIN).unwrap_or(until);
                self.learned.token = Some((taken, until));
            }
            Place::Lookup if taken.is_empty() => self.found = None,
            Place::Lookup | Place::Profile => {
                let found = self.found.get_or_insert_with(Map::new);
                for (name, value) in taken.iter() {
                    found.set(name, value.clone());
                }
            }
            Place::Send | Place::Check => {}
        }
    }

    fn may_renew_token(&self) -> bool {
        self.connector().token.is_some() && !self.token_renewed && self.at != Place::Token
    }

    fn renew_token(&mut self, now: Timestamp) -> Step {
        self.token_renewed = true;
        self.learned.token = None;
        self.at = Place::Token;
        self.next(now)
    }

    fn detail(&self, connector: &DestinationConnector, read: &Read<'_>) -> String {
        let status = read.answer.status;
        if (300..=399).contains(&status) {
            return format!("answered {status}: a redirect, which is never followed");
        }
        let env = read.env();
        let said = connector.error.as_ref().and_then(|error| error.eval(&env).as_text());
        match said {
            Some(said) => {
                let said: String =
                    without_addresses(&said).chars().take(MAX_DETAIL_CHARS).collect();
                format!("answered {status}: {}", self.inner.mask(&said))
            }
            None => format!("answered {status}"),
        }
    }
}

/// What a destination says of an error may repeat the customer's address.
fn without_addresses(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.contains('@') { "****" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

fn failed(detail: &str) -> Step {
    Step::Done { verdict: Verdict::Rejected, detail: detail.to_owned() }
}
