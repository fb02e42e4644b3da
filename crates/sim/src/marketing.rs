//! A marketing tool that recognises repeated ids and remembers all it was told.

use std::sync::{Arc, Mutex, PoisonError};

use parcelwire_mapping::http::HttpRequest;
use serde_json::Value;

use crate::dice::Dice;

pub(crate) struct Marketing {
    dice: Arc<Dice>,
    told: Mutex<Vec<Value>>,
}

impl Marketing {
    pub(crate) fn new(dice: Arc<Dice>) -> Self {
        Self { dice, told: Mutex::new(Vec::new()) }
    }

    /// All bodies, in the order in which they came, repeats included.
    pub(crate) fn told(&self) -> Vec<Value> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What came after the first `known`.
    pub(crate) fn told_since(&self, known: usize) -> Vec<Value> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)[known..].to_vec()
    }

    pub(crate) fn take(&self, request: &HttpRequest) {
        let body: Value = serde_json::from_slice(&request.body).expect("the relay sends JSON");
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        self.dice.note(format!("told {} {}", text("order"), text("trigger")));
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    }
}
