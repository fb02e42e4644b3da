//! What an answer means: the rules of `answers:`, and the wait that it asks for.

use std::time::Duration;

use jiff::Timestamp;
use parcelwire_domain::Map;

use crate::{
    blocks::outcome::{ThrottleForm, ThrottleHeader, Verdict},
    draft,
    expr::{Env, Expr, Kind, Scope, Val},
    http::HttpAnswer,
    json::Doc,
    text::{Diagnostic, Diagnostics, Node, Period},
};

/// The rules of a file or a slot; the first that matches counts.
#[derive(Debug, Default)]
pub(crate) struct Answers(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    /// Lowest and highest status; empty for any.
    statuses: Vec<(u16, u16)>,
    when: Option<Expr>,
    is: Verdict,
    forget: bool,
}

/// The names that conditions over an answer see.
pub(crate) fn scope() -> Scope {
    Scope::closed()
        .with("status", Kind::Number)
        .with("headers", Kind::Map)
        .with("body", Kind::Any)
        .with("settings", Kind::Map)
}

/// An answer whose body was read.
pub(crate) struct Read<'a> {
    pub(crate) answer: &'a HttpAnswer,
    doc: Option<Doc>,
}

impl<'a> Read<'a> {
    pub(crate) fn new(answer: &'a HttpAnswer) -> Self {
        Self { answer, doc: Doc::parse(&answer.body).ok() }
    }

    pub(crate) fn env(&self) -> Env<'_> {
        let headers = self.answer.headers.iter();
        let headers =
            headers.map(|(name, value)| (name.as_str().into(), Val::text(value.as_str())));
        let body = self.doc.as_ref().map_or(Val::Missing, |doc| doc.root().into());
        Env::new()
            .with("status", Val::int(i64::from(self.answer.status)))
            .with("headers", Val::map(headers.collect()))
            .with("body", body)
    }
}

impl Answers {
    pub(crate) fn compile(node: Option<&Node>, diagnostics: &mut Diagnostics) -> Self {
        let Some(node) = node else { return Self::default() };
        let mut rules = Vec::new();
        for (key, is) in node.entries() {
            match status(&key.text) {
                Some(range) => {
                    let is = is.as_str().and_then(Verdict::parse).unwrap_or(Verdict::Rejected);
                    rules.push(Rule { statuses: vec![range], when: None, is, forget: false });
                }
                None => {
                    let error =
                        Diagnostic::error(&key.span, format!("`{}` is no HTTP status", key.text));
                    diagnostics
                        .push(error.hint("write a number, as in 409, or a class, as in 5xx"));
                }
            }
        }
        for item in node.as_list().unwrap_or_default() {
            let texts = item.get("status").map(Node::one_or_many).unwrap_or_default();
            let statuses = texts.iter().filter_map(|text| status(text.as_str()?)).collect();
            let when =
                item.get("when").and_then(|when| draft::expression(when, &scope(), diagnostics));
            let is = item.get("is").and_then(Node::as_str).and_then(Verdict::parse);
            let is = is.unwrap_or(Verdict::Rejected).not_before(wait(item, diagnostics));
            let forget = item.get("forget").and_then(Node::as_bool).unwrap_or(false);
            rules.push(Rule { statuses, when, is, forget });
        }
        Self(rules)
    }

    /// What these rules say of an answer, if one of them matches.
    pub(crate) fn judge(&self, read: &Read<'_>, settings: &Map) -> Option<Verdict> {
        self.rule(read, settings).map(|rule| rule.is.clone())
    }

    /// Whether what was found before is wrong by these rules, if one of them matches.
    pub(crate) fn forgets(&self, read: &Read<'_>, settings: &Map) -> Option<bool> {
        self.rule(read, settings).map(|rule| rule.forget)
    }

    fn rule(&self, read: &Read<'_>, settings: &Map) -> Option<&Rule> {
        let env = read.env().with("settings", settings);
        let status = read.answer.status;
        self.0.iter().find(|rule| {
            let fits = rule.statuses.is_empty()
                || rule.statuses.iter().any(|(from, to)| (*from..=*to).contains(&status));
            fits && rule.when.as_ref().is_none_or(|when| when.eval(&env).truth() == Some(true))
        })
    }
}

/// How long to leave it alone, where the answer itself does not say.
fn wait(item: &Node, diagnostics: &mut Diagnostics) -> Option<Duration> {
    let node = item.get("wait")?;
    let seconds = node.as_str()?.parse().ok().and_then(Period::seconds);
    if seconds.is_none() || item.get("is").and_then(Node::as_str) != Some("again") {
        let error = Diagnostic::error(&node.span, "`wait` is a time, as in 5m, beside `is: again`");
        diagnostics.push(error);
        return None;
    }
    seconds.map(Duration::from_secs)
}

/// `409`, `5xx`.
fn status(text: &str) -> Option<(u16, u16)> {
    if let Some(class) = text.strip_suffix("xx") {
        let class: u16 = class.parse().ok().filter(|class| (1..=5).contains(class))?;
        return Some((class * 100, class * 100 + 99));
    }
    let status: u16 = text.parse().ok().filter(|status| (100..=599).contains(status))?;
    Some((status, status))
}

/// Where an answer says when to call again.
pub(crate) fn throttles(file: &Node) -> Vec<ThrottleHeader> {
    let own = file.get("throttle").map(Node::one_or_many).unwrap_or_default();
    let own = own.iter().filter_map(|node| {
        let form = node.get("form").and_then(Node::as_str).and_then(ThrottleForm::parse);
        Some(ThrottleHeader {
            name: node.get("header")?.as_str()?.to_lowercase(),
            form: form.unwrap_or(ThrottleForm::SecondsOrDate),
        })
    });
    own.chain([ThrottleHeader::retry_after()]).collect()
}

/// Statuses with which a system defends itself against all that somebody sends.
const THROTTLING: [u16; 3] = [403, 429, 503];

/// The verdict with the wait that the answer asks for: of everybody, where it is throttling; else,
/// where only a rule says `wait:`, of this one alone.
pub(crate) fn with_wait(
    verdict: Verdict,
    throttles: &[ThrottleHeader],
    answer: &HttpAnswer,
    now: Timestamp,
) -> Verdict {
    let after = throttles
        .iter()
        .filter_map(|throttle| throttle.form.wait(answer.header(&throttle.name)?, now))
        .max();
    let verdict = verdict.not_before(after);
    let throttles = after.is_some() || THROTTLING.contains(&answer.status);
    if throttles { verdict.for_all() } else { verdict }
}
