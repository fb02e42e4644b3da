//! Who is silent, and what that means for what is missed.

use jiff::tz::TimeZone;

use super::*;
use crate::id::AggregateId;

fn at(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

fn hours(from: Timestamp, hours: i64) -> Timestamp {
    later(from, jiff::Span::new().hours(hours))
}

fn feed() -> SourceName {
    SourceName::parse("feed").expect("a name")
}

/// What a test asks.
struct World {
    place: Place,
    zone: TimeZone,
    pulse: Pulse,
}

impl World {
    fn new() -> Self {
        Self {
            place: Place::new("DE", None),
            zone: TimeZone::get("Europe/Berlin").expect("a zone"),
            pulse: Pulse::default(),
        }
    }

    fn hear(&mut self, time: Timestamp, order: u128, carrier: Option<&str>) {
        let places = [&self.place];
        let days = Days { places: &places, zone: &self.zone };
        self.pulse.hear(&feed(), carrier, AggregateId::from_bits(order), time, days);
    }

    /// Every working hour of every working day, each time of another order.
    fn hear_every_hour(&mut self, from: Timestamp, until: Timestamp) {
        let mut time = from;
        let mut order = 0;
        while time < until {
            let local = time.to_zoned(self.zone.clone());
            let is_open = (8..18).contains(&local.hour());
            if is_open && crate::calendar::is_business_day(local.date(), &self.place) {
                self.hear(time, order, Some("dhl"));
                order += 1;
            }
            time = hours(time, 1);
        }
    }

    fn ask(&self, since: Timestamp, now: Timestamp) -> Heard {
        self.ask_as(Hearing { pulse: Some(&self.pulse), ..Hearing::default() }, since, now)
    }

    fn ask_as(&self, hearing: Hearing<'_>, since: Timestamp, now: Timestamp) -> Heard {
        let feed = feed();
        let (sources, places) = ([&feed], [&self.place]);
        let missed = Missed { sources: &sources, carrier: Some("dhl"), since };
        hearing.of(&missed, Days { places: &places, zone: &self.zone }, now)
    }
}

fn is_suspended(heard: &Heard) -> bool {
    matches!(heard, Heard::Suspended { .. })
}

#[test]
fn a_feed_that_dies_is_noticed_within_a_working_day_or_two() {
    let mut world = World::new();
    let (began, died) = (at("2026-11-02T07:00:00Z"), at("2026-11-25T12:00:00Z"));
    world.hear_every_hour(began, died);
    // The weekend before was no silence.
    assert_eq!(world.ask(began, at("2026-11-25T12:30:00Z")), Heard::Well);
    assert_eq!(world.ask(began, hours(died, 18)), Heard::Well, "a night is usual");
    let silent = world.ask(died, hours(died, 40));
    let Heard::Suspended { why, until } = silent else { panic!("{silent:?}") };
    assert_eq!(why, Suspension::SourceSilent("feed".to_owned()));
    assert_eq!(until, hours(died, 46), "it is looked at again");
    let lost = world.ask(died, hours(died, 50));
    assert!(matches!(lost, Heard::Void(_)), "what was not said may be lost: {lost:?}");
}

#[test]
fn a_weekend_and_christmas_are_no_silence() {
    let mut world = World::new();
    world.hear_every_hour(at("2026-12-01T07:00:00Z"), at("2026-12-24T15:00:00Z"));
    // Thursday afternoon to Monday morning, with two holidays between.
    assert_eq!(world.ask(at("2026-12-24T15:00:00Z"), at("2026-12-28T08:00:00Z")), Heard::Well);
}

#[test]
fn a_source_of_one_order_is_as_quiet_as_that_order() {
    let mut world = World::new();
    for n in 0..40 {
        world.hear(hours(at("2026-11-02T07:00:00Z"), n), 7, None);
    }
    assert_eq!(world.ask(at("2026-11-03T23:00:00Z"), at("2026-11-30T07:00:00Z")), Heard::Well);
}

#[test]
fn after_a_silence_there_is_time_to_catch_up_and_after_a_long_one_nothing_is_certain() {
    let began = at("2026-11-02T07:00:00Z");
    let again = |to: &str| {
        let mut world = World::new();
        world.hear_every_hour(began, at("2026-11-24T17:00:00Z"));
        world.hear(at(to), 999, Some("dhl"));
        world
    };
    // From Tuesday evening to Thursday noon, and as long to catch up.
    let world = again("2026-11-26T11:00:00Z");
    let before = at("2026-11-24T12:00:00Z");
    assert!(is_suspended(&world.ask(before, at("2026-11-26T12:00:00Z"))));
    let mut world = world;
    world.hear_every_hour(at("2026-11-26T12:00:00Z"), at("2026-11-28T17:00:00Z"));
    assert!(is_suspended(&world.ask(before, at("2026-11-28T04:00:00Z"))));
    assert_eq!(world.ask(before, at("2026-11-28T06:00:00Z")), Heard::Well);
    // What was heard of after it is not concerned.
    assert_eq!(world.ask(at("2026-11-26T13:00:00Z"), at("2026-11-27T10:00:00Z")), Heard::Well);
    // A Friday off before a weekend is no four days of silence.
    let mut world = World::new();
    world.hear_every_hour(began, at("2026-11-26T17:00:00Z"));
    world.hear_every_hour(at("2026-11-30T11:00:00Z"), at("2026-12-04T17:00:00Z"));
    assert!(is_suspended(&world.ask(before, at("2026-12-01T12:00:00Z"))));
    assert_eq!(world.ask(before, at("2026-12-02T12:00:00Z")), Heard::Well);
    // Eight days: what was said meanwhile may be lost.
    let world = again("2026-12-02T11:00:00Z");
    let heard = world.ask(before, at("2026-12-20T12:00:00Z"));
    assert!(matches!(heard, Heard::Void(Suspension::SourceSilent(_))), "{heard:?}");
}

#[test]
fn a_silence_does_not_become_usual() {
    let mut world = World::new();
    world.hear_every_hour(at("2026-11-02T07:00:00Z"), at("2026-11-24T17:00:00Z"));
    world.hear_every_hour(at("2026-12-01T07:00:00Z"), at("2026-12-03T17:00:00Z"));
    let died = at("2026-12-03T17:00:00Z");
    assert!(is_suspended(&world.ask(died, at("2026-12-07T12:00:00Z"))));
}

#[test]
fn a_carrier_that_falls_silent_is_noticed_where_the_source_still_speaks_of_others() {
    let mut world = World::new();
    world.hear_every_hour(at("2026-11-02T07:00:00Z"), at("2026-11-24T17:00:00Z"));
    let mut time = at("2026-11-25T07:00:00Z");
    while time < at("2026-11-26T12:00:00Z") {
        world.hear(time, u128::from(time.as_second().unsigned_abs()), Some("gls"));
        time = hours(time, 1);
    }
    let heard = world.ask(at("2026-11-24T12:00:00Z"), at("2026-11-26T11:30:00Z"));
    let Heard::Suspended { why, .. } = heard else { panic!("{heard:?}") };
    assert_eq!(why, Suspension::CarrierSilent("dhl".to_owned()));
}

#[test]
fn while_facts_wait_and_after_we_were_away_nothing_follows_from_absence() {
    let world = World::new();
    let (since, now) = (at("2026-11-24T12:00:00Z"), at("2026-11-27T12:00:00Z"));
    let ask = |hearing| world.ask_as(hearing, since, now);
    assert!(is_suspended(&ask(Hearing { backlog: true, ..Hearing::default() })));
    let away = |from: &str, to: &str| [Outage::whole(at(from), at(to))];
    let short = away("2026-11-27T10:00:00Z", "2026-11-27T11:30:00Z");
    assert!(is_suspended(&ask(Hearing { away: &short, ..Hearing::default() })));
    let caught_up = away("2026-11-27T08:00:00Z", "2026-11-27T09:30:00Z");
    assert_eq!(ask(Hearing { away: &caught_up, ..Hearing::default() }), Heard::Well);
    let long = away("2026-11-24T13:00:00Z", "2026-11-26T13:30:00Z");
    let void = ask(Hearing { away: &long, ..Hearing::default() });
    assert_eq!(void, Heard::Void(Suspension::Away));
    let before = away("2026-11-20T12:00:00Z", "2026-11-23T12:00:00Z");
    assert_eq!(ask(Hearing { away: &before, ..Hearing::default() }), Heard::Well);
}

#[test]
fn a_long_time_without_a_sign_and_a_clock_that_jumps_are_outages() {
    let now = at("2026-11-24T12:00:00Z");
    let minutes = |n: i64| later(now, jiff::Span::new().minutes(n));
    let mut alive = Alive::default();
    alive.sign(now);
    alive.sign(minutes(1));
    alive.sign(minutes(10));
    assert!(alive.away().is_empty());
    alive.sign(minutes(21));
    assert_eq!(alive.away(), [Outage::whole(minutes(10), minutes(21))]);
    // Back an hour: for an hour nothing is certain.
    alive.sign(minutes(-40));
    assert_eq!(alive.away(), [Outage::whole(minutes(-40), minutes(-40))]);
    let heard = outage::after(alive.away(), minutes(-500), minutes(0), || Suspension::Away);
    assert!(is_suspended(&heard));
    assert_eq!(Alive::read(&alive.write()), alive);
    assert_eq!(Alive::read(b"{"), Alive::default());
}

#[test]
fn a_pulse_reads_back_and_forgets_who_is_not_connected() {
    let mut world = World::new();
    world.hear_every_hour(at("2026-11-02T07:00:00Z"), at("2026-11-25T17:00:00Z"));
    let read = Pulse::read(&world.pulse.write());
    assert_eq!(read, world.pulse);
    let dead = at("2026-11-27T11:00:00Z");
    assert!(is_suspended(&world.ask(at("2026-11-25T12:00:00Z"), dead)));
    world.pulse.keep(|_| false);
    let feed = feed();
    let places = [&world.place];
    let missed = Missed { sources: &[&feed], carrier: None, since: at("2026-11-25T12:00:00Z") };
    let days = Days { places: &places, zone: &world.zone };
    assert_eq!(world.pulse.of(&missed, days, dead), Heard::Well);
}

#[test]
fn a_silent_source_is_told_once_with_all_carriers_that_were_heard_through_it() {
    let mut world = World::new();
    let (began, died) = (at("2026-11-02T07:00:00Z"), at("2026-11-25T12:00:00Z"));
    world.hear_every_hour(began, died);
    let (zone, places) = (world.zone.clone(), [&world.place]);
    let days = Days { places: &places, zone: &zone };
    assert_eq!(world.pulse.silent(days, hours(died, 18)), [], "a night is usual");
    let last = at("2026-11-25T11:00:00Z");
    let feed = feed();
    assert_eq!(world.pulse.silent(days, hours(died, 40)), [(Who::Source(&feed), last)]);
}

#[test]
fn a_carrier_is_silent_by_itself_where_its_source_speaks() {
    let mut world = World::new();
    let (began, died) = (at("2026-11-02T07:00:00Z"), at("2026-11-25T12:00:00Z"));
    world.hear_every_hour(began, died);
    for hour in 0..70 {
        world.hear(hours(died, hour), 9000 + hour.unsigned_abs() as u128, None);
    }
    let (zone, places) = (world.zone.clone(), [&world.place]);
    let days = Days { places: &places, zone: &zone };
    let last = at("2026-11-25T11:00:00Z");
    assert_eq!(world.pulse.silent(days, hours(died, 40)), [(Who::Carrier("dhl"), last)]);
}

#[test]
fn a_flow_runs_dry_when_nothing_comes_for_longer_than_usual() {
    let zone = TimeZone::UTC;
    let days = Days { places: &[], zone: &zone };
    let least = std::time::Duration::from_hours(2);
    let mut flow = Flow::default();
    let began = at("2026-11-23T06:00:00Z");
    // What was there before the first look came at a time that nobody knows.
    assert!(!flow.count(500, began, days));
    assert_eq!(flow.dry_since(least, days, hours(began, 48)), None);
    for hour in 0..12_i64 {
        assert!(flow.count(501 + hour.unsigned_abs(), hours(began, hour), days));
        assert!(!flow.count(501 + hour.unsigned_abs(), hours(began, hour), days));
    }
    let last = hours(began, 11);
    assert!(flow.is_known());
    assert_eq!(flow.dry_since(least, days, hours(last, 2)), None);
    assert_eq!(flow.dry_since(least, days, hours(last, 3)), Some(last));
    assert_eq!(flow.dry_since(least * 3, days, hours(last, 6)), None);
    assert!(flow.count(900, hours(last, 7), days));
    assert_eq!(flow.dry_since(least, days, hours(last, 8)), None);
}

#[test]
fn after_an_outage_there_is_time_to_catch_up() {
    let outage = Outage::whole(at("2026-11-25T06:00:00Z"), at("2026-11-25T12:00:00Z"));
    for (time, expected) in [
        ("2026-11-25T05:00:00Z", false),
        ("2026-11-25T13:00:00Z", true),
        ("2026-11-25T18:00:00Z", false),
    ] {
        assert_eq!(is_catching_up(&[outage], at(time)), expected, "{time}");
    }
}
