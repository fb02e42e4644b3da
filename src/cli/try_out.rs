//! `try`: one realistic test event per trigger to one address, by a running relay.

use clap::Args;
use serde_json::json;

use super::{
    Done, Failure,
    client::{At, Lazy, of_merchant},
    print,
};

/// `parcelwire try`
#[derive(Debug, Args)]
pub(super) struct Try {
    #[command(flatten)]
    at: At,
    /// The merchant
    #[arg(long)]
    merchant: String,
    /// To whom
    #[arg(long)]
    to: String,
    /// Only this trigger; may be repeated
    #[arg(long = "trigger")]
    triggers: Vec<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Try {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let wish = json!({ "to": self.to, "triggers": self.triggers });
        let path = format!("{}/test-events", of_merchant(Some(&self.merchant)));
        let answer = self.at.relay(settings)?.ask(&path, Some(&wish))?;
        let outcomes = answer["items"].as_array().cloned().unwrap_or_default();
        if self.json {
            print(&answer.to_string());
        } else {
            for outcome in &outcomes {
                let text = |name: &str| outcome[name].as_str().unwrap_or_default().to_owned();
                print(&format!(
                    "{:28} {:12} {:10} {} ({})",
                    text("trigger"),
                    text("destination"),
                    text("verdict"),
                    text("name"),
                    text("detail")
                ));
            }
        }
        if outcomes.is_empty() {
            let hint = "(hint: no trigger is on, or there is no destination)";
            return Err(Failure::Wrong(format!("there was nothing to send {hint}")));
        }
        if outcomes.iter().all(|outcome| outcome["verdict"] == "sent") {
            return Ok(());
        }
        Err(Failure::Wrong("not all test events were taken".to_owned()))
    }
}
