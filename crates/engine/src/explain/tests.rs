//! Masking, and refusals put together.

use serde_json::json;

use super::{gather::refusals, *};

#[test]
fn masked_people_can_be_recognised_and_not_written_to() {
    let of = |email: &str, phone: &str, id: &str| {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let whole = Recipient { email: text(email), phone: text(phone), external_id: text(id) };
        let masked = whole.masked();
        [masked.email, masked.phone, masked.external_id].map(Option::unwrap_or_default)
    };
    assert_eq!(of("anna@hey.example", "+4930123456", "77"), ["a…@hey.example", "…56", "…"]);
    assert_eq!(of("äöü@hey.example", "", "customer-4711"), ["ä…@hey.example", "", "…11"]);
    assert_eq!(of("not an address", "123", ""), ["n…", "…", ""]);
    assert_eq!(of("@hey.example", "", ""), ["…@hey.example", "", ""]);
}

#[test]
fn refusals_are_counted_by_source_and_reason() {
    let row = |source: &str, code: &str, second: u8| json!({ "source": source, "code": code, "at": format!("2026-11-24T09:00:{second:02}Z") });
    let rows = [
        row("shop", "signature_invalid", 9),
        row("shop", "signature_invalid", 5),
        row("shop", "signature_missing", 7),
        row("lager", "signature_invalid", 1),
        json!({ "of": "another version" }),
    ];
    let told = refusals(&rows);
    let told: Vec<(&str, &str, u64, String)> = told
        .iter()
        .map(|it| (it.source.as_str(), it.code.as_str(), it.count, it.last_at.to_string()))
        .collect();
    let at = |second: u8| format!("2026-11-24T09:00:{second:02}Z");
    assert_eq!(
        told,
        [
            ("lager", "signature_invalid", 1, at(1)),
            ("shop", "signature_invalid", 2, at(9)),
            ("shop", "signature_missing", 1, at(7)),
        ]
    );
}
