//! Texts as JSON has them. Must not know what they mean.

use std::fmt::Write as _;

/// How many bytes from the start stand in a JSON string as they are: up to the first quote,
/// backslash or control character. Eight at a time: payloads are texts for the most part.
pub fn plain_json_bytes(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // The high bit of each byte that is zero; above the first one there may be false ones.
    let zeros = |word: u64| word.wrapping_sub(ONES) & !word & HIGH;
    let mut at = 0;
    for eight in bytes.as_chunks().0 {
        let word = u64::from_le_bytes(*eight);
        let control = word.wrapping_sub(ONES * 0x20) & !word & HIGH;
        let special = zeros(word ^ (ONES * u64::from(b'"')))
            | zeros(word ^ (ONES * u64::from(b'\\')))
            | control;
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len())
}

/// Appends `text` as a JSON string.
pub fn write_json_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    // What needs no escape is copied in one go: that is nearly always everything.
    loop {
        let at = plain_json_bytes(rest.as_bytes());
        if at == rest.len() {
            break;
        }
        let (plain, special) = rest.split_at(at);
        out.push_str(plain);
        let (special, behind) = special.split_at(1);
        match special {
            "\"" => out.push_str("\\\""),
            "\\" => out.push_str("\\\\"),
            "\n" => out.push_str("\\n"),
            "\r" => out.push_str("\\r"),
            "\t" => out.push_str("\\t"),
            control => {
                let code = control.bytes().next().unwrap_or_default();
                write!(out, "\\u{code:04x}").expect("writing to a String cannot fail");
            }
        }
        rest = behind;
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_written_as_another_writer_writes_them() {
        for text in
            ["", "a", "\"", "\\", "ä\n\r\t", "\u{0}\u{1f} x \u{7f}", "ends with \"", "😀\"😀"]
        {
            let mut own = String::new();
            write_json_text(text, &mut own);
            assert_eq!(serde_json::from_str::<String>(&own).expect(&own), text);
        }
    }

    #[test]
    fn the_first_byte_that_needs_an_escape_is_found_wherever_it_stands() {
        for special in [b'"', b'\\', 0, 0x1f] {
            for length in 0..40 {
                for plain in [b'a', b' ', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xa2, 0xdc, 0xff] {
                    let mut bytes = vec![plain; length];
                    assert_eq!(plain_json_bytes(&bytes), length);
                    bytes.push(special);
                    bytes.extend([plain, special, plain]);
                    assert_eq!(plain_json_bytes(&bytes), length, "{special} {plain}");
                }
            }
        }
    }
}
