//! `poll:` of a source: what is asked for again and again where no webhook comes. Without I/O: one
//! round at a time, page by page, each item with what makes a receipt of it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::Map;

use super::{
    ReadySource, SourceConnector, flatten,
    inquiry::{After, Asked, Inquiry},
    time::moment,
};
use crate::{
    ask::{Read, answer_scope},
    blocks::{limits::Limits, outcome::Verdict},
    draft,
    expr::{Env, Expr, Kind, Scope, Template, Val},
    http::{HttpAnswer, HttpRequest},
    settings,
    text::{Diagnostic, Diagnostics, Node, Period},
};

/// A source is asked no more often, and no more seldom.
const EVERY: std::ops::RangeInclusive<u64> = 1..=86_400;

/// Longest overlap.
const LONGEST_OVERLAP: u64 = 7 * 86_400;

const USUAL_OVERLAP: Duration = Duration::from_mins(10);

/// Longest id of an item.
const MAX_ID_CHARS: usize = 300;

/// `poll:`, compiled.
#[derive(Debug)]
pub(super) struct Poll {
    inquiry: Inquiry,
    every: Duration,
    items: Expr,
    id: Option<Template>,
    topic: Option<Template>,
    cursor: Option<Cursor>,
    overlap: Duration,
}

/// What is remembered from one round to the next.
#[derive(Debug)]
enum Cursor {
    /// The latest time of all items.
    Time(Expr),
    /// What the answer gives for next time.
    Given { take: Expr, start: Option<Template> },
}

/// One round under way.
#[derive(Debug, Clone)]
pub struct Round {
    source: ReadySource,
    asked: Asked,
    newest: Option<Timestamp>,
    before: Option<Timestamp>,
    ascending: bool,
}

/// What a round wants next.
#[derive(Debug, Clone, PartialEq)]
pub enum PollStep {
    /// A page was answered.
    Page(Page),
    /// It ended early: tried again later, from its beginning.
    Failed(Verdict, String),
}

/// One page of a round.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// Its items; all of them are to be durable before anything else of the page counts.
    pub items: Vec<Item>,
    /// What is to be remembered then, if that changes.
    pub cursor: Option<String>,
    /// The next page.
    pub next: Option<HttpRequest>,
    /// More pages follow than the file allows.
    pub is_cut: bool,
}

/// What becomes a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Its JSON.
    pub body: Bytes,
    /// Its topic, where the file says so.
    pub topic: Option<String>,
    /// What tells a repeat, where the file says so.
    pub delivery_id: Option<String>,
}

impl Poll {
    /// The file's `poll:`, if it has one; nothing inside where it is wrong.
    #[expect(clippy::option_option, reason = "the outer one says whether the file polls")]
    pub(super) fn compile(file: &Node, diagnostics: &mut Diagnostics) -> Option<Option<Self>> {
        let node = file.get("poll")?;
        Some(Self::of(file, node, diagnostics))
    }

    fn of(file: &Node, node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let settings = settings::compile(file, &super::RESERVED, &mut Diagnostics::default());
        let scope = Scope::closed()
            .with("settings", settings::kind(&settings))
            .with("now", Kind::Text)
            .with("cursor", Kind::Text);
        let of_item = answer_scope().with("item", Kind::Any);
        let inquiry = Inquiry::compile(node, &scope, &["settings", "cursor", "now"], diagnostics);
        let items = draft::expression(node.get("items")?, &answer_scope(), diagnostics);
        let mut template = |key: &str| Some(draft::template(node.get(key)?, &of_item, diagnostics));
        let (id, topic) = (template("id"), template("topic"));
        let cursor = match node.get("cursor") {
            Some(cursor) => Some(Cursor::compile(cursor, &scope, &of_item, diagnostics)?),
            None => None,
        };
        let every = period(node, "every", EVERY, diagnostics)?;
        let overlap = period(node, "overlap", 0..=LONGEST_OVERLAP, diagnostics)?;
        if let (Some(_), Some(Cursor::Given { .. })) = (overlap, &cursor) {
            let span = &node.get("overlap")?.span;
            let error = Diagnostic::error(span, "only a cursor that is a time of `item` overlaps");
            diagnostics.push(error.hint("leave `overlap` out"));
        }
        Some(Self {
            inquiry: inquiry?,
            every: every?,
            items: items?,
            id: flatten(id)?,
            topic: flatten(topic)?,
            cursor,
            overlap: overlap.unwrap_or(USUAL_OVERLAP),
        })
    }

    /// The cursor as the request sees it.
    fn since(&self, kept: Option<&str>, settings: &Map, now: Timestamp) -> Option<String> {
        match self.cursor.as_ref()? {
            Cursor::Time(_) => {
                let kept = kept.and_then(|kept| kept.parse::<Timestamp>().ok());
                let at = kept.unwrap_or(now);
                Some(at.checked_sub(self.overlap).unwrap_or(at).to_string())
            }
            Cursor::Given { start, .. } => {
                let first = || {
                    let now = now.to_string();
                    let env = Env::new().with("settings", settings).with("now", now.as_str());
                    Some(start.as_ref()?.eval(&env).as_text()?.into_owned())
                };
                kept.map(str::to_owned).or_else(first)
            }
        }
    }
}

impl Cursor {
    fn compile(
        node: &Node,
        scope: &Scope,
        of_item: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let take = draft::expression(node.get("take")?, of_item, diagnostics)?;
        let of_items =
            take.reads().iter().any(|read| read.path.first().is_some_and(|root| root == "item"));
        let Some(start) = node.get("start") else {
            return Some(if of_items {
                Self::Time(take)
            } else {
                Self::Given { take, start: None }
            });
        };
        if of_items {
            let message = "a cursor that is a time of `item` starts at the time it is";
            let error = Diagnostic::error(&start.span, message);
            diagnostics
                .push(error.hint("leave `start` out; `overlap` says how far back it reaches"));
            return None;
        }
        let start = draft::template(start, scope, diagnostics)?;
        Some(Self::Given { take, start: Some(start) })
    }
}

/// How webhooks are verified, where they come: a source that is only polled hears of none.
#[expect(clippy::option_option, reason = "the outer one says whether the file is in order")]
pub(super) fn where_hooked<T>(
    file: &Node,
    compiled: Option<T>,
    diagnostics: &mut Diagnostics,
) -> Option<Option<T>> {
    if file.has("verify") {
        return compiled.map(Some);
    }
    if file.has("poll") {
        return Some(None);
    }
    let error = Diagnostic::error(&file.span, "`verify` is missing");
    diagnostics.push(error.hint("it says how a webhook is verified, or the file has `poll:`"));
    None
}

impl SourceConnector {
    /// How often it is asked for news, where it is asked at all.
    pub fn polls_every(&self) -> Option<Duration> {
        self.poll.as_ref().map(|poll| poll.every)
    }

    /// Whether webhooks of it come in.
    pub fn has_webhooks(&self) -> bool {
        self.verify.is_some()
    }
}

impl ReadySource {
    /// How far a cursor that was kept has come, where it is a time of items.
    pub fn reached(&self, kept: &str) -> Option<Timestamp> {
        match self.connector.poll.as_ref()?.cursor.as_ref()? {
            Cursor::Time(_) => kept.parse().ok(),
            // Somebody else's word, which may open doors there.
            Cursor::Given { .. } => None,
        }
    }

    /// Begins a round over what was since then, whatever was asked before; or says why that cannot be
    /// asked for.
    pub fn poll_past(&self, since: Timestamp, now: Timestamp) -> Result<Round, String> {
        let poll = self.connector.poll.as_ref().ok_or("it is not polled")?;
        match &poll.cursor {
            Some(Cursor::Time(_)) => self.poll(Some(&since.to_string()), now),
            None => self.poll(None, now),
            Some(Cursor::Given { .. }) => {
                Err("where it goes on is given by the other system, which tells only what is new"
                    .to_owned())
            }
        }
    }

    /// Begins a round after what was remembered of the one before; or says why it cannot be asked.
    pub fn poll(&self, kept: Option<&str>, now: Timestamp) -> Result<Round, String> {
        let poll = self.connector.poll.as_ref().ok_or("it is not polled")?;
        let since = poll.since(kept, &self.settings, now);
        let time = now.to_string();
        let mut env = Env::new()
            .with("settings", &self.settings)
            .with("now", time.as_str())
            .with("cursor", since.as_deref());
        let first = poll.inquiry.first(&mut env)?;
        // What is new is newer than what was remembered or, the first time, than now.
        let base = match &poll.cursor {
            Some(Cursor::Time(_)) => kept.and_then(|kept| kept.parse().ok()).or(Some(now)),
            Some(Cursor::Given { .. }) | None => None,
        };
        Ok(Round {
            source: self.clone(),
            asked: Asked { first, pages: 0 },
            newest: base,
            before: None,
            ascending: true,
        })
    }
}

impl Round {
    /// The first request.
    pub fn request(&self) -> &HttpRequest {
        &self.asked.first
    }

    /// How often it may be asked.
    pub fn limits(&self) -> Limits {
        self.source.connector.poll.as_ref().map_or(Limits::OFF, |poll| poll.inquiry.limits)
    }

    /// The step after an answer.
    pub fn on(&mut self, answer: &HttpAnswer, now: Timestamp) -> PollStep {
        let connector = Arc::clone(&self.source.connector);
        let Some(poll) = &connector.poll else {
            return PollStep::Failed(Verdict::Rejected, "it is not polled".to_owned());
        };
        let (verdict, detail) = poll.inquiry.judge(answer, &self.source.settings, now);
        if verdict != Verdict::Sent {
            return PollStep::Failed(verdict, detail);
        }
        if answer.truncated {
            let why = "the page is too large (hint: ask for fewer items)".to_owned();
            return PollStep::Failed(Verdict::Rejected, why);
        }
        let read = Read::new(answer);
        let settings = self.source.settings.clone();
        let mut env = read.env().with("settings", &settings);
        let found = match poll.items.eval(&env) {
            Val::List(list) => list.items(),
            Val::Missing if answer.body.trim_ascii().is_empty() => Vec::new(),
            _ => {
                let why = format!("{detail}, and `items` is no list in it");
                return PollStep::Failed(Verdict::AGAIN, why);
            }
        };
        let given = match &poll.cursor {
            Some(Cursor::Given { take, .. }) => take.eval(&env).as_text().map(|t| t.into_owned()),
            Some(Cursor::Time(_)) | None => None,
        };
        let mut items = Vec::with_capacity(found.len());
        for item in found {
            env.push("item", item.clone());
            if let Some(Cursor::Time(take)) = &poll.cursor {
                let at = moment(&take.eval(&env), connector.zone.as_ref());
                self.saw(at.map(|moment| moment.at));
            }
            let topic = poll.topic.as_ref().and_then(|topic| short(&topic.eval(&env)));
            let delivery_id = poll.id.as_ref().and_then(|id| short(&id.eval(&env)));
            env.pop();
            if let Some(value) = item.into_value() {
                items.push(Item { body: value.to_json().into(), topic, delivery_id });
            }
        }
        self.asked.pages += 1;
        let after = poll.inquiry.after(&self.asked, answer, &settings, Some(items.len()));
        let (next, is_cut) = match after {
            Ok(After::Another(request)) => (Some(request), false),
            Ok(After::Nothing) => (None, false),
            Ok(After::TooMany) => (None, true),
            Err(_) => {
                let why = "the next page is on another host".to_owned();
                return PollStep::Failed(Verdict::Rejected, why);
            }
        };
        // A time counts once nothing older can follow: at the end, or where the oldest came first.
        let is_done = next.is_none() && (!is_cut || self.ascending);
        let newest = self.newest.filter(|_| is_done).map(|newest| newest.to_string());
        PollStep::Page(Page { items, cursor: given.or(newest), next, is_cut })
    }

    fn saw(&mut self, at: Option<Timestamp>) {
        let Some(at) = at else { return };
        self.ascending &= self.before.is_none_or(|before| before <= at);
        self.before = Some(at);
        self.newest = self.newest.max(Some(at));
    }
}

fn short(value: &Val<'_>) -> Option<String> {
    let text = value.as_text()?;
    let text = text.trim();
    (!text.is_empty()).then(|| text.chars().take(MAX_ID_CHARS).collect())
}

/// A time of the file; nothing inside where it is left out, nothing at all where it is wrong.
#[expect(clippy::option_option, reason = "the outer one says whether it can be read")]
fn period(
    node: &Node,
    key: &str,
    within: std::ops::RangeInclusive<u64>,
    diagnostics: &mut Diagnostics,
) -> Option<Option<Duration>> {
    let Some(stated) = node.get(key) else { return Some(None) };
    let seconds = stated.as_str()?.parse().ok().and_then(Period::seconds);
    let seconds = seconds.filter(|seconds| within.contains(seconds));
    if seconds.is_none() {
        let (least, most) = (within.start(), within.end());
        let message = format!("`{key}` is a time between {least}s and {most}s, as in 5m");
        diagnostics.push(Diagnostic::error(&stated.span, message));
    }
    seconds.map(|seconds| Some(Duration::from_secs(seconds)))
}
