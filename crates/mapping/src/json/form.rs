//! Bodies and queries of the type `application/x-www-form-urlencoded`.

use parcelwire_domain::{Map, Value};

/// Most fields that are read from one body; what comes after is left out.
pub const MAX_FIELDS: usize = 1_000;

/// Reads `a=1&b=two+words` into a map of texts. Total: what is not properly encoded stays as it
/// is. Of a repeated name the last value counts.
pub fn parse(text: &str) -> Map {
    text.split('&')
        .filter(|field| !field.is_empty())
        .take(MAX_FIELDS)
        .map(|field| {
            let (name, value) = field.split_once('=').unwrap_or((field, ""));
            (decode(name), Value::text(decode(value)))
        })
        .collect()
}

fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let hex = |place: usize| bytes.get(place).and_then(|d| char::from(*d).to_digit(16));
        match (byte, hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
                continue;
            }
            (b'+', ..) => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    match String::from_utf8(out) {
        Ok(text) => text,
        Err(wrong) => String::from_utf8_lossy(wrong.as_bytes()).into_owned(),
    }
}
