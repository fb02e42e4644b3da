//! `connectors`: what there is, what each can do, and the pages of the docs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use parcelwire_mapping::{
    book::{Book, FileKind, Invented, RuleFile},
    describe::{self, Description},
    text::{Severity, did_you_mean},
};

use super::{Done, Failure, print, say};
use crate::config::{RuleFiles, Settings};

/// `parcelwire connectors`
#[derive(Debug, Args)]
pub(super) struct Connectors {
    /// One of them: everything that is known of it
    name: Option<String>,
    /// As JSON
    #[arg(long)]
    json: bool,
    /// Write the page of each, and one that lists them, into this folder
    #[arg(long, value_name = "DIR", conflicts_with_all = ["json", "name"])]
    docs: Option<PathBuf>,
}

impl Connectors {
    pub(super) fn run(&self, settings: &Settings) -> Done {
        let files = RuleFiles::of(settings);
        let (found, _) = files.read();
        let mut described = describe::all(&found, is_shipped);
        if let Some(name) = &self.name {
            let known: Vec<String> = described.iter().map(|one| one.name.clone()).collect();
            described.retain(|one| one.name == *name);
            if described.is_empty() && !names_one(&found, name) {
                let hint = did_you_mean(name, known.iter().map(String::as_str))
                    .unwrap_or_else(|| "`parcelwire connectors` lists all".to_owned());
                return Err(Failure::Usage(format!(
                    "there is no connector `{name}` (hint: {hint})"
                )));
            }
        }
        match &self.docs {
            Some(folder) => write_pages(folder, described)?,
            None if self.json => {
                print(&serde_json::to_string_pretty(&described).unwrap_or_default());
            }
            None if self.name.is_some() => print(describe::page(&described).trim_end()),
            None => print(&list(&described)),
        }
        broken(&found, &files, self.name.as_deref())
    }
}

/// The shipped ones are those whose file is compiled in word by word, wherever it was read.
fn is_shipped(file: &RuleFile) -> bool {
    let same = |one: &RuleFile| one.kind == file.kind && one.name == file.name;
    crate::config::shipped().iter().any(|one| same(one) && one.text == file.text)
}

fn names_one(files: &[RuleFile], name: &str) -> bool {
    files.iter().any(|file| is_connector(file) && file.name == name)
}

fn is_connector(file: &RuleFile) -> bool {
    matches!(file.kind, FileKind::SourceConnector | FileKind::DestinationConnector)
}

/// Tells which of them cannot be used, after those that can were listed.
fn broken(found: &[RuleFile], files: &RuleFiles, name: Option<&str>) -> Done {
    let mut wanted: Vec<RuleFile> =
        found.iter().filter(|file| is_connector(file)).cloned().collect();
    wanted.retain(|file| name.is_none_or(|name| file.name == name));
    let (_, told) = Book::compile(&wanted, &Invented, &files.around, None);
    let mut paths: Vec<&str> = told
        .iter()
        .filter(|told| told.severity == Severity::Error)
        .filter_map(|told| Some(told.span.as_ref()?.file.path.as_str()))
        .collect();
    paths.dedup();
    if paths.is_empty() {
        return Ok(());
    }
    Err(Failure::Configuration(format!(
        "broken: {} (hint: `parcelwire check` tells what is wrong)",
        paths.join(", ")
    )))
}

fn write_pages(folder: &Path, described: Vec<Description>) -> Done {
    let cannot = |path: &Path, error: std::io::Error| {
        Failure::Usage(format!("{} cannot be written: {error}", path.display()))
    };
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))?;
    let pages = describe::catalogue(described);
    for page in &pages {
        let path = folder.join(&page.file);
        fs::write(&path, &page.text).map_err(|error| cannot(&path, error))?;
    }
    say(&format!("{} pages in {}", pages.len(), folder.display()));
    Ok(())
}

/// One line each, in columns.
fn list(described: &[Description]) -> String {
    let rows: Vec<[String; 5]> = described
        .iter()
        .map(|one| {
            let own = if one.shipped { "" } else { "own file, " };
            [
                one.kind().to_owned(),
                one.name.clone(),
                one.title.clone(),
                format!("{own}{}", one.facts.in_short()),
                one.in_short(),
            ]
        })
        .collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    let lines: Vec<String> = rows
        .iter()
        .map(|[kind, name, title, facts, can]| {
            format!(
                "{kind:<0$}  {name:<1$}  {title:<2$}  {facts:<3$}  {can}",
                widths[0], widths[1], widths[2], widths[3]
            )
        })
        .collect();
    lines.join("\n")
}
