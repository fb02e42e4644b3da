//! Fields that several sources state: for each the best word is kept, whichever came first.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Map, Party, Value,
    taxonomy::{Phase, Status},
};

/// The best word on each field. Joining is commutative, associative and idempotent.
///
/// Of consent the most cautious word is the best: who said no through one system does not want
/// advertising, whatever another one still has on file.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Joined(Vec<Word>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Word {
    name: String,
    value: Value,
    /// How much the party is believed.
    weight: u8,
    at: Timestamp,
}

/// How much a party is believed: carriers on what moves, the warehouse on what it packs and takes
/// back, the shop on its order.
pub(super) fn weight(status: Status, party: Party) -> u8 {
    match status.row().phase {
        Phase::Order => match party {
            Party::Shop => 3,
            Party::Fulfilment => 2,
            Party::Carrier | Party::Returns => 1,
        },
        Phase::Transit | Phase::Delivery | Phase::Exception => match party {
            Party::Carrier => 3,
            Party::Fulfilment => 2,
            Party::Shop | Party::Returns => 1,
        },
        Phase::Fulfilment | Phase::Return => match party {
            Party::Fulfilment | Party::Returns => 3,
            Party::Shop => 2,
            Party::Carrier => 1,
        },
    }
}

/// Who the customer is and what was ordered, the shop knows best, whatever the status it says it
/// with; the carrier knows whom it meets.
pub(super) fn weight_of_order(party: Party) -> u8 {
    match party {
        Party::Shop => 4,
        Party::Fulfilment => 3,
        Party::Returns => 2,
        Party::Carrier => 1,
    }
}

/// The field that says whether somebody agreed to advertising.
const CONSENT: &str = "marketing_consent";

/// A refusal counts for more than a consent, and that for more than not knowing.
fn caution(consent: &Value) -> u8 {
    match consent.as_text() {
        Some("denied") => 2,
        Some("granted") => 1,
        _ => 0,
    }
}

impl Joined {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|word| word.name == name).map(|word| &word.value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|word| (word.name.as_str(), &word.value))
    }

    /// Hears a word on one field.
    pub(super) fn hear(&mut self, name: &str, value: &Value, weight: u8, at: Timestamp) {
        match self.0.iter_mut().find(|word| word.name == name) {
            Some(word) => {
                let caution = |value| if name == CONSENT { caution(value) } else { 0 };
                let (ours, theirs) = (caution(&word.value), caution(value));
                let better = (theirs, weight, at) > (ours, word.weight, word.at)
                    || ((theirs, weight, at) == (ours, word.weight, word.at)
                        && value.to_json() > word.value.to_json());
                if better {
                    word.value = value.clone();
                    word.weight = weight;
                    word.at = at;
                }
            }
            None => {
                let word = Word { name: name.to_owned(), value: value.clone(), weight, at };
                // Sorted, so that the same words are the same state.
                let place = self.0.partition_point(|known| known.name < word.name);
                self.0.insert(place, word);
            }
        }
    }

    pub(super) fn join(&mut self, other: &Self) {
        for word in &other.0 {
            self.hear(&word.name, &word.value, word.weight, word.at);
        }
    }

    pub(super) fn fill(&self, map: &mut Map) {
        for (name, value) in self.iter() {
            if map.get(name).is_none() {
                map.set(name, value.clone());
            }
        }
    }
}
