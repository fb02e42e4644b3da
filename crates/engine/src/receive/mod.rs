//! A webhook request: whose it is → verified → durable → answered. Nothing of it is understood
//! here beyond topic and delivery id.

mod answer;
mod coalesce;
mod keys;
mod limiter;

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::id::{FeedName, MerchantId, ReceiptId, RefusedId, SourceName};
use parcelwire_mapping::{
    blocks::verify::{Headers, Incoming, Refusal},
    book::{Entry, Feed},
    merchant::Merchant,
    source::{HandshakeAnswer, ReadySource},
};
use sha2::{Digest as _, Sha256};

use crate::{
    engine::Shared,
    metrics::Metrics,
    ports::{Accepted, Body, NewReceipt, Owner, Refused},
    trace::{HEADER, Took, Traceparent, text},
};
use coalesce::{Coalescer, Full};
use keys::Keys;
use limiter::Limiter;

pub use answer::Answer;

/// Where a request was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// `/hooks/{merchant}/{source}`
    Source {
        /// The merchant's id.
        merchant: &'a str,
        /// The source's name.
        source: &'a str,
    },
    /// `/feeds/{feed}`
    Feed(&'a str),
}

/// A webhook request as it came in.
#[derive(Debug, Clone)]
pub struct Hook<'a> {
    /// Where it was sent to.
    pub target: Target<'a>,
    /// The method.
    pub method: &'a str,
    /// The path, with what stands behind the source's name.
    pub path: &'a str,
    /// The query string.
    pub query: &'a str,
    /// All headers.
    pub headers: &'a [(&'a str, &'a str)],
    /// The raw body.
    pub body: Bytes,
    /// The sender's address.
    pub client: IpAddr,
}

/// The receiving stage.
pub(crate) struct Receive {
    shared: Arc<Shared>,
    coalescer: Coalescer,
    limiter: Limiter,
    keys: Keys,
}

/// Whose a request is.
enum Place {
    Merchant(Arc<Merchant>, SourceName),
    Feed(Arc<Feed>, FeedName),
}

impl Place {
    fn ready(&self) -> Option<&ReadySource> {
        match self {
            Self::Merchant(merchant, source) => {
                merchant.sources.get(source).map(|source| &source.ready)
            }
            Self::Feed(feed, _) => Some(&feed.source),
        }
    }

    fn owner(&self) -> Owner {
        match self {
            Self::Merchant(merchant, _) => Owner::Merchant(merchant.id.clone()),
            Self::Feed(_, name) => Owner::Feed(name.clone()),
        }
    }

    fn source(&self) -> SourceName {
        match self {
            Self::Merchant(_, source) => source.clone(),
            Self::Feed(_, name) => {
                SourceName::parse(name.as_str()).expect("both keep to one alphabet")
            }
        }
    }
}

impl Receive {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let coalescer = Coalescer::new(Arc::clone(&shared.ledger));
        let keys = Keys::new(Arc::clone(&shared.transport), Arc::clone(&shared.clock));
        Self { shared, coalescer, limiter: Limiter::default(), keys }
    }

    pub(crate) async fn finish(&self) {
        self.coalescer.finish().await;
    }

    pub(crate) async fn take(&self, hook: Hook<'_>) -> Answer {
        let answer = match self.place(hook.target) {
            Ok(place) => self.at(&place, &hook).await,
            Err(answer) => answer,
        };
        Metrics::count(&self.shared.metrics.received, answer.code());
        answer
    }

    fn place(&self, target: Target<'_>) -> Result<Place, Answer> {
        let book = self.shared.rules.book();
        match target {
            Target::Feed(name) => {
                let name = FeedName::parse(name).map_err(|_| Answer::UnknownSource)?;
                match book.feeds.get(&name) {
                    Some(feed) if feed.source.connector().has_webhooks() => {
                        Ok(Place::Feed(Arc::clone(feed), name))
                    }
                    _ => Err(Answer::UnknownSource),
                }
            }
            Target::Source { merchant, source } => {
                let id = MerchantId::parse(merchant).map_err(|_| Answer::UnknownSource)?;
                let merchant = match book.merchants.get(&id) {
                    Some(Entry::Ready { merchant, .. }) => merchant,
                    Some(Entry::Misconfigured) => return Err(Answer::Misconfigured),
                    None => return Err(Answer::UnknownSource),
                };
                let name = SourceName::parse(source).map_err(|_| Answer::UnknownSource)?;
                match merchant.sources.get(&name) {
                    // A share of a feed has no address of its own, nor what is only polled.
                    Some(source)
                        if source.feed.is_none() && source.ready.connector().has_webhooks() =>
                    {
                        Ok(Place::Merchant(Arc::clone(merchant), name))
                    }
                    _ => Err(Answer::UnknownSource),
                }
            }
        }
    }

    async fn at(&self, place: &Place, hook: &Hook<'_>) -> Answer {
        let Some(ready) = place.ready() else { return Answer::UnknownSource };
        let request = Incoming {
            method: hook.method,
            path: hook.path,
            query: hook.query,
            ..Incoming::post(Headers::new(hook.headers), &hook.body)
        };
        let now = self.shared.clock.now();
        match ready.handshake(&request, now) {
            Some(Ok(answer)) => {
                let HandshakeAnswer { status, content_type, body } = answer;
                return Answer::Handshake { status, content_type, body };
            }
            Some(Err(refusal)) => return self.refuse(place, hook, &refusal).await,
            None if hook.method != "POST" => return Answer::MethodNotAllowed,
            None => {}
        }
        let deadline = now + self.shared.settings.accept_deadline;
        let known = match ready.wanted_key(&request) {
            Some(wanted) => Some(self.keys.known(wanted, now, deadline).await),
            None => None,
        };
        let request = Incoming { keys: known.as_ref(), ..request };
        match ready.verify(&request, now) {
            Ok(verified) => {
                self.accept(place, ready, hook, &request, verified.method, deadline).await
            }
            Err(Refusal::KeyUnavailable { .. }) => self.unavailable(place, hook, now),
            Err(refusal) => self.refuse(place, hook, &refusal).await,
        }
    }

    async fn accept(
        &self,
        place: &Place,
        ready: &ReadySource,
        hook: &Hook<'_>,
        request: &Incoming<'_>,
        method: &str,
        deadline: Timestamp,
    ) -> Answer {
        let shared = &self.shared;
        let now = shared.clock.now();
        let unix_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let receipt = Verified {
            id: ReceiptId::at(unix_ms, shared.chance.bits()),
            owner: place.owner(),
            source: place.source(),
            received_at: now,
            method,
        };
        let id = receipt.id;
        let trace = shared.trace(id, Traceparent::told(hook.headers.iter().copied()));
        let receipt = receipt.receipt(ready, hook, request);
        let accepted = tokio::select! {
            biased;
            accepted = self.coalescer.accept(receipt) => accepted,
            () = shared.clock.until(deadline) => Err(Full),
        };
        let ended = shared.clock.now();
        shared.metrics.accept_seconds.observe(ended.duration_since(now).as_secs_f64());
        if shared.records(&trace) {
            let details = vec![("source.name", text(place.source())), ("receipt.id", text(id))];
            let failed = !matches!(accepted, Ok(Ok(_)));
            shared.received(&trace, Took { began: now, ended, details, failed });
        }
        let custom = ready.answer();
        let custom = custom.map(|(status, kind, body)| (status, kind.to_owned(), body.to_owned()));
        match accepted {
            Ok(Ok(Accepted::New(id))) => Answer::Accepted { id, custom },
            Ok(Ok(Accepted::Duplicate(id))) => Answer::Duplicate { id, custom },
            Ok(Err(error)) => {
                Metrics::count(&shared.metrics.store_errors, "accept");
                let trace_id = format_args!("{:032x}", trace.id);
                tracing::warn!(%error, %trace_id, "a webhook could not be stored");
                Answer::StoreUnavailable
            }
            Err(Full) => Answer::StoreUnavailable,
        }
    }

    /// The key that a request names cannot be had now: whose fault that is cannot be told. It
    /// counts against its sender as a wrong signature would, so that invented keys lead nowhere.
    fn unavailable(&self, place: &Place, hook: &Hook<'_>, now: Timestamp) -> Answer {
        match self.limiter.failed(&place.owner(), &place.source(), hook.client, now) {
            Ok(()) => Answer::StoreUnavailable,
            Err(retry_after) => Answer::TooManyFailures { retry_after },
        }
    }

    /// A wrong signature counts against its sender; a right one never does.
    async fn refuse(&self, place: &Place, hook: &Hook<'_>, refusal: &Refusal) -> Answer {
        let shared = &self.shared;
        let now = shared.clock.now();
        let owner = place.owner();
        let source = place.source();
        if let Err(retry_after) = self.limiter.failed(&owner, &source, hook.client, now) {
            return Answer::TooManyFailures { retry_after };
        }
        let detail = refusal.to_string();
        let unix_ms = u64::try_from(now.as_millisecond()).unwrap_or(0);
        let refused = Refused {
            id: RefusedId::at(unix_ms, shared.chance.bits()),
            owner,
            source,
            at: now,
            code: refusal.code().to_owned(),
            detail: detail.clone(),
            client: hook.client.to_string(),
            body_bytes: hook.body.len() as u64,
        };
        // Only to be shown: a store that is down must not turn a 401 into a 503.
        let deadline = now + shared.settings.accept_deadline;
        tokio::select! {
            biased;
            noted = shared.ledger.refuse(vec![refused]) => {
                if let Err(error) = noted {
                    tracing::warn!(%error, "a refused request could not be noted");
                }
            }
            () = shared.clock.until(deadline) => {}
        }
        Answer::Refused { code: refusal.code(), detail, hint: refusal.hint() }
    }
}

/// A request whose signature is right.
pub(crate) struct Verified<'a> {
    pub(crate) id: ReceiptId,
    pub(crate) owner: Owner,
    pub(crate) source: SourceName,
    pub(crate) received_at: Timestamp,
    pub(crate) method: &'a str,
}

impl Verified<'_> {
    /// What is kept of it.
    pub(crate) fn receipt(
        self,
        ready: &ReadySource,
        hook: &Hook<'_>,
        request: &Incoming<'_>,
    ) -> NewReceipt {
        let topic = ready.topic(request);
        let delivery_id = ready.delivery_id(request);
        let (topic_text, id_text) = (topic.as_deref(), delivery_id.as_deref());
        let dedupe = dedupe(&self.owner, &self.source, topic_text, id_text, &hook.body);
        let kept =
            |name: &&str| ready.kept_headers().iter().any(|kept| kept.eq_ignore_ascii_case(name));
        let headers = hook.headers.iter().filter(|(name, _)| kept(name));
        let headers =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()));
        let mut headers: Vec<(String, String)> = headers.collect();
        let trace = Traceparent::told(hook.headers.iter().copied());
        if let Some(trace) = trace.filter(|_| !headers.iter().any(|(name, _)| name == HEADER)) {
            headers.push((HEADER.to_owned(), trace.to_string()));
        }
        NewReceipt {
            id: self.id,
            owner: self.owner,
            source: self.source,
            topic,
            received_at: self.received_at,
            dedupe,
            headers,
            query: if ready.keeps_query() { hook.query.to_owned() } else { String::new() },
            verified: self.method.to_owned(),
            accounts: Vec::new(),
            body: Body::Bytes(hook.body.clone()),
        }
    }
}

/// 128 bits over merchant, source, topic, delivery id and body.
pub(crate) fn dedupe(
    owner: &Owner,
    source: &SourceName,
    topic: Option<&str>,
    delivery_id: Option<&str>,
    body: &[u8],
) -> [u8; 16] {
    let (kind, owner) = match owner {
        Owner::Merchant(id) => ("merchant", id.as_str()),
        Owner::Feed(name) => ("feed", name.as_str()),
    };
    let mut hash = Sha256::new();
    let parts = [kind, owner, source.as_str(), topic.unwrap_or(""), delivery_id.unwrap_or("")];
    for part in parts.iter().map(|part| part.as_bytes()).chain([body]) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}
