//! `alerts`: what is wrong now, and whether notices of it arrive.

use clap::Args;
use serde_json::{Value, json};

use super::{
    Done, Failure,
    client::{At, Lazy, Relay, of_merchant},
    print, say,
};

/// `parcelwire alerts`
#[derive(Debug, Args)]
pub(super) struct Alerts {
    #[command(flatten)]
    at: At,
    /// Of this merchant only
    #[arg(long)]
    merchant: Option<String>,
    /// Send a test notice to all who would be told
    #[arg(long)]
    test: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Alerts {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let relay = self.at.relay(settings)?;
        if self.test {
            return self.test(&relay);
        }
        let items = relay.all(self.merchant.as_deref(), "incidents")?;
        if self.json {
            print(&json!({ "items": items }).to_string());
            return Ok(());
        }
        if items.is_empty() {
            say("nothing is wrong");
        }
        for item in &items {
            print(&line(item));
        }
        Ok(())
    }

    fn test(&self, relay: &Relay) -> Done {
        let path = format!("{}/test-alerts", of_merchant(self.merchant.as_deref()));
        let answer = relay.ask(&path, Some(&json!({})))?;
        let told = answer["items"].as_array().cloned().unwrap_or_default();
        if self.json {
            print(&answer.to_string());
        } else {
            for notice in &told {
                let text = |name: &str| notice[name].as_str().unwrap_or_default().to_owned();
                let detail = Some(text("detail")).filter(|detail| !detail.is_empty());
                let detail = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
                print(&format!(
                    "{:8} {:32} {}{detail}",
                    text("channel"),
                    text("to"),
                    text("outcome")
                ));
            }
        }
        if told.is_empty() {
            let hint = "(hint: alerts.to or alerts.webhook in the settings, or `alerts:` in the merchant's file)";
            return Err(Failure::Wrong(format!("nobody would be told {hint}")));
        }
        if told.iter().all(|notice| notice["outcome"] == "sent") {
            return Ok(());
        }
        Err(Failure::Wrong("not all test notices were taken".to_owned()))
    }
}

/// Since when, whose, what, and what to do.
fn line(item: &Value) -> String {
    let text = |key: &str| item[key].as_str();
    let whose = text("merchant").unwrap_or("all");
    let mut line = format!(
        "{} {whose}: {} [{}]\n  {}",
        text("since").unwrap_or("?"),
        text("title").unwrap_or("?"),
        text("kind").unwrap_or("?"),
        text("next").unwrap_or("?")
    );
    if let Some(untold @ 1..) = item["untold"].as_u64() {
        line = format!("{line}\n  {untold} who should know have not been told yet");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_since_when_whose_what_and_what_to_do() {
        let item = json!({
            "merchant": "hey", "since": "2026-11-24T06:00:00Z", "title": "pigeon refuses its key",
            "kind": "key_refused", "next": "Put a valid key.", "untold": 0,
        });
        assert_eq!(
            line(&item),
            "2026-11-24T06:00:00Z hey: pigeon refuses its key [key_refused]\n  Put a valid key."
        );
        let own = json!({ "merchant": null, "untold": 2 });
        assert!(line(&own).starts_with("? all: "), "{}", line(&own));
        assert!(line(&own).ends_with("2 who should know have not been told yet"), "{}", line(&own));
    }
}
