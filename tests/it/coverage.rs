//! Which triggers can ever fire: in the API and in `check`.

use std::process::Command;

use serde_json::Value;

use crate::harness::{merchant, spawn_app, spawn_with, write};

#[tokio::test]
async fn the_api_tells_from_where_each_trigger_comes() {
    let app = spawn_app().await;
    let told = app.get("/api/v1/merchants/hey/coverage").await.body;
    let row = |name: &str| {
        let rows = told["items"].as_array().expect("rows");
        rows.iter().find(|row| row["trigger"] == name).expect("a row").clone()
    };
    let delivered = row("delivered");
    assert_eq!(delivered["from"], serde_json::json!(["shop", "warehouse"]));
    assert_eq!((&delivered["fires"], &delivered["never"]), (&true.into(), &Value::Null));
    assert_eq!(delivered["to"], serde_json::json!(["klaviyo"]));
    assert_eq!(row("label_created")["never"], "off");
    assert_eq!(told["recipients_from"], serde_json::json!(["shop", "warehouse"]));
    assert_eq!(app.get("/api/v1/merchants/nobody/coverage").await.status, 404);
}

#[tokio::test]
async fn a_merchant_whose_files_are_broken_has_no_coverage_yet() {
    let app = spawn_with(|directory, _| {
        write(directory, "merchants/hey.yaml", "sources: { shop: { connector: nobody } }\n");
    })
    .await;
    let told = app.get("/api/v1/merchants/hey/coverage").await;
    assert_eq!((told.status, told.body["code"].as_str()), (503, Some("merchant_misconfigured")));
}

#[test]
fn check_notes_what_can_fire_and_warns_of_what_never_can() {
    let directory = tempfile::tempdir().expect("a directory");
    let both = merchant("https://a.klaviyo.com");
    write(directory.path(), "config/merchants/hey.yaml", &both);
    let warehouse = both.lines().find(|line| line.contains("warehouse:")).expect("its line");
    write(directory.path(), "config/merchants/alone.yaml", &both.replace(warehouse, ""));
    let check = |format: &str| {
        let ran = Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .args(["check", "--format", format, "config/merchants"])
            .current_dir(directory.path())
            .env_clear()
            .output()
            .expect("it runs");
        assert_eq!(ran.status.code(), Some(0), "{ran:?}");
        String::from_utf8(ran.stdout).expect("UTF-8")
    };
    let text = check("text");
    assert!(
        text.contains("note: can fire: ") && text.contains("delivered from shop, warehouse"),
        "{text}"
    );
    assert!(text.contains("warning: on, but can never fire, from no source: "), "{text}");
    let json: Value = serde_json::from_str(&check("json")).expect("JSON");
    let of = |file: &str, severity: &str| -> Vec<String> {
        let told = json.as_array().into_iter().flatten();
        told.filter(|told| {
            let path = told["file"].as_str().unwrap_or_default();
            path.ends_with(file) && told["severity"] == severity
        })
        .map(|told| told["message"].as_str().unwrap_or_default().to_owned())
        .collect()
    };
    assert!(of("alone.yaml", "note")[0].contains("delivered from shop"), "{json:#}");
    let never = of("alone.yaml", "warning");
    assert!(
        never
            .iter()
            .any(|line| line.contains("from no source") && line.contains("return_received")),
        "{json:#}"
    );
    let never = of("hey.yaml", "warning");
    assert!(!never.iter().any(|line| line.contains("from no source")), "{json:#}");
    assert!(check("github").contains("::notice file="));
}
