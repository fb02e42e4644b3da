//! `import`: open orders of before the relay was connected, from a file or from what a source lists. They
//! teach; nothing of them is told.

mod rows;

use std::{path::PathBuf, time::Duration};

use clap::Args;
use parcelwire_mapping::import::columns;
use serde_json::{Value, json};

use super::{
    Done, Failure,
    client::{At, Lazy, Relay, of_merchant},
    now, print, say,
};
use rows::{Row, Rows};

/// Most rows of one request, and about how many bytes.
const MAX_ROWS: usize = 500;
const MAX_BYTES: usize = 512 * 1024;

/// Most rounds of asking a source.
const MAX_ROUNDS: usize = 1000;

/// `parcelwire import`
#[derive(Debug, Args)]
pub(super) struct Import {
    #[command(flatten)]
    at: At,
    /// The merchant
    #[arg(long, required_unless_present = "columns")]
    merchant: Option<String>,
    /// The source whose order ids and numbers these are [default: the only shop]
    #[arg(long)]
    source: Option<String>,
    /// Only look at the rows
    #[arg(long)]
    dry_run: bool,
    /// Begin at this line of the file
    #[arg(long, value_name = "N")]
    from_line: Option<u64>,
    /// Ask the source itself what it has, where its connector says how
    #[arg(long, requires = "source", conflicts_with_all = ["file", "dry_run", "from_line"])]
    from_lookup: bool,
    /// With --from-lookup: so many days back
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// What a row may have, and nothing else
    #[arg(long)]
    columns: bool,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// CSV with a header, or JSON lines; - for stdin
    #[arg(required_unless_present_any = ["from_lookup", "columns"])]
    file: Option<PathBuf>,
}

/// What it came to so far.
#[derive(Debug, Default)]
struct Sums {
    read: u64,
    accepted: u64,
    known: u64,
    wrong: Vec<Wrong>,
    refused: u64,
}

/// Something wrong with a row, with its place in the file.
#[derive(Debug)]
struct Wrong {
    line: u64,
    column: Option<usize>,
    field: String,
    message: String,
    hint: String,
}

impl Import {
    pub(super) fn run(&self, settings: Lazy<'_>) -> Done {
        if self.columns {
            columns().for_each(print);
            return Ok(());
        }
        let relay = self.at.relay(settings)?;
        let merchant = self.merchant.as_deref().unwrap_or_default();
        let path = format!("{}/imports", of_merchant(Some(merchant)));
        match &self.file {
            Some(file) if !self.from_lookup => self.file(&relay, &path, file),
            _ => self.listed(&relay, &path),
        }
    }

    fn file(&self, relay: &Relay, path: &str, file: &std::path::Path) -> Done {
        let name = file.display().to_string();
        let mut rows = Rows::open(file)?;
        let wrong = rows.wrong_columns();
        if !wrong.is_empty() {
            let sums = Sums { wrong, ..Sums::default() };
            self.tell(&name, &sums);
            return Err(Failure::Wrong(format!("{name}: nothing was imported")));
        }
        let mut sums = Sums::default();
        let from = self.from_line.unwrap_or(0);
        loop {
            let batch = rows.batch(from, MAX_ROWS, MAX_BYTES, &mut sums.wrong)?;
            sums.refused = refused(&sums.wrong);
            if batch.is_empty() {
                break;
            }
            self.send(relay, path, &batch, &mut sums)
                .map_err(|failure| stopped(failure, &batch))?;
            if sums.read as usize >= MAX_ROWS {
                say(&format!(
                    "up to line {}: {}",
                    batch.last().map_or(0, |row| row.line),
                    told(&sums)
                ));
            }
        }
        self.tell(&name, &sums);
        if sums.wrong.is_empty() {
            return Ok(());
        }
        Err(Failure::Wrong(format!(
            "{name}: {} rows were left out; mend them and run it again, what is in is known",
            sums.refused
        )))
    }

    fn send(&self, relay: &Relay, path: &str, batch: &[Row], sums: &mut Sums) -> Done {
        let rows: Vec<&Value> = batch.iter().map(|row| &row.fields).collect();
        let mut body = json!({ "rows": rows, "dry_run": self.dry_run });
        if let Some(source) = &self.source {
            body["source"] = json!(source);
        }
        let answer = relay.ask(path, Some(&body))?;
        sums.read += batch.len() as u64;
        sums.accepted += answer["accepted"].as_u64().unwrap_or(0);
        sums.known += answer["known"].as_u64().unwrap_or(0);
        for fault in answer["wrong"].as_array().into_iter().flatten() {
            let row = fault["row"].as_u64().and_then(|row| batch.get(row as usize));
            let text = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
            let field = text("field");
            sums.wrong.push(Wrong {
                line: row.map_or(0, |row| row.line),
                column: row.and_then(|row| row.column(&field)),
                message: text("message"),
                hint: text("hint"),
                field,
            });
        }
        sums.refused = refused(&sums.wrong);
        Ok(())
    }

    fn listed(&self, relay: &Relay, path: &str) -> Done {
        let back = Duration::from_secs(u64::from(self.days) * 86_400);
        let mut since = (now() - back).to_string();
        let mut sums = Sums::default();
        for _ in 0..MAX_ROUNDS {
            let body = json!({ "source": self.source, "since": since });
            let answer = relay.ask(path, Some(&body))?;
            sums.accepted += answer["accepted"].as_u64().unwrap_or(0);
            sums.known += answer["known"].as_u64().unwrap_or(0);
            sums.read = sums.accepted + sums.known;
            let Some(reached) = answer["reached"].as_str() else { break };
            reached.clone_into(&mut since);
            say(&format!("up to {since}: {}", told(&sums)));
        }
        self.tell("", &sums);
        Ok(())
    }

    fn tell(&self, name: &str, sums: &Sums) {
        if self.json {
            let wrong: Vec<Value> = sums.wrong.iter().map(Wrong::json).collect();
            let all = json!({
                "read": sums.read, "accepted": sums.accepted, "known": sums.known,
                "refused": sums.refused, "wrong": wrong, "dry_run": self.dry_run,
            });
            print(&all.to_string());
            return;
        }
        for wrong in &sums.wrong {
            say(&wrong.text(name));
        }
        print(&told(sums));
    }
}

/// How many rows were left out.
fn refused(wrong: &[Wrong]) -> u64 {
    let mut lines: Vec<u64> = wrong.iter().map(|wrong| wrong.line).collect();
    lines.sort_unstable();
    lines.dedup();
    lines.len() as u64
}

fn told(sums: &Sums) -> String {
    format!("{} accepted, {} known already, {} wrong", sums.accepted, sums.known, sums.refused)
}

/// What stands before a batch is in; how to go on.
fn stopped(failure: Failure, batch: &[Row]) -> Failure {
    let line = batch.first().map_or(0, |row| row.line);
    let more = |text: String| {
        format!(
            "{text}\nwhat stands before line {line} is in (hint: go on with --from-line {line})"
        )
    };
    if let Failure::Unreachable(text) = failure {
        // Nothing was sent before the first rows of a file.
        return Failure::Unreachable(if line > 2 { more(text) } else { text });
    }
    failure
}

impl Wrong {
    fn text(&self, name: &str) -> String {
        let column = self.column.map(|column| format!(":{column}")).unwrap_or_default();
        format!("{name}:{}{column}: {} (hint: {})", self.line, self.message, self.hint)
    }

    fn json(&self) -> Value {
        json!({ "line": self.line, "column": self.column, "field": self.field,
                "message": self.message, "hint": self.hint })
    }
}
