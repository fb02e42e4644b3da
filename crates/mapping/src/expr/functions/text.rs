//! Functions on texts. Numbers count as the text they are written as.

use super::super::ast::Prepared;
use super::super::value::Val;
use super::{Function, Given, Want, arg, option};

pub(super) static ROWS: &[Function] = &[
    Function {
        name: "lower",
        args: &[],
        doc: "The text in lower case.",
        example: ("'DHL Paket' | lower", r#""dhl paket""#),
        answers: false,
        takes_missing: false,
        run: |given| change(given, |text| text.to_lowercase()),
    },
    Function {
        name: "upper",
        args: &[],
        doc: "The text in upper case.",
        example: ("'de' | upper", r#""DE""#),
        answers: false,
        takes_missing: false,
        run: |given| change(given, |text| text.to_uppercase()),
    },
    Function {
        name: "capitalize",
        args: &[],
        doc: "The first letter in upper case, the others in lower case.",
        example: ("'KIM' | capitalize", r#""Kim""#),
        answers: false,
        takes_missing: false,
        run: |given| change(given, capitalize),
    },
    Function {
        name: "title",
        args: &[],
        doc: "Words that are all in capitals with only the first of them; others as they are.",
        example: ("'NEW YORK, near Köln' | title", r#""New York, near Köln""#),
        answers: false,
        takes_missing: false,
        run: |given| change(given, title),
    },
    Function {
        name: "trim",
        args: &[],
        doc: "The text without blanks around it.",
        example: ("'  A1 ' | trim", r#""A1""#),
        answers: false,
        takes_missing: false,
        run: |given| change(given, |text| text.trim().to_owned()),
    },
    Function {
        name: "text",
        args: &[],
        doc: "A number or truth value as text.",
        example: ("1001 | text", r#""1001""#),
        answers: false,
        takes_missing: false,
        run: |given| given.text().map(Val::Text).unwrap_or_default(),
    },
    Function {
        name: "default",
        args: &[arg("value", Want::Any)],
        doc: "The value given, when the input is missing. For blank texts too, write `or`.",
        example: ("('A' if false) | default('none')", r#""none""#),
        answers: false,
        takes_missing: true,
        run: |given| {
            if given.input.is_missing() { given.args[0].clone() } else { given.input.clone() }
        },
    },
    Function {
        name: "strip_prefix",
        args: &[arg("prefix", Want::Text)],
        doc: "The text without the prefix; as it is, when it does not begin with it.",
        example: ("'#1001' | strip_prefix('#')", r#""1001""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            with_arg(given, |text, prefix| text.strip_prefix(prefix).unwrap_or(text).to_owned())
        },
    },
    Function {
        name: "strip_suffix",
        args: &[arg("suffix", Want::Text)],
        doc: "The text without the suffix; as it is, when it does not end with it.",
        example: ("'1001.1' | strip_suffix('.1')", r#""1001""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            with_arg(given, |text, suffix| text.strip_suffix(suffix).unwrap_or(text).to_owned())
        },
    },
    Function {
        name: "before",
        args: &[arg("mark", Want::Text)],
        doc: "What stands before the first mark; all of it, when there is none.",
        example: ("'#1001.2' | before('.')", r##""#1001""##),
        answers: false,
        takes_missing: false,
        run: |given| {
            with_arg(given, |text, mark| {
                text.split_once(mark).map_or(text, |(before, _)| before).to_owned()
            })
        },
    },
    Function {
        name: "after",
        args: &[arg("mark", Want::Text)],
        doc: "What stands after the last mark; all of it, when there is none.",
        example: ("'key-us19' | after('-')", r#""us19""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            with_arg(given, |text, mark| {
                text.rsplit_once(mark).map_or(text, |(_, after)| after).to_owned()
            })
        },
    },
    Function {
        name: "starts_with",
        args: &[arg("prefix", Want::Text)],
        doc: "Whether the text begins with the prefix.",
        example: ("'gid://shop/Order/1' | starts_with('gid:')", "true"),
        answers: true,
        takes_missing: false,
        run: |given| asked(given, |text, prefix| text.starts_with(prefix)),
    },
    Function {
        name: "ends_with",
        args: &[arg("suffix", Want::Text)],
        doc: "Whether the text ends with the suffix.",
        example: ("'1001-R' | ends_with('-R')", "true"),
        answers: true,
        takes_missing: false,
        run: |given| asked(given, |text, suffix| text.ends_with(suffix)),
    },
    Function {
        name: "matches",
        args: &[arg("pattern", Want::Pattern)],
        doc: "Whether the pattern (a regular expression) is found in the text.",
        example: (r"'JJD0099' | matches('^JJD[0-9]+$')", "true"),
        answers: true,
        takes_missing: false,
        run: |given| {
            let (Some(text), Prepared::Pattern(pattern)) = (given.text(), given.prepared) else {
                return Val::Missing;
            };
            if !given.meter.steps(search(pattern, &text)) {
                return Val::Missing;
            }
            Val::Bool(pattern.is_match(&text))
        },
    },
    Function {
        name: "replace",
        args: &[arg("old", Want::Text), arg("new", Want::Text)],
        doc: "The text with every `old` replaced by `new`.",
        example: ("'a b c' | replace(' ', '_')", r#""a_b_c""#),
        answers: false,
        takes_missing: false,
        run: replace,
    },
    Function {
        name: "replace_pattern",
        args: &[arg("pattern", Want::Pattern), arg("new", Want::Text)],
        doc: "The text with everything the pattern finds replaced by `new`; `$1` is not special.",
        example: ("'A-1 / 2' | replace_pattern('[^A-Z0-9]+', '')", r#""A12""#),
        answers: false,
        takes_missing: false,
        run: replace_pattern,
    },
    Function {
        name: "truncate",
        args: &[arg("length", Want::Number), option("end", Want::Text)],
        doc: "At most that many characters; what is longer is cut and ends with `end`, which counts.",
        example: ("'Kapuzenpullover' | truncate(8, '…')", r#""Kapuzen…""#),
        answers: false,
        takes_missing: false,
        run: truncate,
    },
    Function {
        name: "slug",
        args: &[option("separator", Want::Text)],
        doc: "Lower-case letters a to z and digits, everything else as one separator (`-`).",
        example: ("'Größe: XL!' | slug", r#""groesse-xl""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let separator = given.arg_text(0);
            change(given, |text| slug(text, separator.as_deref().unwrap_or("-")))
        },
    },
    Function {
        name: "urlencode",
        args: &[option("keep", Want::Text)],
        doc: "The text for a part of an address; characters in `keep` stay as they are.",
        example: ("'a b/c@d' | urlencode(keep='@')", r#""a%20b%2Fc@d""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let keep = given.arg_text(0).unwrap_or_default();
            change(given, |text| urlencode(text, &keep))
        },
    },
];

fn change<'a>(given: &Given<'a, '_>, with: impl Fn(&str) -> String) -> Val<'a> {
    match given.text() {
        Some(text) => given.made(with(&text)),
        None => Val::Missing,
    }
}

fn with_arg<'a>(given: &Given<'a, '_>, with: fn(&str, &str) -> String) -> Val<'a> {
    match (given.text(), given.arg_text(0)) {
        (Some(text), Some(arg)) => given.made(with(&text, &arg)),
        _ => Val::Missing,
    }
}

fn asked<'a>(given: &Given<'a, '_>, with: fn(&str, &str) -> bool) -> Val<'a> {
    given.text().zip(given.arg_text(0)).map(|(text, arg)| with(&text, &arg)).into()
}

fn capitalize(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars.as_str().to_lowercase().chars()).collect()
}

fn title(text: &str) -> String {
    let words = text.split_inclusive(|c: char| !c.is_alphanumeric());
    let is_shouted = |word: &&str| !word.chars().any(char::is_lowercase);
    words.map(|word| if is_shouted(&word) { capitalize(word) } else { word.to_owned() }).collect()
}

fn replace<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let (Some(text), Some(old), Some(new)) = (given.text(), given.arg_text(0), given.arg_text(1))
    else {
        return Val::Missing;
    };
    if old.is_empty() {
        return Val::Text(text);
    }
    // The result is paid for before it is made.
    let grown = text.matches(old.as_ref()).count().saturating_mul(new.len());
    if !given.meter.bytes(grown.saturating_add(text.len())) {
        return Val::Missing;
    }
    Val::text(text.replace(old.as_ref(), &new))
}

/// The steps of looking for a pattern: time grows with text and pattern. Long texts cost more than
/// their length, so that the slowest pattern there can be does not hold everything up.
fn search(pattern: &regex_lite::Regex, text: &str) -> usize {
    let slow = 1 + pattern.as_str().len() / 16 + text.len() / 1024;
    text.len().saturating_mul(slow)
}

fn replace_pattern<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let (Some(text), Prepared::Pattern(pattern), Some(new)) =
        (given.text(), given.prepared, given.arg_text(1))
    else {
        return Val::Missing;
    };
    let mut out = String::new();
    let mut at = 0;
    for found in pattern.find_iter(&text) {
        // Each look may go through all that is left, though it seldom does.
        let rest = text.get(found.start()..).unwrap_or_default();
        let before = text.get(at..found.start()).unwrap_or_default();
        let paid = given.meter.steps(1 + found.end() - at + search(pattern, rest) / 8)
            && given.meter.bytes(before.len() + new.len());
        if !paid {
            return Val::Missing;
        }
        out.push_str(before);
        out.push_str(&new);
        at = found.end();
    }
    let tail = text.get(at..).unwrap_or_default();
    if !given.meter.bytes(tail.len()) || !given.meter.steps(search(pattern, tail)) {
        return Val::Missing;
    }
    out.push_str(tail);
    Val::text(out)
}

fn truncate<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let length = given.arg_int(0).and_then(|n| usize::try_from(n).ok());
    let (Some(text), Some(length)) = (given.text(), length) else { return Val::Missing };
    if text.len() <= length || text.chars().nth(length).is_none() {
        return Val::Text(text);
    }
    let end = given.arg_text(1).unwrap_or_default();
    let room = length.saturating_sub(end.chars().count());
    given.made(text.chars().take(room).chain(end.chars()).take(length).collect())
}

fn slug(text: &str, separator: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for c in text.to_lowercase().chars() {
        let spelled = match c {
            'ä' => "ae",
            'ö' => "oe",
            'ü' => "ue",
            'ß' => "ss",
            'æ' => "ae",
            'ø' => "o",
            'œ' => "oe",
            'ł' => "l",
            _ => "",
        };
        let letters: String = if spelled.is_empty() {
            std::iter::once(c).nfkd().filter(char::is_ascii_alphanumeric).collect()
        } else {
            spelled.to_owned()
        };
        if letters.is_empty() {
            gap = gap || !unicode_normalization::char::is_combining_mark(c);
            continue;
        }
        if gap && !out.is_empty() {
            out.push_str(separator);
        }
        gap = false;
        out.push_str(&letters.to_ascii_lowercase());
    }
    out
}

/// Percent-encodes all but the unreserved characters of RFC 3986 and those of `keep`.
fn urlencode(text: &str, keep: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_ascii_alphanumeric() || "-._~".contains(c) || (c.is_ascii() && keep.contains(c)) {
            out.push(c);
            continue;
        }
        for byte in c.encode_utf8(&mut [0; 4]).bytes() {
            out.push('%');
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte >> 4)]));
            out.push(char::from(b"0123456789ABCDEF"[usize::from(byte & 15)]));
        }
    }
    out
}
