//! Rule files that are broken at start, or later.

use parcelwire::sandbox::Fault;

use crate::harness::{answer, fulfilment, merchant, order, spawn_with, write};

#[tokio::test]
async fn a_merchant_broken_at_the_start_answers_503_until_it_is_mended() {
    let mut sandbox_url = String::new();
    let app = spawn_with(|directory, sandbox| {
        sandbox_url = sandbox.to_owned();
        write(
            directory,
            "merchants/hey.yaml",
            "sources:\n  shop: { connector: shopfy, secret: a }\n",
        );
        write(directory, "merchants/ben.yaml", &merchant(sandbox));
    })
    .await;
    let told = app.shop("orders/create", &order(1)).await;
    assert_eq!((told.status, told.body["code"].as_str()), (503, Some("merchant_misconfigured")));
    assert!(told.headers.contains_key("retry-after"));
    let other = app.shop_raw("ben", "orders/create", order(1).to_string().into_bytes()).await;
    assert_eq!(other.status, 202, "all others serve");
    write(app.directory.path(), "merchants/hey.yaml", &merchant(&sandbox_url));
    let mended = async {
        while app.shop("orders/create", &order(1)).await.status != 202 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::harness::PATIENCE, mended).await.expect("it is read again");
}

#[tokio::test]
async fn a_merchant_broken_later_keeps_its_last_good_version() {
    let app = spawn_with(|directory, sandbox| {
        write(directory, "merchants/hey.yaml", &merchant(sandbox));
    })
    .await;
    write(app.directory.path(), "merchants/hey.yaml", "sources: [\n");
    write(app.directory.path(), "merchants/new.yaml", "name: New\n");
    // The new one is known once the files were read again.
    app.until("/api/v1/merchants/new/stats", |stats| !stats["receipts"].is_null()).await;
    assert_eq!(app.shop("orders/create", &order(1)).await.status, 202);
    let health = answer(app.client.get(app.url("/readyz")).send().await).await;
    assert_eq!(health.status, 200);
}

#[tokio::test]
async fn a_restart_goes_on_where_it_was_stopped() {
    let mut app = spawn_with(|directory, sandbox| {
        write(directory, "merchants/hey.yaml", &merchant(sandbox));
    })
    .await;
    app.sandbox.faults().order(Fault { status: 503, times: 1000, ..Fault::default() });
    app.shop("orders/create", &order(1)).await;
    let told = app.shop("fulfillments/create", &fulfilment(1)).await;
    assert_eq!(app.outcome(&told).await, "forwarded");
    let before = app.stats().await;
    app.restart().await;
    let after = app.stats().await;
    assert_eq!(before["receipts"], after["receipts"]);
    assert_eq!(after["messages"]["pending"], 1, "it waits for its next try");
    // The same order is known, and what was claimed is claimed.
    let again = app.shop("fulfillments/create", &fulfilment(1)).await;
    assert_eq!(app.outcome(&again).await, "filtered: repeated");
    app.stop().await;
}
