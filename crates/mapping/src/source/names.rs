//! `let:` of a rule: names for parts of a payload that the rule reads more than once.

use crate::{
    draft,
    expr::{Env, Expr, Kind, Scope},
    text::{Diagnostic, Diagnostics, Node},
};

/// Names that mean something in every rule already.
const TAKEN: [&str; 5] = ["headers", "query", "body", "topic", "settings"];

/// The names of a rule, in the order of the file: each may read those before it.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// What does not depend on the element of `each:`; `each:` itself sees these.
    pub(super) of_rule: List,
    /// What does.
    pub(super) of_element: List,
}

/// Names with what they stand for.
#[derive(Debug, Default)]
pub(super) struct List(Vec<(String, Expr)>);

impl Names {
    /// Reads `let:` of a rule whose elements are called `element`.
    pub(super) fn compile(
        rule: &Node,
        element: Option<&str>,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let mut names = Self::default();
        for (key, value) in rule.get("let").into_iter().flat_map(Node::entries) {
            let name = key.text.as_str();
            if TAKEN.contains(&name) || element == Some(name) {
                let message = format!("`{name}` has a meaning here already");
                diagnostics.push(Diagnostic::error(&key.span, message).hint("take another name"));
                return None;
            }
            let seen = match element {
                Some(element) => names.scope(scope).with_local(element, Kind::Any),
                None => names.scope(scope),
            };
            let seen = names.of_element.scope(seen);
            let expression = draft::expression(value, &seen, diagnostics)?;
            let is_of_element = expression.reads().iter().any(|read| {
                let root = read.path.first().map(String::as_str);
                root.is_some() && (root == element || names.of_element.has(root))
            });
            let list = if is_of_element { &mut names.of_element } else { &mut names.of_rule };
            list.0.push((name.to_owned(), expression));
        }
        Some(names)
    }

    /// What `each:` sees.
    pub(super) fn scope(&self, scope: &Scope) -> Scope {
        self.of_rule.scope(scope.clone())
    }
}

impl List {
    fn has(&self, name: Option<&str>) -> bool {
        self.0.iter().any(|(known, _)| Some(known.as_str()) == name)
    }

    /// With these names as well.
    pub(super) fn scope(&self, scope: Scope) -> Scope {
        self.0.iter().fold(scope, |scope, (name, _)| scope.with(name.clone(), Kind::Any))
    }

    pub(super) fn push<'a>(&'a self, env: &mut Env<'a>) {
        for (name, expression) in &self.0 {
            let value = expression.eval(env);
            env.push(name, value);
        }
    }

    pub(super) fn pop(&self, env: &mut Env<'_>) {
        self.0.iter().for_each(|_| env.pop());
    }
}
