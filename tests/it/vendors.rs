//! Every request that the tests of the shipped destinations lead to is one that the API's own
//! description knows, where a folder with the descriptions is named. How a description is read is
//! tried on an invented one everywhere.

mod description;
mod invented;
mod schema;

use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

use bytes::Bytes;
use jiff::Timestamp;
use parcelwire::config::shipped;
use parcelwire_mapping::{
    book::{Book, FileKind, Invented, RuleFile, Surroundings},
    destination::DestinationConnector,
    filetests,
    http::HttpRequest,
    text::{Diagnostics, SourceFile, read},
};

use description::Description;

/// Which description tells of which destination.
const DESCRIBED: [(&str, &[&str]); 10] = [
    ("activecampaign", &["activecampaign-v3.json", "activecampaign-trackcmp.json"]),
    ("braze", &["braze.json"]),
    ("brevo", &["brevo.transcribed.json"]),
    ("customerio", &["customerio-track.json"]),
    ("emarsys", &["emarsys.transcribed.json"]),
    ("getresponse", &["getresponse.transcribed.json"]),
    (
        "hubspot",
        &[
            "hubspot-events-2026-09.json",
            "hubspot-events-v3.json",
            "hubspot-contacts-upsert-2026-09.json",
        ],
    ),
    ("klaviyo", &["klaviyo.json"]),
    ("mailchimp", &["mailchimp.swagger2.json"]),
    ("omnisend", &["omnisend.transcribed.json"]),
];

/// Destinations whose requests nobody else describes.
const OUR_OWN: [&str; 1] = ["webhook"];

/// Requests whose operation no description at hand has, and why.
const UNDESCRIBED: &[(&str, &str, &str)] = &[
    ("emarsys", "POST /oauth2/token", "the token's host has no description"),
    ("emarsys", "GET /api/v3/settings", "only the trigger of an event was transcribed"),
    ("emarsys", "PUT /api/v3/contact/", "only the trigger of an event was transcribed"),
    ("getresponse", "GET /v3/accounts", "only the trigger of an event was transcribed"),
    ("getresponse", "GET /v3/contacts", "only the trigger of an event was transcribed"),
    ("getresponse", "POST /v3/contacts", "only the trigger of an event was transcribed"),
    ("hubspot", "GET /account-info/v3/details", "another API of theirs, without a description"),
    ("hubspot", "POST /events/custom/2026-03/send", "an elder version than the one described"),
    ("omnisend", "GET /api/contacts", "only events were transcribed"),
    ("omnisend", "POST /api/batches", "only events were transcribed"),
];

/// The forms of this description's `oneOf` overlap, so that a single event is both: one of them at
/// least has to hold.
const OVERLAPPING: [&str; 1] = ["emarsys.transcribed.json"];

/// Paths that went to another version with the same body: as they are sent, and as described.
const MOVED: [(&str, &str, &str); 1] = [("emarsys", "/api/v3/event/", "/api/v2/event/")];

/// Credentials that came after the description: it knows WSSE alone, and the API takes tokens of
/// OAuth 2 besides.
const NEWER_CREDENTIALS: [&str; 1] = ["emarsys"];

fn descriptions(folder: &std::path::Path, files: &[&str]) -> Vec<Description> {
    files
        .iter()
        .map(|file| Description::read(&folder.join(file), OVERLAPPING.contains(file)))
        .collect()
}

/// The folder with the descriptions, where this machine has it.
fn folder() -> Option<PathBuf> {
    Some(PathBuf::from(std::env::var_os("PARCELWIRE_REFERENCE")?).join("reference/openapi"))
}

#[test]
fn requests_are_as_the_vendors_describe_them() {
    let Some(folder) = folder() else {
        eprintln!("PARCELWIRE_REFERENCE names no folder: only an invented description is tried");
        return;
    };
    let mut faults = Vec::new();
    let (mut described, mut undescribed) = (0, BTreeSet::new());
    for (name, connector, file) in connectors() {
        let Some((_, files)) = DESCRIBED.iter().find(|(known, _)| *known == name) else {
            assert!(OUR_OWN.contains(&name.as_str()), "name the description of {name}");
            continue;
        };
        let descriptions = descriptions(&folder, files);
        let made = requests(&connector, &file);
        assert!(!made.is_empty(), "{name} has tests that make requests");
        for (test, request) in made {
            match check(&descriptions, &name, &request) {
                Some((operation, told)) => {
                    described += 1;
                    let told =
                        told.iter().map(|told| format!("{name}, {test}, {operation}: {told}"));
                    faults.extend(told);
                }
                None => drop(undescribed.insert((name.clone(), address(&request)))),
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let listed = UNDESCRIBED.iter().map(|(name, request, _)| ((*name).into(), (*request).into()));
    assert_eq!(undescribed, listed.collect());
    assert!(described > 50, "{described}");
}

/// The operation that is asked for, and what is wrong with the request.
fn check(
    descriptions: &[Description],
    name: &str,
    request: &HttpRequest,
) -> Option<(String, Vec<String>)> {
    let moved = MOVED.iter().filter(|(of, ..)| *of == name);
    let url = moved.fold(request.url.clone(), |url, (_, from, to)| url.replace(from, to));
    let request = HttpRequest { url, ..request.clone() };
    let operation = descriptions
        .iter()
        .find_map(|description| description.operation(&request.method, &request.url))?;
    let mut faults = operation.faults(&request);
    if NEWER_CREDENTIALS.contains(&name) {
        faults.retain(|fault| fault != description::NO_CREDENTIAL);
    }
    Some((operation.name.clone(), faults))
}

/// Method and path, without host and query.
fn address(request: &HttpRequest) -> String {
    let path = description::after_host(&request.url).split('?').next().unwrap_or_default();
    format!("{} {path}", request.method)
}

#[test]
fn a_wrong_request_is_told() {
    let Some(folder) = folder() else { return };
    let klaviyo = descriptions(&folder, &["klaviyo.json"]);
    let mut all = connectors().into_iter();
    let (_, connector, file) = all.find(|(name, ..)| name == "klaviyo").expect("it is shipped");
    let made = requests(&connector, &file);
    let right = made.into_iter().find(|(_, request)| request.url.ends_with("/api/events"));
    let (_, right) = right.expect("an event");
    let told = |request: &HttpRequest| {
        check(&klaviyo, "klaviyo", request).expect("it is described").1.join("; ")
    };
    assert_eq!(told(&right), "");
    let body = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut body = serde_json::from_slice(&right.body).expect("JSON");
        change(&mut body);
        HttpRequest { body: Bytes::from(body.to_string()), ..right.clone() }
    };
    let attributes = "/data/attributes";
    let wrong = [
        (body(&|body| body["data"]["type"] = "evnt".into()), "evnt"),
        (
            body(&|body| drop(body["data"].as_object_mut().map(|d| d.remove("attributes")))),
            "required",
        ),
        (
            body(&|body| body["data"]["attributes"]["time"] = "yesterday".into()),
            "/data/attributes/time",
        ),
        (body(&|body| body["data"]["attributes"]["colour"] = "red".into()), attributes),
        (without(&right, "revision"), "header revision is missing"),
        (without(&right, "Authorization"), "no credential"),
        (without(&right, "Content-Type"), "content type"),
        (
            HttpRequest { url: format!("{}?fast=1", right.url), ..right.clone() },
            "query fast is not described",
        ),
    ];
    for (request, wanted) in wrong {
        assert!(told(&request).contains(wanted), "{wanted}: {}", told(&request));
    }
}

fn without(request: &HttpRequest, header: &str) -> HttpRequest {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
    request
}

fn connectors() -> Vec<(String, Arc<DestinationConnector>, RuleFile)> {
    let files = shipped();
    let (book, _) = Book::compile(&files, &Invented, &Surroundings::default(), None);
    let destinations = files.into_iter().filter(|file| file.kind == FileKind::DestinationConnector);
    destinations
        .map(|file| (file.name.clone(), Arc::clone(&book.destinations[&file.name]), file))
        .collect()
}

fn requests(connector: &Arc<DestinationConnector>, file: &RuleFile) -> Vec<(String, HttpRequest)> {
    let source = SourceFile::new(file.path.clone(), file.text.clone());
    let node = read(source, &mut Diagnostics::default()).expect("it is read");
    filetests::requests(connector, &node, Timestamp::now())
}
