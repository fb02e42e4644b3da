//! Rules of the house that Cargo cannot check.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

/// Most lines of a file; tests at its end are not counted.
const MAX_LINES: usize = 500;

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
        ("parcelwire-domain", &["tokio", "actix-web", "reqwest", "redis", "rusqlite", "rand"]),
        ("parcelwire-mapping", &["tokio", "actix-web", "reqwest", "redis", "rusqlite", "rand"]),
        ("parcelwire-engine", &["actix-web", "reqwest", "redis", "rusqlite"]),
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

/// All Rust files, each with its text.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for folder in folders {
        files(&root().join(folder), &["rs"], &mut found);
    }
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("it is read");
        (path.strip_prefix(root()).expect("it is inside").to_owned(), text)
    };
    found.into_iter().map(read).collect()
}

/// What is not there to test the rest.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

fn is_test(path: &Path) -> bool {
    path.components().any(|part| {
        let part = part.as_os_str();
        part == "tests" || part == "tests.rs"
    })
}

#[test]
fn files_stay_small_and_say_what_they_are_for() {
    let sources = sources(&["src", "crates", "tests", "benches", "fuzz"]);
    assert!(sources.len() > 100);
    for (path, text) in sources {
        let lines = product(&text).lines().count();
        assert!(lines <= MAX_LINES, "{} has {lines} lines", path.display());
        assert!(is_test(&path) || text.starts_with("//!"), "{} has no `//!`", path.display());
    }
}

#[test]
fn what_knows_a_library_of_the_edge_is_named_here() {
    let edges: [(&str, &[&str]); 4] = [
        ("actix_", &["src/http", "src/sandbox", "src/app"]),
        ("reqwest::", &["src/transport", "src/cli", "src/demo"]),
        ("rusqlite::", &["crates/store/src"]),
        ("lettre::", &["src/mail"]),
    ];
    for (path, text) in sources(&["src", "crates"]).iter().filter(|(path, _)| !is_test(path)) {
        for (library, homes) in edges {
            let at_home = homes.iter().any(|home| path.starts_with(home));
            assert!(at_home || !text.contains(library), "{} knows {library}", path.display());
        }
    }
}

/// Where a shipped connector may be named: what plays one, and carriers, which are words of the
/// taxonomy whoever has a connector.
const PLAYS_ONE: [&str; 3] = ["src/demo", "src/sandbox", "crates/domain/src/carrier.rs"];

/// The generic connector has the name of what it is for; it is no name where headers begin with it, or
/// where incidents are told to one.
const NO_NAME: [(&str, &str); 4] = [
    ("webhook", "crates/mapping/src/infer/headers.rs"),
    ("webhook", "crates/mapping/src/merchant/shape.rs"),
    ("webhook", "crates/mapping/src/book/alerts.rs"),
    ("webhook", "crates/engine/src/alerts/channels.rs"),
];

/// Whether a text names a connector: in code, in a comment, in part of a longer name.
fn names(text: &str, connector: &str) -> bool {
    if connector == "webhook" {
        return text.contains("\"webhook\"");
    }
    let text = text.to_lowercase();
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    text.match_indices(connector).any(|(at, _)| {
        let (before, rest) = text.split_at(at);
        let after = rest.get(connector.len()..).and_then(|rest| rest.chars().next());
        // Short ones are parts of everyday words.
        connector.len() > 4 || !is_letter(before.chars().last()) && !is_letter(after)
    })
}

#[test]
fn no_code_names_a_shipped_connector() {
    for (text, connector) in [
        ("if connector == \"shopify\" {", "shopify"),
        ("struct ShopifySource;", "shopify"),
        ("/// As 17TRACK does it.", "17track"),
        ("fn aftership_returns() {}", "aftership_returns"),
        ("// what UPS says", "ups"),
        ("is_ups", "ups"),
        ("\"webhook\"", "webhook"),
    ] {
        assert!(names(text, connector), "{text}");
    }
    for (text, connector) in [("groups", "ups"), ("a webhook", "webhook"), ("ship", "shiphero")] {
        assert!(!names(text, connector), "{text}");
    }
    let mut connectors = Vec::new();
    files(&root().join("connectors"), &["yaml"], &mut connectors);
    let connectors: Vec<&str> =
        connectors.iter().filter_map(|path| path.file_stem()?.to_str()).collect();
    assert!(connectors.len() > 15);
    for (path, text) in sources(&["src", "crates"]) {
        if PLAYS_ONE.iter().any(|home| path.starts_with(home)) || is_test(&path) {
            continue;
        }
        for connector in &connectors {
            let is_none = NO_NAME.iter().any(|(name, at)| name == connector && path.ends_with(at));
            assert!(is_none || !names(&text, connector), "{} names {connector}", path.display());
        }
    }
}

#[test]
fn the_product_speaks_of_itself_alone() {
    let mut all = Vec::new();
    for folder in
        ["src", "crates", "tests", "benches", "fuzz", "connectors", "mappings", "config", "docs"]
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

#[test]
fn every_answer_of_the_api_is_masked_by_whoever_asks() {
    let sources = sources(&["src/http/api"]);
    assert!(sources.len() > 8);
    for (path, text) in sources {
        let is_the_door = path.ends_with("access.rs") || path.ends_with("api/mod.rs");
        let answers = product(&text).contains("HttpResponse::");
        assert!(is_the_door || !answers, "{} answers past `Who::show`", path.display());
    }
}
