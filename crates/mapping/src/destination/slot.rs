//! One request of an exchange, as it stands in a file.

use std::time::Duration;

use parcelwire_domain::Value;

use super::{keep, needs::Needs, ready::Inner};
use crate::{
    ask::{Answers, Plan, answer_scope},
    draft,
    expr::{Env, Expr, Scope, Template},
    http::HttpRequest,
    text::{Diagnostics, Node},
};

/// A request with what belongs to it.
#[derive(Debug)]
pub(super) struct Slot {
    plan: Plan,
    pub(super) when: Option<Expr>,
    pub(super) if_missing: bool,
    pub(super) answers: Answers,
    pub(super) take: Vec<(String, Expr)>,
    pub(super) lives: Option<Expr>,
    /// How long what it found is good for other messages.
    pub(super) keep: Option<Duration>,
    pub(super) needs: Needs,
}

impl Slot {
    pub(super) fn compile(
        node: &Node,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let plan = Plan::compile(node, scope, diagnostics);
        let answer_scope = answer_scope();
        let one = |key: &str, scope: &Scope, diagnostics: &mut Diagnostics| {
            node.get(key).and_then(|node| draft::expression(node, scope, diagnostics))
        };
        let when = one("when", scope, diagnostics);
        let lives = one("lives", &answer_scope, diagnostics);
        let take = node.get("take").into_iter().flat_map(|node| node.entries()).filter_map(
            |(key, node)| {
                Some((key.text.clone(), draft::expression(node, &answer_scope, diagnostics)?))
            },
        );
        let take = take.collect();
        Some(Self {
            when,
            if_missing: node.get("if_missing").and_then(Node::as_bool).unwrap_or(false),
            answers: Answers::compile(node.get("answers"), diagnostics),
            take,
            lives,
            keep: keep::time(node, diagnostics),
            needs: Needs::compile(node, scope, diagnostics),
            plan: plan?,
        })
    }

    /// Its own headers.
    pub(super) fn headers(&self) -> &[(String, Template)] {
        self.plan.headers()
    }

    /// A request without body, as `check:` is written.
    pub(super) fn bare(node: &Node, scope: &Scope, diagnostics: &mut Diagnostics) -> Option<Self> {
        Some(Self {
            plan: Plan::bare(node, scope, diagnostics)?,
            when: None,
            if_missing: false,
            answers: Answers::default(),
            take: Vec::new(),
            lives: None,
            keep: None,
            needs: Needs::default(),
        })
    }

    /// Its body alone.
    pub(super) fn body<'a>(&'a self, env: &mut Env<'a>) -> Option<Value> {
        self.plan.body(env)
    }

    /// The request for these names. What is wrong is the connector's or the settings' fault.
    pub(super) fn request<'a>(
        &'a self,
        inner: &Inner,
        common: &'a [(String, Template)],
        env: &mut Env<'a>,
    ) -> Result<HttpRequest, String> {
        let below = |path: &str| format!("{}{path}", inner.base_url.trim_end_matches('/'));
        let whole = |path: &str| inner.host_of(path).unwrap_or_else(|| below(path));
        self.plan.request(whole, common, env)
    }
}
