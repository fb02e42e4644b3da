//! What a value looks like: a time, an address, a link, a country.

use parcelwire_domain::Value;

/// Seconds since 1970 are believed between 2001 and 2096.
const UNIX: std::ops::Range<i64> = 1_000_000_000..4_000_000_000;

/// What a field's values have to look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Email,
    Url,
    Time,
    /// Two big letters.
    Country,
    /// Three big letters.
    Currency,
    /// What names a thing: some letters or digits, no sentence.
    Id,
    /// At least five characters, a digit among them: a tracking number.
    LongId,
    /// A decimal amount.
    Amount,
    /// A short text.
    Word,
    /// A short text or a small number that stands for something.
    Code,
}

impl Form {
    /// Whether all values that are there look like it; what was never there does not.
    pub(super) fn fits(self, values: &[Value]) -> bool {
        let mut there = values.iter().filter(|value| !is_blank(value)).peekable();
        there.peek().is_some() && there.all(|value| self.fits_one(value))
    }

    fn fits_one(self, value: &Value) -> bool {
        let Some(text) = value.as_id().map(str::trim) else { return false };
        let chars = text.chars().count();
        let has_digit = text.bytes().any(|b| b.is_ascii_digit());
        let upper = |n: usize| chars == n && text.bytes().all(|b| b.is_ascii_uppercase());
        match self {
            Self::Email => is_email(text),
            Self::Url => is_url(text),
            Self::Time => is_time(value),
            Self::Country => upper(2),
            Self::Currency => upper(3),
            Self::Id => {
                chars <= 80 && !is_url(text) && !is_email(text) && text.split(' ').count() <= 3
            }
            Self::LongId => {
                (5..=60).contains(&chars) && has_digit && !is_url(text) && !is_stamp(text)
            }
            Self::Amount => text.parse::<f64>().is_ok(),
            Self::Word => chars <= 60 && !is_url(text) && !is_email(text) && !is_stamp(text),
            Self::Code => {
                let is_long_number = has_digit && chars > 8 && text.parse::<f64>().is_ok();
                chars <= 60
                    && !is_url(text)
                    && !is_email(text)
                    && !is_stamp(text)
                    && !is_uuid(text)
                    && !is_long_number
            }
        }
    }
}

/// Nothing to learn from: an empty text.
pub(super) fn is_blank(value: &Value) -> bool {
    value.as_text().is_some_and(|text| text.trim().is_empty())
}

pub(super) fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(who, host)| {
        !who.is_empty() && host.contains('.') && !text.contains(char::is_whitespace)
    })
}

pub(super) fn is_url(text: &str) -> bool {
    text.starts_with("https://") || text.starts_with("http://")
}

/// A time as a source may write it: RFC 3339 and its like, or seconds or milliseconds.
pub(super) fn is_time(value: &Value) -> bool {
    let Some(text) = value.as_id() else { return false };
    let number = text.parse::<i64>().ok();
    is_stamp(text) || number.is_some_and(|n| UNIX.contains(&n) || UNIX.contains(&(n / 1000)))
}

/// Begins with a date, as in `2026-11-24`.
pub(super) fn is_stamp(text: &str) -> bool {
    let shape: String =
        text.chars().take(10).map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    shape == "0000-00-00"
}

/// Whether a time names its offset, or needs none.
pub(super) fn has_offset(value: &Value) -> bool {
    let Some(text) = value.as_text() else { return true };
    let Some((_, clock)) = text.split_once(['T', ' ']) else { return !is_stamp(text) };
    clock.contains(['Z', '+', '-'])
}

pub(super) fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_known_by_their_look() {
        let cases: [(&str, &[Form]); 12] = [
            ("kim@example.test", &[Form::Email]),
            ("https://a.example/?x=1", &[Form::Url]),
            ("2026-11-24T14:05:00+01:00", &[Form::Time, Form::Id]),
            ("2026-11-24 14:05", &[Form::Time, Form::Id]),
            ("1795000000", &[Form::Time, Form::Id, Form::LongId, Form::Amount, Form::Word]),
            ("DE", &[Form::Country, Form::Id, Form::Word, Form::Code]),
            ("EUR", &[Form::Currency, Form::Id, Form::Word, Form::Code]),
            ("00340000000000000001", &[Form::Id, Form::LongId, Form::Amount, Form::Word]),
            ("59.90", &[Form::Id, Form::LongId, Form::Amount, Form::Word, Form::Code]),
            ("OUT_FOR_DELIVERY", &[Form::Id, Form::Word, Form::Code]),
            ("94dadd60-ed26-46d0-aa52-3ced925a50ff", &[Form::Id, Form::LongId, Form::Word]),
            ("", &[]),
        ];
        let all = [
            Form::Email,
            Form::Url,
            Form::Time,
            Form::Country,
            Form::Currency,
            Form::Id,
            Form::LongId,
            Form::Amount,
            Form::Word,
            Form::Code,
        ];
        for (text, expected) in cases {
            let found: Vec<Form> =
                all.into_iter().filter(|form| form.fits(&[Value::text(text)])).collect();
            assert_eq!(found, expected, "{text}");
        }
        assert!(has_offset(&Value::text("2026-11-24T14:05:00Z")));
        assert!(has_offset(&Value::int(1_795_000_000)));
        assert!(!has_offset(&Value::text("2026-11-24 14:05:00")));
    }
}
