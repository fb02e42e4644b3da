//! What was just made need not be read again: the words of the newest messages, from the step that
//! made them to their first attempt. Only a short cut; what is not here is read from the store.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use parcelwire_domain::id::MessageId;
use parcelwire_mapping::destination::Frozen;

/// Most messages that are kept: about ten megabytes.
const MAX_MESSAGES: usize = 2048;

#[derive(Debug, Default)]
pub(crate) struct Fresh(Mutex<BTreeMap<MessageId, Frozen>>);

impl Fresh {
    /// Keeps what was made by a step that is written. Ids begin with their time: above the limit
    /// the oldest go.
    pub(crate) fn keep(&self, made: Vec<(MessageId, Frozen)>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(made);
        while known.len() > MAX_MESSAGES {
            known.pop_first();
        }
    }

    /// Takes a message's words out.
    pub(crate) fn take(&self, message: MessageId) -> Option<Frozen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_and_each_is_taken_once() {
        let fresh = Fresh::default();
        let made = (0..=MAX_MESSAGES).map(|n| {
            let frozen = Frozen { name: n.to_string(), ..Frozen::default() };
            (MessageId::from_bits(n as u128), frozen)
        });
        fresh.keep(made.collect());
        assert_eq!(fresh.take(MessageId::from_bits(0)), None);
        let newest = MessageId::from_bits(MAX_MESSAGES as u128);
        assert_eq!(fresh.take(newest).map(|frozen| frozen.name), Some(MAX_MESSAGES.to_string()));
        assert_eq!(fresh.take(newest), None);
    }
}
