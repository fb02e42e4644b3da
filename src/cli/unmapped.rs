//! `unmapped`: codes that no connector's table knew, with the line to add.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::{Value, json};

use super::{
    Done,
    client::{At, Lazy},
    print, say,
};

/// `parcelwire unmapped`
#[derive(Debug, Args)]
pub(super) struct Unmapped {
    #[command(flatten)]
    at: At,
    /// Of this merchant only
    #[arg(long)]
    merchant: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Unmapped {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let items = self.at.relay(settings)?.all(self.merchant.as_deref(), "unmapped")?;
        if self.json {
            print(&json!({ "items": items }).to_string());
            return Ok(());
        }
        let open: Vec<&Value> = items.iter().filter(|item| item["known"] == false).collect();
        if open.is_empty() {
            say("every code was known");
        }
        for line in lines(&open) {
            print(&line);
        }
        Ok(())
    }
}

/// What to write into each connector, the most frequent first; what has been told of it as a comment
/// above, so that the whole can be pasted.
fn lines(items: &[&Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let mut of: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for item in items {
        let connector = match item["connector"].as_str() {
            Some(connector) => connector.to_owned(),
            None => format!("{} (no source any more)", text(&item["source"])),
        };
        of.entry(connector).or_default().push(item);
    }
    let mut lines = Vec::new();
    for (connector, mut items) in of {
        items.sort_by_key(|item| std::cmp::Reverse(item["count"].as_u64()));
        lines.push(format!("# {connector}: below `statuses:`"));
        for item in items {
            let count = item["count"].as_u64().unwrap_or(0);
            let times = if count == 1 { "once".to_owned() } else { format!("{count} times") };
            let seen = item["last_seen"].as_str().map(|at| format!(", last {at}"));
            let receipt = item["receipt"].as_str().map(|receipt| format!(", as in {receipt}"));
            lines.push(format!(
                "#   {times} from {} / {}{}{}",
                text(&item["merchant"]),
                text(&item["source"]),
                seen.unwrap_or_default(),
                receipt.unwrap_or_default(),
            ));
            match item["line"].as_str() {
                Some(line) => lines.push(format!("  {line}")),
                None => lines.push("#   further codes, counted together".to_owned()),
            }
        }
    }
    lines
}
