//! Files with mistakes, through the command that checks them: all at once, each with its line, what
//! it should be, and what to do.

use std::{path::Path, process::Command};

use serde_json::Value;

use crate::{
    feeds,
    harness::{merchant, write},
};

/// What `check` says: its exit code, and every finding.
fn check(directory: &Path) -> (Option<i32>, Vec<Finding>) {
    let told = Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .args(["check", "--format", "json"])
        .current_dir(directory)
        .env_clear()
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    let found: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("JSON: {text}"));
    let found = found.as_array().expect("a list").iter();
    let findings = found.map(|finding| Finding {
        severity: finding["severity"].as_str().unwrap_or_default().to_owned(),
        line: finding["line"].as_u64().unwrap_or_default(),
        message: finding["message"].as_str().unwrap_or_default().to_owned(),
        hint: finding["hint"].as_str().unwrap_or_default().to_owned(),
    });
    (told.status.code(), findings.filter(|finding| finding.severity == "error").collect())
}

#[derive(Debug)]
struct Finding {
    severity: String,
    line: u64,
    message: String,
    hint: String,
}

/// Every mistake is told at its line, with these words in message or hint, and nothing else is.
fn tells(directory: &Path, mistakes: &[(u64, &str, &str)]) {
    let (code, findings) = check(directory);
    assert_eq!(code, Some(1), "{findings:#?}");
    for (line, message, hint) in mistakes {
        let told = findings.iter().find(|finding| {
            finding.line == *line
                && finding.message.contains(message)
                && finding.hint.contains(hint)
        });
        assert!(told.is_some(), "{line}: {message} ({hint}) is not among {findings:#?}");
    }
    assert_eq!(findings.len(), mistakes.len(), "{findings:#?}");
}

#[test]
fn ten_different_mistakes_of_a_mapping_are_told_at_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = "\
names: fr
langage: de
when: =destination_cuntry == 'AT'
triggers:
  deliverd: Da!
  delivered:
    max_age: 3 daze
    purpose: advert
    when: =destination_country in [
    properties:
      number: =order_number | uper
      link: {{ tracking_url }}
  lost: Weg
  lost: Fort
";
    write(directory.path(), "mappings/own.yaml", text);
    tells(
        directory.path(),
        &[
            (1, "`fr`", "`de`"),
            (2, "unknown key `langage`", ""),
            (3, "destination_cuntry", "destination_country"),
            (5, "unknown trigger `deliverd`", "delivered"),
            (7, "`3 daze`", "s, m, h, d, bd"),
            (8, "`advert`", "promotional"),
            (9, "expected", ""),
            (11, "`uper`", "upper"),
            (12, "needs quotes", "quotes"),
            (14, "`lost` stands twice", "keep one"),
        ],
    );
}

#[test]
fn the_traps_of_yaml_are_told_or_read_as_they_are_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let text = "\
triggers:
  delivered: {{ order_number }} ist da
  dispatched: Bestellung #{{ order_number }} ist unterwegs
  in_transit:
    when: =destination_country == 'AT' ? 'a' : 'b'
";
    write(directory.path(), "mappings/own.yaml", text);
    let (code, findings) = check(directory.path());
    assert_eq!(code, Some(1));
    for line in [2, 3, 5] {
        let told = findings.iter().find(|finding| finding.line == line);
        let told = told.unwrap_or_else(|| panic!("line {line} is not told: {findings:#?}"));
        assert!(!told.hint.is_empty(), "{told:?}");
    }
    // What other readers of YAML take for something else is what it says.
    let text = "\
values: { number: 0815, answer: no, time: 12:30, switch: on }
triggers: { delivered: no, lost: 0815 }
tests:
  as written:
    given: { trigger: delivered }
    sends: { name: \"no\" }
  a number keeps its zero:
    given: { trigger: lost }
    sends: { name: \"0815\" }
";
    write(directory.path(), "mappings/own.yaml", text);
    let (code, findings) = check(directory.path());
    assert_eq!(code, Some(0), "{findings:#?}");
}

#[test]
fn an_account_of_two_merchants_is_an_error_that_names_them() {
    let directory = tempfile::tempdir().expect("a directory");
    let config = directory.path().join("config");
    feeds::write_files(directory.path(), &config, "https://a.klaviyo.com");
    assert_eq!(check(directory.path()).0, Some(0));
    let twice =
        "sources:\n  lager: { account: \"2\" }\ndestinations:\n  klaviyo: { api_key: pk_x }\n";
    write(&config, "merchants/dora.yaml", twice);
    let (code, findings) = check(directory.path());
    assert_eq!(code, Some(1));
    let told = findings.first().expect("it is told");
    for word in ["`2`", "ben", "dora"] {
        assert!(told.message.contains(word), "{told:?}");
    }
    assert!(!told.hint.is_empty(), "{told:?}");
}

#[test]
fn files_that_cannot_be_read_are_told_with_their_path() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "config/merchants/hey.yaml", &merchant("https://a.klaviyo.com"));
    let path = directory.path().join("config/merchants/latin.yaml");
    std::fs::write(path, b"name: M\xfcller\n").expect("it is written");
    // A folder where a file is looked for.
    std::fs::create_dir_all(directory.path().join("mappings/folder.yaml")).expect("it is made");
    let told = Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .arg("check")
        .current_dir(directory.path())
        .output()
        .expect("it runs");
    assert_eq!(told.status.code(), Some(1));
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    for word in ["merchants/latin.yaml", "UTF-8", "mappings/folder.yaml"] {
        assert!(told.contains(word), "{word}: {told}");
    }
}
