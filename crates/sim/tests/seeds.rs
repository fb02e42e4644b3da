//! A thousand worlds of all kinds, and every single call failing once.

use std::ops::Range;

use parcelwire_sim::{Case, Fault, Kind, Plan};

/// Lives a part of the row of all worlds: in parts, so that the machine's cores share them.
fn worlds(seeds: Range<u64>) {
    let count = seeds.end - seeds.start;
    let (mut crashes, mut stops, mut jumps, mut gone) = (0, 0, 0, 0);
    let (mut repeats, mut again, mut late) = (0, 0, 0);
    for outcome in seeds.map(|seed| Case::of_row(seed).lives()) {
        crashes += outcome.crashes;
        stops += outcome.stops;
        jumps += outcome.jumps;
        gone += outcome.gone;
        repeats += outcome.told.len() as u64 - outcome.stats.messages.sent;
        again += outcome.asked.values().map(|times| times - 1).sum::<u64>();
        late += outcome.told.iter().filter(|told| !told.is_owner).count();
    }
    // Else the worlds were too kind to show anything.
    assert!(crashes > count / 2 && repeats > count / 2, "{crashes} crashes, {repeats} repeats");
    assert!(stops > count / 10 && jumps > count / 2, "{stops} stops, {jumps} jumps");
    assert!(gone > count / 5 && again > count / 5, "{gone} are gone, {again} are asked again");
    assert!(late > 0, "nobody spoke whose turn was over");
}

#[test]
fn the_first_quarter_of_a_thousand_worlds_keeps_the_promises() {
    worlds(0..250);
}

#[test]
fn the_second_quarter_of_a_thousand_worlds_keeps_the_promises() {
    worlds(250..500);
}

#[test]
fn the_third_quarter_of_a_thousand_worlds_keeps_the_promises() {
    worlds(500..750);
}

#[test]
fn the_last_quarter_of_a_thousand_worlds_keeps_the_promises() {
    worlds(750..1000);
}

#[test]
fn a_seed_lived_twice_gives_the_same_log() {
    for kind in Kind::ALL {
        for seed in [3, 17] {
            let case = Case { kind, seed, plan: Plan::Often(80), orders: 5 };
            let (one, two) = (case.lives(), case.lives());
            assert_eq!(one.log, two.log, "{case}");
            assert_eq!(one.told, two.told, "{case}");
        }
    }
}

/// Lets each writing call of a world fail in each way; answers how many there are at least.
fn each_call_fails(kind: Kind, orders: u64) -> u64 {
    let mut least = u64::MAX;
    for fault in Fault::ALL {
        let mut nth = 1;
        loop {
            let outcome = Case { kind, seed: 7, plan: Plan::Once(nth, fault), orders }.lives();
            // What was under way when the relay died, or lost its lease, is asked for once more.
            let asked = outcome.asked.values().max().copied().unwrap_or_default();
            assert!(asked <= 2, "{:?}", outcome.asked);
            if outcome.calls < nth {
                break;
            }
            nth += 1;
        }
        least = least.min(nth);
    }
    least
}

#[test]
fn each_writing_call_may_fail_in_each_way() {
    assert!(each_call_fails(Kind::Alone, 2) > 10);
}

#[test]
fn each_writing_call_may_fail_in_each_way_while_something_is_asked() {
    assert!(each_call_fails(Kind::Asking, 2) > 20);
}

#[test]
fn each_writing_call_may_fail_in_each_way_where_several_share_the_store() {
    assert!(each_call_fails(Kind::Several, 2) > 20);
}

#[test]
fn in_a_quiet_world_every_step_is_told_once_and_nothing_is_asked_twice() {
    for kind in Kind::ALL {
        let plan = Plan::Once(u64::MAX, Fault::NotApplied);
        let calm = Case { kind, seed: 1, plan, orders: 6 }.lives();
        assert_eq!((calm.crashes, calm.stops), (0, 0));
        assert_eq!(calm.told.len() as u64, calm.stats.messages.sent, "{kind:?}: told once");
        assert!(calm.asked.values().all(|times| *times == 1), "{:?}", calm.asked);
        if kind.has_several() {
            let mut who: Vec<&str> = calm.told.iter().map(|told| told.by.as_str()).collect();
            who.sort_unstable();
            who.dedup();
            assert!(who.len() > 1, "{kind:?}: they share the work: {who:?}");
        }
    }
}
