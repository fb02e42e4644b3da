//! What the demo shows in the terminal.

use serde_json::Value;

use super::story::{Expected, Step};
use crate::cli::{print, stats};

/// The terminal.
pub(super) struct Screen;

impl Screen {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn welcome(&self, relay: u16, sandbox: u16) {
        print(
            "parcelwire demo: a shop and a warehouse send signed webhooks, a marketing tool is told",
        );
        print(&format!(
            "  relay    http://127.0.0.1:{relay}     marketing API (sandbox) http://127.0.0.1:{sandbox}"
        ));
        print("");
    }

    pub(super) fn webhook(&self, place: usize, count: usize, step: &Step) {
        print(&format!("[{place:2}/{count}] {}", step.title));
        print(&format!("        {} → {}", step.post.source, step.post.topic));
    }

    pub(super) fn came_to(&self, status: u16, outcome: &str, expects: &[Expected], fine: bool) {
        let mark = if fine { "✓" } else { "✗" };
        let metrics: Vec<String> =
            expects.iter().map(|expected| format!("“{}”", expected.metric)).collect();
        let told = match expects.first() {
            Some(expected) => {
                let past = if expected.backfill { " (recorded, starts no flow)" } else { "" };
                format!("  ⇒ {} for {}{past}", metrics.join(" and "), expected.email)
            }
            None => "  ⇒ nobody is told".to_owned(),
        };
        print(&format!("      {mark} {status} {outcome}{told}"));
    }

    pub(super) fn books(&self, books: &Value, expected: usize, differences: &[String]) {
        print("");
        print("The books");
        for line in stats::lines(books) {
            print(&format!("  {line}"));
        }
        if differences.is_empty() {
            print(&format!(
                "  all {expected} expected events reached the marketing tool exactly once"
            ));
        }
        for difference in differences {
            print(&format!("  ✗ {difference}"));
        }
    }

    pub(super) fn again(&self) {
        print("");
        print("More customers come; Ctrl-C ends it.");
        print("");
    }
}
