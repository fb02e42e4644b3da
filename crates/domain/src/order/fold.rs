//! How the scans of one parcel (or return, or the order itself) stand to each other: the legs, the
//! runs, what is repeated, late or contradictory. A function of the *set* of scans: the order in
//! which they came changes nothing.

use std::collections::BTreeMap;

use super::{Scan, Standing, sequence::sequence};
use crate::taxonomy::{Kind, Leg, Phase, Reason, Status};

/// A failed attempt, or a redirect, lets the steps of delivery be reached once more.
const BEFORE_DELIVERY: u16 = 399;

/// Where a leg is that was found to have ended otherwise: nothing that it had reached is above.
const CORRECTED: u16 = 580;

/// How one scan stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stand {
    pub(super) standing: Standing,
    /// What tells the occurrence from others of its trigger.
    pub(super) discriminator: String,
    /// The run, for steps.
    pub(super) run: u32,
    /// The episode of side statuses in which it stands.
    pub(super) episode: u32,
    /// How far it moved the leg: what is below in this run, or in an earlier one, is behind it.
    pub(super) mark: Option<u16>,
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
    /// Highest mark reached in this run.
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
    fold_believed(scans, |_| true)
}

/// The same where some are not believed: they say what they say, and move nothing.
pub(super) fn fold_believed(scans: &[&Scan], is_believed: impl Fn(&Scan) -> bool) -> Folded {
    let mut folded = Folded { sequence: sequence(scans), ..Folded::default() };
    let mut stands: Vec<Option<Stand>> = vec![None; scans.len()];
    for place in folded.sequence.clone() {
        let scan = scans[place];
        let leg = folded.legs.entry(scan.leg).or_default();
        stands[place] = Some(if is_believed(scan) {
            leg.take(scan, place)
        } else {
            leg.stand(Standing::Repeated, leg.run.to_string())
        });
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
            let Some(mark) = stand.mark.filter(|_| step.leg == scan.leg && counts(step)) else {
                return false;
            };
            match scan.rank() {
                Some(rank) => (stand.run, mark) > (own.run, own.mark.unwrap_or(rank)),
                None => clears(scan.status, step),
            }
        })
    }
}

/// Whether a later step makes a side status old news.
fn clears(side: Status, step: &Scan) -> bool {
    let rank = step.rank().unwrap_or(0);
    let from = match side.row().phase {
        Phase::Order | Phase::Return => u16::MAX,
        Phase::Fulfilment => 260,
        Phase::Transit | Phase::Delivery | Phase::Exception => BEFORE_DELIVERY + 1,
    };
    step.status.row().terminal || rank >= from
}

impl LegState {
    fn take(&mut self, scan: &Scan, place: usize) -> Stand {
        if scan.status == Status::Unknown {
            return self.stand(Standing::Unknown, String::new());
        }
        if scan.quiet {
            return self.stand(Standing::Remembered, String::new());
        }
        match scan.status.row().kind {
            Kind::Step(_) => self.step(scan, place),
            Kind::Side if scan.status == Status::DeliveryAttemptFailed => self.attempt(),
            Kind::Side => self.side(scan, place),
            Kind::None => self.stand(Standing::Unknown, String::new()),
        }
    }

    fn stand(&self, standing: Standing, discriminator: String) -> Stand {
        Stand { standing, discriminator, run: self.run, episode: self.episode, mark: None }
    }

    fn step(&mut self, scan: &Scan, place: usize) -> Stand {
        let rank = scan.rank().unwrap_or(0);
        if scan.is_redirect()
            && self.terminal.is_none()
            && self.high > BEFORE_DELIVERY
            && rank < self.high
        {
            self.high = BEFORE_DELIVERY;
            self.run += 1;
        }
        let discriminator = match scan.text("refund_id") {
            Some(refund) if scan.status == Status::ReturnRefunded => refund.to_owned(),
            _ => self.run.to_string(),
        };
        let slot = (scan.status, discriminator.clone());
        if self.seen.contains(&slot) {
            return self.stand(Standing::Repeated, discriminator);
        }
        let mut mark = rank;
        if let Some((closed_by, _)) = self.terminal {
            let corrects = scan.status == Status::Delivered
                && matches!(closed_by, Status::Lost | Status::Undeliverable);
            let another_refund = scan.status == Status::ReturnRefunded && closed_by == scan.status;
            if corrects {
                mark = CORRECTED;
            } else if !another_refund {
                return self.stand(Standing::Conflict, discriminator);
            }
        } else if rank < self.high {
            return self.stand(Standing::Late, discriminator);
        }
        self.seen.push(slot);
        self.high = self.high.max(mark);
        self.status = Some(scan.status);
        self.episode += 1;
        self.moved_since_attempt = true;
        if scan.status.row().terminal {
            self.terminal = Some((scan.status, place));
        }
        Stand { mark: Some(mark), ..self.stand(Standing::New, discriminator) }
    }

    fn side(&mut self, scan: &Scan, place: usize) -> Stand {
        // A source that gives no reason says as much as one that says `unspecified`.
        let reason = scan.reason.unwrap_or(Reason::Unspecified).name();
        let discriminator = format!("{reason}:{}", self.episode);
        let slot = (scan.status, discriminator.clone());
        if self.seen.contains(&slot) {
            return self.stand(Standing::Repeated, discriminator);
        }
        // That it is damaged may be found on opening.
        if self.terminal.is_some() && scan.status != Status::Damaged {
            return self.stand(Standing::Conflict, discriminator);
        }
        self.seen.push(slot);
        let closes = scan.status.row().terminal;
        if closes {
            self.terminal = Some((scan.status, place));
            self.status = Some(scan.status);
        }
        let mark = closes.then_some(u16::MAX);
        Stand { mark, ..self.stand(Standing::New, discriminator) }
    }

    /// Whatever reason two sources give, it is one attempt until a step follows it.
    fn attempt(&mut self) -> Stand {
        if self.terminal.is_some() {
            return self.stand(Standing::Conflict, String::new());
        }
        if self.attempts > 0 && !self.moved_since_attempt {
            let run = self.run - 1;
            return Stand { run, ..self.stand(Standing::Repeated, run.to_string()) };
        }
        let discriminator = self.run.to_string();
        let stand =
            Stand { mark: Some(u16::MAX), ..self.stand(Standing::New, discriminator.clone()) };
        self.seen.push((Status::DeliveryAttemptFailed, discriminator));
        // Whoever tried to deliver it had it on tour, scanned or not.
        self.high = BEFORE_DELIVERY;
        self.run += 1;
        self.attempts += 1;
        self.moved_since_attempt = false;
        stand
    }
}
