//! Wrong signatures by source and sender: 60 a minute, then 429. Right ones are never counted.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_domain::id::SourceName;

use crate::ports::Owner;

/// Wrong signatures in a minute before a sender is told to wait.
pub(super) const FAILURES_PER_MINUTE: u32 = 60;

const MINUTE: i64 = 60;

/// Most senders that are remembered; above it, those of earlier minutes are forgotten, then all.
const MAX_SENDERS: usize = 10_000;

#[derive(Debug, Default)]
pub(super) struct Limiter(Mutex<BTreeMap<(Owner, SourceName, IpAddr), (i64, u32)>>);

impl Limiter {
    /// Counts a wrong signature; `Err` says how long to wait once there were too many.
    pub(super) fn failed(
        &self,
        owner: &Owner,
        source: &SourceName,
        client: IpAddr,
        now: Timestamp,
    ) -> Result<(), Duration> {
        let minute = now.as_second().div_euclid(MINUTE);
        let mut senders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if senders.len() >= MAX_SENDERS {
            senders.retain(|_, (counted, _)| *counted == minute);
            if senders.len() >= MAX_SENDERS {
                senders.clear();
            }
        }
        let key = (owner.clone(), source.clone(), client);
        let (counted, failures) = senders.entry(key).or_insert((minute, 0));
        if *counted != minute {
            (*counted, *failures) = (minute, 0);
        }
        *failures += 1;
        if *failures <= FAILURES_PER_MINUTE {
            return Ok(());
        }
        let left = (minute + 1) * MINUTE - now.as_second();
        Err(Duration::from_secs(u64::try_from(left).unwrap_or(1)))
    }
}

#[cfg(test)]
mod tests {
    use parcelwire_domain::id::MerchantId;

    use super::*;

    #[test]
    fn the_sixty_first_failure_of_a_minute_waits_for_the_next() {
        let limiter = Limiter::default();
        let owner = Owner::Merchant(MerchantId::parse("hey").expect("a name"));
        let source = SourceName::parse("shop").expect("a name");
        let at = |second: i64| Timestamp::from_second(second).expect("a time");
        let (one, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        for _ in 0..FAILURES_PER_MINUTE {
            assert_eq!(limiter.failed(&owner, &source, one, at(600)), Ok(()));
        }
        assert_eq!(limiter.failed(&owner, &source, one, at(610)), Err(Duration::from_secs(50)));
        assert_eq!(limiter.failed(&owner, &source, other, at(610)), Ok(()));
        assert_eq!(limiter.failed(&owner, &source, one, at(660)), Ok(()));
    }
}
