//! Keys that other systems refused when a source asked about webhooks: kept in memory, since whatever
//! waits is asked about again after a start.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_domain::id::{MerchantId, SourceName};

/// Refused keys are tried every quarter of an hour: without a new refusal for this long, nothing waits
/// for them any more.
const HOLDS: Duration = Duration::from_hours(1);

/// Since when, and when last.
type Times = (Timestamp, Timestamp);

/// Where keys are refused.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<BTreeMap<(MerchantId, SourceName), Times>>);

impl Refusals {
    pub(crate) fn refused(&self, merchant: &MerchantId, source: &SourceName, now: Timestamp) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, last) = known.entry((merchant.clone(), source.clone())).or_insert((now, now));
        *last = now;
    }

    pub(crate) fn answered(&self, merchant: &MerchantId, source: &SourceName) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !known.is_empty() {
            known.remove(&(merchant.clone(), source.clone()));
        }
    }

    /// The sources of a merchant, and since when.
    pub(super) fn of(&self, merchant: &MerchantId, now: Timestamp) -> Vec<(SourceName, Timestamp)> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (_, last)| now < *last + HOLDS);
        let own = known.iter().filter(|((owner, _), _)| owner == merchant);
        own.map(|((_, source), (since, _))| (source.clone(), *since)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_holds_until_an_answer_or_until_nobody_asks_any_more() {
        let now = Timestamp::from_second(1_795_341_600).expect("a time");
        let hey = MerchantId::parse("hey").expect("a name");
        let shop = SourceName::parse("shop").expect("a name");
        let refusals = Refusals::default();
        refusals.refused(&hey, &shop, now);
        refusals.refused(&hey, &shop, now + Duration::from_mins(15));
        let later = now + Duration::from_mins(70);
        assert_eq!(refusals.of(&hey, later), [(shop.clone(), now)]);
        refusals.answered(&hey, &shop);
        assert_eq!(refusals.of(&hey, later), []);
        refusals.refused(&hey, &shop, now);
        assert_eq!(refusals.of(&hey, now + HOLDS), []);
    }
}
