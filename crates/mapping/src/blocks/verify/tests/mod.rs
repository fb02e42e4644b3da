//! The signature methods against values that Python and OpenSSL computed, against each other
//! (what one signs the other verifies), and against everything a forger may change.

mod content;
mod issued;
mod laws;
mod public_keys;
mod reference;
mod standard;
mod tokens;

use jiff::Timestamp;

use super::*;

/// An invented body with a letter outside ASCII, signed in all tables.
const BODY: &str = r#"{"paket":{"nummer":"A1","status":"versandt"},"ort":"Köln"}"#;

/// The time of all tables.
const NOW: i64 = 1_700_000_000;

fn now() -> Timestamp {
    seconds(0)
}

fn seconds(after: i64) -> Timestamp {
    Timestamp::from_second(NOW + after).expect("in range")
}

fn secret(text: &str) -> Secret {
    Secret::new(text).expect("not blank")
}

fn secrets(texts: &[&str]) -> Vec<Secret> {
    texts.iter().map(|text| secret(text)).collect()
}

fn ready(spec: &MethodSpec, texts: &[&str]) -> Verifier {
    assert_eq!(spec.faults(), Vec::<String>::new());
    spec.verifier(&secrets(texts)).expect("secrets of the right kind")
}

/// Verifies `BODY` with these headers and answers the code, or `ok` and the secret's number.
fn outcome(verifier: &Verifier, headers: &[(&str, &str)]) -> String {
    told(verifier.verify(&Incoming::post(Headers::new(headers), BODY.as_bytes()), now()))
}

fn told(result: Result<Verified, Refusal>) -> String {
    match result {
        Ok(verified) => format!("ok {}", verified.secret),
        Err(refusal) => refusal.code().to_owned(),
    }
}

/// The HMAC of the raw body in `x-signature`, hexadecimal, SHA-256, unless `change` says otherwise.
fn hmac(change: impl FnOnce(&mut HmacSpec)) -> MethodSpec {
    let mut spec = HmacSpec::header(Hash::Sha256, "X-Signature");
    change(&mut spec);
    MethodSpec::Hmac(spec)
}

fn template(text: &str) -> Template {
    Template::parse(text).expect("a template")
}
