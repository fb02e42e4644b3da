//! Answers that are good for a while: the same request of the same source need not be sent again.
//! In memory only, and bounded.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, SourceName};

const MAX_ANSWERS: usize = 1024;
const MAX_BYTES: usize = 32 << 20;

/// Whose request, and which.
pub(super) type Key = (MerchantId, SourceName, [u8; 16]);

#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    answers: BTreeMap<Key, (Timestamp, Bytes)>,
    bytes: usize,
}

impl Cache {
    pub(super) fn get(&self, key: &Key, now: Timestamp) -> Option<Bytes> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (until, answer) = kept.answers.get(key)?;
        (*until > now).then(|| answer.clone())
    }

    /// Keeps an answer until then; what ends first goes where there is no room.
    pub(super) fn keep(&self, key: Key, until: Timestamp, answer: Bytes) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if answer.len() > MAX_BYTES / 4 {
            return;
        }
        kept.bytes += answer.len();
        if let Some((_, old)) = kept.answers.insert(key, (until, answer)) {
            kept.bytes -= old.len();
        }
        while kept.bytes > MAX_BYTES || kept.answers.len() > MAX_ANSWERS {
            let first = kept.answers.iter().min_by_key(|(_, (until, _))| *until);
            let Some(first) = first.map(|(key, _)| key.clone()) else { return };
            if let Some((_, old)) = kept.answers.remove(&first) {
                kept.bytes -= old.len();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_answer_is_good_for_its_time_and_there_is_room_for_so_many() {
        let now = Timestamp::from_second(1_795_341_600).expect("a time");
        let merchant = MerchantId::parse("hey").expect("a name");
        let source = SourceName::parse("depot").expect("a name");
        let key = |n: usize| {
            let mut hash = [0; 16];
            hash[..8].copy_from_slice(&(n as u64).to_be_bytes());
            (merchant.clone(), source.clone(), hash)
        };
        let cache = Cache::default();
        let second = Duration::from_secs(1);
        cache.keep(key(0), now + second, Bytes::from_static(b"[]"));
        assert!(cache.get(&key(0), now).is_some() && cache.get(&key(1), now).is_none());
        assert!(cache.get(&key(0), now + second).is_none());
        for n in 1..=MAX_ANSWERS {
            cache.keep(key(n), now + second * 2, Bytes::from_static(b"[]"));
        }
        assert!(cache.get(&key(0), now).is_none() && cache.get(&key(1), now).is_some());
        let large = Bytes::from(vec![b' '; MAX_BYTES / 4]);
        for n in 0..5 {
            cache.keep(key(n), now + second * 3, large.clone());
        }
        let kept = (0..5).filter(|n| cache.get(&key(*n), now).is_some()).count();
        assert_eq!(kept, 4);
    }
}
