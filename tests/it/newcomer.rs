//! The way of somebody who is new: the walk of the docs, files to start from, proposals.

use std::{
    path::Path,
    process::{Command, Output},
};

use crate::harness::write;

fn program() -> &'static str {
    env!("CARGO_BIN_EXE_parcelwire")
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(program())
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("NO_COLOR", "1")
        .output()
        .expect("it runs")
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{}{}", text(&output.stdout), text(&output.stderr))
}

/// What a page tells to type, and what it says will be answered, where it does.
fn typed(page: &str) -> Vec<(String, Option<String>)> {
    let mut steps = Vec::new();
    for part in page.split("```sh\n").skip(1) {
        let (typed, rest) = part.split_once("\n```\n").expect("the block is closed");
        let answer = rest.trim_start().strip_prefix("```text\n");
        let answer = answer.and_then(|rest| rest.split_once("\n```")).map(|(text, _)| text);
        steps.push((typed.to_owned(), answer.map(str::to_owned)));
    }
    steps
}

/// Without how long a check took, at the end of its last line.
fn timeless(answer: &str) -> &str {
    let took = answer.rsplit_once(" (").filter(|(_, end)| end.ends_with(" s)"));
    took.map_or(answer, |(rest, _)| rest)
}

#[test]
fn the_walk_to_a_connector_answers_what_its_page_says() {
    let page = crate::tidy::root().join("docs/connectors/writing-one.md");
    let page = std::fs::read_to_string(page).expect("it is there");
    let steps = typed(&page);
    assert!(steps.len() > 7 && steps.iter().filter(|(_, answer)| answer.is_some()).count() > 6);
    let directory = tempfile::tempdir().expect("a directory");
    let bin = directory.path().join("bin");
    std::fs::create_dir(&bin).expect("it is made");
    std::os::unix::fs::symlink(program(), bin.join("parcelwire")).expect("it is linked");
    let (mut script, mut expected) = (String::new(), Vec::new());
    for (typed, answer) in steps {
        // Each block's answer ends with a line of its own.
        script.extend([typed.as_str(), "\necho '--- end of a block'\n"]);
        expected.push((typed, answer.unwrap_or_default()));
    }
    let ran = Command::new("bash")
        .args(["-c", &format!("exec 2>&1\n{script}")])
        .current_dir(directory.path())
        .env_clear()
        .env("NO_COLOR", "1")
        .env("PATH", format!("{}:/usr/bin:/bin", bin.display()))
        .output()
        .expect("bash is there");
    let all = said(&ran);
    let mut answers = all.split("--- end of a block\n");
    for (typed, answer) in expected {
        let found = answers.next().unwrap_or_default().trim_end();
        assert_eq!(timeless(found), timeless(&answer), "\nafter typing\n{typed}");
    }
}

#[test]
fn a_new_file_of_each_kind_passes_check_and_is_never_overwritten() {
    let directory = tempfile::tempdir().expect("a directory");
    for (kind, path) in [
        ("source", "connectors/sources/hey-de.yaml"),
        ("destination", "connectors/destinations/hey-de.yaml"),
        ("merchant", "config/merchants/hey-de.yaml"),
        ("mapping", "mappings/hey-de.yaml"),
    ] {
        let made = run(directory.path(), &["new", kind, "hey-de"]);
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        assert_eq!(String::from_utf8_lossy(&made.stdout).trim(), path);
        assert!(said(&made).contains("next: "), "{}", said(&made));
        let checked = run(directory.path(), &["check", path]);
        assert_eq!(checked.status.code(), Some(0), "{kind}: {}", said(&checked));
        let has_tests = !said(&checked).contains("and 0 tests");
        assert_eq!(has_tests, kind != "merchant", "{kind}: {}", said(&checked));
        write(directory.path(), path, "title: mine\n");
        let again = run(directory.path(), &["new", kind, "hey-de"]);
        assert_eq!(again.status.code(), Some(2));
        assert!(said(&again).contains("left as it is"), "{}", said(&again));
        let kept = std::fs::read_to_string(directory.path().join(path)).expect("it is there");
        assert_eq!(kept, "title: mine\n");
    }
    let elsewhere = run(directory.path(), &["new", "source", "other", "--dir", "clients/a"]);
    let made = directory.path().join("clients/a/connectors/sources/other.yaml");
    assert!(made.exists(), "{}", said(&elsewhere));
    for name in ["Hey", "../x", "", "a b"] {
        let refused = run(directory.path(), &["new", "source", name]);
        assert_eq!(refused.status.code(), Some(2), "{name}");
    }
    let shadowing = run(directory.path(), &["new", "source", "webhook"]);
    assert!(said(&shadowing).contains("takes the place of the shipped connector"));
}

#[test]
fn a_proposal_passes_check_as_it_is_and_holds_nobodys_address() {
    let directory = tempfile::tempdir().expect("a directory");
    write(
        directory.path(),
        "a.json",
        r#"{ "event": "shipment.updated", "event_id": "e1", "occurredAt": "2026-11-24T14:05:00Z",
          "shipment": { "orderNumber": "A-1", "trackingNumber": "TT12345", "status": "OutForDelivery", "courier": "DPD" },
          "recipient": { "email": "lee@somebody.example", "firstName": "Lee", "country": "AT" } }"#,
    );
    let told = run(
        directory.path(),
        &["infer", "a.json", "--name", "inv", "--header", "X-Inv-Token: abc"],
    );
    assert_eq!(told.status.code(), Some(0), "{}", said(&told));
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    for wanted in [
        "topic: { body: event }",
        "  token: true\n  header: x-inv-token\n",
        "delivery_id: =event_id",
        "  code: =shipment.status",
        "  occurred_at: =occurredAt",
        "  order_number: =shipment.orderNumber",
        "  carrier: =shipment.courier | slug",
        "  OutForDelivery: out_for_delivery",
        "status: out_for_delivery, order_number: A-1, tracking_number: TT12345, destination_country: AT",
    ] {
        assert!(text.contains(wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("lee@somebody") && !text.contains("Lee"), "{text}");
    write(directory.path(), "connectors/sources/inv.yaml", &text);
    let checked = run(directory.path(), &["check", "connectors/sources/inv.yaml"]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    write(directory.path(), "broken.json", "{ \"a\": ");
    for (arguments, code) in [
        (&["infer", "broken.json"][..], 1),
        (&["infer", "missing.json"], 2),
        (&["infer"], 2),
        (&["infer", "a.json", "--name", "A B"], 2),
        (&["infer", "a.json", "--header", "nothing"], 2),
    ] {
        let refused = run(directory.path(), arguments);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}: {}", said(&refused));
    }
}
