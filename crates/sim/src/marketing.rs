//! A marketing tool that recognises repeated ids, remembers all it was told, and has bad days.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use parcelwire_engine::ports::{Transport, TransportError};
use parcelwire_mapping::http::{HttpAnswer, HttpRequest};
use serde_json::Value;

use crate::dice::{Dice, Trouble};

/// Longest that the relay waits for an answer.
const PATIENCE: Duration = Duration::from_secs(15);

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

    fn take(&self, request: &HttpRequest) {
        let body: Value = serde_json::from_slice(&request.body).expect("the relay sends JSON");
        let text = |key: &str| body[key].as_str().unwrap_or_default().to_owned();
        self.dice.note(format!("told {} {}", text("order"), text("trigger")));
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(body);
    }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> HttpAnswer {
    HttpAnswer {
        status,
        headers: headers.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        body: Bytes::from_static(b"{}"),
        truncated: false,
        took: Duration::from_millis(20),
    }
}

#[async_trait]
impl Transport for Marketing {
    async fn send(&self, request: HttpRequest) -> Result<HttpAnswer, TransportError> {
        tokio::time::sleep(Duration::from_millis(5 + self.dice.below(40))).await;
        match self.dice.trouble() {
            Some(Trouble::Unavailable) => Ok(answer(503, &[])),
            Some(Trouble::TooMany) => Ok(answer(429, &[("retry-after", "20")])),
            Some(Trouble::Unreachable) => Err(TransportError::NotConnected("no route".to_owned())),
            Some(Trouble::AnswerLost) => {
                self.take(&request);
                Err(TransportError::Broken("the connection was reset".to_owned()))
            }
            Some(Trouble::Hangs) => {
                self.take(&request);
                tokio::time::sleep(PATIENCE).await;
                Err(TransportError::TimedOut(PATIENCE))
            }
            None => {
                self.take(&request);
                Ok(answer(202, &[]))
            }
        }
    }
}
