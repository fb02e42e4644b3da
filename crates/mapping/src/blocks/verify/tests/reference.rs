//! Signatures that real systems made, where a folder of them is at hand: `PARCELWIRE_REFERENCE`
//! names the folder that contains `samples/`. They are not part of this repository.

use std::path::PathBuf;

use super::*;

#[expect(clippy::disallowed_methods, reason = "only this test may know where the vectors are")]
fn samples() -> Option<PathBuf> {
    std::env::var("PARCELWIRE_REFERENCE").ok().map(|root| PathBuf::from(root).join("samples"))
}

fn vector(folder: &std::path::Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("signature_vector.json")).expect("a vector");
    serde_json::from_str(&text).expect("JSON")
}

fn text<'a>(vector: &'a serde_json::Value, key: &str) -> &'a str {
    vector[key].as_str().expect(key)
}

#[test]
fn signatures_of_real_systems_are_verified() {
    let Some(samples) = samples() else { return };

    let easypost = vector(&samples.join("easypost"));
    let body = std::fs::read(samples.join("easypost/event_tracker_updated.raw.json")).expect("raw");
    let spec = hmac(|spec| {
        spec.key = KeyForm::Nfkd;
        spec.envelope.prefix = "hmac-sha256-hex=".to_owned();
    });
    let lines = [("x-signature", text(&easypost, "expected"))];
    let verifier = ready(&spec, &[text(&easypost, "secret")]);
    assert_eq!(told(verifier.verify(&Incoming::post(Headers::new(&lines), &body), now())), "ok 0");

    let sendcloud = vector(&samples.join("sendcloud"));
    let lines = [("x-signature", text(&sendcloud, "expected_hex_hmac_sha256_per_docs"))];
    let body = text(&sendcloud, "body").as_bytes();
    let verifier = ready(&hmac(|_| ()), &[text(&sendcloud, "secret")]);
    assert_eq!(told(verifier.verify(&Incoming::post(Headers::new(&lines), body), now())), "ok 0");

    let trackingmore = vector(&samples.join("trackingmore"));
    let spec = hmac(|spec| {
        spec.envelope.signed = template("{{ timestamp }}");
        let at = TimestampAt::Place(Place::header("x-time"));
        spec.envelope.timestamp = Some(TimestampSpec { tolerance: None, ..TimestampSpec::new(at) });
    });
    let lines = [
        ("x-signature", text(&trackingmore, "expected_hex_hmac_sha256")),
        ("x-time", text(&trackingmore, "timestamp")),
    ];
    let verifier = ready(&spec, &[text(&trackingmore, "webhook_secret")]);
    assert_eq!(told(verifier.verify(&Incoming::post(Headers::new(&lines), b""), now())), "ok 0");
}
