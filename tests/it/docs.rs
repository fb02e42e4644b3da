//! What the docs tell people to copy works.

use std::{fs, path::Path, process::Command};

use parcelwire_engine::metrics::ALL;

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
    let text = page("docs/connectors/webhook-guide.md");
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
    // Whole files; other blocks show one key.
    let mut found = blocks(&page("docs/connectors/writing.md"), "yaml");
    found.retain(|block| block.starts_with("title:"));
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

/// An address of this machine that no other test listens on.
fn own_address() -> String {
    let [_, _, third, fourth] = std::process::id().to_be_bytes();
    format!("127.77.{third}.{fourth}")
}

/// The first connection as a person would type it, line by line, at addresses of its own.
#[test]
fn the_first_connection_of_the_readme_works_as_it_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let readme = page("README.md");
    let (_, chapter) = readme.split_once("## A first connection").expect("it is there");
    let blocks = blocks(chapter, "sh");
    assert_eq!(blocks.len(), 4);
    let address = own_address();
    let typed = blocks
        .join("\n")
        .replace("cargo build --release\n", "")
        .replace("parcelwire sandbox &", &format!("parcelwire sandbox --bind {address} &"))
        // A person takes longer to type the next line than a relay to start.
        .replace(
            "parcelwire serve &\n",
            "parcelwire serve &\nuntil target/release/parcelwire healthcheck; do :; done\n\
             until curl -s http://127.0.0.1:8090/_sandbox/sums; do :; done\n",
        )
        .replace(
            "target/release/parcelwire events",
            "until target/release/parcelwire stats | grep 'sent 1 '; do :; done\n\
             target/release/parcelwire events",
        )
        .replace("http://127.0.0.1", &format!("http://{address}"));
    let script = format!(
        "set -eu\ntrap 'kill $(jobs -p)' EXIT\nexport PARCELWIRE__HTTP__BIND={address} \
         PARCELWIRE__SANDBOX__URL=http://{address}:8090\n{typed}"
    );
    let binary = directory.path().join("target/release/parcelwire");
    fs::create_dir_all(binary.parent().expect("a folder")).expect("it is made");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_parcelwire"), binary).expect("it is linked");
    let ran = Command::new("timeout")
        .args(["60", "bash", "-c", &script])
        .current_dir(directory.path())
        .env_remove("PARCELWIRE_URL")
        .output()
        .expect("bash is there");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let trouble = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert!(ran.status.success(), "{said}\n{trouble}");
    assert_eq!(said.matches("\"accepted\"").count(), 2, "{said}");
    for wanted in [
        "filtered: remembered",
        "forwarded",
        "accepted 2 · forwarded 1 · filtered 1",
        "balanced  true",
        "Bestellung wurde aus dem Lager versandt",
        "kim@example.test",
        "Sendung wurde erfolgreich zugestellt",
    ] {
        assert!(said.contains(wanted), "{wanted}: {said}\n{trouble}");
    }
    assert!(trouble.contains("all fine"), "{trouble}");
}

/// Names that a relay shows in its metrics.
pub(crate) async fn names_of_metrics() -> Vec<String> {
    let app = spawn_app().await;
    let metrics = app.client.get(app.url("/metrics")).send().await.expect("it answers");
    let metrics = metrics.text().await.expect("a body");
    let names = metrics.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    names.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_metric_has_its_line_in_the_operations_guide() {
    let mut shown = names_of_metrics().await;
    let mut listed: Vec<&str> = ALL.iter().map(|about| about.name).collect();
    shown.sort_unstable();
    listed.sort_unstable();
    assert_eq!(shown, listed, "what is shown is what is listed");
    let guide = page("docs/OPERATIONS.md");
    let rows: Vec<&str> = guide.lines().filter(|line| line.starts_with("| `parcelwire_")).collect();
    let wanted: Vec<String> = ALL.iter().map(|about| about.row()).collect();
    assert!(rows == wanted, "the table of docs/OPERATIONS.md has to be\n{}", wanted.join("\n"));
}

/// Every page, by its path.
fn pages() -> Vec<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    crate::tidy::files(&root.join("docs"), &["md"], &mut found);
    let names = found.iter().filter_map(|path| path.strip_prefix(root).ok()?.to_str());
    let named = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    names.chain(named).map(str::to_owned).collect()
}

#[test]
fn links_between_the_docs_lead_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for file in pages() {
        let folder = root.join(&file).parent().expect("a folder").to_owned();
        let text = page(&file);
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let local = link.split('#').next().unwrap_or_default();
            let leads = local.starts_with("http") || folder.join(local).exists();
            assert!(leads, "{file}: {link}");
        }
    }
}

#[test]
fn paths_that_the_docs_name_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let ours = [
        "src/",
        "crates/",
        "tests/",
        "benches/",
        "docs/",
        "config/default",
        "connectors/",
        "mappings/",
    ];
    let mut looked_at = 0;
    for file in ["docs/ARCHITECTURE.md", "docs/OPERATIONS.md", "docs/RELIABILITY.md", "README.md"] {
        let text = page(file);
        let mut folder = root.to_owned();
        for name in text.split('`').skip(1).step_by(2) {
            if ours.iter().any(|ours| name.starts_with(ours)) {
                assert!(root.join(name).exists(), "{file}: {name}");
                folder = root.join(name);
                looked_at += 1;
            } else if Path::new(name).extension().is_some_and(|end| end == "rs" || end == "sql") {
                // A file in the folder that was named before it, or in the root of the crate.
                assert!(find(&folder, name), "{file}: {name} is not in {}", folder.display());
            }
        }
    }
    assert!(looked_at > 40);
}

/// Whether a file of this name is below the folder, or anywhere else in the code.
fn find(folder: &Path, name: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let name = Path::new(name).file_name().expect("a name");
    [folder.to_owned(), root.join("src"), root.join("crates")].iter().any(|folder| {
        let mut found = Vec::new();
        crate::tidy::files(folder, &["rs", "sql"], &mut found);
        found.iter().any(|path| path.file_name() == Some(name))
    })
}
