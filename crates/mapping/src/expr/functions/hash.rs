//! Functions that hash and encode. Texts are their UTF-8 bytes.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::super::value::Val;
use super::date;
use super::{Function, Given, Want, arg, option};
use crate::blocks::verify::{GENERATIONS, issued_secret};

const ENCODINGS: &[&str] = &["hex", "base64"];

pub(super) static ROWS: &[Function] = &[
    Function {
        name: "md5",
        args: &[option("encoding", Want::Choice(ENCODINGS))],
        doc: "The MD5 hash in lower-case hex, or base64.",
        example: ("'kim@example.test' | md5", r#""ad800aacb9b2151827447659cb35d8af""#),
        answers: false,
        takes_missing: false,
        run: |given| hashed(given, 0, |bytes| Md5::digest(bytes).to_vec()),
    },
    Function {
        name: "sha1",
        args: &[option("encoding", Want::Choice(ENCODINGS))],
        doc: "The SHA-1 hash in lower-case hex, or base64.",
        example: ("'abc' | sha1", r#""a9993e364706816aba3e25717850c26c9cd0d89d""#),
        answers: false,
        takes_missing: false,
        run: |given| hashed(given, 0, |bytes| Sha1::digest(bytes).to_vec()),
    },
    Function {
        name: "sha256",
        args: &[option("encoding", Want::Choice(ENCODINGS))],
        doc: "The SHA-256 hash in lower-case hex, or base64.",
        example: (
            "'abc' | sha256",
            r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| hashed(given, 0, |bytes| Sha256::digest(bytes).to_vec()),
    },
    Function {
        name: "hmac_sha256",
        args: &[arg("key", Want::Text), option("encoding", Want::Choice(ENCODINGS))],
        doc: "The HMAC-SHA256 under a key, in lower-case hex, or base64.",
        example: (
            "'what do ya want for nothing?' | hmac_sha256('Jefe')",
            r#""5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843""#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| {
            let Some(key) = given.arg_text(0) else { return Val::Missing };
            hashed(given, 1, |bytes| {
                let mac = Hmac::<Sha256>::new_from_slice(key.as_bytes());
                let mut mac = mac.expect("HMAC takes keys of any length");
                mac.update(bytes);
                mac.finalize().into_bytes().to_vec()
            })
        },
    },
    Function {
        name: "secret_of",
        args: &[arg("secret", Want::Text), option("generation", Want::Number)],
        doc: "The secret that is issued to whoever has this id: what `secret_of:` in `verify:` knows \
              them by. Its generations are 1 (the usual) and 2.",
        example: (
            "'shop-1' | secret_of('hidden')",
            r#""fbcf0a2231cea610eb7685811d4edabeaafd2e210f2524ee5c9aaf0e92435882""#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| {
            let generation = match &given.args[1] {
                Val::Missing => Some(1),
                _ => given.arg_int(1).and_then(|n| u8::try_from(n).ok()),
            };
            let generation = generation.filter(|n| (1..=GENERATIONS).contains(n));
            match (given.text(), given.arg_text(0), generation) {
                (Some(name), Some(secret), Some(generation)) => {
                    given.made(issued_secret(name.trim(), &secret, generation))
                }
                _ => Val::Missing,
            }
        },
    },
    Function {
        name: "base64",
        args: &[],
        doc: "The text in base64, with padding.",
        example: ("'key:' | base64", r#""a2V5Og==""#),
        answers: false,
        takes_missing: false,
        run: |given| match given.text() {
            Some(text) => given.made(STANDARD.encode(text.as_bytes())),
            None => Val::Missing,
        },
    },
    Function {
        name: "base64_decode",
        args: &[],
        doc: "The text in a base64 text, with or without padding; missing, when it holds none.",
        example: ("'a2V5Og' | base64_decode", r#""key:""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let bytes = given.text().and_then(|text| lenient().decode(text.trim()).ok());
            match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
                Some(text) => given.made(text),
                None => Val::Missing,
            }
        },
    },
    Function {
        name: "hex",
        args: &[],
        doc: "The bytes of the text in lower-case hex.",
        example: ("'A1' | hex", r#""4131""#),
        answers: false,
        takes_missing: false,
        run: |given| match given.text() {
            Some(text) => given.made(hex::encode(text.as_bytes())),
            None => Val::Missing,
        },
    },
    Function {
        name: "uuid5",
        args: &[option("namespace", Want::Text)],
        doc: "The UUID of this name (version 5) in a namespace, which is a UUID; else that of URLs.",
        example: (
            "'www.example.com' | uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8')",
            r#""2ed6657d-e927-568b-95e1-2665a8aea6a2""#,
        ),
        answers: false,
        takes_missing: false,
        run: |given| {
            let namespace = given.arg_text(0);
            let namespace = namespace.as_deref().unwrap_or("6ba7b811-9dad-11d1-80b4-00c04fd430c8");
            match given.text().zip(uuid_bytes(namespace)) {
                Some((name, namespace)) => given.made(uuid5(&name, namespace)),
                None => Val::Missing,
            }
        },
    },
    Function {
        name: "ulid",
        args: &[arg("time", Want::Any)],
        doc: "A ULID made of a time and the hash of the text: the same for the same two.",
        example: ("'a' | ulid('2026-11-22T10:00:00Z')", r#""01M81B5H80SABR24PA3EYWNYP2""#),
        answers: false,
        takes_missing: false,
        run: |given| {
            let time = date::instant(&given.args[0], None).map(jiff::Timestamp::as_millisecond);
            let time = time.and_then(|ms| u64::try_from(ms).ok()).filter(|ms| *ms < 1 << 48);
            match given.text().zip(time) {
                Some((text, time)) => given.made(ulid(&text, time)),
                None => Val::Missing,
            }
        },
    },
];

fn hashed<'a>(given: &Given<'a, '_>, place: usize, hash: impl Fn(&[u8]) -> Vec<u8>) -> Val<'a> {
    let Some(text) = given.text() else { return Val::Missing };
    if !given.meter.steps(text.len() / 64) {
        return Val::Missing;
    }
    let bytes = hash(text.as_bytes());
    match given.arg_text(place).as_deref() {
        None | Some("hex") => given.made(hex::encode(bytes)),
        Some("base64") => given.made(STANDARD.encode(bytes)),
        Some(_) => Val::Missing,
    }
}

fn lenient() -> GeneralPurpose {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&ALPHABET, config)
}

fn uuid_bytes(text: &str) -> Option<[u8; 16]> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    hex::decode(digits).ok()?.try_into().ok()
}

fn uuid5(name: &str, namespace: [u8; 16]) -> String {
    let hash = Sha1::new().chain_update(namespace).chain_update(name).finalize();
    let mut bytes: Vec<u8> = hash.iter().take(16).copied().collect();
    bytes[6] = bytes[6] & 0x0F | 0x50;
    bytes[8] = bytes[8] & 0x3F | 0x80;
    let mut text = hex::encode(bytes);
    for place in [20, 16, 12, 8] {
        text.insert(place, '-');
    }
    text
}

fn ulid(text: &str, milliseconds: u64) -> String {
    let hash = Sha256::digest(text.as_bytes());
    let random = hash.iter().take(10).fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
    let number = u128::from(milliseconds) << 80 | random;
    let digit = |place: u32| {
        let index = (number >> (5 * place)) & 31;
        char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[index as usize])
    };
    (0..26).rev().map(digit).collect()
}
