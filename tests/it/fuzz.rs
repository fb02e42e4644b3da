//! The fuzz targets without a fuzzer: over their seeds, and over many small changes of them.

#[path = "../../fuzz/src/targets.rs"]
mod targets;

use std::{fs, path::Path};

/// Changes of each seed.
const CHANGES: u64 = 150;

/// Draws that are the same in every run (xorshift).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

/// One seed with a few bytes set, doubled, taken away or moved from elsewhere in it.
fn changed(seed: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.below(4) {
        let at = dice.below(bytes.len());
        let to = (at + dice.below(12)).min(bytes.len());
        let piece = bytes[at..to].to_vec();
        match dice.below(4) {
            0 if !bytes.is_empty() => bytes[at] = dice.below(256) as u8,
            1 => drop(bytes.splice(at..at, piece)),
            2 => drop(bytes.drain(at..to)),
            _ => {
                let elsewhere = dice.below(bytes.len());
                bytes.splice(elsewhere..elsewhere, piece);
            }
        }
    }
    bytes
}

fn run(name: &str, target: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
    let mut seeds: Vec<_> = fs::read_dir(folder)
        .expect("it is there")
        .map(|entry| entry.expect("a file").path())
        .collect();
    seeds.sort();
    assert!(seeds.len() > 1, "{name} has seeds");
    for path in seeds {
        let seed = fs::read(path).expect("it is read");
        target(&seed);
        let mut dice = Dice(0x2545_f491_4f6c_dd1d);
        (0..CHANGES).for_each(|_| target(&changed(&seed, &mut dice)));
    }
    target(b"");
}

#[test]
fn rule_files_are_read_whatever_they_say() {
    run("yaml", targets::yaml);
}

#[test]
fn expressions_are_compiled_or_refused() {
    run("expression", targets::expression);
}

#[test]
fn whatever_is_compiled_can_be_evaluated() {
    run("evaluator", targets::evaluator);
}

#[test]
fn nothing_that_was_not_signed_comes_in() {
    run("signature", targets::signature);
}
