//! `config`, `schema`, `completions`: what needs no relay.

use clap::{Args, CommandFactory as _};
use parcelwire_mapping::book::FileKind;

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
    /// source, destination, mapping, merchant, template or feed; all of them when left out
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
            let all: serde_json::Map<String, serde_json::Value> = FileKind::ALL
                .iter()
                .map(|(name, kind)| ((*name).to_owned(), kind.schema()))
                .collect();
            print(&serde_json::to_string_pretty(&all).unwrap_or_default());
            return Ok(());
        };
        let Some((_, kind)) = FileKind::ALL.iter().find(|(name, _)| name == wanted) else {
            let names: Vec<&str> = FileKind::ALL.iter().map(|(name, _)| *name).collect();
            return Err(Failure::Usage(format!(
                "`{wanted}` is no kind of file; known: {}",
                names.join(", ")
            )));
        };
        print(&serde_json::to_string_pretty(&kind.schema()).unwrap_or_default());
        Ok(())
    }
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
