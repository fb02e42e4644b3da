//! The files of the manual, as they are printed there: they are in order, and say what it says.

use super::*;
use crate::{source::Received, text::Severity};

const MERCHANT: &str = r#"extends: lagerhaus                  # a file in config/templates/, optional: the provider's or agency's defaults
name: Hey Example
language: de                        # of customers whose own language is not known
names: de                           # language of trigger names: en (default) or de
timezone: Europe/Berlin
country: DE
state: live                         # off | test | live; in test only these receive anything:
testers: [anna@hey.example]
sources:
  shop:
    connector: shopify              # default: the instance's own name
    secret: env:HEY_SHOPIFY_SECRET  # env:NAME, file:NAME below secrets.path, a list while rotating; a literal with a warning
  lagerhaus:                        # joins a feed (`feed:` defaults to the source's name): no URL or secret of its own
    account: "0815"                 # our number in it
destinations:
  klaviyo:
    api_key: env:HEY_KLAVIYO_KEY    # left out: an error, until a later issue keeps keys encrypted in the store
    base_url: https://a.klaviyo.com # optional, operator files only: a sandbox or a proxy
    limits: default                 # or off, or { per_second: 10, per_minute: 300 }
  gorgias:
    only: [lost, undeliverable]
mapping: hey
holds: default                      # or off: the short waits of taxonomy.md s. 4
values:
  voucher: HEY15
"#;

const MAPPING: &str = r"extends: default
names: de
values:
  voucher: SORRY10                              # a merchant that uses this file may set its own
when: =destination_country in ['DE', 'AT']      # for every trigger
triggers:
  delivered: Paket da!
  ready_for_pickup: Paket liegt bereit
  in_transit: off
  delayed:
    purpose: promotional
    properties:
      voucher: =values.voucher if marketing_consent == 'granted'
tests:
  a late parcel to Austria brings the voucher:
    given: { trigger: delayed, destination_country: AT, marketing_consent: granted }
    sends: { name: Sendung verspätet sich, properties: { voucher: SORRY10 } }
";

const SOURCE: &str = r##"title: Lagerhaus
facts: docs.lagerhaus.example/webhooks, read 2026-11-22
topic: { header: X-Lagerhaus-Topic } # or { body: event }
verify:                             # one method, or a list tried in turn
  hmac: sha256
  encoding: hex
  header: X-Lagerhaus-Signature     # over the raw body unless `signed:` says otherwise
delivery_id: =headers['x-lagerhaus-id']
account: =mandant                   # whose it is, in a feed
timezone: Europe/Berlin             # its times carry no offset
events:                             # one rule, or a list of rules with `topic:` and `when:`; all that hold apply
  topic: [paket.status, paket.neu]
  each: =pakete
  as: paket
  code: =paket.status               # looked up below
  occurred_at: =paket.zeit
  order_number: =auftrag.nummer
  email: =auftrag.kunde.email
  destination_country: =auftrag.kunde.land
  carrier: =paket.dienst | lower
  tracking_number: =paket.nummer
  tracking_url: https://t.lagerhaus.example/{{ paket.nummer | urlencode }}
statuses:                           # compared trimmed and caseless
  Etikett gedruckt: ignore          # known, and nothing to tell
  Adresse unklar: address_correction_required/address_incomplete
  versandt: dispatched
  in Packstation: { status: ready_for_pickup, pickup_point: { type: locker } }
  Suche: { status: exception, reason: tracking_failed, quiet: true }   # remembered, never a trigger
  zugestellt: delivered
tests:                              # the runner signs the body itself
  two parcels are two events:
    topic: paket.status
    body: { auftrag: { nummer: "#1001" }, pakete: [{ nummer: A1, status: Versandt }, { nummer: A2, status: zugestellt }] }
    events: [{ status: dispatched, tracking_number: A1 }, { status: delivered, tracking_number: A2 }]
"##;

const DESTINATION: &str = r"title: Brieftaube
settings:                           # the key form of console and API is made from this
  api_key: { secret: true, pattern: ^bt_, where: { de: Konto › Schnittstellen, en: Account › API } }
base_url: https://api.brieftaube.example/v3
headers:
  Authorization: Bearer {{ settings.api_key }}
check: GET /account
limits: { per_second: 10, per_hour: 36000 }
repeated_id: ignored                # ignored | overwrites | sends_again
send:
  request: POST /events
  json:
    id: =id
    event: =name
    time: =occurred_at
    contact:
      email: =email
    data: =properties
answers:                            # only what differs from: 2xx sent, 401/403 key wrong, 408/425/429/5xx again, else rejected
  409: sent                         # it has this id already
  422: settings_wrong               # the event has to be made there first
tests:
  a delivered parcel:
    given: { trigger: delivered, name: Paket da!, email: kim@example.test }
    json: { event: Paket da!, contact: { email: kim@example.test } }
";

fn files() -> Vec<RuleFile> {
    // What the manual leaves to the reader: a template, a feed, another destination.
    let other = DESTINATION.replace("api_key: {", "api_key: { required: false,");
    with(&[
        (FileKind::Merchant, "hey-de", MERCHANT),
        (FileKind::Template, "lagerhaus", "country: AT\n"),
        (FileKind::Feed, "lagerhaus", "secret: env:LAGERHAUS\n"),
        (FileKind::Mapping, "hey", MAPPING),
        (FileKind::SourceConnector, "lagerhaus", SOURCE),
        (FileKind::DestinationConnector, "brieftaube", DESTINATION),
        (FileKind::DestinationConnector, "gorgias", &other),
    ])
}

#[test]
fn the_files_of_the_manual_are_in_order_and_pass_their_tests() {
    let now = "2026-11-22T10:00:00Z".parse().expect("a time");
    let checked = filetests::run::run(&files(), &Surroundings::default(), now, |_| true);
    let told = render(checked.diagnostics.iter(), RenderFormat::Text { colour: false }, &[]);
    assert!(checked.is_fine(), "{told}\n{:?}", checked.tests);
    assert!(checked.diagnostics.iter().all(|told| told.severity < Severity::Error));
    let tests = |part: &str| checked.tests.iter().filter(|(file, _)| file.contains(part)).count();
    assert_eq!((tests("hey"), tests("lagerhaus"), tests("brieftaube")), (1, 1, 1));
}

#[test]
fn they_say_what_the_manual_says() {
    let (book, told) = compile(&files(), None);
    assert!(told.is_empty(), "{told:?}");
    let merchant = book.merchant("hey-de").expect("it is in order");
    let name = SourceName::parse("lagerhaus").expect("a name");
    let body = r##"{"mandant": "0815", "auftrag": {"nummer": "#1001", "kunde": {"land": "DE"}}, "pakete": [
        {"nummer": "A 1", "status": " VERSANDT ", "zeit": "2026-11-22T10:00:00", "dienst": "DHL"},
        {"nummer": "A2", "status": "zugestellt"}, {"nummer": "A3", "status": "in Packstation"},
        {"nummer": "A4", "status": "Suche"}, {"nummer": "A5", "status": "Adresse unklar"},
        {"nummer": "A6", "status": "Etikett gedruckt"}, {"nummer": "A7", "status": "weg"}]}"##;
    let reading = merchant.sources[&name].ready.read(&Received {
        topic: Some("paket.status"),
        headers: &[],
        query: "",
        body: body.as_bytes(),
        accounts: &["0815".to_owned()],
        received_at: "2026-11-22T10:00:00Z".parse().expect("a time"),
        source: &name,
    });
    let said: Vec<String> = reading
        .events
        .iter()
        .map(|event| {
            let reason = event.reason.map(|reason| format!("/{}", reason.name()));
            let quiet = if event.quiet { " quiet" } else { "" };
            format!("{}{}{quiet}", event.status.name(), reason.unwrap_or_default())
        })
        .collect();
    assert_eq!(
        said,
        [
            "dispatched",
            "delivered",
            "ready_for_pickup",
            "exception/tracking_failed quiet",
            "address_correction_required/address_incomplete"
        ]
    );
    let first = &reading.events[0];
    assert_eq!(first.occurred_at.to_rfc3339(), "2026-11-22T10:00:00+01:00");
    let field = |name: &str| first.fields.get(name).map(parcelwire_domain::Value::to_json);
    assert_eq!(field("carrier").as_deref(), Some("\"dhl\""));
    let link = field("tracking_url");
    assert_eq!(link.as_deref(), Some("\"https://t.lagerhaus.example/A%201\""));
    assert_eq!(reading.unmapped, ["weg"]);

    let germany = ("destination_country", "DE");
    assert_eq!(sent(choose(&book, "hey-de", Status::Delivered, &[germany])).name, "Paket da!");
    let late = [germany, ("marketing_consent", "granted")];
    let late = sent(choose(&book, "hey-de", Status::Delayed, &late));
    let voucher = late.properties.get("voucher").map(parcelwire_domain::Value::to_json);
    assert_eq!(voucher.as_deref(), Some("\"HEY15\""), "the merchant's value wins");
    let on = |status| merchant.triggers[&Trigger::Status(status)].on;
    assert!(!on(Status::InTransit) && on(Status::ReadyForPickup) && on(Status::Delayed));
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(60))]

    /// Whatever a slip of the hand makes of a file, it is told or harmless, and nothing shows a key.
    #[test]
    fn damaged_files_are_told_and_never_a_panic(
        which in 0_usize..7,
        at in 0_usize..10_000,
        length in 0_usize..12,
        with in "[:{}\\[\\]#'\"=&*!|>%@`, \n\t-]{0,4}|\\PC{0,3}",
    ) {
        let mut files = files();
        let place = files.len() - 7 + which;
        let file = &mut files[place];
        file.text = file.text.replace("env:HEY_KLAVIYO_KEY", "pk_geheim77");
        let chars: Vec<char> = file.text.chars().collect();
        let start = at % chars.len();
        let end = (start + length).min(chars.len());
        let damaged: String =
            chars[..start].iter().copied().chain(with.chars()).chain(chars[end..].iter().copied()).collect();
        // A slip inside of the key or its name makes another text of it, which is no longer that key.
        let whole = damaged.contains("api_key: pk_geheim77");
        file.text = damaged;
        let now = "2026-11-22T10:00:00Z".parse().expect("a time");
        let checked = filetests::run::run(&files, &Surroundings::default(), now, |_| true);
        for told in checked.diagnostics.iter() {
            proptest::prop_assert!(told.span.is_some(), "{}", told.message);
        }
        let secrets = checked.diagnostics.secrets();
        let shown = render(checked.diagnostics.iter(), RenderFormat::Json, secrets)
            + &render(checked.diagnostics.iter(), RenderFormat::Text { colour: false }, secrets);
        proptest::prop_assert!(!whole || !shown.contains("pk_geheim77"), "{shown}");
    }
}
