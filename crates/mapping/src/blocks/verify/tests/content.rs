//! Methods that sign content with a shared secret: HMAC and plain hash.

use super::*;

const SHA256: &str = "12fa628f1b2509a38ee2eb2b90568ab0cb44856f684f85f70dfc71d2ce158f67";
const SHA256_BASE64: &str = "EvpijxslCaOO4usrkFaKsMtEhW9oT4X3Dfxx0s4Vj2c=";
/// Of the second secret, `geheim-2`.
const OTHER: &str = "bd3be54f7c48a60a7a0179d111a1198065e0b61a5738f5db4231c89ba3c27aaa";
/// Of `1700000000.` and the body.
const TIMED: &str = "80fd546b8572ec0c26f9c7377e6607df58457f82501f4dd897b332e2fb0bcfb1";

#[test]
fn a_signature_is_accepted_in_every_way_it_is_honestly_written() {
    let plain = ready(&hmac(|_| ()), &["geheim-1", "geheim-2"]);
    let base64 = ready(&hmac(|spec| spec.envelope.encoding = Encoding::Base64), &["geheim-1"]);
    let prefixed = ready(&hmac(|spec| spec.envelope.prefix = "sha256=".to_owned()), &["geheim-1"]);
    let upper = SHA256.to_uppercase();
    let short = SHA256.strip_suffix("67").expect("its end");
    let odd = SHA256.strip_suffix('7').expect("its end");
    let listed = format!("{OTHER}, {SHA256}");
    let prefixed_value = format!("sha256={SHA256}");
    let mixed = format!("sha1=00ff,SHA256={SHA256}");
    let changed = SHA256.replacen('1', "2", 1);
    for (verifier, value, expected) in [
        (&plain, SHA256, "ok 0"),
        (&plain, upper.as_str(), "ok 0"),
        (&plain, OTHER, "ok 1"),
        (&plain, &listed, "ok 0"),
        (&plain, &changed, "signature_invalid"),
        (&plain, short, "signature_invalid"),
        (&plain, odd, "signature_invalid"),
        (&plain, SHA256_BASE64, "signature_invalid"),
        (&plain, &prefixed_value, "signature_invalid"),
        (&plain, "", "signature_missing"),
        (&plain, "  ", "signature_missing"),
        (&plain, "🦊", "signature_invalid"),
        (&base64, SHA256_BASE64, "ok 0"),
        (&base64, SHA256_BASE64.trim_end_matches('='), "ok 0"),
        (&base64, "EvpijxslCaOO4usrkFaKsMtEhW9oT4X3Dfxx0s4Vj2d=", "signature_invalid"),
        (&base64, SHA256, "signature_invalid"),
        (&prefixed, &prefixed_value, "ok 0"),
        (&prefixed, &mixed, "ok 0"),
        (&prefixed, SHA256, "signature_invalid"),
        (&prefixed, "sha256=", "signature_invalid"),
        (&prefixed, "é", "signature_invalid"),
    ] {
        assert_eq!(outcome(verifier, &[("x-signature", value)]), expected, "{value}");
    }
    assert_eq!(outcome(&plain, &[("x-other", SHA256)]), "signature_missing");
}

#[test]
fn a_prefix_may_hold_what_else_separates_signatures() {
    for prefix in ["HMAC-SHA256 ", "v0,", "a b,c="] {
        let spec = hmac(|spec| spec.envelope.prefix = prefix.to_owned());
        let verifier = ready(&spec, &["geheim-1"]);
        for value in [
            format!("{prefix}{SHA256}"),
            format!("{prefix}{OTHER},{SHA256}"),
            format!("{}{SHA256}", prefix.to_uppercase()),
        ] {
            assert_eq!(outcome(&verifier, &[("x-signature", &value)]), "ok 0", "{value}");
        }
        assert_eq!(outcome(&verifier, &[("x-signature", SHA256)]), "signature_invalid");
    }
}

#[test]
fn a_secret_of_somebody_else_fits_nothing() {
    let verifier = ready(&hmac(|_| ()), &["geheim-3", "geheim-10"]);
    assert_eq!(outcome(&verifier, &[("x-signature", SHA256)]), "signature_invalid");
}

#[test]
fn every_hash_encoding_and_key_form_agrees_with_python() {
    type Change = fn(&mut HmacSpec);
    let table: [(Change, &str, &str); 9] = [
        (|s| s.hash = Hash::Sha1, "geheim-1", "62bbb625d59b3c4c02a9d84d75991f22a6d0c413"),
        (
            |s| s.hash = Hash::Sha512,
            "geheim-1",
            "76fb32926da1c8d10e11a53ee6bcc56f46c82db07ea5c533f952daa91dd78d06df3c55fa1084eb5c05b4\
             d999b486e9a19f714bce89d9b89a778d3824fe13dc5f",
        ),
        (
            |s| s.envelope.encoding = Encoding::Base64Url,
            "geheim-1",
            "EvpijxslCaOO4usrkFaKsMtEhW9oT4X3Dfxx0s4Vj2c",
        ),
        (
            |s| s.key = KeyForm::Base64,
            "AAECAwQFBgcICQ==",
            "9cc3f036ab58e1cf0179d2f13e589f336733bcfea9001f0eeefedd33dd48e313",
        ),
        (
            |s| {
                s.key = KeyForm::Base64;
                s.strip = "whsec_".to_owned();
            },
            "whsec_AAECAwQFBgcICQ",
            "9cc3f036ab58e1cf0179d2f13e589f336733bcfea9001f0eeefedd33dd48e313",
        ),
        (
            |s| {
                s.key = KeyForm::Hex;
                s.hash = Hash::Sha512;
            },
            "00FF10aa",
            "03c64db7bf13be8de4662e2db16f3b202ead61edb5dada18431c7b45c02c6549f89a638ec96075e760a2\
             e07effa62cf196bb0f89497054da1e5a444b64c812ea",
        ),
        (
            |s| s.key = KeyForm::Nfkd,
            "Schlüssel-ﬁ",
            "52f12b7c910d0dd2c9094af22ac8ee1fd66a9c3134cbc7bf439fda25c96ba2c1",
        ),
        (
            |s| {
                s.key = KeyForm::HtmlDecoded;
                s.envelope.encoding = Encoding::Base64;
            },
            "a&amp;b&lt;c&gt;&quot;d&#039;e",
            "e445B2nK3ggF/rApQD7hXTZNO+9n74Ctv8YyViafbzk=",
        ),
        (
            |s| {
                s.key = KeyForm::HtmlDecoded;
                s.envelope.encoding = Encoding::Base64;
            },
            "a&b<c>\"d'e",
            "e445B2nK3ggF/rApQD7hXTZNO+9n74Ctv8YyViafbzk=",
        ),
    ];
    for (change, secret, signature) in table {
        let verifier = ready(&hmac(change), &[secret]);
        let told = outcome(&verifier, &[("x-signature", signature)]);
        assert_eq!(told, "ok 0", "{secret} {signature}");
    }
}

#[test]
fn the_signature_may_come_under_one_of_several_header_names() {
    let names = vec!["X-Shop-Hmac".to_owned(), "Shop-Hmac".to_owned()];
    let spec = hmac(|spec| spec.envelope.signature = Place::Header(names));
    let verifier = ready(&spec, &["geheim-1"]);
    for name in ["x-shop-hmac", "SHOP-HMAC"] {
        assert_eq!(outcome(&verifier, &[(name, SHA256)]), "ok 0");
    }
    // Both there, the first of them wrong: still signed by somebody who knows the secret.
    let both = [("x-shop-hmac", OTHER), ("shop-hmac", SHA256)];
    assert_eq!(outcome(&verifier, &both), "ok 0");
}

fn timed_pairs(tolerance: Option<u32>) -> MethodSpec {
    hmac(|spec| {
        spec.envelope.pairs = Some(Pairs { separator: ',', signature: "v1".to_owned() });
        spec.envelope.signed = template("{{ timestamp }}.{{ body }}");
        let at = TimestampAt::Pair("t".to_owned());
        spec.envelope.timestamp = Some(TimestampSpec { tolerance, ..TimestampSpec::new(at) });
    })
}

#[test]
fn pairs_hold_the_time_and_several_signatures() {
    let verifier = ready(&timed_pairs(Some(300)), &["geheim-1"]);
    let wrong = "0".repeat(64);
    for (value, expected) in [
        (format!("t=1700000000,v1={TIMED}"), "ok 0"),
        (format!("v1={TIMED}, t=1700000000"), "ok 0"),
        (format!("t=1700000000,v1={wrong},v1={TIMED},v0=zz"), "ok 0"),
        (format!("t=1700000001,v1={TIMED}"), "signature_invalid"),
        (format!("t=1700000000,v1={wrong}"), "signature_invalid"),
        (format!("t=1700000000,v2={TIMED}"), "signature_invalid"),
        (format!("v1={TIMED}"), "signature_invalid"),
        ("t=1700000000".to_owned(), "signature_invalid"),
        (TIMED.to_owned(), "signature_invalid"),
    ] {
        assert_eq!(outcome(&verifier, &[("x-signature", &value)]), expected, "{value}");
    }
}

#[test]
fn a_signed_time_is_accepted_up_to_the_tolerance_and_no_further() {
    let value = format!("t=1700000000,v1={TIMED}");
    let headers = [("x-signature", value.as_str())];
    let request = Incoming::post(Headers::new(&headers), BODY.as_bytes());
    let checked = ready(&timed_pairs(Some(60)), &["geheim-1"]);
    for (after, expected) in [
        (60, "ok 0"),
        (-60, "ok 0"),
        (61, "timestamp_outside_tolerance"),
        (-61, "timestamp_outside_tolerance"),
    ] {
        assert_eq!(told(checked.verify(&request, seconds(after))), expected, "{after}");
    }
    let unchecked = ready(&timed_pairs(None), &["geheim-1"]);
    assert_eq!(told(unchecked.verify(&request, seconds(1_000_000))), "ok 0");
    // A forger does not learn whether the time would have done.
    let forged = [("x-signature", "t=1,v1=00")];
    let forged = Incoming::post(Headers::new(&forged), BODY.as_bytes());
    assert_eq!(told(checked.verify(&forged, now())), "signature_invalid");
}

#[test]
fn templates_of_id_time_headers_and_address_are_signed() {
    let signed_id = hmac(|spec| {
        spec.envelope.encoding = Encoding::Base64;
        spec.envelope.signed = template("{{ id }}.{{ timestamp }}.{{ body }}");
        spec.envelope.id = Some(Place::header("X-Id"));
        let at = TimestampAt::Place(Place::header("X-Time"));
        spec.envelope.timestamp = Some(TimestampSpec::new(at));
    });
    let verifier = ready(&signed_id, &["geheim-1"]);
    let signature = ("x-signature", "R+tRAaBmA3gf1Tbxi9js6QWzZ7UATFXuWkoHwLmZcaM=");
    let (id, time) = (("x-id", "msg_7"), ("x-time", "1700000000"));
    assert_eq!(outcome(&verifier, &[signature, id, time]), "ok 0");
    assert_eq!(outcome(&verifier, &[signature, ("x-id", "msg_8"), time]), "signature_invalid");
    assert_eq!(outcome(&verifier, &[signature, id]), "signature_missing");
    assert_eq!(outcome(&verifier, &[signature, time]), "signature_missing");

    let addressed = hmac(|spec| {
        spec.envelope.signed =
            template("{{ method }} {{ url }} {{ headers['x-nonce'] }} {{ body }}");
    });
    let verifier = ready(&addressed, &["geheim-1"]);
    let headers = [
        ("x-signature", "1e836a20198ff4f1acb3267b643347bc156f84833ff94add5def325ebfb9ae66"),
        ("x-nonce", "77"),
    ];
    let url = "https://relay.example/hooks/hey/shop?x=1";
    let request = Incoming { url, ..Incoming::post(Headers::new(&headers), BODY.as_bytes()) };
    assert_eq!(told(verifier.verify(&request, now())), "ok 0");
    assert_eq!(
        told(verifier.verify(&Incoming { method: "PUT", ..request }, now())),
        "signature_invalid"
    );
    let request = Incoming { headers: Headers::new(&headers[..1]), ..request };
    assert_eq!(told(verifier.verify(&request, now())), "signature_missing");
}

#[test]
fn a_signature_in_the_query_covers_the_rest_of_it_as_it_was_sent() {
    let spec = hmac(|spec| {
        spec.envelope.signature = Place::Query("signature".to_owned());
        spec.envelope.signed = template("{{ query }}");
    });
    let verifier = ready(&spec, &["geheim-1"]);
    let signature = "signature=ac3e38292d0f90e2a335244adb08aa525480e0f65ab28d81528a2e7c0908f657";
    for (query, expected) in [
        (format!("shop-id=7&t=%20x&{signature}"), "ok 0"),
        (format!("{signature}&shop-id=7&t=%20x"), "ok 0"),
        (format!("shop-id=8&t=%20x&{signature}"), "signature_invalid"),
        (format!("shop-id=7&t=+x&{signature}"), "signature_invalid"),
        ("shop-id=7&t=%20x".to_owned(), "signature_missing"),
    ] {
        let request = Incoming { query: &query, ..Incoming::post(Headers::default(), b"") };
        assert_eq!(told(verifier.verify(&request, now())), expected, "{query}");
    }
}

#[test]
fn a_signature_in_the_body_over_the_time_alone_says_that_it_covers_little() {
    let spec = hmac(|spec| {
        spec.envelope.signature = Place::Body("verify.signature".to_owned());
        spec.envelope.signed = template("{{ timestamp }}");
        let at = TimestampAt::Place(Place::Body("verify.time".to_owned()));
        spec.envelope.timestamp = Some(TimestampSpec::new(at));
    });
    assert_eq!(spec.warnings().len(), 1);
    let verifier = ready(&spec, &["geheim-1"]);
    let read = |path: &str| match path {
        "verify.signature" => {
            Some("19260f6fae8507071d2c5f0236b7ddfbacdcc3469e4d576003826c3bd9ee489f".to_owned())
        }
        "verify.time" => Some("1700000000".to_owned()),
        _ => None,
    };
    let request =
        Incoming { body_field: Some(&read), ..Incoming::post(Headers::default(), BODY.as_bytes()) };
    let answer = verifier.verify(&request, now()).expect("signed");
    assert!(!answer.covers_body);
    assert_eq!(answer.timestamp, Some(now()));
    let unread = Incoming { body_field: None, ..request };
    assert_eq!(told(verifier.verify(&unread, now())), "signature_missing");
}

fn plain_hash() -> MethodSpec {
    let mut envelope = Envelope::header("Sign");
    envelope.signed = template("{{ body }}/{{ secret }}");
    MethodSpec::PlainHash(PlainHashSpec { hash: Hash::Sha256, key: KeyForm::Utf8, envelope })
}

#[test]
fn a_plain_hash_needs_the_secret_that_is_hashed() {
    let signature = "d7cc6f4b19b20215db2de243facd11a0ebb8edc5e936e9b7de99b14c690d3179";
    let verifier = ready(&plain_hash(), &["geheim-2", "geheim-1"]);
    assert_eq!(outcome(&verifier, &[("sign", signature)]), "ok 1");
    let verifier = ready(&plain_hash(), &["geheim-2"]);
    assert_eq!(outcome(&verifier, &[("sign", signature)]), "signature_invalid");
    assert_eq!(outcome(&verifier, &[]), "signature_missing");
}

#[test]
fn options_that_cannot_work_are_told_when_the_file_is_read() {
    let mut bare = Envelope::header("Sign");
    bare.signed = template("{{ body }}");
    let bare = PlainHashSpec { hash: Hash::Sha256, key: KeyForm::Utf8, envelope: bare };
    for (spec, fault) in [
        (hmac(|s| s.envelope.signed = template("{{ id }}{{ body }}")), "where the id stands"),
        (hmac(|s| s.envelope.signed = template("{{ timestamp }}")), "where the time stands"),
        (hmac(|s| s.envelope.signed = template("{{ body }}{{ secret }}")), "the key is it"),
        (hmac(|s| s.envelope.signature = Place::Header(Vec::new())), "has no name"),
        (
            hmac(|s| {
                let at = TimestampAt::Pair("t".to_owned());
                s.envelope.timestamp = Some(TimestampSpec::new(at));
            }),
            "there are no pairs",
        ),
        (MethodSpec::PlainHash(bare), "anyone can compute a plain hash"),
        (MethodSpec::StaticToken(StaticTokenSpec::Query(String::new())), "has no name"),
        (MethodSpec::AnyOf(vec![]), "empty"),
        (MethodSpec::AnyOf(vec![plain_hash(), MethodSpec::Unsigned]), "accept every request"),
        (MethodSpec::AnyOf(vec![plain_hash(); MAX_METHODS + 1]), "more than"),
        (MethodSpec::AnyOf(vec![MethodSpec::AnyOf(vec![plain_hash()])]), "cannot stand in another"),
    ] {
        let faults = spec.faults();
        assert!(faults.iter().any(|text| text.contains(fault)), "{fault}: {faults:?}");
    }
    for good in [vec![plain_hash(); MAX_METHODS], vec![MethodSpec::Unsigned]] {
        assert_eq!(MethodSpec::AnyOf(good).faults(), Vec::<String>::new());
    }
}

#[test]
fn a_checked_time_that_is_not_signed_is_warned_of() {
    let with_time = |place| {
        hmac(|spec| {
            spec.envelope.timestamp = Some(TimestampSpec::new(TimestampAt::Place(place)));
        })
    };
    assert_eq!(with_time(Place::header("x-time")).warnings().len(), 1);
    assert_eq!(with_time(Place::Body("time".to_owned())).warnings(), Vec::<String>::new());
}

#[test]
fn secrets_are_all_checked_at_once_and_limited_in_number() {
    let spec = hmac(|spec| spec.key = KeyForm::Hex);
    let problems = spec.verifier(&secrets(&["00ff", "zz", "0"])).expect_err("two are no hex");
    let which: Vec<_> = problems.iter().map(|problem| problem.secret).collect();
    assert_eq!(which, [Some(1), Some(2)]);
    let none = spec.verifier(&[]).expect_err("none");
    assert_eq!(none, [SecretProblem { secret: None, fault: SecretFault::Absent }]);
    let many = vec![secret("00ff"); secret::MAX_SECRETS];
    assert!(spec.verifier(&many).is_ok());
    assert!(spec.verifier(&[many, secrets(&["00ff"])].concat()).is_err());
}

#[test]
fn only_so_many_signatures_are_looked_at() {
    let verifier = ready(&hmac(|_| ()), &["geheim-1"]);
    let behind = |others: usize| {
        let mut list = vec![OTHER; others];
        list.push(SHA256);
        outcome(&verifier, &[("x-signature", &list.join(","))])
    };
    assert_eq!(behind(envelope::MAX_SIGNATURES - 1), "ok 0");
    assert_eq!(behind(envelope::MAX_SIGNATURES), "signature_invalid");
}
