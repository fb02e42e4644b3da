//! `simulate`: stories that are lived against the real rules on a clock that jumps.

use std::path::{Path, PathBuf};

use clap::Args;
use parcelwire_mapping::{
    scenario::{self, Scenario, Told},
    text::{Case, Diagnostic, Diagnostics, Severity, SourceFile, render_cases},
};

use super::{Done, Failure, check::Format, print, runtime, say};
use crate::{
    config::{RuleFiles, Settings},
    simulate::{Decided, Lived, SimulateError, live},
};

/// `parcelwire simulate`
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// Scenarios, or folders of them
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// Tell each story: what was decided and sent, and when
    #[arg(long)]
    tell: bool,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

impl Simulate {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let mut paths = Vec::new();
        for path in &self.paths {
            gather(path, &mut paths)?;
        }
        if paths.is_empty() {
            return Err(Failure::Usage(
                "there is no scenario: their files end in .yaml".to_owned(),
            ));
        }
        let (files, _) = RuleFiles::of(settings).read();
        let runtime = runtime()?;
        let mut cases = Vec::new();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Failure::Usage(format!("{} cannot be read: {error}", path.display()))
            })?;
            let shown = path.display().to_string();
            let mut told = Diagnostics::default();
            let name = match scenario::parse(&shown, &text, &mut told) {
                None => "reads".to_owned(),
                Some(scenario) => {
                    let lived = runtime.block_on(live(&scenario, &files));
                    if let (true, Ok(lived)) = (self.tell, &lived) {
                        print(&story(&scenario, lived));
                    }
                    judge(&scenario, lived, &SourceFile::new(&shown, &text), &mut told);
                    scenario.title
                }
            };
            cases.push(Case { file: shown, name, diagnostics: told.into_vec() });
        }
        let text = render_cases(&cases, self.format.render(), &[]);
        if !text.trim().is_empty() {
            print(text.trim_end());
        }
        conclude(&cases)
    }
}

fn gather(path: &Path, found: &mut Vec<PathBuf>) -> Result<(), Failure> {
    let missing = |error| Failure::Usage(format!("{}: {error}", path.display()));
    if !std::fs::metadata(path).map_err(missing)?.is_dir() {
        found.push(path.to_owned());
        return Ok(());
    }
    let entries = std::fs::read_dir(path).map_err(missing)?;
    let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inside.retain(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    inside.sort();
    found.append(&mut inside);
    Ok(())
}

fn judge(
    scenario: &Scenario,
    lived: Result<Lived, SimulateError>,
    file: &std::sync::Arc<SourceFile>,
    told: &mut Diagnostics,
) {
    let lived = match lived {
        Ok(lived) => lived,
        Err(SimulateError::Step { place, what }) => {
            told.push(Diagnostic::error(&scenario.story[place].span, what));
            return;
        }
        Err(error) => {
            let error = Diagnostic::error(&file.start(), error.to_string());
            told.push(error.hint("`parcelwire check` looks at all files"));
            return;
        }
    };
    for (span, why) in scenario.judge(&lived.told) {
        let error = Diagnostic::error(&span.unwrap_or_else(|| file.start()), why);
        told.push(error.hint("`parcelwire simulate --tell` tells the whole story"));
    }
}

/// The story in lines: what was decided of each event, and what was sent.
fn story(scenario: &Scenario, lived: &Lived) -> String {
    let decided = lived.decided.iter().map(|decided| (decided.at, 0, line(decided)));
    let told = lived.told.iter().map(|told| (told.at, 1, sent(told)));
    let mut lines: Vec<_> = decided.chain(told).collect();
    lines.sort_by_key(|(at, kind, _)| (*at, *kind));
    let lines = lines.iter().map(|(at, _, text)| format!("  {}  {text}", scenario.shown(*at)));
    let lines: Vec<String> = lines.collect();
    format!("{}\n{}", scenario.title, lines.join("\n"))
}

fn line(decided: &Decided) -> String {
    let line = &decided.line;
    let why = if line.rule.is_empty() { String::new() } else { format!(" ({})", line.rule) };
    format!("{}: {}{why}", line.status, line.outcome)
}

fn sent(told: &Told) -> String {
    let text = |key: &str| told.fields.get(key).and_then(|value| value.as_text()).unwrap_or("?");
    format!(
        "  → {} “{}” to {} ({})",
        text("trigger"),
        text("name"),
        text("to"),
        text("destination")
    )
}

fn conclude(cases: &[Case]) -> Done {
    let failed = |case: &&Case| case.diagnostics.iter().any(|d| d.severity == Severity::Error);
    let failed = cases.iter().filter(failed).count();
    let all = match cases.len() {
        1 => "1 scenario".to_owned(),
        many => format!("{many} scenarios"),
    };
    if failed == 0 {
        say(&format!("{all}: all as expected"));
        return Ok(());
    }
    say(&format!("{all}: {failed} not as expected"));
    Err(Failure::Wrong(String::new()))
}
