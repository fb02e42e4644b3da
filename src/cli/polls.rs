//! `polls`: how it goes at the sources and feeds that are asked for news.

use clap::Args;
use serde_json::{Value, json};

use super::{
    Done,
    client::{At, Lazy},
    print, say,
};

/// `parcelwire polls`
#[derive(Debug, Args)]
pub(super) struct Polls {
    #[command(flatten)]
    at: At,
    /// Of this merchant only
    #[arg(long)]
    merchant: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Polls {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let items = self.at.relay(settings)?.all(self.merchant.as_deref(), "polls")?;
        if self.json {
            print(&json!({ "items": items }).to_string());
            return Ok(());
        }
        if items.is_empty() {
            say("nothing is polled");
        }
        for item in &items {
            print(&line(item));
        }
        Ok(())
    }
}

/// Who, how it goes, since when, and when next.
fn line(item: &Value) -> String {
    let text = |key: &str| item[key].as_str();
    let who = match (text("merchant"), text("feed")) {
        (Some(merchant), None) => format!("{merchant} / {}", text("source").unwrap_or("?")),
        (merchant, feed) => {
            let shared = merchant.map(|merchant| format!(" (shared by {merchant})"));
            format!("feed {}{}", feed.unwrap_or("?"), shared.unwrap_or_default())
        }
    };
    let mut line = format!("{who}: {}", text("state").unwrap_or("?"));
    if let Some(why) = text("why").filter(|why| Some(*why) != text("state")) {
        line = format!("{line} ({why})");
    }
    line = match text("last_success") {
        Some(at) => format!("{line}, last success {at}"),
        None => format!("{line}, no success yet"),
    };
    if let Some(reached) = text("reached") {
        line = format!("{line}, up to {reached}");
    }
    match text("next_at") {
        Some(at) => format!("{line}, next {at}"),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_how_and_when() {
        let own = json!({ "merchant": "hey", "feed": null, "source": "rounds", "state": "failed",
            "why": "answered 500", "last_success": null, "reached": null, "next_at": "2026-11-22T10:01:00Z" });
        let expected =
            "hey / rounds: failed (answered 500), no success yet, next 2026-11-22T10:01:00Z";
        assert_eq!(line(&own), expected);
        let feed = json!({ "merchant": null, "feed": "lager", "source": "lager", "state": "key_wrong", "why": "key_wrong",
            "last_success": "2026-11-22T09:00:00Z", "reached": "2026-11-22T08:00:00Z", "next_at": null });
        let expected =
            "feed lager: key_wrong, last success 2026-11-22T09:00:00Z, up to 2026-11-22T08:00:00Z";
        assert_eq!(line(&feed), expected);
        let shared =
            json!({ "merchant": "hey", "feed": "lager", "source": "depot", "state": "new" });
        assert_eq!(line(&shared), "feed lager (shared by hey): new, no success yet");
    }
}
