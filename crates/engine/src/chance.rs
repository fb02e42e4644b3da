//! Randomness, from one seed that the edge brings: a simulation runs twice the same.

use std::sync::{Mutex, PoisonError};

use rand::{Rng as _, RngCore as _, SeedableRng as _, rngs::StdRng};

/// A seeded source of randomness.
pub struct Chance(Mutex<StdRng>);

impl Chance {
    /// From a seed.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(Mutex::new(StdRng::from_seed(seed)))
    }

    /// 128 random bits.
    pub fn bits(&self) -> u128 {
        let mut bytes = [0; 16];
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        u128::from_be_bytes(bytes)
    }

    /// A number from 0 up to, not including, 1.
    pub fn fraction(&self) -> f64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).random_range(0.0..1.0)
    }
}

impl std::fmt::Debug for Chance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Chance")
    }
}
