//! `config`, `schema`, `completions`: what needs no relay.

use clap::{Args, CommandFactory as _};
use parcelwire_mapping::{book::FileKind, scenario, text::json_schema};

use super::{Arguments, Done, Failure, print};
use crate::config::Settings;

/// `parcelwire config`
#[derive(Debug, Args)]
pub(super) struct Config {
    /// In one line, for programs
    #[arg(long)]
    json: bool,
}

/// `parcelwire schema`
#[derive(Debug, Args)]
pub(super) struct Schema {
    /// source, destination, mapping, merchant, template, feed or scenario; all when left out
    kind: Option<String>,
}

/// `parcelwire completions`
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

impl Config {
    #[expect(clippy::unnecessary_wraps, reason = "every command answers alike")]
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let shown = settings.shown();
        let text = if self.json {
            serde_json::to_string(&shown)
        } else {
            serde_json::to_string_pretty(&shown)
        };
        print(&text.unwrap_or_default());
        Ok(())
    }
}

impl Schema {
    pub(super) fn run(&self) -> Done {
        let Some(wanted) = &self.kind else {
            let all: serde_json::Map<String, serde_json::Value> =
                kinds().map(|(name, schema)| (name.to_owned(), schema())).collect();
            print(&serde_json::to_string_pretty(&all).unwrap_or_default());
            return Ok(());
        };
        let Some((_, schema)) = kinds().find(|(name, _)| name == wanted) else {
            let names: Vec<&str> = kinds().map(|(name, _)| name).collect();
            return Err(Failure::Usage(format!(
                "`{wanted}` is no kind of file; known: {}",
                names.join(", ")
            )));
        };
        print(&serde_json::to_string_pretty(&schema()).unwrap_or_default());
        Ok(())
    }
}

type Described = (&'static str, Box<dyn Fn() -> serde_json::Value>);

/// Every kind of file that people write, with how its schema is had.
fn kinds() -> impl Iterator<Item = Described> {
    let rules = FileKind::ALL
        .into_iter()
        .map(|(name, kind)| -> Described { (name, Box::new(move || kind.schema())) });
    let scenario = || json_schema(&scenario::SHAPE, "scenario");
    rules.chain([("scenario", Box::new(scenario) as Box<_>)])
}

impl Completions {
    #[expect(clippy::unnecessary_wraps, reason = "every command answers alike")]
    pub(super) fn run(&self) -> Done {
        let mut out = Vec::new();
        clap_complete::generate(self.shell, &mut Arguments::command(), "parcelwire", &mut out);
        print(String::from_utf8_lossy(&out).trim_end());
        Ok(())
    }
}
