//! Standard Webhooks and lists of methods.

use super::*;

const KEY: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
const PUBLIC: &str = "whpk_AQFL/qaixWbdeaRcHsA6LMe0kNBbEmbxcdRDSsOvzt4=";
const V1: &str = "v1,IqG1f/N4mquwyi7cZI9qss0i5YIt/MXYHUBCDE3Bgxg=";
const V1A: &str =
    "v1a,+5T3oU3n8SEi5N+CY8OFusRVdsvFmecZ4eS1SxPneHwbXptODDTh9m69BjbkBI6nCAPK3ZiZcbz4v4ykW7KIBQ==";
const WRONG: &str = "v1,AAAAf/N4mquwyi7cZI9qss0i5YIt/MXYHUBCDE3Bgxg=";

fn standard() -> MethodSpec {
    MethodSpec::StandardWebhooks(StandardWebhooksSpec::default())
}

fn signed(secrets: &[&str], id: &str, time: &str, signature: &str) -> String {
    let verifier = ready(&standard(), secrets);
    let lines = [("webhook-id", id), ("webhook-timestamp", time), ("webhook-signature", signature)];
    outcome(&verifier, &lines)
}

#[test]
fn both_versions_and_lists_of_them_are_verified() {
    let unpadded = V1.trim_end_matches('=');
    let list = format!("v2,AAAA {WRONG} {V1}");
    let both = format!("{V1} {V1A}");
    for (secrets, signature, expected) in [
        (&[KEY][..], V1, "ok 0"),
        (&[KEY], unpadded, "ok 0"),
        (&[KEY], &list, "ok 0"),
        (&[KEY], &both, "ok 0"),
        (&["whsec_AAAA", KEY], V1, "ok 1"),
        (&[PUBLIC], V1A, "ok 0"),
        (&[PUBLIC], &both, "ok 0"),
        (&[KEY, PUBLIC], V1A, "ok 1"),
        (&[KEY], V1A, "signature_invalid"),
        (&[PUBLIC], V1, "signature_invalid"),
        (&["whsec_AAAA"], V1, "signature_invalid"),
        (&[KEY], WRONG, "signature_invalid"),
        (&[KEY], "v2,IqG1f/N4mquwyi7cZI9qss0i5YIt/MXYHUBCDE3Bgxg=", "signature_invalid"),
        (&[KEY], "IqG1f/N4mquwyi7cZI9qss0i5YIt/MXYHUBCDE3Bgxg=", "signature_invalid"),
        (&[KEY], "v1,", "signature_invalid"),
        (&[KEY], "", "signature_missing"),
    ] {
        let told = signed(secrets, "msg_7", "1700000000", signature);
        assert_eq!(told, expected, "{secrets:?} {signature}");
    }
}

#[test]
fn id_and_time_are_needed_and_signed() {
    for (id, time, expected) in [
        ("msg_7", "1700000000", "ok 0"),
        ("msg_8", "1700000000", "signature_invalid"),
        ("msg_7", "1700000001", "signature_invalid"),
        ("msg_7", "soon", "signature_invalid"),
        ("", "1700000000", "signature_missing"),
        ("msg_7", "", "signature_missing"),
    ] {
        assert_eq!(signed(&[KEY], id, time, V1), expected, "{id} {time}");
    }
}

#[test]
fn svix_names_are_read_and_families_are_not_mixed() {
    let verifier = ready(&standard(), &[KEY]);
    let svix = [("svix-id", "msg_7"), ("svix-timestamp", "1700000000"), ("svix-signature", V1)];
    assert_eq!(outcome(&verifier, &svix), "ok 0");
    let mixed = [("webhook-id", "msg_7"), svix[1], svix[2]];
    let request = Incoming::post(Headers::new(&mixed), BODY.as_bytes());
    let refused = verifier.verify(&request, now()).expect_err("no svix-id");
    assert_eq!(refused.to_string(), "the request carries no header `svix-id`");
}

#[test]
fn the_time_is_checked_to_the_second() {
    let verifier = ready(&standard(), &[KEY]);
    let lines =
        [("webhook-id", "msg_7"), ("webhook-timestamp", "1700000000"), ("webhook-signature", V1)];
    let request = Incoming::post(Headers::new(&lines), BODY.as_bytes());
    for (after, expected) in [
        (300, "ok 0"),
        (-300, "ok 0"),
        (301, "timestamp_outside_tolerance"),
        (-301, "timestamp_outside_tolerance"),
    ] {
        assert_eq!(told(verifier.verify(&request, seconds(after))), expected, "{after}");
    }
}

#[test]
fn secrets_that_cannot_work_are_refused_at_once() {
    for (text, message) in [
        ("whsec_not base64", "the secret is not base64 after whsec_"),
        ("whsec_", "the secret is empty"),
        ("whpk_AAAA", "the secret is not base64 of 32 bytes after whpk_"),
        (
            "whsk_c9/cEbOEBlKpFuAGVVg77aYN18B8pyqhAUjtSZMlLa8=",
            "the key is a private key, but the public key (whpk_…) or the shared secret \
             (whsec_…) is needed",
        ),
    ] {
        let problems = standard().verifier(&secrets(&[text])).expect_err(text);
        assert_eq!(problems[0].fault.to_string(), message);
        assert!(!problems[0].fault.hint().is_empty());
    }
}

#[test]
fn unusual_secrets_work_and_are_warned_of() {
    // Without `whsec_` it may have been meant as base64 or as text: both are tried.
    let text = "v1,7OioUitZOc/w5bKF1bloQqLmrWrcF9zNR8EWoP9PXE0=";
    assert_eq!(signed(&["topsecret"], "msg_7", "1700000000", text), "ok 0");
    let bare = KEY.strip_prefix("whsec_").expect("a prefix");
    assert_eq!(signed(&[bare], "msg_7", "1700000000", V1), "ok 0");
    let warning = |text: &str| standard().secret_warning(&secret(text)).is_some();
    let of_length = |length: usize| format!("whsec_{}", Encoding::Base64.encode(&vec![7; length]));
    for (text, warned) in [
        (KEY.to_owned(), false),
        (PUBLIC.to_owned(), false),
        (bare.to_owned(), true),
        (of_length(23), true),
        (of_length(24), false),
        (of_length(64), false),
        (of_length(65), true),
    ] {
        assert_eq!(warning(&text), warned, "{text}");
    }
}

#[test]
fn a_private_key_signs_what_its_public_key_verifies() {
    let of_sender = standard()
        .signer(&secret("whsk_c9/cEbOEBlKpFuAGVVg77aYN18B8pyqhAUjtSZMlLa8="))
        .expect("a private key");
    let request = Incoming::post(Headers::default(), BODY.as_bytes());
    let signed = of_sender.sign(&request, "msg_7", now()).expect("signs");
    // Ed25519 is deterministic: this is what OpenSSL made.
    assert_eq!(signed.headers[2], ("webhook-signature".to_owned(), V1A.to_owned()));
    assert_eq!(
        standard().signer(&secret(PUBLIC)).expect_err("cannot sign").to_string(),
        "the key is a public key, but the shared secret (whsec_…) or the private key (whsk_…) \
         is needed"
    );
}

#[test]
fn of_several_methods_any_may_hold_and_the_most_telling_refusal_is_given() {
    let spec = MethodSpec::AnyOf(vec![
        standard(),
        hmac(|_| ()),
        MethodSpec::StaticToken(StaticTokenSpec::Bearer),
    ]);
    let verifier = ready(&spec, &[KEY, "geheim-1"]);
    let sha256 = "12fa628f1b2509a38ee2eb2b90568ab0cb44856f684f85f70dfc71d2ce158f67";
    let id_time = [("webhook-id", "msg_7"), ("webhook-timestamp", "1700000000")];
    for (headers, expected) in [
        (vec![id_time[0], id_time[1], ("webhook-signature", V1)], "ok 0"),
        (vec![("x-signature", sha256)], "ok 1"),
        (vec![("authorization", "Bearer geheim-1")], "ok 1"),
        (vec![("x-signature", sha256), ("authorization", "Bearer no")], "ok 1"),
        (vec![("x-signature", "00")], "signature_invalid"),
        (vec![], "signature_missing"),
    ] {
        assert_eq!(outcome(&verifier, &headers), expected, "{headers:?}");
    }
    let nothing = Incoming::post(Headers::default(), b"");
    assert_eq!(
        verifier.verify(&nothing, now()).expect_err("unsigned").to_string(),
        "the request carries no header `webhook-signature`, nor a header `X-Signature`, nor a \
         header `authorization: Bearer …`"
    );
}

#[test]
fn of_several_methods_all_must_hold_where_one_stands_beside_another() {
    let other = |s: &mut HmacSpec| s.envelope.signature = Place::header("X-Other");
    let bearer = || MethodSpec::StaticToken(StaticTokenSpec::Bearer);
    let spec = MethodSpec::AllOf(vec![hmac(|_| ()), hmac(other), bearer()]);
    let verifier = ready(&spec, &["geheim-0", "geheim-1"]);
    let sha256 = "12fa628f1b2509a38ee2eb2b90568ab0cb44856f684f85f70dfc71d2ce158f67";
    let (one, two) = (("x-signature", sha256), ("x-other", sha256));
    let token = ("authorization", "Bearer geheim-0");
    for (headers, expected) in [
        (vec![one, two, token], "ok 1"),
        (vec![one, two], "signature_missing"),
        (vec![two, token], "signature_missing"),
        (vec![one, ("x-other", "00"), token], "signature_invalid"),
        (vec![("x-signature", "00"), two, token], "signature_invalid"),
        (vec![one, two, ("authorization", "Bearer no")], "signature_invalid"),
    ] {
        assert_eq!(outcome(&verifier, &headers), expected, "{headers:?}");
    }
    let request = Incoming::post(Headers::default(), BODY.as_bytes());
    let signer = spec.signer(&secret("geheim-1")).expect("each can sign with it");
    let signed = signer.sign(&request, "", now()).expect("signs").headers;
    let lines: Vec<_> =
        signed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(outcome(&verifier, &lines), "ok 1");
    for (specs, fault) in [
        (vec![bearer()], "needs a method beside it"),
        (vec![bearer(), MethodSpec::Unsigned], "proves nothing"),
        (vec![bearer(); MAX_METHODS + 1], "more than"),
    ] {
        let faults = MethodSpec::AllOf(specs).faults();
        assert!(faults.iter().any(|text| text.contains(fault)), "{fault}: {faults:?}");
    }
}

#[test]
fn a_list_gives_every_method_the_secrets_of_its_kind() {
    let hex_key = || hmac(|spec| spec.key = KeyForm::Hex);
    let public = MethodSpec::PublicKey(PublicKeySpec {
        algorithm: Algorithm::Ed25519,
        keys: Vec::new(),
        fetched: None,
        envelope: Envelope::header("x-ed"),
    });
    let spec = MethodSpec::AnyOf(vec![hex_key(), public]);
    let key = PUBLIC.strip_prefix("whpk_").expect("a prefix");
    let verifier = ready(&spec, &[key, "00ff10aa"]);
    let by_hand = hex_key().signer(&secret("00ff10aa")).expect("hex");
    let request = Incoming::post(Headers::default(), BODY.as_bytes());
    let signed = by_hand.sign(&request, "", now()).expect("signs");
    assert_eq!(outcome(&verifier, &[("x-signature", &signed.headers[0].1)]), "ok 1");
    let problems = spec.verifier(&secrets(&["00ff", "no key at all"])).expect_err("one is useless");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].secret, Some(1));
    assert!(spec.verifier(&[]).is_err());
}

#[test]
fn unsigned_accepts_everything_and_says_so() {
    let verifier = ready(&MethodSpec::Unsigned, &[]);
    assert_eq!(outcome(&verifier, &[]), "ok 0");
    assert_eq!(MethodSpec::Unsigned.warnings().len(), 1);
    assert!(!MethodSpec::Unsigned.needs_secret());
}
