//! Functions on numbers.

use super::super::number::Decimal;
use super::super::value::Val;
use super::{Function, Given, Want, arg, option};

/// Most digits after the point that `round` writes.
const MAX_DIGITS: i64 = 20;

pub(super) static ROWS: &[Function] = &[
    Function {
        name: "number",
        args: &[option("decimal", Want::Choice(&[".", ","]))],
        doc: "A text as a number; `decimal` is the sign before the cents, the other one is skipped.",
        example: ("'1.249,90' | number(decimal=',')", "1249.90"),
        answers: false,
        takes_missing: false,
        run: |given| {
            let decimal = given.arg_text(0);
            read(&given.input, decimal.as_deref().unwrap_or(".")).unwrap_or_default()
        },
    },
    Function {
        name: "int",
        args: &[],
        doc: "A number, or a text that is one, without its fraction.",
        example: ("'49.90' | int", "49"),
        answers: false,
        takes_missing: false,
        run: |given| number(as_decimal(&given.input).map(Decimal::truncated)),
    },
    Function {
        name: "round",
        args: &[option("digits", Want::Number)],
        doc: "A number with that many digits after the point (0), halves away from zero.",
        example: ("2.345 | round(2)", "2.35"),
        answers: false,
        takes_missing: false,
        run: |given| {
            let digits = match &given.args[0] {
                Val::Missing => Some(0),
                _ => given.arg_int(0).filter(|digits| (0..=MAX_DIGITS).contains(digits)),
            };
            let digits = digits.and_then(|digits| u32::try_from(digits).ok());
            number(as_decimal(&given.input).zip(digits).and_then(|(n, d)| n.rounded_to(d)))
        },
    },
    Function {
        name: "money",
        args: &[arg("currency", Want::Text), option("language", Want::Choice(&["de", "en"]))],
        doc: "An amount as people write it in English or German.",
        example: ("1249.9 | money('EUR', 'de')", "\"1.249,90\u{a0}€\""),
        answers: false,
        takes_missing: false,
        run: money,
    },
];

/// The number that a number or a plain numeric text states.
pub(super) fn as_decimal(val: &Val<'_>) -> Option<Decimal> {
    match read(val, ".")? {
        Val::Number(number) => Decimal::read(&number),
        Val::Missing | Val::Bool(_) | Val::Text(_) | Val::List(_) | Val::Map(_) => None,
    }
}

fn number<'a>(result: Option<Decimal>) -> Val<'a> {
    result.map(|n| Val::Number(n.text().into())).unwrap_or_default()
}

/// Reads a text as a number, exact as it is written.
fn read<'a>(val: &Val<'a>, decimal: &str) -> Option<Val<'a>> {
    let text = match val {
        Val::Number(_) => return Some(val.clone()),
        Val::Text(text) => text.trim(),
        Val::Missing | Val::Bool(_) | Val::List(_) | Val::Map(_) => return None,
    };
    let text = text.strip_prefix('+').unwrap_or(text);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let skipped = if decimal == "," { '.' } else { ',' };
    let (whole, fraction) = match digits.split_once(decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (digits, None),
    };
    // Thousands are groups of three, or it is not a number as this sender writes them.
    let groups: Vec<&str> = whole.split([skipped, '\u{a0}', '\'', ' ']).collect();
    let grouped = groups.len() == 1 || groups.iter().skip(1).all(|group| group.len() == 3);
    let plain = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !grouped || !groups.iter().all(|group| !group.is_empty() && plain(group)) {
        return None;
    }
    if fraction.is_some_and(|fraction| fraction.is_empty() || !plain(fraction)) {
        return None;
    }
    let whole = groups.concat();
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let text = match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    };
    Some(Val::Number(text.into()))
}

fn money<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let amount = as_decimal(&given.input);
    let (Some(amount), Some(currency)) = (amount, given.arg_text(0)) else { return Val::Missing };
    let code = currency.trim().to_uppercase();
    // Currencies without a smaller unit in use (ISO 4217).
    let digits = if matches!(code.as_str(), "JPY" | "KRW" | "VND" | "CLP" | "ISK") { 0 } else { 2 };
    let Some(text) = amount.rounded_to(digits).map(Decimal::text) else { return Val::Missing };
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => ("-", text),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let german = given.arg_text(1).is_some_and(|language| language == "de");
    let (point, group) = if german { (',', '.') } else { ('.', ',') };
    let mut shown = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            shown.push(group);
        }
        shown.push(digit);
    }
    if !fraction.is_empty() {
        shown.push(point);
        shown.push_str(fraction);
    }
    let symbol = match code.as_str() {
        "EUR" => "€",
        "USD" => "$",
        "GBP" => "£",
        "JPY" => "¥",
        other => other,
    };
    given.made(match (german, symbol == code) {
        (true, _) => format!("{sign}{shown}\u{a0}{symbol}"),
        (false, true) => format!("{sign}{symbol}\u{a0}{shown}"),
        (false, false) => format!("{sign}{symbol}{shown}"),
    })
}
