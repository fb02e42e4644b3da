//! How one page leads to the next.

use crate::{
    ask::{answer_scope, with_parameter},
    draft,
    expr::{Env, Expr},
    text::{Diagnostic, Diagnostics, Node},
};

/// Most pages of one request, where the file says nothing.
const USUAL_MOST: u32 = 50;

/// `pages:` of a file.
#[derive(Debug)]
pub(crate) struct Pages {
    form: Form,
    pub(super) most: u32,
}

#[derive(Debug)]
enum Form {
    /// A number in a parameter: of the page, or of the first item.
    Numbered { query: String, from: i64, step: i64, says_first: bool, until: Until },
    /// What the answer gives for the parameter.
    Token { query: String, next: Expr },
    /// The address that the answer gives.
    Address(Expr),
}

/// When numbered pages end.
#[derive(Debug)]
enum Until {
    /// The number of the last page stands in the answer.
    Last(Expr),
    /// Whether another page follows.
    More(Expr),
    /// A page without items.
    Empty,
}

/// What is asked next.
#[derive(Debug)]
pub(super) enum Following {
    Nothing,
    Parameter(String, String),
    Address(String),
}

impl Pages {
    pub(super) fn compile(
        node: &Node,
        has_items: bool,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let scope = answer_scope();
        let expression = |key: &str, diagnostics: &mut Diagnostics| match node.get(key) {
            Some(node) => draft::expression(node, &scope, diagnostics).map(Some),
            None => Some(None),
        };
        let (next, last, more) = (
            expression("next", diagnostics)?,
            expression("last", diagnostics)?,
            expression("more", diagnostics)?,
        );
        let query = node.get("query").and_then(Node::as_str).map(str::to_owned);
        let number = |key: &str| node.get(key).and_then(Node::as_int);
        let until = match (last, more) {
            (Some(last), None) => Some(Until::Last(last)),
            (None, Some(more)) => Some(Until::More(more)),
            (None, None) if has_items => Some(Until::Empty),
            (None, None) => None,
            (Some(_), Some(_)) => {
                let message = "pages end by `last:` or by `more:`, not both";
                diagnostics.push(Diagnostic::error(&node.span, message));
                return None;
            }
        };
        let form = match (query, next, until) {
            (Some(query), Some(next), _) => Form::Token { query, next },
            (None, Some(next), _) => Form::Address(next),
            (Some(query), None, Some(until)) => Form::Numbered {
                query,
                from: number("from").unwrap_or(1),
                step: number("step").unwrap_or(1),
                says_first: number("from").is_some(),
                until,
            },
            (None, None, _) | (Some(_), None, None) => {
                let error =
                    Diagnostic::error(&node.span, "nothing says how pages follow each other");
                diagnostics.push(error.hint(
                    "`query:` with `last:`, `more:` or `items:` beside it for numbered pages, `next:` \
                     for an address in the answer, both for a token",
                ));
                return None;
            }
        };
        let most = number("most").and_then(|most| u32::try_from(most).ok()).unwrap_or(USUAL_MOST);
        Some(Self { form, most })
    }

    /// The address of the first page, where its number is to be said.
    pub(super) fn first(&self, url: &str) -> Option<String> {
        match &self.form {
            Form::Numbered { query, from, says_first: true, .. } => {
                Some(with_parameter(url, query, &from.to_string()))
            }
            Form::Numbered { .. } | Form::Token { .. } | Form::Address(_) => None,
        }
    }

    /// What follows after `had` pages, the last of which is in `env`.
    pub(super) fn following<'a>(
        &'a self,
        had: u32,
        env: &Env<'a>,
        items: Option<usize>,
    ) -> Following {
        match &self.form {
            Form::Numbered { query, from, step, until, .. } => {
                let next = from + i64::from(had) * step;
                let follows = match until {
                    Until::Last(last) => {
                        let last =
                            last.eval(env).as_text().and_then(|text| text.parse::<i64>().ok());
                        last.is_some_and(|last| next <= last)
                    }
                    Until::More(more) => more.eval(env).truth() == Some(true),
                    Until::Empty => items.is_some_and(|items| items > 0),
                };
                if follows {
                    Following::Parameter(query.clone(), next.to_string())
                } else {
                    Following::Nothing
                }
            }
            Form::Token { query, next } => match text(next, env) {
                Some(token) => Following::Parameter(query.clone(), token),
                None => Following::Nothing,
            },
            Form::Address(next) => text(next, env).map_or(Following::Nothing, Following::Address),
        }
    }
}

fn text<'a>(next: &'a Expr, env: &Env<'a>) -> Option<String> {
    let text = next.eval(env).as_text()?.trim().to_owned();
    (!text.is_empty() && text != "false").then_some(text)
}
