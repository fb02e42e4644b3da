//! Where the entries of a map stand, for whoever asks for many of them.

use parcelwire_domain::{Map, Value};

/// A map with its index.
#[derive(Debug)]
pub struct Index<'a> {
    entries: Vec<(&'a str, &'a Value)>,
    /// Places in `entries`, each from 1, by hash; 0 where there is none. Twice as many as entries at
    /// least, so that a search ends soon.
    places: Vec<u16>,
}

impl<'a> Index<'a> {
    /// Indexes `map`. Entries beyond the 65,535th are not found: no event has so many.
    pub fn of(map: &'a Map) -> Self {
        let entries: Vec<_> = map.iter().take(usize::from(u16::MAX)).collect();
        let mut places = vec![0; (entries.len() * 2).next_power_of_two().max(2)];
        for (place, (name, _)) in (1..).zip(&entries) {
            let mut at = hash(name) & (places.len() - 1);
            while places[at] != 0 {
                at = (at + 1) & (places.len() - 1);
            }
            places[at] = place;
        }
        Self { entries, places }
    }

    /// The value under `name`.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        let mut at = hash(name) & (self.places.len() - 1);
        loop {
            let place = usize::from(self.places[at]).checked_sub(1)?;
            let (known, value) = self.entries[place];
            if known == name {
                return Some(value);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }
}

/// Names of fields differ in length, in their first letters or in their last: no more is looked at.
fn hash(name: &str) -> usize {
    let bytes = name.as_bytes();
    let edge = |at: usize| usize::from(bytes.get(at).copied().unwrap_or_default());
    let end = bytes.len();
    let letters =
        [edge(0), edge(2), edge(end / 2), edge(end.saturating_sub(2)), edge(end.saturating_sub(1))];
    letters.into_iter().fold(end, |sum, letter| sum.wrapping_mul(31).wrapping_add(letter))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found_and_nothing_else() {
        for count in [0, 1, 2, 3, 50, 1000] {
            // They share all that is hashed, so that every search runs into others.
            let map: Map = (0..count).map(|n| (format!("ab{n:0>12}yz"), Value::int(n))).collect();
            let index = Index::of(&map);
            for (name, value) in map.iter() {
                assert_eq!(index.get(name), Some(value), "{name} of {count}");
            }
            assert_eq!(index.get("ab"), None);
            assert_eq!(index.get(""), None);
            assert_eq!(index.get(&format!("ab{count:0>12}yz")), None);
        }
    }

    #[test]
    fn the_fields_of_events_hardly_meet() {
        let fields = parcelwire_domain::taxonomy::FIELDS;
        let map: Map = fields.iter().map(|field| (field.name, Value::int(1))).collect();
        let index = Index::of(&map);
        let steps = |name: &str| {
            let mask = index.places.len() - 1;
            (0..index.places.len())
                .take_while(|n| {
                    let place = usize::from(index.places[(hash(name) + n) & mask]);
                    index.entries[place - 1].0 != name
                })
                .count()
        };
        let sum: usize = fields.iter().map(|field| steps(field.name)).sum();
        assert!(sum < fields.len(), "{sum} steps beyond the first for {} fields", fields.len());
    }
}
