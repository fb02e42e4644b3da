//! Who has objected to hearing from a merchant: asked of the vault before a message is made, and again
//! before each attempt to send it.
//!
//! Most merchants have nobody on their list, and most messages are no advertising: of a merchant it is
//! remembered for a few seconds whether there is anybody at all, and only then it is asked of people.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire_domain::{
    Map,
    id::{MerchantId, MerchantKey},
    objection::{Objection, Person, Scope},
};
use parcelwire_mapping::merchant::Merchant;

use crate::{
    Engine,
    engine::Shared,
    ports::{LedgerResult, Place, Shelf},
};

/// How long it is believed of a merchant that nobody is on its list. Whoever adds somebody through this
/// process is believed at once.
const FRESH: Duration = Duration::from_secs(5);

/// What is known in this process of merchants' lists.
#[derive(Debug, Default)]
pub(crate) struct ObjectionDesk(Mutex<BTreeMap<MerchantId, Mark>>);

#[derive(Debug, Clone, Copy)]
struct Mark {
    looked_at: Timestamp,
    /// The widest scope that anybody on the list ever had; `None` when there is nobody.
    widest: Option<Scope>,
}

/// The objections of those whom one step may speak to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Objected(BTreeMap<Person, Scope>);

impl Objected {
    /// To what whoever reads a message has objected. Of several addresses the widest objection counts.
    pub(crate) fn of(&self, key: &MerchantKey, fields: &Map) -> Option<Scope> {
        if self.0.is_empty() {
            return None;
        }
        key.people(fields).iter().filter_map(|person| self.0.get(person)).max().copied()
    }
}

impl ObjectionDesk {
    fn marks(&self) -> MutexGuard<'_, BTreeMap<MerchantId, Mark>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody who objected to messages of this kind may be on a merchant's list.
    pub(crate) fn may_object(&self, merchant: &MerchantId, is_promotional: bool) -> bool {
        let widest = self.marks().get(merchant).and_then(|mark| mark.widest);
        widest.is_some_and(|widest| widest.covers(is_promotional))
    }

    fn stale(&self, merchants: BTreeSet<MerchantId>, now: Timestamp) -> Vec<MerchantId> {
        let marks = self.marks();
        let is_stale = |merchant: &MerchantId| {
            let looked = marks.get(merchant).map(|mark| mark.looked_at);
            // A clock that went back has looked at nothing yet.
            looked.is_none_or(|looked| looked > now || looked + FRESH <= now)
        };
        merchants.into_iter().filter(is_stale).collect()
    }

    /// Looks at a merchant's marks anew.
    fn forget(&self, merchant: &MerchantId) {
        self.marks().remove(merchant);
    }

    fn note(&self, merchant: MerchantId, widest: Option<Scope>, now: Timestamp) {
        self.marks().insert(merchant, Mark { looked_at: now, widest });
    }
}

/// Where it stands that somebody on a merchant's list objects to so much. Only written: a list that was
/// emptied costs a look at it, no more.
fn mark(merchant: &MerchantId, scope: Scope) -> Place {
    Place { shelf: Shelf::Objection, of: None, key: format!("{} {merchant}", scope.name()) }
}

fn place(merchant: &MerchantId, person: &Person) -> Place {
    Place { shelf: Shelf::Objection, of: Some(merchant.clone()), key: person.to_string() }
}

fn read(kept: &Bytes) -> Option<Objection> {
    serde_json::from_slice(kept).ok()
}

/// Whether any trigger of a merchant that is on is advertising.
fn advertises(merchant: &Merchant) -> bool {
    let mut on = merchant.triggers.iter().filter(|(_, rules)| rules.on);
    on.any(|(trigger, _)| merchant.is_promotional(*trigger))
}

impl Shared {
    /// Learns which of these merchants have anybody on their lists, unless that is known: one call for
    /// all of them.
    pub(crate) async fn look_for_objections(
        &self,
        merchants: BTreeSet<MerchantId>,
        now: Timestamp,
    ) -> LedgerResult<()> {
        let stale = self.objections.stale(merchants, now);
        if stale.is_empty() {
            return Ok(());
        }
        let marks = |of: &MerchantId| Scope::ALL.map(|scope| mark(of, scope));
        let kept = self.vault.kept(stale.iter().flat_map(marks).collect()).await?;
        for (merchant, kept) in stale.into_iter().zip(kept.chunks(Scope::ALL.len())) {
            let there = Scope::ALL.into_iter().zip(kept).filter(|(_, kept)| kept.is_some());
            self.objections.note(merchant, there.map(|(scope, _)| scope).max(), now);
        }
        Ok(())
    }

    /// The objections of people that steps may speak to, each with its merchant: one call for all.
    pub(crate) async fn objected(
        &self,
        steps: Vec<(&Merchant, Vec<Person>)>,
    ) -> LedgerResult<Vec<Objected>> {
        let mut places = Vec::new();
        let mut sizes = Vec::new();
        for (merchant, people) in &steps {
            let own = people.iter().map(|person| place(&merchant.id, person));
            sizes.push(people.len());
            places.extend(own);
        }
        if places.is_empty() {
            return Ok(vec![Objected::default(); steps.len()]);
        }
        let mut kept = self.vault.kept(places).await?.into_iter();
        Ok(steps
            .into_iter()
            .zip(sizes)
            .map(|((_, people), size)| {
                let found = people.into_iter().zip(kept.by_ref().take(size));
                Objected(found.filter_map(|(who, it)| Some((who, read(&it?)?.scope))).collect())
            })
            .collect())
    }

    /// Whether it has to be asked of people whom a merchant's messages may reach.
    pub(crate) fn asks_of_objections(&self, merchant: &Merchant) -> bool {
        self.objections.may_object(&merchant.id, advertises(merchant))
    }

    /// Whether whoever would read this message has objected to it. Advertising is asked about each time;
    /// of other messages only where a merchant has somebody who wants none at all.
    pub(crate) async fn has_objected(
        &self,
        merchant: &MerchantId,
        fields: &Map,
        is_promotional: bool,
    ) -> LedgerResult<bool> {
        if !is_promotional && !self.objections.may_object(merchant, false) {
            return Ok(false);
        }
        let key = MerchantKey::of(&self.instance_key, merchant);
        let places: Vec<Place> =
            key.people(fields).iter().map(|person| place(merchant, person)).collect();
        if places.is_empty() {
            return Ok(false);
        }
        let kept = self.vault.kept(places).await?;
        let mut objections = kept.iter().flatten().filter_map(read);
        Ok(objections.any(|objection| objection.scope.covers(is_promotional)))
    }
}

impl Engine {
    /// The person behind an address, as a merchant's list knows them; `None` for what is no address.
    pub fn person(&self, merchant: &MerchantId, address: &str) -> Option<Person> {
        MerchantKey::of(&self.shared.instance_key, merchant).person(address)
    }

    /// Puts somebody on a merchant's list, or changes to what they object. Since when stays.
    pub async fn object(
        &self,
        merchant: &MerchantId,
        person: &Person,
        scope: Scope,
    ) -> LedgerResult<Objection> {
        let now = self.shared.clock.now();
        let before = self.objection(merchant, person).await?;
        let objection = Objection { scope, since: before.map_or(now, |before| before.since) };
        let written = serde_json::to_vec(&objection).expect("it has only texts");
        // The mark first: without it nobody would look at the list.
        let marked = (mark(merchant, scope), Some(Bytes::from_static(b"1")));
        let kept = (place(merchant, person), Some(Bytes::from(written)));
        self.shared.vault.keep(vec![marked, kept]).await?;
        self.shared.objections.forget(merchant);
        Ok(objection)
    }

    /// Takes somebody off a merchant's list; answers whether they were on it.
    pub async fn withdraw_objection(
        &self,
        merchant: &MerchantId,
        person: &Person,
    ) -> LedgerResult<bool> {
        let was_there = self.objection(merchant, person).await?.is_some();
        self.shared.vault.keep(vec![(place(merchant, person), None)]).await?;
        Ok(was_there)
    }

    /// To what somebody objects, if they do.
    pub async fn objection(
        &self,
        merchant: &MerchantId,
        person: &Person,
    ) -> LedgerResult<Option<Objection>> {
        let kept = self.shared.vault.kept(vec![place(merchant, person)]).await?;
        Ok(kept.iter().flatten().find_map(read))
    }

    /// A merchant's list behind a place in it, by the people's hashes.
    pub async fn objections(
        &self,
        merchant: &MerchantId,
        after: Option<String>,
        limit: usize,
    ) -> LedgerResult<Vec<(Person, Objection)>> {
        let of = Some(merchant.clone());
        let kept = self.shared.vault.shelf(Shelf::Objection, of, after, limit).await?;
        let known = |(key, kept): (String, Bytes)| Some((Person::parse(&key)?, read(&kept)?));
        Ok(kept.into_iter().filter_map(known).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hey() -> MerchantId {
        MerchantId::parse("hey").expect("a name")
    }

    #[test]
    fn of_a_merchant_with_nobody_on_its_list_it_is_asked_once_in_a_while() {
        let desk = ObjectionDesk::default();
        let now = Timestamp::from_second(1_795_341_600).expect("a time");
        let stale = |desk: &ObjectionDesk, at| desk.stale([hey()].into(), at);
        assert_eq!(stale(&desk, now), [hey()], "nothing is known yet");
        desk.note(hey(), None, now);
        let just_before = now + FRESH.saturating_sub(Duration::from_millis(1));
        assert!(stale(&desk, now).is_empty() && stale(&desk, just_before).is_empty());
        assert_eq!(stale(&desk, now + FRESH), [hey()]);
        assert_eq!(stale(&desk, now - Duration::from_secs(1)), [hey()], "a clock went back");
        assert!(!desk.may_object(&hey(), true) && !desk.may_object(&hey(), false));
        // Who objected to advertising only is not asked about parcels.
        desk.note(hey(), Some(Scope::Promotional), now);
        assert!(desk.may_object(&hey(), true) && !desk.may_object(&hey(), false));
        desk.note(hey(), Some(Scope::All), now);
        assert!(desk.may_object(&hey(), true) && desk.may_object(&hey(), false));
        desk.forget(&hey());
        assert_eq!(stale(&desk, now), [hey()], "somebody was added here");
    }

    #[test]
    fn of_two_addresses_the_wider_objection_counts() {
        let key = MerchantKey::of(&[7; 32], &hey());
        let who = |address| key.person(address).expect("somebody");
        let objected = Objected(
            [(who("kim@example.test"), Scope::Promotional), (who("+491511234567"), Scope::All)]
                .into(),
        );
        let of = |fields: &[(&str, &str)]| {
            let mut map = Map::new();
            for (name, value) in fields {
                map.set(*name, parcelwire_domain::Value::text(*value));
            }
            objected.of(&key, &map)
        };
        let (email, phone) = (("email", "Kim@example.test"), ("phone", "+49 151 1234567"));
        assert_eq!(of(&[email]), Some(Scope::Promotional));
        assert_eq!(of(&[email, phone]), Some(Scope::All));
        assert_eq!(of(&[("email", "lou@example.test")]), None);
        assert_eq!(of(&[]), None);
    }
}
