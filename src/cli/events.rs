//! `events`: what a running relay understood, newest first.

use clap::Args;
use parcelwire_mapping::blocks::encode::percent_encode;
use serde_json::Value;

use super::{
    Done,
    client::{At, Lazy, of_merchant},
    print, say,
};

/// `parcelwire events`
#[derive(Debug, Args)]
pub(super) struct Events {
    #[command(flatten)]
    at: At,
    /// Of this merchant only
    #[arg(long)]
    merchant: Option<String>,
    /// Of this order: its number or its id
    #[arg(long)]
    order: Option<String>,
    /// Of orders of this recipient
    #[arg(long)]
    email: Option<String>,
    /// Of the order with this parcel
    #[arg(long)]
    tracking_number: Option<String>,
    /// With this canonical status
    #[arg(long)]
    status: Option<String>,
    /// At or after this time, as in 2026-11-22T10:00:00Z
    #[arg(long)]
    since: Option<String>,
    /// Before this time
    #[arg(long)]
    until: Option<String>,
    /// Where the page before ended
    #[arg(long)]
    cursor: Option<String>,
    /// So many, 500 at most [default: 50]
    #[arg(long)]
    limit: Option<u16>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Events {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let base = of_merchant(self.merchant.as_deref());
        let path = format!("{base}/events{}", self.query());
        let page = self.at.relay(settings)?.ask(&path, None)?;
        if self.json {
            print(&page.to_string());
            return Ok(());
        }
        for event in page["items"].as_array().into_iter().flatten() {
            print(&line(event));
        }
        if let Some(next) = page["next_cursor"].as_str() {
            say(&format!("There are more: --cursor {next}"));
        }
        Ok(())
    }

    fn query(&self) -> String {
        let limit = self.limit.map(|limit| limit.to_string());
        let pairs = [
            ("order", &self.order),
            ("email", &self.email),
            ("tracking_number", &self.tracking_number),
            ("status", &self.status),
            ("since", &self.since),
            ("until", &self.until),
            ("cursor", &self.cursor),
            ("limit", &limit),
        ];
        let pairs: Vec<String> = pairs
            .iter()
            .filter_map(|(name, value)| {
                Some(format!("{name}={}", percent_encode(value.as_deref()?)))
            })
            .collect();
        if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
    }
}

/// One event for people: when, whose, which order, what, and what it came to.
fn line(event: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let fields = &event["fields"];
    let order = [&fields["order_number"], &fields["order_id"], &fields["tracking_number"]];
    let order = order.into_iter().find_map(Value::as_str).unwrap_or("-");
    let rule = text(&event["rule"]);
    let outcome = text(&event["outcome"]);
    let outcome = if rule.is_empty() { outcome } else { format!("{outcome}: {rule}") };
    format!(
        "{}  {:12} {:12} {:24} {:24} {}",
        text(&event["at"]),
        text(&event["merchant"]),
        order,
        text(&event["status"]),
        outcome,
        text(&event["receipt"])
    )
}
