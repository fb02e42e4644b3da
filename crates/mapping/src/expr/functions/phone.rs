//! Phone numbers.

use super::{Function, Want, option};

pub(super) static ROWS: &[Function] = &[Function {
    name: "e164",
    args: &[option("country", Want::Text)],
    doc: "A phone number as +491701234567. One without a country's code needs `country` (`DE`).",
    example: ("'0170 / 123 45-67' | e164('DE')", r#""+491701234567""#),
    answers: false,
    takes_missing: false,
    run: |given| {
        let country = given.arg_text(0);
        let number = given.text().and_then(|text| e164(&text, country.as_deref()));
        number.map(|number| given.made(number)).unwrap_or_default()
    },
}];

/// ISO country, calling code, and whether a 0 is dialled before national numbers only.
/// From ITU-T E.164 and the national plans, as commonly published; unverified one by one.
const CODES: &[(&str, &str, bool)] = &[
    ("AD", "376", false),
    ("AE", "971", true),
    ("AT", "43", true),
    ("AU", "61", true),
    ("BE", "32", true),
    ("BG", "359", true),
    ("BR", "55", true),
    ("CA", "1", false),
    ("CH", "41", true),
    ("CN", "86", true),
    ("CY", "357", false),
    ("CZ", "420", false),
    ("DE", "49", true),
    ("DK", "45", false),
    ("EE", "372", false),
    ("ES", "34", false),
    ("FI", "358", true),
    ("FR", "33", true),
    ("GB", "44", true),
    ("GR", "30", false),
    ("HK", "852", false),
    ("HR", "385", true),
    ("IE", "353", true),
    ("IL", "972", true),
    ("IN", "91", true),
    ("IS", "354", false),
    ("IT", "39", false),
    ("JP", "81", true),
    ("KR", "82", true),
    ("LI", "423", false),
    ("LT", "370", false),
    ("LU", "352", false),
    ("LV", "371", false),
    ("MC", "377", false),
    ("MT", "356", false),
    ("MX", "52", false),
    ("NL", "31", true),
    ("NO", "47", false),
    ("NZ", "64", true),
    ("PL", "48", false),
    ("PT", "351", false),
    ("RO", "40", true),
    ("RS", "381", true),
    ("SE", "46", true),
    ("SG", "65", false),
    ("SI", "386", true),
    ("SK", "421", true),
    ("SM", "378", false),
    ("TR", "90", true),
    ("UA", "380", true),
    ("US", "1", false),
    ("ZA", "27", true),
];

/// Writes a number as E.164 has it; `None` for what cannot be one.
fn e164(text: &str, country: Option<&str>) -> Option<String> {
    let trimmed = text.trim();
    // `+49 (0)170` writes the national 0 for those who dial at home.
    let written = trimmed.replacen("(0)", "", usize::from(trimmed.starts_with(['+', '0'])));
    let written = if trimmed.starts_with('0') && !trimmed.starts_with("00") {
        trimmed.to_owned()
    } else {
        written
    };
    if written.chars().any(|c| !(c.is_ascii_digit() || "+ -/().\u{a0}".contains(c))) {
        return None;
    }
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let full = if written.starts_with('+') {
        digits
    } else if let Some(rest) = digits.strip_prefix("00") {
        rest.to_owned()
    } else {
        let (_, code, drops_zero) = CODES
            .iter()
            .find(|(iso, ..)| country.is_some_and(|c| c.trim().eq_ignore_ascii_case(iso)))?;
        let national =
            if *drops_zero { digits.strip_prefix('0').unwrap_or(&digits) } else { &digits };
        format!("{code}{national}")
    };
    let plausible = (8..=15).contains(&full.len()) && !full.starts_with('0');
    plausible.then(|| format!("+{full}"))
}
