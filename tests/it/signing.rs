//! `send` signs as every method asks that a connector may name, and the relay takes it.

use std::{fmt::Write as _, path::Path, process::Command};

use crate::{
    asking::{run, text},
    harness::{spawn_tuned, write},
};

/// A method as a connector's file has it, and what `send` needs beside the secret.
struct Method {
    name: &'static str,
    verify: &'static str,
    /// The secret's file for the relay and for the sender.
    secrets: Option<(&'static str, &'static str)>,
    more: &'static [&'static str],
}

const SHARED: Option<(&str, &str)> = Some(("shared", "shared"));

const fn method(name: &'static str, verify: &'static str) -> Method {
    Method { name, verify, secrets: SHARED, more: &[] }
}

const METHODS: [Method; 19] = [
    method("hmac-hex", "{ hmac: sha256, header: X-Sig }"),
    method("hmac-base64", "{ hmac: sha1, header: X-Sig, encoding: base64, prefix: sha1= }"),
    method("hmac-key", "{ hmac: sha512, header: X-Sig, key: base64 }"),
    method(
        "hmac-pairs",
        "{ hmac: sha256, header: X-Sig, pairs: { signature: v1 }, timestamp: { pair: t }, \
         signed: '{{ timestamp }}.{{ body }}' }",
    ),
    method(
        "hmac-request",
        "{ hmac: sha256, header: X-Sig, signed: '{{ method }} {{ path }} {{ query }} {{ body }}' }",
    ),
    method("hmac-url", "{ hmac: sha256, header: X-Sig, signed: '{{ url }} {{ body }}' }"),
    method("hmac-query", "{ hmac: sha256, query: sig, signed: '{{ query }} {{ body }}' }"),
    Method {
        more: &["--header", "X-Shop: hey"],
        ..method(
            "hmac-header",
            "{ hmac: sha256, header: X-Sig, signed: \"{{ headers['x-shop'] }} {{ body }}\" }",
        )
    },
    method(
        "hmac-body",
        "{ hmac: sha256, body: meta.sig, signed: '{{ body.order }} {{ body.email }}' }",
    ),
    method("plain-hash", "{ plain_hash: sha256, header: X-Sig, signed: '{{ body }}{{ secret }}' }"),
    method("standard", "{ standard_webhooks: true }"),
    method("token", "{ token: true, header: X-Token }"),
    method("bearer", "{ bearer: true }"),
    method("basic", "{ basic: true, user: kim }"),
    method("url-path", "{ url_token: path }"),
    method("url-query", "{ url_token: token }"),
    Method {
        secrets: Some(("ed.pub", "ed.pem")),
        ..method("ed25519", "{ public_key: ed25519, header: X-Sig, encoding: base64 }")
    },
    Method {
        secrets: Some(("rsa.pub", "rsa.pem")),
        ..method("rsa", "{ public_key: rsa_sha256, header: X-Sig, encoding: base64 }")
    },
    Method { secrets: None, ..method("unsigned", "{ unsigned: true }") },
];

/// A key pair as PEM, by the program that everybody uses.
fn key_pair(directory: &Path, name: &str, algorithm: &[&str]) {
    let private = directory.join(format!("{name}.pem"));
    let public = directory.join(format!("{name}.pub"));
    let openssl = |arguments: &[&str], file: &Path| {
        let ran = Command::new("openssl").args(arguments).arg("-out").arg(file).output();
        let ran = ran.expect("openssl is there");
        assert!(ran.status.success(), "{}", text(&ran.stderr));
    };
    openssl(&[&["genpkey"], algorithm].concat(), &private);
    openssl(&["pkey", "-in", private.to_str().expect("a path"), "-pubout"], &public);
}

fn files(directory: &Path, sandbox: &str) {
    write(directory, "secrets/shared", "c2hhcmVkLXNlY3JldC1vZi1hLXRlc3Q=");
    key_pair(&directory.join("secrets"), "ed", &["-algorithm", "ed25519"]);
    key_pair(&directory.join("secrets"), "rsa", &["-algorithm", "RSA"]);
    let mut sources = String::new();
    for method in METHODS {
        let connector = format!(
            "title: {}\nfacts: invented\nverify: {}\nevents:\n  status: delivered\n  order_number: =order\n  email: =email\n\
             tests:\n  one: {{ headers: {{ X-Shop: hey }}, body: {{ order: '1', email: a@b.example }}, events: [{{ status: delivered }}] }}\n",
            method.name, method.verify
        );
        write(directory, &format!("connectors/sources/{}.yaml", method.name), &connector);
        let secret =
            method.secrets.map(|(ours, _)| format!("secret: file:{ours}")).unwrap_or_default();
        writeln!(sources, "  {}: {{ {secret} }}", method.name).expect("a String takes every text");
    }
    let merchant = format!(
        "holds: off\nsources:\n{sources}destinations:\n  klaviyo: {{ api_key: pk_1, base_url: \"{sandbox}\" }}\n"
    );
    write(directory, "merchants/hey.yaml", &merchant);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_method_is_signed_as_it_is_verified() {
    // Some sign the address as the world knows it, whatever address is asked.
    let public_url = "https://relay.example";
    let app = spawn_tuned(files, |settings| settings.http.public_url = public_url.to_owned()).await;
    let directory = app.directory.path();
    write(
        directory,
        "config/parcelwire.yaml",
        &format!("http: {{ public_url: \"{public_url}\" }}\nsecrets: {{ path: secrets }}\n"),
    );
    for method in METHODS {
        let body = format!(r#"{{"order":"{}","email":"kim@example.test"}}"#, method.name);
        let body = write(directory, "body.json", &body);
        let secret = method.secrets.map(|(_, theirs)| format!("file:{theirs}"));
        let url = app.url(&format!("/hooks/hey/{}", method.name));
        let mut arguments = vec!["send", "--connector", method.name, "--url", &url];
        if let Some(secret) = &secret {
            arguments.extend(["--secret", secret]);
        }
        arguments.extend(method.more);
        arguments.push(body.to_str().expect("a path"));
        let sent = run(directory, &[], &arguments).await;
        let told = format!("{}{}", text(&sent.stdout), text(&sent.stderr));
        assert_eq!(sent.status.code(), Some(0), "{}: {told}", method.name);
        assert!(told.contains("\"accepted\""), "{}: {told}", method.name);
    }
    app.arrived(METHODS.len() as u64).await;
}
