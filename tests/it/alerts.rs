//! Who is told that something is wrong: once, and once when it is over.

use std::{collections::BTreeSet, path::Path};

use parcelwire::sandbox::{Fault, Sandbox, SandboxSettings};
use serde_json::{Value, json};

use crate::{
    asking,
    commands::{run, text},
    harness::{
        TOKEN, WAREHOUSE_SECRET, answer, fulfilment, merchant, order, scan, spawn_tuned, until,
        write,
    },
    mail_server::{Guarded, MailServer, PASSWORD, Taken, USER, certificates},
    process::{Relay, parcel},
    redis_server::RedisServer,
};

/// A merchant who wants to know, with this key.
fn told_merchant(sandbox: &str, key: &str) -> String {
    let file = merchant(sandbox).replace("pk_test_0001", key);
    format!("{file}alerts:\n  to: shop@hey.example\n")
}

/// Settings of an operator who is told by mail and by webhook.
fn settings(directory: &Path, server: &MailServer, hook: &Sandbox) {
    let port = server.port;
    let settings = format!(
        "alerts:\n  to: [ops@hey.example]\n  webhook: {{ url: \"{}/webhook/ops\", secret: \"{WAREHOUSE_SECRET}\" }}\n\
         \x20 opens_after_seconds: 0\n  ends_after_seconds: 1\n  look_seconds: 1\n\
         \x20 smtp: {{ url: 'smtp://localhost:{port}', from: 'Relay <relay@hey.example>', username: {USER}, password: file:mail, ca_file: ca.pem }}\n",
        hook.url()
    );
    write(directory, "config/parcelwire.yaml", &settings);
    write(directory, "config/secrets/mail", PASSWORD);
}

fn hook() -> Sandbox {
    let settings =
        SandboxSettings { webhook_secret: Some(WAREHOUSE_SECRET.to_owned()), workers: 1 };
    Sandbox::start("127.0.0.1:0", &settings).expect("it starts")
}

/// The notices that a receiver took: ids and data.
fn notices(hook: &Sandbox) -> Vec<(String, Value)> {
    let mut told = hook.received().events();
    told.sort_by_key(|told| told.order);
    let row =
        |told: parcelwire::sandbox::Told| (told.key.unique_id, Value::Object(told.properties));
    told.into_iter().map(row).collect()
}

fn to<'m>(mails: &'m [Taken], whom: &str) -> Vec<&'m Taken> {
    mails.iter().filter(|mail| mail.to == whom).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_told_once_and_once_when_it_is_mended_across_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    certificates(directory.path());
    let (server, hook) = (MailServer::start(Guarded::StartTls, directory.path()), hook());
    // A busy mail server only delays.
    server.be_busy(1);
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    sandbox.faults().order(Fault { status: 401, times: u64::MAX, ..Fault::default() });
    settings(directory.path(), &server, &hook);
    let file = "config/merchants/hey.yaml";
    write(directory.path(), file, &told_merchant(&sandbox.url(), "pk_wrong_0001"));
    let mut relay = Relay::start(directory.path()).await;
    let (body, _) = parcel(1);
    assert_eq!(relay.post(body).await.status, 202);

    let opened = server.has(2).await;
    let (ops, shop) = (to(&opened, "ops@hey.example"), to(&opened, "shop@hey.example"));
    assert_eq!((ops.len(), shop.len()), (1, 1), "{opened:#?}");
    assert_eq!(ops[0].header("Subject"), "[parcelwire] hey: klaviyo refuses its key");
    assert!(ops[0].body().contains("\nWhat to do:\nPut a valid key where"), "{}", ops[0].body());
    assert!(shop[0].body().starts_with("klaviyo lehnt den Schlüssel ab.\n"), "{}", shop[0].body());
    let secrets = ["pk_wrong", PASSWORD, "kim.1@", "hey.example"];
    let told: String = opened.iter().map(Taken::body).collect();
    assert!(!secrets.iter().any(|secret| told.contains(secret)), "{told}");
    until("a notice", async || notices(&hook), |told| told.len() == 1).await;
    let list = relay.get("/api/v1/merchants/hey/incidents").await.body;
    assert_eq!(list["items"][0]["kind"], "key_refused", "{list}");
    let url = relay.url("");
    let shown = run(directory.path(), &["alerts", "--url", &url, "--token", TOKEN]);
    assert!(
        text(&shown.stdout).contains("hey: klaviyo refuses its key [key_refused]"),
        "{shown:?}"
    );

    relay.ask_to_stop();
    assert!(relay.ended().await.success(), "{}", relay.log());
    let first_log = relay.log();
    let relay = Relay::start(directory.path()).await;
    let path = "/api/v1/incidents";
    relay.until(path, |list| list["items"].as_array().is_some_and(|items| items.len() == 1)).await;
    sandbox.faults().clear();
    write(directory.path(), file, &told_merchant(&sandbox.url(), "pk_right_0002"));

    let all = server.has(4).await;
    for whom in ["ops@hey.example", "shop@hey.example"] {
        let mails = to(&all, whom);
        assert_eq!(mails.len(), 2, "{all:#?}");
        assert_eq!(mails[1].header("In-Reply-To"), mails[0].header("Message-ID"), "{whom}");
    }
    let over = to(&all, "ops@hey.example")[1].header("Subject");
    assert_eq!(over, "[parcelwire] Over: hey: klaviyo refuses its key");
    until("both notices", async || notices(&hook), |told| told.len() == 2).await;
    let told = notices(&hook);
    assert!(told[0].0.ends_with("-opened") && told[1].0.ends_with("-ended"), "{told:?}");
    assert_eq!(told[1].1["kind"], "key_refused");
    assert!(told[1].1["ended_at"].is_string());
    relay.settled().await;
    relay.until(path, |list| list["items"] == json!([])).await;
    assert_eq!((server.taken().len(), notices(&hook).len()), (4, 2), "no notice comes twice");
    assert_eq!(hook.received().sums().refused, 0, "every notice was rightly signed");
    for log in [first_log, relay.log()] {
        for secret in secrets {
            assert!(!log.contains(secret), "{secret} is logged: {log}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_a_mail_server_is_tried_by_a_test_notice() {
    let directory = tempfile::tempdir().expect("a directory");
    certificates(directory.path());
    for (guarded, scheme) in
        [(Guarded::Tls, "smtps"), (Guarded::StartTls, "smtp"), (Guarded::Not, "smtp+plain")]
    {
        let server = MailServer::start(guarded, directory.path());
        // The right settings; another password; nobody whom the certificate convinces.
        for (password, ca_file, said) in [
            (PASSWORD, "ca.pem", None),
            ("guessed", "ca.pem", Some("535")),
            (PASSWORD, "", Some("certificate")),
        ] {
            let app = spawn_tuned(
                |directory, sandbox| {
                    write(directory, "merchants/hey.yaml", &merchant(sandbox));
                },
                |settings| {
                    let alerts = &mut settings.alerts;
                    alerts.to = vec!["ops@hey.example".to_owned()];
                    alerts.smtp.url = format!("{scheme}://localhost:{}", server.port);
                    alerts.smtp.from = "relay@hey.example".to_owned();
                    alerts.smtp.username = USER.to_owned();
                    alerts.smtp.password = password.to_owned();
                    if !ca_file.is_empty() {
                        alerts.smtp.ca_file = directory.path().join(ca_file);
                    }
                },
            )
            .await;
            let asked = app.client.post(app.url("/api/v1/test-alerts")).bearer_auth(TOKEN);
            let told = answer(asked.send().await).await;
            let notice = &told.body["items"][0];
            assert_eq!(notice["to"], "o***@hey.example", "{told:?}");
            let said = said.filter(|said| guarded != Guarded::Not || *said != "certificate");
            let detail = notice["detail"].as_str().unwrap_or_default().to_lowercase();
            match said {
                None => assert_eq!(notice["outcome"], "sent", "{scheme}: {told:?}"),
                Some(said) => assert!(detail.contains(said), "{scheme}: {told:?}"),
            }
            let url = app.url("");
            let arguments = ["alerts", "--test", "--url", &url, "--token", TOKEN];
            let shown = asking::run(app.directory.path(), &[], &arguments).await;
            let code = i32::from(said.is_some());
            assert_eq!(shown.status.code(), Some(code), "{scheme}: {shown:?}");
            assert!(text(&shown.stdout).contains("o***@hey.example"), "{shown:?}");
        }
        let taken = server.taken();
        // Asked twice each; without TLS no certificate has to convince anybody.
        let expected = if guarded == Guarded::Not { 4 } else { 2 };
        assert_eq!(taken.len(), expected, "{scheme}: {taken:#?}");
        assert!(taken[0].header("Subject").contains("this is a test"), "{taken:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_dead_letters_and_a_backlog_are_told() {
    let hook = hook();
    let app = spawn_tuned(
        |directory, sandbox| {
            write(directory, "merchants/hey.yaml", &merchant(sandbox));
        },
        |settings| {
            let alerts = &mut settings.alerts;
            alerts.webhook.url = format!("{}/webhook", hook.url());
            alerts.webhook.secret = WAREHOUSE_SECRET.to_owned();
            (alerts.opens_after_seconds, alerts.ends_after_seconds) = (0, 1);
            (alerts.backlog_seconds, alerts.look_seconds) = (3, 1);
        },
    )
    .await;
    app.shop("orders/create", &order(1)).await;
    app.shop("fulfillments/create", &fulfilment(1)).await;
    app.shop("fulfillment_events/create", &scan(1, "teleported")).await;
    let kinds = async || -> BTreeSet<String> {
        let told = notices(&hook).into_iter().filter(|(id, _)| id.ends_with("-opened"));
        told.map(|(_, data)| data["kind"].as_str().unwrap_or_default().to_owned()).collect()
    };
    // From here on it is known how many messages were given up before.
    until("the code", &kinds, |kinds| kinds.contains("unmapped_codes")).await;
    app.sandbox.faults().order(Fault { status: 400, ..Fault::default() });
    app.shop("fulfillment_events/create", &scan(1, "out_for_delivery")).await;
    until("the dead letter", &kinds, |kinds| kinds.contains("dead_letters")).await;
    app.sandbox.faults().order(Fault { status: 503, ..Fault::default() });
    app.shop("fulfillment_events/create", &scan(1, "delivered")).await;
    until("the backlog", &kinds, |kinds| kinds.contains("backlog")).await;
    // What is delivered waits no longer; codes and dead letters are news for a day.
    app.until("/api/v1/incidents", |list| {
        list["items"].as_array().is_some_and(|all| all.len() == 2)
    })
    .await;
    let count = async |kind: &str, news: &str| -> usize {
        let told = notices(&hook).into_iter();
        told.filter(|(id, data)| id.ends_with(news) && data["kind"] == kind).count()
    };
    until("its end", async || count("backlog", "-ended").await, |ended| *ended > 0).await;
    assert_eq!(count("backlog", "-ended").await, count("backlog", "-opened").await);
    let told = notices(&hook);
    for kind in ["unmapped_codes", "dead_letters"] {
        assert_eq!(
            (count(kind, "-opened").await, count(kind, "-ended").await),
            (1, 0),
            "{told:#?}"
        );
    }
    let dead = told.iter().find(|(_, data)| data["kind"] == "dead_letters").expect("it is told");
    assert_eq!(dead.1["title"], "a message to klaviyo was given up");
    // It is counted after it was taken.
    let sent = format!("parcelwire_alerts_total{{outcome=\"sent\"}} {}", told.len());
    let metrics = async || -> String {
        let metrics = app.client.get(app.url("/metrics")).send().await.expect("it answers");
        metrics.text().await.expect("text")
    };
    until("the count", metrics, |metrics| {
        metrics.contains(&sent) && metrics.contains("parcelwire_incidents 2")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_relays_on_one_redis_tell_once_also_when_one_takes_over_and_when_redis_is_gone() {
    let directory = tempfile::tempdir().expect("a directory");
    let (hook, redis) = (hook(), RedisServer::start().await);
    let sandbox = Sandbox::start("127.0.0.1:0", &SandboxSettings::default()).expect("it starts");
    sandbox.faults().order(Fault { status: 401, times: u64::MAX, ..Fault::default() });
    let url = hook.url();
    let settings = format!(
        "store: {{ kind: redis, url: \"{}\" }}\nalerts:\n  webhook: {{ url: \"{url}/webhook\", secret: \"{WAREHOUSE_SECRET}\" }}\n\
         \x20 opens_after_seconds: 0\n  ends_after_seconds: 1\n  look_seconds: 1\n",
        redis.url()
    );
    write(directory.path(), "config/parcelwire.yaml", &settings);
    let file = "config/merchants/hey.yaml";
    write(directory.path(), file, &merchant(&sandbox.url()));
    let (one, two) = (Relay::start(directory.path()).await, Relay::start(directory.path()).await);
    assert_eq!(one.post(parcel(1).0).await.status, 202);
    until("a notice", async || notices(&hook), |told| told.len() == 1).await;
    // Whichever of them has the merchant: both are killed, one after the other.
    one.kill().await;
    let three = Relay::start(directory.path()).await;
    assert_eq!(three.post(parcel(2).0).await.status, 202);
    two.kill().await;
    let path = "/api/v1/merchants/hey/incidents";
    let list = three.get(path).await.body;
    assert_eq!(list["items"][0]["kind"], "key_refused", "{list}");
    sandbox.faults().clear();
    write(directory.path(), file, &merchant(&sandbox.url()).replace("pk_test_0001", "pk_0002"));
    until("its end", async || notices(&hook), |told| told.len() == 2).await;
    let told = notices(&hook);
    let id = told[0].0.trim_end_matches("-opened").to_owned();
    assert_eq!(told[1].0, format!("{id}-ended"), "{told:#?}");
    drop(redis);
    until("the store's end", async || notices(&hook), |told| told.len() == 3).await;
    assert_eq!(notices(&hook)[2].1["kind"], "store_failing", "{:#?}", notices(&hook));
}
