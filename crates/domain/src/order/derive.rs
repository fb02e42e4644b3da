//! What follows from facts, and from their absence: asks the rules of [`crate::derived`], remembers
//! what was told, and says when to ask again.

use jiff::{Timestamp, tz::TimeZone};

use super::{
    Firing, OncePer, Order, Policy, Scan, Subject,
    fold::{Folded, fold_believed},
    joined::weight,
    rule::is_believed,
    view::Known,
};
use crate::{
    Map, Moment, TimePrecision, Value,
    calendar::Place,
    carrier,
    derived::{Case, Due, Follows, Of, RULES, Rule, Said, Scope, Thing, Told, Whose},
    id::{OccurrenceId, SourceName},
    silence::{Days, Heard, Missed, Suspension},
    taxonomy::{Derived, Leg, Reason, Trigger},
};

/// Most that is remembered of what was told of one order; what was told first is forgotten first.
const MOST_TOLD: usize = 200;

/// No message waits longer than that: what was told before is told.
const UNSENT_FOR: std::time::Duration = std::time::Duration::from_hours(8 * 24);

/// What derived triggers come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Derivation {
    /// What fires.
    pub firings: Vec<Firing>,
    /// What was due and has to wait, told for the first time.
    pub postponed: Vec<Postponed>,
    /// Occurrences that fired and hold no longer: whoever was not told yet is not told.
    pub refuted: Vec<OccurrenceId>,
}

/// A trigger that is due, and not told while nobody can know whether it is true.
#[derive(Debug, Clone, PartialEq)]
pub struct Postponed {
    /// What would fire.
    pub firing: Firing,
    /// Why it does not.
    pub why: Suspension,
    /// When it is looked at again; `None` for not before something is heard.
    pub until: Option<Timestamp>,
}

impl Order {
    /// Asks what follows now. To be called after facts were applied and when the order wakes. Nothing
    /// follows while nobody is known to tell it to.
    pub fn derive(&mut self, policy: &Policy<'_>, now: Timestamp) -> Derivation {
        // Of what an import taught is noted what had followed by then, whether it is told or not.
        let has_learned = self.scans.iter().any(|scan| scan.imported);
        let is_on = |rule: &dyn Rule| {
            let derived = rule.derived();
            let rules = policy.triggers.get(&Trigger::Derived(derived));
            rules.is_some_and(|rules| rules.on || has_learned) && self.may_follow(derived)
        };
        let rules: Vec<&dyn Rule> = RULES.into_iter().filter(|rule| is_on(*rule)).collect();
        let mut asked = Asked { told: self.told.clone(), ..Asked::default() };
        let has_nothing = rules.is_empty() && self.told.is_empty();
        if self.is_hushed() {
            asked.derivation.refuted = self.told.iter().map(|told| told.occurrence).collect();
        } else if (self.has_recipient() || has_learned) && !has_nothing {
            let groups = self.groups();
            let known: Vec<Known<'_>> = groups.iter().map(|group| self.known_of(group)).collect();
            let case = self.case(&known, policy);
            asked.derivation.refuted = refuted(&case, &self.told, now);
            asked.told = still_past(&case, &self.told, now);
            let desk = Desk { order: self, case: &case, policy, now };
            for rule in rules {
                for thing in things(&case, rule.scope()) {
                    desk.ask(rule, thing, &mut asked);
                }
            }
        }
        let needless = asked.told.len().saturating_sub(MOST_TOLD);
        asked.told.drain(..needless);
        self.told = asked.told;
        self.next = asked.next;
        self.postponed = asked.postponed;
        asked.derivation
    }

    /// Whether something was said from which it can follow.
    pub(super) fn may_follow(&self, derived: Derived) -> bool {
        let from = derived.follows_from();
        self.scans.iter().any(|scan| from.contains(&scan.status))
    }

    /// Whether something was said of it that is never spoken of: then nothing that only follows is.
    pub(super) fn is_hushed(&self) -> bool {
        self.scans.iter().any(|scan| scan.reason.is_some_and(Reason::is_sensitive))
    }

    /// What derived triggers say beside what their scan says: when it is so, and of an order all of it.
    pub(super) fn derived(&self, firing: &Firing, view: &mut Map) {
        view.set("occurred_at", Value::text(firing.occurred_at.to_rfc3339()));
        view.set("time_precision", Value::text(firing.occurred_at.precision.name()));
        if matches!(firing.subject, Subject::Order(_)) {
            // A parcel's own names would be those of whichever came last.
            view.set_some("items", self.known.get("order_items").cloned());
        }
        for (name, value) in firing.fields.iter() {
            view.set(name, value.clone());
        }
    }

    pub(super) fn case<'a>(&'a self, known: &[Known<'a>], policy: &Policy<'a>) -> Case<'a> {
        let mut fields = Map::new();
        self.known.fill(&mut fields);
        let destination = destination(&fields);
        let is_named = known.iter().any(|known| known.is_parcel() && known.is_named());
        let counts = |known: &&Known<'_>| {
            let is_one = if is_named { known.is_named() } else { known.is_thing() };
            known.is_parcel() && is_one && known.is_spoken_of()
        };
        let live: Vec<&Known<'_>> =
            known.iter().filter(counts).filter(|known| !known.is_cancelled()).collect();
        let pending = self.pending(&live);
        let of_order = known.iter().find(|it| matches!(it.group.subject, Subject::Order(_)));
        let is_return = |known: &&Known<'_>| matches!(known.group.subject, Subject::Return(_));
        Case {
            subject: Subject::Order(self.id),
            triggers: policy.triggers,
            seat: policy.seat,
            zone: zone(&fields, destination.as_ref(), policy),
            destination,
            parcels: known
                .iter()
                .filter(counts)
                .map(|known| self.thing(known, Leg::Forward, policy))
                .collect(),
            unnamed: known
                .iter()
                .filter(|known| known.is_parcel() && !counts(known))
                .map(|known| self.thing(known, Leg::Forward, policy))
                .collect(),
            returns: known
                .iter()
                .filter(is_return)
                .map(|known| self.thing(known, Leg::Return, policy))
                .collect(),
            of_order: of_order
                .map(|known| self.thing(known, Leg::Forward, policy).said)
                .unwrap_or_default(),
            fields,
            has_items_pending: !pending.is_empty(),
            claimed: self.claimed().collect(),
        }
    }

    fn thing<'a>(&'a self, known: &Known<'a>, leg: Leg, policy: &Policy<'_>) -> Thing<'a> {
        let group = known.group;
        let scans = self.scans_of(group);
        let folded = fold_believed(&scans, |scan| is_believed(policy, scan));
        let mut fields = Map::new();
        known.fields.fill(&mut fields);
        let stated =
            ["carrier", "carrier_name"].iter().find_map(|name| fields.get(name)?.as_text());
        let carrier = stated.map(carrier::slug_of);
        let said = folded.sequence.iter().map(|at| self.said_at(group.places[*at], *at, &folded));
        let state = folded.legs.get(&leg);
        Thing {
            subject: group.subject,
            known_as: group.known_as.clone(),
            leg,
            status: state.and_then(|state| state.status),
            high: state.map_or(0, |state| state.high),
            run: state.map_or(0, |state| state.run),
            ended: ended(&scans, &folded, leg).map(|at| group.places[at]),
            said: said.collect(),
            carrier,
            fields,
        }
    }

    fn said_at(&self, place: usize, at: usize, folded: &Folded) -> Said<'_> {
        let (scan, stand) = (&self.scans[place], &folded.stands[at]);
        Said {
            place,
            status: scan.status,
            reason: scan.reason,
            leg: scan.leg,
            rank: scan.rank(),
            at: scan.at.latest().min(scan.received_at),
            received_at: scan.received_at,
            seq: scan.seq,
            source: &scan.source,
            fields: &scan.fields,
            standing: stand.standing,
            run: stand.run,
            occurrence: scan.occurrence,
            weight: weight(scan.status, scan.party),
            moment: scan.at,
        }
    }
}

/// The place of the scan that ended a leg, or sent the parcel back.
fn ended(scans: &[&Scan], folded: &Folded, leg: Leg) -> Option<usize> {
    let own = folded.legs.get(&leg).and_then(|state| state.terminal).map(|(_, place)| place);
    let goes_back = |at: &usize| scans[*at].leg == Leg::Rts && folded.stands[*at].mark.is_some();
    let back = folded.sequence.iter().copied().find(|at| leg == Leg::Forward && goes_back(at));
    own.or(back)
}

pub(super) fn things<'c>(case: &'c Case<'c>, scope: Scope) -> Vec<Option<&'c Thing<'c>>> {
    match scope {
        Scope::Order => vec![None],
        Scope::Parcel => case.live_parcels().map(Some).collect(),
        Scope::Return => case.returns.iter().map(Some).collect(),
    }
}

/// What asking has come to so far.
#[derive(Default)]
struct Asked {
    told: Vec<Told>,
    next: Option<Timestamp>,
    postponed: Vec<OccurrenceId>,
    derivation: Derivation,
}

impl Asked {
    fn look_again(&mut self, at: Timestamp) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }
}

/// An order that is asked.
pub(super) struct Desk<'d> {
    pub(super) order: &'d Order,
    pub(super) case: &'d Case<'d>,
    pub(super) policy: &'d Policy<'d>,
    pub(super) now: Timestamp,
}

impl Desk<'_> {
    fn ask(&self, rule: &dyn Rule, thing: Option<&Thing<'_>>, asked: &mut Asked) {
        let of = Of { case: self.case, thing, told: &asked.told };
        let Some(mut due) = rule.due_at(&of) else { return };
        let is_past = self.begins_with_import(rule, &of, &mut due);
        if rule.is_told(&of, &due) {
            return;
        }
        if is_past {
            let occurrence = self.firing(rule, &of, &due).occurrence;
            asked.told.push(Told { past: true, ..self.told(rule, thing, &due, occurrence) });
            return;
        }
        let basis = &self.order.scans[due.basis];
        let Some(rules) = self.policy.triggers.get(&Trigger::Derived(rule.derived())) else {
            return;
        };
        let is_told_of_order = rules.once_per == OncePer::Order
            && asked.told.iter().any(|told| told.derived == rule.derived());
        let is_over = due.until.is_some_and(|until| until <= self.now);
        let is_silent = !rules.on || !self.order.has_recipient();
        if is_silent || is_told_of_order || is_over || !rules.believes(basis.party) {
            return;
        }
        if due.at > self.now {
            asked.look_again(due.at);
            return;
        }
        let firing = self.firing(rule, &of, &due);
        // Another way to the same pick-up point, with the same last day, say: it was told.
        if asked.told.iter().any(|told| told.occurrence == firing.occurrence) {
            return;
        }
        match self.heard(rule, thing, &due) {
            Heard::Well => {
                asked.told.push(self.told(rule, thing, &due, firing.occurrence));
                asked.derivation.firings.push(firing);
            }
            Heard::Suspended { why, until } => {
                asked.look_again(until);
                self.postpone(firing, why, Some(until), asked);
            }
            Heard::Void(why) => self.postpone(firing, why, None, asked),
        }
    }

    /// Whether an occasion was there already when its thing was imported. One that only began before is
    /// counted from the import on.
    pub(super) fn begins_with_import(&self, rule: &dyn Rule, of: &Of<'_>, due: &mut Due) -> bool {
        let learned_at = self.order.scans[due.basis].learned_at();
        let Some(learned_at) = learned_at.filter(|at| due.since <= *at) else { return false };
        due.since = learned_at;
        if due.at <= learned_at {
            return true;
        }
        if rule.counts_silence() {
            due.at = of.after(rule.derived(), learned_at).unwrap_or(due.at);
        }
        false
    }

    fn told(
        &self,
        rule: &dyn Rule,
        thing: Option<&Thing<'_>>,
        due: &Due,
        occurrence: OccurrenceId,
    ) -> Told {
        Told {
            derived: rule.derived(),
            of: thing.and_then(|thing| Whose::of(thing.subject)),
            once: due.once.clone(),
            occurrence,
            at: self.now,
            since: due.since,
            past: false,
        }
    }

    fn postpone(
        &self,
        firing: Firing,
        why: Suspension,
        until: Option<Timestamp>,
        asked: &mut Asked,
    ) {
        asked.postponed.push(firing.occurrence);
        if !self.order.postponed.contains(&firing.occurrence) {
            asked.derivation.postponed.push(Postponed { firing, why, until });
        }
    }

    fn heard(&self, rule: &dyn Rule, thing: Option<&Thing<'_>>, due: &Due) -> Heard {
        let mut sources: Vec<&SourceName> = Vec::new();
        match rule.follows() {
            Follows::Facts => return Heard::Well,
            Follows::AbsenceOfAll => {}
            Follows::Absence => {
                let said = thing.map(|thing| thing.said.as_slice()).unwrap_or_default();
                sources.extend(said.iter().map(|said| said.source));
            }
        }
        let carrier = thing.and_then(|thing| thing.carrier.as_deref());
        let missed = Missed { sources: &sources, carrier, since: due.since };
        let (places, zone) = (self.case.places(), &self.policy.seat.zone);
        self.policy.hearing.of(&missed, Days { places: &places, zone }, self.now)
    }

    pub(super) fn firing(&self, rule: &dyn Rule, of: &Of<'_>, due: &Due) -> Firing {
        let derived = rule.derived();
        let basis = &self.order.scans[due.basis];
        let subject = of.thing.map_or(self.case.subject, |thing| thing.subject);
        let leg = of.thing.map_or(Leg::Forward, |thing| thing.leg);
        let rules = self.policy.triggers.get(&Trigger::Derived(derived));
        let is_once = rules.is_some_and(|rules| rules.once_per == OncePer::Order);
        let (named, slot) =
            if is_once { (self.case.subject, "") } else { (subject, due.slot.as_str()) };
        let occurrence = self.policy.key.occurrence(&[
            named.to_string().as_bytes(),
            leg.name().as_bytes(),
            derived.row().name.as_bytes(),
            slot.as_bytes(),
        ]);
        let (receipt, index) = *basis.told_by.first().expect("somebody told a scan");
        let offset = due.at.to_zoned(self.case.zone.clone()).offset();
        let occurred_at = Moment {
            at: due.at,
            offset_seconds: offset.seconds(),
            precision: TimePrecision::Second,
        };
        Firing {
            trigger: Trigger::Derived(derived),
            occurrence,
            subject,
            source: basis.source.clone(),
            leg,
            rank: None,
            occurred_at,
            received_at: due.at,
            late: false,
            stopped: None,
            receipt,
            index,
            fields: rule.fire(of, due),
        }
    }
}

/// What was told of late and holds no longer.
fn refuted(case: &Case<'_>, told: &[Told], now: Timestamp) -> Vec<OccurrenceId> {
    let recent = now.checked_sub(UNSENT_FOR).unwrap_or(Timestamp::MIN);
    let of_late = (0..told.len()).filter(|at| !told[*at].past && told[*at].at >= recent);
    of_late.filter(|at| !holds(case, told, *at, now)).map(|at| told[at].occurrence).collect()
}

/// What was told, without what an import only seemed to say: of parcels that came row by row, say, the
/// first is not the whole order.
fn still_past(case: &Case<'_>, told: &[Told], now: Timestamp) -> Vec<Told> {
    // The date that was expected last is what the next one is compared with.
    let stays = |own: &Told| !own.past || own.derived == Derived::EtaChanged;
    let kept = (0..told.len()).filter(|at| stays(&told[*at]) || holds(case, told, *at, now));
    kept.map(|at| told[at].clone()).collect()
}

/// Whether what was told would be told today.
fn holds(case: &Case<'_>, told: &[Told], at: usize, now: Timestamp) -> bool {
    let own = &told[at];
    let Some(rule) = RULES.iter().find(|rule| rule.derived() == own.derived) else { return true };
    let others: Vec<Told> = told[..at].iter().chain(&told[at + 1..]).cloned().collect();
    things(case, rule.scope()).into_iter().any(|thing| {
        let known_as = thing.map(|thing| thing.known_as.as_slice());
        let due = rule.due_at(&Of { case, thing, told: &others });
        let is_own =
            |due: &Due| rule.is_told(&Of { case, thing, told: std::slice::from_ref(own) }, due);
        own.is_of(known_as) && due.is_some_and(|due| due.at <= now && is_own(&due))
    })
}

/// Where the order goes, as far as its address tells.
fn destination(fields: &Map) -> Option<Place> {
    let country = fields.get("destination_country")?.as_text()?;
    let address = fields.get("shipping_address").and_then(Value::as_map);
    let region = address.and_then(|address| {
        let mut names = ["region", "province", "state"].iter();
        names.find_map(|name| address.get(name)?.as_text())
    });
    Some(Place::new(country, region))
}

/// The customer's zone, else the one of where it goes, else the shop's.
fn zone(fields: &Map, destination: Option<&Place>, policy: &Policy<'_>) -> TimeZone {
    let own = fields.get("timezone").and_then(Value::as_text);
    let there = destination.and_then(Place::zone);
    let known = own.into_iter().chain(there).find_map(|name| TimeZone::get(name).ok());
    known.unwrap_or_else(|| policy.seat.zone.clone())
}
