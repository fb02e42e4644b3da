//! W3C trace context: one trace from a webhook's request to the requests that follow from it. A sender's
//! `traceparent` is kept with the receipt; without one the trace's id is the receipt's, so that nothing has to
//! be kept. Spans of receiving and deciding have ids that follow from the receipt's, too.
//!
//! Must not know: who collects spans.

use std::{fmt, sync::Arc};

use jiff::Timestamp;
use parcelwire_domain::id::{MessageId, ReceiptId};

use crate::{engine::Shared, metrics::Metrics};

/// The header, in requests that come in and in those that go out.
pub const HEADER: &str = "traceparent";

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Traceparent {
    /// The trace.
    pub trace: u128,
    /// Whose child is made.
    pub span: u64,
    /// Whether spans are recorded.
    pub sampled: bool,
}

impl Traceparent {
    /// Reads a header's value; nothing of one that the specification calls invalid.
    pub fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut parts = text.split('-');
        let mut part = |length: usize| {
            let is_hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
            parts.next().filter(|part| part.len() == length && part.chars().all(is_hex))
        };
        let version = part(2)?;
        let (trace, span, flags) = (part(32)?, part(16)?, part(2)?);
        // Later versions may say more behind that; this one may not.
        if version == "ff" || version == "00" && parts.next().is_some() {
            return None;
        }
        let read = Self {
            trace: u128::from_str_radix(trace, 16).ok()?,
            span: u64::from_str_radix(span, 16).ok()?,
            sampled: u8::from_str_radix(flags, 16).ok()? & 1 == 1,
        };
        (read.trace != 0 && read.span != 0).then_some(read)
    }

    /// The one that a request brought; of two none is believed.
    pub(crate) fn told<'h>(headers: impl IntoIterator<Item = (&'h str, &'h str)>) -> Option<Self> {
        let mut all = headers.into_iter().filter(|(name, _)| name.eq_ignore_ascii_case(HEADER));
        let (_, first) = all.next()?;
        if all.next().is_some() { None } else { Self::read(first) }
    }
}

impl fmt::Display for Traceparent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = u8::from(self.sampled);
        write!(f, "00-{:032x}-{:016x}-{flags:02x}", self.trace, self.span)
    }
}

/// Which traces are recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sampler {
    /// Whether a sender's wish counts.
    pub by_parent: bool,
    /// Of traces that begin here (and, where a sender's wish does not count, of all): those whose lower half,
    /// without its lowest bit, is below this.
    pub below: u64,
}

impl Sampler {
    /// The one of a part of all traces, from 0 to 1.
    pub fn ratio(ratio: f64, by_parent: bool) -> Self {
        Self { by_parent, below: (ratio.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64 }
    }

    fn takes(self, trace: u128, told: Option<Traceparent>) -> bool {
        match told {
            Some(told) if self.by_parent => told.sampled,
            Some(_) | None => (trace as u64) >> 1 < self.below,
        }
    }
}

/// What a span is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpanKind {
    /// A step inside.
    Internal,
    /// A request that came in.
    Server,
    /// A request that went out.
    Client,
}

/// Something to know of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detail {
    /// A text: an id, a name of ours, a word of a closed list.
    Text(String),
    /// A number.
    Number(i64),
}

/// Something that took time. Names no person and no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The trace.
    pub trace: u128,
    /// Its id.
    pub id: u64,
    /// Whose child it is.
    pub parent: Option<u64>,
    /// `receive`, `process` or `send`.
    pub name: &'static str,
    /// What it is of.
    pub kind: SpanKind,
    /// When it began.
    pub began: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
    /// What is known of it.
    pub details: Vec<(&'static str, Detail)>,
    /// Whether it came to nothing.
    pub failed: bool,
}

/// Who takes spans. Must come back at once.
pub trait Spans: Send + Sync {
    /// Takes one; false when there is no room for it.
    fn take(&self, span: Span) -> bool;
}

/// What is done about traces.
#[derive(Clone)]
pub struct Tracing {
    /// Which traces are recorded.
    pub sampler: Sampler,
    /// Whether requests to destinations carry the header.
    pub propagates: bool,
    /// Who takes spans; nobody, and then none are made.
    pub spans: Option<Arc<dyn Spans>>,
}

impl Default for Tracing {
    fn default() -> Self {
        Self { sampler: Sampler::ratio(1.0, true), propagates: true, spans: None }
    }
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing")
            .field("sampler", &self.sampler)
            .field("propagates", &self.propagates)
            .field("spans", &self.spans.is_some())
            .finish()
    }
}

/// The trace of one receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trace {
    pub(crate) id: u128,
    pub(crate) sampled: bool,
    /// The sender's span.
    sender: Option<u64>,
    receipt: ReceiptId,
}

impl Trace {
    pub(crate) fn of(receipt: ReceiptId, told: Option<Traceparent>, sampler: Sampler) -> Self {
        // An id of nothing but zeros is none; only an invented receipt has it.
        let id = told.map_or(receipt.bits().max(1), |told| told.trace);
        let sampled = sampler.takes(id, told);
        Self { id, sampled, sender: told.map(|told| told.span), receipt }
    }

    fn received(&self) -> u64 {
        (self.receipt.bits() as u64).max(1)
    }

    fn processed(&self) -> u64 {
        (self.receipt.bits() as u64 ^ PROCESSED).max(1)
    }

    /// The id of a request's span: of a message, an attempt, and which of its requests it is.
    pub(crate) fn request(message: MessageId, attempt: u32, request: u32) -> u64 {
        let place = u64::from(attempt) << 8 | u64::from(request);
        let mixed = (message.bits() as u64 ^ place).wrapping_mul(PROCESSED);
        (mixed ^ (mixed >> 29)).max(1)
    }

    /// The header of a request that is the span `id`.
    pub(crate) fn header(&self, id: u64) -> String {
        Traceparent { trace: self.id, span: id, sampled: self.sampled }.to_string()
    }

    /// The header that stands for receiving: for what is made of a receipt and has an id of its own.
    pub(crate) fn handed_on(&self) -> String {
        self.header(self.received())
    }
}

/// Tells the two spans of a receipt apart; spreads ids that are alike.
const PROCESSED: u64 = 0x9e37_79b9_7f4a_7c15;

/// The beginning and end of a span, and what is known of it.
pub(crate) struct Took {
    pub(crate) began: Timestamp,
    pub(crate) ended: Timestamp,
    pub(crate) details: Vec<(&'static str, Detail)>,
    pub(crate) failed: bool,
}

pub(crate) fn text(value: impl ToString) -> Detail {
    Detail::Text(value.to_string())
}

impl Shared {
    /// The trace of a receipt, with what its sender told.
    pub(crate) fn trace(&self, receipt: ReceiptId, told: Option<Traceparent>) -> Trace {
        Trace::of(receipt, told, self.settings.tracing.sampler)
    }

    /// Whether spans of this trace are wanted; asked before anything is made for them.
    pub(crate) fn records(&self, trace: &Trace) -> bool {
        trace.sampled && self.settings.tracing.spans.is_some()
    }

    pub(crate) fn received(&self, trace: &Trace, took: Took) {
        let ids = (trace.received(), trace.sender);
        self.span(trace, ids, ("receive", SpanKind::Server), took);
    }

    pub(crate) fn processed(&self, trace: &Trace, took: Took) {
        let ids = (trace.processed(), Some(trace.received()));
        self.span(trace, ids, ("process", SpanKind::Internal), took);
    }

    pub(crate) fn sent(&self, trace: &Trace, id: u64, took: Took) {
        let ids = (id, Some(trace.processed()));
        self.span(trace, ids, ("send", SpanKind::Client), took);
    }

    fn span(
        &self,
        trace: &Trace,
        (id, parent): (u64, Option<u64>),
        (name, kind): (&'static str, SpanKind),
        took: Took,
    ) {
        let Some(spans) = &self.settings.tracing.spans else { return };
        let Took { began, ended, details, failed } = took;
        let span = Span { trace: trace.id, id, parent, name, kind, began, ended, details, failed };
        if !spans.take(span) {
            Metrics::count(&self.metrics.spans, "dropped");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_header_is_read_as_the_specification_says() {
        let read = Traceparent::read(GOOD).expect("it is valid");
        assert_eq!(read.to_string(), GOOD);
        for (text, is_valid) in [
            (" 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00 ", true),
            // Flags of later times.
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff", true),
            // A later version with more behind it.
            ("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what", true),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-", false),
            ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
            ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
            ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false),
            ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1", false),
            ("", false),
        ] {
            assert_eq!(Traceparent::read(text).is_some(), is_valid, "{text}");
        }
        let other = GOOD.replace("4b", "5b");
        let told = |headers: &[(&str, &str)]| Traceparent::told(headers.iter().copied());
        assert_eq!(told(&[("TraceParent", GOOD)]), Some(read));
        assert_eq!(told(&[("traceparent", GOOD), ("traceparent", &other)]), None);
        assert_eq!(told(&[("x", GOOD)]), None);
    }

    #[test]
    fn a_trace_is_the_senders_or_follows_from_the_receipt() {
        let all = Sampler::ratio(1.0, true);
        let receipt = ReceiptId::from_bits(0x0190_0000_0000_0000_0000_0000_0000_00ab);
        let own = Trace::of(receipt, None, all);
        assert_eq!((own.id, own.sampled), (receipt.bits(), true));
        assert_eq!(own, Trace::of(receipt, None, all), "the same whenever it is asked");
        assert_ne!(own.received(), own.processed());
        let told = Traceparent::read(GOOD);
        let theirs = Trace::of(receipt, told, all);
        assert_eq!(Some(theirs.id), told.map(|told| told.trace));
        assert!(theirs.header(7).starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
        let quiet = Traceparent::read(&GOOD.replace("-01", "-00"));
        assert!(!Trace::of(receipt, quiet, all).sampled, "the sender does not want it recorded");
        assert!(Trace::of(receipt, quiet, Sampler::ratio(1.0, false)).sampled);
        assert!(!Trace::of(receipt, None, Sampler::ratio(0.0, true)).sampled);
    }

    #[test]
    fn a_part_of_all_traces_is_about_that_part() {
        let quarter = Sampler::ratio(0.25, true);
        let spread = |n: u128| ReceiptId::from_bits(n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let taken = (1..=10_000).filter(|n| Trace::of(spread(*n), None, quarter).sampled).count();
        assert!((2_300..2_700).contains(&taken), "{taken}");
    }
}
