//! Turns of credentials where one process is all there is: counted in memory, and forgotten with it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use parcelwire_engine::ports::{Limits, Meter, TurnWish, Turns, Wait};

/// Looks again so soon when only another request's end makes room.
const FOR_AN_END: Duration = Duration::from_millis(20);

/// A meter for each credential.
#[derive(Debug, Default)]
pub(super) struct Meters(Mutex<BTreeMap<[u8; 16], Meter>>);

impl Meters {
    pub(super) fn turns(&self, wish: &TurnWish, now: Timestamp) -> Turns {
        self.meter(wish.credential, wish.limits, |meter| {
            meter.under_way(wish.under_way);
            for granted in 0..wish.turns {
                if let Err(wait) = meter.try_take(now, 1) {
                    return Turns { granted, wait: Some(span(wait, now)) };
                }
            }
            Turns { granted: wish.turns, wait: None }
        })
    }

    pub(super) fn rest(&self, credential: [u8; 16], limits: Limits, until: Timestamp) {
        self.meter(credential, limits, |meter| meter.pause(until));
    }

    fn meter<T>(
        &self,
        credential: [u8; 16],
        limits: Limits,
        use_it: impl FnOnce(&mut Meter) -> T,
    ) -> T {
        let mut meters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let meter = meters.entry(credential).or_insert_with(|| Meter::new(limits));
        if *meter.limits() != limits {
            meter.adjust(limits);
        }
        use_it(meter)
    }
}

fn span(wait: Wait, now: Timestamp) -> Duration {
    match wait {
        Wait::Until(until) => Duration::try_from(until.duration_since(now)).unwrap_or(FOR_AN_END),
        Wait::ForAnEnd | Wait::AtMost(_) => FOR_AN_END,
    }
}
