//! A list of values, shared by whoever has it.

use std::{
    ops::Deref,
    sync::{Arc, OnceLock},
};

use crate::Value;

/// A shared list. What an order's items say goes into aggregate, message, explanation and request:
/// their JSON is written once and copied from then on.
#[derive(Debug, Clone)]
pub struct List(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    items: Box<[Value]>,
    json: OnceLock<Box<str>>,
}

impl List {
    /// The list as JSON text.
    pub(crate) fn json(&self) -> &str {
        self.0.json.get_or_init(|| {
            let mut out = String::from("[");
            for (at, item) in self.0.items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                item.write_json(&mut out);
            }
            out.push(']');
            out.into()
        })
    }

    /// Its elements alone: those of a list that others share are copied.
    pub fn into_vec(self) -> Vec<Value> {
        match Arc::try_unwrap(self.0) {
            Ok(inner) => inner.items.into_vec(),
            Err(shared) => shared.items.to_vec(),
        }
    }

    /// Its elements, to be changed: of a list that others share, a copy of one's own.
    pub fn to_mut(&mut self) -> &mut [Value] {
        if Arc::get_mut(&mut self.0).is_none() {
            *self = self.0.items.to_vec().into();
        }
        let inner = Arc::get_mut(&mut self.0).expect("nobody shares it now");
        inner.json = OnceLock::new();
        &mut inner.items
    }
}

impl Deref for List {
    type Target = [Value];

    fn deref(&self) -> &[Value] {
        &self.0.items
    }
}

impl PartialEq for List {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.items == other.0.items
    }
}

impl From<Vec<Value>> for List {
    fn from(items: Vec<Value>) -> Self {
        Self(Arc::new(Inner { items: items.into(), json: OnceLock::new() }))
    }
}

impl<const N: usize> From<[Value; N]> for List {
    fn from(items: [Value; N]) -> Self {
        Vec::from(items).into()
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        items.into_iter().collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_text_is_the_same_the_second_time_and_for_whoever_shares_it() {
        let list: List = [Value::text("a \"b\""), Value::int(2), Value::List([].into())].into();
        let other = list.clone();
        assert_eq!(list.json(), r#"["a \"b\"",2,[]]"#);
        assert_eq!(other.json(), list.json());
        assert_eq!(other, list);
        assert_ne!(other, List::from([Value::int(2)]));
        let mut changed = other;
        changed.to_mut()[1] = Value::int(3);
        assert_eq!(changed.json(), r#"["a \"b\"",3,[]]"#);
        assert_eq!(list.json(), r#"["a \"b\"",2,[]]"#);
    }
}
