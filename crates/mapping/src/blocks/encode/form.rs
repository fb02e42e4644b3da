//! `application/x-www-form-urlencoded`, as the URL standard writes it.

use std::fmt::Write as _;

use parcelwire_domain::value::{Map, Value};

/// What becomes of maps and lists, for which forms have no rule of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Nested {
    /// `a[b]=c`, `a[]=c`, and `a[0][b]=c` for maps in a list: as PHP reads it.
    #[default]
    Brackets,
    /// The field holds JSON text: `a={"b":"c"}`.
    Json,
}

impl Nested {
    /// The names in files.
    pub const NAMES: [(&'static str, Self); 2] =
        [("brackets", Self::Brackets), ("json", Self::Json)];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, nested)| *nested)
    }
}

/// Writes the fields of `map` in their order. Empty lists and maps leave no trace in brackets.
pub fn form(map: &Map, nested: Nested) -> String {
    let mut out = String::new();
    for (name, value) in map.iter() {
        field(name, value, nested, &mut out);
    }
    out
}

fn field(name: &str, value: &Value, nested: Nested, out: &mut String) {
    match (value, nested) {
        (Value::Bool(truth), _) => pair(name, if *truth { "true" } else { "false" }, out),
        (Value::Number(number), _) => pair(name, number.as_str(), out),
        (Value::Text(text), _) => pair(name, text, out),
        (Value::List(_) | Value::Map(_), Nested::Json) => pair(name, &value.to_json(), out),
        (Value::Map(map), Nested::Brackets) => {
            for (key, inner) in map.iter() {
                field(&format!("{name}[{key}]"), inner, nested, out);
            }
        }
        (Value::List(list), Nested::Brackets) => {
            for (at, inner) in list.iter().enumerate() {
                let plain = !matches!(inner, Value::List(_) | Value::Map(_));
                let name = if plain { format!("{name}[]") } else { format!("{name}[{at}]") };
                field(&name, inner, nested, out);
            }
        }
    }
}

fn pair(name: &str, value: &str, out: &mut String) {
    if !out.is_empty() {
        out.push('&');
    }
    write_encoded(name, true, out);
    out.push('=');
    write_encoded(value, true, out);
}

/// Percent-encodes all but the unreserved characters of RFC 3986: for paths and queries.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    write_encoded(text, false, &mut out);
    out
}

fn write_encoded(text: &str, as_form: bool, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' => out.push(byte.into()),
            b'*' if as_form => out.push('*'),
            b'~' if !as_form => out.push('~'),
            b' ' if as_form => out.push('+'),
            _ => write!(out, "%{byte:02X}").expect("writing to a String cannot fail"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::blocks::encode::{BodyFormat, EncodeFault};

    fn value(json: &str) -> Value {
        serde_json::from_str(json).expect("JSON without null")
    }

    fn written(json: &str, nested: Nested) -> String {
        let body = BodyFormat::Form(nested).write(&value(json)).expect("a map");
        String::from_utf8(body).expect("ASCII")
    }

    #[test]
    fn plain_fields_are_encoded_and_keep_their_order_and_numbers() {
        let json = r#"{"b":"a b&c=ü+~*","a":12345678901234567890,"c":true,"d":""}"#;
        let expected = "b=a+b%26c%3D%C3%BC%2B%7E*&a=12345678901234567890&c=true&d=";
        for nested in [Nested::Brackets, Nested::Json] {
            assert_eq!(written(json, nested), expected);
        }
    }

    #[test]
    fn nested_values_become_brackets() {
        let json = r#"{"a":{"b":"c","d":{"e":1}},"l":["x","y"],"m":[{"n":1},{"n":2}],"z":[]}"#;
        let expected = "a%5Bb%5D=c&a%5Bd%5D%5Be%5D=1&l%5B%5D=x&l%5B%5D=y\
                        &m%5B0%5D%5Bn%5D=1&m%5B1%5D%5Bn%5D=2";
        assert_eq!(written(json, Nested::Brackets), expected);
    }

    #[test]
    fn nested_values_become_json_text_where_that_is_asked_for() {
        let json = r#"{"event":"Shipped","visit":{"email":"kim@example.test"}}"#;
        let expected = "event=Shipped&visit=%7B%22email%22%3A%22kim%40example.test%22%7D";
        assert_eq!(written(json, Nested::Json), expected);
    }

    #[test]
    fn a_form_of_something_else_than_a_map_is_refused() {
        let list = BodyFormat::Form(Nested::Brackets).write(&value("[1]"));
        assert_eq!(list, Err(EncodeFault::FormNeedsMap));
        assert_eq!(BodyFormat::Json.write(&value("[1]")), Ok(b"[1]".to_vec()));
    }

    #[test]
    fn paths_and_queries_are_encoded_without_plus_signs() {
        assert_eq!(percent_encode("a b/c~ü"), "a%20b%2Fc~%C3%BC");
    }
}
