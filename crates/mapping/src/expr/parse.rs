//! Tokens → syntax tree, by binding power. Faults that leave the rest readable are collected; one
//! that does not ends the reading.

use std::ops::Range;

use super::ast::{Ast, COMPARISON, Call, NOT, Node, Op, Prepared, Test};
use super::functions::{self, Function};
use super::lex::{self, Bare, Fault, Kind, Token};
use super::scope::nearest;

/// Longest expression, in bytes.
pub const MAX_EXPRESSION_BYTES: usize = 4_096;

/// Highest tree: nested parentheses, but also a chain of operators or filters.
pub const MAX_HEIGHT: usize = 64;

/// Reads a whole expression. No tree means that the faults stopped the reading.
pub(super) fn parse(text: &str) -> (Option<Node>, Vec<Fault>) {
    if text.len() > MAX_EXPRESSION_BYTES {
        let message = format!("the expression is longer than {MAX_EXPRESSION_BYTES} bytes");
        let fault = Fault::new(0..text.len(), message)
            .hint("split it into several, or say it in fewer words");
        return (None, vec![fault]);
    }
    let tokens = match lex::tokens(text) {
        Ok(tokens) => tokens,
        Err(fault) => return (None, vec![fault]),
    };
    let mut parser = Parser { tokens, at: 0, depth: 0, faults: Vec::new() };
    let node = parser.whole();
    match node {
        Ok(node) => (Some(node), parser.faults),
        Err(fault) => {
            parser.faults.push(fault);
            (None, parser.faults)
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    faults: Vec<Fault>,
}

type Parsed = Result<Node, Fault>;

impl Parser {
    fn whole(&mut self) -> Parsed {
        if self.peek().kind == Kind::End {
            return Err(Fault::new(self.peek().range.clone(), "an expression is expected here")
                .hint("leave the whole key out if there is no value"));
        }
        let node = self.conditional()?;
        match &self.peek().kind {
            Kind::End => Ok(node),
            Kind::Sign("=") => Err(self.unexpected("`==` compares").hint("write `==`")),
            Kind::Sign("(") => Err(self.call_hint(&node)),
            Kind::Name(_) | Kind::Number(_) | Kind::Text(_) | Kind::Sign(_) => Err(self
                .unexpected("an operator is expected here")
                .hint("join texts with `~`, conditions with `and`; a text stands in quotes")),
        }
    }

    fn conditional(&mut self) -> Parsed {
        self.depth += 1;
        if self.depth > MAX_HEIGHT {
            return Err(too_high(self.peek().range.clone()));
        }
        let mut node = self.binary(2)?;
        while self.take_name("if") {
            let condition = self.binary(2)?;
            let otherwise =
                if self.take_name("else") { Some(Box::new(self.conditional()?)) } else { None };
            node = self.node(node.range.start, Ast::If(Box::new([node, condition]), otherwise))?;
        }
        self.depth -= 1;
        Ok(node)
    }

    fn binary(&mut self, least: u8) -> Parsed {
        let mut left = if self.peek_name() == Some("not") && least <= NOT {
            let start = self.advance().start;
            self.depth += 1;
            if self.depth > MAX_HEIGHT {
                return Err(too_high(self.peek().range.clone()));
            }
            let of = self.binary(NOT)?;
            self.depth -= 1;
            self.node(start, Ast::Not(Box::new(of)))?
        } else {
            self.operand()?
        };
        let mut compared = false;
        while let Some((op, tokens)) = self.operator() {
            if op.power() < least {
                break;
            }
            if op.power() == COMPARISON && std::mem::replace(&mut compared, true) {
                return Err(self
                    .unexpected("comparisons do not chain")
                    .hint("write `a < b and b < c`, or put one comparison in parentheses"));
            }
            for _ in 0..tokens {
                self.advance();
            }
            let right = self.binary(op.power() + 1)?;
            let conditions = left.is_condition() && right.is_condition();
            let op = if op == Op::Or && conditions { Op::Either } else { op };
            left = self.node(left.range.start, Ast::Both(op, Box::new(left), Box::new(right)))?;
        }
        Ok(left)
    }

    /// The operator that stands here and how many tokens it takes.
    fn operator(&self) -> Option<(Op, usize)> {
        let op = match &self.peek().kind {
            Kind::Name(name) => match name.as_str() {
                "or" => Op::Or,
                "and" => Op::And,
                "in" => Op::In,
                "not" if self.name_at(self.at + 1) == Some("in") => return Some((Op::NotIn, 2)),
                _ => return None,
            },
            Kind::Sign(sign) => match *sign {
                "==" => Op::Equal,
                "!=" => Op::Different,
                "<" => Op::Less,
                "<=" => Op::LessEqual,
                ">" => Op::More,
                ">=" => Op::MoreEqual,
                "+" => Op::Plus,
                "-" => Op::Minus,
                "~" => Op::Concat,
                "*" => Op::Times,
                "/" => Op::Divide,
                "//" => Op::Whole,
                "%" => Op::Rest,
                _ => return None,
            },
            Kind::Number(_) | Kind::Text(_) | Kind::End => return None,
        };
        Some((op, 1))
    }

    /// A value with its sign, path, filters and tests.
    fn operand(&mut self) -> Parsed {
        let mut node = self.signed()?;
        loop {
            let start = node.range.start;
            if self.take_sign("|") {
                node = self.filter(node)?;
            } else if self.take_name("is") {
                let negated = self.take_name("not");
                let Some(test) = self.test()? else { continue };
                node = self.node(start, Ast::Test(test, negated, Box::new(node)))?;
            } else {
                return Ok(node);
            }
        }
    }

    fn signed(&mut self) -> Parsed {
        let start = self.peek().range.start;
        if !self.take_sign("-") {
            let atom = self.atom()?;
            return self.postfix(atom);
        }
        self.depth += 1;
        if self.depth > MAX_HEIGHT {
            return Err(too_high(self.peek().range.clone()));
        }
        let of = self.signed()?;
        self.depth -= 1;
        self.node(start, Ast::Minus(Box::new(of)))
    }

    fn atom(&mut self) -> Parsed {
        let token = self.peek().clone();
        let start = token.range.start;
        let ast = match token.kind {
            Kind::Number(text) => Ast::Number(text),
            Kind::Text(text) => Ast::Text(text),
            Kind::Name(name) => match name.as_str() {
                "true" | "True" => Ast::Bool(true),
                "false" | "False" => Ast::Bool(false),
                "none" | "None" | "null" => {
                    return Err(self.unexpected("there is no null here").hint(
                        "what is not known is missing: ask `x is missing` or leave `else` away",
                    ));
                }
                "or" | "and" | "not" | "in" | "is" | "if" | "else" => {
                    return Err(self.no_value());
                }
                _ => Ast::Name(name),
            },
            Kind::Sign("(") => {
                self.advance();
                let mut inner = self.conditional()?;
                inner.range = start..self.expect(")")?;
                return Ok(inner);
            }
            Kind::Sign("[") => {
                self.advance();
                let items = self.separated("]")?;
                return self.node(start, Ast::List(items));
            }
            Kind::Sign(_) | Kind::End => return Err(self.no_value()),
        };
        self.advance();
        self.node(start, ast)
    }

    fn separated(&mut self, close: &'static str) -> Result<Vec<Node>, Fault> {
        let mut items = Vec::new();
        while !self.take_sign(close) {
            items.push(self.conditional()?);
            if !self.take_sign(",") {
                self.expect(close)?;
                break;
            }
        }
        Ok(items)
    }

    fn postfix(&mut self, mut node: Node) -> Parsed {
        loop {
            let start = node.range.start;
            if self.take_sign(".") {
                let Kind::Name(key) = self.peek().kind.clone() else {
                    return Err(self.unexpected("a key is expected after the dot").hint(
                        "an element of a list is `a[0]`, a key with other characters `a['b-c']`",
                    ));
                };
                self.advance();
                node = self.node(start, Ast::Key(Box::new(node), key))?;
            } else if self.take_sign("[") {
                let index = self.conditional()?;
                self.expect("]")?;
                node = match index.ast {
                    Ast::Text(key) => self.node(start, Ast::Key(Box::new(node), key))?,
                    _ => self.node(start, Ast::Index(Box::new(node), Box::new(index)))?,
                };
            } else if self.peek().kind == Kind::Sign("(") {
                return Err(self.call_hint(&node));
            } else {
                return Ok(node);
            }
        }
    }

    /// What follows `|`. An unknown function is noted and left out, so that reading goes on.
    fn filter(&mut self, input: Node) -> Parsed {
        let token = self.peek().clone();
        let Kind::Name(name) = token.kind else {
            return Err(self
                .unexpected("a function is expected after `|`")
                .hint("write its name, as in `carrier | lower`"));
        };
        self.advance();
        let given = if self.take_sign("(") { self.arguments()? } else { Vec::new() };
        let Some(function) = functions::find(&name) else {
            self.faults.push(unknown_function(&name, token.range));
            return Ok(input);
        };
        let args = self.place(function, given, &token.range);
        let start = input.range.start;
        let call = Call { function, input, args, prepared: Prepared::Nothing };
        self.node(start, Ast::Call(Box::new(call)))
    }

    fn arguments(&mut self) -> Result<Vec<(Option<Token>, Node)>, Fault> {
        let mut given = Vec::new();
        while !self.take_sign(")") {
            let name = self.peek().clone();
            let named = matches!(name.kind, Kind::Name(_))
                && self.tokens.get(self.at + 1).is_some_and(|t| t.kind == Kind::Sign("="));
            if named {
                self.advance();
                self.advance();
            }
            given.push((named.then_some(name), self.conditional()?));
            if !self.take_sign(",") {
                self.expect(")")?;
                break;
            }
        }
        Ok(given)
    }

    /// Puts the given arguments where the function expects them.
    fn place(
        &mut self,
        function: &'static Function,
        given: Vec<(Option<Token>, Node)>,
        range: &Range<usize>,
    ) -> Vec<Option<Node>> {
        let mut args: Vec<Option<Node>> = function.args.iter().map(|_| None).collect();
        for (position, (name, node)) in given.into_iter().enumerate() {
            let place = match name {
                None => Some(position),
                Some(Token { kind: Kind::Name(name), range }) => {
                    let place = function.args.iter().position(|arg| arg.name == name);
                    if place.is_none() {
                        self.faults.push(unknown_argument(function, &name, range));
                        continue;
                    }
                    place
                }
                Some(_) => None,
            };
            match place.and_then(|place| args.get_mut(place)) {
                Some(free @ None) => *free = Some(node),
                Some(Some(_)) => {
                    let fault = Fault::new(node.range, "this argument is given twice");
                    self.faults.push(fault.hint(function.usage()));
                }
                None => {
                    let message = format!("`{}` does not take so many arguments", function.name);
                    self.faults.push(Fault::new(node.range, message).hint(function.usage()));
                }
            }
        }
        for (arg, _) in function.args.iter().zip(&args).filter(|(a, n)| a.required && n.is_none()) {
            let message = format!("`{}` needs its argument `{}`", function.name, arg.name);
            self.faults.push(Fault::new(range.clone(), message).hint(function.usage()));
        }
        args
    }

    fn test(&mut self) -> Result<Option<Test>, Fault> {
        let token = self.peek().clone();
        let Kind::Name(name) = token.kind else {
            return Err(self
                .unexpected("a test is expected after `is`")
                .hint(format!("there are: {}", Test::ALL.map(|(name, _)| name).join(", "))));
        };
        self.advance();
        let known = Test::ALL.iter().find(|(known, _)| *known == name);
        if known.is_none() {
            let meant = match name.as_str() {
                "defined" => Some("present"),
                "undefined" | "none" | "null" => Some("missing"),
                "string" => Some("text"),
                "empty" => Some("blank"),
                _ => nearest(&name, Test::ALL.iter().map(|(known, _)| *known)),
            };
            let fault = Fault::new(token.range, format!("there is no test `{name}`"));
            self.faults.push(match meant {
                Some(meant) => fault.hint(format!("did you mean `is {meant}`?")),
                None => fault.hint(format!("there are: {}", Test::ALL.map(|(n, _)| n).join(", "))),
            });
        }
        Ok(known.map(|(_, test)| *test))
    }

    fn call_hint(&self, node: &Node) -> Fault {
        let fault = self.unexpected("functions are not called like this");
        fault.hint(format!("write `value | {node}`: the value first, then the function"))
    }

    fn node(&self, start: usize, ast: Ast) -> Parsed {
        let end = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        let range = start..end.map_or(start, |token| token.range.end);
        let mut node = Node { ast, range, height: 1 };
        node.height += node.children().iter().map(|child| child.height).max().unwrap_or(0);
        if node.height > MAX_HEIGHT { Err(too_high(node.range)) } else { Ok(node) }
    }

    fn no_value(&self) -> Fault {
        self.unexpected("a value is expected here")
            .hint("write a field, a number, or a text in quotes")
    }

    fn unexpected(&self, message: &str) -> Bare {
        Fault::new(self.peek().range.clone(), message)
    }

    fn peek(&self) -> &Token {
        let last = self.tokens.len() - 1;
        &self.tokens[self.at.min(last)]
    }

    fn name_at(&self, at: usize) -> Option<&str> {
        match self.tokens.get(at).map(|token| &token.kind) {
            Some(Kind::Name(name)) => Some(name),
            _ => None,
        }
    }

    fn peek_name(&self) -> Option<&str> {
        self.name_at(self.at)
    }

    fn advance(&mut self) -> Range<usize> {
        let range = self.peek().range.clone();
        self.at += 1;
        range
    }

    fn take_name(&mut self, name: &str) -> bool {
        let found = self.peek_name() == Some(name);
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &'static str) -> bool {
        let found = self.peek().kind == Kind::Sign(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &'static str) -> Result<usize, Fault> {
        let end = self.peek().range.end;
        if self.take_sign(sign) {
            return Ok(end);
        }
        Err(self
            .unexpected(&format!("`{sign}` is expected here"))
            .hint("close every bracket, and put `,` between elements"))
    }
}

fn too_high(range: Range<usize>) -> Fault {
    Fault::new(range, format!("the expression is nested more than {MAX_HEIGHT} levels deep"))
        .hint("split it into several, or say it in fewer words")
}

fn unknown_function(name: &str, range: Range<usize>) -> Fault {
    let fault = Fault::new(range, format!("there is no function `{name}`"));
    let names = functions::all().map(|function| function.name);
    match functions::other_name(name).or_else(|| nearest(name, names)) {
        Some(meant) => fault.hint(format!("did you mean `{meant}`?")),
        None => {
            let names: Vec<&str> = functions::all().map(|function| function.name).collect();
            fault.hint(format!("there are: {}", names.join(", ")))
        }
    }
}

fn unknown_argument(function: &Function, name: &str, range: Range<usize>) -> Fault {
    let message = format!("`{}` has no argument `{name}`", function.name);
    Fault::new(range, message).hint(function.usage())
}
