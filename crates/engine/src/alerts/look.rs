//! Looking for what is wrong. What cannot be read now is neither wrong nor right: its incidents stay as
//! they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use jiff::{Timestamp, tz::TimeZone};
use parcelwire_domain::{
    calendar::Place as Country,
    id::{DestinationName, MerchantId, SourceName},
    incident::{Condition, Facts, Kind, Look, Thing},
    silence::{Days, Who, is_catching_up},
};
use parcelwire_mapping::{
    book::Book,
    merchant::{Merchant, State},
    unmapped::propose,
};

use super::{channels::channels, desk::Of, settings::AlertSettings};
use crate::{
    engine::Shared,
    metrics::Metrics,
    poll,
    ports::{Filter, Held, LedgerResult, List, Owner, Stats},
};

/// So long after the last message was given up, or the last new code was heard, that is over.
const NEWS_FOR: Duration = Duration::from_hours(24);

/// Most unsent messages, and codes, of a merchant that are looked at.
const MOST: usize = 100;

/// Where one merchant is, for telling a weekend from a silence.
fn days<'a>(places: &'a [&'a Country], zone: &'a TimeZone) -> Days<'a> {
    Days { places, zone }
}

/// What is the same for all merchants of one look.
struct Round {
    now: Timestamp,
    /// Destinations whose key is refused, by merchant; nothing where nobody can tell.
    refused: Option<BTreeMap<MerchantId, Vec<DestinationName>>>,
    /// Whether those who could not reach the relay catch up.
    catching_up: bool,
    /// Whether no webhook of anybody is accepted: told once for all.
    is_dry: bool,
}

/// What is wrong with one owner, and of which kinds nobody can tell.
#[derive(Default)]
struct Found {
    seen: Vec<Condition>,
    unsure: BTreeSet<Kind>,
    /// Of carriers nothing can be heard where their source is silent.
    unsure_carriers: bool,
    counted: Option<Stats>,
}

impl Found {
    fn see(&mut self, kind: Kind, thing: Thing, since: Option<Timestamp>, facts: Facts) {
        self.seen.push(Condition { kind, thing, since, facts });
    }

    fn has(&self, kind: Kind) -> bool {
        self.seen.iter().any(|seen| seen.kind == kind)
    }

    /// What was asked for; of this kind nobody can tell where the store did not answer.
    fn read<T>(&mut self, kind: Kind, answer: LedgerResult<T>) -> Option<T> {
        if answer.is_err() {
            self.unsure.insert(kind);
        }
        answer.ok()
    }
}

impl Shared {
    /// One look at all merchants of this instance, and at the relay where it is this instance's to do.
    pub(super) async fn look_for_incidents(self: &Arc<Self>, settings: &AlertSettings) {
        let held = self.held().await;
        let is_well = self.archive.health().await.is_ok();
        let read = match &held {
            Some(held) if is_well => self.look_at_all(settings, held).await.is_ok(),
            Some(_) | None => false,
        };
        let is_kept = self.keep_watches(false).await;
        self.look_at_store(settings, read && is_kept);
        let open = self.alerts.open();
        self.metrics.incidents.set(i64::try_from(open).unwrap_or(i64::MAX));
    }

    async fn look_at_all(&self, settings: &AlertSettings, held: &Held) -> LedgerResult<()> {
        let book = self.rules.book();
        let is_watched = |merchant: &Merchant| {
            merchant.state != State::Off && held.has(&Owner::Merchant(merchant.id.clone()))
        };
        let merchants = book.merchants.keys().filter_map(|id| book.merchant(id.as_str()));
        let merchants: Vec<&Arc<Merchant>> = merchants.filter(|one| is_watched(one)).collect();
        // What concerns all is told by whoever has the first partition.
        let is_first = held.partitions.iter().any(|(partition, _)| partition.number() == 0);
        let own = is_first.then_some(None);
        let owners: Vec<Of> =
            own.into_iter().chain(merchants.iter().map(|one| Some(one.id.clone()))).collect();
        let unknown = self.alerts.follow(&owners);
        if !unknown.is_empty() {
            let watches = self.kept_watches(&unknown).await?;
            for (of, watch) in unknown.into_iter().zip(watches) {
                self.alerts.learn(of, watch);
            }
        }
        let now = self.clock.now();
        // Of a merchant who says nothing it must be known as well how often it usually speaks.
        self.listen(held, merchants.iter().map(|one| &one.id), now).await?;
        if is_first {
            self.look_at_relay(settings, &book, now).await;
        }
        let round = Round {
            now,
            refused: self.refused_keys().await,
            catching_up: is_catching_up(&self.hearing.away(), now),
            is_dry: self.is_dry(is_first).await?,
        };
        for merchant in merchants {
            self.look_at_merchant(settings, merchant, &round).await;
        }
        Ok(())
    }

    /// Whether an incident says already that nothing is accepted of anybody.
    async fn is_dry(&self, is_first: bool) -> LedgerResult<bool> {
        let open =
            |watch: &parcelwire_domain::incident::Watch| watch.is_open(Kind::NothingAccepted);
        if is_first {
            let own = self.alerts.with(&None, self.clock.now(), |watch| open(watch));
            return Ok(own.unwrap_or(false));
        }
        Ok(self.kept_watches(&[None]).await?.iter().any(open))
    }

    async fn refused_keys(&self) -> Option<BTreeMap<MerchantId, Vec<DestinationName>>> {
        let pauses = match self.archive.pauses().await {
            Ok(pauses) => pauses,
            Err(error) => {
                Metrics::count(&self.metrics.store_errors, "pauses");
                tracing::warn!(%error, "whose keys are refused is asked again");
                return None;
            }
        };
        let mut refused: BTreeMap<MerchantId, Vec<DestinationName>> = BTreeMap::new();
        for (merchant, destination, _) in
            pauses.into_iter().filter(|(.., pause)| pause.why == "key_wrong")
        {
            refused.entry(merchant).or_default().push(destination);
        }
        Some(refused)
    }

    async fn look_at_merchant(&self, settings: &AlertSettings, merchant: &Merchant, round: &Round) {
        let mut found = Found::default();
        self.look_at_keys(merchant, round, &mut found).await;
        self.look_at_silence(merchant, round, &mut found);
        let counted = self.archive.stats(Some(merchant.id.clone()), round.now).await;
        match counted {
            Ok(stats) => {
                found.counted = Some(stats);
                self.look_at_backlog(settings, merchant, round, &stats, &mut found).await;
            }
            Err(_) => {
                found.unsure.extend([Kind::NothingAccepted, Kind::DeadLetters, Kind::Backlog])
            }
        }
        self.look_at_codes(merchant, round, &mut found).await;
        let last = self.last_dead(merchant, round, &found).await;
        let of = Some(merchant.id.clone());
        self.alerts.with(&of, round.now, |watch| {
            let places: Vec<&Country> = merchant.seat.place.iter().collect();
            let days = days(&places, &merchant.seat.zone);
            if let Some(stats) = found.counted {
                watch.flow.count(stats.receipts.accepted, round.now, days);
                watch.dead.count(stats.messages.dead, round.now);
                let dry = watch.flow.dry_since(settings.quiet, days, round.now);
                // A silent source says it already.
                if let Some(since) = dry.filter(|_| !found.has(Kind::SourceSilent)) {
                    let facts = Facts::default();
                    found.see(Kind::NothingAccepted, Thing::Whole, Some(since), facts);
                }
                if let Some((since, count)) = watch.dead.recent(NEWS_FOR, round.now) {
                    let known = watch.incidents().iter().rev();
                    let mut known = known.filter(|one| one.kind == Kind::DeadLetters);
                    let before = known.next().map(|one| one.facts.clone()).unwrap_or_default();
                    let facts = Facts { count, ..last.unwrap_or(before) };
                    found.see(Kind::DeadLetters, Thing::Whole, Some(since), facts);
                }
            }
            let is_silence =
                |kind| matches!(kind, Kind::SourceSilent | Kind::NothingAccepted) && round.is_dry;
            let lines = |kind| {
                let all = channels(settings, &self.settings.messages, Some(merchant)).into_iter();
                let told = all.filter(|channel| channel.wants(kind, is_silence(kind)));
                told.map(|channel| channel.line).collect()
            };
            let (unsure, carriers) = (&found.unsure, found.unsure_carriers);
            watch.look(&Look {
                owner: merchant.id.as_str(),
                unsure: &|kind, thing| {
                    unsure.contains(&kind) || carriers && matches!(thing, Thing::Carrier(_))
                },
                seen: found.seen,
                lines: &lines,
                pace: settings.pace,
                now: round.now,
            });
        });
    }

    async fn look_at_keys(&self, merchant: &Merchant, round: &Round, found: &mut Found) {
        match &round.refused {
            Some(refused) => {
                let own = refused.get(&merchant.id).into_iter().flatten();
                for name in own.filter(|name| merchant.destinations.contains_key(*name)) {
                    let thing = Thing::Destination(name.clone());
                    found.see(Kind::KeyRefused, thing, None, Facts::default());
                }
            }
            None => _ = found.unsure.insert(Kind::KeyRefused),
        }
        let polled = merchant.sources.iter().filter(|(_, source)| {
            source.feed.is_none() && source.ready.connector().polls_every().is_some()
        });
        let owner = Owner::Merchant(merchant.id.clone());
        let places = polled.map(|(name, _)| (owner.clone(), name.clone())).collect();
        let mut refused: BTreeMap<SourceName, Timestamp> =
            self.refusals.of(&merchant.id, round.now).into_iter().collect();
        for (name, since) in self.refused_polls(places, found).await {
            refused.entry(name).or_insert(since);
        }
        for (name, since) in refused {
            found.see(Kind::KeyRefused, Thing::Source(name), Some(since), Facts::default());
        }
    }

    /// Of these, those whose key was refused in the last round.
    async fn refused_polls(
        &self,
        places: Vec<(Owner, SourceName)>,
        found: &mut Found,
    ) -> Vec<(SourceName, Timestamp)> {
        if places.is_empty() {
            return Vec::new();
        }
        let names: Vec<SourceName> = places.iter().map(|(_, name)| name.clone()).collect();
        let Some(polled) = found.read(Kind::KeyRefused, self.ledger.polled(places).await) else {
            return Vec::new();
        };
        let refused = names.into_iter().zip(polled).filter_map(|(name, polled)| {
            let polled = polled.filter(|polled| polled.why.as_deref() == Some("key_wrong"))?;
            Some((name, polled.succeeded_at.unwrap_or(polled.at)))
        });
        refused.collect()
    }

    fn look_at_silence(&self, merchant: &Merchant, round: &Round, found: &mut Found) {
        if round.catching_up {
            found.unsure.extend([Kind::SourceSilent, Kind::NothingAccepted]);
            return;
        }
        let Some(pulse) = self.hearing.pulse(merchant) else {
            found.unsure.insert(Kind::SourceSilent);
            return;
        };
        let places: Vec<&Country> = merchant.seat.place.iter().collect();
        for (who, since) in pulse.silent(days(&places, &merchant.seat.zone), round.now) {
            let thing = match who {
                Who::Source(name) => Thing::Source(name.clone()),
                Who::Carrier(slug) => Thing::Carrier(slug.to_owned()),
            };
            found.unsure_carriers |= matches!(thing, Thing::Source(_));
            found.see(Kind::SourceSilent, thing, Some(since), Facts::default());
        }
    }

    async fn look_at_backlog(
        &self,
        settings: &AlertSettings,
        merchant: &Merchant,
        round: &Round,
        stats: &Stats,
        found: &mut Found,
    ) {
        let waits = Duration::from_secs(stats.oldest_waiting_seconds);
        let asks = |seen: &Condition| {
            seen.kind == Kind::KeyRefused && matches!(seen.thing, Thing::Source(_))
        };
        // What waits for the answer of a system that refuses its key is told with that key.
        if waits >= settings.backlog && waits > Duration::ZERO && !found.seen.iter().any(asks) {
            let since = round.now.checked_sub(waits).ok();
            found.see(Kind::Backlog, Thing::Whole, since, Facts::default());
        }
        if stats.messages.pending == 0 {
            return;
        }
        let Ok(before) = round.now.checked_sub(settings.backlog) else { return };
        let filter = Filter {
            merchant: Some(merchant.id.clone()),
            status: Some("pending".to_owned()),
            until: Some(before),
            ..Filter::default()
        };
        let page = self.archive.page(List::Messages, filter, None, MOST).await;
        let Some(page) = found.read(Kind::Backlog, page) else { return };
        let mut late: BTreeMap<DestinationName, Timestamp> = BTreeMap::new();
        for row in page.rows {
            let text = |name: &str| row[name].as_str().unwrap_or_default();
            let time = |name: &str| text(name).parse::<Timestamp>().ok();
            let is_held = time("not_before").is_none_or(|due| due > before);
            if is_held && row["attempts"].as_u64().unwrap_or(0) == 0 {
                continue;
            }
            if let (Ok(name), Some(made)) =
                (DestinationName::parse(text("destination")), time("created_at"))
            {
                let oldest = late.entry(name).or_insert(made);
                *oldest = made.min(*oldest);
            }
        }
        let refuses = |name: &DestinationName| {
            let own = round.refused.as_ref().and_then(|all| all.get(&merchant.id));
            own.is_some_and(|own| own.contains(name))
        };
        for (name, since) in late.into_iter().filter(|(name, _)| !refuses(name)) {
            found.see(Kind::Backlog, Thing::Destination(name), Some(since), Facts::default());
        }
    }

    async fn look_at_codes(&self, merchant: &Merchant, round: &Round, found: &mut Found) {
        let page = self.archive.unmapped(Some(merchant.id.clone()), None, MOST).await;
        let Some(page) = found.read(Kind::UnmappedCodes, page) else { return };
        let mut codes: BTreeMap<SourceName, (u64, Timestamp)> = BTreeMap::new();
        for row in page.rows {
            let text = |name: &str| row[name].as_str();
            let (Some(code), Some(source)) = (text("code"), text("source")) else { continue };
            let first = text("first_seen").and_then(|at| at.parse::<Timestamp>().ok());
            let fresh = first.filter(|first| round.now < *first + NEWS_FOR);
            let (Some(first), Some(known)) = (fresh, merchant.sources.get(source)) else {
                continue;
            };
            let connector = known.ready.connector();
            if let Ok(source) = SourceName::parse(source)
                && !propose(code, Some(connector.as_ref())).known
            {
                let (count, since) = codes.entry(source).or_insert((0, first));
                (*count, *since) = (*count + 1, first.min(*since));
            }
        }
        for (source, (count, since)) in codes {
            let facts = Facts { count, ..Facts::default() };
            found.see(Kind::UnmappedCodes, Thing::Source(source), Some(since), facts);
        }
    }

    /// Where and why the last message was given up, when more were than at the last look.
    async fn last_dead(&self, merchant: &Merchant, round: &Round, found: &Found) -> Option<Facts> {
        let dead = found.counted.as_ref()?.messages.dead;
        let of = Some(merchant.id.clone());
        let before = self.alerts.with(&of, round.now, |watch| watch.dead.counted())?;
        if before.is_none_or(|before| dead <= before) {
            return None;
        }
        let filter = Filter {
            merchant: Some(merchant.id.clone()),
            status: Some("dead".to_owned()),
            ..Filter::default()
        };
        let page = self.archive.page(List::Messages, filter, None, 1).await.ok()?;
        let row = page.rows.first()?;
        let text = |name: &str| row[name].as_str().unwrap_or_default();
        let at = DestinationName::parse(text("destination")).ok();
        Some(Facts { count: 0, why: text("why").to_owned(), at })
    }

    /// What is wrong with the relay as a whole.
    async fn look_at_relay(&self, settings: &AlertSettings, book: &Book, now: Timestamp) {
        let mut found = Found::default();
        for (name, since) in self.refused_polls(poll::polled_feeds(book), &mut found).await {
            if let Ok(feed) = parcelwire_domain::id::FeedName::parse(name.as_str()) {
                found.see(Kind::KeyRefused, Thing::Feed(feed), Some(since), Facts::default());
            }
        }
        let counted = found.read(Kind::NothingAccepted, self.archive.stats(None, now).await);
        if is_catching_up(&self.hearing.away(), now) {
            found.unsure.insert(Kind::NothingAccepted);
        }
        let zone = TimeZone::UTC;
        let days = days(&[], &zone);
        let dry = self.alerts.with(&None, now, |watch| {
            watch.flow.count(counted?.receipts.accepted, now, days);
            watch.flow.dry_since(settings.quiet, days, now)
        });
        // One shop alone is told of as that shop.
        if let Some(since) = dry.flatten()
            && self.several_are_heard(book).await.unwrap_or(false)
        {
            found.see(Kind::NothingAccepted, Thing::Whole, Some(since), Facts::default());
        }
        let lines = |kind| {
            let all = channels(settings, &self.settings.messages, None).into_iter();
            all.filter(|channel| channel.wants(kind, false)).map(|channel| channel.line).collect()
        };
        self.alerts.with(&None, now, |watch| {
            watch.look(&Look {
                owner: "",
                unsure: &|kind, _| found.unsure.contains(&kind),
                seen: found.seen.clone(),
                lines: &lines,
                pace: settings.pace,
                now,
            });
        });
    }

    /// Whether of more than one merchant it is known how often webhooks come.
    async fn several_are_heard(&self, book: &Book) -> LedgerResult<bool> {
        let owners: Vec<Of> = book.merchants.keys().cloned().map(Some).collect();
        let watches = self.kept_watches(&owners).await?;
        Ok(watches.iter().filter(|watch| watch.flow.is_known()).count() > 1)
    }

    /// The store itself: each instance tells what it sees.
    fn look_at_store(&self, settings: &AlertSettings, is_well: bool) {
        let condition = Condition {
            kind: Kind::StoreFailing,
            thing: Thing::Whole,
            since: None,
            facts: Facts::default(),
        };
        let lines = |kind| {
            let all = channels(settings, &self.settings.messages, None).into_iter();
            all.filter(|channel| channel.wants(kind, false)).map(|channel| channel.line).collect()
        };
        let now = self.clock.now();
        self.alerts.with_local(|watch| {
            watch.look(&Look {
                owner: "",
                seen: if is_well { Vec::new() } else { vec![condition] },
                unsure: &|_, _| false,
                lines: &lines,
                pace: settings.pace,
                now,
            });
        });
    }
}
