//! What `parcelwire doctor` finds, beside a running relay and without one.

use std::path::Path;

use serde_json::{Value, json};

use crate::{
    commands::{run, text},
    harness::{TOKEN, TestApp, spawn_app, write},
};

/// Settings of a relay in this directory, as its own process reads them.
fn settings(directory: &Path, changes: &[(&str, Value)]) {
    let mut all = json!({
        "http.port": 9, "admin.token": TOKEN, "egress.allow": ["127.0.0.0/8"], "store.path": "data",
        "secrets.path": "secrets", "paths.merchants": "merchants", "paths.connectors": "connectors",
    });
    for (key, value) in changes {
        all[*key] = value.clone();
    }
    let mut nested = json!({});
    for (key, value) in all.as_object().expect("a map") {
        let (section, name) = key.split_once('.').expect("a section and a key");
        nested[section][name] = value.clone();
    }
    // JSON is YAML, too.
    write(directory, "config/parcelwire.yaml", &nested.to_string());
}

/// What is found, with the exit code.
fn examined(directory: &Path, arguments: &[&str]) -> (i32, Vec<Value>) {
    let mut all = vec!["doctor", "--json"];
    all.extend(arguments);
    let output = run(directory, &all);
    let told: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", text(&output.stderr)));
    let findings = told["findings"].as_array().expect("a list").clone();
    for finding in &findings {
        let is_fine = finding["level"] == "ok";
        assert!(is_fine == (finding["hint"] == ""), "what is not fine has a remedy: {finding}");
    }
    assert!(!text(&output.stdout).contains(TOKEN), "no secret is shown");
    assert!(!text(&output.stdout).contains("pk_test_0001"), "no secret is shown");
    (output.status.code().expect("a code"), findings)
}

/// Beside a relay: commands wait, the relay goes on.
async fn beside(app: &TestApp, changes: &[(&str, Value)]) -> (i32, Vec<Value>) {
    let mut all = vec![("http.port", json!(app.port)), ("http.public_url", json!(app.url("")))];
    all.extend(changes.iter().cloned());
    settings(app.directory.path(), &all);
    let directory = app.directory.path().to_owned();
    let examined = tokio::task::spawn_blocking(move || examined(&directory, &[]));
    examined.await.expect("it ends")
}

/// Level and text of the one finding of a check; `of` may be a part.
fn found(findings: &[Value], check: &str, of: &str) -> (String, String) {
    let is_it = |finding: &&Value| {
        finding["check"] == check && finding["of"].as_str().is_some_and(|text| text.contains(of))
    };
    let all: Vec<&Value> = findings.iter().filter(is_it).collect();
    let [one] = &all[..] else { panic!("{check} of {of}: {findings:#?}") };
    let text = |key: &str| one[key].as_str().unwrap_or_default().to_owned();
    (text("level"), format!("{} {}", text("detail"), text("hint")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_in_order_is_told_so() {
    let app = spawn_app().await;
    let (code, findings) = beside(&app, &[]).await;
    assert_eq!(code, 0, "{findings:#?}");
    let in_use = format!("in use by process {}", std::process::id());
    for (check, of, says) in [
        ("store", "", in_use.as_str()),
        ("relay", "", "ready at"),
        ("books", "", "balanced; 0 wait"),
        ("public_url", "", "it leads to this relay"),
        ("egress", "hey/klaviyo", "it answers"),
        ("key", "hey/klaviyo", "it is taken"),
        ("clock", "", "the servers that answered"),
        ("sync", "", "durable after"),
    ] {
        let (level, told) = found(&findings, check, of);
        assert!(
            (level == "ok" || check == "sync") && told.contains(says),
            "{check}: {level} {told}"
        );
    }
    let (level, told) = found(&findings, "rules", "");
    assert!(
        level == "warn" && told.contains("warnings in rule files"),
        "secrets in a file: {told}"
    );
    let events = app.sandbox.received().sums().events;
    assert_eq!(events, 0, "nothing is sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_and_a_public_address_of_somebody_else_are_told() {
    let app = spawn_app().await;
    let fault = parcelwire::sandbox::Fault::read(br#"{"status":401,"times":100}"#);
    app.sandbox.faults().order(fault.expect("a fault"));
    let (code, findings) = beside(&app, &[("http.public_url", json!(app.sandbox.url()))]).await;
    assert_eq!(code, 1);
    let (level, told) = found(&findings, "key", "hey/klaviyo");
    assert!(level == "fail" && told.contains("it is refused"), "{told}");
    assert_eq!(found(&findings, "egress", "hey/klaviyo").0, "ok", "it was reached");
    let (level, told) = found(&findings, "public_url", &app.sandbox.url());
    assert!(level == "fail" && told.contains("something else answers there"), "{told}");
    let other = spawn_app().await;
    let (_, findings) = beside(&app, &[("http.public_url", json!(other.url("")))]).await;
    let (level, told) = found(&findings, "public_url", &other.url(""));
    assert!(level == "fail" && told.contains("another relay"), "{told}");
    let nobody = [("http.public_url", json!("http://127.0.0.1:9"))];
    let (_, findings) = beside(&app, &nobody).await;
    let (level, told) = found(&findings, "public_url", "127.0.0.1:9");
    assert!(level == "fail" && told.contains("nothing answers"), "{told}");
}

#[test]
fn without_a_relay_files_secrets_and_the_disk_are_looked_at() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let merchant = "sources:\n  shop: { connector: shopify, secret: env:NOT_SET_HERE }\ndestinations:\n  \
                    klaviyo: { api_key: pk_test_0001 }\n";
    write(path, "merchants/hey.yaml", merchant);
    let other = "destinations:\n  webhook: { url: 'http://10.1.2.3/in', secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAA }\n\
                 sources:\n  shop: { connector: shopify, secret: geheim }\n";
    write(path, "merchants/other.yaml", other);
    write(path, "file", "no folder");
    settings(path, &[("store.path", json!("file/data")), ("admin.token", json!("geheim"))]);
    let (code, findings) = examined(path, &["--merchant", "hey"]);
    assert_eq!(code, 1);
    let (level, told) = found(&findings, "secrets", "merchants/hey.yaml:2");
    assert!(level == "fail" && told.contains("NOT_SET_HERE"), "{told}");
    assert_eq!(found(&findings, "admin_token", "").0, "fail");
    assert_eq!(found(&findings, "store", "file/data").0, "fail");
    let unwritable = findings.iter().any(|one| {
        one["check"] == "disk"
            && one["level"] == "fail"
            && one["detail"].as_str().is_some_and(|text| text.contains("cannot be written to"))
    });
    assert!(unwritable, "{findings:#?}");
    assert_eq!(found(&findings, "relay", "").0, "warn", "none has to run");
    assert_eq!(found(&findings, "public_url", "").0, "warn");
    assert!(!path.join("data").exists());
    let unknown = run(path, &["doctor", "--merchant", "hay"]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(&unknown.stderr).contains("did you mean `hey`?"), "{}", text(&unknown.stderr));
}

#[test]
fn hosts_that_may_not_be_reached_and_open_secrets_are_told() {
    use std::{fs, os::unix::fs::PermissionsExt as _};
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let merchant = "sources:\n  shop: { connector: shopify, secret: file:shop }\ndestinations:\n  \
                    klaviyo: { api_key: file:key, base_url: 'https://10.1.2.3' }\n";
    write(path, "merchants/hey.yaml", merchant);
    write(path, "secrets/key", "pk_test_0001");
    let open = write(path, "secrets/shop", "geheim-und-lang");
    fs::set_permissions(path.join("secrets"), fs::Permissions::from_mode(0o755))
        .expect("they are set");
    fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).expect("they are set");
    fs::set_permissions(path.join("secrets/key"), fs::Permissions::from_mode(0o600))
        .expect("they are set");
    settings(path, &[("egress.allow", json!([]))]);
    let (code, findings) = examined(path, &[]);
    assert_eq!(code, 1);
    let (level, told) = found(&findings, "egress", "https://10.1.2.3");
    assert!(level == "fail" && told.contains("egress.allow"), "{told}");
    assert_eq!(found(&findings, "key", "hey/klaviyo").0, "warn", "it could not be asked");
    let (level, told) = found(&findings, "secrets", "secrets/shop");
    assert!(level == "fail" && told.contains("chmod 600"), "{told}");
    assert!(!findings.iter().any(|one| one["of"] == "secrets/key"), "that one is closed");
    let (level, told) = found(&findings, "store", "data");
    assert!(level == "ok" && told.contains("the first start makes it"), "{told}");
    assert!(!path.join("data").exists(), "looking makes nothing");
    settings(path, &[("store.kind", json!("redis")), ("store.url", json!("redis://127.0.0.1:9"))]);
    let (_, findings) = examined(path, &[]);
    let (level, told) = found(&findings, "store", "");
    assert!(level == "fail" && told.contains("check store.url"), "{told}");
}
