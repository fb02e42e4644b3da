use super::*;

fn described(kind: FileKind, text: &str) -> Description {
    let file =
        RuleFile { kind, name: "depot".to_owned(), path: "a".to_owned(), text: text.to_owned() };
    all(&[file], |_| true).remove(0)
}

const SOURCE: &str = r#"
title: Depot
facts:
  title: depot.example/webhooks
  read: "2026-11-24"
  confirmed: documented
  unverified: [the zone of times, "| in a code"]
setup:
  secret: { en: Settings › Webhooks, de: Einstellungen › Webhooks }
  en: [Make a webhook., Copy its secret.]
  de: [Einen Webhook anlegen., Sein Geheimnis kopieren.]
settings:
  region: { one_of: [eu, us], doc: where it runs }
topic: { header: X-Topic }
verify:
  - { hmac: sha256, header: [X-Sig, X-Sig-Old], when: =settings.region == 'eu' }
  - { token: true, header: X-Key, when: =settings.region == 'us' }
handshake: { method: HEAD }
account: =client
events:
  - { topic: [parcel, "move/*"], code: =state, order_number: =no, email: =mail, tracking_number: =n }
  - { topic: gone, status: lost, order_number: =no }
statuses:
  a|b: delivered
  back: { status: in_transit, leg: return }
  seen: { status: exception, reason: weather, quiet: true }
  no: ignore
  dunno: unknown
"#;

#[test]
fn a_source_tells_what_it_can() {
    let told = described(FileKind::SourceConnector, SOURCE);
    let Can::Source(source) = &told.can else { panic!("it is a source") };
    assert_eq!(source.statuses, ["delivered", "exception", "lost", "return_in_transit"]);
    assert_eq!(source.topics, ["parcel", "move/*", "gone"]);
    assert_eq!(source.fields, ["leg", "email", "order_number", "tracking_number"]);
    assert!(source.brings.recipient && !source.brings.items && !source.brings.tracking_link);
    assert_eq!(
        source.verified_by[0],
        "HMAC-SHA256 over the raw body, hex, in one of the headers `X-Sig`, `X-Sig-Old`, where `settings.region == 'eu'`"
    );
    assert_eq!(told.in_short(), "4 statuses, recipient, handshake, feed");
    assert_eq!(told.facts.in_short(), "documented, 2 unverified");
    let json = serde_json::to_value(&told).expect("JSON");
    assert_eq!(json["kind"], "source");
    assert_eq!(json["codes"][2]["is"], "exception/weather, quietly");
    assert_eq!(json["facts"]["confirmed"], "documented");
    let page = page(&[told]);
    for wanted in [
        "# Depot\n",
        "1. Make a webhook.\n2. Copy its secret.\n",
        "1. Einen Webhook anlegen.",
        "The secret: Settings › Webhooks (auf Deutsch: Einstellungen › Webhooks)",
        "| a\\|b | `delivered` |",
        "- | in a code\n",
        "  depot:\n    secret: file:depot\n    region: eu\n",
        "| `region` | required; one of eu, us | where it runs |",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
}

const DESTINATION: &str = r#"
title: Pigeon
facts: >-
  pigeon.example/api, read 2026-11-24. Unverified: the rate.
setup: { scopes: [events:write] }
settings:
  api_key: { secret: true, where: { en: Account } }
  hub: { pattern: "^[0-9]+$" }
base_url: https://api.example
ids: { required: true, doc: the number of an event, where: { en: Events } }
batch: { request: POST /many, most: 50, json: { e: =items }, results: later }
limits: { per_second: 10, concurrent: 2 }
repeated_id: sends_again
profile: { request: POST /people, json: {}, answers: { 404: settings_wrong } }
send: { request: POST /events, json: { event: =trigger_id or name } }
answers: [{ status: [409, 410], when: =body.ok, is: again, wait: 5m }]
tests: { one: { settings: { hub: x }, given: {} }, two: { settings: { hub: 17 }, given: {} } }
"#;

#[test]
fn a_destination_tells_what_it_can() {
    let told = described(FileKind::DestinationConnector, DESTINATION);
    assert_eq!(told.in_short(), "profile, then event, ids, batch, repeated id: sends again");
    assert_eq!(told.facts.in_short(), "not stated, 1 unverified");
    assert_eq!(told.facts.unverified, ["the rate."]);
    let page = page(&[told]);
    for wanted in [
        "- profile: `POST /people`\n- send: `POST /events`\n",
        "The key must be allowed: `events:write`.",
        "At most 10 a second, 2 at once.",
        "| profile | 404 |  | `settings_wrong` |",
        "| all | 409, 410 | `body.ok` | `again after 5m` |",
        "    api_key: file:pigeon-api-key\n".replace("pigeon", "depot").as_str(),
        "    hub: \"17\"\n",
        "    ids: { delivered:",
        "- batch: up to 50 events in one request by `POST /many`; what became of each is not told\n",
        "must be named under `ids:` in the merchant's file: the number of an event (Events).",
    ] {
        assert!(page.contains(wanted), "{wanted}: {page}");
    }
}

#[test]
fn a_name_that_is_both_has_one_page_and_the_index_lists_both() {
    let parts = vec![
        described(FileKind::SourceConnector, SOURCE),
        described(FileKind::DestinationConnector, DESTINATION),
    ];
    let pages = catalogue(parts);
    let names: Vec<&str> = pages.iter().map(|page| page.file.as_str()).collect();
    assert_eq!(names, ["README.md", "depot.md", "statuses.md"]);
    assert!(pages[0].text.contains("| [Pigeon](depot.md) (`depot`) |"), "{}", pages[0].text);
    assert!(
        pages[1].text.contains("# As a source") && pages[1].text.contains("# As a destination")
    );
    for line in [
        "| `delivered` | forward | step 500, ends it | on | Shipment Delivered |",
        "`tracking_failed`",
        "- `pickup_point.type`: `post_office`, ",
    ] {
        assert!(pages[2].text.contains(line), "{line}");
    }
}

#[test]
fn a_file_that_is_no_yaml_is_left_to_check() {
    let broken = RuleFile {
        kind: FileKind::SourceConnector,
        name: "x".to_owned(),
        path: "x".to_owned(),
        text: "a: [".to_owned(),
    };
    assert!(all(&[broken], |_| true).is_empty());
}
