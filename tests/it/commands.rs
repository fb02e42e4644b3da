//! The commands as processes: output, exit codes, failing starts.

use std::process::{Command, Output};

use serde_json::Value;

use crate::harness::{merchant, write};

pub(crate) fn run(directory: &std::path::Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .env("NO_COLOR", "1")
        .output()
        .expect("it runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn check_tells_all_mistakes_and_exits_with_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let fine = run(directory.path(), &["check"]);
    assert_eq!(fine.status.code(), Some(0), "{}", text(&fine.stderr));
    assert!(text(&fine.stderr).contains("all fine"));
    write(directory.path(), "config/merchants/hey.yaml", &merchant("https://a.klaviyo.com"));
    write(
        directory.path(),
        "mappings/own.yaml",
        "triggers:\n  deliverd: Da!\n  lost:\n    purpose: advert\n",
    );
    let wrong = run(directory.path(), &["check"]);
    assert_eq!(wrong.status.code(), Some(1));
    let told = text(&wrong.stdout);
    assert!(
        told.contains("deliverd")
            && told.contains("did you mean `delivered`?")
            && told.contains("purpose"),
        "{told}"
    );
    assert!(told.contains("mappings/own.yaml:2"), "{told}");
    let github = run(directory.path(), &["check", "--format", "github"]);
    assert!(text(&github.stdout).contains("::error file="), "{}", text(&github.stdout));
    let junit = run(directory.path(), &["check", "--format", "junit"]);
    assert!(text(&junit.stdout).contains("<testsuite"), "{}", text(&junit.stdout));
    let json = run(directory.path(), &["check", "--format", "json"]);
    assert!(serde_json::from_slice::<Value>(&json.stdout).is_ok(), "{}", text(&json.stdout));
}

#[test]
fn map_shows_what_would_happen() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "config/merchants/hey.yaml", &merchant("https://a.klaviyo.com"));
    write(
        directory.path(),
        "order.json",
        r##"{"status":"delivered","order_number":"#1","email":"kim@example.test","tracking_number":"A1"}"##,
    );
    let told =
        run(directory.path(), &["map", "--merchant", "hey", "--source", "warehouse", "order.json"]);
    assert_eq!(told.status.code(), Some(0), "{}", text(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).expect("JSON");
    assert_eq!(told["events"][0]["status"], "delivered");
    assert_eq!(told["triggers"][0]["name"], "Shipment Delivered");
    assert_eq!(told["triggers"][0]["destination"], "klaviyo");
    assert_eq!(told["requests"][0]["method"], "POST");
    assert_eq!(told["requests"][0]["headers"]["Authorization"], "Klaviyo-API-Key ****");
    assert_eq!(
        told["requests"][0]["body"]["data"]["attributes"]["properties"]["order_number"],
        "#1"
    );
    write(
        directory.path(),
        "config/merchants/hut.yaml",
        "sources: { shopify: { secret: env:A } }\n",
    );
    let told =
        run(directory.path(), &["map", "--merchant", "hut", "--source", "shopify", "order.json"]);
    let told = text(&told.stdout);
    assert!(
        told.contains("filtered: topic_not_used")
            && told.contains("the topic is missing: it stands in the header `")
            && told.contains("give it by --topic"),
        "{told}"
    );
    let unknown =
        run(directory.path(), &["map", "--merchant", "nobody", "--source", "shop", "order.json"]);
    assert_eq!(unknown.status.code(), Some(3));
}

#[test]
fn settings_are_shown_masked_and_mistakes_are_told() {
    let directory = tempfile::tempdir().expect("a directory");
    write(
        directory.path(),
        "config/parcelwire.yaml",
        "admin: { token: a-literal-token }\nhttp: { port: 9999 }\n",
    );
    let shown = run(directory.path(), &["config"]);
    let shown: Value = serde_json::from_slice(&shown.stdout).expect("JSON");
    assert_eq!(shown["http"]["port"], 9999);
    assert_eq!(shown["admin"]["token"], "****");
    write(directory.path(), "config/parcelwire.yaml", "http: { prt: 1 }\n");
    let wrong = run(directory.path(), &["config"]);
    assert_eq!(wrong.status.code(), Some(3));
    assert!(
        text(&wrong.stderr).contains("prt") && text(&wrong.stderr).contains("port"),
        "{}",
        text(&wrong.stderr)
    );
    let usage = run(directory.path(), &["serv"]);
    assert_eq!(usage.status.code(), Some(2));
    let unreachable = run(directory.path(), &["stats", "--url", "http://127.0.0.1:9"]);
    assert_eq!(unreachable.status.code(), Some(4));
}

#[test]
fn settings_come_from_the_named_file_and_the_environment_wins() {
    let directory = tempfile::tempdir().expect("a directory");
    write(directory.path(), "config/parcelwire.yaml", "http: { port: 1111 }\n");
    write(
        directory.path(),
        "other.yaml",
        "http: { port: 2222 }\nadmin: { token: a-literal-token }\nlog: { level: debug }\n",
    );
    let shown = |env: &[(&str, &str)], arguments: &[&str]| {
        let told = Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .args(arguments)
            .current_dir(directory.path())
            .env_clear()
            .envs(env.iter().copied())
            .output()
            .expect("it runs");
        assert_eq!(told.status.code(), Some(0), "{arguments:?}: {}", text(&told.stderr));
        serde_json::from_slice::<Value>(&told.stdout).expect("JSON")
    };
    assert_eq!(shown(&[], &["config"])["http"]["port"], 1111);
    for arguments in [["--config", "other.yaml", "config"], ["config", "--config", "other.yaml"]] {
        let named = shown(&[], &arguments);
        assert_eq!(
            (&named["http"]["port"], &named["log"]["level"]),
            (&2222.into(), &"debug".into())
        );
    }
    let told = shown(
        &[
            ("PARCELWIRE__HTTP__PORT", "3333"),
            ("PARCELWIRE__EGRESS__ALLOW", "127.0.0.0/8,10.0.0.0/8"),
            ("PARCELWIRE__MESSAGES", "none"),
            ("PARCELWIRE__ADMIN__TOKEN", "another-literal-token"),
            // No settings: they tell commands where a relay is.
            ("PARCELWIRE_URL", "http://127.0.0.1:1"),
            ("PARCELWIRE_ADMIN_TOKEN", "a-token"),
        ],
        &["config", "--config", "other.yaml"],
    );
    assert_eq!((&told["http"]["port"], &told["messages"]), (&3333.into(), &"none".into()));
    assert_eq!(told["egress"]["allow"], serde_json::json!(["127.0.0.0/8", "10.0.0.0/8"]));
    assert_eq!(told["admin"]["token"], "****");
    assert!(!told.to_string().contains("literal"), "{told}");
    let missing = run(directory.path(), &["config", "--config", "missing.yaml"]);
    assert_eq!(missing.status.code(), Some(3));
    assert!(text(&missing.stderr).contains("missing.yaml") && missing.stdout.is_empty());
}

#[test]
fn a_sandbox_that_cannot_be_as_asked_says_why() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("it listens");
    let port = taken.local_addr().expect("an address").port().to_string();
    for (arguments, code, says) in [
        (["sandbox", "--port", &port], 3, port.as_str()),
        (["sandbox", "--fail", "{\"status\":7}"], 2, "`status`"),
        (["sandbox", "--fail", "503"], 2, "--fail"),
        (["sandbox", "--webhook-secret", "whsec_%"], 2, "secret"),
        (["sandbox", "--port", "http"], 2, "--port"),
    ] {
        let told = run(directory.path(), &arguments);
        assert_eq!(told.status.code(), Some(code), "{arguments:?}: {}", text(&told.stderr));
        assert!(text(&told.stderr).contains(says) && told.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn help_and_mistakes_go_where_they_belong() {
    let directory = tempfile::tempdir().expect("a directory");
    let help = run(directory.path(), &["--help"]);
    assert!(help.status.success() && help.stderr.is_empty());
    let help = text(&help.stdout);
    for command in [
        "serve",
        "demo",
        "sandbox",
        "check",
        "map",
        "send",
        "try",
        "import",
        "stats",
        "events",
        "config",
        "schema",
        "healthcheck",
        "completions",
        "backup",
    ] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(command)), "{command}");
        let own = run(directory.path(), &[command, "--help"]);
        assert!(own.status.success() && !own.stdout.is_empty(), "{command}");
        let wrong = run(directory.path(), &[command, "--no-such-argument"]);
        assert_eq!(wrong.status.code(), Some(2), "{command}");
        assert!(wrong.stdout.is_empty() && !wrong.stderr.is_empty(), "{command}");
        assert!(!text(&wrong.stderr).contains('\u{1b}'), "{command}: no colours were asked for");
    }
}

#[test]
fn schemas_and_completions_are_printed() {
    let directory = tempfile::tempdir().expect("a directory");
    let all = run(directory.path(), &["schema"]);
    let all: Value = serde_json::from_slice(&all.stdout).expect("JSON");
    for kind in ["source", "destination", "mapping", "merchant", "template", "feed"] {
        assert!(all[kind]["$schema"].is_string(), "{kind}");
    }
    assert_eq!(run(directory.path(), &["schema", "nothing"]).status.code(), Some(2));
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let told = run(directory.path(), &["completions", shell]);
        assert!(told.status.success() && text(&told.stdout).contains("healthcheck"), "{shell}");
    }
    assert_eq!(run(directory.path(), &["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn a_start_that_fails_says_why_and_what_to_do() {
    let directory = tempfile::tempdir().expect("a directory");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("it listens");
    let port = taken.local_addr().expect("an address").port();
    let config = format!("http: {{ port: {port} }}\n");
    write(directory.path(), "config/parcelwire.yaml", &config);
    let told = run(directory.path(), &["serve"]);
    assert_eq!(told.status.code(), Some(3));
    let told = text(&told.stderr);
    assert!(told.contains(&port.to_string()) && told.contains("http.port"), "{told}");
    // Data of another process.
    let data = directory.path().join("data");
    let other = parcelwire_store::embedded::open(&data).expect("it opens");
    write(directory.path(), "config/parcelwire.yaml", "http: { port: 0 }\n");
    let told = run(directory.path(), &["serve"]);
    assert_eq!(told.status.code(), Some(3));
    assert!(text(&told.stderr).contains("in use by another parcelwire"), "{}", text(&told.stderr));
    drop(other);
    // A place where nothing can be written.
    write(directory.path(), "blocked", "");
    write(
        directory.path(),
        "config/parcelwire.yaml",
        "http: { port: 0 }\nstore: { path: blocked/data }\n",
    );
    let told = run(directory.path(), &["serve"]);
    assert_eq!(told.status.code(), Some(3));
    assert!(text(&told.stderr).contains("cannot be written to"), "{}", text(&told.stderr));
}

#[test]
fn backups_are_whole_and_overwrite_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let none = run(directory.path(), &["backup", "copy.db"]);
    assert_eq!(none.status.code(), Some(3), "store.path leads to no data");
    drop(parcelwire_store::embedded::open(&directory.path().join("data")).expect("it opens"));
    assert_eq!(run(directory.path(), &["backup", "copy.db"]).status.code(), Some(0));
    assert_eq!(run(directory.path(), &["backup", "copy.db"]).status.code(), Some(2));
}

#[test]
fn the_demo_ends_well() {
    let directory = tempfile::tempdir().expect("a directory");
    let told = run(directory.path(), &["demo", "--once", "--fast"]);
    let shown = text(&told.stdout);
    assert_eq!(told.status.code(), Some(0), "{shown}\n{}", text(&told.stderr));
    assert!(shown.contains("expected events reached the marketing tool exactly once"), "{shown}");
    assert!(shown.contains("signature_invalid") && shown.contains("duplicate"), "{shown}");
}
