//! One attempt to send one message.

use std::{sync::PoisonError, time::Duration};

use jiff::Timestamp;
use parcelwire_domain::{
    Value,
    id::MerchantId,
    past::{Past, Telling},
};
use parcelwire_mapping::{
    blocks::outcome::Verdict,
    destination::{Exchange, Frozen, Learned, MAX_REQUESTS, ReadyDestination, Step},
    http::{HttpAnswer, HttpRequest},
};
use tracing::Instrument as _;

use super::{
    Desk, Terms,
    verdict::{Follow, MAX_HELD, follow, of_error},
};
use crate::{
    Messages,
    engine::Shared,
    metrics::Metrics,
    ports::{
        Attempt, Conclusion, Exchanged, NewMessage, Next, Owner, PauseChange, ReadyMessage,
        TransportError,
    },
    trace::{Detail, HEADER, Took, Trace, Traceparent, text},
};

/// Longest body that is kept for people to look at.
const MAX_SHOWN_BYTES: usize = 16 * 1024;

/// Whether somebody objected is asked again after this, where the store did not say.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A later request of an exchange waits so long for its turn: what came before it would have to be asked
/// again.
const IN_BETWEEN: Duration = Duration::from_mins(1);

/// What is told of an attempt that waited for longer.
const NO_TURN: &str = "the limits allowed no further request for now";

/// A destination that is gone from the files is looked for again after this.
const LOOK_AGAIN: Duration = Duration::from_hours(1);

impl Desk {
    /// Sends one message, or decides not to; leaves it alone when there is no turn for it within
    /// `terms.patience`, and says when there may be.
    pub(super) async fn attempt(
        &self,
        ready: &ReadyMessage,
        terms: Terms,
    ) -> Result<Conclusion, Timestamp> {
        let now = self.shared.clock.now();
        let book = self.shared.rules.book();
        let message = &ready.message;
        let held = Duration::try_from(now.duration_since(message.created_at));
        if held.unwrap_or(Duration::ZERO) > MAX_HELD {
            return Ok(not_tried(ready, dead("held_too_long"), now));
        }
        let target = book
            .merchant(message.merchant.as_str())
            .and_then(|merchant| merchant.destinations.get(&message.destination));
        let Some(target) = target else {
            // Its files may come back: held like any other message.
            let again = Next::Again { at: now + LOOK_AGAIN, counts: false };
            return Ok(not_tried(ready, again, now));
        };
        let mut target = target.ready.clone();
        if let (true, Messages::Sandbox(url)) = (message.sandbox, &self.shared.settings.messages) {
            target = target.at(url);
        }
        let fresh = self.shared.fresh.take(message.id);
        let Some(frozen) = fresh.or_else(|| Frozen::read(&message.frozen)) else {
            tracing::error!(message.id = %message.id, "a stored message cannot be read");
            return Ok(not_tried(ready, dead("unreadable"), now));
        };
        if let Some(end) = self.objected(ready, &frozen, now).await {
            return Ok(end);
        }
        match telling(message, &frozen, target.past(), now) {
            Telling::Not => {
                let why = Next::Cancelled { why: "too_old".to_owned() };
                Ok(not_tried(ready, why, now))
            }
            telling @ (Telling::News | Telling::Record) => {
                let backfill = telling == Telling::Record;
                self.send(ready, &target, frozen, backfill, terms).await
            }
        }
    }

    /// The end of a message whose reader has objected since it was made; a try later, where that cannot
    /// be known.
    async fn objected(
        &self,
        ready: &ReadyMessage,
        frozen: &Frozen,
        now: Timestamp,
    ) -> Option<Conclusion> {
        let purpose = frozen.fields.get("message_purpose").and_then(Value::as_text);
        let is_promotional = purpose == Some("promotional");
        let merchant = &ready.message.merchant;
        let next = match self.shared.has_objected(merchant, &frozen.fields, is_promotional).await {
            Ok(false) => return None,
            Ok(true) => {
                Metrics::count(&self.shared.metrics.unwanted, "objected");
                Next::Cancelled { why: "objected".to_owned() }
            }
            Err(error) => {
                Metrics::count(&self.shared.metrics.store_errors, "objections");
                tracing::warn!(%error, "whether the reader has objected is not known: it waits");
                Next::Again { at: now + ASK_AGAIN, counts: false }
            }
        };
        Some(not_tried(ready, next, now))
    }

    async fn send(
        &self,
        ready: &ReadyMessage,
        target: &ReadyDestination,
        frozen: Frozen,
        backfill: bool,
        terms: Terms,
    ) -> Result<Conclusion, Timestamp> {
        let message = &ready.message;
        let learned = self.learned(message, target);
        let began = self.shared.clock.now();
        let told = frozen.trace.as_deref().and_then(Traceparent::read);
        let trace = self.shared.trace(message.receipt, told);
        let mut exchange = target.exchange(frozen, message.trigger, backfill, &learned);
        let span = tracing::debug_span!(
            "attempt",
            trace_id = %format_args!("{:032x}", trace.id),
            message.id = %message.id,
            attempt.number = ready.tries + 1
        );
        let (trail, mut shown) = (Trail { trace, ready }, Vec::new());
        let walk = self.walk(&mut exchange, target, &trail, &mut shown, terms);
        let (verdict, detail) = walk.instrument(span).await?;
        self.learn(message, target, &exchange.learned());
        let now = self.shared.clock.now();
        let follow = self.follow(&verdict, ready, &target.fingerprint(), now);
        if let Some(until) = follow.rest {
            self.shared.rest(target.credential(), target.limits(), until).await;
        }
        if follow.next == Next::Sent {
            // Receipt ids begin with the time at which the webhook came.
            let received_ms = i64::try_from(message.receipt.bits() >> 80).unwrap_or(0);
            let lag = now.as_millisecond().saturating_sub(received_ms);
            self.shared.metrics.lag_seconds.observe(lag as f64 / 1000.0);
        }
        let took = Duration::try_from(now.duration_since(began)).unwrap_or(Duration::ZERO);
        let attempt = Attempt {
            number: ready.tries + 1,
            at: began,
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            exchange: shown,
            verdict: verdict.name().to_owned(),
            detail,
        };
        tracing::debug!(
            message.id = %message.id, attempt.number = attempt.number,
            verdict = attempt.verdict, duration_ms = attempt.took_ms, "attempted"
        );
        Ok(Conclusion {
            merchant: message.merchant.clone(),
            destination: message.destination.clone(),
            message: message.id,
            attempt: Some(attempt),
            next: follow.next,
            backfill,
            pause: follow.pause,
            at: now,
        })
    }

    /// What follows from a verdict. A pause is known from here on, before it is written: what is under way
    /// meanwhile and meets the same refusal waits for the same end, and goes on with the others.
    fn follow(
        &self,
        verdict: &Verdict,
        ready: &ReadyMessage,
        fingerprint: &str,
        now: Timestamp,
    ) -> Follow {
        let chance = self.shared.chance.fraction();
        let key = (ready.message.merchant.clone(), ready.message.destination.clone());
        let mut paused = self.paused.lock().unwrap_or_else(PoisonError::into_inner);
        let follow = follow(verdict, ready, fingerprint, paused.get(&key).copied(), now, chance);
        if let Some(PauseChange::Pause(pause)) = &follow.pause {
            paused.insert(key, pause.until);
        }
        follow
    }

    /// What earlier messages learned under the settings in force.
    fn learned(&self, message: &NewMessage, target: &ReadyDestination) -> Learned {
        let known = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.get(&(message.merchant.clone(), message.destination.clone()));
        let own = known.filter(|(settings, _)| *settings == target.fingerprint());
        own.map(|(_, learned)| learned.clone()).unwrap_or_default()
    }

    /// Keeps what this one learned. What was learned under other settings goes.
    fn learn(&self, message: &NewMessage, target: &ReadyDestination, news: &Learned) {
        if !news.has_news() {
            return;
        }
        let mut known = self.learned.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (message.merchant.clone(), message.destination.clone());
        let (settings, learned) = known.entry(key).or_default();
        if *settings != target.fingerprint() {
            (*settings, *learned) = (target.fingerprint(), Learned::default());
        }
        learned.learn(news);
    }

    /// Whether it is still this instance that speaks for a merchant, under the lease that it had when the
    /// message was handed out. It may have waited for its turn, or stood still: then somebody else tells
    /// what is to be told, or this one under a later lease, and maybe more by now.
    async fn is_ours(&self, merchant: &MerchantId, epoch: Option<u64>) -> bool {
        let held = self.shared.held().await;
        let current = held.and_then(|held| held.epoch(&Owner::Merchant(merchant.clone())));
        current.is_some() && current == epoch
    }

    /// Walks through the requests of an exchange. The first one waits for its turn for `terms.patience` only, and
    /// nothing has happened then; a later one for longer, and it ends the attempt.
    async fn walk(
        &self,
        exchange: &mut Exchange,
        target: &ReadyDestination,
        trail: &Trail<'_>,
        shown: &mut Vec<Exchanged>,
        terms: Terms,
    ) -> Result<(Verdict, String), Timestamp> {
        let (credential, rates) = (target.credential(), target.limits());
        let mut step = exchange.start(self.shared.clock.now());
        for number in 0..=MAX_REQUESTS {
            let mut request = match step {
                Step::Done { verdict, detail } => return Ok((verdict, detail)),
                Step::Send(request) => request,
            };
            let mut seen = show_request(&request, target);
            let span = trail.mark(&self.shared, &mut request, number);
            let Terms { patience, epoch } = terms;
            let patience = if shown.is_empty() { patience } else { patience.max(IN_BETWEEN) };
            match self.shared.turn(credential, rates, patience).await {
                Ok(()) => {}
                Err(until) if shown.is_empty() => return Err(until),
                Err(until) => {
                    let now = self.shared.clock.now();
                    let after = Duration::try_from(until.duration_since(now)).ok();
                    return Ok((Verdict::Again { after, all: true }, NO_TURN.to_owned()));
                }
            }
            if !self.is_ours(&trail.ready.message.merchant, epoch).await {
                self.shared.turn_ended(credential, rates).await;
                return Ok((
                    Verdict::AGAIN,
                    "another instance has taken over, or did meanwhile".to_owned(),
                ));
            }
            let began = self.shared.clock.now();
            let method = request.method.clone();
            let answer = self.shared.transport.send(request).await;
            self.shared.turn_ended(credential, rates).await;
            let now = self.shared.clock.now();
            trail.tell(&self.shared, span, &method, (began, now), &answer);
            match answer {
                Ok(answer) => {
                    seen.answer = answer.status.to_string();
                    seen.answer_body = shown_text(&answer.body, target);
                    shown.push(seen);
                    step = exchange.on(&answer, now);
                }
                Err(error) => {
                    seen.answer = target.mask(&error.to_string());
                    shown.push(seen);
                    return Ok((of_error(&error), detail(&error, target)));
                }
            }
        }
        Ok((Verdict::Rejected, "the exchange did not come to an end".to_owned()))
    }
}

/// The trace of a message's requests.
struct Trail<'a> {
    trace: Trace,
    ready: &'a ReadyMessage,
}

impl Trail<'_> {
    /// Gives a request its place in the trace. No signature that a connector makes covers headers.
    fn mark(&self, shared: &Shared, request: &mut HttpRequest, number: u32) -> u64 {
        let id = Trace::request(self.ready.message.id, self.ready.tries + 1, number);
        let is_there = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(HEADER));
        if shared.settings.tracing.propagates && !is_there {
            request.headers.push((HEADER.to_owned(), self.trace.header(id)));
        }
        id
    }

    fn tell(
        &self,
        shared: &Shared,
        id: u64,
        method: &str,
        (began, ended): (Timestamp, Timestamp),
        answer: &Result<HttpAnswer, TransportError>,
    ) {
        if !shared.records(&self.trace) {
            return;
        }
        let message = &self.ready.message;
        let mut details = vec![
            ("message.id", text(message.id)),
            ("merchant.id", text(&message.merchant)),
            ("destination.name", text(&message.destination)),
            ("trigger", text(message.trigger.name())),
            ("attempt.number", Detail::Number(i64::from(self.ready.tries) + 1)),
            ("http.request.method", text(method)),
        ];
        if let Ok(answer) = answer {
            let status = Detail::Number(i64::from(answer.status));
            details.push(("http.response.status_code", status));
        }
        let failed = answer.as_ref().map_or(true, |answer| answer.status >= 400);
        shared.sent(&self.trace, id, Took { began, ended, details, failed });
    }
}

/// How a message is told by now: it may have aged while it waited.
fn telling(message: &NewMessage, frozen: &Frozen, past: Past, now: Timestamp) -> Telling {
    if message.backfill {
        return Telling::Record;
    }
    let happened = frozen.occurred_at().unwrap_or(message.created_at);
    past.telling(message.fresh_until < now, happened, now)
}

fn detail(error: &TransportError, target: &ReadyDestination) -> String {
    target.mask(&error.to_string())
}

fn show_request(request: &HttpRequest, target: &ReadyDestination) -> Exchanged {
    Exchanged {
        request: target.mask(&format!("{} {}", request.method, request.url)),
        body: shown_text(&request.body, target),
        answer: String::new(),
        answer_body: String::new(),
    }
}

fn shown_text(bytes: &[u8], target: &ReadyDestination) -> String {
    let part = bytes.get(..MAX_SHOWN_BYTES).unwrap_or(bytes);
    // Nearly always it is text, and that is seen faster than it is mended.
    match std::str::from_utf8(part) {
        Ok(text) => target.mask(text),
        Err(_) => target.mask(&String::from_utf8_lossy(part)),
    }
}

fn dead(why: &str) -> Next {
    Next::Dead { why: why.to_owned() }
}

pub(super) fn not_tried(ready: &ReadyMessage, next: Next, now: Timestamp) -> Conclusion {
    let message = &ready.message;
    Conclusion {
        merchant: message.merchant.clone(),
        destination: message.destination.clone(),
        message: message.id,
        attempt: None,
        next,
        backfill: message.backfill,
        pause: None,
        at: now,
    }
}
