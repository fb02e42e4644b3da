//! One message on its way: which request comes next, and what it all comes to. Without I/O.

use std::{sync::Arc, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::{Map, Value, taxonomy::Trigger};

use super::{
    DestinationConnector, Frozen, Learned, judge::usual, keep, learned::Key, needs::Needs,
    ready::Inner, sign::sign, slot::Slot,
};
use crate::{
    ask::Read,
    blocks::outcome::Verdict,
    expr::Env,
    http::{HttpAnswer, HttpRequest},
};

/// Most requests for one message.
pub const MAX_REQUESTS: u32 = 6;

/// A token is renewed so long before its end.
const TOKEN_MARGIN: Duration = Duration::from_secs(30);

/// One message on its way.
#[derive(Debug)]
pub struct Exchange {
    inner: Arc<Inner>,
    frozen: Frozen,
    backfill: bool,
    pub(super) learned: Learned,
    found: Option<Map>,
    find: Find,
    at: Place,
    requests: u32,
    token_renewed: bool,
    /// Its person is written together with those of other messages.
    pub(super) joins_profile: bool,
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

/// Where `found` comes from, as far as it may be kept.
#[derive(Debug, Default)]
struct Find {
    key: Option<Key>,
    /// An earlier message found it.
    is_old: bool,
    /// What an earlier message had found was wrong: this one asks itself.
    asks: bool,
}

/// How long a token is good that nobody gave.
const ASSUMED_LIFE: Duration = Duration::from_secs(300);

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
            find: Find::default(),
            at,
            requests: 0,
            token_renewed: false,
            joins_profile: false,
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
            find: Find::default(),
            at,
            requests: 0,
            token_renewed: false,
            joins_profile: false,
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
        self.lacks(&Arc::clone(&self.inner).connector.needs).unwrap_or_else(|| self.next(now))
    }

    /// The step after an answer.
    pub fn on(&mut self, answer: &HttpAnswer, now: Timestamp) -> Step {
        self.heard(answer, now).unwrap_or_else(|| self.next(now))
    }

    /// The step after a request that nobody answered: as if it had gone well, and what is taken of
    /// the answer were there, each under its name in angle brackets.
    pub fn assume(&mut self, now: Timestamp) -> Step {
        let inner = Arc::clone(&self.inner);
        let Some(slot) = self.slot(&inner.connector) else { return failed("nothing was asked") };
        let mut taken = Map::new();
        for (name, _) in &slot.take {
            taken.set(name, Value::text(format!("<{name}>")));
        }
        self.keep(taken, now + ASSUMED_LIFE, None);
        self.forward("not sent").unwrap_or_else(|| self.next(now))
    }

    /// Its end, where the message lacks what is needed.
    pub(super) fn lacks(&self, needs: &Needs) -> Option<Step> {
        let lacking = if self.is_check() { None } else { needs.lacking(&self.env()) };
        lacking.map(|(verdict, detail)| Step::Done { verdict, detail })
    }

    /// Takes an answer; `None` where the next slot's turn has come.
    pub(super) fn heard(&mut self, answer: &HttpAnswer, now: Timestamp) -> Option<Step> {
        let inner = Arc::clone(&self.inner);
        let Some(slot) = self.slot(&inner.connector) else {
            return Some(failed("nothing was asked"));
        };
        let read = Read::new(answer);
        let usual = match answer.status {
            404 if self.at == Place::Lookup => Verdict::Sent,
            status => usual(status),
        };
        let verdict = inner.judge(slot, usual, &read, now);
        if self.find.key.is_some()
            && inner.forgets(slot, &read)
            && self.forget()
            && !matches!(verdict, Verdict::Sent | Verdict::Again { .. })
        {
            (self.at, self.found, self.find.asks) = (Place::Lookup, None, true);
            return None;
        }
        if verdict != Verdict::Sent {
            if verdict == Verdict::KeyWrong && self.may_renew_token() {
                return Some(self.renew_token(now));
            }
            let detail = inner.detail(&read);
            return Some(Step::Done { verdict, detail });
        }
        self.take(slot, &read, now);
        self.forward(&format!("answered {}", answer.status))
    }

    /// Goes on to the slot behind one that went well; the end, where it was the last one.
    fn forward(&mut self, detail: &str) -> Option<Step> {
        self.at = match self.at {
            Place::Send | Place::Check => {
                let detail = detail.to_owned();
                return Some(Step::Done { verdict: Verdict::Sent, detail });
            }
            Place::Token if self.is_check() => Place::Check,
            Place::Token => Place::Lookup,
            Place::Lookup => Place::Profile,
            Place::Profile => Place::Send,
        };
        None
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

    fn next(&mut self, now: Timestamp) -> Step {
        if self.advance(now) { self.ask(now) } else { failed("there is no request to make") }
    }

    /// Goes on to the next slot that there is something to ask for, and says whether there is one.
    pub(super) fn advance(&mut self, now: Timestamp) -> bool {
        let inner = Arc::clone(&self.inner);
        while !self
            .slot(&inner.connector)
            .is_some_and(|slot| self.is_wanted(slot, now) && !self.recalls(slot, now))
        {
            self.at = match self.at {
                Place::Token if self.is_check() => Place::Check,
                Place::Token => Place::Lookup,
                Place::Lookup => Place::Profile,
                Place::Profile => Place::Send,
                Place::Send | Place::Check => return false,
            };
        }
        true
    }

    /// Whether only the event itself is left to be sent.
    pub(super) fn is_before_send(&self) -> bool {
        self.at == Place::Send
    }

    /// The request of the slot whose turn it is.
    pub(super) fn ask(&mut self, now: Timestamp) -> Step {
        let inner = Arc::clone(&self.inner);
        let Some(slot) = self.slot(&inner.connector) else { return failed("nothing to ask for") };
        if let Some(done) = self.lacks(&slot.needs) {
            return done;
        }
        self.requests += 1;
        if self.requests > MAX_REQUESTS {
            return failed("more requests than one message may need");
        }
        match self.request(slot, now) {
            Ok(request) => Step::Send(request),
            Err(detail) => Step::Done { verdict: Verdict::Rejected, detail },
        }
    }

    fn is_wanted(&self, slot: &Slot, now: Timestamp) -> bool {
        if self.at == Place::Token {
            return !self.learned.is_token_good(now);
        }
        if self.at == Place::Profile && self.joins_profile {
            return false;
        }
        if slot.if_missing && self.found.is_some() {
            return false;
        }
        let env = self.env();
        slot.when.as_ref().is_none_or(|when| when.eval(&env).truth() == Some(true))
    }

    /// Takes what an earlier message found that asked the very same.
    fn recalls(&mut self, slot: &Slot, now: Timestamp) -> bool {
        if self.at != Place::Lookup || slot.keep.is_none() || self.lacks(&slot.needs).is_some() {
            return false;
        }
        let inner = &self.inner;
        let request = slot.request(inner, &inner.connector.headers, &mut self.env());
        self.find.key = request
            .ok()
            .map(|request| keep::key(&request, &inner.secret_headers, inner.credential));
        let known = self.find.key.filter(|_| !self.find.asks);
        let Some(found) = known.and_then(|key| self.learned.found(&key, now)) else { return false };
        self.found = Some(found.clone());
        self.find.is_old = true;
        true
    }

    /// Forgets what was found; says whether an earlier message had found it.
    pub(super) fn forget(&mut self) -> bool {
        if let Some(key) = self.find.key {
            self.learned.forget(key);
        }
        std::mem::take(&mut self.find.is_old)
    }

    /// What its templates see.
    pub(super) fn env(&self) -> Env<'_> {
        Env::over(&self.frozen.fields)
            .with("properties", &self.frozen.properties)
            .with("values", &self.frozen.values)
            .with("settings", &self.inner.settings)
            .with("fields", &self.frozen.fields)
            .with("name", self.frozen.name.as_str())
            .with("backfill", self.backfill)
            .with("token", self.learned.token())
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
        let seconds = slot.lives.as_ref().and_then(|lives| lives.eval(&env).as_text());
        let seconds = seconds.and_then(|text| text.parse::<i64>().ok()).unwrap_or(300);
        let until = now + Duration::from_secs(u64::try_from(seconds).unwrap_or(300));
        let found_until = slot.keep.map(|time| now + time);
        self.keep(taken, until.checked_sub(TOKEN_MARGIN).unwrap_or(until), found_until);
    }

    /// Remembers what was taken of an answer: until when a token is good, and until when what was
    /// found is good for other messages.
    fn keep(&mut self, taken: Map, until: Timestamp, found_until: Option<Timestamp>) {
        match self.at {
            Place::Token => self.learned.set_token(Some((taken, until))),
            Place::Lookup if taken.is_empty() => self.found = None,
            Place::Lookup | Place::Profile => {
                if let (Some(until), Some(key)) = (found_until, self.find.key) {
                    self.learned.keep(key, &taken, until);
                }
                let found = self.found.get_or_insert_with(Map::new);
                for (name, value) in taken.iter() {
                    found.set(name, value.clone());
                }
            }
            Place::Send | Place::Check => {}
        }
    }

    pub(super) fn may_renew_token(&self) -> bool {
        self.connector().token.is_some() && !self.token_renewed && self.at != Place::Token
    }

    /// Asks for another token, once, where one was refused.
    pub(super) fn renew_token(&mut self, now: Timestamp) -> Step {
        self.token_renewed = true;
        self.learned.set_token(None);
        self.at = Place::Token;
        self.next(now)
    }
}

fn failed(detail: &str) -> Step {
    Step::Done { verdict: Verdict::Rejected, detail: detail.to_owned() }
}
