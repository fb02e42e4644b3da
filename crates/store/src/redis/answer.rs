//! Reading what scripts answer. What does not fit is an error, never a panic.

use bytes::Bytes;
use parcelwire_engine::ports::{LedgerResult, PortError};
use redis::Value;

use crate::packed::unpack;

/// What is stored is not what was written: by another program, or by a mistake of ours.
pub(super) fn misfit(what: &str) -> PortError {
    PortError::NotApplied { why: format!("what is kept in Redis does not fit: {what}") }
}

/// The elements of a list, read one after the other.
pub(super) struct Fields(std::vec::IntoIter<Value>);

/// A list's elements.
pub(super) fn list(value: Value) -> LedgerResult<Vec<Value>> {
    if value == Value::Nil {
        return Ok(Vec::new());
    }
    let Value::Array(list) = value else { return Err(misfit("not a list")) };
    Ok(list)
}

/// The bytes of a value; nothing where there is none.
pub(super) fn bytes(value: Value) -> LedgerResult<Option<Vec<u8>>> {
    if value == Value::Nil {
        return Ok(None);
    }
    if let Value::SimpleString(text) = value {
        return Ok(Some(text.into_bytes()));
    }
    if let Value::Int(number) = value {
        return Ok(Some(number.to_string().into_bytes()));
    }
    let Value::BulkString(bytes) = value else { return Err(misfit("not a text")) };
    Ok(Some(bytes))
}

/// A text; nothing where there is none.
pub(super) fn optional(value: Value) -> LedgerResult<Option<String>> {
    let bytes = bytes(value)?;
    bytes.map(|bytes| String::from_utf8(bytes).map_err(|_| misfit("not UTF-8"))).transpose()
}

/// A text.
pub(super) fn text(value: Value) -> LedgerResult<String> {
    optional(value)?.ok_or_else(|| misfit("a text is missing"))
}

/// All texts of a list.
pub(super) fn texts(value: Value) -> LedgerResult<Vec<String>> {
    list(value)?.into_iter().map(text).collect()
}

/// A whole number, as texts and scores are written.
pub(super) fn number(text: &str) -> LedgerResult<i64> {
    let exact = text.parse::<i64>().ok();
    // Scores are doubles; servers write round ones with an exponent.
    let number = exact.or_else(|| text.parse::<f64>().ok().map(|number| number as i64));
    number.ok_or_else(|| misfit("not a number"))
}

impl Fields {
    pub(super) fn of(value: Value) -> LedgerResult<Self> {
        Ok(Self(list(value)?.into_iter()))
    }

    /// Everything that was not read yet.
    pub(super) fn rest(&mut self) -> std::vec::IntoIter<Value> {
        std::mem::take(&mut self.0)
    }

    pub(super) fn value(&mut self) -> Value {
        self.0.next().unwrap_or(Value::Nil)
    }

    pub(super) fn text(&mut self) -> LedgerResult<String> {
        text(self.value())
    }

    pub(super) fn optional(&mut self) -> LedgerResult<Option<String>> {
        optional(self.value())
    }

    pub(super) fn number(&mut self) -> LedgerResult<i64> {
        number(&self.text()?)
    }

    /// A number; 0 where there is none.
    pub(super) fn count(&mut self) -> LedgerResult<i64> {
        self.optional()?.map_or(Ok(0), |text| number(&text))
    }

    /// What was packed; nothing where there is none.
    pub(super) fn unpacked(&mut self) -> LedgerResult<Option<Vec<u8>>> {
        let kept = bytes(self.value())?;
        kept.map(|kept| unpack(&kept).ok_or_else(|| misfit("not soundly packed"))).transpose()
    }

    /// The same, where it must be.
    pub(super) fn packed(&mut self) -> LedgerResult<Bytes> {
        self.unpacked()?.map(Bytes::from).ok_or_else(|| misfit("a text is missing"))
    }

    pub(super) fn parsed<T, E>(&mut self, parse: impl Fn(&str) -> Result<T, E>) -> LedgerResult<T> {
        parse(&self.text()?).map_err(|_| misfit("not of its kind"))
    }

    pub(super) fn json<T: serde::de::DeserializeOwned>(&mut self) -> LedgerResult<T> {
        serde_json::from_str(&self.text()?).map_err(|_| misfit("not the JSON that was written"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_an_error() {
        let short = || Fields::of(Value::Array(Vec::new())).expect("a list");
        assert!(short().text().is_err());
        assert_eq!(short().count(), Ok(0));
        assert!(Fields::of(Value::Int(1)).is_err());
        assert!(number("x").is_err());
        assert_eq!(number("1.7953416e+15"), Ok(1_795_341_600_000_000));
        let bad = Value::Array(vec![Value::BulkString(vec![9, 9])]);
        assert!(Fields::of(bad).expect("a list").unpacked().is_err());
    }
}
