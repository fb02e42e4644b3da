//! Evaluation: total, bounded by the meter of its [`Env`], and it borrows what it can.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::ast::{Ast, Call, Node, Op, Test};
use super::env::{Env, Meter};
use super::functions;
use super::number::{self, Decimal};
use super::value::{List, Val};

/// The value of a part of an expression.
pub(super) fn eval<'a>(node: &'a Node, env: &Env<'a>) -> Val<'a> {
    if !env.meter.steps(1) {
        return Val::Missing;
    }
    match &node.ast {
        Ast::Bool(truth) => Val::Bool(*truth),
        Ast::Number(text) => Val::Number(Cow::Borrowed(text)),
        Ast::Text(text) => Val::Text(Cow::Borrowed(text)),
        Ast::List(items) => {
            let items = items.iter().map(|item| eval(item, env)).filter(|v| !v.is_missing());
            Val::list(items.collect())
        }
        Ast::Name(name) => match env.get(name) {
            // A text that was made is copied with its name.
            Val::Text(Cow::Owned(text)) if !env.meter.bytes(text.len()) => Val::Missing,
            value => value,
        },
        Ast::Key(of, key) => key_of(&eval(of, env), key, env),
        Ast::Index(of, index) => {
            let (of, index) = (eval(of, env), eval(index, env));
            match &index {
                Val::Text(key) => key_of(&of, key, env),
                Val::Number(n) => match (&of, Decimal::read(n).and_then(Decimal::as_i64)) {
                    (Val::List(list), Some(n)) if env.meter.scan(list.len()) => list.at(n),
                    _ => Val::Missing,
                },
                Val::Missing | Val::Bool(_) | Val::List(_) | Val::Map(_) => Val::Missing,
            }
        }
        Ast::Minus(of) => match eval(of, env) {
            zero @ Val::Number(_) if zero.truth() == Some(false) => zero,
            Val::Number(n) => Val::Number(match n.strip_prefix('-') {
                Some(positive) => Cow::Owned(positive.to_owned()),
                None => Cow::Owned(format!("-{n}")),
            }),
            _ => Val::Missing,
        },
        Ast::Not(of) => eval(of, env).truth().map(|truth| !truth).into(),
        Ast::Both(op, left, right) => both(*op, left, right, env),
        Ast::If(parts, otherwise) => {
            let [then, condition] = parts.as_ref();
            match (eval(condition, env).truth(), otherwise) {
                (Some(true), _) => eval(then, env),
                (Some(false), Some(otherwise)) => eval(otherwise, env),
                (Some(false) | None, _) => Val::Missing,
            }
        }
        Ast::Test(test, negated, of) => {
            holds(*test, &eval(of, env)).map(|answer| answer != *negated).into()
        }
        Ast::Call(call) => run(call, env),
    }
}

fn key_of<'a>(of: &Val<'a>, key: &str, env: &Env<'a>) -> Val<'a> {
    match of {
        Val::Map(map) if env.meter.scan(map.len()) => map.get(key),
        _ => Val::Missing,
    }
}

fn run<'a>(call: &'a Call, env: &Env<'a>) -> Val<'a> {
    let input = eval(&call.input, env);
    if input.is_missing() && !call.function.takes_missing {
        return Val::Missing;
    }
    let mut args: [Val<'a>; functions::MAX_ARGS] = Default::default();
    for (place, node) in args.iter_mut().zip(&call.args) {
        let Some(node) = node else { continue };
        *place = eval(node, env);
        if place.is_missing() && !call.function.takes_missing {
            return Val::Missing;
        }
    }
    let given = functions::Given { input, args, prepared: &call.prepared, meter: &env.meter };
    (call.function.run)(&given)
}

fn holds(test: Test, val: &Val<'_>) -> Option<bool> {
    let answer = match test {
        Test::Present => !val.is_missing(),
        Test::Missing => val.is_missing(),
        Test::Blank => val.is_blank(),
        // Total as well: what is missing is neither.
        Test::True => matches!(val, Val::Bool(true)),
        Test::False => matches!(val, Val::Bool(false)),
        Test::Number | Test::Text | Test::Boolean | Test::List | Test::Map if val.is_missing() => {
            return None;
        }
        Test::Number => matches!(val, Val::Number(_)),
        Test::Text => matches!(val, Val::Text(_)),
        Test::Boolean => matches!(val, Val::Bool(_)),
        Test::List => matches!(val, Val::List(_)),
        Test::Map => matches!(val, Val::Map(_)),
    };
    Some(answer)
}

fn both<'a>(op: Op, left: &'a Node, right: &'a Node, env: &Env<'a>) -> Val<'a> {
    match op {
        Op::Or => {
            let first = eval(left, env);
            let said_no = matches!(first, Val::Bool(false));
            if !first.is_blank() && !said_no {
                return first;
            }
            let second = eval(right, env);
            if second.is_missing() && said_no { first } else { second }
        }
        // Three-valued: one side can decide alone, and what is not known is not guessed.
        Op::Either => match eval(left, env).truth() {
            Some(true) => Val::Bool(true),
            Some(false) => eval(right, env).truth().into(),
            None if eval(right, env).truth() == Some(true) => Val::Bool(true),
            None => Val::Missing,
        },
        Op::And => {
            let first = eval(left, env);
            match first.truth() {
                Some(true) => eval(right, env),
                Some(false) => first,
                None => {
                    let second = eval(right, env);
                    if second.truth() == Some(false) { second } else { Val::Missing }
                }
            }
        }
        Op::In | Op::NotIn => {
            let needle = eval(left, env);
            contains(&needle, right, env).map(|found| found == (op == Op::In)).into()
        }
        Op::Equal
        | Op::Different
        | Op::Less
        | Op::LessEqual
        | Op::More
        | Op::MoreEqual
        | Op::Plus
        | Op::Minus
        | Op::Concat
        | Op::Times
        | Op::Divide
        | Op::Whole
        | Op::Rest => {
            let (left, right) = (eval(left, env), eval(right, env));
            if left.is_missing() || right.is_missing() {
                return Val::Missing;
            }
            operate(op, &left, &right, &env.meter)
        }
    }
}

/// An operation on two values that are both present.
fn operate<'a>(op: Op, left: &Val<'a>, right: &Val<'a>, meter: &Meter) -> Val<'a> {
    let ordered = |accept: fn(Ordering) -> bool| order(left, right).map(accept).into();
    if !meter.read(length(left).max(length(right))) {
        return Val::Missing;
    }
    match op {
        Op::Equal => Val::Bool(equal(left, right, meter)),
        Op::Different => Val::Bool(!equal(left, right, meter)),
        Op::Less => ordered(Ordering::is_lt),
        Op::LessEqual => ordered(Ordering::is_le),
        Op::More => ordered(Ordering::is_gt),
        Op::MoreEqual => ordered(Ordering::is_ge),
        Op::Concat => concat(left, right, meter),
        Op::Plus => match (left, right) {
            (Val::Text(_), Val::Text(_)) => concat(left, right, meter),
            (Val::List(left), Val::List(right)) => {
                if !meter.steps(left.len() + right.len()) {
                    return Val::Missing;
                }
                Val::list(left.items().into_iter().chain(right.items()).collect())
            }
            _ => calculate(left, right, Decimal::plus),
        },
        Op::Minus => calculate(left, right, Decimal::minus),
        Op::Times => calculate(left, right, Decimal::times),
        Op::Divide => calculate(left, right, Decimal::divided_by),
        Op::Whole => calculate(left, right, |a, b| Some(a.whole_and_rest(b)?.0)),
        Op::Rest => calculate(left, right, |a, b| Some(a.whole_and_rest(b)?.1)),
        Op::Or | Op::Either | Op::And | Op::In | Op::NotIn => Val::Missing,
    }
}

fn calculate<'a>(
    left: &Val<'a>,
    right: &Val<'a>,
    with: impl Fn(Decimal, Decimal) -> Option<Decimal>,
) -> Val<'a> {
    let (Val::Number(left), Val::Number(right)) = (left, right) else { return Val::Missing };
    let result = Decimal::read(left).zip(Decimal::read(right)).and_then(|(a, b)| with(a, b));
    result.map(|n| Val::Number(Cow::Owned(n.text()))).unwrap_or_default()
}

fn concat<'a>(left: &Val<'a>, right: &Val<'a>, meter: &Meter) -> Val<'a> {
    let (Some(left), Some(right)) = (left.as_text(), right.as_text()) else { return Val::Missing };
    if !meter.bytes(left.len() + right.len()) {
        return Val::Missing;
    }
    Val::Text(left + right)
}

/// The bytes of a scalar, which whoever compares it looks at.
pub(super) fn length(val: &Val<'_>) -> usize {
    match val {
        Val::Number(text) | Val::Text(text) => text.len(),
        Val::Missing | Val::Bool(_) | Val::List(_) | Val::Map(_) => 0,
    }
}

/// The order of two numbers or two texts; nothing else has one.
pub(super) fn order(left: &Val<'_>, right: &Val<'_>) -> Option<Ordering> {
    match (left, right) {
        (Val::Number(left), Val::Number(right)) => Some(number::compare(left, right)),
        (Val::Text(left), Val::Text(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whether two values are the same: numbers by value, lists and maps by their parts.
pub(super) fn equal(left: &Val<'_>, right: &Val<'_>, meter: &Meter) -> bool {
    match (left, right) {
        (Val::Bool(left), Val::Bool(right)) => left == right,
        (Val::Number(_) | Val::Text(_), _) if !meter.read(length(left).min(length(right))) => false,
        (Val::Number(left), Val::Number(right)) => {
            left == right || number::compare(left, right).is_eq()
        }
        (Val::Text(left), Val::Text(right)) => left == right,
        (Val::List(left), Val::List(right)) => {
            let (left, right) = (left.items(), right.items());
            left.len() == right.len()
                && meter.steps(left.len())
                && left.iter().zip(&right).all(|(left, right)| equal(left, right, meter))
        }
        (Val::Map(left), Val::Map(right)) => {
            let (mut left, mut right) = (left.entries(), right.entries());
            left.sort_by(|a, b| a.0.cmp(&b.0));
            right.sort_by(|a, b| a.0.cmp(&b.0));
            left.len() == right.len()
                && meter.steps(left.len())
                && left.iter().zip(&right).all(|(a, b)| a.0 == b.0 && equal(&a.1, &b.1, meter))
        }
        (
            Val::Missing
            | Val::Bool(_)
            | Val::Number(_)
            | Val::Text(_)
            | Val::List(_)
            | Val::Map(_),
            _,
        ) => false,
    }
}

fn contains<'a>(needle: &Val<'a>, hay: &'a Node, env: &Env<'a>) -> Option<bool> {
    if needle.is_missing() {
        return None;
    }
    if let Ast::List(items) = &hay.ast {
        let mut unknown = false;
        for item in items {
            let item = eval(item, env);
            unknown |= item.is_missing();
            if equal(needle, &item, &env.meter) {
                return Some(true);
            }
        }
        return if unknown { None } else { Some(false) };
    }
    match (needle, eval(hay, env)) {
        (needle, Val::List(list)) => within(needle, &list, &env.meter),
        (Val::Text(needle), Val::Text(hay)) => {
            env.meter.read(hay.len()).then(|| hay.contains(needle.as_ref()))
        }
        (Val::Text(key), Val::Map(map)) => {
            env.meter.scan(map.len()).then(|| !map.get(key).is_missing())
        }
        (_, Val::Missing | Val::Bool(_) | Val::Number(_) | Val::Text(_) | Val::Map(_)) => None,
    }
}

fn within(needle: &Val<'_>, list: &List<'_>, meter: &Meter) -> Option<bool> {
    meter.steps(list.len()).then(|| list.items().iter().any(|item| equal(needle, item, meter)))
}
