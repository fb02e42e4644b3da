//! The syntax tree of an expression, and its text again.

use std::fmt;
use std::ops::Range;

use super::functions::Function;

/// A part of an expression and where it stands in the expression's text.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) ast: Ast,
    pub(super) range: Range<usize>,
    /// Levels below and including this one; bounds every recursion over the tree.
    pub(super) height: usize,
}

#[derive(Debug, Clone)]
pub(super) enum Ast {
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Node>),
    Name(String),
    /// `of.key`, `of['key']`.
    Key(Box<Node>, String),
    /// `of[index]` with a computed key or a number.
    Index(Box<Node>, Box<Node>),
    Minus(Box<Node>),
    Not(Box<Node>),
    Both(Op, Box<Node>, Box<Node>),
    /// `then if condition else otherwise`.
    If(Box<[Node; 2]>, Option<Box<Node>>),
    Test(Test, bool, Box<Node>),
    Call(Box<Call>),
}

/// `input | function(args)`.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) function: &'static Function,
    pub(super) input: Node,
    /// One place for each argument the function knows.
    pub(super) args: Vec<Option<Node>>,
    /// What a constant argument was made into when the file was loaded.
    pub(super) prepared: Prepared,
}

/// A constant argument in the form in which it is used.
#[derive(Debug, Clone, Default)]
pub(super) enum Prepared {
    #[default]
    Nothing,
    Pattern(regex_lite::Regex),
    Zone(jiff::tz::TimeZone),
}

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    /// The first value that is present and not blank.
    Or,
    /// `or` between conditions.
    Either,
    And,
    Equal,
    Different,
    Less,
    LessEqual,
    More,
    MoreEqual,
    In,
    NotIn,
    Plus,
    Minus,
    Concat,
    Times,
    Divide,
    Whole,
    Rest,
}

/// A test after `is`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Present,
    Missing,
    Blank,
    True,
    False,
    Number,
    Text,
    Boolean,
    List,
    Map,
}

impl Test {
    pub(super) const ALL: [(&'static str, Self); 10] = [
        ("present", Self::Present),
        ("missing", Self::Missing),
        ("blank", Self::Blank),
        ("true", Self::True),
        ("false", Self::False),
        ("number", Self::Number),
        ("text", Self::Text),
        ("boolean", Self::Boolean),
        ("list", Self::List),
        ("map", Self::Map),
    ];

    fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, test)| *test == self).map_or("", |(name, _)| name)
    }
}

impl Op {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Self::Or | Self::Either => "or",
            Self::And => "and",
            Self::Equal => "==",
            Self::Different => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::More => ">",
            Self::MoreEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Concat => "~",
            Self::Times => "*",
            Self::Divide => "/",
            Self::Whole => "//",
            Self::Rest => "%",
        }
    }

    /// How strongly it binds; `not` stands between `and` and the comparisons.
    pub(super) fn power(self) -> u8 {
        match self {
            Self::Or | Self::Either => 2,
            Self::And => 3,
            Self::Equal
            | Self::Different
            | Self::Less
            | Self::LessEqual
            | Self::More
            | Self::MoreEqual
            | Self::In
            | Self::NotIn => COMPARISON,
            Self::Plus | Self::Minus => 6,
            Self::Concat => 7,
            Self::Times | Self::Divide | Self::Whole | Self::Rest => 8,
        }
    }
}

/// Binding power of `x if c else y`, the weakest.
pub(super) const CONDITIONAL: u8 = 1;
/// Binding power of `not`.
pub(super) const NOT: u8 = 4;
/// Binding power of comparisons, which do not chain.
pub(super) const COMPARISON: u8 = 5;
/// Binding power of filters and tests: stronger than every operator, weaker than a sign.
pub(super) const FILTER: u8 = 9;
/// Binding power of the sign `-`, which takes a value with its path and no filter.
pub(super) const SIGN: u8 = 10;
/// Binding power of paths, literals and brackets.
pub(super) const ATOM: u8 = 11;

impl Node {
    /// Whether it answers yes or no by its form: a comparison, `not`, a test, or `and` and `or`
    /// of such. Only between these is `or` logical; elsewhere it picks the first value.
    pub(super) fn is_condition(&self) -> bool {
        match &self.ast {
            Ast::Bool(_) | Ast::Not(_) | Ast::Test(..) => true,
            Ast::Both(Op::And, left, right) => left.is_condition() && right.is_condition(),
            Ast::Both(op, ..) => *op == Op::Either || op.power() == COMPARISON,
            Ast::Call(call) => call.function.answers,
            Ast::Number(_)
            | Ast::Text(_)
            | Ast::List(_)
            | Ast::Name(_)
            | Ast::Key(..)
            | Ast::Index(..)
            | Ast::Minus(_)
            | Ast::If(..) => false,
        }
    }

    /// The parts directly below.
    pub(super) fn children(&self) -> Vec<&Self> {
        match &self.ast {
            Ast::Bool(_) | Ast::Number(_) | Ast::Text(_) | Ast::Name(_) => Vec::new(),
            Ast::List(items) => items.iter().collect(),
            Ast::Key(of, _) | Ast::Minus(of) | Ast::Not(of) | Ast::Test(_, _, of) => vec![of],
            Ast::Index(left, right) | Ast::Both(_, left, right) => vec![left, right],
            Ast::If(parts, otherwise) => {
                let [then, condition] = parts.as_ref();
                [Some(condition), Some(then), otherwise.as_deref()].into_iter().flatten().collect()
            }
            Ast::Call(call) => {
                std::iter::once(&call.input).chain(call.args.iter().flatten()).collect()
            }
        }
    }

    /// The names from the root of a plain path (`a.b['c']`) and whether it goes on with what is
    /// computed; `None` for anything else.
    pub(super) fn path(&self) -> Option<Vec<String>> {
        match &self.ast {
            Ast::Name(name) => Some(vec![name.clone()]),
            Ast::Key(of, key) => {
                let mut path = of.path()?;
                path.push(key.clone());
                Some(path)
            }
            Ast::Index(of, _) => of.path(),
            Ast::Bool(_)
            | Ast::Number(_)
            | Ast::Text(_)
            | Ast::List(_)
            | Ast::Minus(_)
            | Ast::Not(_)
            | Ast::Both(..)
            | Ast::If(..)
            | Ast::Test(..)
            | Ast::Call(..) => None,
        }
    }

    fn power(&self) -> u8 {
        match &self.ast {
            Ast::Bool(_)
            | Ast::Number(_)
            | Ast::Text(_)
            | Ast::List(_)
            | Ast::Name(_)
            | Ast::Key(..)
            | Ast::Index(..) => ATOM,
            Ast::Minus(_) => SIGN,
            Ast::Not(_) => NOT,
            Ast::Both(op, ..) => op.power(),
            Ast::If(..) => CONDITIONAL,
            Ast::Test(..) | Ast::Call(..) => FILTER,
        }
    }

    /// Writes this part, in parentheses when it binds more weakly than `least`.
    fn write(&self, f: &mut fmt::Formatter<'_>, least: u8) -> fmt::Result {
        if self.power() < least { write!(f, "({self})") } else { write!(f, "{self}") }
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.ast {
            Ast::Bool(truth) => write!(f, "{truth}"),
            Ast::Number(number) => f.write_str(number),
            Ast::Text(text) => write_text(f, text),
            Ast::List(items) => {
                f.write_str("[")?;
                write_all(f, items.iter())?;
                f.write_str("]")
            }
            Ast::Name(name) => f.write_str(name),
            Ast::Key(of, key) => {
                of.write(f, ATOM)?;
                if is_name(key) {
                    return write!(f, ".{key}");
                }
                f.write_str("[")?;
                write_text(f, key)?;
                f.write_str("]")
            }
            Ast::Index(of, index) => {
                of.write(f, ATOM)?;
                write!(f, "[{index}]")
            }
            Ast::Minus(of) => {
                f.write_str("-")?;
                of.write(f, SIGN)
            }
            Ast::Not(of) => {
                f.write_str("not ")?;
                of.write(f, NOT)
            }
            Ast::Both(op, left, right) => {
                let chains = op.power() != COMPARISON;
                left.write(f, op.power() + u8::from(!chains))?;
                write!(f, " {} ", op.sign())?;
                right.write(f, op.power() + 1)
            }
            Ast::If(parts, otherwise) => {
                let [then, condition] = parts.as_ref();
                then.write(f, CONDITIONAL + 1)?;
                f.write_str(" if ")?;
                condition.write(f, CONDITIONAL + 1)?;
                let Some(otherwise) = otherwise else { return Ok(()) };
                write!(f, " else {otherwise}")
            }
            Ast::Test(test, negated, of) => {
                of.write(f, FILTER)?;
                write!(f, " is {}{}", if *negated { "not " } else { "" }, test.name())
            }
            Ast::Call(call) => call.write(f),
        }
    }
}

impl Call {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.input.write(f, FILTER)?;
        write!(f, " | {}", self.function.name)?;
        let named = self.function.args.iter().zip(&self.args);
        let mut before = "(";
        for (arg, node) in named.filter_map(|(arg, node)| Some((arg, node.as_ref()?))) {
            write!(f, "{before}{}={node}", arg.name)?;
            before = ", ";
        }
        f.write_str(if before == "(" { "" } else { ")" })
    }
}

fn write_all<'n>(f: &mut fmt::Formatter<'_>, nodes: impl Iterator<Item = &'n Node>) -> fmt::Result {
    for (at, node) in nodes.enumerate() {
        if at > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{node}")?;
    }
    Ok(())
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("'")?;
    for c in text.chars() {
        match c {
            '\'' => f.write_str("\\'")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("'")
}

fn is_name(key: &str) -> bool {
    key.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && key.chars().all(|c| c.is_alphanumeric() || c == '_')
}
