//! Bytes → `targets::evaluator`.

#![no_main]

#[allow(dead_code, reason = "each target is a program of its own and uses one of them")]
#[path = "../src/targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| targets::evaluator(bytes));
