//! How the scans of one parcel (or return, or the order itself) stand to each other: the legs, the
//! runs, what is repeated, late or contradictory. A function of the *set* of scans: the order in
//! which they came changes nothing.

use std::collections::BTreeMap;

use super::{Scan, Standing};
use crate::taxonomy::{Kind, Leg, Status};

/// A failed attempt, or a redirect, lets the steps of delivery be reached once more.
const BEFORE_DELIVERY: u16 = 399;

/// How one scan stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) standing: Standing,
    /// What tells the occurrence from others of its trigger.
    pub(super) discriminator: String,
    /// The run, for steps.
    pub(super) run: u32,
    /// Whether the leg moved to this step.
    pub(super) accepted: bool,
}

/// The legs of one subject.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Folded {
    /// For each scan, by its place in the list that was folded.
    pub(super) stands: Vec<Stand>,
    /// Where each leg is.
    pub(super) legs: BTreeMap<Leg, LegState>,
    /// The places of the scans in the order in which things happened.
    pub(super) sequence: Vec<usize>,
}

/// Where one leg is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LegState {
    /// Highest rank reached in this run.
    pub(super) high: u16,
    /// The status of the highest step, or the terminal one.
    pub(super) status: Option<Status>,
    /// What closed it, and the place of the scan that did.
    pub(super) terminal: Option<(Status, usize)>,
    pub(super) run: u32,
    /// Failed attempts so far.
    pub(super) attempts: u32,
    episode: u32,
    moved_since_attempt: bool,
    /// Slots that were filled: status and discriminator.
    seen: Vec<(Status, String)>,
}

/// Folds the scans of one subject.
pub(super) fn fold(scans: &[&Scan]) -> Folded {
    let mut sequence: Vec<usize> = (0..scans.len()).collect();
    sequence.sort_by_key(|place| (scans[*place].sort_key(), *place));
    let mut folded = Folded { sequence, ..Folded::default() };
    let mut stands: Vec<Option<Stand>> = vec![None; scans.len()];
    for place in folded.sequence.clone() {
        let scan = scans[place];
        let leg = folded.legs.entry(scan.leg).or_default();
        stands[place] = Some(leg.take(scan, place));
    }
    folded.stands =
        stands.into_iter().map(|stand| stand.expect("each place is taken once")).collect();
    folded
}

impl Folded {
    /// Whether a step behind which this scan stands is among those that `counts` lets through.
    pub(super) fn is_behind(
        &self,
        scans: &[&Scan],
        place: usize,
        counts: impl Fn(&Scan) -> bool,
    ) -> bool {
        let scan = scans[place];
        let own = &self.stands[place];
        let after = self.sequence.iter().skip_while(|other| **other != place).skip(1);
        after.copied().any(|other| {
            let step = scans[other];
            let stand = &self.stands[other];
            let rank = step.status.rank();
            if step.leg != scan.leg || !stand.accepted || !counts(step) {
                return false;
            }
            match scan.status.rank() {
                Some(own_rank) => rank.is_some_and(|rank| (stand.run, rank) > (own.run, own_rank)),
                None => clears(scan.status, step),
            }
        })
    }
}

/// Whether a later step makes a side status old news.
fn clears(side: Status, step: &Scan) -> bool {
    use crate::taxonomy::Phase;
    let rank = step.status.rank().unwrap_or(0);
    let from = match side.row().phase {
        Phase::Order | Phase::Return => u16::MAX,
        Phase::Fulfilment => 260,
        Phase::Transit | Phase::Delivery | Phase::Exception => BEFORE_DELIVERY + 1,
    };
    step.status.row().terminal || rank >= from
}

impl LegState {
    fn take(&mut self, scan: &Scan, place: usize) -> Stand {
        let said = |standing| Stand {
            standing,
            discriminator: String::new(),
            run: self.run,
            accepted: false,
        };
        if scan.status == Status::Unknown {
            return said(Standing::Unknown);
        }
        if scan.quiet {
            return said(Standing::Remembered);
        }
        match scan.status.row().kind {
            Kind::Step(rank) => self.step(scan, rank, place),
            Kind::Side => self.side(scan, place),
            Kind::None => said(Standing::Unknown),
        }
    }

    fn step(&mut self, scan: &Scan, rank: u16, place: usize) -> Stand {
        let stays = scan.is_redirect() && rank <= self.high && self.terminal.is_none();
        if stays {
            self.high = self.high.min(BEFORE_DELIVERY);
            self.run += 1;
        }
        let discriminator = match scan.text("refund_id") {
            Some(refund) if scan.status == Status::ReturnRefunded => refund.to_owned(),
            _ => self.run.to_string(),
        };
        let slot = (scan.status, discriminator.clone());
        let stand = |standing, accepted, run| Stand { standing, discriminator, run, accepted };
        if self.seen.contains(&slot) {
            return stand(Standing::Repeated, false, self.run);
        }
        if let Some((closed_by, _)) = self.terminal {
            let corrects = scan.status == Status::Delivered
                && matches!(closed_by, Status::Lost | Status::Undeliverable);
            let another_refund = scan.status == Status::ReturnRefunded && closed_by == scan.status;
            if !corrects && !another_refund {
                return stand(Standing::Conflict, false, self.run);
            }
        } else if rank < self.high {
            return stand(Standing::Late, false, self.run);
        }
        self.seen.push(slot);
        self.high = self.high.max(rank);
        self.status = Some(scan.status);
        self.episode += 1;
        self.moved_since_attempt = true;
        if scan.status.row().terminal {
            self.terminal = Some((scan.status, place));
        }
        stand(Standing::New, true, self.run)
    }

    fn side(&mut self, scan: &Scan, place: usize) -> Stand {
        if scan.status == Status::DeliveryAttemptFailed {
            return self.attempt(scan);
        }
        let reason = scan.reason.map_or("", crate::taxonomy::Reason::name);
        let discriminator = format!("{reason}:{}", self.episode);
        let slot = (scan.status, discriminator.clone());
        let run = self.run;
        let stand = |standing| Stand { standing, discriminator, run, accepted: false };
        if self.seen.contains(&slot) {
            return stand(Standing::Repeated);
        }
        if let Some((closed_by, _)) = self.terminal {
            let found_on_opening = scan.status == Status::Damaged && closed_by == Status::Delivered;
            if !found_on_opening {
                return stand(Standing::Conflict);
            }
        }
        self.seen.push(slot);
        if scan.status.row().terminal {
            self.terminal = Some((scan.status, place));
            self.status = Some(scan.status);
        }
        stand(Standing::New)
    }

    /// Whatever reason two sources give, it is one attempt until a step follows it.
    fn attempt(&mut self, scan: &Scan) -> Stand {
        if self.terminal.is_some() {
            return Stand {
                standing: Standing::Conflict,
                discriminator: String::new(),
                run: self.run,
                accepted: false,
            };
        }
        let repeated = self.attempts > 0 && !self.moved_since_attempt;
        let run = if repeated { self.run - 1 } else { self.run };
        if !repeated {
            self.seen.push((scan.status, run.to_string()));
            self.high = self.high.min(BEFORE_DELIVERY);
            self.run += 1;
            self.attempts += 1;
            self.moved_since_attempt = false;
        }
        let standing = if repeated { Standing::Repeated } else { Standing::New };
        Stand { standing, discriminator: run.to_string(), run, accepted: false }
    }
}
