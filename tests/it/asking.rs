//! Commands that ask a running relay, as processes: how they find it, what they print, and whose
//! fault their exit codes say it is.

use std::{path::Path, process::Output};

use parcelwire::sandbox::Fault;
use parcelwire_engine::ports::Archive as _;
use parcelwire_store::embedded;
use serde_json::Value;
use tokio::process::Command;

use crate::harness::{TOKEN, TestApp, WAREHOUSE_SECRET, fulfilment, order, spawn_app, write};

/// Runs a command in a folder, in an environment that holds nothing else.
pub(crate) async fn run(directory: &Path, env: &[(&str, &str)], arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_parcelwire"))
        .args(arguments)
        .current_dir(directory)
        .env_clear()
        .envs(env.iter().copied())
        .output()
        .await
        .expect("it runs")
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A relay, and beside its data the settings by which commands find it.
async fn known() -> TestApp {
    let app = spawn_app().await;
    let settings = format!(
        "http: {{ port: {} }}\nadmin: {{ token: {TOKEN} }}\nstore: {{ path: data }}\n",
        app.port
    );
    write(app.directory.path(), "config/parcelwire.yaml", &settings);
    app
}

/// Exit code, stdout and stderr.
async fn told(app: &TestApp, env: &[(&str, &str)], arguments: &[&str]) -> (i32, String, String) {
    let output = run(app.directory.path(), env, arguments).await;
    let code = output.status.code().expect("it ends by itself");
    (code, text(&output.stdout), text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_relay_is_found_by_settings_environment_or_arguments() {
    let app = known().await;
    let nowhere = "http://127.0.0.1:9";
    let here = app.url("/");
    let sandbox = app.sandbox.url();
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], i32, &'a str);
    let cases: [Case<'_>; 13] = [
        (&[], &["stats", "--json"], 0, ""),
        (&[("PARCELWIRE_URL", ""), ("PARCELWIRE_ADMIN_TOKEN", "")], &["stats", "--json"], 0, ""),
        (
            &[("PARCELWIRE_URL", nowhere)],
            &["stats", "--json", "--url", &here, "--token", TOKEN],
            0,
            "",
        ),
        // The token of these settings is not for a relay that is somewhere else.
        (&[], &["stats", "--url", &here], 3, "--token"),
        (&[("PARCELWIRE_URL", nowhere)], &["stats"], 4, "does not answer"),
        (&[("PARCELWIRE_ADMIN_TOKEN", "wrong")], &["stats"], 3, "--token"),
        (&[], &["stats", "--token", "wrong"], 3, "--token"),
        (&[], &["stats", "--url", &sandbox], 4, "not as a relay does"),
        (&[], &["stats", "--url", "relay.example"], 2, "is not an address"),
        (&[], &["stats", "--merchant", "nobody"], 2, "nobody"),
        (&[], &["stats", "--merchant", "../x"], 2, "merchant"),
        (&[], &["events", "--status", "deliverd"], 2, "deliverd"),
        (&[], &["stats", "--config", "missing.yaml"], 3, "missing.yaml"),
    ];
    for (env, arguments, code, says) in cases {
        let (ended, out, err) = told(&app, env, arguments).await;
        assert_eq!(ended, code, "{env:?} {arguments:?}: {out}{err}");
        assert!(err.contains(says), "{arguments:?}: {err}");
        let is_json = serde_json::from_str::<Value>(&out).is_ok();
        assert!(if code == 0 { is_json } else { out.is_empty() }, "{arguments:?}: {out}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn books_and_events_are_shown_to_people_and_programs() {
    let app = known().await;
    app.shop("orders/create", &order(1)).await;
    let last = app.shop("fulfillments/create", &fulfilment(1)).await;
    app.settled(&last).await;
    app.arrived(1).await;
    let (_, shown, _) = told(&app, &[], &["stats"]).await;
    assert!(shown.contains("accepted 2") && shown.contains("balanced  true"), "{shown}");
    let (_, shown, _) = told(&app, &[], &["events", "--order", "#1"]).await;
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(lines[0].contains("dispatched") && lines[0].contains("forwarded"), "{shown}");
    assert!(lines[1].contains("order_placed") && lines[1].contains("filtered: remembered"));
    assert!(lines.iter().all(|line| line.contains("hey") && line.contains("#1")), "{shown}");
    // Page by page, the next one named beside the data.
    let (code, first, more) = told(&app, &[], &["events", "--limit", "1"]).await;
    let cursor = more.trim().rsplit(' ').next().expect("a word").to_owned();
    assert!(code == 0 && first.lines().eq([lines[0]]), "{first}{more}");
    let (_, second, more) = told(&app, &[], &["events", "--cursor", &cursor]).await;
    assert!(second.lines().eq([lines[1]]) && more.is_empty(), "{second}{more}");
    let (_, json, _) = told(&app, &[], &["events", "--status", "dispatched", "--json"]).await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["items"][0]["fields"]["order_number"], "#1");
    let until = ["events", "--until", "2001-01-01T00:00:00Z"];
    assert_eq!(told(&app, &[], &until).await.1, "");
}

#[tokio::test(flavor = "multi_thread")]
async fn test_events_are_tried_and_their_failures_are_told() {
    let app = known().await;
    let to = "me@hey.example";
    let one = ["try", "--merchant", "hey", "--to", to, "--trigger", "delivered"];
    let (code, shown, err) = told(&app, &[], &one).await;
    assert_eq!((code, shown.lines().count()), (0, 1), "{shown}{err}");
    assert!(shown.contains("Shipment Delivered") && shown.contains("sent"), "{shown}");
    let (_, shown, _) = told(&app, &[], &["try", "--merchant", "hey", "--to", to, "--json"]).await;
    let all: Value = serde_json::from_str(&shown).expect("JSON");
    assert!(all["items"].as_array().is_some_and(|items| items.len() > 5), "{shown}");
    app.sandbox.faults().order(Fault { status: 400, ..Fault::default() });
    let (code, shown, _) = told(&app, &[], &one).await;
    assert!(code == 1 && shown.contains("rejected"), "{code} {shown}");
    for (wrong, says) in [
        (["try", "--merchant", "hey", "--to", "me"], "`to`"),
        (["try", "--merchant", "nobody", "--to", to], "nobody"),
        (["try", "--merchant", "hey", "--to", "me@hey.example --trigger x"], "`to`"),
    ] {
        let (code, _, err) = told(&app, &[], &wrong).await;
        assert!(code == 2 && err.contains(says), "{wrong:?}: {code} {err}");
    }
    let none = ["try", "--merchant", "hey", "--to", to, "--trigger", "deliverd"];
    assert_eq!(told(&app, &[], &none).await.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_by_the_exit_code() {
    let mut app = known().await;
    let (code, out, err) = told(&app, &[], &["healthcheck"]).await;
    assert_eq!((code, out.as_str(), err.trim()), (0, "", "ready"));
    let sandbox = app.sandbox.url();
    assert_eq!(told(&app, &[], &["healthcheck", "--url", &sandbox]).await.0, 1);
    app.stop().await;
    assert_eq!(told(&app, &[], &["healthcheck"]).await.0, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_running_relay_is_whole() {
    let app = known().await;
    for number in 1..=3 {
        let accepted = app.shop("orders/create", &order(number)).await;
        app.settled(&accepted).await;
    }
    let (code, out, err) = told(&app, &[], &["backup", "restored/parcelwire.db"]).await;
    assert_eq!(code, 1, "its folder is not made: {out}{err}");
    let restored = app.directory.path().join("restored");
    std::fs::create_dir(&restored).expect("it is made");
    let (code, _, err) = told(&app, &[], &["backup", "restored/parcelwire.db"]).await;
    assert_eq!(code, 0, "{err}");
    let store = embedded::open(&restored).expect("it opens");
    let stats = store.stats(None, jiff::Timestamp::now()).await.expect("it answers");
    assert_eq!((stats.receipts.accepted, stats.balanced), (3, true));
    assert_eq!(told(&app, &[], &["backup", "restored/parcelwire.db"]).await.0, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn send_tells_what_came_back_and_whose_fault_it_is() {
    let app = known().await;
    let directory = app.directory.path();
    let body = r#"{"status":"delivered","order_number":"1","email":"kim@example.test"}"#;
    write(directory, "body.json", body);
    let url = app.url("/hooks/hey/warehouse");
    let send = ["send", "--url", &url, "--connector", "webhook", "--id", "a1", "body.json"];
    let with = |more: &[&'static str]| [send.as_slice(), more].concat();
    let secret = with(&["--secret", WAREHOUSE_SECRET]);
    for status in ["accepted", "duplicate"] {
        let (code, out, err) = told(&app, &[], &secret).await;
        let out: Value = serde_json::from_str(&out).expect("JSON");
        assert_eq!((code, out["status"].as_str()), (0, Some(status)), "{err}");
    }
    let (code, out, _) = told(&app, &[], &with(&["--secret", "whsec_AAAA"])).await;
    assert!(code == 1 && out.contains("signature_invalid"), "{code} {out}");
    for (arguments, code, says) in [
        (send.to_vec(), 2, "--secret"),
        (with(&["--secret", "env:NOT_SET"]), 2, "NOT_SET"),
        (with(&["--secret", WAREHOUSE_SECRET, "--setting", "scheme=plain"]), 2, "`scheme`"),
        (with(&["--secret", WAREHOUSE_SECRET, "--header", "x"]), 2, "--header"),
        (
            vec!["send", "--url", &url, "--connector", "webhok", "--secret", "x", "body.json"],
            2,
            "webhok",
        ),
        (
            vec!["send", "--url", &url, "--connector", "shopify", "--secret", "x", "none.json"],
            2,
            "none.json",
        ),
        (
            vec!["send", "--url", "here", "--connector", "shopify", "--secret", "x", "body.json"],
            2,
            "`here`",
        ),
        (
            [&["send", "--url", "http://127.0.0.1:9/hooks/a/b"], &secret[3..]].concat(),
            4,
            "127.0.0.1:9",
        ),
    ] {
        let (ended, out, err) = told(&app, &[], &arguments).await;
        assert!(ended == code && out.is_empty(), "{arguments:?}: {ended} {out}{err}");
        assert!(err.contains(says), "{arguments:?}: {err}");
    }
}
