//! The committed description is what is served, and what is served is as it describes.

use std::{collections::BTreeSet, fs, path::Path};

use parcelwire::sandbox::Fault;
use parcelwire_domain::taxonomy::{Status, Trigger};
use serde_json::{Value, json};

use crate::harness::{
    TOKEN, TestApp, answer, fulfilment, merchant, order, scan, spawn_app, spawn_tuned, write,
};

/// The description, as it is served: without a token, for whoever integrates.
async fn description(app: &TestApp) -> Value {
    let told = answer(app.client.get(app.url("/api/v1/openapi.json")).send().await).await;
    assert_eq!(told.status, 200);
    told.body
}

/// A relay that has something to show in every list; answers a receipt with a message.
async fn busy() -> (TestApp, String) {
    let files = |directory: &Path, sandbox: &str| {
        // A source that nobody answers, and that is polled all the same.
        let polled = "  rounds: { url: 'http://127.0.0.1:9', key: key-one }\ndestinations:";
        let merchant = merchant(sandbox).replace("destinations:", polled);
        write(directory, "connectors/sources/rounds.yaml", crate::poll::ROUNDS);
        write(directory, "merchants/hey.yaml", &merchant);
    };
    let app = spawn_tuned(files, |settings| {
        // A mail server that does not answer.
        let alerts = &mut settings.alerts;
        alerts.to = vec!["ops@hey.example".to_owned()];
        alerts.smtp.url = "smtp+plain://127.0.0.1:9".to_owned();
        alerts.smtp.from = "relay@hey.example".to_owned();
        alerts.look_seconds = 1;
    })
    .await;
    let unsigned = app.client.post(app.url("/hooks/hey/shop")).body("{}").send().await;
    assert_eq!(answer(unsigned).await.status, 401);
    app.sandbox.faults().order(Fault { status: 400, ..Fault::default() });
    for number in 1..=2 {
        app.shop("orders/create", &order(number)).await;
        app.shop("fulfillments/create", &fulfilment(number)).await;
    }
    app.shop("fulfillment_events/create", &scan(1, "teleported")).await;
    let objection = json!({ "address": "lou@example.test" });
    let objects = app.url("/api/v1/merchants/hey/objections");
    let objects = app.client.post(objects).bearer_auth(TOKEN).body(objection.to_string());
    assert_eq!(answer(objects.send().await).await.status, 200);
    app.until("/api/v1/stats", |stats| {
        stats["receipts"]["waiting"] == 0 && stats["messages"]["pending"] == 0
    })
    .await;
    app.until("/api/v1/incidents", |list| list["items"][0].is_object()).await;
    let forwarded = app.get("/api/v1/receipts?status=forwarded&limit=1").await.body;
    (app, forwarded["items"][0]["id"].as_str().expect("there is one").to_owned())
}

/// Checks an answer against a schema of the description, in which no map may hold more than it
/// names.
fn fits(description: &Value, schema: &Value, is: &Value, what: &str) {
    let mut whole = schema.clone();
    whole["components"] = description["components"].clone();
    close(&mut whole);
    let validator = jsonschema::validator_for(&whole).expect("the schema is one");
    let faults: Vec<String> = validator
        .iter_errors(is)
        .map(|fault| format!("{}: {fault}", fault.instance_path()))
        .collect();
    assert!(faults.is_empty(), "{what}: {faults:#?}\n{is:#}");
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.contains_key("properties") && map.contains_key("required") {
                map.entry("additionalProperties").or_insert(json!(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn every_operation_answers_as_it_is_described() {
    let (app, receipt) = busy().await;
    let description = description(&app).await;
    let wish = app.client.post(app.url("/api/v1/tokens")).bearer_auth(TOKEN);
    let made = answer(wish.body(r#"{"name":"Anna","role":"support"}"#).send().await).await;
    let token = made.body["id"].as_str().expect("an id").to_owned();
    let mut asked = 0;
    for (path, operations) in description["paths"].as_object().expect("paths") {
        let url = app.url(
            &path.replace("{merchant}", "hey").replace("{id}", &receipt).replace("{token}", &token),
        );
        for (method, operation) in operations.as_object().expect("operations") {
            let url = url.clone() + &required(operation);
            let request = match method.as_str() {
                "get" => app.client.get(&url),
                "post" => app.client.post(&url).body(operation_example(operation).to_string()),
                "delete" if path.ends_with("/objections") => {
                    app.client.delete(format!("{url}?address=kim@example.test"))
                }
                "delete" => app.client.delete(&url),
                other => panic!("{other} {path}"),
            };
            let told = answer(request.bearer_auth(TOKEN).send().await).await;
            assert_eq!(told.status, 200, "{path}: {told:?}");
            let schema = &operation["responses"]["200"]["content"]["application/json"]["schema"];
            fits(&description, schema, &told.body, path);
            if let Some(items) = told.body["items"].as_array() {
                assert!(!items.is_empty(), "{path} has something to show");
            }
            asked += 1;
            let problem = &description["components"]["schemas"]["Problem"];
            let bare = answer(app.client.put(&url).bearer_auth(TOKEN).send().await).await;
            assert_eq!(bare.status, 405, "{path}");
            fits(&description, problem, &bare.body, path);
        }
    }
    assert_eq!(asked, 31);
}

/// What has to be asked, as the description's example has it.
pub(crate) fn required(operation: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let asked = parameters.filter(|it| it["in"] == "query" && it["required"] == true);
    let pairs: Vec<String> = asked
        .map(|it| {
            format!(
                "{}={}",
                it["name"].as_str().expect("a name"),
                it["example"].as_str().expect("an example")
            )
        })
        .collect();
    if pairs.is_empty() { String::new() } else { format!("?{}", pairs.join("&")) }
}

fn operation_example(operation: &Value) -> &Value {
    &operation["requestBody"]["content"]["application/json"]["example"]
}

#[tokio::test]
async fn every_problem_is_described() {
    let (app, _) = busy().await;
    let description = description(&app).await;
    let problem = &description["components"]["schemas"]["Problem"];
    for (path, status) in [
        ("/api/v1/receipts?limit=0", 400),
        ("/api/v1/receipts/rcp_x", 404),
        ("/api/v1/merchants/nobody/stats", 404),
    ] {
        let told = app.get(path).await;
        assert_eq!(told.status, status, "{path}");
        fits(&description, problem, &told.body, path);
    }
    let bare = answer(app.client.get(app.url("/api/v1/stats")).send().await).await;
    fits(&description, problem, &bare.body, "without a token");
}

#[tokio::test]
async fn the_words_of_the_description_are_those_of_the_taxonomy() {
    let app = spawn_app().await;
    let description = description(&app).await;
    let words = |list: &Value| -> BTreeSet<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|word| word.as_str().map(str::to_owned)).collect()
    };
    let parameters = &description["paths"]["/api/v1/events"]["get"]["parameters"];
    let status = parameters.as_array().into_iter().flatten().find(|p| p["name"] == "status");
    let statuses = Status::ALL.iter().map(|status| status.name().to_owned()).collect();
    assert_eq!(words(&status.expect("a parameter")["schema"]["enum"]), statuses);
    let wish = &description["components"]["schemas"]["TestEvents"]["properties"]["triggers"];
    let triggers = Trigger::all().map(|trigger| trigger.name().to_owned()).collect();
    assert_eq!(words(&wish["items"]["enum"]), triggers);
    // Each word of a list's status is understood by the list.
    for (path, operations) in description["paths"].as_object().expect("paths") {
        for parameter in operations["get"]["parameters"].as_array().into_iter().flatten() {
            for word in words(&parameter["schema"]["enum"]) {
                let path = path.replace("{merchant}", "hey");
                let told = app.get(&format!("{path}?status={word}")).await;
                assert_eq!(told.status, 200, "{path}?status={word}: {told:?}");
            }
        }
    }
}

#[tokio::test]
async fn every_address_that_is_served_is_described() {
    let app = spawn_app().await;
    let description = description(&app).await;
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/api/mod.rs");
    let routes = fs::read_to_string(routes).expect("it is read");
    // Every text between quotes that is an address below `/api/v1`.
    let address = |text: &&str| text.starts_with('/') && !text.contains(['\n', ' ']);
    let fixed = routes.split('"').filter(address).filter(|text| !text.contains("{name}"));
    let lists = ["receipts", "events", "messages", "refused"].iter().flat_map(|list| {
        assert!(routes.contains(&format!("(\"{list}\", ")), "{list}");
        [format!("/{list}"), format!("/merchants/{{merchant}}/{list}")]
    });
    let served: BTreeSet<String> = fixed
        .map(str::to_owned)
        .filter(|path| !path.contains("/api/v1"))
        .chain(lists)
        .map(|path| format!("/api/v1{path}"))
        .collect();
    let paths = description["paths"].as_object().expect("paths");
    assert_eq!(served, paths.keys().cloned().collect());
}
