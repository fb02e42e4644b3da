//! An incident as it is told: what words are made of.

use jiff::{Timestamp, tz::TimeZone};
use parcelwire_domain::{
    carrier::carrier,
    incident::{Facts, Incident, Kind, Language, Thing},
};
use parcelwire_mapping::merchant::Merchant;

pub(super) struct Case<'a> {
    pub(super) kind: Kind,
    pub(super) thing: &'a Thing,
    pub(super) facts: &'a Facts,
    /// Id and name.
    pub(super) merchant: Option<(&'a str, &'a str)>,
    zone: TimeZone,
}

impl<'a> Case<'a> {
    pub(super) fn of(incident: &'a Incident, merchant: Option<&'a Merchant>) -> Self {
        Self {
            kind: incident.kind,
            thing: &incident.thing,
            facts: &incident.facts,
            merchant: merchant.map(|one| (one.id.as_str(), one.name.as_str())),
            zone: merchant.map_or(TimeZone::UTC, |one| one.seat.zone.clone()),
        }
    }

    /// The merchant's id; what stands for the relay in paths that concern all.
    pub(super) fn id(&self) -> &str {
        self.merchant.map_or("MERCHANT", |(id, _)| id)
    }

    /// What it is called: a carrier by its name.
    pub(super) fn name(&self) -> &str {
        match self.thing {
            Thing::Carrier(slug) => carrier(slug).map_or(slug.as_str(), |known| known.name),
            Thing::Whole | Thing::Source(_) | Thing::Destination(_) | Thing::Feed(_) => {
                self.thing.name()
            }
        }
    }

    /// A time where the merchant is.
    pub(super) fn time(&self, at: Timestamp, language: Language) -> String {
        let form = match language {
            Language::En => "%Y-%m-%d %H:%M %Z",
            Language::De => "%d.%m.%Y %H:%M %Z",
        };
        at.to_zoned(self.zone.clone()).strftime(form).to_string()
    }
}
