//! Many messages on their way in one request, and what becomes of each.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;
use parcelwire_domain::{List, Value};

use super::{Many, Plan};
use crate::{
    ask::Read,
    blocks::outcome::Verdict,
    destination::{Exchange, Learned, Step, judge::usual, ready::Inner},
    expr::{Env, Template},
    http::{HttpAnswer, HttpRequest},
};

/// Messages that share a request, on their way. Like an [`Exchange`], without I/O.
#[derive(Debug)]
pub struct Batch {
    inner: Arc<Inner>,
    parts: Vec<Part>,
    group: Option<String>,
    learned: Learned,
    at: Place,
    profiles_done: bool,
    token_renewed: bool,
}

/// One message among them.
#[derive(Debug)]
struct Part {
    exchange: Exchange,
    key: Option<String>,
    end: Option<End>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// A request of one message's own.
    One(usize),
    Profile,
    Send,
}

/// What a batch wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum BatchStep {
    /// Send this, and hand over the answer.
    Send(HttpRequest),
    /// It is over.
    Done {
        /// What it came to for all: `partial` where not all ended alike.
        whole: Verdict,
        /// What it came to for each message, in their order.
        each: Vec<End>,
    },
}

/// What became of one message of a batch.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// It was tried.
    Tried {
        /// What it came to.
        verdict: Verdict,
        /// Plain words for people; names no person and no secret.
        detail: String,
    },
    /// The request failed and nobody can say for whom: to be sent by itself.
    Alone {
        /// Why, in plain words.
        detail: String,
    },
    /// It did not fit into this request: to be sent with another one.
    Left,
}

impl Batch {
    pub(in crate::destination) fn new(
        inner: Arc<Inner>,
        exchanges: Vec<Exchange>,
        learned: &Learned,
    ) -> Self {
        let part = |exchange| Part { exchange, key: None, end: None };
        Self {
            inner,
            parts: exchanges.into_iter().map(part).collect(),
            group: None,
            learned: learned.clone(),
            at: Place::Send,
            profiles_done: false,
            token_renewed: false,
        }
    }

    /// The first step.
    pub fn start(&mut self, now: Timestamp) -> BatchStep {
        let inner = Arc::clone(&self.inner);
        let Some(plan) = &inner.connector.batch else { return self.done() };
        self.gather(plan);
        self.next(plan, now)
    }

    /// The step after an answer.
    pub fn on(&mut self, answer: &HttpAnswer, now: Timestamp) -> BatchStep {
        let inner = Arc::clone(&self.inner);
        let Some(plan) = &inner.connector.batch else { return self.done() };
        let step = match (self.at, &plan.profile) {
            (Place::One(place), _) => self.heard_of_one(place, answer, now),
            (Place::Profile, Some(many)) => self.heard_of_all(many, answer, now),
            (Place::Profile | Place::Send, _) => self.heard_of_all(&plan.send, answer, now),
        };
        step.unwrap_or_else(|| self.next(plan, now))
    }

    /// What it learned on the way.
    pub fn learned(&self) -> Learned {
        self.learned.clone()
    }

    /// Who belongs together; the others are left for another request.
    fn gather(&mut self, plan: &Plan) {
        let (mut count, mut seen) = (0, BTreeSet::new());
        for part in &mut self.parts {
            part.exchange.joins_profile = plan.profile.is_some();
            if let Some(step) = part.exchange.lacks(&self.inner.connector.needs) {
                part.end(step);
                continue;
            }
            let env = part.exchange.env();
            let (group, key) = (text(plan.group.as_ref(), &env), text(plan.key.as_ref(), &env));
            drop(env);
            let fits = count < plan.most
                && (count == 0 || self.group == group)
                && key.as_ref().is_none_or(|key| seen.insert(key.to_lowercase()));
            if !fits {
                part.end = Some(End::Left);
                continue;
            }
            count += 1;
            self.group = group;
            part.key = key;
        }
    }

    fn next(&mut self, plan: &Plan, now: Timestamp) -> BatchStep {
        for place in 0..self.parts.len() {
            if let Some(request) = self.ask_for_one(place, now) {
                self.at = Place::One(place);
                return BatchStep::Send(request);
            }
        }
        if let (Some(many), false) = (&plan.profile, self.profiles_done) {
            self.at = Place::Profile;
            return self.ask_for_all(plan, many, now).unwrap_or_else(|| self.done());
        }
        self.at = Place::Send;
        self.ask_for_all(plan, &plan.send, now).unwrap_or_else(|| self.done())
    }

    /// The next request of a message's own, until only the event itself is left to be sent.
    fn ask_for_one(&mut self, place: usize, now: Timestamp) -> Option<HttpRequest> {
        let inner = Arc::clone(&self.inner);
        let part = self.parts.get_mut(place).filter(|part| part.end.is_none())?;
        part.exchange.learned = self.learned.clone();
        if !part.exchange.advance(now) {
            return None;
        }
        if part.exchange.is_before_send() {
            if let Some(step) = part.exchange.lacks(&inner.connector.send.needs) {
                part.end(step);
            }
            return None;
        }
        match part.exchange.ask(now) {
            Step::Send(request) => Some(request),
            done @ Step::Done { .. } => {
                part.end(done);
                None
            }
        }
    }

    /// Takes the answer to one message's own request; `None` to go on.
    fn heard_of_one(
        &mut self,
        place: usize,
        answer: &HttpAnswer,
        now: Timestamp,
    ) -> Option<BatchStep> {
        let part = self.parts.get_mut(place)?;
        match part.exchange.heard(answer, now) {
            None => self.learned = part.exchange.learned(),
            Some(Step::Send(request)) => return Some(BatchStep::Send(request)),
            Some(Step::Done { verdict, detail }) => {
                part.end = Some(End::Tried { verdict: verdict.clone(), detail: detail.clone() });
                self.spread(&verdict, &detail);
            }
        }
        None
    }

    /// What is wrong for one message and would be for all is not tried with each.
    fn spread(&mut self, verdict: &Verdict, detail: &str) {
        let end = match verdict {
            Verdict::KeyWrong | Verdict::VersionRetired => {
                End::Tried { verdict: verdict.clone(), detail: detail.to_owned() }
            }
            Verdict::Again { all: true, .. } => End::Left,
            Verdict::Again { all: false, .. }
            | Verdict::Sent
            | Verdict::Rejected
            | Verdict::Partial(_)
            | Verdict::SettingsWrong => {
                return;
            }
        };
        for part in self.parts.iter_mut().filter(|part| part.end.is_none()) {
            part.end = Some(end.clone());
        }
    }

    /// The request for all that are still under way; `None` where none is.
    fn ask_for_all(&mut self, plan: &Plan, many: &Many, now: Timestamp) -> Option<BatchStep> {
        let inner = Arc::clone(&self.inner);
        for part in self.parts.iter_mut().filter(|part| part.end.is_none()) {
            part.exchange.learned = self.learned.clone();
        }
        let empty = self.request(&inner, many, &[]);
        // Each item brings a comma, but for the first.
        let empty = empty.map_or(0, |request| request.body.len());
        let mut room = (plan.most_bytes.saturating_add(1)).saturating_sub(empty);
        let connector = &inner.connector;
        let single = match self.at {
            Place::Profile => connector.profile.as_ref(),
            Place::Send | Place::One(_) => Some(&connector.send),
        };
        let mut items: Vec<Value> = Vec::new();
        for part in self.parts.iter_mut().filter(|part| part.end.is_none()) {
            let Some(item) = many.item(single, &part.exchange) else {
                let detail = "there is nothing to tell".to_owned();
                part.end = Some(End::Tried { verdict: Verdict::Rejected, detail });
                continue;
            };
            let bytes = item.to_json().len() + 1;
            if bytes > room && !items.is_empty() {
                part.end = Some(End::Left);
                continue;
            }
            room = room.saturating_sub(bytes);
            items.push(item);
        }
        if items.is_empty() {
            return None;
        }
        match self.request(&inner, many, &items) {
            Ok(request) => Some(BatchStep::Send(request)),
            Err(detail) => {
                self.end_all(&Verdict::Rejected, &detail);
                Some(self.next(plan, now))
            }
        }
    }

    fn request(&self, inner: &Inner, many: &Many, items: &[Value]) -> Result<HttpRequest, String> {
        let items = Value::List(List::from(items.to_vec()));
        let mut env = Env::new()
            .with("items", &items)
            .with("group", self.group.as_deref())
            .with("settings", &inner.settings)
            .with("token", self.learned.token());
        many.slot.request(inner, &inner.connector.headers, &mut env)
    }

    /// Takes the answer to a request for many; `None` to go on.
    fn heard_of_all(
        &mut self,
        many: &Many,
        answer: &HttpAnswer,
        now: Timestamp,
    ) -> Option<BatchStep> {
        let inner = Arc::clone(&self.inner);
        let read = Read::new(answer);
        let verdict = inner.judge(&many.slot, usual(answer.status), &read, now);
        let together = self.under_way().count();
        if verdict != Verdict::Sent && inner.forgets(&many.slot, &read) {
            // Answers tell by places: nobody may go before each was told of.
            let is_whole = !matches!(verdict, Verdict::Partial(_));
            self.forget_finds(is_whole.then(|| inner.detail(&read)).as_deref());
        }
        // What the file takes for a success of one message, as a repetition, is none of many.
        let good = (200..=299).contains(&answer.status);
        let own = || many.slot.answers.judge(&read, &inner.settings).is_some();
        let borrowed = verdict == Verdict::Sent && !good && !own();
        match if borrowed { &Verdict::Rejected } else { &verdict } {
            Verdict::Sent | Verdict::Partial(_) => self.tell(many, &read, &verdict),
            Verdict::KeyWrong if self.may_renew_token() => return self.renew_token(now),
            // One may have spoilt it for all.
            Verdict::Rejected if together > 1 => {
                let detail = inner.detail(&read);
                for part in self.parts.iter_mut().filter(|part| part.end.is_none()) {
                    part.end = Some(End::Alone { detail: detail.clone() });
                }
            }
            Verdict::Rejected
            | Verdict::Again { .. }
            | Verdict::KeyWrong
            | Verdict::SettingsWrong
            | Verdict::VersionRetired => self.end_all(&verdict, &inner.detail(&read)),
        }
        self.profiles_done = true;
        None
    }

    /// Forgets what lookups found. Where all failed alike, who used what an earlier message had found
    /// goes by itself, and asks anew.
    fn forget_finds(&mut self, failed: Option<&str>) {
        for part in self.parts.iter_mut().filter(|part| part.end.is_none()) {
            part.exchange.learned = self.learned.clone();
            if let (true, Some(detail)) = (part.exchange.forget(), failed) {
                part.end = Some(End::Alone { detail: detail.to_owned() });
            }
            self.learned = part.exchange.learned();
        }
    }

    /// Ends those of which the answer says something; after the event itself all of them.
    fn tell(&mut self, many: &Many, read: &Read<'_>, verdict: &Verdict) {
        let inner = Arc::clone(&self.inner);
        let status = read.answer.status;
        let keys: Vec<Option<&str>> = self.under_way().map(|part| part.key.as_deref()).collect();
        let told = many.results.told(read, &keys);
        // A failure that nobody can be named for may be anybody's of whom nothing was said.
        let unclear = told.stray
            || (matches!(verdict, Verdict::Partial(_)) && !(200..=299).contains(&status));
        let ends: Vec<Option<End>> = told
            .each
            .into_iter()
            .map(|said| match said {
                Some((Verdict::Sent, _)) => self.well(status),
                Some((verdict, said)) => {
                    Some(End::Tried { verdict, detail: inner.told(status, &said) })
                }
                None if unclear => Some(End::Alone { detail: inner.detail(read) }),
                None => self.well(status),
            })
            .collect();
        let under_way = self.parts.iter_mut().filter(|part| part.end.is_none());
        for (part, end) in under_way.zip(ends) {
            part.end = end;
        }
    }

    /// The end of what went well, if it is one.
    fn well(&self, status: u16) -> Option<End> {
        let detail = format!("answered {status}");
        (self.at == Place::Send).then_some(End::Tried { verdict: Verdict::Sent, detail })
    }

    fn under_way(&self) -> impl Iterator<Item = &Part> {
        self.parts.iter().filter(|part| part.end.is_none())
    }

    fn may_renew_token(&self) -> bool {
        let first = self.under_way().next();
        !self.token_renewed && first.is_some_and(|part| part.exchange.may_renew_token())
    }

    /// The first message asks for a token anew, for all.
    fn renew_token(&mut self, now: Timestamp) -> Option<BatchStep> {
        self.token_renewed = true;
        let place = self.parts.iter().position(|part| part.end.is_none())?;
        self.at = Place::One(place);
        let part = self.parts.get_mut(place)?;
        match part.exchange.renew_token(now) {
            Step::Send(request) => Some(BatchStep::Send(request)),
            Step::Done { verdict, detail } => {
                self.end_all(&verdict, &detail);
                None
            }
        }
    }

    fn end_all(&mut self, verdict: &Verdict, detail: &str) {
        for part in self.parts.iter_mut().filter(|part| part.end.is_none()) {
            let detail = detail.to_owned();
            part.end = Some(End::Tried { verdict: verdict.clone(), detail });
        }
    }

    fn done(&self) -> BatchStep {
        let each: Vec<End> =
            self.parts.iter().map(|part| part.end.clone().unwrap_or(End::Left)).collect();
        let verdicts: Vec<Verdict> = each.iter().map(End::verdict).collect();
        let whole = match verdicts.split_first() {
            Some((first, others)) if others.iter().all(|other| other == first) => first.clone(),
            _ => Verdict::Partial(verdicts),
        };
        BatchStep::Done { whole, each }
    }
}

fn text<'a>(template: Option<&'a Template>, env: &Env<'a>) -> Option<String> {
    template?.eval(env).as_text().map(|text| text.into_owned())
}

impl Part {
    fn end(&mut self, step: Step) {
        if let Step::Done { verdict, detail } = step {
            self.end = Some(End::Tried { verdict, detail });
        }
    }
}

impl End {
    /// What it means for the message: what was not tried is tried again.
    pub fn verdict(&self) -> Verdict {
        match self {
            Self::Tried { verdict, .. } => verdict.clone(),
            Self::Alone { .. } | Self::Left => Verdict::AGAIN,
        }
    }
}
