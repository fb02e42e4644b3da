//! What the docs tell people to copy works.

use std::{fs, path::Path, process::Command};

use crate::harness::{WAREHOUSE_SECRET, spawn_app, write};

fn page(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("it is there")
}

/// The fenced blocks of this language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .filter_map(|rest| rest.split_once("\n```").map(|(block, _)| format!("{block}\n")))
        .collect()
}

/// Whether this machine has the program.
fn has(program: &str) -> bool {
    Command::new(program).arg("--version").output().is_ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_examples_for_a_warehouse_are_accepted() {
    let app = spawn_app().await;
    let text = page("docs/connectors/webhook.md");
    let mut tried = 0;
    for (language, program, file) in [
        ("sh", "sh", "a.sh"),
        ("python", "python3", "a.py"),
        ("php", "php", "a.php"),
        ("js", "node", "a.mjs"),
    ] {
        let found = blocks(&text, language);
        assert_eq!(found.len(), 1, "one example in {language}");
        if language != "sh" && !has(program) {
            continue;
        }
        let example = found[0]
            .replace("http://127.0.0.1:8080/hooks/hey/warehouse", &app.url("/hooks/hey/warehouse"))
            .replace("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwQUJDREVGR0g=", WAREHOUSE_SECRET);
        let path = write(app.directory.path(), file, &example);
        let ran = tokio::task::spawn_blocking(move || Command::new(program).arg(path).output());
        let ran = ran.await.expect("it ends").expect("it runs");
        let said = String::from_utf8_lossy(&ran.stdout).into_owned();
        let trouble = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(said.contains("\"accepted\""), "{language}: {said} {trouble}");
        tried += 1;
    }
    let stats = app.stats().await;
    assert_eq!(stats["receipts"]["accepted"], tried);
}

#[test]
fn the_connectors_of_the_guide_pass_their_own_tests() {
    let directory = tempfile::tempdir().expect("a directory");
    let found = blocks(&page("docs/connectors/writing.md"), "yaml");
    assert_eq!(found.len(), 2);
    write(directory.path(), "connectors/sources/depot.yaml", &found[0]);
    write(directory.path(), "connectors/destinations/pigeon.yaml", &found[1]);
    let checked = Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .args(["check", "--format", "json"])
        .current_dir(directory.path())
        .output()
        .expect("it runs");
    let said = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert!(checked.status.success(), "{said} {}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn every_metric_has_its_line_in_the_operations_guide() {
    let guide = page("docs/OPERATIONS.md");
    let metrics = parcelwire_engine::metrics::Metrics::default().text();
    let names: Vec<&str> = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "))
        .filter_map(|line| line.split(' ').next())
        .collect();
    assert!(names.len() > 5, "{metrics}");
    for name in names {
        assert!(guide.contains(name), "docs/OPERATIONS.md says nothing of {name}");
    }
}

#[test]
fn links_between_the_docs_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in ["README.md", "CONTRIBUTING.md"] {
        let text = page(file);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let local = link.split('#').next().unwrap_or_default();
            let leads = local.starts_with("http") || root.join(local).exists();
            assert!(leads, "{file}: {link}");
        }
    }
}
