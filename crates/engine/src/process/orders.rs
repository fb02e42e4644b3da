//! Which order a fact belongs to: found, made, or made one out of several.

use parcelwire_domain::{
    Alias,
    id::AggregateId,
    order::{Fact, Order},
};

use super::decide::{Decide, Desk};

impl Decide<'_> {
    /// The order of a fact. What an order is called counts for more than what is on a parcel; all
    /// names together may show that what were two orders are one.
    pub(super) fn order_of(&mut self, fact: &Fact) -> AggregateId {
        let mut kept: Option<AggregateId> = None;
        for alias in fact.aliases().iter().filter(|alias| alias.joins()) {
            let Some(meant) = self.meant(alias, fact, kept) else { continue };
            kept = match kept {
                Some(kept) if kept != meant && self.can_join(kept, meant, alias) => {
                    Some(self.merge(kept, meant))
                }
                Some(kept) => Some(kept),
                None => Some(meant),
            };
        }
        kept.unwrap_or_else(|| self.first_heard(fact))
    }

    /// Which of the orders under one name is meant: the one that is found already, else the
    /// likeliest.
    fn meant(&self, alias: &Alias, fact: &Fact, kept: Option<AggregateId>) -> Option<AggregateId> {
        let fits = |id: &&AggregateId| {
            self.orders.get(*id).is_some_and(|desk| {
                desk.merged_into.is_none()
                    && desk.order.is_found_by(alias, self.now)
                    && !desk.order.contradicts(fact)
            })
        };
        let ids: Vec<AggregateId> = self.names.get(alias)?.iter().filter(fits).copied().collect();
        match &ids[..] {
            [only] => Some(*only),
            several => several.iter().copied().find(|id| Some(*id) == kept).or_else(|| {
                let lead = |id: &AggregateId| self.orders.get(id).map(|it| it.order.lead(alias));
                several.iter().copied().min_by_key(lead)
            }),
        }
    }

    fn can_join(&self, one: AggregateId, other: AggregateId, alias: &Alias) -> bool {
        match (self.orders.get(&one), self.orders.get(&other)) {
            (Some(one), Some(other)) => one.order.can_join(&other.order, alias),
            (None, _) | (_, None) => false,
        }
    }

    fn first_heard(&mut self, fact: &Fact) -> AggregateId {
        let order = Order::first_heard(&self.merchant.id, fact);
        let id = order.id();
        let desk = Desk { order, read: None, merged_into: None, changed: true };
        self.orders.entry(id).or_insert(desk);
        id
    }

    fn merge(&mut self, one: AggregateId, other: AggregateId) -> AggregateId {
        let (Some(a), Some(b)) = (self.orders.get(&one), self.orders.get(&other)) else {
            return one;
        };
        let merged = a.order.clone().merge(b.order.clone());
        self.joined += 1;
        let kept = merged.order.id();
        let gone = if kept == one { other } else { one };
        if let Some(desk) = self.orders.get_mut(&kept) {
            desk.order = merged.order;
            desk.changed = true;
        }
        for (id, desk) in &mut self.orders {
            if *id == gone || desk.merged_into == Some(gone) {
                desk.merged_into = Some(kept);
                desk.changed = true;
            }
        }
        for ids in self.names.values_mut() {
            if ids.contains(&gone) {
                ids.retain(|id| *id != gone && *id != kept);
                ids.push(kept);
            }
        }
        self.drop_twins(&[kept, gone], &merged.united);
        for pending in self.pending.iter_mut().filter(|pending| pending.aggregate == gone) {
            pending.aggregate = kept;
        }
        for message in self.messages.iter_mut().filter(|message| message.aggregate == gone) {
            message.aggregate = kept;
        }
        for line in self.story.values_mut().filter(|line| line.aggregate == Some(gone)) {
            line.aggregate = Some(kept);
        }
        kept
    }
}
