//! What one exchange learned for the next: a token, and what lookups found that may be kept. A value:
//! whoever sends holds it in memory, for one merchant's destination under one set of settings.

use std::{collections::BTreeMap, sync::Arc};

use jiff::Timestamp;
use parcelwire_domain::Map;

/// Most finds that are kept, and most bytes of them.
const MAX_FINDS: usize = 1024;
const MAX_BYTES: usize = 256 * 1024;

/// A find weighs so much beside its own words.
const WEIGHT: usize = 64;

/// 128 bits over the request that led to a find.
pub(super) type Key = [u8; 16];

/// What exchanges learned, and what the last of them adds to it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Learned {
    token: Option<(Map, Timestamp)>,
    finds: Arc<Finds>,
    news: Vec<News>,
}

#[derive(Debug, Clone, PartialEq)]
enum News {
    Token(Option<(Map, Timestamp)>),
    Found(Key, Find),
    Forgotten(Key),
}

/// What lookups found.
#[derive(Debug, Clone, Default, PartialEq)]
struct Finds {
    all: BTreeMap<Key, Find>,
    bytes: usize,
}

#[derive(Debug, Clone, PartialEq)]
struct Find {
    found: Arc<Map>,
    until: Timestamp,
    bytes: usize,
}

impl Learned {
    /// Whether there is anything that others should know.
    pub fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    /// Takes over what an exchange learned. Others may have done so since it began.
    pub fn learn(&mut self, exchange: &Self) {
        for news in &exchange.news {
            match news {
                News::Token(token) => self.token.clone_from(token),
                News::Found(key, find) => Arc::make_mut(&mut self.finds).keep(*key, find.clone()),
                News::Forgotten(key) => Arc::make_mut(&mut self.finds).forget(key),
            }
        }
    }

    /// What the token's request took, while there is one.
    pub(super) fn token(&self) -> Option<&Map> {
        self.token.as_ref().map(|(token, _)| token)
    }

    /// Whether the token can be used.
    pub(super) fn is_token_good(&self, now: Timestamp) -> bool {
        self.token.as_ref().is_some_and(|(_, until)| *until > now)
    }

    pub(super) fn set_token(&mut self, token: Option<(Map, Timestamp)>) {
        self.token.clone_from(&token);
        self.news.push(News::Token(token));
    }

    /// What was found by this request, while that is good.
    pub(super) fn found(&self, key: &Key, now: Timestamp) -> Option<&Map> {
        let newest = self.news.iter().rev().find_map(|news| match news {
            News::Found(known, find) if known == key => Some(Some(find)),
            News::Forgotten(known) if known == key => Some(None),
            News::Found(..) | News::Forgotten(_) | News::Token(_) => None,
        });
        let find = newest.unwrap_or_else(|| self.finds.all.get(key));
        find.filter(|find| find.until > now).map(|find| find.found.as_ref())
    }

    pub(super) fn keep(&mut self, key: Key, found: &Map, until: Timestamp) {
        let mut text = String::new();
        found.write_json(&mut text);
        let find = Find { found: Arc::new(found.clone()), until, bytes: text.len() + WEIGHT };
        self.news.push(News::Found(key, find));
    }

    pub(super) fn forget(&mut self, key: Key) {
        self.news.push(News::Forgotten(key));
    }
}

impl Finds {
    /// Keeps a find; what ends first goes where there is no room.
    fn keep(&mut self, key: Key, find: Find) {
        self.forget(&key);
        if find.bytes > MAX_BYTES / 4 {
            return;
        }
        self.bytes += find.bytes;
        self.all.insert(key, find);
        while self.all.len() > MAX_FINDS || self.bytes > MAX_BYTES {
            let first = self.all.iter().min_by_key(|(_, find)| find.until);
            let Some(first) = first.map(|(key, _)| *key) else { return };
            self.forget(&first);
        }
    }

    fn forget(&mut self, key: &Key) {
        if let Some(old) = self.all.remove(key) {
            self.bytes -= old.bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use parcelwire_domain::Value;

    use super::*;

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_341_600).expect("a time")
    }

    fn key(n: usize) -> Key {
        let mut key = [0; 16];
        key[..8].copy_from_slice(&(n as u64).to_be_bytes());
        key
    }

    fn found(text: &str) -> Map {
        let mut found = Map::new();
        found.set("id", Value::text(text));
        found
    }

    /// What an exchange that begins with `known` learns.
    fn exchange(known: &Learned, learns: impl FnOnce(&mut Learned)) -> Learned {
        let mut exchange = known.clone();
        learns(&mut exchange);
        exchange
    }

    #[test]
    fn what_two_exchanges_learned_side_by_side_is_both_known() {
        let (mut known, until) = (Learned::default(), now() + Duration::from_secs(60));
        let one = exchange(&known, |one| one.keep(key(1), &found("a"), until));
        let two = exchange(&known, |two| two.set_token(Some((found("t"), until))));
        let three = exchange(&known, |three| three.keep(key(3), &found("c"), until));
        assert!(one.has_news() && !known.has_news());
        for exchange in [one, two, three] {
            known.learn(&exchange);
        }
        assert!(known.is_token_good(now()) && !known.has_news());
        assert_eq!(known.found(&key(1), now()), Some(&found("a")));
        assert_eq!(known.found(&key(3), now()), Some(&found("c")));
        assert_eq!(known.found(&key(1), until), None, "its time is over");
        let four = exchange(&known, |four| four.forget(key(1)));
        assert_eq!(four.found(&key(1), now()), None, "known at once where it was forgotten");
        known.learn(&four);
        assert_eq!(known.found(&key(1), now()), None);
    }

    #[test]
    fn there_is_room_for_so_many_and_what_ends_first_goes() {
        let mut known = Learned::default();
        let until = |n: usize| now() + Duration::from_secs(n as u64 + 1);
        for n in 0..=MAX_FINDS {
            let next = exchange(&known, |next| next.keep(key(n), &found("a"), until(n)));
            known.learn(&next);
        }
        assert_eq!(known.finds.all.len(), MAX_FINDS);
        assert!(known.found(&key(0), now()).is_none() && known.found(&key(1), now()).is_some());
        // Forgotten and kept anew, none is counted twice.
        let bytes = known.finds.bytes;
        let again = exchange(&known, |again| {
            again.forget(key(1));
            again.keep(key(1), &found("a"), until(1));
        });
        known.learn(&again);
        assert_eq!(known.finds.bytes, bytes);
    }

    #[test]
    fn there_is_room_for_so_many_bytes() {
        let (mut known, until) = (Learned::default(), now() + Duration::from_secs(60));
        let fits = "x".repeat(MAX_BYTES / 4 - WEIGHT - r#"{"id":""}"#.len());
        for n in 0..5 {
            let next = exchange(&known, |next| next.keep(key(n), &found(&fits), until));
            known.learn(&next);
        }
        assert_eq!((known.finds.all.len(), known.finds.bytes), (4, MAX_BYTES));
        let large = exchange(&known, |large| {
            large.keep(key(9), &found(&format!("{fits}x")), until);
        });
        known.learn(&large);
        assert!(known.found(&key(9), now()).is_none(), "one takes no more than a quarter");
    }
}
