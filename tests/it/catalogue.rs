//! What can be connected: the list, its JSON, and the pages that are made from the files.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Command, Output},
};

use parcelwire_mapping::book::FileKind;
use serde_json::Value;

use crate::{harness::write, tidy::root};

/// Pages that people write, or that are made of something else.
const BY_HAND: [&str; 4] = ["functions.md", "webhook-guide.md", "writing-one.md", "writing.md"];

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("NO_COLOR", "1")
        .output()
        .expect("it runs")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn listed(directory: &Path, arguments: &[&str]) -> Vec<Value> {
    let output = run(directory, arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", told(&output)))
}

fn files(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).expect("it is there").flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[test]
fn each_connector_has_a_page_and_the_pages_are_those_of_the_files() {
    const AGAIN: &str = "run  parcelwire connectors --docs docs/connectors";
    let directory = tempfile::tempdir().expect("a directory");
    let made = run(&root(), &["connectors", "--docs", &directory.path().display().to_string()]);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    let pages = root().join("docs/connectors");
    for name in files(directory.path()) {
        let now = fs::read_to_string(directory.path().join(&name)).expect("it was made");
        let kept = fs::read_to_string(pages.join(&name)).unwrap_or_default();
        assert!(now == kept, "docs/connectors/{name} is not what its file says: {AGAIN}");
    }
    let mut wanted = files(directory.path());
    wanted.extend(BY_HAND.map(str::to_owned));
    assert_eq!(files(&pages), wanted, "pages of no connector are to be removed");
}

#[test]
fn all_are_listed_with_what_they_can_and_how_sure_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let all = listed(directory.path(), &["connectors", "--json"]);
    let shipped = parcelwire::config::shipped();
    let kinds = [FileKind::SourceConnector, FileKind::DestinationConnector];
    let of_connectors = shipped.iter().filter(|file| kinds.contains(&file.kind)).count();
    assert_eq!(all.len(), of_connectors);
    for one in &all {
        let name = &one["name"];
        assert_eq!(one["shipped"], true, "{name}");
        assert!(one["facts"]["confirmed"].is_string(), "{name} does not say how sure it is");
        assert!(!one["facts"]["title"].as_str().unwrap_or_default().is_empty(), "{name}");
        let steps = |language: &str| one["setup"][language].as_array().map_or(0, Vec::len);
        assert!(steps("en") > 0 && steps("en") == steps("de"), "{name} has the same steps twice");
        if one["kind"] == "source" {
            assert!(!one["statuses"].as_array().expect("a list").is_empty(), "{name}");
            let verified = one["verified_by"].as_array().expect("a list").len();
            let asks = one["poll"].is_string();
            assert!(verified > 0 || asks, "{name} is neither verified nor polled");
            let secret = one["setup"]["secret"]["en"].is_string();
            assert!(secret || one["needs_secret"] == false, "{name}: where is its secret?");
        } else {
            assert!(!one["requests"].as_array().expect("a list").is_empty(), "{name}");
        }
    }
    let lines = String::from_utf8(run(directory.path(), &["connectors"]).stdout).expect("text");
    assert_eq!(lines.lines().count(), all.len());
    // One name, two connectors.
    assert_eq!(listed(directory.path(), &["connectors", "webhook", "--json"]).len(), 2);
}

#[test]
fn own_files_are_listed_and_broken_ones_told() {
    let directory = tempfile::tempdir().expect("a directory");
    let made = run(directory.path(), &["new", "source", "depot"]);
    assert_eq!(made.status.code(), Some(0), "{}", told(&made));
    let own = listed(directory.path(), &["connectors", "depot", "--json"]);
    assert_eq!((&own[0]["shipped"], &own[0]["kind"]), (&Value::Bool(false), &"source".into()));
    let page = run(directory.path(), &["connectors", "depot"]);
    assert!(String::from_utf8_lossy(&page.stdout).contains("| home | `delivered` |"));
    write(directory.path(), "connectors/destinations/bad.yaml", "title: Bad\nsend: [\n");
    let all = run(directory.path(), &["connectors"]);
    assert_eq!(all.status.code(), Some(3));
    assert!(told(&all).contains("connectors/destinations/bad.yaml"), "{}", told(&all));
    assert!(String::from_utf8_lossy(&all.stdout).contains("depot"), "the others are listed");
    let unknown = run(directory.path(), &["connectors", "depto"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(told(&unknown).contains("did you mean `depot`?"), "{}", told(&unknown));
}

/// The example of a merchant's file on each page, with what it leaves out.
#[test]
fn the_examples_on_the_pages_pass_check() {
    let pages = root().join("docs/connectors");
    let mut tried = 0;
    for name in files(&pages).iter().filter(|name| !BY_HAND.contains(&name.as_str())) {
        let page = fs::read_to_string(pages.join(name)).expect("it is read");
        for example in page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()) {
            let directory = tempfile::tempdir().expect("a directory");
            write(directory.path(), "config/merchants/hey.yaml", example);
            let checked = run(directory.path(), &["check", "config/merchants/hey.yaml"]);
            let said = String::from_utf8_lossy(&checked.stdout).into_owned();
            assert_eq!(checked.status.code(), Some(0), "{name}\n{example}\n{said}");
            tried += 1;
        }
    }
    assert!(tried > 20);
}
