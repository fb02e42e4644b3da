//! `stats`: the books of a running relay.

use clap::Args;
use serde_json::Value;

use super::{
    Done,
    client::{At, Lazy, of_merchant},
    print,
};

/// `parcelwire stats`
#[derive(Debug, Args)]
pub(super) struct Stats {
    #[command(flatten)]
    at: At,
    /// Of this merchant only
    #[arg(long)]
    merchant: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

/// The counts in the order in which things happen.
const BOOKS: [(&str, &[&str]); 2] = [
    (
        "receipts",
        &[
            "accepted",
            "forwarded",
            "filtered",
            "parked",
            "failed",
            "waiting",
            "duplicate",
            "refused",
        ],
    ),
    ("messages", &["created", "sent", "pending", "dead", "cancelled"]),
];

impl Stats {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let path = format!("{}/stats", of_merchant(self.merchant.as_deref()));
        let stats = self.at.relay(settings)?.ask(&path, None)?;
        if self.json {
            print(&stats.to_string());
            return Ok(());
        }
        for line in lines(&stats) {
            print(&line);
        }
        print(&format!("oldest waiting: {} s", stats["oldest_waiting_seconds"]));
        Ok(())
    }
}

/// The books for people.
pub(crate) fn lines(stats: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    for (part, names) in BOOKS {
        let counts: Vec<String> =
            names.iter().map(|name| format!("{name} {}", stats[part][*name])).collect();
        lines.push(format!("{part:9} {}", counts.join(" · ")));
    }
    lines.push(format!("{:9} {}", "balanced", stats["balanced"]));
    lines
}
