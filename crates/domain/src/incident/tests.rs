//! Each incident opens once and ends once, however often it is looked at and however it flaps.

use std::collections::BTreeSet;

use jiff::ToSpan as _;
use proptest::prelude::*;

use super::*;

fn at(minute: i64) -> Timestamp {
    let start: Timestamp = "2026-11-24T06:00:00Z".parse().expect("a time");
    start.checked_add(minute.minutes()).expect("a time")
}

fn seen(kind: Kind) -> Condition {
    Condition { kind, thing: Thing::Whole, since: None, facts: Facts::default() }
}

/// A watch that is looked at, and whose notices are all taken.
#[derive(Default)]
struct World {
    watch: Watch,
    told: Vec<(String, String, News)>,
}

impl World {
    fn look(&mut self, minute: i64, seen: Vec<Condition>) {
        self.look_unsure(minute, seen, false);
    }

    fn look_unsure(&mut self, minute: i64, seen: Vec<Condition>, unsure: bool) {
        self.watch.look(&Look {
            owner: "hey",
            seen,
            unsure: &|_, _| unsure,
            lines: &|_| vec!["operator".to_owned(), "merchant".to_owned()],
            pace: Pace::default(),
            now: at(minute),
        });
    }

    fn take(&mut self, minute: i64) {
        loop {
            let due = self.watch.due(at(minute));
            if due.is_empty() {
                return;
            }
            for due in due {
                self.told.push((due.line.clone(), due.id(), due.news));
                self.watch.settled(due.incident.id, &due.line, due.news);
            }
        }
    }

    fn told_to(&self, line: &str) -> Vec<News> {
        self.told.iter().filter(|told| told.0 == line).map(|told| told.2).collect()
    }
}

#[test]
fn every_kind_opens_once_and_ends_once_under_repeats() {
    for kind in Kind::ALL {
        let mut world = World::default();
        for minute in 0..60 {
            world.look(minute, vec![seen(kind)]);
            world.take(minute);
        }
        assert_eq!(world.told_to("operator"), [News::Opened], "{kind:?}");
        assert!(world.watch.is_open(kind));
        for minute in 60..120 {
            world.look(minute, Vec::new());
            world.take(minute);
        }
        for line in ["operator", "merchant"] {
            assert_eq!(world.told_to(line), [News::Opened, News::Ended], "{kind:?} {line}");
        }
        let ids: BTreeSet<_> = world.told.iter().map(|told| &told.1).collect();
        assert_eq!(ids.len(), 2, "each line is told the same: {ids:?}");
        assert!(!world.watch.is_open(kind));
        world.look(120 + 24 * 60, Vec::new());
        assert_eq!(world.watch.incidents(), [], "what is long over is forgotten");
    }
}

#[test]
fn what_passes_by_itself_is_not_told_but_what_happened_is() {
    let mut world = World::default();
    world.look(0, vec![seen(Kind::KeyRefused), seen(Kind::DeadLetters)]);
    world.take(0);
    assert_eq!(world.told_to("operator"), [News::Opened]);
    assert!(world.watch.is_open(Kind::DeadLetters) && !world.watch.is_open(Kind::KeyRefused));
    world.look(1, vec![seen(Kind::DeadLetters)]);
    assert_eq!(world.watch.incidents().len(), 1);
}

#[test]
fn what_is_seen_again_before_it_was_over_for_long_is_the_same_incident() {
    let mut world = World::default();
    for minute in 0..100 {
        let is_there = minute < 10 || minute % 5 == 0;
        world.look(minute, if is_there { vec![seen(Kind::Backlog)] } else { Vec::new() });
        world.take(minute);
    }
    assert_eq!(world.told_to("operator"), [News::Opened]);
}

#[test]
fn while_nobody_can_tell_an_incident_stays_as_it_is() {
    let mut world = World::default();
    world.look(0, vec![seen(Kind::SourceSilent)]);
    world.look(1, vec![seen(Kind::SourceSilent)]);
    for minute in 2..60 {
        world.look_unsure(minute, Vec::new(), true);
    }
    assert!(world.watch.is_open(Kind::SourceSilent));
    for minute in 60..66 {
        world.look(minute, Vec::new());
    }
    assert!(!world.watch.is_open(Kind::SourceSilent));
}

#[test]
fn things_of_one_kind_are_told_apart() {
    let source = |name: &str| Condition {
        thing: Thing::Source(crate::id::SourceName::parse(name).expect("a name")),
        ..seen(Kind::SourceSilent)
    };
    let mut world = World::default();
    for minute in 0..2 {
        world.look(minute, vec![source("shop"), source("depot")]);
    }
    world.take(1);
    assert_eq!(world.told_to("operator").len(), 2);
    for minute in 2..20 {
        world.look(minute, vec![source("shop")]);
    }
    world.take(20);
    assert_eq!(world.told_to("operator"), [News::Opened, News::Opened, News::Ended]);
}

#[test]
fn a_notice_that_is_not_taken_is_tried_for_three_days_and_holds_up_its_own_line_only() {
    let mut world = World::default();
    world.look(0, vec![seen(Kind::KeyRefused)]);
    world.look(1, vec![seen(Kind::KeyRefused)]);
    let (mut minute, mut tries) = (1, 0);
    let gave_up = loop {
        let due = world.watch.due(at(minute));
        if let Some(due) = due.iter().find(|due| due.line == "operator") {
            tries += 1;
            let (id, now) = (due.incident.id, at(minute));
            if world.watch.failed(id, "operator", News::Opened, now, 0.5) {
                break minute;
            }
        }
        minute += 1;
    };
    assert!(tries >= 12 && gave_up >= 3 * 24 * 60, "{tries} tries in {gave_up} minutes");
    assert!(gave_up < 4 * 24 * 60, "{gave_up}");
    world.take(minute);
    assert_eq!(world.told_to("merchant"), [News::Opened]);
    // Who never heard that it began does not hear that it is over.
    for later in 1..20 {
        world.look(minute + later, Vec::new());
    }
    world.take(minute + 20);
    assert_eq!(world.told_to("operator"), []);
    assert_eq!(world.told_to("merchant"), [News::Opened, News::Ended]);
}

#[test]
fn that_it_is_over_is_told_after_that_it_began() {
    let mut world = World::default();
    world.look(0, vec![seen(Kind::KeyRefused)]);
    world.look(1, vec![seen(Kind::KeyRefused)]);
    let id = world.watch.due(at(1)).first().expect("it is told").incident.id;
    world.watch.failed(id, "operator", News::Opened, at(1), 0.0);
    for minute in 2..10 {
        world.look(minute, Vec::new());
    }
    world.take(10);
    assert_eq!(world.told_to("operator"), [News::Opened, News::Ended]);
}

#[test]
fn dead_letters_are_counted_from_the_first_look_on() {
    let mut dead = Dead::default();
    let day = Duration::from_hours(24);
    assert!(!dead.count(7, at(0)), "what was there is no news");
    assert_eq!(dead.recent(day, at(0)), None);
    assert!(dead.count(9, at(10)) && !dead.count(9, at(11)));
    assert!(dead.count(10, at(600)));
    assert_eq!(dead.recent(day, at(700)), Some((at(10), 3)));
    assert_eq!(dead.recent(day, at(600 + 24 * 60)), None);
    assert!(dead.count(11, at(3000)));
    assert_eq!(dead.recent(day, at(3000)), Some((at(3000), 1)));
}

#[test]
fn what_is_kept_reads_back() {
    let mut world = World::default();
    world.look(0, vec![seen(Kind::DeadLetters), seen(Kind::Backlog)]);
    world.watch.dead.count(3, at(0));
    assert_eq!(Watch::read(&world.watch.write()), world.watch);
    assert_eq!(Watch::read(b"what is this"), Watch::default());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Minutes in which it is there, at random, with crashes: what is kept is all that is left.
    #[test]
    fn notices_come_in_pairs_and_never_ten_a_day(
        there in prop::collection::vec(any::<bool>(), 24 * 60),
        crashes in prop::collection::btree_set(0_usize..24 * 60, 0..40),
    ) {
        let mut world = World::default();
        for (minute, is_there) in there.iter().enumerate() {
            let now = minute as i64;
            if crashes.contains(&minute) {
                world.watch = Watch::read(&world.watch.write());
            }
            world.look(now, if *is_there { vec![seen(Kind::Backlog)] } else { Vec::new() });
            world.take(now);
        }
        in_pairs(&world)?;
    }

    /// The same with stretches of any length: the worst there is.
    #[test]
    fn the_worst_flapping_is_told_seldom(
        stretches in prop::collection::vec((1_i64..200, 1_i64..400), 1..60),
    ) {
        let (mut world, mut minute) = (World::default(), 0);
        for (there, gone) in stretches {
            for is_there in (0..there).map(|_| true).chain((0..gone).map(|_| false)) {
                if minute < 24 * 60 {
                    world.look(minute, if is_there { vec![seen(Kind::Backlog)] } else { vec![] });
                    world.take(minute);
                }
                minute += 1;
            }
        }
        in_pairs(&world)?;
    }
}

fn in_pairs(world: &World) -> Result<(), TestCaseError> {
    let told = world.told_to("operator");
    for (place, news) in told.iter().enumerate() {
        let expected = if place % 2 == 0 { News::Opened } else { News::Ended };
        prop_assert_eq!(*news, expected, "{:?}", told);
    }
    let opened = told.iter().filter(|news| **news == News::Opened).count();
    prop_assert!(opened <= 6, "{opened} incidents in a day");
    let ids: BTreeSet<_> = world.told.iter().map(|told| (&told.0, &told.1)).collect();
    prop_assert_eq!(ids.len(), world.told.len(), "no notice is told twice");
    Ok(())
}
