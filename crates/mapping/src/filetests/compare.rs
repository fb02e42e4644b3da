//! What was expected beside what came: an expected map may name fewer fields, lists must have
//! equal length.

use parcelwire_domain::Value;

/// Every difference, one a line, with its path.
pub fn compare(expected: &Value, actual: Option<&Value>) -> Result<(), String> {
    let mut differences = Vec::new();
    walk("", expected, actual, &mut differences);
    if differences.is_empty() { Ok(()) } else { Err(differences.join("\n")) }
}

fn walk(path: &str, expected: &Value, actual: Option<&Value>, found: &mut Vec<String>) {
    let at = if path.is_empty() { "it" } else { path };
    let Some(actual) = actual else {
        found.push(format!("{at}: expected {}, found nothing", expected.to_json()));
        return;
    };
    match (expected, actual) {
        (Value::Map(expected), Value::Map(actual)) => {
            for (key, value) in expected.iter() {
                let inner = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                walk(&inner, value, actual.get(key), found);
            }
        }
        (Value::List(expected), Value::List(actual)) if expected.len() == actual.len() => {
            for (place, (expected, actual)) in expected.iter().zip(actual.iter()).enumerate() {
                walk(&format!("{path}[{place}]"), expected, Some(actual), found);
            }
        }
        (Value::List(expected), Value::List(actual)) => {
            let (wanted, is) = (expected.len(), actual.len());
            let shown = Value::List(actual.clone()).to_json();
            found.push(format!("{at}: expected {wanted} elements, found {is}: {shown}"));
        }
        (expected, actual) if same(expected, actual) => {}
        (expected, actual) => {
            found.push(format!(
                "{at}: expected {}, found {}",
                expected.to_json(),
                actual.to_json()
            ));
        }
    }
}

/// A number and the text of it are the same here, and so is a time with another offset.
fn same(expected: &Value, actual: &Value) -> bool {
    let text = |value: &Value| match value {
        Value::Text(text) => Some(text.to_string()),
        Value::Number(number) => Some(number.as_str().to_owned()),
        Value::Bool(_) | Value::List(_) | Value::Map(_) => None,
    };
    let (wanted, is) = (text(expected), text(actual));
    let time = |text: &Option<String>| text.as_ref()?.parse::<jiff::Timestamp>().ok();
    expected == actual
        || (wanted.is_some() && wanted == is)
        || time(&wanted).is_some_and(|at| time(&is) == Some(at))
}

#[cfg(test)]
mod tests {
    use parcelwire_domain::Map;

    use super::*;

    #[test]
    fn fewer_fields_are_fine_and_other_values_are_not() {
        let map = |pairs: &[(&str, &str)]| {
            let mut map = Map::new();
            for (key, value) in pairs {
                map.set(*key, Value::text(*value));
            }
            Value::Map(map)
        };
        let actual = map(&[("a", "1"), ("b", "2")]);
        assert_eq!(compare(&map(&[("a", "1")]), Some(&actual)), Ok(()));
        let error =
            compare(&map(&[("a", "2"), ("c", "3")]), Some(&actual)).expect_err("it differs");
        assert_eq!(error, "a: expected \"2\", found \"1\"\nc: expected \"3\", found nothing");
        let lists = compare(&Value::List([].into()), Some(&Value::List([actual].into())));
        assert!(lists.is_err());
    }
}
