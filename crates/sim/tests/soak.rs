//! New worlds for as long as `PARCELWIRE_SOAK_SECONDS` says, from the seed `PARCELWIRE_SOAK_SEED`; a few
//! without them.

#![expect(clippy::disallowed_methods, reason = "how long to soak is told by the environment")]

use std::time::{Duration, Instant};

use parcelwire_sim::Case;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

#[test]
fn new_worlds_keep_the_promises() {
    let first = number("PARCELWIRE_SOAK_SEED").unwrap_or(10_000);
    let time = number("PARCELWIRE_SOAK_SECONDS").map(Duration::from_secs);
    let (began, mut seed) = (Instant::now(), first);
    while seed < first + 12 || time.is_some_and(|time| began.elapsed() < time) {
        Case::of_row(seed).lives();
        seed += 1;
    }
    println!("{} worlds, from {first}", seed - first);
}
