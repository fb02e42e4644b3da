//! Logs: what happened, by ids; and traces, for whoever collects them. Never bodies, secrets or personal data.

pub mod otlp;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::config::Log;

/// Starts logging to stderr; a second start changes nothing.
pub fn start(log: &Log) {
    let filter = EnvFilter::try_new(&log.level).unwrap_or_else(|_| EnvFilter::new("info"));
    let registry = tracing_subscriber::registry().with(filter);
    let layer = fmt::layer().with_writer(std::io::stderr).with_target(false);
    let started = if log.is_json() {
        registry.with(layer.json()).try_init()
    } else {
        registry.with(layer.with_ansi(false)).try_init()
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(tell));
    }
}

/// A mistake of ours, by its place: what it says may quote what others sent.
fn tell(panic: &std::panic::PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(%place, "a mistake inside the relay: please report it with this place");
}
