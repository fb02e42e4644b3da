//! The source that is believed on it moves the day by at least one.

use jiff::civil::Date;

use super::{Due, Follows, Of, Rule, Said, Scope, when::When};
use crate::{
    Map, Value,
    taxonomy::{Derived, Status},
};

pub(super) struct EtaChanged;

impl Rule for EtaChanged {
    fn derived(&self) -> Derived {
        Derived::EtaChanged
    }

    fn scope(&self) -> Scope {
        Scope::Parcel
    }

    fn follows(&self) -> Follows {
        Follows::Facts
    }

    fn due_at(&self, of: &Of<'_>) -> Option<Due> {
        let parcel = of.thing?;
        let arrives = parcel.high >= 400 || parcel.status == Some(Status::ReadyForPickup);
        if parcel.is_over() || arrives {
            return None;
        }
        let (said, day) = current(of)?;
        (before(of, said)? != day).then(|| Due::now(said, &day.to_string()))
    }

    fn fire(&self, of: &Of<'_>, _: &Due) -> Map {
        let mut told = Map::new();
        let Some((said, day)) = current(of) else { return told };
        let Some(before) = before(of, said) else { return told };
        told.set("eta_previous", Value::text(before.to_string()));
        if let Ok(span) = before.until(day) {
            told.set("eta_delta_days", Value::int(i64::from(span.get_days())));
        }
        told
    }
}

/// What is expected now: the word of whoever is believed most, the latest of it.
fn current<'c>(of: &Of<'c>) -> Option<(&'c Said<'c>, Date)> {
    let dated = of.thing?.said.iter().filter_map(|said| Some((said, day(of, said)?)));
    dated.max_by_key(|(said, _)| (said.weight, said.moment.at, said.seq))
}

/// What the customer was told last, or could have seen first of the same source.
fn before(of: &Of<'_>, current: &Said<'_>) -> Option<Date> {
    let told = of.told_of_it().filter(|told| told.derived == Derived::EtaChanged);
    if let Some(told) = told.last() {
        return told.once.parse().ok();
    }
    let same = of.thing?.said.iter().filter(|said| said.source == current.source);
    let dated = same.filter_map(|said| Some((said.seq, day(of, said)?)));
    dated.min_by_key(|(seq, _)| *seq).map(|(_, day)| day)
}

/// The last day on which it may come.
fn day(of: &Of<'_>, said: &Said<'_>) -> Option<Date> {
    let stated = ["eta_until", "eta_from"].iter().find_map(|name| said.fields.get(name)?.as_text());
    When::read(stated?, &of.case.zone).map(When::date)
}
