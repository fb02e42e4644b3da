use jiff::Timestamp;
use parcelwire_domain::{
    id::{DestinationName, FeedName, IncidentId, SourceName},
    incident::{Facts, Kind, Stage, Thing},
};

use super::*;

fn incident(kind: Kind, thing: Thing, count: u64, stage: Stage) -> Incident {
    let at = DestinationName::parse("pigeon").ok();
    let since = "2026-11-24T06:05:00Z".parse().expect("a time");
    Incident {
        id: IncidentId::from_bits(7),
        kind,
        thing,
        since,
        stage,
        facts: Facts { count, why: "rejected".to_owned(), at },
        relapses: 0,
        told: Vec::new(),
        owed: Vec::new(),
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

#[test]
fn every_incident_says_what_it_is_what_it_means_and_what_to_do() {
    let source = Thing::Source(SourceName::parse("depot").expect("a name"));
    let destination = Thing::Destination(DestinationName::parse("pigeon").expect("a name"));
    let feed = Thing::Feed(FeedName::parse("depot").expect("a name"));
    let mut titles = std::collections::BTreeSet::new();
    let mut count = 0;
    for (kind, thing) in [
        (Kind::KeyRefused, source.clone()),
        (Kind::KeyRefused, destination.clone()),
        (Kind::KeyRefused, feed),
        (Kind::SourceSilent, source.clone()),
        (Kind::SourceSilent, Thing::Carrier("dpd".to_owned())),
        (Kind::NothingAccepted, Thing::Whole),
        (Kind::DeadLetters, Thing::Whole),
        (Kind::Backlog, Thing::Whole),
        (Kind::Backlog, destination),
        (Kind::UnmappedCodes, source),
        (Kind::StoreFailing, Thing::Whole),
    ] {
        for number in [1, 3] {
            let opened = at("2026-11-24T06:10:00Z");
            let open = Stage::Open { at: opened, quiet_since: None };
            let incident = incident(kind, thing.clone(), number, open);
            for language in [Language::En, Language::De] {
                let case = Case::of(&incident, None);
                let said = words(&case, language);
                assert!(said.title.len() > 15 && said.means.ends_with('.'), "{kind:?}");
                let names_a_step =
                    ["parcelwire", "/", "log", "Log"].iter().any(|w| said.next.contains(w));
                assert!(names_a_step, "{kind:?}: {}", said.next);
                let name = case.name();
                assert!(said.title.contains(name), "{}", said.title);
                titles.insert((said.title, number));
                count += 1;
            }
        }
    }
    assert_eq!(titles.len(), count, "each has words of its own");
}

#[test]
fn a_mail_reads_like_a_letter() {
    let thing = Thing::Destination(DestinationName::parse("pigeon").expect("a name"));
    let opened_at = at("2026-11-24T06:10:00Z");
    let ended = Stage::Ended { opened_at, at: at("2026-11-24T08:00:00Z") };
    let incident = incident(Kind::Backlog, thing, 0, ended);
    let case = Case::of(&incident, None);
    assert_eq!(
        subject(&case, News::Opened, Language::En),
        "[parcelwire] messages to pigeon wait for too long"
    );
    assert_eq!(
        subject(&case, News::Ended, Language::De),
        "[parcelwire] Vorbei: Nachrichten an pigeon warten zu lange"
    );
    let opened = text(&case, &incident, News::Opened, Language::En);
    for part in [
        "messages to pigeon wait for too long.\n\nSince: 2026-11-24 06:05 UTC\n\nWhat it means:\n",
        "\nWhat to do:\n",
        "inc_00000000000000000000000007\n",
    ] {
        assert!(opened.contains(part), "{part}: {opened}");
    }
    let over = text(&case, &incident, News::Ended, Language::De);
    assert!(over.contains("Seit: 24.11.2026 06:05 UTC\nBis: 24.11.2026 08:00 UTC\n"), "{over}");
    assert!(!over.contains("Was zu tun ist"), "{over}");
}
