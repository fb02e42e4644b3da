//! `check`: what is wrong in all files, and the tests in them.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use parcelwire_mapping::{
    book::RuleFile,
    filetests::run::{Checked, run},
    text::{Case, Diagnostic, RenderFormat, render_cases},
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
enum Format {
    Text,
    Github,
    Junit,
    Json,
}

impl Check {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let sources = RuleFiles::of(settings);
        let (mut files, told) = sources.read();
        for path in &self.paths {
            add(path, &sources, &mut files)?;
        }
        let named: Vec<PathBuf> =
            self.paths.iter().filter_map(|path| path.canonicalize().ok()).collect();
        let wanted = |file: &RuleFile| {
            named.is_empty()
                || Path::new(&file.path)
                    .canonicalize()
                    .is_ok_and(|path| named.iter().any(|named| path.starts_with(named)))
        };
        let mut checked = run(&files, &sources.around, now(), wanted);
        checked.diagnostics.append(told);
        let fine = checked.is_fine();
        let tests = checked.tests.len();
        self.write(&checked, files.iter().filter(|file| wanted(file)));
        if fine {
            say(&format!("{} files and {tests} tests in them: all fine", files.len()));
            return Ok(());
        }
        Err(Failure::Wrong(String::new()))
    }

    fn write<'f>(&self, checked: &Checked, files: impl Iterator<Item = &'f RuleFile>) {
        let mut cases: Vec<Case> = files
            .map(|file| Case {
                file: file.path.clone(),
                name: "reads".to_owned(),
                diagnostics: Vec::new(),
            })
            .collect();
        for told in checked.diagnostics.iter() {
            let path = told.span.as_ref().map(|span| span.file.path.clone()).unwrap_or_default();
            match cases.iter_mut().find(|case| case.file == path) {
                Some(case) => case.diagnostics.push(told.clone()),
                None => cases.push(Case {
                    file: path,
                    name: "reads".to_owned(),
                    diagnostics: vec![told.clone()],
                }),
            }
        }
        for (file, test) in &checked.tests {
            let failure = test.failure.as_ref().map(|failure| {
                Diagnostic::error(&test.span, format!("the test `{}` fails: {failure}", test.name))
            });
            let diagnostics = failure.into_iter().collect();
            cases.push(Case { file: file.clone(), name: test.name.clone(), diagnostics });
        }
        let format = match self.format {
            Format::Text => RenderFormat::Text { colour: colour() },
            Format::Github => RenderFormat::Github,
            Format::Junit => RenderFormat::Junit,
            Format::Json => RenderFormat::Json,
        };
        let text = render_cases(&cases, format, &[]);
        if !text.trim().is_empty() {
            print(text.trim_end());
        }
    }
}

/// A path that is not among the configured ones is read as well.
fn add(path: &Path, sources: &RuleFiles, files: &mut Vec<RuleFile>) -> Result<(), Failure> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path)
            .map_err(|error| Failure::Usage(format!("{}: {error}", path.display())))?;
        let mut entries: Vec<PathBuf> =
            entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
        entries.sort();
        for entry in entries {
            if entry.is_dir() || entry.extension().is_some_and(|ending| ending == "yaml") {
                add(&entry, sources, files)?;
            }
        }
        return Ok(());
    }
    let shown = path.display().to_string();
    let known = files.iter().any(|file| {
        Path::new(&file.path)
            .canonicalize()
            .ok()
            .zip(path.canonicalize().ok())
            .is_some_and(|(a, b)| a == b)
    });
    if known {
        return Ok(());
    }
    let Some(kind) = sources.kind_of(path) else {
        let known = "sources, destinations, mappings, merchants, templates or feeds";
        return Err(Failure::Usage(format!(
            "{shown}: the folder tells a file's kind, and must be one of {known}"
        )));
    };
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::Usage(format!("{shown}: {error}")))?;
    let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
    files.push(RuleFile { kind, name, path: shown, text });
    Ok(())
}

fn colour() -> bool {
    use std::io::IsTerminal as _;
    std::env::var_os("NO_COLOR").is_none() && std::io::stdout().is_terminal()
}
