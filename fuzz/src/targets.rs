//! What each fuzz target does with its bytes. The tests of the house run the same functions over the
//! seeds and over random pieces, without a fuzzer.

use std::{hint::black_box, sync::OnceLock};

use jiff::Timestamp;
use parcelwire_domain::Map;
use parcelwire_mapping::{
    blocks::verify::{Headers, Incoming, Secret},
    book::FileKind,
    destination::DestinationConnector,
    draft,
    expr::{Env, Expr, Scope},
    json::Doc,
    merchant::Mapping,
    source::{ReadySource, SourceConnector},
    text::{Diagnostics, RenderFormat, SourceFile, check, read, render},
};

/// A rule file of every kind: reading it, checking its form, compiling it, telling what is wrong.
pub(crate) fn yaml(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let file = SourceFile::new("a.yaml", &*text);
    let mut told = Diagnostics::default();
    let tree = read(file, &mut told);
    assert!(tree.is_some() || told.has_errors(), "what cannot be read says why");
    if let Some(tree) = tree {
        drop(tree.to_json_text());
        for (_, kind) in FileKind::ALL {
            check(kind.shape(), &tree, &mut told);
        }
        drop(SourceConnector::compile(&tree, &mut told));
        drop(DestinationConnector::compile(&tree, &mut told));
        drop(Mapping::compile("a", &[&tree], &mut told));
    }
    for format in [RenderFormat::Text { colour: false }, RenderFormat::Json, RenderFormat::Junit] {
        drop(render(told.iter(), format, told.secrets()));
    }
}

/// An expression, a template, and a whole structure of them: compiling, and the places blamed.
pub(crate) fn expression(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut told = Diagnostics::default();
    drop(compiled(&text, &mut told));
    if let Some(tree) = read(SourceFile::new("a.yaml", &*text), &mut told) {
        drop(draft::built(&tree, &Scope::open(), &mut told));
    }
    drop(render(told.iter(), RenderFormat::Text { colour: false }, told.secrets()));
}

/// An expression over a payload: the first line is the expression, all else JSON.
pub(crate) fn evaluator(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (expression, payload) = text.split_once('\n').unwrap_or((&text, "{}"));
    let Some(expression) = compiled(expression, &mut Diagnostics::default()) else { return };
    let Ok(doc) = Doc::parse(payload.as_bytes()) else { return };
    let value = || expression.eval(&Env::over(doc.root())).into_value();
    assert_eq!(value(), value(), "the same twice");
    black_box(expression.decide(&Env::over(doc.root())));
}

fn compiled(text: &str, told: &mut Diagnostics) -> Option<Expr> {
    let span = SourceFile::new("a.yaml", text).start().part(0, text.len());
    Expr::compile(text, &span, &Scope::open(), told)
}

/// A request that was not signed: query, header lines, an empty line, body. No method lets it in.
pub(crate) fn signature(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
    let (query, lines) = head.split_once('\n').unwrap_or((head, ""));
    let lines: Vec<(String, &str)> = lines
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_lowercase(), value.trim()))
        .collect();
    let lines: Vec<(&str, &str)> = lines.iter().map(|(n, v)| (n.as_str(), *v)).collect();
    let request = Incoming { query, ..Incoming::post(Headers::new(&lines), body.as_bytes()) };
    let now = Timestamp::UNIX_EPOCH;
    for source in methods() {
        assert!(source.verify(&request, now).is_err(), "nobody signed this");
        black_box(source.topic(&request));
        black_box(source.wanted_key(&request));
    }
}

/// Each method once, with a secret that nobody guesses.
const METHODS: &[&str] = &[
    "{ hmac: sha256, encoding: hex, header: X-Sign }",
    "{ hmac: sha512, encoding: base64, header: X-Sign, prefix: 'v1=' }",
    "{ hmac: sha1, encoding: hex, query: sig, signed: '{{ method }}{{ query }}{{ body }}' }",
    "{ hmac: sha256, encoding: hex, header: X-Sign, signed: '{{ timestamp }}.{{ body }}', \
       timestamp: { header: X-Time, format: unix, tolerance: '300' } }",
    "{ hmac: sha256, encoding: hex, body: data.sign }",
    "{ standard_webhooks: true }",
    "{ plain_hash: sha256, encoding: hex, header: X-Sign, signed: '{{ body }}/{{ secret }}' }",
    "{ token: true, header: X-Token }",
    "{ bearer: true }",
    "{ basic: true }",
    "{ url_token: token }",
    "[{ bearer: true }, { hmac: sha256, encoding: base64, header: X-Sign }]",
];

fn methods() -> &'static [ReadySource] {
    static READY: OnceLock<Vec<ReadySource>> = OnceLock::new();
    READY.get_or_init(|| {
        METHODS
            .iter()
            .map(|method| ready(method).unwrap_or_else(|why| panic!("{method}: {why}")))
            .collect()
    })
}

fn ready(method: &str) -> Result<ReadySource, String> {
    let text = format!(
        "title: A\nfacts: invented\ntopic: {{ body: topic }}\nverify: {method}\n\
         events: {{ status: delivered, order_number: =number }}\n"
    );
    let mut told = Diagnostics::default();
    let tree = read(SourceFile::new("a.yaml", text), &mut told);
    let connector = tree.and_then(|tree| SourceConnector::compile(&tree, &mut told));
    let why = || render(told.iter(), RenderFormat::Text { colour: false }, told.secrets());
    let connector = std::sync::Arc::new(connector.ok_or_else(why)?);
    let secret = Secret::new("bm9ib2R5IGd1ZXNzZXMgdGhpcyBzZWNyZXQgaGVyZSE=:x");
    let secret = secret.map_err(|fault| format!("{fault:?}"))?;
    let ready = connector.ready(Map::new(), &[secret], "https://relay.example/hooks/a/b");
    ready.map_err(|fault| format!("{fault:?}"))
}
