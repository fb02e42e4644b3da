//! Exact decimal arithmetic and comparison on the texts of JSON numbers.

use std::cmp::Ordering;

/// Most digits after the point that a calculation keeps.
pub const MAX_SCALE: u32 = 28;

/// Digits after the point of a quotient that does not come out even.
const QUOTIENT_SCALE: u32 = 20;

/// `mantissa / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal {
    mantissa: i128,
    scale: u32,
}

impl Decimal {
    /// Reads a number's text; `None` when it does not fit 38 digits or [`MAX_SCALE`].
    pub(super) fn read(text: &str) -> Option<Self> {
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let mut mantissa: i128 = 0;
        for digit in whole.bytes().chain(fraction.bytes()).filter(u8::is_ascii_digit) {
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
        }
        if whole.starts_with('-') {
            mantissa = -mantissa;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if scale < 0 {
            let zeros = 10_i128.checked_pow(scale.unsigned_abs())?;
            return Some(Self { mantissa: mantissa.checked_mul(zeros)?, scale: 0 });
        }
        Self { mantissa, scale: scale.unsigned_abs() }.within_scale()
    }

    pub(super) const fn int(n: i64) -> Self {
        Self { mantissa: n as i128, scale: 0 }
    }

    fn within_scale(self) -> Option<Self> {
        if self.scale <= MAX_SCALE { Some(self) } else { self.trimmed().rounded_to(MAX_SCALE) }
    }

    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let sum = self.scaled(scale)?.checked_add(other.scaled(scale)?)?;
        Some(Self { mantissa: sum, scale })
    }

    pub(super) fn minus(self, other: Self) -> Option<Self> {
        self.plus(Self { mantissa: other.mantissa.checked_neg()?, scale: other.scale })
    }

    pub(super) fn times(self, other: Self) -> Option<Self> {
        let mantissa = self.mantissa.checked_mul(other.mantissa)?;
        Self { mantissa, scale: self.scale + other.scale }.within_scale()
    }

    /// `None` for a division by zero.
    pub(super) fn divided_by(self, other: Self) -> Option<Self> {
        let (a, b) = (self.trimmed(), other.trimmed());
        if b.mantissa == 0 {
            return None;
        }
        let (mut upper, mut scale) = (a.mantissa, i64::from(a.scale) - i64::from(b.scale));
        while scale <= i64::from(QUOTIENT_SCALE) || scale < 0 {
            let Some(next) = upper.checked_mul(10) else { break };
            if upper % b.mantissa == 0 && scale >= 0 {
                break;
            }
            upper = next;
            scale += 1;
        }
        let mut quotient = upper / b.mantissa;
        while scale < 0 {
            quotient = quotient.checked_mul(10)?;
            scale += 1;
        }
        let exact = Self { mantissa: quotient, scale: u32::try_from(scale).ok()? };
        let rounded =
            if exact.scale > QUOTIENT_SCALE { exact.rounded_to(QUOTIENT_SCALE)? } else { exact };
        Some(rounded.trimmed())
    }

    /// Quotient and rest as in Python: the quotient rounded down, the rest with the divisor's sign.
    pub(super) fn whole_and_rest(self, other: Self) -> Option<(Self, Self)> {
        let scale = self.scale.max(other.scale);
        let (a, b) = (self.scaled(scale)?, other.scaled(scale)?);
        let (mut whole, mut rest) = (a.checked_div(b)?, a.checked_rem(b)?);
        if rest != 0 && (rest < 0) != (b < 0) {
            whole -= 1;
            rest += b;
        }
        Some((Self { mantissa: whole, scale: 0 }, Self { mantissa: rest, scale }))
    }

    /// Rounded to `scale` digits, halves away from zero; digits are added where there are fewer.
    pub(super) fn rounded_to(self, scale: u32) -> Option<Self> {
        let Some(drop) = self.scale.checked_sub(scale) else {
            return Some(Self { mantissa: self.scaled(scale)?, scale });
        };
        let Some(unit) = 10_i128.checked_pow(drop) else {
            return Some(Self { mantissa: 0, scale });
        };
        let (whole, rest) = (self.mantissa / unit, self.mantissa % unit);
        let up = rest.unsigned_abs() >= (unit.unsigned_abs() / 2).max(1);
        Some(Self { mantissa: whole + if up { rest.signum() } else { 0 }, scale })
    }

    /// Without its fraction.
    pub(super) fn truncated(self) -> Self {
        let unit = 10_i128.checked_pow(self.scale).unwrap_or(i128::MAX);
        Self { mantissa: self.mantissa / unit, scale: 0 }
    }

    /// Without zeros at the end of the fraction.
    pub(super) fn trimmed(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    /// As an `i64`, when it is whole and fits.
    pub(super) fn as_i64(self) -> Option<i64> {
        let whole = self.trimmed();
        if whole.scale == 0 { i64::try_from(whole.mantissa).ok() } else { None }
    }

    fn scaled(self, scale: u32) -> Option<i128> {
        self.mantissa.checked_mul(10_i128.checked_pow(scale.checked_sub(self.scale)?)?)
    }

    /// The text of the JSON number.
    pub(super) fn text(self) -> String {
        let digits = self.mantissa.unsigned_abs().to_string();
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        if scale == 0 {
            return format!("{sign}{digits}");
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        format!("{sign}{whole}.{fraction}")
    }
}

/// Compares two numbers of any length by value.
pub(super) fn compare(a: &str, b: &str) -> Ordering {
    let (a, b) = (Scientific::read(a), Scientific::read(b));
    match (a.sign, b.sign) {
        (1, 1) => a.magnitude(&b),
        (-1, -1) => b.magnitude(&a),
        (left, right) => left.cmp(&right),
    }
}

/// `sign * 0.digits * 10^exponent`, the first digit not 0.
struct Scientific {
    sign: i8,
    digits: Vec<u8>,
    exponent: i64,
}

impl Scientific {
    fn read(text: &str) -> Self {
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let below = if exponent.starts_with('-') { i64::MIN / 2 } else { i64::MAX / 2 };
        let exponent: i64 = exponent.parse().unwrap_or(below);
        let negative = number.starts_with('-');
        let number = number.trim_start_matches('-');
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        let zeros = all.iter().take_while(|d| **d == b'0').count();
        let end = all.iter().rposition(|d| *d != b'0').map_or(zeros, |last| last + 1);
        let digits = all.get(zeros..end).unwrap_or_default().to_vec();
        let point = i64::try_from(whole.len()).unwrap_or(0) - i64::try_from(zeros).unwrap_or(0);
        let sign = if digits.is_empty() {
            0
        } else if negative {
            -1
        } else {
            1
        };
        Self { sign, digits, exponent: exponent.saturating_add(point) }
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        self.exponent.cmp(&other.exponent).then_with(|| self.digits.cmp(&other.digits))
    }
}
