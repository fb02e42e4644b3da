//! Text of an expression → tokens with their places. Must not know what tokens mean together.

use std::ops::Range;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Name(String),
    /// The text of a number.
    Number(String),
    /// A quoted text, escapes resolved.
    Text(String),
    /// An operator or bracket.
    Sign(&'static str),
    End,
}

/// What is wrong with an expression and where, relative to its own text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Fault {
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

/// A fault that does not say yet what to do about it; none may stay so.
pub(super) struct Bare {
    range: Range<usize>,
    message: String,
}

impl Fault {
    #[expect(clippy::new_ret_no_self, reason = "it is one as soon as it has its hint")]
    pub(super) fn new(range: Range<usize>, message: impl Into<String>) -> Bare {
        Bare { range, message: message.into() }
    }
}

impl Bare {
    pub(super) fn hint(self, hint: impl Into<String>) -> Fault {
        Fault { range: self.range, message: self.message, hint: hint.into() }
    }
}

/// Longer ones first: the first that fits is taken.
const SIGNS: [&str; 21] = [
    "==", "!=", "<=", ">=", "//", "(", ")", "[", "]", ",", ".", "|", "~", "+", "-", "*", "/", "%",
    "<", ">", "=",
];

/// Splits `text` into tokens, ending with [`Kind::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Fault> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        let rest = text.get(at..).unwrap_or_default();
        let (kind, length) = if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        } else if c == '\'' || c == '"' {
            quoted(rest, c, at)?
        } else if c.is_ascii_digit() {
            number(rest, at)?
        } else if c.is_alphabetic() || c == '_' {
            let length = rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
            let length = length.unwrap_or(rest.len());
            (Kind::Name(rest.get(..length).unwrap_or_default().to_owned()), length)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Kind::Sign(sign), sign.len())
        } else {
            return Err(stranger(c, at));
        };
        found.push(Token { kind, range: at..at + length });
        at += length;
    }
    found.push(Token { kind: Kind::End, range: at..at });
    Ok(found)
}

fn stranger(c: char, at: usize) -> Fault {
    let fault = Fault::new(at..at + c.len_utf8(), format!("`{c}` has no meaning in an expression"));
    match c {
        '&' => fault.hint("write `and`"),
        '!' => fault.hint("write `not`, or `!=` for different"),
        '?' => fault.hint("write `a if condition else b`"),
        ':' => {
            fault.hint("a part of a list is `list | limit(3)`, a choice `a if condition else b`")
        }
        '{' | '}' => fault.hint("maps are written in YAML, with one expression per value"),
        '“' | '”' | '„' | '‘' | '’' => fault.hint("quote texts with ' or \""),
        _ => fault.hint("texts stand in quotes, as in 'text'"),
    }
}

fn quoted(rest: &str, quote: char, at: usize) -> Result<(Kind, usize), Fault> {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((place, c)) = chars.next() {
        if c == quote {
            return Ok((Kind::Text(text), place + 1));
        }
        if c != '\\' {
            text.push(c);
            continue;
        }
        match chars.next() {
            Some((_, 'n')) => text.push('\n'),
            Some((_, 't')) => text.push('\t'),
            Some((_, 'r')) => text.push('\r'),
            Some((_, c @ ('\\' | '\'' | '"'))) => text.push(c),
            Some((place, c)) => {
                let range = at + place - 1..at + place + c.len_utf8();
                return Err(Fault::new(range, format!("`\\{c}` is not an escape"))
                    .hint(r"a backslash itself is written `\\`"));
            }
            None => break,
        }
    }
    Err(Fault::new(at..at + rest.len(), format!("the text is not closed with {quote}"))
        .hint(format!(r"close it; a quote inside of it is written `\{quote}`")))
}

fn number(rest: &str, at: usize) -> Result<(Kind, usize), Fault> {
    let digits = |from: usize| {
        let tail = rest.as_bytes().get(from..).unwrap_or_default();
        tail.iter().take_while(|b| b.is_ascii_digit()).count()
    };
    let mut length = digits(0);
    if rest.as_bytes().get(length) == Some(&b'.') && digits(length + 1) > 0 {
        length += 1 + digits(length + 1);
    }
    let text = rest.get(..length).unwrap_or_default();
    let sticks = rest.get(length..).and_then(|tail| tail.chars().next());
    if let Some(c) = sticks.filter(|c| c.is_alphanumeric() || *c == '_') {
        return Err(Fault::new(at..at + length + c.len_utf8(), "a name cannot begin with a digit")
            .hint("a key with a digit first is written `['0a']`, a number without exponent"));
    }
    if text.len() > 1 && text.starts_with('0') && !text.starts_with("0.") {
        return Err(Fault::new(at..at + length, "a number begins with 0")
            .hint(format!("put it in quotes if it is a text: '{text}'")));
    }
    Ok((Kind::Number(text.to_owned()), length))
}
