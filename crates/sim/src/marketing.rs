//! A marketing tool that recognises repeated ids, remembers all it was told and by whom, and looks
//! whether two speak of one order at once.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use parcelwire_mapping::http::HttpRequest;
use serde_json::Value;

use crate::{dice::Dice, rules::merchant_of, wire::Wire};

/// Something it was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Telling {
    /// Whose customer it is about.
    pub merchant: String,
    /// What was said.
    pub body: Value,
    /// Which process said it.
    pub by: String,
    /// Whether it was that one's turn to speak for the merchant.
    pub is_owner: bool,
    /// Whether it stood still between sending this and its arrival.
    pub was_frozen: bool,
}

impl Telling {
    /// A part of what was said.
    pub fn text(&self, key: &str) -> &str {
        self.body[key].as_str().unwrap_or_default()
    }
}

#[derive(Debug)]
pub(crate) struct Marketing {
    dice: Arc<Dice>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    told: Vec<Telling>,
    /// Requests that are under way: of which order, by whom and in which turn.
    open: BTreeMap<u64, (String, Speaker)>,
    opened: u64,
    /// Orders of which two spoke at once.
    clashes: Vec<String>,
}

/// Who speaks, and in which of its turns; none where it is somebody else's. Who lost its turn while it hung
/// and has another one by now may speak again.
type Speaker = (String, Option<u64>);

/// A request that is under way, until it is dropped.
pub(crate) struct Open<'m> {
    marketing: &'m Marketing,
    number: u64,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.marketing.state().open.remove(&self.number);
    }
}

impl Marketing {
    pub(crate) fn new(dice: Arc<Dice>) -> Self {
        Self { dice, state: Mutex::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that was said, in the order in which it came, repeats included.
    pub(crate) fn told(&self) -> Vec<Telling> {
        self.state().told.clone()
    }

    /// What came after the first `known`.
    pub(crate) fn told_since(&self, known: usize) -> Vec<Value> {
        self.state().told[known..].iter().map(|told| told.body.clone()).collect()
    }

    /// Orders of which two spoke at once although it was the turn of one only.
    pub(crate) fn clashes(&self) -> Vec<String> {
        self.state().clashes.clone()
    }

    /// A request begins: nobody else whose turn it is may speak of the same order until it ends.
    pub(crate) fn open(&self, request: &HttpRequest, from: &Wire) -> Open<'_> {
        let (merchant, body) = read(request);
        let order = body["order"].as_str().unwrap_or_default().to_owned();
        let me: Speaker = (from.process.name.clone(), from.turn(&merchant));
        let mut state = self.state();
        if me.1.is_some() && state.open.values().any(|(of, by)| *of == order && *by == me) {
            let clash = format!("{} speaks twice of {order} at once", me.0);
            state.clashes.push(clash);
        }
        state.opened += 1;
        let number = state.opened;
        state.open.insert(number, (order, me));
        Open { marketing: self, number }
    }

    /// Hears a request.
    pub(crate) fn take(&self, request: &HttpRequest, from: &Wire, was_frozen: bool) {
        let (merchant, body) = read(request);
        let is_owner = from.speaks_for(&merchant);
        let by = from.process.name.clone();
        let telling = Telling { merchant, body, by, is_owner, was_frozen };
        let turn = if is_owner { "" } else { ", whose turn it is not" };
        let (order, trigger) = (telling.text("order"), telling.text("trigger"));
        self.dice.note(format!("told {order} {trigger} by {}{turn}", telling.by));
        self.state().told.push(telling);
    }
}

/// Whose customer a request is about, and what it says.
fn read(request: &HttpRequest) -> (String, Value) {
    let key = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let merchant = key.and_then(|(_, key)| merchant_of(key)).expect("each merchant has its key");
    let body = serde_json::from_slice(&request.body).expect("the relay sends JSON");
    (merchant.to_owned(), body)
}
