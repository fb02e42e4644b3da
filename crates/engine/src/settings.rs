//! What the operator decides about the engine.

use std::time::Duration;

use crate::{AlertSettings, ports::Retention, trace::Tracing};

/// Whether messages are really sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Messages {
    /// To the destinations.
    #[default]
    Live,
    /// To a sandbox under this base URL, whatever the destination.
    Sandbox(String),
    /// None are made.
    None,
}

/// The engine's settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whether messages are really sent.
    pub messages: Messages,
    /// How long a request may wait to become durable before it is answered 503.
    pub accept_deadline: Duration,
    /// How long things are kept.
    pub retention: Retention,
    /// Turns of *process* side by side, each over its share of the partitions: one where the store itself is
    /// what they would wait for, more where it answers over a network.
    pub deciding: usize,
    /// Messages under way at once, in all.
    pub sending: usize,
    /// Messages under way at once, to one destination.
    pub sending_each: usize,
    /// Most bytes of what another system answers about a receipt, or of a page of what is polled.
    pub max_answer_bytes: usize,
    /// Most bytes of such answers that are held at once, beside small ones.
    pub max_answers_bytes: usize,
    /// Who is told what is wrong; nothing looks for it where this is left out.
    pub alerts: Option<AlertSettings>,
    /// What is done about traces.
    pub tracing: Tracing,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            messages: Messages::Live,
            accept_deadline: Duration::from_millis(2500),
            retention: Retention { receipts_days: 30, bodies_days: 30, memory_days: 120 },
            deciding: 1,
            sending: 256,
            sending_each: 16,
            max_answer_bytes: 5 << 20,
            max_answers_bytes: 64 << 20,
            alerts: None,
            tracing: Tracing::default(),
        }
    }
}
