//! `lookup:` of a source: what is asked about a webhook before it can be read. Without I/O: whoever
//! sends the requests keeps the answer with the receipt, and nothing is fetched twice.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::Map;
use sha2::{Digest as _, Sha256};

use super::{
    ReadySource, Received,
    inquiry::{After, Asked, Inquiry},
    request::{self, Payload},
};
use crate::{
    ask::{Read, answer_scope},
    blocks::{limits::Limits, outcome::Verdict},
    draft,
    expr::{Env, Expr, Kind, Scope, Val},
    http::{HttpAnswer, HttpRequest},
    json::Doc,
    settings,
    text::{Diagnostic, Diagnostics, Node, Period},
};

/// Longest time that an answer may be taken from memory.
const LONGEST_CACHE: u64 = 24 * 3600;

/// A lookup, compiled.
#[derive(Debug)]
pub(super) struct Lookup {
    when: Option<Expr>,
    inquiry: Inquiry,
    items: Option<Expr>,
    cache: Option<Duration>,
    pub(super) keep: String,
}

/// Why there is no answer, as receipts say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LookupFault {
    /// The address is not one that may be asked: nothing was sent.
    Refused,
    /// There is no such thing.
    NotFound,
    /// The other system refused the credentials.
    KeyWrong,
    /// The answer is larger than a receipt may be, or has more pages than the file allows.
    TooLarge,
    /// It did not answer, or not as it should.
    Failed,
}

/// What a receipt has of its lookup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered<'a> {
    /// The answer as it was kept.
    Body(&'a [u8]),
    /// There is none, and there will be none.
    Failed(LookupFault),
}

/// A lookup under way.
#[derive(Debug, Clone)]
pub struct LookingUp {
    source: ReadySource,
    asked: Asked,
    pages: Vec<Bytes>,
    bytes: usize,
    most_bytes: usize,
}

/// What a lookup wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum LookupStep {
    /// Another page.
    Send(HttpRequest),
    /// It is over: this is to be kept.
    Answered(Bytes),
    /// It is over: there is none.
    Failed(LookupFault, String),
    /// Again later, from the first page on: `again`, `key_wrong`, `settings_wrong` or
    /// `version_retired`.
    Again(Verdict, String),
}

impl LookupFault {
    /// All, for lists.
    pub const ALL: [Self; 5] =
        [Self::Refused, Self::NotFound, Self::KeyWrong, Self::TooLarge, Self::Failed];

    /// The rule that a receipt failed by.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Refused => "lookup_refused",
            Self::NotFound => "lookup_not_found",
            Self::KeyWrong => "lookup_key_wrong",
            Self::TooLarge => "lookup_too_large",
            Self::Failed => "lookup_failed",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }
}

impl Lookup {
    /// The file's lookup, if it has one; nothing inside where it is wrong.
    #[expect(clippy::option_option, reason = "the outer one says whether the file has a lookup")]
    pub(super) fn compile(
        file: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Option<Self>> {
        let node = file.get("lookup")?;
        Some(Self::of(node, scope, diagnostics))
    }

    fn of(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Self> {
        let when = match node.get("when") {
            Some(when) => Some(draft::expression(when, scope, diagnostics)?),
            None => None,
        };
        let items = match node.get("items") {
            Some(items) => Some(draft::expression(items, &answer_scope(), diagnostics)?),
            None => None,
        };
        let inquiry = Inquiry::compile(node, scope, &["settings"], diagnostics);
        let cache = node.get("cache").map(|node| {
            let seconds = node.as_str()?.parse().ok().and_then(Period::seconds);
            let seconds = seconds.filter(|seconds| (1..=LONGEST_CACHE).contains(seconds));
            if seconds.is_none() {
                let error = Diagnostic::error(&node.span, "`cache` is a time up to 24h, as in 1h");
                diagnostics.push(error);
            }
            seconds.map(Duration::from_secs)
        });
        let keep = node.get("keep").and_then(Node::as_str).unwrap_or("answer").to_owned();
        Some(Self { when, inquiry: inquiry?, items, cache: cache.flatten(), keep })
    }

    /// The same names, and the answer's.
    pub(super) fn scope(&self, scope: Scope) -> Scope {
        scope.with(self.keep.clone(), Kind::Any)
    }

    /// The answer as rules see it: a body; of several pages a list; where the file names `items`,
    /// all items in one list.
    fn seen<'a>(&'a self, kept: &'a Doc, settings: &'a Map) -> Val<'a> {
        let root: Val<'a> = kept.root().into();
        let Some(items) = &self.items else { return root };
        let pages = match (&self.inquiry.pages, &root) {
            (Some(_), Val::List(pages)) => pages.items(),
            _ => vec![root],
        };
        let mut all = Vec::new();
        for page in pages {
            let env = Env::new().with("body", page).with("settings", settings);
            match items.eval(&env) {
                Val::List(found) => all.extend(found.items()),
                Val::Missing => {}
                one => all.push(one),
            }
        }
        Val::list(all)
    }
}

/// An answer that was kept, read.
#[derive(Debug, Default)]
pub(super) struct Kept(Option<Doc>);

impl Kept {
    pub(super) fn read(answer: Option<&[u8]>) -> Self {
        Self(answer.and_then(|body| Doc::parse(body).ok()))
    }
}

impl ReadySource {
    /// Whether anything is ever asked about a webhook of this source.
    pub fn has_lookup(&self) -> bool {
        self.connector.lookup.is_some()
    }

    /// Whether this receipt cannot be read before something was asked.
    pub fn needs_answer(&self, received: &Received<'_>) -> bool {
        let Some(lookup) = &self.connector.lookup else { return false };
        let Some(when) = &lookup.when else { return self.payload(received.body).is_ok() };
        let Ok(payload) = self.payload(received.body) else { return false };
        let query = request::query(received.query);
        let env = self.env(&payload, received, &query);
        when.eval(&env).truth() == Some(true)
    }

    /// Begins to ask about a receipt; or says why nothing may be asked.
    pub fn look_up(&self, received: &Received<'_>, most_bytes: usize) -> Result<LookingUp, String> {
        let lookup = self.connector.lookup.as_ref().ok_or("nothing is looked up")?;
        let payload = self.payload(received.body).unwrap_or_default();
        let query = request::query(received.query);
        let mut env = self.env(&payload, received, &query);
        let first = lookup.inquiry.first(&mut env)?;
        let asked = Asked { first, pages: 0 };
        Ok(LookingUp { source: self.clone(), asked, pages: Vec::new(), bytes: 0, most_bytes })
    }

    /// The kept answer under the name that rules see.
    pub(super) fn answer_in<'a>(&'a self, env: Env<'a>, kept: &'a Kept) -> Env<'a> {
        let Some(lookup) = &self.connector.lookup else { return env };
        let seen = kept.0.as_ref().map(|doc| lookup.seen(doc, &self.settings));
        env.with(&lookup.keep, seen.unwrap_or_default())
    }

    /// Whose a webhook is that something is asked about: its account stands in the payload itself.
    pub(super) fn account_of(&self, payload: &Payload, received: &Received<'_>) -> Option<String> {
        let query = request::query(received.query);
        let env = self.env(payload, received, &query);
        let account = self.connector.account.as_ref()?.eval(&env).as_text()?;
        Some(account.trim().to_owned())
    }

    pub(super) fn env<'a>(
        &'a self,
        payload: &'a Payload,
        received: &Received<'a>,
        query: &'a Map,
    ) -> Env<'a> {
        let lines = received.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        request::env(payload, request::headers(lines), query.into())
            .with("settings", &self.settings)
            .with("topic", received.topic)
    }

    /// 128 bits over the connector and the secrets: sources with the same share one limit.
    pub fn credential(&self) -> [u8; 16] {
        let mut hash = Sha256::new();
        hash.update(self.connector.title.as_bytes());
        for secret in settings::secrets(&self.connector.settings, &self.settings) {
            hash.update([0]);
            hash.update(secret.as_bytes());
        }
        let mut credential = [0; 16];
        credential.copy_from_slice(&hash.finalize()[..16]);
        credential
    }

    /// A hash of the settings in force: what was refused is tried again at once when it changes.
    pub fn settings_hash(&self) -> String {
        let mut text = String::new();
        self.settings.write_json(&mut text);
        hex::encode(Sha256::digest(text.as_bytes()).as_slice().get(..8).unwrap_or_default())
    }

    /// `text` with every secret setting masked: for what people are shown.
    pub fn mask(&self, text: &str) -> String {
        let secrets = settings::secrets(&self.connector.settings, &self.settings);
        let forms = settings::masked_forms(&secrets);
        forms.iter().fold(text.to_owned(), |text, form| text.replace(form.as_str(), "****"))
    }
}

impl LookingUp {
    /// The first request.
    pub fn request(&self) -> &HttpRequest {
        &self.asked.first
    }

    /// What would be kept if this were its only page.
    pub fn kept(&self, page: &[u8]) -> Bytes {
        let page = Bytes::copy_from_slice(page);
        let lookup = self.source.connector.lookup.as_ref();
        match lookup.and_then(|lookup| lookup.inquiry.pages.as_ref()) {
            Some(_) => together(&[page]),
            None => page,
        }
    }

    /// How often it may be asked.
    pub fn limits(&self) -> Limits {
        self.source.connector.lookup.as_ref().map_or(Limits::OFF, |lookup| lookup.inquiry.limits)
    }

    /// How long the answer to the very same request is good, and 128 bits over that request.
    pub fn cached(&self) -> Option<(Duration, [u8; 16])> {
        let time = self.source.connector.lookup.as_ref()?.cache?;
        let request = &self.asked.first;
        let mut hash = Sha256::new();
        let headers = request.headers.iter().flat_map(|(name, value)| [name.as_str(), value]);
        let texts = [request.method.as_str(), request.url.as_str()].into_iter().chain(headers);
        for text in texts {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(&request.body);
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Some((time, key))
    }

    /// The step after an answer.
    pub fn on(&mut self, answer: &HttpAnswer, now: Timestamp) -> LookupStep {
        let connector = std::sync::Arc::clone(&self.source.connector);
        let Some(lookup) = &connector.lookup else {
            return LookupStep::Failed(LookupFault::Failed, "nothing is looked up".to_owned());
        };
        let settings = &self.source.settings;
        let (verdict, detail) = lookup.inquiry.judge(answer, settings, now);
        match verdict {
            Verdict::Sent => {}
            Verdict::Rejected | Verdict::Partial(_) => {
                let gone = matches!(answer.status, 404 | 410);
                let fault = if gone { LookupFault::NotFound } else { LookupFault::Failed };
                return LookupStep::Failed(fault, detail);
            }
            Verdict::Again { .. }
            | Verdict::KeyWrong
            | Verdict::SettingsWrong
            | Verdict::VersionRetired => return LookupStep::Again(verdict, detail),
        }
        self.bytes += answer.body.len() + 1;
        if answer.truncated || self.bytes > self.most_bytes {
            let detail = format!("the answer is larger than {} bytes", self.most_bytes);
            return LookupStep::Failed(LookupFault::TooLarge, detail);
        }
        let paged = lookup.inquiry.pages.is_some();
        if answer.body.trim_ascii().is_empty() && !paged {
            return LookupStep::Answered(Bytes::new());
        }
        if let Err(why) = Doc::parse(&answer.body) {
            // A page of an error in a fine answer's clothes: it passes, or the retries end.
            return LookupStep::Again(Verdict::AGAIN, format!("{detail}, which is no JSON: {why}"));
        }
        self.pages.push(answer.body.clone());
        self.asked.pages += 1;
        let items = lookup.items.as_ref().map(|items| {
            let read = Read::new(answer);
            let env = read.env().with("settings", settings);
            match items.eval(&env) {
                Val::List(items) => items.len(),
                _ => 0,
            }
        });
        match lookup.inquiry.after(&self.asked, answer, settings, items) {
            Ok(After::Another(request)) => LookupStep::Send(request),
            Ok(After::TooMany) => {
                let detail = format!("there are more than {} pages", self.asked.pages);
                LookupStep::Failed(LookupFault::TooLarge, detail)
            }
            Ok(After::Nothing) if paged => LookupStep::Answered(together(&self.pages)),
            Ok(After::Nothing) => LookupStep::Answered(answer.body.clone()),
            Err(fault) => LookupStep::Failed(fault, "the next page is on another host".to_owned()),
        }
    }
}

/// The pages as one JSON list.
fn together(pages: &[Bytes]) -> Bytes {
    let mut list = vec![b'['];
    for (place, page) in pages.iter().enumerate() {
        if place > 0 {
            list.push(b',');
        }
        list.extend_from_slice(page.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(page));
    }
    list.push(b']');
    list.into()
}
