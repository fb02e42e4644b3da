//! What to write for a code that a connector's table does not know. Must not know: who counted it.

use parcelwire_domain::{
    label::status_label,
    taxonomy::{Status, Trigger},
};

use crate::{infer, source::SourceConnector, text::closest};

/// A line for `statuses:`, and what the code may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// The line to add.
    pub line: String,
    /// Canonical statuses that it may stand for, the likeliest first.
    pub statuses: Vec<Status>,
    /// Whether the table has the code by now.
    pub known: bool,
}

/// What to do about a code, with the connector that did not know it.
pub fn propose(code: &str, connector: Option<&SourceConnector>) -> Proposal {
    let statuses = guesses(code, connector);
    let names: Vec<&str> = statuses.iter().map(|status| status.name()).collect();
    let hint = match names.split_first() {
        None => "or a status, as in delivered".to_owned(),
        Some((first, [])) => format!("or a status: {first}?"),
        Some((first, others)) => format!("or a status: {first}? {}?", others.join("? ")),
    };
    Proposal {
        line: format!("{}: ignore   # {hint}", serde_json::Value::from(code)),
        statuses,
        known: connector.is_some_and(|connector| connector.knows(code)),
    }
}

/// By the table's own codes, by the words in the code, and by what the taxonomy's statuses are called
/// in both languages.
fn guesses(code: &str, connector: Option<&SourceConnector>) -> Vec<Status> {
    let mut found: Vec<Status> = Vec::new();
    let mut add = |status: Option<Status>| {
        if let Some(status) = status.filter(|status| !found.contains(status)) {
            found.push(status);
        }
    };
    let known = connector.map(|connector| connector.codes()).unwrap_or_default();
    let like = closest(code.trim(), known.iter().map(String::as_str));
    add(like.and_then(|like| connector?.status_of(like)));
    add(infer::meaning(code));
    for language in ["en", "de"] {
        let all = || Status::ALL.iter().copied().filter(|status| *status != Status::Unknown);
        let words = |status: Status| status_label(Trigger::Status(status), language);
        let like = closest(code.trim(), all().map(words));
        add(all().find(|status| Some(words(*status)) == like));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str) -> Vec<&'static str> {
        propose(code, None).statuses.into_iter().map(Status::name).collect()
    }

    #[test]
    fn a_code_is_likened_to_the_taxonomys_names_and_words() {
        assert_eq!(names("Deliverd"), ["delivered"]);
        assert_eq!(names("OutForDelivery"), ["out_for_delivery"]);
        assert_eq!(names("zugestelt"), ["delivered"]);
        assert_eq!(names("PARCEL_IN_TRANSIT_EU"), ["in_transit"]);
        assert_eq!(names("Empfänger nicht angetroffen"), ["delivery_attempt_failed"]);
        assert_eq!(names("sent"), ["dispatched"]);
        assert_eq!(names("4711"), [""; 0]);
        assert_eq!(names(""), [""; 0]);
    }

    #[test]
    fn the_line_fits_below_statuses() {
        let line = propose("Weg: \"so\" #1", None).line;
        assert_eq!(line, "\"Weg: \\\"so\\\" #1\": ignore   # or a status, as in delivered");
        let file = crate::text::read(
            crate::text::SourceFile::new("a.yaml", format!("statuses:\n  {line}\n")),
            &mut crate::text::Diagnostics::default(),
        );
        let file = file.expect("it is YAML");
        let row = file.get("statuses").and_then(|table| table.get("Weg: \"so\" #1"));
        assert_eq!(row.and_then(|row| row.as_str()), Some("ignore"));
    }
}
