//! How descriptions are read, tried on invented ones: everywhere, whatever folders there are.

use bytes::Bytes;
use parcelwire_mapping::http::HttpRequest;
use serde_json::{Value, json};

use super::description::Description;

fn request(method: &str, url: &str, body: &str) -> HttpRequest {
    let kind = if body.starts_with('{') {
        "application/json"
    } else {
        "application/x-www-form-urlencoded"
    };
    HttpRequest {
        method: method.to_owned(),
        url: url.to_owned(),
        headers: vec![
            ("Authorization".to_owned(), "Bearer x".to_owned()),
            ("Content-Type".to_owned(), kind.to_owned()),
        ],
        body: Bytes::from(body.to_owned()),
    }
}

/// What is wrong with a request, or that it is not described.
fn told(description: &Value, request: &HttpRequest) -> String {
    let description = Description::new(description.clone(), false);
    match description.operation(&request.method, &request.url) {
        Some(operation) => operation.faults(request).join("; "),
        None => "not described".to_owned(),
    }
}

fn openapi() -> Value {
    json!({
        "openapi": "3.0.3", "servers": [{ "url": "https://api.pigeon.example/v3" }],
        "security": [{ "key": [] }],
        "paths": { "/people/{id}/events": { "post": {
            "parameters": [
                { "in": "path", "name": "id", "required": true, "schema": { "type": "integer" } },
                { "in": "query", "name": "dry", "schema": { "type": "boolean" } },
            ],
            "requestBody": { "required": true, "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/Event" } } } },
        } } },
        "components": {
            "securitySchemes": { "key": { "type": "http", "scheme": "bearer" } },
            "schemas": {
                "Event": { "allOf": [{ "$ref": "#/components/schemas/Base" }, {
                    "type": "object", "properties": { "value": { "oneOf": [
                        { "type": "number", "minimum": 0, "exclusiveMinimum": true },
                        { "type": "string", "enum": ["none"] },
                    ] } },
                }] },
                "Base": {
                    "type": "object", "required": ["name"], "properties": {
                        "name": { "type": "string", "maxLength": 8 },
                        "at": { "type": "string", "format": "date-time", "nullable": true },
                        "data": { "type": "object" },
                        "items": { "type": "array", "items": {
                            "type": "object", "properties": { "sku": { "type": "string" } } } },
                    },
                },
            },
        },
    })
}

#[test]
fn right_requests_pass() {
    for body in [
        r#"{"name":"Da!"}"#,
        r#"{"name":"Da!","at":"2026-11-22T10:00:00+01:00","value":1.5,"data":{"any":[1]}}"#,
        r#"{"name":"Da!","at":null,"value":"none","items":[{"sku":"A"}]}"#,
    ] {
        let url = "https://api.pigeon.example/v3/people/7/events?dry=true";
        assert_eq!(told(&openapi(), &request("POST", url, body)), "", "{body}");
    }
}

#[test]
fn every_part_of_a_request_can_be_wrong() {
    let url = "https://api.pigeon.example/v3/people/7/events";
    let fine = r#"{"name":"Da!"}"#;
    for (method, url, body, wanted) in [
        ("PUT", url, fine, "not described"),
        ("POST", "https://api.pigeon.example/v3/people/events", fine, "not described"),
        ("POST", "https://api.pigeon.example/v4/people/7/events", fine, "not described"),
        ("POST", "https://api.pigeon.example/v3/people/kim/events", fine, "path id"),
        ("POST", &format!("{url}?dry=maybe"), fine, "query dry"),
        ("POST", &format!("{url}?wet=true"), fine, "query wet is not described"),
        ("POST", url, "", "the body is missing"),
        ("POST", url, "a=b", "the content type is"),
        ("POST", url, "{\"name\":", "not JSON"),
        ("POST", url, "{}", "required"),
        ("POST", url, r#"{"name":"much too long"}"#, "/name"),
        ("POST", url, r#"{"name":"Da!","at":"yesterday"}"#, "/at"),
        ("POST", url, r#"{"name":"Da!","value":0}"#, "/value"),
        ("POST", url, r#"{"name":"Da!","value":"some"}"#, "/value"),
        ("POST", url, r#"{"name":"Da!","nmae":"Da!"}"#, "nmae"),
        ("POST", url, r#"{"name":"Da!","items":[{"skuu":"A"}]}"#, "skuu"),
    ] {
        let told = told(&openapi(), &request(method, url, body));
        assert!(told.contains(wanted), "{method} {url} {body}: {told}");
    }
    let mut bare = request("POST", url, fine);
    bare.headers.remove(0);
    assert!(told(&openapi(), &bare).contains("no credential"));
}

#[test]
fn the_elder_form_is_read_too() {
    let swagger = json!({
        "swagger": "2.0", "basePath": "/3.0", "security": [{ "basicAuth": [] }],
        "securityDefinitions": { "basicAuth": { "type": "basic" } },
        "definitions": { "Event": { "type": "object", "required": ["name"], "properties": {
            "name": { "type": "string", "minLength": 2 } } } },
        "paths": { "/events": { "post": { "parameters": [
            { "in": "body", "name": "body", "required": true, "schema": { "$ref": "#/definitions/Event" } },
            { "in": "query", "name": "fast", "type": "integer", "maximum": 1 },
        ] } } },
    });
    let mut right =
        request("POST", "https://x.pigeon.example/3.0/events?fast=1", r#"{"name":"Da!"}"#);
    assert!(told(&swagger, &right).contains("no credential"));
    right.headers[0].1 = "Basic x".to_owned();
    assert_eq!(told(&swagger, &right), "");
    right.body = Bytes::from_static(b"{\"name\":\"D\"}");
    right.url = right.url.replace("fast=1", "fast=2");
    let told = told(&swagger, &right);
    assert!(told.contains("query fast") && told.contains("/name"), "{told}");
}

#[test]
fn forms_are_read_as_their_schema_types_them() {
    let form = json!({
        "openapi": "3.1.0", "servers": [{ "url": "https://track.pigeon.example" }],
        "paths": { "/event": { "post": { "requestBody": { "required": true, "content": {
            "application/x-www-form-urlencoded": { "schema": {
                "type": "object", "required": ["id", "event"], "properties": {
                    "id": { "type": "integer" }, "event": { "type": "string" } },
            } } } } } } },
    });
    let url = "https://track.pigeon.example/event";
    assert_eq!(told(&form, &request("POST", url, "id=7&event=Da%21")), "");
    assert!(told(&form, &request("POST", url, "id=x&event=Da")).contains("/id"));
    assert!(told(&form, &request("POST", url, "id=7&event=Da&evnt=1")).contains("evnt"));
}
