//! What an answer to one request for many says of each of them.

use crate::{
    ask::{Read, answer_scope},
    blocks::outcome::Verdict,
    draft,
    expr::{Env, Expr, Kind, Val},
    text::{Diagnostic, Diagnostics, Node},
};

/// Most elements of an answer's list that are looked at.
const MAX_ELEMENTS: usize = 10_000;

/// How an answer names single messages; of several rules that name one the first counts.
#[derive(Debug)]
pub(super) struct Results(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    each: Expr,
    name: String,
    when: Option<Expr>,
    of: Of,
    is: Verdict,
    say: Option<Expr>,
}

/// Of which message an element speaks.
#[derive(Debug)]
enum Of {
    /// Of the one at its own place.
    SamePlace,
    /// Of the one at this place, or those at these places.
    Index(Expr),
    /// Of the one that is called so.
    Key(Expr),
}

/// What is said of one message, and in which words.
pub(super) type Said<'a> = Option<(Verdict, Val<'a>)>;

/// What is said of all.
pub(super) struct Told<'a> {
    /// Of each, in the order of the request; nothing of most.
    pub(super) each: Vec<Said<'a>>,
    /// Something was said of a message that nobody knows.
    pub(super) stray: bool,
}

impl Results {
    pub(super) fn compile(node: &Node, keyed: bool, diagnostics: &mut Diagnostics) -> Self {
        let rules = node.get("results").and_then(Node::as_list).unwrap_or_default();
        let rules = rules.iter().filter_map(|rule| Rule::compile(rule, keyed, diagnostics));
        let rules: Vec<Rule> = rules.collect();
        if rules.is_empty() {
            for span in partial(node) {
                let error = Diagnostic::error(span, "nothing says how single messages fared");
                diagnostics.push(error.hint("add `results:`, or say what it means for all"));
            }
        }
        Self(rules)
    }

    /// What an answer says of messages that go by these keys.
    pub(super) fn told<'a>(&'a self, read: &'a Read<'_>, keys: &[Option<&str>]) -> Told<'a> {
        let mut told = Told { each: vec![None; keys.len()], stray: false };
        for rule in &self.0 {
            rule.tell(read.env(), keys, &mut told);
        }
        told
    }
}

/// Where the answers of a request say `partial`.
fn partial(node: &Node) -> impl Iterator<Item = &crate::text::Span> {
    let answers = node.get("answers");
    let map = answers.into_iter().flat_map(Node::entries).map(|(_, is)| is);
    let list = answers.and_then(Node::as_list).unwrap_or_default();
    let all = map.chain(list.iter().filter_map(|rule| rule.get("is")));
    all.filter(|is| is.as_str() == Some("partial")).map(|is| &is.span)
}

impl Rule {
    fn compile(node: &Node, keyed: bool, diagnostics: &mut Diagnostics) -> Option<Self> {
        let name = node.get("as").and_then(Node::as_str).unwrap_or("item").to_owned();
        let scope = answer_scope();
        let inner = scope.with_local(name.clone(), Kind::Any);
        let one = |key: &str, diagnostics: &mut Diagnostics| {
            let node = node.get(key)?;
            Some(draft::expression(node, &inner, diagnostics))
        };
        let each = node.get("each").and_then(|each| draft::expression(each, &scope, diagnostics));
        if let (Some(key), false) = (node.get("key"), keyed) {
            let error =
                Diagnostic::error(&key.span, "the batch does not say what it is compared with");
            diagnostics.push(error.hint("add `key:` to `batch:`, as in key: =email"));
        }
        if let (Some(_), Some(key)) = (node.get("index"), node.get("key")) {
            let message = "an element speaks of a place or of a key, not of both";
            diagnostics.push(Diagnostic::error(&key.span, message));
        }
        let [when, index, key, say] =
            ["when", "index", "key", "say"].map(|key| one(key, diagnostics));
        let of = match (index, key) {
            (Some(index), _) => Of::Index(index?),
            (None, Some(key)) => Of::Key(key?),
            (None, None) => Of::SamePlace,
        };
        let is = node.get("is").and_then(Node::as_str).and_then(Verdict::parse);
        let is = is.unwrap_or(Verdict::Rejected);
        Some(Self { each: each?, name, when: flat(when)?, of, is, say: flat(say)? })
    }

    fn tell<'a>(&'a self, mut env: Env<'a>, keys: &[Option<&str>], told: &mut Told<'a>) {
        let Val::List(list) = self.each.eval(&env) else { return };
        for place in 0..list.len().min(MAX_ELEMENTS) {
            let element = list.at(i64::try_from(place).unwrap_or(i64::MAX));
            env.push(&self.name, element);
            let holds = self.when.as_ref().is_none_or(|when| when.eval(&env).truth() == Some(true));
            if holds {
                let say = self.say.as_ref().map(|say| say.eval(&env)).unwrap_or_default();
                let places = self.places(&env, place, keys);
                told.stray |= places.is_empty();
                for place in places {
                    match told.each.get_mut(place) {
                        Some(said) if said.is_none() => {
                            *said = Some((self.is.clone(), say.clone()))
                        }
                        Some(_) => {}
                        None => told.stray = true,
                    }
                }
            }
            env.pop();
        }
    }

    /// The places of the messages that an element speaks of.
    fn places<'a>(&'a self, env: &Env<'a>, own: usize, keys: &[Option<&str>]) -> Vec<usize> {
        // A place that cannot be read is one that nobody has.
        let place = |value: &Val<'_>| {
            value.as_text().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX)
        };
        match &self.of {
            Of::SamePlace => vec![own],
            Of::Index(index) => match index.eval(env) {
                Val::List(list) => list.items().iter().map(place).collect(),
                one => vec![place(&one)],
            },
            Of::Key(key) => {
                let called = key.eval(env).as_text();
                let called = called.as_deref();
                let same = |key: Option<&str>| match (key, called) {
                    (Some(key), Some(called)) => key.eq_ignore_ascii_case(called),
                    (_, None) | (None, Some(_)) => false,
                };
                let found = keys.iter().enumerate().filter(|(_, key)| same(**key));
                found.map(|(place, _)| place).collect()
            }
        }
    }
}

/// An expression that is absent is fine; one that did not compile is not.
#[expect(clippy::option_option, reason = "the outer one says whether it stands there")]
fn flat(expression: Option<Option<Expr>>) -> Option<Option<Expr>> {
    match expression {
        None => Some(None),
        Some(compiled) => compiled.map(Some),
    }
}
