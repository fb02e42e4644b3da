//! What is depended on: licences, bans and sources by deny.toml, and nothing that is not used.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::tidy::{files, root};

/// What Cargo knows of all packages that are built on this machine.
fn metadata() -> Value {
    let rustc = Command::new("rustc").arg("-vV").output().expect("rustc answers");
    let rustc = String::from_utf8_lossy(&rustc.stdout).into_owned();
    let host = rustc.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host");
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked"])
        .args(["--filter-platform", host])
        .current_dir(root())
        .output()
        .expect("cargo answers");
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    serde_json::from_slice(&told.stdout).expect("JSON")
}

fn packages(metadata: &Value) -> &Vec<Value> {
    metadata["packages"].as_array().expect("packages")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The quoted words of a part of deny.toml: from its key to the `]` that ends its list.
fn words_of(deny: &str, key: &str) -> Vec<String> {
    let (_, list) = deny.split_once(&format!("\n{key} = [")).expect("the key is there");
    let (list, _) = list.split_once("\n]").expect("the list ends");
    let lines = list.lines().filter_map(|line| line.split('"').nth(1));
    lines.map(str::to_owned).collect()
}

fn deny() -> String {
    fs::read_to_string(root().join("deny.toml")).expect("it is read")
}

/// Whether an SPDX expression holds with these licences. `AND` binds tighter than `OR`.
fn allows(allowed: &[String], expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = expression.split_whitespace().collect();
    let mut rest = words.as_slice();
    let holds = any(allowed, &mut rest);
    assert!(rest.is_empty(), "`{expression}` is no licence expression");
    holds
}

fn any(allowed: &[String], rest: &mut &[&str]) -> bool {
    let mut holds = all(allowed, rest);
    while rest.first() == Some(&"OR") {
        *rest = &rest[1..];
        holds |= all(allowed, rest);
    }
    holds
}

fn all(allowed: &[String], rest: &mut &[&str]) -> bool {
    let mut holds = one(allowed, rest);
    while rest.first() == Some(&"AND") {
        *rest = &rest[1..];
        holds &= one(allowed, rest);
    }
    holds
}

fn one(allowed: &[String], rest: &mut &[&str]) -> bool {
    let Some((first, behind)) = rest.split_first() else { return false };
    *rest = behind;
    if *first == "(" {
        let holds = any(allowed, rest);
        *rest = rest.strip_prefix(&[")"]).expect("it is closed");
        return holds;
    }
    let mut name = (*first).to_owned();
    if let [with @ "WITH", exception, behind @ ..] = *rest {
        name = format!("{name} {with} {exception}");
        *rest = behind;
    }
    allowed.contains(&name)
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "ISC", "Apache-2.0 WITH LLVM-exception"].map(str::to_owned);
    for (expression, holds) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0/MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(GPL-3.0 OR MIT) AND ISC", true),
        ("GPL-3.0 OR MIT AND BSD-3-Clause", false),
        ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", true),
        ("Apache-2.0", false),
    ] {
        assert_eq!(allows(&allowed, expression), holds, "{expression}");
    }
}

#[test]
fn licences_bans_and_sources_are_those_of_deny_toml() {
    let (metadata, deny) = (metadata(), deny());
    let allowed = words_of(&deny, "allow");
    let banned = words_of(&deny, "deny");
    assert!(allowed.len() > 5 && banned.contains(&"chrono".to_owned()), "{allowed:?} {banned:?}");
    for package in packages(&metadata) {
        let (name, licence) = (text(package, "name"), text(package, "license"));
        assert!(allows(&allowed, licence), "{name} has the licence `{licence}`");
        assert!(!banned.contains(&name.to_owned()), "{name} is banned");
        let source = text(package, "source");
        let known =
            source.is_empty() || source.starts_with("registry+https://github.com/rust-lang/");
        assert!(known, "{name} comes from {source}");
    }
}

/// All Rust text below these folders of a package.
fn code(package: &Value, folders: &[&str]) -> String {
    let manifest = Path::new(text(package, "manifest_path"));
    let home = manifest.parent().expect("a folder");
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in folders {
        files(&home.join(folder), &["rs"], &mut found);
    }
    let texts = found.iter().map(|path| fs::read_to_string(path).expect("it is read"));
    texts.collect::<Vec<_>>().join("\n")
}

/// What a package is called in code.
fn crate_name<'v>(metadata: &'v Value, package: &'v str) -> &'v str {
    let package_of = |found: &&Value| text(found, "name") == package;
    let targets = packages(metadata).iter().find(package_of).map(|found| &found["targets"]);
    let is_library = |target: &&Value| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        kinds.filter_map(Value::as_str).any(|kind| kind == "lib" || kind == "proc-macro")
    };
    let library = targets.and_then(Value::as_array).into_iter().flatten().find(is_library);
    library.map_or(package, |library| text(library, "name"))
}

#[test]
fn every_dependency_is_used_where_it_is_named() {
    let metadata = metadata();
    let members = packages(&metadata).iter().filter(|package| package["source"].is_null());
    let mut looked_at = 0;
    for package in members {
        let product = code(package, &["src"]);
        let tests = code(package, &["tests", "benches", "examples"]);
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let name = text(dependency, "name");
            let word = dependency["rename"].as_str().unwrap_or_else(|| crate_name(&metadata, name));
            let word = word.replace('-', "_");
            let uses = |code: &str| {
                code.contains(&format!("{word}::")) || code.contains(&format!("use {word}"))
            };
            // A dependency of tests may be used by those that stand beside the code.
            let used = uses(&product) || (!dependency["kind"].is_null() && uses(&tests));
            assert!(used, "{} names {name}, and does not use it", text(package, "name"));
            looked_at += 1;
        }
    }
    assert!(looked_at > 30);
}

#[test]
fn every_version_of_the_workspace_is_asked_for_and_has_its_reason() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("it is read");
    let (whole, reasons) = (read("Cargo.toml"), read("docs/decisions/0001-dependencies.md"));
    let reasons: Vec<&str> = reasons
        .lines()
        .filter_map(|line| line.strip_prefix("| ")?.split(" | ").next())
        .flat_map(|crates| crates.split([',', ' ']))
        .collect();
    let (_, shared) = whole.split_once("\n[workspace.dependencies]\n").expect("it is there");
    let shared = shared.split_once("\n[").map_or(shared, |(shared, _)| shared);
    let names = shared.lines().filter_map(|line| line.split_once(" = ").map(|(name, _)| name));
    let metadata = metadata();
    let members = packages(&metadata).iter().filter(|package| package["source"].is_null());
    let asked: Vec<&str> = members
        .flat_map(|package| package["dependencies"].as_array().into_iter().flatten())
        .map(|dependency| text(dependency, "name"))
        .collect();
    for name in names {
        assert!(asked.contains(&name), "no crate asks for {name}");
        let is_own = name.starts_with("parcelwire");
        assert!(is_own || reasons.contains(&name), "{name} states no reason");
    }
}
