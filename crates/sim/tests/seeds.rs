//! Two hundred worlds, and every single call failing once.

#![expect(clippy::print_stdout, reason = "a failing world names its seed")]

use parcelwire_sim::{Fault, Outcome, Plan, check, run, run_asking};

const SEEDS: u64 = 200;

/// Worlds in which the relay has to ask: each takes longer.
const ASKING_SEEDS: u64 = 40;

/// A world, its seed printed when something does not hold.
fn world(seed: u64, plan: Plan, orders: u64) -> Outcome {
    println!("seed {seed}, {plan:?}");
    let outcome = run(seed, plan, orders);
    check::all(&outcome);
    outcome
}

/// The same where webhooks only point to what they are about.
fn asking_world(seed: u64, plan: Plan, orders: u64) -> Outcome {
    println!("asking seed {seed}, {plan:?}");
    let outcome = run_asking(seed, plan, orders);
    check::all(&outcome);
    outcome
}

#[test]
fn whatever_fails_nothing_accepted_is_lost_and_no_fact_has_two_ids() {
    let (mut crashes, mut repeats) = (0, 0);
    for seed in 0..SEEDS {
        let outcome = world(seed, Plan::Often(60), 6);
        crashes += outcome.crashes;
        repeats += outcome.told.len() as u64 - outcome.stats.messages.sent;
    }
    // Else the worlds were too kind to show anything.
    assert!(crashes > SEEDS && repeats > SEEDS, "{crashes} crashes, {repeats} repeats");
}

#[test]
fn a_seed_lived_twice_gives_the_same_log() {
    for seed in [3, 17, 92] {
        let (one, two) = (run(seed, Plan::Often(60), 6), run(seed, Plan::Often(60), 6));
        assert_eq!(one.log, two.log, "seed {seed}");
        assert_eq!(one.told, two.told, "seed {seed}");
    }
}

#[test]
fn each_writing_call_may_fail_in_each_way() {
    for fault in Fault::ALL {
        let mut nth = 1;
        while world(7, Plan::Once(nth, fault), 2).calls >= nth {
            nth += 1;
        }
        assert!(nth > 10, "{fault:?} was tried at {nth} calls only");
    }
}

#[test]
fn a_quiet_world_tells_every_step_once() {
    let outcome = world(1, Plan::Often(0), 6);
    assert_eq!(outcome.crashes, 0);
    let calm = run(1, Plan::Once(u64::MAX, Fault::NotApplied), 6);
    check::all(&calm);
    assert_eq!(calm.told.len() as u64, calm.stats.messages.sent, "nothing is sent twice");
}

#[test]
fn whatever_fails_what_is_asked_for_is_told_once() {
    let (mut crashes, mut again, mut gone) = (0, 0, 0);
    for seed in 0..ASKING_SEEDS {
        let outcome = asking_world(seed, Plan::Often(60), 6);
        crashes += outcome.crashes;
        gone += outcome.gone;
        again += outcome.asked.values().map(|times| times - 1).sum::<u64>();
    }
    // Else the worlds were too kind to show anything.
    assert!(crashes > ASKING_SEEDS && again > ASKING_SEEDS, "{crashes} crashes, {again} repeats");
    assert!(gone > ASKING_SEEDS, "{gone} are gone");
    let (one, two) = (run_asking(7, Plan::Often(60), 6), run_asking(7, Plan::Often(60), 6));
    assert_eq!(one.log, two.log, "a seed lived twice");
}

#[test]
fn each_writing_call_may_fail_in_each_way_while_something_is_asked() {
    for fault in Fault::ALL {
        let mut nth = 1;
        loop {
            let outcome = asking_world(7, Plan::Once(nth, fault), 2);
            // What was under way when the relay died is asked for once more, and nothing else is.
            let most = 1 + outcome.crashes;
            let asked = outcome.asked.values().max().copied().unwrap_or_default();
            assert!((1..=most).contains(&asked), "{:?}", outcome.asked);
            if outcome.calls < nth {
                break;
            }
            nth += 1;
        }
        assert!(nth > 20, "{fault:?} was tried at {nth} calls only");
    }
}

#[test]
fn in_a_quiet_world_nothing_is_asked_for_twice() {
    let calm = run_asking(1, Plan::Once(u64::MAX, Fault::NotApplied), 6);
    check::all(&calm);
    assert!(calm.asked.values().all(|times| *times == 1), "{:?}", calm.asked);
    assert_eq!(calm.asked.len() as u64, calm.stats.receipts.accepted);
}
