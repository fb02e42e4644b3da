//! Codes that no connector knew are counted, listed, and told with the line to add, after a restart too.

use std::process::Command;

use serde_json::Value;

use crate::harness::{TOKEN, TestApp, scan, spawn_app, write};

/// The command, as an operator runs it.
async fn told(app: &TestApp, arguments: &'static [&'static str]) -> (String, String) {
    let url = app.url("");
    let directory = app.directory.path().to_owned();
    let ran = tokio::task::spawn_blocking(move || {
        Command::new(env!("CARGO_BIN_EXE_parcelwire"))
            .args(["unmapped", "--url", &url, "--token", TOKEN])
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .output()
    });
    let ran = ran.await.expect("it ends").expect("it runs");
    assert!(ran.status.success(), "{ran:?}");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (text(ran.stdout), text(ran.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_nobody_knew_are_told_with_the_line_to_add() {
    let mut app = spawn_app().await;
    assert!(told(&app, &[]).await.1.contains("every code was known"));
    for (number, status) in [(1, "Teleported"), (2, "Teleported"), (3, "out_for_delivry")] {
        let sent = app.shop("fulfillment_events/create", &scan(number, status)).await;
        assert_eq!(app.outcome(&sent).await, "filtered: unmapped_code");
    }
    app.restart().await;
    let page = app.get("/api/v1/merchants/hey/unmapped").await.body;
    assert_eq!(page["items"][1]["code"], "Teleported");
    assert_eq!(page["items"][1]["count"], 2);
    assert_eq!(page["items"][1]["connector"], "shopify");
    let line = "\"out_for_delivry\": ignore   # or a status: out_for_delivery?";
    assert_eq!(page["items"][0]["line"], line);
    assert_eq!(page["items"][0]["proposals"][0], "out_for_delivery");
    let receipt = page["items"][0]["receipt"].as_str().expect("one");
    assert_eq!(app.get(&format!("/api/v1/receipts/{receipt}")).await.status, 200);
    assert_eq!(app.get("/api/v1/merchants/nobody/unmapped").await.status, 404);
    assert_eq!(app.get("/api/v1/unmapped?order=1").await.status, 400);

    let first = app.get("/api/v1/unmapped?limit=1").await.body;
    let next = first["next_cursor"].as_str().expect("there is more");
    let second = app.get(&format!("/api/v1/unmapped?limit=1&cursor={next}")).await.body;
    assert_eq!((&second["items"][0], &second["next_cursor"]), (&page["items"][1], &Value::Null));
    assert_eq!(app.get(&format!("/api/v1/events?cursor={next}")).await.status, 400);

    let (lines, _) = told(&app, &["--merchant", "hey"]).await;
    assert!(lines.starts_with("# shopify: below `statuses:`\n#   2 times from hey / shop, last "));
    assert!(lines.contains(line), "{lines}");
    let (json, _) = told(&app, &["--json"]).await;
    let json: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["items"], page["items"]);
}

/// A line that was added ends it: the code is known from then on.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_was_added_is_not_asked_for_again() {
    let mut app = spawn_app().await;
    let sent = app.shop("fulfillment_events/create", &scan(1, "teleported")).await;
    assert_eq!(app.outcome(&sent).await, "filtered: unmapped_code");
    let page = app.get("/api/v1/unmapped").await.body;
    let line = page["items"][0]["line"].as_str().expect("a line").to_owned();
    let shipped = include_str!("../../connectors/sources/shopify.yaml");
    let mended = shipped.replacen("statuses:\n", &format!("statuses:\n  {line}\n"), 1);
    write(app.directory.path(), "connectors/sources/shopify.yaml", &mended);
    app.restart().await;
    let page = app.get("/api/v1/unmapped").await.body;
    assert_eq!((&page["items"][0]["known"], &page["items"][0]["count"]), (&true.into(), &1.into()));
    assert!(told(&app, &[]).await.1.contains("every code was known"));
    let sent = app.shop("fulfillment_events/create", &scan(1, "teleported")).await;
    assert_eq!(app.outcome(&sent).await, "filtered: ignored");
}
