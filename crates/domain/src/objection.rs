//! Who has objected to hearing from a merchant. A person is known here by a keyed hash of the address
//! alone: what is kept tells nobody whom it speaks of.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Alias, AliasKind, Map, Value,
    id::{MerchantKey, OccurrenceId},
};

/// Fewest digits of a telephone number.
const MIN_DIGITS: usize = 6;

/// Most digits of a telephone number, by E.164.
const MAX_DIGITS: usize = 15;

/// To what somebody objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// To advertising: triggers whose purpose is promotional.
    Promotional,
    /// To every message.
    All,
}

impl Scope {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Promotional, Self::All];

    /// The name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Promotional => "promotional",
            Self::All => "all",
        }
    }

    /// Reads a name of the API.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == text)
    }

    /// Whether a message of this purpose is meant.
    pub fn covers(self, is_promotional: bool) -> bool {
        match self {
            Self::Promotional => is_promotional,
            Self::All => true,
        }
    }
}

/// An objection as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// To what.
    pub scope: Scope,
    /// Since when.
    pub since: Timestamp,
}

/// Somebody, by a keyed hash: 32 hex digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Person(OccurrenceId);

impl Person {
    /// Reads 32 hex digits.
    pub fn parse(text: &str) -> Option<Self> {
        OccurrenceId::parse(text).map(Self)
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl MerchantKey {
    /// The person behind an e-mail address or a telephone number; `None` for what is neither. Two
    /// spellings of one address are one person.
    pub fn person(&self, address: &str) -> Option<Person> {
        let (kind, value): (&[u8], String) = if address.contains('@') {
            let alias = Alias::new(AliasKind::Email, address)?;
            let (name, host) = alias.value.rsplit_once('@')?;
            if name.is_empty() || host.is_empty() || alias.value.contains(char::is_whitespace) {
                return None;
            }
            (b"email", alias.value)
        } else {
            (b"phone", phone(address)?)
        };
        Some(Person(self.occurrence(&[b"person", kind, value.as_bytes()])))
    }

    /// Everybody whom an event's fields name as its recipient: by e-mail, and by telephone.
    pub fn people(&self, fields: &Map) -> Vec<Person> {
        let stated = ["email", "phone"].into_iter().filter_map(|name| fields.get(name));
        stated.filter_map(Value::as_id).filter_map(|address| self.person(address)).collect()
    }
}

/// A telephone number by its digits, with its country's code in front where that is given.
fn phone(text: &str) -> Option<String> {
    let is_written = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '/' | '(' | ')' | '.');
    let text = text.trim();
    let rest = text.strip_prefix('+').unwrap_or(text);
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if !rest.chars().all(is_written) || !(MIN_DIGITS..=MAX_DIGITS).contains(&digits.len()) {
        return None;
    }
    let international = digits.strip_prefix("00").filter(|_| rest.len() == text.len());
    Some(match international {
        Some(number) => format!("+{number}"),
        None if rest.len() < text.len() => format!("+{digits}"),
        None => digits,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::MerchantId;

    fn key(merchant: &str) -> MerchantKey {
        MerchantKey::of(&[7; 32], &MerchantId::parse(merchant).expect("a name"))
    }

    #[test]
    fn spellings_of_one_address_are_one_person() {
        let same = |one: &str, other: &str| {
            let (one, other) = (key("hey").person(one), key("hey").person(other));
            assert!(one.is_some());
            one == other
        };
        assert!(same("Kim@Example.Test ", "kim@example.test"));
        assert!(!same("kim@example.test", "kim+shop@example.test"));
        assert!(same("+49 151 / 1234567", "0049 (151) 123-4567"));
        assert!(!same("+491511234567", "01511234567"), "a country is not guessed");
    }

    #[test]
    fn what_is_no_address_is_nobody() {
        for text in
            ["", "kim", "@example.test", "kim@", "a b@c", "12345", "1234567890123456", "+49 kim"]
        {
            assert_eq!(key("hey").person(text), None, "{text}");
        }
        assert!(
            key("hey").person("123456").is_some() && key("hey").person("123456789012345").is_some()
        );
    }

    #[test]
    fn a_person_is_another_one_at_another_merchant_and_shows_no_address() {
        let of = |merchant| key(merchant).person("kim@example.test").expect("somebody");
        assert_ne!(of("hey"), of("other"));
        let shown = of("hey").to_string();
        assert_eq!(Person::parse(&shown), Some(of("hey")));
        assert!(shown.len() == 32 && !shown.contains("kim"), "{shown}");
    }

    #[test]
    fn an_event_names_whoever_it_can_reach() {
        let mut fields = Map::new();
        assert!(key("hey").people(&fields).is_empty());
        fields.set("email", Value::text("kim@example.test"));
        fields.set("phone", Value::text("+491511234567"));
        assert_eq!(key("hey").people(&fields).len(), 2);
    }

    #[test]
    fn an_objection_to_advertising_leaves_the_parcel() {
        assert!(Scope::Promotional.covers(true) && !Scope::Promotional.covers(false));
        assert!(Scope::All.covers(true) && Scope::All.covers(false));
        assert!(Scope::ALL.into_iter().all(|scope| Scope::parse(scope.name()) == Some(scope)));
        assert!(Scope::All > Scope::Promotional, "of two the wider one counts");
    }
}
