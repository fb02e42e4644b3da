//! Values as YAML that reads back as what they are.

use parcelwire_domain::{Value, write_json_text};

/// Longest value that is written on one line.
const LINE: usize = 110;

/// A text as a scalar: plain where nothing in it has another meaning.
pub(super) fn scalar(text: &str) -> String {
    let has_words = text.split(' ').all(|word| {
        !word.is_empty() && word.chars().all(|c| c.is_alphanumeric() || "_./@+-".contains(c))
    });
    let begins = text.starts_with(|c: char| c.is_alphabetic());
    let meant = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    if has_words && begins && !meant.contains(&text.to_lowercase().as_str()) {
        return text.to_owned();
    }
    quoted(text)
}

/// In double quotes; what cannot stand in YAML as it is, is escaped.
fn quoted(text: &str) -> String {
    let mut json = String::new();
    write_json_text(text, &mut json);
    let mut out = String::new();
    for c in json.chars() {
        if is_plain(c) {
            out.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.extend([format!("\\u{unit:04x}")]);
            }
        }
    }
    out
}

/// Whether it may stand in a file: no control sign, no mark of its own.
pub(super) fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{feff}' | '\u{fffd}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}')
}

/// An expression as a scalar.
pub(super) fn expression(text: &str) -> String {
    if !text.chars().all(is_plain) {
        quoted(text)
    } else if text.contains(": ")
        || text.contains(" #")
        || text.contains(['"', '\\'])
        || text.ends_with(':')
    {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        text.to_owned()
    }
}

/// A value behind `key:`, on one line where it is short.
pub(super) fn value(value: &Value, indent: usize) -> String {
    let line = flow(value);
    if line.chars().count() + indent <= LINE {
        return format!(" {line}\n");
    }
    let pad = " ".repeat(indent + 2);
    match value {
        Value::Map(map) => {
            let entries = map.iter().map(|(key, inner)| {
                format!("{pad}{}:{}", scalar(key), self::value(inner, indent + 2))
            });
            format!("\n{}", entries.collect::<String>())
        }
        Value::List(items) => {
            let items = items.iter().map(|item| match item {
                Value::Map(_) | Value::List(_) if flow(item).len() + indent > LINE => {
                    // A map in a list begins on the dash's line.
                    let inner = self::value(item, indent + 2);
                    format!("{pad}- {}", inner.trim_start())
                }
                item => format!("{pad}- {}\n", flow(item)),
            });
            format!("\n{}", items.collect::<String>())
        }
        Value::Bool(_) | Value::Number(_) | Value::Text(_) => format!(" {line}\n"),
    }
}

/// A value on one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_json(),
        Value::Text(text) => scalar(text),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Map(map) if map.is_empty() => "{}".to_owned(),
        Value::Map(map) => {
            let entries: Vec<String> = map
                .iter()
                .map(|(key, value)| format!("{}: {}", scalar(key), flow(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}
