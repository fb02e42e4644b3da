//! What is looked at on this machine: files, secrets, the disk, limits, the embedded store.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use parcelwire_mapping::{
    book::{Book, Invented, RuleFile},
    text::{Diagnostic, Severity},
};
use parcelwire_store::embedded;

use super::{finding::Finding, judge};
use crate::{
    app::room_for_connections,
    cli::chain,
    config::{RuleFiles, Settings},
};

/// Most mistakes in files that are told one by one.
const MOST_TOLD: usize = 20;

/// How often a small write is timed.
const WRITES: usize = 5;

/// Rule files and the secrets they name; and the book that is made of them.
pub(super) fn rules(
    settings: &Settings,
    files: &RuleFiles,
    merchant: Option<&str>,
) -> (Book, Vec<Finding>) {
    let (found, unread) = files.read();
    let (book, told) = Book::compile(&found, &files.secrets, &files.around, None);
    let (_, sound) = Book::compile(&found, &Invented, &files.around, None);
    let concerns = |one: &&Diagnostic| merchant.is_none_or(|name| concerns(settings, name, one));
    let all: Vec<&Diagnostic> = unread.iter().chain(told.iter()).filter(concerns).collect();
    let mut findings = Vec::new();
    for one in all.iter().filter(|one| one.severity == Severity::Error).take(MOST_TOLD) {
        // What is wrong with real secrets alone is a secret.
        let is_secret = !unread.iter().chain(sound.iter()).any(|known| known == *one);
        let hint = one.hint.clone().unwrap_or_default();
        let hint = match (is_secret, hint.is_empty()) {
            (true, true) => "set it where the relay runs; files lie below secrets.path".to_owned(),
            (false, true) => "`parcelwire check` shows the line".to_owned(),
            (_, false) => hint,
        };
        let check = if is_secret { "secrets" } else { "rules" };
        findings.push(Finding::fail(check, one.message.clone(), hint).of(place(one)));
    }
    let warned = all.iter().filter(|one| one.severity == Severity::Warning).count();
    if warned > 0 {
        let hint = "`parcelwire check` shows them";
        findings.push(Finding::warn("rules", format!("{warned} warnings in rule files"), hint));
    }
    if findings.is_empty() {
        let own = |file: &&RuleFile| !file.path.starts_with("(shipped)");
        let count = found.iter().filter(own).count();
        let detail = format!("{count} files, and the secrets they name, are in order");
        findings.push(Finding::ok("rules", detail));
    }
    (book, findings)
}

/// Whether a mistake can touch this merchant: files of others cannot.
fn concerns(settings: &Settings, merchant: &str, one: &Diagnostic) -> bool {
    let Some(span) = &one.span else { return true };
    let path = Path::new(&span.file.path);
    let is_other = path.file_stem().is_some_and(|name| name != merchant);
    !(is_other && path.parent() == Some(&settings.paths.merchants))
}

fn place(one: &Diagnostic) -> String {
    one.span
        .as_ref()
        .map_or_else(String::new, |span| format!("{}:{}", span.file.path, span.line_column().0))
}

/// The token of the settings, and who may read secrets.
pub(super) fn secrets(settings: &Settings, files: &RuleFiles) -> Vec<Finding> {
    let mut findings = vec![match files.secrets.optional(&settings.admin.token) {
        Ok(Some(token)) => judge::token(token.expose()),
        Ok(None) => Finding::ok("admin_token", "made by the relay at its first start"),
        Err(why) => Finding::fail("admin_token", why, "see admin.token in the settings"),
    }];
    let folder = &settings.secrets.path;
    let Ok(about) = fs::metadata(folder) else { return findings };
    let mut looked = vec![judge::rights(&shown(folder), about.permissions().mode(), true)];
    // In a folder that is closed nobody reaches the files.
    if looked.iter().any(|finding| !finding.hint.is_empty()) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            if let Ok(about) = fs::metadata(entry.path())
                && about.is_file()
            {
                let mode = about.permissions().mode();
                looked.push(judge::rights(&shown(&entry.path()), mode, false));
            }
        }
        let is_open = |finding: &&Finding| !finding.hint.is_empty();
        // Files that are closed make an open folder harmless: names are no secrets.
        let files_are_closed = !looked.iter().skip(1).any(|finding| is_open(&finding));
        if files_are_closed {
            looked = vec![
                Finding::ok("secrets", "its files are for their owner alone").of(shown(folder)),
            ];
        } else {
            looked.retain(|finding| is_open(&finding));
        }
    }
    findings.append(&mut looked);
    findings
}

fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Open files, as far as the limit goes.
pub(super) fn files(settings: &Settings) -> Finding {
    let wanted = settings.http.max_connections;
    judge::files(wanted, room_for_connections(wanted))
}

/// The data directory: room, speed, who works with it, and whether this version can read it.
pub(super) fn store(settings: &Settings) -> (Vec<Finding>, Option<String>) {
    let path = &settings.store.path;
    let mut findings = disk(path);
    let holder = match embedded::look(path) {
        Ok(embedded::Found { holder: Some(pid), .. }) => Some(pid),
        Ok(embedded::Found { holder: None, schema }) => {
            let detail = match schema {
                Some(schema) => format!("readable (schema {schema}), no relay works with it"),
                None => "empty, the first start makes it".to_owned(),
            };
            findings.push(Finding::ok("store", detail).of(shown(path)));
            None
        }
        Err(error) => {
            findings.push(Finding::told("store", &chain(&error)).of(shown(path)));
            None
        }
    };
    (findings, holder)
}

fn disk(path: &Path) -> Vec<Finding> {
    // What is not there yet is made in the next folder above it.
    let above = path.ancestors().find(|above| above.exists());
    let folder = match above {
        Some(above) if !above.as_os_str().is_empty() => above,
        _ => Path::new("."),
    };
    let mut findings = Vec::new();
    match rustix::fs::statvfs(folder) {
        Ok(about) => {
            let size = about.f_frsize;
            findings.push(judge::room(about.f_bavail * size, about.f_blocks * size));
        }
        Err(error) => {
            let detail = format!("its room cannot be asked: {error}");
            findings.push(Finding::warn("disk", detail, "check store.path"));
        }
    }
    findings.push(match time_writes(folder) {
        Ok(took) => judge::sync(took),
        Err(error) => {
            let detail = format!("it cannot be written to: {error}");
            let hint =
                "check its owner, its rights and its room, or set store.path to another directory";
            Finding::fail("disk", detail, hint)
        }
    });
    let named = |finding: Finding| finding.of(shown(folder));
    findings.into_iter().map(named).collect()
}

/// How long a small write takes until it is durable: the middle one of a few.
fn time_writes(folder: &Path) -> io::Result<Duration> {
    let file = tempfile::Builder::new().prefix(".parcelwire-doctor-").tempfile_in(folder)?;
    let mut times = Vec::new();
    for _ in 0..WRITES {
        times.push(time_write(file.as_file())?);
    }
    times.sort_unstable();
    Ok(times[WRITES / 2])
}

#[expect(clippy::disallowed_methods, reason = "commands are an edge: they measure")]
fn time_write(mut file: &File) -> io::Result<Duration> {
    let began = Instant::now();
    file.write_all(&[0; 4096])?;
    file.sync_data()?;
    Ok(began.elapsed())
}
