//! Handshakes that are verified, and answer with what is derived from the source's secret.

use super::*;
use crate::blocks::verify::{Hash, Headers, HmacSpec, Incoming, issued_secret, issued_token};

const SECRET: &str = "app-secret";

fn ready(text: &str, settings: &[(&str, &str)]) -> ReadySource {
    let (connector, _) = compiled("handshakes", text).unwrap_or_else(|told| panic!("{told}"));
    let mut given = Map::new();
    for (name, value) in settings {
        given.set(*name, Value::text(*value));
    }
    let complete = settings::check(connector.settings(), &given, true).expect("they are complete");
    let secret = Secret::new(SECRET).expect("not blank");
    let address = "https://relay.example.test/hooks/hey/shop";
    connector.ready(complete, &[secret], address).expect("it is ready")
}

/// Status and body, or the code of the refusal, or `unknown`.
fn asked(
    source: &ReadySource,
    method: &str,
    tail: &str,
    query: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> String {
    let path = format!("/hooks/hey/shop{tail}");
    let post = Incoming::post(Headers::new(headers), body.as_bytes());
    let request = Incoming { method, path: &path, query, ..post };
    match source.handshake(&request, now()) {
        None => "unknown".to_owned(),
        Some(Ok(answer)) => format!("{} {}", answer.status, answer.body),
        Some(Err(refusal)) => refusal.code().to_owned(),
    }
}

fn mac(key: &str, query: &str) -> String {
    let mut spec = HmacSpec::header(Hash::Sha256, "x-sig");
    spec.envelope.signed =
        crate::blocks::verify::Template::parse("{{ query }}").expect("a template");
    let secret = Secret::new(key).expect("not blank");
    let signer = MethodSpec::Hmac(spec).signer(&secret).expect("any text is a key");
    let request = Incoming { query, ..Incoming::post(Headers::default(), b"") };
    signer.sign(&request, "", now()).expect("signs").headers.remove(0).1
}

const REGISTERS: &str = "\
title: A
facts: none
settings:
  scheme: { default: app, one_of: [app, none] }
verify: { hmac: sha256, header: X-Sig, secret_of: { body: shop } }
handshake:
  - method: GET
    when: =query.shop is present and headers['x-old'] is present
    verify: { hmac: sha256, header: X-Old, signed: '{{ query }}', secret_of: { query: shop }, when: =settings.scheme == 'app' }
    json:
      secret: =query.shop | secret_of(secret, 3 - generation)
  - method: GET
    when: =query.shop is present
    verify: { hmac: sha256, header: X-Sig, signed: '{{ query }}', when: =settings.scheme == 'app' }
    json: { secret: =query.shop | secret_of(secret), at: =address }
events: { status: delivered, order_id: =id }
";

#[test]
fn a_registration_is_answered_with_the_senders_own_secret() {
    let source = ready(REGISTERS, &[]);
    let query = "shop=S1&at=7";
    let (first, second) = (issued_secret("S1", SECRET, 1), issued_secret("S1", SECRET, 2));
    let (by_app, by_first, by_second) =
        (mac(SECRET, query), mac(&first, query), mac(&second, query));
    let answer =
        format!(r#"200 {{"secret":"{first}","at":"https://relay.example.test/hooks/hey/shop"}}"#);
    let next = format!(r#"200 {{"secret":"{second}"}}"#);
    let again = format!(r#"200 {{"secret":"{first}"}}"#);
    for (headers, expected) in [
        (vec![("x-sig", by_app.as_str())], answer.as_str()),
        (vec![("x-sig", "00ff")], "signature_invalid"),
        (vec![], "signature_missing"),
        // The secret that was given out opens no first registration.
        (vec![("x-sig", by_first.as_str())], "signature_invalid"),
        // Registered before: another than the one that signs.
        (vec![("x-sig", by_app.as_str()), ("x-old", by_first.as_str())], next.as_str()),
        (vec![("x-sig", by_app.as_str()), ("x-old", by_second.as_str())], again.as_str()),
        // With somebody else, before: as if it were the first time.
        (vec![("x-sig", by_app.as_str()), ("x-old", "00ff")], answer.as_str()),
        (vec![("x-old", "00ff")], "signature_invalid"),
    ] {
        assert_eq!(asked(&source, "GET", "", query, &headers, ""), expected, "{headers:?}");
    }
    let sig = [("x-sig", by_app.as_str())];
    assert_eq!(asked(&source, "GET", "", "at=7", &sig, ""), "unknown");
    assert_eq!(asked(&source, "POST", "", query, &sig, ""), "unknown");
    // Where a setting says that nobody registers, the handshake is not there.
    let closed = ready(REGISTERS, &[("scheme", "none")]);
    assert_eq!(asked(&closed, "GET", "", query, &sig, ""), "unknown");
}

const TOKENS: &str = "\
title: A
facts: none
verify: { issued_token: 2h }
handshake:
  method: POST
  path: oauth/token
  verify: { basic: true, user: relay }
  json: { access_token: =token, expires_in: =expires_in }
events: { status: delivered, order_id: =id }
";

#[test]
fn a_token_is_given_to_who_has_the_credentials_at_its_own_path() {
    let source = ready(TOKENS, &[]);
    let basic = "Basic cmVsYXk6YXBwLXNlY3JldA==";
    let token = issued_token(&Secret::new(SECRET).expect("not blank"), now()).expect("a token");
    let given = format!(r#"200 {{"access_token":"{token}","expires_in":7200}}"#);
    let body = "grant_type=client_credentials";
    for (tail, header, expected) in [
        ("/oauth/token", basic, given.as_str()),
        ("/oauth/token", "Basic cmVsYXk6d3Jvbmc=", "signature_invalid"),
        ("/oauth/token", "", "signature_missing"),
        ("/oauth", basic, "unknown"),
        ("/oauth/token/x", basic, "unknown"),
        ("", basic, "unknown"),
    ] {
        let told = asked(&source, "POST", tail, "", &[("authorization", header)], body);
        assert_eq!(told, expected, "{tail} {header}");
    }
}

#[test]
fn what_stands_for_secrets_needs_a_handshake_that_is_verified() {
    let file = |handshake: &str| {
        format!(
            "title: A\nfacts: none\nverify: {{ bearer: true }}\nhandshake: {handshake}\nevents: {{ status: delivered, order_id: =id }}\n"
        )
    };
    for (handshake, expected) in [
        (
            "{ method: GET, body: '{{ secret }}' }",
            "`secret` is only there in a handshake that is verified",
        ),
        (
            "{ method: GET, json: { a: [=token] } }",
            "`token` is only there in a handshake that is verified",
        ),
        ("{ method: GET, body: a, json: { a: b } }", "an answer has `body:` or `json:`, not both"),
    ] {
        let told = compiled("handshakes", &file(handshake)).expect_err("it is refused");
        assert!(told.contains(expected), "{told}");
    }
}
