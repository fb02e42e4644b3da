//! How a signature travels: where it stands and how it is written, what is signed, and what else
//! takes part (an id, a time). Shared by the methods that sign content.
//!
//! Must not know any algorithm.

use std::borrow::Cow;

use jiff::Timestamp;

use super::SignFault;
use super::hash::Encoding;
use super::incoming::Incoming;
use super::refusal::{Refusal, Verified};
use super::template::{Filled, Part, Template};
use super::timestamp::{self, TimestampAt, TimestampSpec};
use crate::blocks::sign::Signed;

/// The most signatures of one request that are looked at; senders that rotate keys send two.
pub const MAX_SIGNATURES: usize = 16;

/// Where a value stands in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A header, under one of these names; signed requests use the first.
    Header(Vec<String>),
    /// A query parameter.
    Query(String),
    /// A text or number of the body, by its dotted path.
    Body(String),
}

impl Place {
    /// The header `name`.
    pub fn header(name: impl Into<String>) -> Self {
        Self::Header(vec![name.into()])
    }

    fn values<'a>(&self, request: &Incoming<'a>) -> Vec<Cow<'a, str>> {
        let mut values: Vec<Cow<'a, str>> = match self {
            Self::Header(names) => {
                names.iter().flat_map(|name| request.headers.all(name)).map(Cow::Borrowed).collect()
            }
            Self::Query(name) => request.query_value(name).map(Cow::Owned).into_iter().collect(),
            Self::Body(path) => request.field(path).map(Cow::Owned).into_iter().collect(),
        };
        values.retain(|value| !value.trim().is_empty());
        values
    }

    pub(super) fn value<'a>(&self, request: &Incoming<'a>) -> Result<Cow<'a, str>, Refusal> {
        let first = self.values(request).into_iter().next();
        first.ok_or_else(|| Refusal::Missing { expected: self.describe() })
    }

    /// For people: ``header `x-signature` ``.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Header(names) => format!("header `{}`", names.join("` or `")),
            Self::Query(name) => format!("query parameter `{name}`"),
            Self::Body(path) => format!("field `{path}` in its body"),
        }
    }

    fn put(&self, value: String, into: &mut Signed) {
        match self {
            Self::Header(names) => {
                let name = names.first().cloned().unwrap_or_default();
                into.headers.push((name, value));
            }
            Self::Query(name) => into.query.push((name.clone(), value)),
            Self::Body(path) => into.body_fields.push((path.clone(), value)),
        }
    }
}

/// `t=…,v1=…`: several named values in one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pairs {
    /// What stands between the pairs, usually a comma.
    pub separator: char,
    /// The name under which signatures stand; it may occur several times.
    pub signature: String,
}

/// How a signature travels and what it covers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Where the signature stands.
    pub signature: Place,
    /// What stands before it (`sha256=`), whatever its case; empty for none. Signatures without it
    /// are passed over: they are of another kind.
    pub prefix: String,
    /// Set when the signature is one of several pairs.
    pub pairs: Option<Pairs>,
    /// How it is written.
    pub encoding: Encoding,
    /// What is signed.
    pub signed: Template,
    /// Where the delivery id stands, when it is signed.
    pub id: Option<Place>,
    /// Where the time stands, when it is signed.
    pub timestamp: Option<TimestampSpec>,
}

impl Envelope {
    /// A hexadecimal signature over the raw body in the header `name`.
    pub fn header(name: impl Into<String>) -> Self {
        Self {
            signature: Place::header(name),
            prefix: String::new(),
            pairs: None,
            encoding: Encoding::default(),
            signed: Template::default(),
            id: None,
            timestamp: None,
        }
    }

    /// What cannot work, whatever the secret is.
    pub(super) fn faults(&self, secret_is_signed: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if let Place::Header(names) = &self.signature
            && (names.is_empty() || names.iter().any(|name| name.trim().is_empty()))
        {
            faults.push("the signature's header has no name".to_owned());
        }
        if self.signed.has(&Part::Id) && self.id.is_none() {
            faults.push("`{{ id }}` is signed, but it is not said where the id stands".to_owned());
        }
        if self.signed.has(&Part::Timestamp) && self.timestamp.is_none() {
            let fault = "`{{ timestamp }}` is signed, but it is not said where the time stands";
            faults.push(fault.to_owned());
        }
        let pair = matches!(&self.timestamp, Some(TimestampSpec { at: TimestampAt::Pair(_), .. }));
        if pair && self.pairs.is_none() {
            faults
                .push("the time is a pair beside the signature, but there are no pairs".to_owned());
        }
        match (secret_is_signed, self.signed.has(&Part::Secret)) {
            (true, false) => faults.push(
                "anyone can compute a plain hash: `{{ secret }}` must be among the signed parts"
                    .to_owned(),
            ),
            (false, true) => faults.push(
                "`{{ secret }}` can only be a part of a plain hash: the key is it".to_owned(),
            ),
            (true, true) | (false, false) => {}
        }
        faults
    }

    /// What works, but protects less than it seems.
    pub(super) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.signed.covers_body() {
            let text = "the body is not signed: whoever has seen one request can send any other";
            warnings.push(text.to_owned());
        }
        let in_body = |at: &TimestampAt| {
            matches!(at, TimestampAt::Place(Place::Body(_))) && self.signed.covers_body()
        };
        if let Some(spec) = &self.timestamp
            && !self.signed.has(&Part::Timestamp)
            && !in_body(&spec.at)
        {
            warnings.push("the time is not signed: checking it protects from nothing".to_owned());
        }
        warnings
    }

    /// Finds and decodes all that the signature needs.
    pub(super) fn open<'a>(&self, request: &'a Incoming<'a>) -> Result<Opened<'a>, Refusal> {
        let values = self.signature.values(request);
        if values.is_empty() {
            return Err(Refusal::Missing { expected: self.signature.describe() });
        }
        let candidates: Vec<Vec<u8>> = values
            .iter()
            .flat_map(|value| self.candidates(value))
            .filter_map(|text| self.encoding.decode(text))
            .filter(|bytes| !bytes.is_empty())
            .take(MAX_SIGNATURES)
            .collect();
        if candidates.is_empty() {
            return Err(Refusal::Malformed { place: self.signature.describe(), form: self.form() });
        }
        let timestamp = match &self.timestamp {
            None => Cow::Borrowed(""),
            Some(TimestampSpec { at: TimestampAt::Place(place), .. }) => place.value(request)?,
            Some(TimestampSpec { at: TimestampAt::Pair(key), .. }) => self
                .pair(values.first().map_or("", |value| value), key)
                .map(|text| Cow::Owned(text.to_owned()))
                .ok_or_else(|| Refusal::Malformed {
                    place: self.signature.describe(),
                    form: format!("time (`{key}=`)"),
                })?,
        };
        let id = self.id.as_ref().map(|place| place.value(request)).transpose()?;
        if let Some(expected) = self.signed.missing(request) {
            return Err(Refusal::Missing { expected });
        }
        Ok(Opened {
            request,
            candidates,
            id: id.unwrap_or_default(),
            timestamp,
            query: self.query(request),
        })
    }

    /// Turns the outcome of the comparison into an answer; the time is looked at last, so that only
    /// those who hold the secret learn about it.
    pub(super) fn conclude(
        &self,
        method: &'static str,
        opened: &Opened<'_>,
        secret: Option<usize>,
        now: Timestamp,
    ) -> Result<Verified, Refusal> {
        let secret = secret.ok_or_else(|| Refusal::Invalid { place: self.signature.describe() })?;
        let timestamp = match &self.timestamp {
            None => None,
            Some(spec) => timestamp::check(&opened.timestamp, spec.format, spec.tolerance, now)?,
        };
        let covers_body = self.signed.covers_body();
        Ok(Verified { method, timestamp, secret, generation: None, covers_body })
    }

    /// Prepares a request to be signed: which id and time are in it.
    pub(super) fn draft<'a>(
        &self,
        request: &'a Incoming<'a>,
        id: &'a str,
        now: Timestamp,
    ) -> Result<Opened<'a>, SignFault> {
        if let Some(missing) = self.signed.missing(request) {
            return Err(SignFault::Missing(missing));
        }
        // What body or query already state is what gets signed: they may be signed whole.
        let stated = |place: &Place| match place {
            Place::Body(path) => request.field(path),
            Place::Query(name) => request.query_value(name),
            Place::Header(_) => None,
        };
        let timestamp = match &self.timestamp {
            None => Cow::Borrowed(""),
            Some(spec) => {
                let known = match &spec.at {
                    TimestampAt::Place(place) => stated(place),
                    TimestampAt::Pair(_) => None,
                };
                Cow::Owned(known.unwrap_or_else(|| spec.format.write(now)))
            }
        };
        let id = self.id.as_ref().and_then(stated).map_or(Cow::Borrowed(id), Cow::Owned);
        Ok(Opened { request, candidates: Vec::new(), id, timestamp, query: self.query(request) })
    }

    /// Writes a signature and what belongs to it into a request.
    pub(super) fn seal(&self, draft: &Opened<'_>, signature: &[u8]) -> Signed {
        let mut signed = Signed::default();
        let text = format!("{}{}", self.prefix, self.encoding.encode(signature));
        let text = match &self.pairs {
            None => text,
            Some(pairs) => {
                let time = match self.timestamp.as_ref().map(|spec| &spec.at) {
                    Some(TimestampAt::Pair(key)) => {
                        format!("{key}={}{}", draft.timestamp, pairs.separator)
                    }
                    Some(TimestampAt::Place(_)) | None => String::new(),
                };
                format!("{time}{}={text}", pairs.signature)
            }
        };
        if let Some(place) = &self.id {
            place.put(draft.id.to_string(), &mut signed);
        }
        if let Some(TimestampSpec { at: TimestampAt::Place(place), .. }) = &self.timestamp {
            let is_there = match place {
                Place::Query(name) => draft.request.query_value(name).is_some(),
                Place::Header(_) | Place::Body(_) => false,
            };
            if !is_there {
                place.put(draft.timestamp.to_string(), &mut signed);
            }
        }
        self.signature.put(text, &mut signed);
        signed
    }

    fn query<'a>(&self, request: &Incoming<'a>) -> Cow<'a, str> {
        match &self.signature {
            Place::Query(name) => request.query_without(name),
            Place::Header(_) | Place::Body(_) => Cow::Borrowed(request.query),
        }
    }

    /// The texts in `value` that may be signatures.
    fn candidates<'v>(&'v self, value: &'v str) -> Vec<&'v str> {
        if let Some(pairs) = &self.pairs {
            return value
                .split(pairs.separator)
                .filter_map(|pair| pair.trim().split_once('='))
                .filter(|(key, _)| *key == pairs.signature)
                .filter_map(|(_, text)| self.unprefixed(text.trim()))
                .take(MAX_SIGNATURES)
                .collect();
        }
        // Neither hex nor base64 holds a comma or a space, so a list can be told apart without an
        // option; a prefix may hold one and is taken away first.
        let list = |text: &'v str| {
            text.split(|c: char| c == ',' || c.is_ascii_whitespace())
                .filter(|item| !item.is_empty())
        };
        match self.unprefixed(value) {
            Some(rest) => list(rest)
                .map(|item| self.unprefixed(item).unwrap_or(item))
                .take(MAX_SIGNATURES)
                .collect(),
            None => {
                list(value).filter_map(|item| self.unprefixed(item)).take(MAX_SIGNATURES).collect()
            }
        }
    }

    fn unprefixed<'v>(&self, text: &'v str) -> Option<&'v str> {
        let (start, rest) = text.split_at_checked(self.prefix.len())?;
        start.eq_ignore_ascii_case(&self.prefix).then_some(rest)
    }

    fn pair<'v>(&self, value: &'v str, name: &str) -> Option<&'v str> {
        let separator = self.pairs.as_ref()?.separator;
        value
            .split(separator)
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, text)| text.trim())
    }

    fn form(&self) -> String {
        let word = self.encoding.word();
        let pair = self.pairs.as_ref().map(|pairs| format!("{}=", pairs.signature));
        match format!("{}{}", pair.unwrap_or_default(), self.prefix) {
            before if before.is_empty() => format!("{word} signature"),
            before => format!("{word} signature after `{before}`"),
        }
    }
}

/// A request with all that its signature needs at hand.
pub(super) struct Opened<'a> {
    request: &'a Incoming<'a>,
    /// The decoded signatures.
    pub(super) candidates: Vec<Vec<u8>>,
    id: Cow<'a, str>,
    timestamp: Cow<'a, str>,
    query: Cow<'a, str>,
}

impl Opened<'_> {
    /// Passes on the bytes that are signed.
    pub(super) fn feed(&self, template: &Template, secret: &[u8], to: &mut dyn FnMut(&[u8])) {
        let filled = Filled {
            request: self.request,
            id: &self.id,
            timestamp: &self.timestamp,
            query: &self.query,
            secret,
        };
        template.feed(&filled, to);
    }
}
