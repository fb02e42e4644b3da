//! By which names an order is found, for how long, and what tells it from another one that shares
//! a name with it: carriers use numbers again, and sources number their parcels from one.

use std::cmp::Reverse;

use jiff::{Timestamp, ToSpan as _};

use super::{Fact, Group, Order, Subject, fold::fold};
use crate::{Alias, AliasKind, Party, Value, id::SourceName};

/// Days after which the names of a closed parcel lead to it no more: carriers use numbers again.
pub const ALIAS_DAYS: i64 = 120;

/// How a name leads to an order. Of several orders under one name the least is meant: an open
/// one, then the one that was heard of last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lead {
    /// Whether what it names has come to its end.
    is_over: bool,
    heard_at: Reverse<Timestamp>,
}

/// A name of an order, and who gave it.
#[derive(Clone, Copy)]
struct Said<'a> {
    alias: &'a Alias,
    source: &'a SourceName,
    by_shop: bool,
}

impl Order {
    /// All names that lead to it now, the recipient's e-mail address included; closed ones left out.
    pub fn aliases(&self, now: Timestamp) -> Vec<Alias> {
        let mut aliases: Vec<Alias> = self.names.iter().map(|(alias, _)| alias.clone()).collect();
        let may_close = self.may_close(now);
        for group in self.groups() {
            if !may_close || !self.is_closed(&group, now) {
                aliases.extend(group.names);
            }
        }
        aliases.extend(self.person());
        aliases.sort();
        aliases.dedup();
        aliases
    }

    /// Whether `alias`, one of its names, still leads here.
    pub fn is_found_by(&self, alias: &Alias, now: Timestamp) -> bool {
        if alias.kind.is_of_order() || !self.may_close(now) {
            return true;
        }
        let groups = self.groups();
        let mut named = groups.iter().filter(|group| group.names.contains(alias));
        named.any(|group| !self.is_closed(group, now))
    }

    /// How `alias` leads here, beside other orders that have the same name.
    pub fn lead(&self, alias: &Alias) -> Lead {
        let groups = self.groups();
        let is_over = if alias.kind.is_of_order() {
            let (order, things): (Vec<&Group>, Vec<&Group>) =
                groups.iter().partition(|group| matches!(group.subject, Subject::Order(_)));
            let all = if things.is_empty() { order } else { things };
            all.iter().all(|group| self.has_ended(group))
        } else {
            let mut named = groups.iter().filter(|group| group.names.contains(alias));
            named.all(|group| self.has_ended(group))
        };
        Lead { is_over, heard_at: Reverse(self.heard_at) }
    }

    /// Whether `fact` speaks of another order than this one, although they share a name.
    pub fn contradicts(&self, fact: &Fact) -> bool {
        let aliases = fact.aliases();
        let by_shop = fact.event.party == Party::Shop;
        let source = &fact.event.source;
        let theirs = aliases.iter().map(|alias| Said { alias, source, by_shop });
        differ(&self.said(), &theirs.collect::<Vec<_>>())
    }

    /// Whether it can be one with `other`, to which `alias` leads. Names of the order decide; a
    /// number that was used again leads from one person's parcel to another's.
    pub fn can_join(&self, other: &Self, alias: &Alias) -> bool {
        let are_strangers = match (self.person(), other.person()) {
            (Some(ours), Some(theirs)) => ours != theirs,
            (None, _) | (_, None) => false,
        };
        let used_again = are_strangers && !alias.kind.is_of_order() && other.lead(alias).is_over;
        !used_again && !differ(&self.said(), &other.said())
    }

    fn person(&self) -> Option<Alias> {
        let email = self.known.get("email").and_then(Value::as_text);
        email.and_then(|email| Alias::new(AliasKind::Email, email))
    }

    fn said(&self) -> Vec<Said<'_>> {
        let said = self.names.iter().map(|(alias, source)| Said {
            alias,
            source,
            by_shop: self.shops.contains(source),
        });
        said.collect()
    }

    fn has_ended(&self, group: &Group) -> bool {
        self.ended_at(group).is_some()
    }

    /// When the last of its legs ended, if none is open.
    fn ended_at(&self, group: &Group) -> Option<Timestamp> {
        let scans = self.scans_of(group);
        let folded = fold(&scans);
        if folded.legs.values().any(|leg| leg.terminal.is_none()) {
            return None;
        }
        let ended = folded.legs.values().filter_map(|leg| leg.terminal);
        ended.map(|(_, place)| scans[place].at.at).max()
    }

    fn is_closed(&self, group: &Group, now: Timestamp) -> bool {
        let closes = |ended: Timestamp| ended.checked_add((ALIAS_DAYS * 24).hours());
        self.ended_at(group).and_then(|ended| closes(ended).ok()).is_some_and(|at| at <= now)
    }

    /// Whether anything is old enough for a name to be closed: spares the look at every leg.
    fn may_close(&self, now: Timestamp) -> bool {
        let before = now.checked_sub((ALIAS_DAYS * 24).hours()).unwrap_or(Timestamp::MIN);
        self.scans.iter().any(|scan| scan.status.row().terminal && scan.at.at <= before)
    }
}

/// Whether two lists of names are those of two orders. A source gives an order one id, and one
/// number; so do two shops, which never speak of the same order. An id that both know decides.
fn differ(ours: &[Said<'_>], theirs: &[Said<'_>]) -> bool {
    let pairs = |kind: AliasKind| {
        let ours = ours.iter().filter(move |said| said.alias.kind == kind);
        ours.flat_map(move |our| {
            let theirs = theirs.iter().filter(move |said| said.alias.kind == kind);
            theirs.map(move |their| (our, their))
        })
    };
    let share = |kind| pairs(kind).any(|(our, their)| our.alias == their.alias);
    let compare = |kind| {
        pairs(kind).any(|(our, their)| our.source == their.source || (our.by_shop && their.by_shop))
    };
    if share(AliasKind::OrderId) {
        return false;
    }
    compare(AliasKind::OrderId)
        || (compare(AliasKind::OrderNumber) && !share(AliasKind::OrderNumber))
}
