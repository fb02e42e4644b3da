use super::super::{Diagnostics, read};
use super::*;

const FILE: &str = "\
name: Hey
sources:
  shop:
    secret: whsec_geheim1234 # gestern
    tokens:
      - abcd-literal
      - env:NAME
  lager: { api_key: pk_live_1, name: x }
password: 'pass wort'
api_key: { secret: true, pattern: ^bt_ }
";

fn file() -> Arc<SourceFile> {
    SourceFile::new("config/merchants/hey.yaml", FILE)
}

fn at(piece: &str) -> Span {
    let start = FILE.find(piece).expect(piece);
    Span { file: file(), start, end: start + piece.len() }
}

#[test]
fn people_see_message_place_line_caret_and_hint() {
    let told = Diagnostic::error(&at("shop"), "unknown source").hint("remove it");
    insta::assert_snapshot!(render([&told], Format::Text { colour: false }, &[]), @r"
    error: unknown source
     --> config/merchants/hey.yaml:3:3
      |
    3 |   shop:
      |   ^^^^
      |
      = hint: remove it
    ");
    let coloured = render([&told], Format::Text { colour: true }, &[]);
    assert!(coloured.contains("\u{1b}["));
    let placeless = Diagnostic { span: None, ..told };
    let shown = render([&placeless], Format::Text { colour: false }, &[]);
    assert_eq!(shown, "error: unknown source\n |\n = hint: remove it\n\n");
}

#[test]
fn programs_see_the_same() {
    let told = Diagnostic::warning(&at("shop"), "100 % sure,\nreally").hint("a <b>");
    insta::assert_snapshot!(render([&told], Format::Github, &[]), @"::warning file=config/merchants/hey.yaml,line=3,col=3::100 %25 sure,%0Areally%0Ahint: a <b>");
    insta::assert_snapshot!(render([&told], Format::Json, &[]), @r#"
    [
      {
        "column": 3,
        "file": "config/merchants/hey.yaml",
        "hint": "a <b>",
        "line": 3,
        "message": "100 % sure,\nreally",
        "severity": "warning"
      }
    ]
    "#);
    let cases = [
        Case { file: "a&b.yaml".into(), name: "fine".into(), diagnostics: vec![] },
        Case {
            file: "a.yaml".into(),
            name: "a \"late\" parcel".into(),
            diagnostics: vec![told, Diagnostic::error(&at("name"), "<wrong>")],
        },
    ];
    insta::assert_snapshot!(render_cases(&cases, Format::Junit, &[]), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuite name="parcelwire check" tests="2" failures="1">
      <testcase classname="a&amp;b.yaml" name="fine">
      </testcase>
      <testcase classname="a.yaml" name="a &quot;late&quot; parcel">
        <system-out>warning: 100 % sure,
             really
     --&gt; config/merchants/hey.yaml:3:3
      |
    3 |   shop:
      |   ^^^^
      |
      = hint: a &lt;b&gt;</system-out>
        <failure message="&lt;wrong&gt;">error: &lt;wrong&gt;
     --&gt; config/merchants/hey.yaml:1:1
      |
    1 | name: Hey
      | ^^^^</failure>
      </testcase>
    </testsuite>
    "#);
}

#[test]
fn a_line_is_shown_without_its_secrets_in_every_format() {
    let secrets = ["whsec_geheim1234", "abcd-literal", "pk_live_1", "pass wort", "Hey"];
    let told: Vec<Diagnostic> = secrets
        .iter()
        .map(|secret| Diagnostic::error(&at(secret), format!("`{secret}` is wrong")).hint(*secret))
        .collect();
    for format in [Format::Text { colour: false }, Format::Github, Format::Json, Format::Junit] {
        let shown = render(&told, format, &[at("Hey")]);
        for secret in &secrets[..4] {
            assert!(!shown.contains(secret), "{format:?} shows {secret}:\n{shown}");
        }
    }
    let shown = render(&told, Format::Text { colour: false }, &[at("Hey")]);
    assert!(shown.contains("name: ****\n"), "{shown}");
    assert!(shown.contains("secret: **** # gestern"), "{shown}");
}

#[test]
fn what_is_no_secret_stays_visible_and_the_caret_stays_right() {
    for (piece, line, caret) in [
        ("gestern", "    secret: **** # gestern", "                   ^^^^^^^"),
        ("env:NAME", "      - env:NAME", "        ^^^^^^^^"),
        (
            "^bt_",
            "api_key: { secret: true, pattern: ^bt_ }",
            "                                  ^^^^",
        ),
    ] {
        let shown =
            render([&Diagnostic::error(&at(piece), "x")], Format::Text { colour: false }, &[]);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines[3].ends_with(&format!("| {line}")), "{shown}");
        assert!(lines[4].ends_with(&format!("| {caret}")), "{shown}");
    }
}

#[test]
fn secrets_are_masked_in_files_that_cannot_be_read() {
    let mut told = Diagnostics::default();
    for text in [
        "secret: @geheim99",
        "a: { \"token\": geheim99, b: [ }",
        "api-key: 'geheim99",
        "secret: [geheim99, env:B",
        "secret:\n\t- geheim99",
        "CLIENT_SECRET: |\n  geheim99\n x: {",
        "headers:\n  Authorization: Bearer geheim99: x",
    ] {
        let tree = read(SourceFile::new("a.yaml", text), &mut told);
        assert!(tree.is_none() || told.has_errors(), "{text}");
    }
    for format in [Format::Text { colour: true }, Format::Json] {
        let shown = render(told.iter(), format, &[]);
        assert!(!shown.contains("geheim99"), "{shown}");
    }
}

#[test]
fn secrets_are_hidden_however_they_are_laid_out_and_all_else_is_shown() {
    for (text, expected) in [
        (
            "x: { api_key: a1, secret: b2 , name: c }",
            "x: { api_key: ****, secret: **** , name: c }",
        ),
        ("secret: [a1, b2] # two", "secret: **** # two"),
        ("secret: [\n  a1,\n  b2 ]\nname: c", "secret: ****\n  ****\n  ****\nname: c"),
        ("secret:\n  - a1\n  - env:B\nname: c", "secret:\n  - ****\n  - env:B\nname: c"),
        ("secret: |\n  a: b\n  c\nname: d", "secret: |\n  ****\n  ****\nname: d"),
        ("ä_secret: a1", "ä_secret: ****"),
        ("apiKey: a1\nsigning_key: b2\nkey: utf8", "apiKey: ****\nsigning_key: ****\nkey: utf8"),
        // A parameter's name and a time are none either, and what could be one is hidden.
        (
            "verify: [{ url_token: token }, { issued_token: 1h }]\nurl_token: tok_A1b2",
            "verify: [{ url_token: token }, { issued_token: 1h }]\nurl_token: ****",
        ),
        // What a connector says about a secret is none.
        (
            "settings:\n  api_key:\n    secret: true\n    pattern: ^bt_\nkeys_as: x",
            "settings:\n  api_key:\n    secret: true\n    pattern: ^bt_\nkeys_as: x",
        ),
        (
            "token:\n  request: POST /oauth\n  form:\n    client_secret: =settings.secret",
            "token:\n  request: POST /oauth\n  form:\n    client_secret: =settings.secret",
        ),
        (
            "Authorization: Bearer {{ settings.api_key }}",
            "Authorization: Bearer {{ settings.api_key }}",
        ),
    ] {
        assert_eq!(masked(text), expected, "{text}");
    }
}
