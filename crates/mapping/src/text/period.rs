//! A length of time as files write it: `45s`, `30m`, `12h`, `3d`, `3bd`.
//!
//! Must not know calendars: what a business day is, the caller decides.

use std::fmt;
use std::str::FromStr;

/// The longest period a file may name, in its own unit: nobody means more, and sums stay small.
const MAX_AMOUNT: u32 = 100_000;

/// A length of time with its unit as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Period {
    amount: u32,
    unit: PeriodUnit,
}

/// The unit of a [`Period`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PeriodUnit {
    /// `s`
    Seconds,
    /// `m`
    Minutes,
    /// `h`
    Hours,
    /// `d`, 24 hours
    Days,
    /// `bd`, counted by a calendar
    BusinessDays,
}

/// The units and how they are written.
const UNITS: [(&str, PeriodUnit, u64); 5] = [
    ("s", PeriodUnit::Seconds, 1),
    ("m", PeriodUnit::Minutes, 60),
    ("h", PeriodUnit::Hours, 3_600),
    ("d", PeriodUnit::Days, 86_400),
    ("bd", PeriodUnit::BusinessDays, 86_400),
];

/// What is wrong with the text of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// Not `NUMBER UNIT`.
    #[error("a duration is a whole number and one of the units s, m, h, d, bd")]
    Form,
    /// More than `MAX_AMOUNT`.
    #[error("a duration may be at most 100000 of its unit")]
    TooLong,
}

impl Period {
    /// A period of `amount` units.
    pub const fn new(amount: u32, unit: PeriodUnit) -> Self {
        Self { amount, unit }
    }

    /// How many of its unit.
    pub const fn amount(self) -> u32 {
        self.amount
    }

    /// Its unit.
    pub const fn unit(self) -> PeriodUnit {
        self.unit
    }

    /// Its seconds; `None` for business days, which need a calendar.
    pub fn seconds(self) -> Option<u64> {
        (self.unit != PeriodUnit::BusinessDays).then(|| self.seconds_of_calendar_days())
    }

    /// Its seconds with a business day taken as a day: for limits, not for appointments.
    pub fn seconds_of_calendar_days(self) -> u64 {
        u64::from(self.amount) * self.row().2
    }

    fn row(self) -> (&'static str, PeriodUnit, u64) {
        UNITS
            .into_iter()
            .find(|(_, unit, _)| *unit == self.unit)
            .expect("every unit has its row, which a test proves")
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.amount, self.row().0)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (amount, unit) = text.split_at(digits);
        let (_, unit, _) =
            UNITS.into_iter().find(|(name, ..)| *name == unit).ok_or(PeriodError::Form)?;
        if amount.is_empty() {
            return Err(PeriodError::Form);
        }
        match amount.parse::<u32>() {
            Ok(amount) if amount <= MAX_AMOUNT => Ok(Self { amount, unit }),
            Ok(_) | Err(_) => Err(PeriodError::TooLong),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_unit_is_read_and_printed_back() {
        for (text, seconds) in [
            ("45s", Some(45)),
            ("30m", Some(1_800)),
            ("12h", Some(43_200)),
            ("3d", Some(259_200)),
            ("3bd", None),
            ("0s", Some(0)),
            ("100000d", Some(8_640_000_000)),
        ] {
            let period: Period = text.parse().expect(text);
            assert_eq!(period.seconds(), seconds, "{text}");
            assert_eq!(period.to_string(), text);
        }
        assert_eq!("3bd".parse::<Period>().map(Period::seconds_of_calendar_days), Ok(259_200));
    }

    #[test]
    fn what_is_not_a_period_is_refused() {
        for text in ["", "h", "12", "12 h", "1.5h", "-3d", "12H", "3 days", "٣d", "PT12H"] {
            assert_eq!(text.parse::<Period>(), Err(PeriodError::Form), "{text}");
        }
        for text in ["100001d", "99999999999999999999s"] {
            assert_eq!(text.parse::<Period>(), Err(PeriodError::TooLong), "{text}");
        }
    }
}
