//! Rules of the house that Cargo cannot check.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

const MAX_LINES: usize = 520;

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            if name != "target" && name != ".git" {
                files(&path, endings, found);
            }
        } else if path.extension().is_some_and(|ending| endings.iter().any(|e| ending == *e)) {
            found.push(path);
        }
    }
}

#[test]
fn knowledge_goes_one_way() {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .expect("cargo answers");
    let metadata: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    let may_know: &[(&str, &[&str])] = &[
        ("parcelwire-domain", &[]),
        ("parcelwire-mapping", &["parcelwire-domain"]),
        ("parcelwire-engine", &["parcelwire-domain", "parcelwire-mapping"]),
        ("parcelwire-store", &["parcelwire-domain", "parcelwire-engine"]),
    ];
    let banned: &[(&str, &[&str])] = &[
        ("parcelwire-domain", &["tokio", "actix-web", "reqwest", "rusqlite", "rand"]),
        ("parcelwire-mapping", &["tokio", "actix-web", "reqwest", "rusqlite", "rand"]),
        ("parcelwire-engine", &["actix-web", "reqwest", "rusqlite"]),
        ("parcelwire-store", &["actix-web", "reqwest", "parcelwire-mapping"]),
    ];
    for package in metadata["packages"].as_array().expect("packages") {
        let name = package["name"].as_str().unwrap_or_default();
        let normal = package["dependencies"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|dependency| dependency["kind"].is_null());
        for dependency in normal.filter_map(|dependency| dependency["name"].as_str()) {
            if let Some((_, known)) = may_know.iter().find(|(known, _)| *known == name) {
                assert!(
                    !dependency.starts_with("parcelwire") || known.contains(&dependency),
                    "{name} knows {dependency}"
                );
            }
            if let Some((_, banned)) = banned.iter().find(|(known, _)| *known == name) {
                assert!(!banned.contains(&dependency), "{name} knows {dependency}");
            }
        }
    }
}

#[test]
fn files_stay_small_and_say_what_they_are_for() {
    let mut sources = Vec::new();
    for folder in ["src", "crates", "tests", "benches"] {
        files(&root().join(folder), &["rs"], &mut sources);
    }
    assert!(sources.len() > 100);
    for path in sources {
        let text = fs::read_to_string(&path).expect("it is read");
        assert!(
            text.lines().count() <= MAX_LINES,
            "{} has {} lines",
            path.display(),
            text.lines().count()
        );
    }
}

#[test]
fn the_product_speaks_of_itself_alone() {
    let mut all = Vec::new();
    for folder in ["src", "crates", "tests", "benches", "connectors", "mappings", "config", "docs"]
    {
        files(&root().join(folder), &["rs", "yaml", "md", "json", "toml", "sql"], &mut all);
    }
    // Spelt apart, so that this file may name them.
    let banned = [concat!("/wo", "rk/"), concat!("../sha", "red"), concat!("/tmp/", "pw")];
    for path in all {
        let text = fs::read_to_string(&path).expect("it is read");
        for word in banned {
            assert!(!text.contains(word), "{} names {word}", path.display());
        }
    }
}

#[test]
fn every_shipped_connector_names_its_facts_and_has_tests() {
    let mut connectors = Vec::new();
    files(&root().join("connectors"), &["yaml"], &mut connectors);
    assert!(connectors.len() >= 4);
    for path in connectors {
        let text = fs::read_to_string(&path).expect("it is read");
        assert!(text.contains("\nfacts:") && text.contains("\ntests:\n"), "{}", path.display());
    }
}
