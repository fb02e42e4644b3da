//! The expression language of rule files: a subset of Jinja's expression syntax, with the same
//! meaning wherever the subset has it. Pure, total and bounded: an expression that loaded has no
//! errors later, only values that are missing.
//!
//! In it: paths `a.b`, `a['b-c']`, `a[0]`, texts, numbers, `true` and `false`, lists `[1, 2]`,
//! `~ + - * / // %`, comparisons, `in`, `not in`, `and or not`, `x if c else y`, tests
//! `is [not] present`, and functions `x | truncate(30)`. Where it differs from Jinja:
//!
//! - A missing field (and JSON's null) passes through everything: what is made of it is missing
//!   too. Only `is present`, `is missing`, `is blank`, `default` and `or` answer for it. `and`, and
//!   `or` between conditions, still answer when one side decides alone.
//! - `or` gives the first value that is present and not blank or false; 0 is a value like others.
//! - A list leaves missing elements out; `x in [a, b]` is not guessed while `b` is missing.
//! - Numbers are exact decimals, not floats; `/` that does not come out even keeps 20 digits.
//! - Comparisons do not chain, a truth value is not a number, and only two numbers or two texts
//!   have an order. A list or a map has no text.
//! - Without `else`, a condition that does not hold gives missing.
//! - Unknown names, functions, tests and arguments are errors when the file is loaded. There is
//!   no null, no map literal, no slice, no call but `|`, and functions are those of
//!   [`functions::all`], which have their own arguments.
//!
//! Must not know what rule files are made of, nor events, nor requests.

mod ast;
mod built;
mod check;
mod env;
mod eval;
pub mod functions;
mod index;
mod lex;
mod number;
mod parse;
mod scope;
mod template;
#[cfg(test)]
mod tests;
mod value;

use std::fmt;

use crate::text::{Diagnostic, Diagnostics, Span};

pub use built::{Built, Draft, Entry, MAX_EACH_ITEMS};
pub use check::MAX_PATTERN_BYTES;
pub use env::{Env, MAX_GIVEN_BYTES, MAX_MADE_BYTES, MAX_STEPS};
pub use index::Index;
pub use number::MAX_SCALE;
pub use parse::{MAX_EXPRESSION_BYTES, MAX_HEIGHT};
pub use scope::{Kind, Scope, nearest};
pub use template::{Part, Template, plain_value};
pub use value::{Entries, List, Val};

use ast::{Ast, Node, Op, Test};
use lex::Fault;

/// A checked expression.
#[derive(Clone)]
pub struct Expr {
    root: Node,
    kind: Kind,
    reads: Vec<Read>,
}

/// A path an expression reads, from a root name: `values.voucher` is `["values", "voucher"]`.
/// It ends where an index is computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Read {
    /// The names along the path; at least one.
    pub path: Vec<String>,
    /// Where it stands.
    pub span: Span,
}

/// What a condition came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// It holds.
    Yes,
    /// It does not hold.
    No,
    /// It depends on something missing, named here.
    Undecided(String),
}

impl Expr {
    /// Reads and checks an expression. `span` is where its text stands in a file; all that is
    /// wrong goes to `diagnostics`, and then there is no expression.
    pub fn compile(
        text: &str,
        span: &Span,
        scope: &Scope,
        diagnostics: &mut Diagnostics,
    ) -> Option<Self> {
        let (node, mut faults) = parse::parse(text);
        let node = node.map(|mut node| {
            let kind = check::check(&mut node, scope, &mut faults);
            (node, kind)
        });
        let sound = faults.is_empty();
        for fault in faults {
            diagnostics.push(diagnostic(fault, text, span));
        }
        let (root, kind) = node.filter(|_| sound)?;
        let mut reads = Vec::new();
        collect_reads(&root, &mut |node, path| {
            reads.push(Read { path, span: place(&node.range, text, span) });
        });
        Some(Self { root, kind, reads })
    }

    /// The value for these names.
    pub fn eval<'a>(&'a self, env: &Env<'a>) -> Val<'a> {
        eval::eval(&self.root, env)
    }

    /// The value as a condition: one that depends on something missing is undecided, not false.
    pub fn decide<'a>(&'a self, env: &Env<'a>) -> Decision {
        match self.eval(env).truth() {
            Some(true) => Decision::Yes,
            Some(false) => Decision::No,
            None => {
                let missing = what_is_missing(&self.root, env);
                Decision::Undecided(missing.unwrap_or_else(|| self.root.to_string()))
            }
        }
    }

    /// What its value is known to be.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The paths it reads, in written order, once for each place.
    pub fn reads(&self) -> &[Read] {
        &self.reads
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.root)
    }
}

impl fmt::Debug for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Expr({})", self.root)
    }
}

fn collect_reads<'n>(node: &'n Node, found: &mut impl FnMut(&'n Node, Vec<String>)) {
    let Some(path) = node.path() else {
        for child in node.children() {
            collect_reads(child, found);
        }
        return;
    };
    found(node, path);
    // What computes an index inside the path reads paths of its own.
    let mut inner = node;
    loop {
        inner = match &inner.ast {
            Ast::Key(of, _) => of,
            Ast::Index(of, index) => {
                collect_reads(index, found);
                of
            }
            _ => return,
        };
    }
}

/// The first thing read that makes `node` missing.
fn what_is_missing<'a>(node: &'a Node, env: &Env<'a>) -> Option<String> {
    if !eval::eval(node, env).is_missing() {
        return None;
    }
    match &node.ast {
        Ast::Name(_) | Ast::Key(..) => Some(node.to_string()),
        Ast::Test(Test::Present | Test::Missing | Test::Blank | Test::True | Test::False, ..) => {
            None
        }
        Ast::Both(Op::In | Op::NotIn, left, right) => {
            let items = match &right.ast {
                Ast::List(items) => items.iter().collect(),
                _ => vec![right.as_ref()],
            };
            std::iter::once(left.as_ref()).chain(items).find_map(|part| what_is_missing(part, env))
        }
        _ => {
            let part = node.children().into_iter().find_map(|part| what_is_missing(part, env));
            part.or_else(|| Some(node.to_string()))
        }
    }
}

fn diagnostic(fault: Fault, text: &str, span: &Span) -> Diagnostic {
    Diagnostic::error(&place(&fault.range, text, span), fault.message).hint(fault.hint)
}

/// Where a range of `text` stands. A scalar that YAML has changed (escapes, folded lines) is
/// shown as a whole: its bytes are not those of the file.
fn place(range: &std::ops::Range<usize>, text: &str, span: &Span) -> Span {
    let written = span.file.text.get(span.start..span.end);
    if written != Some(text) {
        return span.clone();
    }
    let start = range.start.min(text.len());
    // An empty range, as at the end, still needs a character to point at.
    let end = range.end.max(start + 1).min(text.len().max(start + 1));
    span.part(start, end)
}
