//! What is told when metrics are scraped: what this process counted, what the store knows without looking
//! through it, and who is silent.

use jiff::Timestamp;
use parcelwire_domain::{
    id::{DestinationName, MerchantId},
    silence::Who,
};
use parcelwire_mapping::book::Book;

use crate::{
    Engine,
    hearing::HearingDesk,
    metrics::{
        self,
        asked::{line, lines},
    },
    ports::{Pause, StoreHealth},
};

/// A source or carrier of which nothing was heard for longer than usual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Silent {
    pub(crate) merchant: MerchantId,
    /// `source` or `carrier`.
    pub(crate) kind: &'static str,
    pub(crate) name: String,
    pub(crate) since: Timestamp,
}

type Paused = (MerchantId, DestinationName, Pause);

impl Engine {
    /// What the store and the hearing know now, as lines of Prometheus. A store that does not answer leaves
    /// its lines out, and nothing else.
    pub async fn measured(&self) -> String {
        let shared = &self.shared;
        let (health, pauses) = tokio::join!(shared.archive.health(), shared.archive.pauses());
        let now = shared.clock.now();
        let mut text = line(&metrics::STORE_UP, u64::from(health.is_ok()));
        text.push_str(&lines(&metrics::BUILD, &[(vec![env!("CARGO_PKG_VERSION")], 1)]));
        if let Ok(health) = health {
            text.push_str(&of_store(&health, now));
        }
        if let Ok(pauses) = pauses {
            text.push_str(&of_pauses(&pauses));
        }
        text.push_str(&of_silent(&shared.hearing.silent(), now));
        text
    }
}

fn of_store(health: &StoreHealth, now: Timestamp) -> String {
    let age = |since: Option<Timestamp>| seconds(since.unwrap_or(now), now);
    let mut text = line(&metrics::WAITING, health.waiting);
    text.push_str(&line(&metrics::OLDEST_WAITING, age(health.oldest_waiting)));
    text.push_str(&line(&metrics::PENDING, health.pending));
    text.push_str(&line(&metrics::OLDEST_DUE, age(health.oldest_due)));
    if let Some(bytes) = health.bytes {
        text.push_str(&line(&metrics::STORE_BYTES, bytes));
    }
    text
}

fn of_pauses(pauses: &[Paused]) -> String {
    let named = pauses.iter().map(|(merchant, destination, pause)| {
        (vec![merchant.as_str(), destination.as_str(), pause.why.as_str()], 1)
    });
    let named: Vec<_> = named.collect();
    let mut text = line(&metrics::PAUSED, named.len() as u64);
    text.push_str(&lines(&metrics::PAUSED_BY, &named));
    text
}

fn of_silent(silent: &[Silent], now: Timestamp) -> String {
    let named = silent.iter().map(|one| {
        (vec![one.merchant.as_str(), one.kind, one.name.as_str()], seconds(one.since, now))
    });
    let named: Vec<_> = named.collect();
    let mut text = line(&metrics::SILENT, named.len() as u64);
    text.push_str(&lines(&metrics::SILENT_BY, &named));
    text
}

fn seconds(since: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(since).as_secs()).unwrap_or(0)
}

impl HearingDesk {
    /// Looks who is silent now, of those whose pulse is known.
    pub(crate) fn look_for_silence(&self, book: &Book, now: Timestamp) {
        let mut found = Vec::new();
        for id in book.merchants.keys() {
            let Some(merchant) = book.merchant(id.as_str()) else { continue };
            let Some(pulse) = self.pulse(merchant) else { continue };
            let places: Vec<_> = merchant.seat.place.iter().collect();
            let days =
                parcelwire_domain::silence::Days { places: &places, zone: &merchant.seat.zone };
            for (who, since) in pulse.silent(days, now) {
                let (kind, name) = match who {
                    Who::Source(name) => ("source", name.to_string()),
                    // A carrier's slug comes from what others write.
                    Who::Carrier(slug) if is_plain(slug) => ("carrier", slug.to_owned()),
                    Who::Carrier(_) => continue,
                };
                found.push(Silent { merchant: id.clone(), kind, name, since });
            }
        }
        self.note_silent(found);
    }
}

/// Whether a text can stand in a label as it is.
fn is_plain(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ' '))
}

#[cfg(test)]
mod tests {
    use parcelwire_domain::id::{AggregateId, SourceName};
    use parcelwire_mapping::book::{FileKind, Invented, RuleFile, Surroundings};

    use super::*;
    use crate::hearing::Word;

    fn now() -> Timestamp {
        Timestamp::from_second(1_795_341_600).expect("a time")
    }

    #[test]
    fn ages_are_told_in_seconds_and_nothing_is_older_than_what_waits() {
        let health = StoreHealth {
            waiting: 2,
            oldest_waiting: Some(now() - std::time::Duration::from_secs(90)),
            pending: 1,
            // Due later: it is not late.
            oldest_due: Some(now() + std::time::Duration::from_secs(90)),
            bytes: None,
        };
        let text = of_store(&health, now());
        for line in ["parcelwire_oldest_waiting_seconds 90", "parcelwire_oldest_due_seconds 0"] {
            assert!(text.lines().any(|told| told == line), "{line}: {text}");
        }
        assert!(!text.contains("store_bytes"), "{text}");
    }

    #[test]
    fn however_many_are_silent_so_many_are_named() {
        let one = |n: usize| Silent {
            merchant: MerchantId::parse(&format!("m{n}")).expect("a name"),
            kind: "source",
            name: "shop".to_owned(),
            since: now(),
        };
        for (count, named) in [(0, 0), (199, 199), (200, 200), (201, 200)] {
            let text = of_silent(&(0..count).map(one).collect::<Vec<_>>(), now());
            let lines = text.lines().filter(|line| line.starts_with("parcelwire_source_silent"));
            assert_eq!(lines.count(), named);
            let sum = format!("parcelwire_silent_sources {count}");
            assert!(text.lines().any(|line| line == sum), "{text}");
        }
    }

    fn book() -> Book {
        let file = |kind, name: &str, text: &str| RuleFile {
            kind,
            name: name.to_owned(),
            path: format!("{name}.yaml"),
            text: text.to_owned(),
        };
        let depot = "title: Depot\nfacts: invented\nverify: { token: true, header: X-Key }\n\
                     events: { status: dispatched, order_number: =n }\ntests: {}\n";
        let pigeon = "title: Pigeon\nfacts: invented\nsettings: {}\nbase_url: https://pigeon.test\n\
                      repeated_id: ignored\nsend: { request: POST /events, json: { id: =id } }\ntests: {}\n";
        let hey =
            "sources: { depot: { secret: a-secret-of-a-test } }\ndestinations: { pigeon: {} }\n";
        let files = [
            file(FileKind::Mapping, "default", include_str!("../../../mappings/default.yaml")),
            file(FileKind::SourceConnector, "depot", depot),
            file(FileKind::DestinationConnector, "pigeon", pigeon),
            file(FileKind::Merchant, "hey", hey),
        ];
        let (book, told) = Book::compile(&files, &Invented, &Surroundings::default(), None);
        assert!(!told.has_errors(), "{told:?}");
        book
    }

    #[test]
    fn a_source_that_is_heard_every_hour_and_then_not_is_silent() {
        let (book, desk) = (book(), HearingDesk::default());
        let merchant = book.merchant("hey").expect("it is in order");
        let word = |n: u32| Word {
            source: SourceName::parse("depot").expect("a name"),
            carrier: None,
            order: AggregateId::from_bits(u128::from(n)),
            at: now() + std::time::Duration::from_secs(3600) * n,
        };
        let words: Vec<Word> = (0..20).map(word).collect();
        desk.hear(merchant, &words);
        let last = words[19].at;
        desk.look_for_silence(&book, last + std::time::Duration::from_secs(3600));
        assert_eq!(desk.silent(), []);
        let later = last + std::time::Duration::from_secs(3 * 86_400);
        desk.look_for_silence(&book, later);
        let text = of_silent(&desk.silent(), later);
        let line = "parcelwire_source_silent_seconds{merchant=\"hey\",kind=\"source\",name=\"depot\"} 259200";
        assert!(text.lines().any(|told| told == line), "{text}");
    }

    #[test]
    fn what_others_write_cannot_break_a_line() {
        assert!(is_plain("dhl") && is_plain("Deutsche Post"));
        assert!(!is_plain("a\"b") && !is_plain("a\nb") && !is_plain("ä"));
    }
}
