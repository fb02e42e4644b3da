//! Secrets and tokens that are given out here, and keys that are fetched.

use std::sync::Arc;
use std::time::Duration;

use super::*;

fn of_shop(spec: MethodSpec) -> MethodSpec {
    MethodSpec::IssuedSecret(IssuedSecretSpec {
        names: vec![Place::Body("source.shop".to_owned()), Place::Query("shop".to_owned())],
        method: Box::new(spec),
    })
}

/// A request that names its shop in body or query, signed with `key`.
fn shop_outcome(body: &str, query: &str, key: &str) -> String {
    let verifier = ready(&of_shop(hmac(|_| {})), &["first", "second"]);
    let signer = hmac(|_| {}).signer(&secret(key)).expect("any text is a key");
    let doc = crate::json::Doc::parse(body.as_bytes()).expect("JSON");
    let field =
        |path: &str| doc.root().find(path.split('.'))?.text().map(std::borrow::Cow::into_owned);
    let post = Incoming::post(Headers::default(), body.as_bytes());
    let request = Incoming { query, body_field: Some(&field), ..post };
    let signed = signer.sign(&request, "", now()).expect("signs");
    let lines: Vec<_> = signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    match verifier.verify(&Incoming { headers: Headers::new(&lines), ..request }, now()) {
        Ok(verified) => format!("ok {} {:?}", verified.secret, verified.generation),
        Err(refusal) => refusal.code().to_owned(),
    }
}

#[test]
fn each_sender_has_a_secret_of_its_own() {
    let of = |name: &str, secret: &str, generation| issued_secret(name, secret, generation);
    for (body, query, key, expected) in [
        (r#"{"source":{"shop":"S1"}}"#, "", of("S1", "first", 1), "ok 0 Some(1)"),
        (r#"{"source":{"shop":"S1"}}"#, "", of("S1", "first", 2), "ok 0 Some(2)"),
        (r#"{"source":{"shop":"S1"}}"#, "", of("S1", "second", 1), "ok 1 Some(1)"),
        (r"{}", "shop=S1", of("S1", "first", 1), "ok 0 Some(1)"),
        // The body's word counts before the query's.
        (r#"{"source":{"shop":"S2"}}"#, "shop=S1", of("S1", "first", 1), "signature_invalid"),
        (r#"{"source":{"shop":"S1"}}"#, "", of("S2", "first", 1), "signature_invalid"),
        (r#"{"source":{"shop":"S1"}}"#, "", of("S1", "first", 3), "signature_invalid"),
        (r#"{"source":{"shop":"S1"}}"#, "", of("S1", "third", 1), "signature_invalid"),
        // The source's own secret is nobody's.
        (r#"{"source":{"shop":"S1"}}"#, "", "first".to_owned(), "signature_invalid"),
        (r#"{"source":{"shop":""}}"#, "", of("", "first", 1), "signature_missing"),
        (r"{}", "", of("S1", "first", 1), "signature_missing"),
    ] {
        assert_eq!(shop_outcome(body, query, &key), expected, "{body} {query}");
    }
}

#[test]
fn a_secret_is_long_and_tells_nothing_of_the_one_it_is_made_of() {
    let one = issued_secret("S1", "first", 1);
    assert_eq!(one.len(), 64);
    assert_eq!(one, issued_secret("S1", "first", 1));
    for other in [
        issued_secret("S1", "first", 2),
        issued_secret("S2", "first", 1),
        issued_secret("S1", "second", 1),
    ] {
        assert_ne!(one, other);
    }
}

#[test]
fn what_cannot_be_derived_is_a_fault_of_the_file() {
    let unsigned = of_shop(MethodSpec::Unsigned);
    assert_eq!(unsigned.faults(), ["`secret_of` goes with methods that have a shared secret"]);
    let nameless = MethodSpec::IssuedSecret(IssuedSecretSpec {
        names: Vec::new(),
        method: Box::new(hmac(|_| {})),
    });
    assert_eq!(nameless.faults(), ["it is not said where the sender's id stands"]);
}

#[test]
fn a_token_lives_as_long_as_it_was_said() {
    let method = MethodSpec::IssuedToken(IssuedTokenSpec { lives: 3600 });
    let verifier = ready(&method, &["first", "second"]);
    let token = issued_token(&secret("second"), now()).expect("any text is a key");
    let asked = |token: &str, after: i64| {
        let line = format!("Bearer {token}");
        let lines = [("authorization", line.as_str())];
        told(verifier.verify(&Incoming::post(Headers::new(&lines), b"{}"), seconds(after)))
    };
    for (after, expected) in [
        (0, "ok 1"),
        (3660, "ok 1"),
        (3661, "timestamp_outside_tolerance"),
        (-60, "ok 1"),
        (-61, "timestamp_outside_tolerance"),
    ] {
        assert_eq!(asked(&token, after), expected, "{after}");
    }
    let (at, tag) = token.split_once('.').expect("two parts");
    let later = format!("{}.{tag}", NOW + 3000);
    let longer = format!("{at}.{tag}00");
    let foreign = issued_token(&secret("third"), now()).expect("any text is a key");
    for wrong in
        [later.as_str(), longer.as_str(), foreign.as_str(), at, tag, ".", "first", "second"]
    {
        assert_eq!(asked(wrong, 0), "signature_invalid", "{wrong}");
    }
    let none = verifier.verify(&Incoming::post(Headers::default(), b"{}"), now());
    assert_eq!(told(none), "signature_missing");
}

#[test]
fn what_we_sign_as_a_sender_would_is_verified() {
    for method in [
        MethodSpec::IssuedToken(IssuedTokenSpec { lives: 60 }),
        MethodSpec::IssuedSecret(IssuedSecretSpec {
            names: vec![Place::header("x-shop")],
            method: Box::new(hmac(|_| {})),
        }),
    ] {
        let signer = method.signer(&secret("first")).expect("any text is a key");
        let lines = [("x-shop", "S1")];
        let request = Incoming::post(Headers::new(&lines), BODY.as_bytes());
        let signed = signer.sign(&request, "", now()).expect("signs");
        let mut lines = lines.to_vec();
        lines.extend(signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        assert_eq!(outcome(&ready(&method, &["first"]), &lines), "ok 0");
    }
}

const RSA_PRIVATE: &str = include_str!("fixtures/rsa_private.pem");
const SET: &str = include_str!("fixtures/jwks.json");

fn fetched() -> MethodSpec {
    let mut envelope = Envelope::header("x-signature");
    envelope.encoding = Encoding::Base64;
    let spec = PublicKeySpec {
        algorithm: Algorithm::RsaSha256,
        keys: Vec::new(),
        fetched: Some(FetchedKeysSpec {
            url: "https://keys.example.test/jwks".to_owned(),
            by: "x-key-id".to_owned(),
            cache: Duration::from_secs(60),
        }),
        envelope,
    };
    MethodSpec::PublicKey(spec)
}

#[test]
fn a_key_is_found_by_its_id_in_a_fetched_set() {
    let method = fetched();
    assert!(!method.needs_secret() && method.fetches_keys());
    let verifier = ready(&method, &[]);
    let mut by_hand = fetched();
    if let MethodSpec::PublicKey(spec) = &mut by_hand {
        spec.fetched = None;
    }
    let signer = by_hand.signer(&secret(RSA_PRIVATE)).expect("a private key");
    let post = Incoming::post(Headers::default(), BODY.as_bytes());
    let signature = signer.sign(&post, "", now()).expect("signs").headers[0].1.clone();
    let set = Some(Arc::new(KeySet::read(SET.as_bytes()).expect("it is a set")));
    let current = KnownKeys { set: set.clone(), is_current: true };
    let older = KnownKeys { set, is_current: false };
    let none = KnownKeys::default();
    for (id, known, expected) in [
        ("rsa-1", &current, "ok 0"),
        ("rsa-1", &older, "ok 0"),
        ("rsa-1", &none, "store_unavailable"),
        ("rsa-9", &current, "signature_invalid"),
        ("rsa-9", &older, "store_unavailable"),
        // Another key, one of another kind, and one that is too short.
        ("rsa-2", &current, "signature_invalid"),
        ("ed-1", &current, "signature_invalid"),
        ("short", &current, "signature_invalid"),
        ("", &current, "signature_missing"),
    ] {
        let lines = [("x-signature", signature.as_str()), ("x-key-id", id)];
        let request = Incoming { headers: Headers::new(&lines), keys: Some(known), ..post };
        assert_eq!(told(verifier.verify(&request, now())), expected, "{id}");
        let wanted = verifier.wanted(&request).map(|wanted| wanted.id);
        assert_eq!(wanted, Some(id).filter(|id| !id.is_empty()), "{id}");
    }
    // Nobody is asked about what has no signature at all.
    let lines = [("x-key-id", "rsa-1")];
    assert_eq!(verifier.wanted(&Incoming { headers: Headers::new(&lines), ..post }), None);
}

#[test]
fn what_is_no_set_is_none_and_strange_keys_are_passed_over() {
    for body in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":"x"}"#, "<html>"] {
        assert_eq!(KeySet::read(body.as_bytes()), None, "{body}");
    }
    let strange = r#"{"keys":[1,{},{"kty":"RSA","kid":"a"},{"kty":"EC","kid":"b","x":"AA"},
        {"kty":"RSA","n":"AQAB","e":"AQAB"},{"kty":"RSA","kid":"c","n":"!","e":"AQAB"}]}"#;
    let set = KeySet::read(strange.as_bytes()).expect("it is a set");
    assert!(!["a", "b", "c"].iter().any(|id| set.has(id)));
    let many: Vec<String> = (0..=MAX_KEYS)
        .map(|n| format!(r#"{{"kty":"RSA","kid":"k{n}","n":"AQAB","e":"AQAB"}}"#))
        .collect();
    let set = KeySet::read(format!(r#"{{"keys":[{}]}}"#, many.join(",")).as_bytes());
    let set = set.expect("it is a set");
    assert!(set.has(&format!("k{}", MAX_KEYS - 1)) && !set.has(&format!("k{MAX_KEYS}")));
}
