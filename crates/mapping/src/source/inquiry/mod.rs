//! What a source asks of the other system: one request, perhaps over several pages, to a host that is
//! pinned. Shared by `lookup:` and `poll:`. Must not know who sends it, nor when.

mod pages;
mod pin;
pub(super) mod shape;

use jiff::Timestamp;
use parcelwire_domain::Map;

use super::lookup::LookupFault;
use crate::{
    ask::{Answers, Plan, Read, throttles, with_wait},
    blocks::{
        encode::basic,
        limits::Limits,
        outcome::{ThrottleHeader, Verdict},
    },
    draft,
    expr::{Env, Scope, Template},
    http::{HttpAnswer, HttpRequest},
    text::{Diagnostics, Node},
};
use pages::{Following, Pages};
use pin::Pin;

/// A request of a source, compiled.
#[derive(Debug)]
pub(super) struct Inquiry {
    plan: Plan,
    basic: Option<(Template, Template)>,
    pin: Pin,
    pub(super) pages: Option<Pages>,
    answers: Answers,
    throttles: Vec<ThrottleHeader>,
    pub(super) limits: Limits,
}

/// A request under way: the first one and how many pages were answered.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    pub(super) first: HttpRequest,
    pub(super) pages: u32,
}

/// What comes after a page.
#[derive(Debug)]
pub(super) enum After {
    /// Another page.
    Another(HttpRequest),
    /// Nothing: it was the last.
    Nothing,
    /// Another one, which is beyond the most that the file allows.
    TooMany,
}

impl Inquiry {
    /// `from` tells which names come from settings alone.
    pub(super) fn compile(
        node: &Node,
        scope: &Scope,
        own: &[&str],
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let plan = Plan::compile(node, scope, diagnostics);
        let basic = node.get("basic").map(|node| {
            let mut part = |key| draft::template(node.get(key)?, scope, diagnostics);
            (part("user"), part("password"))
        });
        let pages = match node.get("pages") {
            Some(pages) => Some(Pages::compile(pages, node.has("items"), diagnostics)?),
            None => None,
        };
        let answers = Answers::compile(node.get("answers"), diagnostics);
        let plan = plan?;
        let pin = Pin::compile(node, plan.address(), own, diagnostics)?;
        Some(Self {
            plan,
            basic: match basic {
                Some((user, password)) => Some((user?, password?)),
                None => None,
            },
            pin,
            pages,
            answers,
            throttles: throttles(node),
            limits: crate::destination::limits(node.get("limits")),
        })
    }

    /// The first request, or why nothing may be asked.
    pub(super) fn first<'a>(&'a self, env: &mut Env<'a>) -> Result<HttpRequest, String> {
        let mut request = self.plan.request(str::to_owned, &[], env)?;
        self.pin.judge(&request.url)?;
        if let Some((user, password)) = &self.basic {
            let part = |template: &'a Template| template.eval(env).as_text().unwrap_or_default();
            let value = basic(&part(user), &part(password));
            request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
            request.headers.push(("Authorization".to_owned(), value));
        }
        let first = self.pages.as_ref().and_then(|pages| pages.first(&request.url));
        request.url = first.unwrap_or(request.url);
        Ok(request)
    }

    /// What an answer means.
    pub(super) fn judge(
        &self,
        answer: &HttpAnswer,
        settings: &Map,
        now: Timestamp,
    ) -> (Verdict, String) {
        let judged = self.answers.judge(&Read::new(answer), settings);
        let status = answer.status;
        let verdict = judged.unwrap_or(Verdict::of_status(status));
        let detail = match status {
            300..=399 => format!("answered {status}: a redirect, which is never followed"),
            _ => format!("answered {status}"),
        };
        (with_wait(verdict, &self.throttles, answer, now), detail)
    }

    /// What comes after the page that was just answered; `items` are those on it, where the file
    /// names them. An address of another host is refused.
    pub(super) fn after(
        &self,
        asked: &Asked,
        answer: &HttpAnswer,
        settings: &Map,
        items: Option<usize>,
    ) -> Result<After, LookupFault> {
        let Some(pages) = &self.pages else { return Ok(After::Nothing) };
        let read = Read::new(answer);
        let env = read.env().with("settings", settings);
        let url = match pages.following(asked.pages, &env, items) {
            Following::Nothing => return Ok(After::Nothing),
            Following::Parameter(name, value) => {
                crate::ask::with_parameter(&asked.first.url, &name, &value)
            }
            Following::Address(address) => {
                pin::beside(&asked.first.url, &address).ok_or(LookupFault::Refused)?
            }
        };
        if asked.pages >= pages.most {
            return Ok(After::TooMany);
        }
        Ok(After::Another(HttpRequest { url, ..asked.first.clone() }))
    }
}
