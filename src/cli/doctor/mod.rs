//! `doctor`: looks at everything a relay needs, and says what to do where something is wrong. Works beside a
//! running relay and without one; makes, sends and changes nothing.

mod finding;
mod here;
mod judge;
mod reach;

use clap::Args;
use parcelwire_mapping::text::did_you_mean;
use parcelwire_store::redis;
use serde_json::json;

use self::finding::{Finding, Level, count};
use super::{
    Done, Failure, chain,
    client::{At, Lazy, Relay},
    now, print, runtime,
};
use crate::config::{RuleFiles, Settings};

/// `parcelwire doctor`
#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    at: At,
    /// Look at this merchant's files and destinations only
    #[arg(long)]
    merchant: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        let known = settings()?;
        let files = RuleFiles::of(&known);
        let merchant = self.merchant.as_deref();
        let (book, mut findings) = here::rules(&known, &files, merchant);
        if let Some(name) = merchant
            && !book.merchants.keys().any(|id| id.as_str() == name)
        {
            let names = book.merchants.keys().map(|id| id.as_str());
            let hint = did_you_mean(name, names).map(|like| format!(" (hint: {like})"));
            let hint = hint.unwrap_or_default();
            return Err(Failure::Usage(format!("there is no merchant `{name}`{hint}")));
        }
        findings.append(&mut here::secrets(&known, &files));
        findings.push(here::files(&known));
        // A token that cannot be read was told above; health is told to everybody.
        let relay = self.at.relay(settings).ok();
        let runtime = runtime()?;
        let running = relay.as_ref().map(|relay| runtime.block_on(reach::relay(relay.url())));
        let name = running.as_ref().and_then(|(_, name)| name.clone());
        findings.append(&mut store(&known, &files, &runtime, name.is_some()));
        findings.extend(running.map(|(finding, _)| finding));
        if let (Some(relay), Some(_)) = (&relay, &name) {
            findings.extend(books(relay));
        }
        let public = known.http.public_url.trim_end_matches('/');
        findings.push(runtime.block_on(reach::public_url(public, name.as_deref())));
        let targets = match known.messages.as_str() {
            "none" => Vec::new(),
            _ => reach::targets(&known, &book, merchant),
        };
        match reach::transport(&known) {
            Ok(transport) => runtime.block_on(async {
                let (mut reached, skews) = reach::egress(&transport, &targets).await;
                findings.append(&mut reached);
                findings.push(reach::clock(skews));
                findings.append(&mut reach::keys(&transport, &targets).await);
            }),
            Err(finding) => findings.push(*finding),
        }
        self.tell(&findings)
    }

    fn tell(&self, findings: &[Finding]) -> Done {
        let of = |level| count(findings, level);
        let (ok, warn, fail) = (of(Level::Ok), of(Level::Warn), of(Level::Fail));
        if self.json {
            let all: Vec<_> = findings.iter().map(Finding::json).collect();
            print(&json!({ "findings": all, "ok": ok, "warn": warn, "fail": fail }).to_string());
        } else {
            for finding in findings {
                print(&finding.lines());
            }
            print(&format!("{ok} ok, {warn} to look at, {fail} wrong"));
        }
        if fail == 0 {
            return Ok(());
        }
        Err(Failure::Wrong(format!("{fail} of {} checks found something wrong", findings.len())))
    }
}

/// The store, in whichever way it can be asked.
fn store(
    settings: &Settings,
    files: &RuleFiles,
    runtime: &tokio::runtime::Runtime,
    runs: bool,
) -> Vec<Finding> {
    if !settings.store.is_redis() {
        let (mut findings, holder) = here::store(settings);
        if let Some(pid) = holder {
            let detail = format!("in use by process {pid}");
            let hint =
                "another relay, which does not answer at http.bind and http.port: is it meant?";
            findings.push(if runs {
                Finding::ok("store", detail)
            } else {
                Finding::warn("store", detail, hint)
            });
        }
        return findings;
    }
    let told = match settings.store.redis(&files.secrets) {
        Ok(told) => told,
        Err(why) => return vec![Finding::fail("store", why, "see store: in the settings")],
    };
    let asked = now();
    match runtime.block_on(redis::look(&told, asked)) {
        Ok(there) => vec![
            Finding::ok("store", "Redis answers, and keeps what it is told"),
            // The way there and back is taken for the clock's as well: it is small beside a second.
            judge::clock("Redis", there.duration_since(asked)),
        ],
        Err(error) => vec![Finding::told("store", &chain(&error))],
    }
}

/// The books of the running relay.
fn books(relay: &Relay) -> Option<Finding> {
    match relay.ask("/stats", None) {
        Ok(stats) if stats["balanced"] == true => {
            let waits = format!(
                "balanced; {} wait, the oldest for {} s; {} messages unsent",
                stats["receipts"]["waiting"],
                stats["oldest_waiting_seconds"],
                stats["messages"]["pending"]
            );
            Some(Finding::ok("books", waits))
        }
        Ok(_) => {
            let hint =
                "this is a defect: please report it, with the output of `parcelwire stats --json`";
            Some(Finding::fail("books", "the sums do not come out", hint))
        }
        Err(Failure::Configuration(why)) => Some(Finding {
            level: Level::Warn,
            ..Finding::told("books", &format!("not asked: {why}"))
        }),
        Err(_) => None,
    }
}
