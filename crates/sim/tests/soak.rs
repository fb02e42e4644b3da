//! Worlds for as long as `PARCELWIRE_SOAK_SECONDS` says; a few without it.

#![expect(clippy::disallowed_methods, reason = "how long to soak is told by the environment")]

use std::time::{Duration, Instant};

use parcelwire_sim::{Plan, check, run, run_asking};

#[test]
fn new_worlds_keep_the_promises() {
    let seconds = std::env::var("PARCELWIRE_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let (began, mut seed) = (Instant::now(), 10_000);
    let least = seed + 10;
    while seed < least || seconds.is_some_and(|s| began.elapsed() < Duration::from_secs(s)) {
        println!("seed {seed}");
        let (plan, orders) = (Plan::Often(20 + (seed % 5) as u32 * 40), 4 + seed % 9);
        check::all(&run(seed, plan, orders));
        check::all(&run_asking(seed, plan, orders));
        seed += 1;
    }
    println!("{} worlds", seed - 10_000);
}
