//! Laws that hold for every request: what is signed is verified, and nothing else is.

use proptest::prelude::*;

use super::*;
use crate::blocks::sign::Signed;

/// One method of each kind that signs content, with all that can travel.
fn methods() -> Vec<MethodSpec> {
    let timed = |place| Some(TimestampSpec::new(TimestampAt::Place(place)));
    let mut hash = Envelope::header("sign");
    hash.signed = template("{{ body }}/{{ secret }}");
    vec![
        hmac(|_| ()),
        hmac(|spec| {
            spec.hash = Hash::Sha1;
            spec.key = KeyForm::Hex;
            spec.envelope.encoding = Encoding::Base64;
            spec.envelope.prefix = "sha1=".to_owned();
        }),
        hmac(|spec| {
            spec.hash = Hash::Sha512;
            spec.key = KeyForm::Base64;
            spec.envelope.encoding = Encoding::Base64Url;
            spec.envelope.signed = template("{{ id }}:{{ timestamp }}:{{ body | base64 }}");
            spec.envelope.id = Some(Place::Query("id".to_owned()));
            spec.envelope.timestamp = timed(Place::header("x-time"));
        }),
        hmac(|spec| {
            spec.envelope.pairs = Some(Pairs { separator: ';', signature: "s".to_owned() });
            spec.envelope.signed = template("{{ timestamp }}|{{ path }}|{{ query }}|{{ body }}");
            let at = TimestampAt::Pair("t".to_owned());
            let format = TimestampFormat::Rfc3339;
            spec.envelope.timestamp = Some(TimestampSpec { format, ..TimestampSpec::new(at) });
        }),
        hmac(|spec| {
            spec.envelope.signature = Place::Query("sig".to_owned());
            spec.envelope.signed = template("{{ method }}{{ query }}{{ body }}");
        }),
        MethodSpec::PlainHash(PlainHashSpec {
            hash: Hash::Sha256,
            key: KeyForm::Utf8,
            envelope: hash,
        }),
        MethodSpec::StandardWebhooks(StandardWebhooksSpec::default()),
        MethodSpec::PublicKey(PublicKeySpec {
            algorithm: Algorithm::Ed25519,
            keys: Vec::new(),
            fetched: None,
            envelope: Envelope::header("x-ed"),
        }),
    ]
}

/// Verifies a request to which what signing added has been added.
fn verified(verifier: &Verifier, signed: &Signed, body: &[u8], at: Timestamp) -> String {
    let lines: Vec<_> = signed.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    let added: Vec<String> = signed
        .query
        .iter()
        .map(|(name, value)| format!("{name}={}", crate::blocks::encode::percent_encode(value)))
        .collect();
    let query = ["a=1".to_owned()].into_iter().chain(added).collect::<Vec<_>>().join("&");
    let request = Incoming {
        path: "/hooks/hey/shop",
        query: &query,
        ..Incoming::post(Headers::new(&lines), body)
    };
    told(verifier.verify(&request, at))
}

/// Changes one bit of the signature's bytes, however they travel.
fn flip(signed: &Signed, method: &MethodSpec, bit: usize) -> Signed {
    let (envelope, encoding) = match method {
        MethodSpec::Hmac(spec) => (Some(&spec.envelope), spec.envelope.encoding),
        MethodSpec::PlainHash(spec) => (Some(&spec.envelope), spec.envelope.encoding),
        MethodSpec::PublicKey(spec) => (Some(&spec.envelope), spec.envelope.encoding),
        MethodSpec::StandardWebhooks(_)
        | MethodSpec::StaticToken(_)
        | MethodSpec::IssuedToken(_)
        | MethodSpec::IssuedSecret(_)
        | MethodSpec::Unsigned
        | MethodSpec::AnyOf(_)
        | MethodSpec::AllOf(_) => (None, Encoding::Base64),
    };
    let mut signed = signed.clone();
    let in_query = envelope.is_some_and(|e| matches!(e.signature, Place::Query(_)));
    let values = if in_query { &mut signed.query } else { &mut signed.headers };
    let value = &mut values.last_mut().expect("a signature").1;
    let start = match envelope {
        None => value.find(',').map_or(0, |at| at + 1),
        Some(e) if e.pairs.is_some() => value.rfind("s=").map_or(0, |at| at + 2),
        Some(e) => e.prefix.len(),
    };
    let (before, text) = value.split_at(start);
    let mut bytes = encoding.decode(text).expect("what was just encoded");
    let bit = bit % (bytes.len() * 8);
    bytes[bit / 8] ^= 1 << (bit % 8);
    *value = format!("{before}{}", encoding.encode(&bytes));
    signed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_signed_is_verified_and_any_flipped_bit_is_not(
        body in prop::collection::vec(any::<u8>(), 1..200),
        id in "[a-zA-Z0-9_.-]{1,20}",
        seed in "[a-z]{1,8}",
        bit in any::<prop::sample::Index>(),
    ) {
        for method in methods() {
            let invented = method.invented(&seed).expect("every one of these can be invented");
            let verifier = method.verifier(&[invented.verifying]).expect("a secret of its kind");
            let signer = method.signer(&invented.signing).expect("a secret of its kind");
            let request = Incoming {
                path: "/hooks/hey/shop",
                query: "a=1",
                ..Incoming::post(Headers::default(), &body)
            };
            // A query that is signed holds all but the signature; `id` comes in by signing.
            let signed = signer.sign(&request, &id, now()).expect("nothing is missing");
            prop_assert_eq!(verified(&verifier, &signed, &body, now()), "ok 0", "{:?}", method);

            let mut changed = body.clone();
            let at = bit.index(body.len() * 8);
            changed[at / 8] ^= 1 << (at % 8);
            let told = verified(&verifier, &signed, &changed, now());
            prop_assert_eq!(told, "signature_invalid", "{:?}", method);
            let longer = [&body[..], b"\n"].concat();
            let told = verified(&verifier, &signed, &longer, now());
            prop_assert_eq!(told, "signature_invalid", "{:?}", method);

            let forged = flip(&signed, &method, bit.index(usize::MAX));
            let told = verified(&verifier, &forged, &body, now());
            prop_assert_eq!(told, "signature_invalid", "{:?}", method);

            let other = method.invented(&format!("{seed}2")).expect("as before").verifying;
            let other = method.verifier(&[other]).expect("a secret of its kind");
            let told = verified(&other, &signed, &body, now());
            prop_assert_eq!(told, "signature_invalid", "{:?}", method);
        }
    }

    #[test]
    fn nothing_a_sender_writes_makes_a_method_panic_or_accept(
        value in ".{0,80}",
        more in "(v1|v1a|sha1=|t=|s=|,| |;|=|[a-f0-9]{2,8}|[A-Za-z0-9+/]{4}){0,12}",
        query in "[ -~]{0,60}",
        body in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let names = [
            "x-signature", "sign", "x-ed", "x-time", "webhook-id", "webhook-timestamp",
            "webhook-signature", "svix-signature", "authorization",
        ];
        for value in [&value, &more] {
            let lines: Vec<_> = names.iter().map(|name| (*name, value.as_str())).collect();
            let request = Incoming {
                query: &query,
                path: &query,
                ..Incoming::post(Headers::new(&lines), &body)
            };
            for method in methods() {
                let invented = method.invented("test").expect("every one of these");
                let verifier = method.verifier(&[invented.verifying]).expect("its kind");
                prop_assert!(verifier.verify(&request, now()).is_err());
            }
        }
    }
}
