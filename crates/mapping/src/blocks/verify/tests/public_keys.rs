//! RSA and Ed25519 with given keys, against signatures that OpenSSL made.

use super::*;

const RSA: &str = include_str!("fixtures/rsa_public.pem");
const RSA_PKCS1: &str = include_str!("fixtures/rsa_public_pkcs1.pem");
const RSA_1024: &str = include_str!("fixtures/rsa_1024_public.pem");
const RSA_PRIVATE: &str = include_str!("fixtures/rsa_private.pem");
const RSA_PRIVATE_PKCS1: &str = include_str!("fixtures/rsa_private_pkcs1.pem");
const ED25519: &str = include_str!("fixtures/ed25519_public.pem");
const ED25519_PRIVATE: &str = include_str!("fixtures/ed25519_private.pem");
const ED25519_BARE: &str = "AQFL/qaixWbdeaRcHsA6LMe0kNBbEmbxcdRDSsOvzt4=";

fn spec(algorithm: Algorithm, signed: &str) -> PublicKeySpec {
    let mut envelope = Envelope::header("x-signature");
    envelope.encoding = Encoding::Base64;
    envelope.signed = template(signed);
    if signed.contains("timestamp") {
        let at = TimestampAt::Place(Place::header("x-time"));
        let spec = TimestampSpec::new(at);
        envelope.timestamp = Some(spec);
    }
    PublicKeySpec { algorithm, keys: Vec::new(), fetched: None, envelope }
}

fn public(algorithm: Algorithm, signed: &str) -> MethodSpec {
    MethodSpec::PublicKey(spec(algorithm, signed))
}

#[test]
fn signatures_made_by_openssl_are_verified() {
    let timed = include_str!("fixtures/rsa_sha256_timestamp_body.b64");
    for (algorithm, signed, key, signature) in [
        (Algorithm::RsaSha256, "{{ timestamp }}.{{ body }}", RSA, timed),
        (Algorithm::RsaSha256, "{{ timestamp }}.{{ body }}", RSA_PKCS1, timed),
        (Algorithm::RsaSha512, "{{ body }}", RSA, include_str!("fixtures/rsa_sha512_body.b64")),
        (
            Algorithm::RsaPssSha256,
            "{{ body }}",
            RSA,
            include_str!("fixtures/rsa_pss_sha256_body.b64"),
        ),
    ] {
        let verifier = ready(&public(algorithm, signed), &[key]);
        let time = ("x-time", "1700000000");
        assert_eq!(outcome(&verifier, &[time, ("x-signature", signature)]), "ok 0");
        let later = [("x-time", "1700000001"), ("x-signature", signature)];
        let expected = if signed == "{{ body }}" { "ok 0" } else { "signature_invalid" };
        assert_eq!(outcome(&verifier, &later), expected);
        assert_eq!(outcome(&verifier, &[time, ("x-signature", "AAAA")]), "signature_invalid");
        assert_eq!(outcome(&verifier, &[time]), "signature_missing");
    }
}

#[test]
fn what_a_private_key_signs_its_public_key_verifies() {
    for (algorithm, private, keys) in [
        (Algorithm::RsaSha256, RSA_PRIVATE, vec![RSA, RSA_PKCS1]),
        (Algorithm::RsaSha512, RSA_PRIVATE_PKCS1, vec![RSA]),
        (Algorithm::RsaPssSha256, RSA_PRIVATE, vec![RSA]),
        (Algorithm::Ed25519, ED25519_PRIVATE, vec![ED25519, ED25519_BARE]),
    ] {
        let method = public(algorithm, "{{ timestamp }}.{{ body }}");
        let by_vendor = method.signer(&secret(private)).expect("a private key");
        let request = Incoming::post(Headers::default(), BODY.as_bytes());
        let signed = by_vendor.sign(&request, "", now()).expect("signs");
        let lines: Vec<_> = signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        for key in keys {
            assert_eq!(outcome(&ready(&method, &[key]), &lines), "ok 0", "{algorithm:?} {key}");
        }
        let of_vendor = PublicKeySpec {
            keys: vec![if algorithm == Algorithm::Ed25519 { ED25519 } else { RSA }.to_owned()],
            ..spec(algorithm, "{{ timestamp }}.{{ body }}")
        };
        let of_vendor = MethodSpec::PublicKey(of_vendor);
        assert!(!of_vendor.needs_secret());
        assert_eq!(outcome(&ready(&of_vendor, &[]), &lines), "ok 0", "{algorithm:?}");
        assert!(of_vendor.signer(&secret("geraten")).is_err());
    }
}

#[test]
fn keys_that_cannot_work_are_refused_with_what_they_should_be() {
    for (algorithm, key, message) in [
        (Algorithm::RsaSha256, RSA_1024, "an RSA key of 2048 to 8192 bits (it has 1024)"),
        (Algorithm::RsaSha256, ED25519, "an RSA public key"),
        (Algorithm::Ed25519, RSA, "an Ed25519 public key"),
        (
            Algorithm::Ed25519,
            ED25519_PRIVATE,
            "a public key as PEM or base64 (it is a private key)",
        ),
        (Algorithm::RsaSha256, "geheim!", "a public key as PEM or base64"),
        (Algorithm::RsaSha256, "-----BEGIN PUBLIC KEY-----", "a public key as PEM or base64"),
        (Algorithm::RsaSha256, "MIIB", "an RSA public key"),
    ] {
        let problems = public(algorithm, "{{ body }}").verifier(&secrets(&[key])).expect_err(key);
        assert_eq!(problems[0].fault.to_string(), format!("the secret is not {message}"));
        let fixed = PublicKeySpec { keys: vec![key.to_owned()], ..spec(algorithm, "{{ body }}") };
        let faults = MethodSpec::PublicKey(fixed).faults();
        assert_eq!(faults, [format!("the key is not {message}")]);
    }
}
