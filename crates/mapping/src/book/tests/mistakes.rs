//! What is wrong is told all at once, where it stands, with what to do, and without secrets.

use super::*;
use crate::{
    filetests::run::Checked,
    text::{Diagnostic, Severity},
};

const M: FileKind = FileKind::Merchant;
const P: FileKind = FileKind::Mapping;
const S: FileKind = FileKind::SourceConnector;
const F: FileKind = FileKind::Feed;

pub(super) fn checked(more: &[(FileKind, &str, &str)]) -> Checked {
    let now = "2026-11-22T10:00:00Z".parse().expect("a time");
    filetests::run::run(&with(more), &Surroundings::default(), now, |_| true)
}

/// Line and message of everything that a check without secrets tells, but for what can fire.
pub(super) fn told(more: &[(FileKind, &str, &str)]) -> Vec<String> {
    let checked = checked(more);
    let is_coverage = |told: &&Diagnostic| {
        told.severity == Severity::Note
            || told.message.starts_with("on, but can never fire")
            || told.message.starts_with("no source names a recipient")
    };
    let lines = checked.diagnostics.iter().filter(|told| !is_coverage(told)).map(|told| {
        assert!(told.hint.is_some(), "no hint: {}", told.message);
        let (line, column) = told.span.as_ref().expect("a place").line_column();
        let mark = if told.severity == Severity::Error { "" } else { "warning: " };
        let hint = told.hint.as_deref().unwrap_or_default();
        format!("{line}:{column} {mark}{} ({hint})", told.message)
    });
    lines.collect()
}

#[test]
fn form_and_meaning_of_a_mapping_are_judged_together() {
    let text = "\
namse: de
when: =destination_contry == 'DE'
triggers:
  deliverd:
    when: =order_nummer is present
  in_transit:
    max_age: 3x
  lost:
    purpose: advertising
    after: 3d
  delayed:
    only_from: [warehouse]
  dispatched:
    properties:
      b: =tracking_number | uper
      c: {{ order_number }}
      d: Bestellung #1001
      e: \"{{ order_number\"
  ready_for_pickup:
    once_per: house
  out_for_delivery:
    when: tracking_number is present
  dispatched: nochmal
tests:
  one:
    given: { trigger: delayed }
    snds: {}
";
    let told = told(&[(P, "broken", text)]);
    let places: Vec<&str> = told.iter().filter_map(|line| line.split(' ').next()).collect();
    let expected = [
        "1:1", "2:8", "4:3", "5:12", "7:14", "9:14", "10:12", "12:17", "15:29", "16:10", "17:21",
        "18:11", "20:15", "22:11", "23:3", "27:5",
    ];
    assert_eq!(places, expected, "{told:#?}");
}

#[test]
fn everything_wrong_with_a_merchant_is_told_where_it_stands() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        ("mapping: defualt", &["1:10 there is no mapping `defualt` (did you mean `default`?)"][..]),
        ("mapping: broken", &["1:10 the mapping `broken` is broken (correct it first)"]),
        ("extends: gone", &["1:10 there is no `gone` to extend (add config/templates/gone.yaml)"]),
        (
            "sources: { shop: { connector: shopfy, secret: env:A } }",
            &["1:31 there is no source connector `shopfy` (did you mean `shopify`?)"],
        ),
        (
            "destinations: { klavio: { api_key: env:A } }",
            &["1:25 there is no destination connector `klavio` (did you mean `klaviyo`?)"],
        ),
        (
            "sources: { lager: { account: '1' } }",
            &[
                "1:30 there is no feed `lager` (add config/feeds/lager.yaml, or use one that is there: none)",
            ],
        ),
        (
            "sources: { x: { feed: lagr, account: '1' } }",
            &["1:23 there is no feed `lagr` (add config/feeds/lagr.yaml"],
        ),
        ("sources: { shopify: {} }", &["1:21 `secret` is missing (add `secret: env:NAME`"]),
        (
            "sources: { webhook: { secret: env:A, shceme: hmac } }",
            &["1:38 unknown key `shceme` (did you mean `scheme`?)"],
        ),
        (
            "sources: { webhook: { secret: env:A, scheme: hamc } }",
            &["1:46 `scheme` must be one of standard_webhooks, hmac (see the connector's file)"],
        ),
        (
            "sources: { webhook: { secret: env:A, shceme: x, scheme: hamc } }",
            &["1:38 unknown key `shceme`", "1:57 `scheme` must be one of"],
        ),
        ("destinations: { klaviyo: {} }", &["1:26 `api_key` is missing (you find it at"]),
        (
            "destinations: { klaviyo: { api_key: env:A, apikey: x } }",
            &["1:44 unknown key `apikey` (did you mean `api_key`?)"],
        ),
        (
            "destinations: { klaviyo: { api_key: bt_x } }",
            &[
                "1:37 warning: a secret stands in this file",
                "1:37 `api_key` does not look right: it should match `^pk_` (you find it at",
            ],
        ),
        (
            "destinations: { klaviyo: { api_key: [env:A] } }",
            &["1:37 `api_key` must be a text, not a list"],
        ),
        // Of any length, as long as it begins right.
        (
            "destinations: { klaviyo: { api_key: pk_1 } }",
            &["1:37 warning: a secret stands in this file (write env:NAME or file:NAME"],
        ),
        (
            "sources: { shopify: { secret: x } }",
            &["1:31 warning: a secret stands in this file (write env:NAME or file:NAME"],
        ),
        (
            "sources: { webhook: { secret: [env:A, 'whsec_not base64'] } }",
            &[
                "1:39 warning: a secret stands in this file",
                "1:39 the secret is not base64 after whsec_ (copy it again",
            ],
        ),
        (
            "destinations: { klaviyo: { api_key: env:A, base_url: 'http://10.0.0.1', foo: x } }",
            &["1:54 http:// to 10.0.0.1 would send keys", "1:73 unknown key `foo` (allowed here:"],
        ),
        (
            "destinations: { klaviyo: { api_key: env:A, only: [delivred] } }\nstate: on\nmapping: nope",
            &[
                "1:51 unknown trigger `delivred` (did you mean `delivered`?)",
                "2:8 `state` must be `off`, `test` or `live`, not `on`",
                "3:10 there is no mapping `nope` (add mappings/nope.yaml, or use one that is there: broken, default)",
            ],
        ),
        (
            "sources: { Shop: { connector: shopify, secret: env:A }, shop: { connector: shopfy } }",
            &["1:12 `Shop` is not a name of small letters", "1:76 there is no source connector"],
        ),
    ] {
        let told =
            told(&[(M, "hey", &format!("{text}\n")), (P, "broken", "properties: { a: =x }\n")]);
        let told: Vec<&String> = told.iter().filter(|line| !line.contains("field `x`")).collect();
        let fits = told.len() == expected.len()
            && told.iter().zip(expected).all(|(line, start)| line.starts_with(start));
        if !fits {
            wrong.push((text, told.into_iter().cloned().collect::<Vec<_>>()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_share_of_a_feed_has_the_feeds_settings_and_no_secret() {
    let connector = "title: Lager\nfacts: invented\nsettings: { by: { default: dhl } }\n\
        verify: { hmac: sha256, header: X-Sig }\naccount: =client\n\
        events: { status: delivered, order_number: =order, carrier: =settings.by }\ntests: {}\n";
    let feed = (F, "lager", "secret: env:FEED\nby: gls\n");
    let share = |text: &str| {
        let merchant = format!("sources:\n  lager: {text}\n");
        told(&[(S, "lager", connector), feed, (M, "hey", &merchant)])
    };
    assert_eq!(share("{ account: '1' }"), Vec::<String>::new());
    assert!(share("{}")[0].contains("without an account"));
    assert!(share("{ account: '1', secret: env:A }")[0].contains("no secret of its own"));
    assert!(
        share("{ account: '1', bye: x }")[0].contains("unknown key `bye` (did you mean `by`?)")
    );
    let (book, _) = compile(
        &with(&[
            (S, "lager", connector),
            feed,
            (M, "hey", "sources: { lager: { account: '1' } }\n"),
            (M, "own", "sources: { lager: { account: '2', by: ups } }\n"),
        ]),
        None,
    );
    let read = |merchant: &str| {
        let name = SourceName::parse("lager").expect("a name");
        let source = &book.merchant(merchant).expect("it is in order").sources[&name];
        let received = crate::source::Received {
            topic: None,
            headers: &[],
            query: "",
            body: br#"{"client": "1", "order": "7"}"#,
            accounts: &[],
            received_at: "2026-11-22T10:00:00Z".parse().expect("a time"),
            source: &name,
        };
        let fields = source.ready.read(&received).events[0].fields.clone();
        fields.get("carrier").map(parcelwire_domain::Value::to_json)
    };
    assert_eq!(read("hey").as_deref(), Some("\"gls\""), "the feed's");
    assert_eq!(read("own").as_deref(), Some("\"ups\""), "its own");
}

#[test]
fn a_file_of_the_same_name_takes_the_place_of_a_shipped_one_with_its_tests() {
    let own = "title: Mine\nfacts: invented\nverify: { hmac: sha256, header: X-Sig }\n\
        events: { status: delivered, order_number: =n }\n\
        tests:\n  one:\n    body: { n: 7 }\n    events: [{ status: delivered, order_number: '7' }]\n";
    let checked = checked(&[(S, "shopify", own)]);
    let tests: Vec<&str> = checked
        .tests
        .iter()
        .filter(|(file, _)| file.contains("shopify"))
        .map(|(_, test)| test.name.as_str())
        .collect();
    assert_eq!(tests, ["one"]);
    assert!(checked.is_fine(), "{:?}", checked.diagnostics);
}

#[test]
fn a_code_without_a_test_is_a_doubt_and_no_error() {
    let text = "title: T\nfacts: invented\nverify: { hmac: sha256, header: X-Sig }\n\
        events: { code: =c, order_number: =n }\nstatuses: { a: delivered, b: dispatched }\n\
        tests:\n  one:\n    body: { c: a, n: 7 }\n    events: [{ status: delivered }]\n";
    let checked = checked(&[(S, "t", text)]);
    assert!(checked.is_fine());
    let told: Vec<&str> = checked.diagnostics.iter().map(|told| told.message.as_str()).collect();
    assert_eq!(told, ["no test has these codes: b"]);
}

#[test]
fn a_code_that_is_put_together_is_tried_by_the_rows_that_lead_to_it() {
    let text = "title: T\nfacts: invented\nverify: { hmac: sha256, header: X-Sig }\n\
        events: { code: \"=('word ' ~ c)\", order_number: =n }\nstatuses: { word a: delivered, word b: dispatched }\n\
        tests:\n  each:\n    rows: { body: { n: 7 }, code_at: c, expect: { a: delivered, b: dispatched } }\n";
    let checked = checked(&[(S, "t", text)]);
    assert!(checked.is_fine() && checked.diagnostics.is_empty(), "{:?}", checked.diagnostics);
}

#[test]
fn a_header_that_the_signature_brings_may_stand_in_a_test_too() {
    let text = "title: T\nfacts: invented\nverify: { standard_webhooks: true }\n\
        events: { status: delivered, order_number: =n }\n\
        tests:\n  one:\n    headers: { Webhook-Id: msg_1 }\n    body: { n: 7 }\n    events: [{ order_number: '7' }]\n";
    let checked = checked(&[(S, "t", text)]);
    assert!(checked.is_fine(), "{:?} {:?}", checked.diagnostics, checked.tests);
}

#[test]
fn no_message_shows_a_secret_whatever_its_key_is_called() {
    let connector = "title: D\nfacts: invented\nsettings: { kennung: { secret: true }, pin: { secret: true } }\n\
        base_url: https://d.example\nrepeated_id: ignored\nsend: { request: POST / }\ntests: {}\n";
    let merchant = "\
destinations:
  d: { kennung: geheim_a1, pin: geheim_b2, more: geheim_c3 }
  gone: { anything: geheim_d4 }
sources:
  shop: { connector: gone, secret: geheim_e5, extra: geheim_f6 }
  web: { connector: webhook, secret: [geheim_g7, \"whsec_geheim h8\"] }
";
    let checked =
        checked(&[(FileKind::DestinationConnector, "d", connector), (M, "hey", merchant)]);
    assert!(checked.diagnostics.iter().count() > 6);
    for format in [RenderFormat::Text { colour: false }, RenderFormat::Json, RenderFormat::Github] {
        let shown = render(checked.diagnostics.iter(), format, checked.diagnostics.secrets());
        assert!(!shown.contains("geheim"), "{shown}");
    }
    let (book, _) =
        compile(&with(&[(M, "hey", &HEY.replace("secret: env:SHOP", "secret: geheim_a1"))]), None);
    let kept = &book.merchant("hey").expect("it is in order").rules_text;
    assert!(kept.contains("api_key: env:KLAVIYO") && !kept.contains("geheim"), "{kept}");
}

#[test]
fn what_is_not_utf8_is_told_with_its_place() {
    let told = told(&[(M, "hey", "name: x\ncountry: D\u{fffd}\n")]);
    assert_eq!(told, ["2:11 this is no letter in UTF-8 (save the file as UTF-8)"]);
}
