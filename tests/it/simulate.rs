//! Stories that are lived by the command itself.

use serde_json::Value;

use crate::{
    commands::{run, text},
    harness::write,
    tidy::root,
};

const STORY: &str = "\
title: it comes
mapping: default
begins: 2026-11-16 09:00
about: { order_number: '#1', email: kim@example.test, tracking_number: A1 }
story:
  - { at: +1h, fact: { status: dispatched } }
  - { at: +2d, fact: { from: carrier, status: in_transit } }
sends:
  - { at: +1h, trigger: dispatched, name: Order Dispatched, to: kim@example.test }
  - { at: +2d, trigger: in_transit, tracking_number: A1 }
";

#[test]
fn every_shipped_scenario_goes_as_it_says() {
    let folder = root().join("scenarios");
    let count = std::fs::read_dir(&folder).expect("the folder").count();
    assert!(count >= 30, "{count} scenarios");
    let elsewhere = tempfile::tempdir().expect("a directory");
    let all = run(elsewhere.path(), &["simulate", folder.to_str().expect("a path")]);
    assert_eq!(all.status.code(), Some(0), "{}", text(&all.stdout));
    assert!(text(&all.stderr).contains(&format!("{count} scenarios: all as expected")));
}

#[test]
fn what_goes_otherwise_is_told_with_its_line_and_the_story() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = |name: &str, text: &str| write(directory.path(), name, text);
    file("fine.yaml", STORY);
    file("wrong.yaml", &STORY.replace("Order Dispatched", "Paket kommt"));
    file(
        "silent.yaml",
        &STORY.replace("  - { at: +2d, trigger: in_transit, tracking_number: A1 }\n", ""),
    );
    file("broken.yaml", &STORY.replace("status: dispatched", "statos: dispatched"));

    let fine = run(directory.path(), &["simulate", "--tell", "fine.yaml"]);
    assert_eq!(fine.status.code(), Some(0), "{}", text(&fine.stdout));
    let told = text(&fine.stdout);
    assert!(
        told.contains("2026-11-16 10:00    → dispatched “Order Dispatched” to kim@example.test"),
        "{told}"
    );

    let wrong = run(directory.path(), &["simulate", "wrong.yaml", "silent.yaml", "broken.yaml"]);
    assert_eq!(wrong.status.code(), Some(1));
    let told = text(&wrong.stdout);
    for part in [
        r#"name: expected "Paket kommt", found "Order Dispatched""#,
        "wrong.yaml:9:5",
        "not expected: { at: 2026-11-18 09:00, trigger: in_transit",
        "broken.yaml:6",
        "`statos`",
        "did you mean `status`?",
    ] {
        assert!(told.contains(part), "{part} in {told}");
    }
    assert!(text(&wrong.stderr).contains("3 scenarios: 3 not as expected"));

    let json = run(directory.path(), &["simulate", "--format", "json", "wrong.yaml"]);
    assert!(serde_json::from_slice::<Value>(&json.stdout).is_ok(), "{}", text(&json.stdout));
    let nothing = run(directory.path(), &["simulate", "there-is-none.yaml"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(text(&nothing.stderr).contains("there-is-none.yaml"), "{}", text(&nothing.stderr));
}

#[test]
fn a_story_of_a_configured_merchant_takes_the_way_of_their_files() {
    let directory = tempfile::tempdir().expect("a directory");
    write(
        directory.path(),
        "config/merchants/hey.yaml",
        "name: Hey\nlanguage: de\nnames: de\nmapping: own\nstate: test\ntesters: [kim@example.test]\n\
         sources: { shop: { connector: shopify, secret: 'env:HEY' } }\n\
         destinations: { klaviyo: { api_key: 'env:KEY' } }\n",
    );
    write(
        directory.path(),
        "mappings/own.yaml",
        "triggers: { dispatched: { name: Los geht's, when: \"=destination_country == 'DE'\" } }\n",
    );
    let story = |country: &str, sends: &str| {
        format!(
            "title: a webhook of the shop\nmerchant: hey\nbegins: 2026-11-16 09:00\nstory:\n  - at: +1h\n    hook:\n      \
             source: shop\n      topic: fulfillments/create\n      body: {{ id: 7, order_id: 1, name: '#1.1', status: success, \
             email: kim@example.test, created_at: '2026-11-16T10:00:00+01:00', tracking_number: A1, \
             destination: {{ country_code: {country} }} }}\nsends: {sends}\n"
        )
    };
    let german = "[{ at: +1h, trigger: dispatched, name: \"Los geht's\", destination: klaviyo, order: '#1' }]";
    write(directory.path(), "a.yaml", &story("DE", german));
    write(directory.path(), "b.yaml", &story("FR", "[]"));
    let both = run(directory.path(), &["simulate", "--tell", "a.yaml", "b.yaml"]);
    assert_eq!(both.status.code(), Some(0), "{}", text(&both.stdout));
    assert!(text(&both.stdout).contains("dispatched: filtered (when)"), "{}", text(&both.stdout));

    write(directory.path(), "c.yaml", &story("DE", "[]").replace("merchant: hey", "merchant: hay"));
    write(
        directory.path(),
        "d.yaml",
        &story("DE", "[]").replace("source: shop", "source: warehouse"),
    );
    let wrong = run(directory.path(), &["simulate", "c.yaml", "d.yaml"]);
    let told = text(&wrong.stdout);
    assert!(told.contains("there is no merchant `hay` (hint: did you mean `hey`?)"), "{told}");
    assert!(told.contains("the merchant has no source `warehouse`; it has: shop"), "{told}");
}
