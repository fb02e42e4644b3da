//! Which triggers of a merchant can ever fire: what its sources may state, beside what it switched on.
//! Must not know: what was received.

#[cfg(test)]
mod tests;
mod told;

use std::collections::BTreeSet;

use parcelwire_domain::{
    id::{DestinationName, SourceName},
    order::TriggerPolicy,
    taxonomy::{Status, Trigger},
};

use crate::merchant::Merchant;

pub use told::diagnostics;

/// What a source can bring at all, read off its connector.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Brings {
    /// The statuses it may state as news.
    pub statuses: BTreeSet<Status>,
    /// Whether an event of it may name who is to be told.
    pub recipient: bool,
}

/// What a merchant can expect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// Each trigger, in the order of the taxonomy.
    pub triggers: Vec<Row>,
    /// The sources that may name a recipient; without one nothing is ever sent.
    pub recipients_from: Vec<SourceName>,
}

/// One trigger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which.
    pub trigger: Trigger,
    /// Whether it is switched on.
    pub on: bool,
    /// The sources that may state it and are believed.
    pub from: Vec<SourceName>,
    /// The destinations that want it.
    pub to: Vec<DestinationName>,
    /// Why it never fires; `None` for one that may.
    pub never: Option<Never>,
}

/// Why a trigger can never fire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Never {
    /// It is switched off.
    Off,
    /// No connected source states it.
    NoSource,
    /// Sources state it, and `only_from` believes none of them.
    NotBelieved,
    /// No destination is there, or their `only` leaves it out.
    NoDestination,
}

impl Never {
    /// The word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::NoSource => "no_source",
            Self::NotBelieved => "not_believed",
            Self::NoDestination => "no_destination",
        }
    }
}

/// Looks at all triggers of a merchant.
pub fn coverage(merchant: &Merchant) -> Coverage {
    let sources: Vec<Known<'_>> = merchant
        .sources
        .iter()
        .map(|(name, source)| {
            let connector = source.ready.connector();
            Known { name, party: connector.party(), brings: connector.brings() }
        })
        .collect();
    let names_one = sources.iter().filter(|source| source.brings.recipient);
    Coverage {
        triggers: Trigger::all().map(|trigger| row(merchant, &sources, trigger)).collect(),
        recipients_from: names_one.map(|source| source.name.clone()).collect(),
    }
}

struct Known<'a> {
    name: &'a SourceName,
    party: parcelwire_domain::Party,
    brings: Brings,
}

fn row(merchant: &Merchant, sources: &[Known<'_>], trigger: Trigger) -> Row {
    let policy = merchant.triggers.get(&trigger);
    let on = policy.is_some_and(|policy| policy.on);
    let states = |source: &&Known<'_>| match trigger {
        Trigger::Status(status) => source.brings.statuses.contains(&status),
        Trigger::Derived(derived) => {
            derived.follows_from().iter().any(|status| source.brings.statuses.contains(status))
        }
    };
    let stated: Vec<&Known<'_>> = sources.iter().filter(states).collect();
    let believes =
        |source: &&&Known<'_>| policy.is_none_or(|p: &TriggerPolicy| p.believes(source.party));
    let from: Vec<SourceName> =
        stated.iter().filter(believes).map(|source| source.name.clone()).collect();
    let wanted = merchant.destinations.iter().filter(|(_, destination)| {
        destination.only.is_empty() || destination.only.contains(&trigger)
    });
    let to: Vec<DestinationName> = wanted.map(|(name, _)| name.clone()).collect();
    let never = if !on {
        Some(Never::Off)
    } else if stated.is_empty() {
        Some(Never::NoSource)
    } else if from.is_empty() {
        Some(Never::NotBelieved)
    } else if to.is_empty() {
        Some(Never::NoDestination)
    } else {
        None
    };
    Row { trigger, on, from, to, never }
}
