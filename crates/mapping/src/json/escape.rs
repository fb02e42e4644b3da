//! The escapes of JSON texts. Must not know of documents.

/// Resolves the escapes of a text the reader has accepted.
pub(super) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut chars = escaped.chars();
        let c = match chars.next() {
            Some('n') => '\n',
            Some('t') => '\t',
            Some('r') => '\r',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('u') => {
                let (c, used) = code_point(escaped.as_bytes().get(1..).unwrap_or_default());
                out.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
                rest = escaped.get(1 + used..).unwrap_or_default();
                continue;
            }
            Some(c) => c,
            None => break,
        };
        out.push(c);
        rest = chars.as_str();
    }
    out.push_str(rest);
    out
}

/// Reads what follows `\u`: the character, when the code units name one, and the bytes used.
pub(super) fn code_point(after: &[u8]) -> (Option<char>, usize) {
    let Some(first) = unit(after) else { return (None, 0) };
    if !(0xD800..0xE000).contains(&first) {
        return (char::from_u32(first), 4);
    }
    let second = match after.get(4..6) {
        Some(b"\\u") => after.get(6..).and_then(unit),
        _ => None,
    };
    match second {
        Some(low) if first < 0xDC00 && (0xDC00..0xE000).contains(&low) => {
            (char::from_u32(0x1_0000 + ((first - 0xD800) << 10) + (low - 0xDC00)), 10)
        }
        _ => (None, 4),
    }
}

fn unit(hex: &[u8]) -> Option<u32> {
    let digits = hex.get(..4)?;
    digits.iter().try_fold(0, |sum, d| Some(sum * 16 + char::from(*d).to_digit(16)?))
}
