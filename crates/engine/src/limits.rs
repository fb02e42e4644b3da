//! How often each credential may be used: destinations with the same key share one meter.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_mapping::blocks::limits::{Limits as Rates, Meter, Wait};

use crate::engine::Shared;

/// Looks again so soon when only another request's end makes room.
const FOR_AN_END: Duration = Duration::from_millis(20);

pub(crate) struct Limits {
    shared: Arc<Shared>,
    meters: Mutex<BTreeMap<[u8; 16], Meter>>,
}

impl Limits {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, meters: Mutex::new(BTreeMap::new()) }
    }

    /// Comes back when a request may be made. Each is answered by [`Limits::ended`].
    pub(crate) async fn take(&self, credential: [u8; 16], rates: Rates) {
        if rates.is_off() {
            return;
        }
        loop {
            let now = self.shared.clock.now();
            let until = match self.meter(credential, rates, |meter| meter.try_take(now, 1)) {
                Ok(()) => return,
                Err(Wait::Until(until)) => until,
                Err(Wait::ForAnEnd | Wait::AtMost(_)) => now + FOR_AN_END,
            };
            self.shared.clock.until(until).await;
        }
    }

    pub(crate) fn ended(&self, credential: [u8; 16], rates: Rates) {
        if !rates.is_off() {
            self.meter(credential, rates, Meter::ended);
        }
    }

    /// The destination asked for a rest: nobody with this credential calls before `until`.
    pub(crate) fn rest(&self, credential: [u8; 16], rates: Rates, until: Timestamp) {
        self.meter(credential, rates, |meter| meter.pause(until));
    }

    fn meter<T>(
        &self,
        credential: [u8; 16],
        rates: Rates,
        use_it: impl FnOnce(&mut Meter) -> T,
    ) -> T {
        let mut meters = self.meters.lock().unwrap_or_else(PoisonError::into_inner);
        let meter = meters.entry(credential).or_insert_with(|| Meter::new(rates));
        if *meter.limits() != rates {
            meter.adjust(rates);
        }
        use_it(meter)
    }
}
