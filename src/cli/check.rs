//! `check`: what is wrong in all files, and the tests in them.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use parcelwire_mapping::{
    book::RuleFile,
    filetests::run::{Checked, run},
    text::{Case, Diagnostic, Diagnostics, RenderFormat, Severity, SourceFile, render_cases},
};

use super::{Done, Failure, now, print, say};
use crate::config::{RuleFiles, Settings};

/// `parcelwire check`
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Files or folders; all configured ones when none is named
    paths: Vec<PathBuf>,
    /// How findings are written
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Text,
    Github,
    Junit,
    Json,
}

impl Format {
    pub(super) fn render(self) -> RenderFormat {
        match self {
            Self::Text => RenderFormat::Text { colour: colour() },
            Self::Github => RenderFormat::Github,
            Self::Junit => RenderFormat::Junit,
            Self::Json => RenderFormat::Json,
        }
    }
}

impl Check {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let sources = RuleFiles::of(settings);
        let (mut files, mut told) = sources.read();
        let mut seen = BTreeSet::new();
        for path in &self.paths {
            Gathering { sources: &sources, files: &mut files, told: &mut told, seen: &mut seen }
                .add(path)?;
        }
        let named: Vec<PathBuf> =
            self.paths.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let wanted = |path: &str| {
            named.is_empty()
                || Path::new(path)
                    .canonicalize()
                    .is_ok_and(|path| named.iter().any(|named| path.starts_with(named)))
        };
        let begun = now();
        let mut checked = run(&files, &sources.around, now(), |file| wanted(&file.path));
        checked.diagnostics.append(told);
        checked.diagnostics.sort();
        let cases = cases(&checked, &files, wanted);
        self.write(&cases, &checked);
        conclude(&cases, begun)
    }

    fn write(&self, cases: &[Case], checked: &Checked) {
        let text = render_cases(cases, self.format.render(), checked.diagnostics.secrets());
        if !text.trim().is_empty() {
            print(text.trim_end());
        }
    }
}

/// What a case is called that is no test of a file: its form, and what it says.
const READS: &str = "reads";

/// One case for each file that is wanted and what is wrong with it, and one for each test.
fn cases(checked: &Checked, files: &[RuleFile], wanted: impl Fn(&str) -> bool) -> Vec<Case> {
    let of = |file: &str, diagnostics| Case {
        file: file.to_owned(),
        name: READS.to_owned(),
        diagnostics,
    };
    let paths = files.iter().map(|file| file.path.as_str()).filter(|path| wanted(path));
    let mut cases: Vec<Case> = paths.map(|path| of(path, Vec::new())).collect();
    for told in checked.diagnostics.iter() {
        let path = told.span.as_ref().map_or("", |span| span.file.path.as_str());
        match cases.iter_mut().find(|case| case.file == path) {
            Some(case) => case.diagnostics.push(told.clone()),
            None if path.is_empty() || wanted(path) => cases.push(of(path, vec![told.clone()])),
            None => {}
        }
    }
    let tests = checked.tests.iter().map(|(file, test)| {
        let failure = test.failure.as_ref().map(|failure| {
            Diagnostic::error(&test.span, format!("the test `{}` fails: {failure}", test.name))
                .hint("correct the file, or what its test expects")
        });
        let diagnostics = failure.into_iter().collect();
        Case { file: file.clone(), name: test.name.clone(), diagnostics }
    });
    cases.extend(tests);
    cases
}

/// The end of it, with how long it took: tests that take long are not run.
fn conclude(cases: &[Case], begun: Timestamp) -> Done {
    let counted = |what: &str, n: usize| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    let files = cases.iter().filter(|case| case.name == READS).count();
    let looked_at =
        format!("{} and {} in them", counted("file", files), counted("test", cases.len() - files));
    let errors = cases
        .iter()
        .flat_map(|case| &case.diagnostics)
        .filter(|told| told.severity == Severity::Error)
        .count();
    if errors == 0 {
        let took = now().duration_since(begun).as_secs_f64();
        say(&format!("{looked_at}: all fine ({took:.1} s)"));
        return Ok(());
    }
    say(&format!("{looked_at}: {}", counted("error", errors)));
    Err(Failure::Wrong(String::new()))
}

/// Reads what the paths name beside the configured files.
struct Gathering<'g> {
    sources: &'g RuleFiles,
    files: &'g mut Vec<RuleFile>,
    told: &'g mut Diagnostics,
    /// Folders that were looked into: a link may lead back to one.
    seen: &'g mut BTreeSet<PathBuf>,
}

impl Gathering<'_> {
    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        let shown = path.display();
        let missing = |error| Failure::Usage(format!("{shown}: {error}"));
        let whole = path.canonicalize().map_err(missing)?;
        if path.is_dir() {
            return self.folder(path, whole);
        }
        if self.sources.kind_of(path).is_none() {
            let known = "sources, destinations, mappings, merchants, templates or feeds";
            return Err(Failure::Usage(format!(
                "{shown}: the folder tells a file's kind, and must be one of {known}"
            )));
        }
        self.file(path, &whole);
        Ok(())
    }

    /// A folder may hold other files too: those that are no rule files are passed over.
    fn folder(&mut self, path: &Path, whole: PathBuf) -> Result<(), Failure> {
        if !self.seen.insert(whole) {
            return Ok(());
        }
        let entries = std::fs::read_dir(path)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let mut entries: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        for entry in entries {
            let Ok(whole) = entry.canonicalize() else { continue };
            let is_yaml =
                entry.extension().is_some_and(|ending| ending == "yaml" || ending == "yml");
            if entry.is_dir() {
                self.folder(&entry, whole)?;
            } else if is_yaml {
                self.file(&entry, &whole);
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path, whole: &Path) {
        let is_this = |file: &RuleFile| {
            Path::new(&file.path).canonicalize().is_ok_and(|known| known == *whole)
        };
        let Some(kind) = self.sources.kind_of(path) else { return };
        if self.files.iter().any(is_this) {
            return;
        }
        let shown = path.display().to_string();
        match std::fs::read(path) {
            // What is not UTF-8 is told with its place when the text is read.
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
                let name = name.to_owned();
                self.files.push(RuleFile { kind, name, path: shown, text });
            }
            Err(error) => {
                let place = SourceFile::new(shown, "").start();
                let error = Diagnostic::error(&place, format!("the file cannot be read: {error}"));
                self.told.push(error.hint("check its rights"));
            }
        }
    }
}

fn colour() -> bool {
    use std::io::IsTerminal as _;
    std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal()
}
