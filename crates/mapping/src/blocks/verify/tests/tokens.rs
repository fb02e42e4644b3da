//! Secrets that are sent as they are.

use super::*;

fn token(spec: StaticTokenSpec, texts: &[&str]) -> Verifier {
    ready(&MethodSpec::StaticToken(spec), texts)
}

fn header(prefix: &str) -> StaticTokenSpec {
    let names = vec!["X-Token".to_owned(), "X-Api-Token".to_owned()];
    StaticTokenSpec::Header { names, prefix: prefix.to_owned() }
}

#[test]
fn tokens_in_headers_are_compared_whole() {
    let plain = token(header(""), &["alt", "neu geheim"]);
    let prefixed = token(header("Token "), &["neu"]);
    let bearer = token(StaticTokenSpec::Bearer, &["neu"]);
    for (verifier, line, expected) in [
        (&plain, ("x-token", "neu geheim"), "ok 1"),
        (&plain, ("x-api-token", "alt"), "ok 0"),
        (&plain, ("X-TOKEN", "al"), "signature_invalid"),
        (&plain, ("x-token", "altt"), "signature_invalid"),
        (&plain, ("x-token", "ALT"), "signature_invalid"),
        (&plain, ("x-token", ""), "signature_missing"),
        (&plain, ("x-other", "alt"), "signature_missing"),
        (&prefixed, ("x-token", "token neu"), "ok 0"),
        (&prefixed, ("x-token", "neu"), "signature_missing"),
        (&bearer, ("authorization", "Bearer neu"), "ok 0"),
        (&bearer, ("Authorization", "bearer  neu"), "ok 0"),
        (&bearer, ("authorization", "Bearer alt"), "signature_invalid"),
        (&bearer, ("authorization", "Basic neu"), "signature_missing"),
        (&bearer, ("authorization", "Bearer"), "signature_missing"),
    ] {
        assert_eq!(outcome(verifier, &[line]), expected, "{line:?}");
    }
    assert_eq!(outcome(&plain, &[("x-token", "falsch"), ("x-api-token", "alt")]), "ok 0");
}

#[test]
fn basic_credentials_are_a_user_and_a_password() {
    // base64 of "hey:ge:heim"
    let good = ("authorization", "Basic aGV5OmdlOmhlaW0=");
    let named = token(StaticTokenSpec::Basic { user: Some("hey".to_owned()) }, &["ge:heim"]);
    let whole = token(StaticTokenSpec::Basic { user: None }, &["hey:ge:heim"]);
    for verifier in [&named, &whole] {
        assert_eq!(outcome(verifier, &[good]), "ok 0");
        assert_eq!(outcome(verifier, &[("authorization", "basic aGV5OmdlOmhlaW0")]), "ok 0");
        assert_eq!(outcome(verifier, &[("authorization", "Basic aGV5Omdl")]), "signature_invalid");
        assert_eq!(outcome(verifier, &[("authorization", "Basic ???")]), "signature_invalid");
        assert_eq!(outcome(verifier, &[("authorization", "Bearer x")]), "signature_missing");
    }
    let spec = MethodSpec::StaticToken(StaticTokenSpec::Basic { user: None });
    let problems = spec.verifier(&secrets(&["nopassword"])).expect_err("no colon");
    assert_eq!(problems[0].fault.to_string(), "the secret is not user:password");
}

#[test]
fn tokens_in_the_address_are_decoded_first() {
    let query = token(StaticTokenSpec::Query("token".to_owned()), &["a+b/c"]);
    let path = token(StaticTokenSpec::Path, &["a+b/c"]);
    let request = |path, query| Incoming { path, query, ..Incoming::post(Headers::default(), b"") };
    for (verifier, path, of_query, expected) in [
        (&query, "/hooks/hey/shop", "token=a%2Bb%2Fc", "ok 0"),
        (&query, "/hooks/hey/shop", "x=1&token=a%2Bb%2Fd", "signature_invalid"),
        (&query, "/hooks/hey/shop", "token=", "signature_missing"),
        (&query, "/hooks/hey/shop", "", "signature_missing"),
        (&path, "/hooks/hey/shop/a%2Bb%2Fc", "", "ok 0"),
        (&path, "/hooks/hey/shop/a+b%2Fc", "", "ok 0"),
        (&query, "/hooks/hey/shop", "token=a+b%2Fc", "signature_invalid"),
        (&path, "/hooks/hey/shop", "", "signature_invalid"),
        (&path, "/hooks/hey/shop/", "", "signature_missing"),
    ] {
        let told = told(verifier.verify(&request(path, of_query), now()));
        assert_eq!(told, expected, "{path} {of_query}");
    }
}

#[test]
fn a_token_says_nothing_about_the_body_and_is_never_told_back() {
    let verifier = token(header(""), &["streng-geheim"]);
    let lines = [("x-token", "streng-geheim")];
    let request = Incoming::post(Headers::new(&lines), b"");
    assert!(!verifier.verify(&request, now()).expect("the token").covers_body);
    let wrong = [("x-token", "geraten")];
    let refused = verifier
        .verify(&Incoming::post(Headers::new(&wrong), b""), now())
        .expect_err("another token");
    let all = format!("{refused} {refused:?} {} {verifier:?}", refused.hint());
    assert!(!all.contains("streng-geheim") && !all.contains("geraten"), "{all}");
    assert_eq!(
        refused.to_string(),
        "the header `X-Token` or `X-Api-Token` does not fit this request under the secret that \
         is set here"
    );
}
