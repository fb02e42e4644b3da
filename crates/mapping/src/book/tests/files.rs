use super::*;

const M: FileKind = FileKind::Merchant;
const T: FileKind = FileKind::Template;
const P: FileKind = FileKind::Mapping;
const F: FileKind = FileKind::Feed;
const S: FileKind = FileKind::SourceConnector;

#[test]
fn every_shipped_file_is_in_order_and_passes_its_tests() {
    let checked = filetests::run::run(
        &shipped(),
        &Surroundings::default(),
        "2026-11-22T10:00:00Z".parse().expect("a time"),
        |_| true,
    );
    let told = render(checked.diagnostics.iter(), RenderFormat::Text { colour: false }, &[]);
    let failed: Vec<String> = checked
        .tests
        .iter()
        .filter_map(|(file, test)| {
            Some(format!("{file}: {}: {}", test.name, test.failure.as_ref()?))
        })
        .collect();
    assert!(checked.is_fine(), "{told}\n{}", failed.join("\n"));
    assert!(checked.tests.len() > 60, "{}", checked.tests.len());
}

#[test]
fn a_merchant_file_becomes_a_merchant() {
    let (book, told) = compile(&with(&[(M, "hey", HEY)]), None);
    assert!(told.is_empty(), "{told:?}");
    let merchant = book.merchant("hey").expect("it is in order");
    assert_eq!(merchant.name, "Hey Example");
    assert_eq!(merchant.state, State::Live);
    let frozen = sent(choose(&book, "hey", Status::Delivered, &[("delivered_to_name", "Frau N.")]));
    assert_eq!(frozen.name, "Sendung wurde erfolgreich zugestellt");
    let field = |name: &str| frozen.fields.get(name).map(parcelwire_domain::Value::to_json);
    assert_eq!(field("language").as_deref(), Some("\"de\""));
    assert_eq!(field("merchant_id").as_deref(), Some("\"hey\""));
    assert_eq!(field("delivered_to_name"), None, "a third person's name stays here");
}

#[test]
fn templates_are_laid_under_and_off_takes_away() {
    let base = "language: de\nsources:\n  shop: { connector: shopify, secret: env:SHOP }\n  old: { connector: shopify, secret: env:OLD }\n\
        destinations:\n  klaviyo: { api_key: env:KLAVIYO, limits: off }\nvalues: { a: 1, b: 2 }\n";
    let own = "extends: base\nname: Own\nsources:\n  old: off\nvalues: { a: 3, b: off }\n";
    let (book, told) = compile(&with(&[(T, "base", base), (M, "own", own)]), None);
    assert!(told.is_empty(), "{told:?}");
    let merchant = book.merchant("own").expect("it is in order");
    assert_eq!(merchant.sources.len(), 1);
    assert_eq!(merchant.language, "de");
    assert_eq!(merchant.values.len(), 1);
}

#[test]
fn chains_that_bite_their_tail_are_told() {
    let (_, told) = compile(
        &with(&[(T, "a", "extends: b\n"), (T, "b", "extends: a\n"), (M, "m", "extends: a\n")]),
        None,
    );
    assert!(told.iter().any(|line| line.contains("extend each other")), "{told:?}");
    let (_, told) = compile(&with(&[(P, "x", "extends: gone\n")]), None);
    assert!(told[0].contains("there is no `gone` to extend"), "{told:?}");
}

#[test]
fn a_mapping_names_switches_and_narrows() {
    let mapping = "names: de\nwhen: =destination_country in ['DE', 'AT']\nvalues: { voucher: SORRY10 }\ntriggers:\n\
        \x20 delivered: Paket da!\n  in_transit: off\n  label_created: on\n  delayed:\n    purpose: promotional\n    properties:\n\
        \x20     voucher: =values.voucher if marketing_consent == 'granted'\n  lost:\n    when: =order_number is present\n";
    let merchant = format!("{HEY}mapping: own\nvalues: {{ voucher: HEY15 }}\n");
    let (book, told) = compile(&with(&[(P, "own", mapping), (M, "hey", &merchant)]), None);
    assert!(told.is_empty(), "{told:?}");
    let at = ("destination_country", "AT");
    assert_eq!(sent(choose(&book, "hey", Status::Delivered, &[at])).name, "Paket da!");
    let delayed =
        sent(choose(&book, "hey", Status::Delayed, &[at, ("marketing_consent", "granted")]));
    let voucher = delayed.properties.get("voucher").map(parcelwire_domain::Value::to_json);
    assert_eq!(voucher.as_deref(), Some("\"HEY15\""), "the merchant's value wins");
    let purpose = delayed.fields.get("message_purpose").map(parcelwire_domain::Value::to_json);
    assert_eq!(purpose.as_deref(), Some("\"promotional\""));
    let unasked = stopped(choose(&book, "hey", Status::Delayed, &[at]));
    assert!(unasked.starts_with("consent unknown: "), "{unasked}");
    let other = stopped(choose(&book, "hey", Status::Delivered, &[("destination_country", "FR")]));
    assert!(other.starts_with("when: "), "{other}");
    let unknown = stopped(choose(&book, "hey", Status::Delivered, &[]));
    assert!(
        unknown.starts_with("when unknown: ") && unknown.contains("destination_country"),
        "{unknown}"
    );
    let both = stopped(choose(&book, "hey", Status::Lost, &[at]));
    assert!(both.starts_with("when: "), "parent's and child's conditions both hold: {both}");
    let merchant = book.merchant("hey").expect("it is in order");
    let on = |status| merchant.triggers[&Trigger::Status(status)].on;
    assert!(!on(Status::InTransit) && on(Status::LabelCreated) && on(Status::Lost));
}

#[test]
fn in_state_test_only_testers_receive_anything() {
    let merchant = format!("{HEY}state: test\ntesters: [Anna@hey.example]\n");
    let (book, _) = compile(&with(&[(M, "hey", &merchant)]), None);
    sent(choose(&book, "hey", Status::Delivered, &[]));
    let other = choose(&book, "hey", Status::Delivered, &[("email", "ben@hey.example")]);
    assert!(stopped(other).starts_with("not a tester"));
    let merchant = format!("{HEY}state: off\n");
    let (book, _) = compile(&with(&[(M, "hey", &merchant)]), None);
    assert!(stopped(choose(&book, "hey", Status::Delivered, &[])).starts_with("state off"));
}

#[test]
fn a_destination_that_narrows_takes_only_its_triggers() {
    let merchant = HEY.replace("api_key: env:KLAVIYO", "api_key: env:KLAVIYO, only: [lost]");
    let (book, told) = compile(&with(&[(M, "hey", &merchant)]), None);
    assert!(told.is_empty(), "{told:?}");
    assert!(stopped(choose(&book, "hey", Status::Delivered, &[])).starts_with("only"));
}

#[test]
fn a_broken_merchant_stops_nobody_else_and_keeps_its_last_good_version() {
    let good = with(&[(M, "hey", HEY), (M, "ben", HEY)]);
    let (first, _) = compile(&good, None);
    let broken = with(&[
        (M, "hey", "sources: { shop: { connector: shopfy, secret: env:SHOP } }\n"),
        (M, "ben", HEY),
    ]);
    let (from_start, told) = compile(&broken, None);
    assert!(
        told[0].contains("there is no source connector `shopfy` (did you mean `shopify`?)"),
        "{told:?}"
    );
    assert!(matches!(from_start.merchants["hey"], Entry::Misconfigured));
    assert!(from_start.merchant("ben").is_some());
    let (later, _) = compile(&broken, Some(&first));
    assert!(matches!(later.merchants["hey"], Entry::Ready { stale: true, .. }));
    let unreadable = with(&[(M, "hey", "sources: [\n")]);
    let (later, told) = compile(&unreadable, Some(&first));
    assert!(!told.is_empty());
    assert!(later.merchant("hey").is_some());
}

#[test]
fn a_broken_connector_or_mapping_keeps_its_last_good_version_too() {
    let files = with(&[
        (P, "own", "triggers: { delivered: Da! }\n"),
        (M, "hey", &format!("{HEY}mapping: own\n")),
    ]);
    let (first, told) = compile(&files, None);
    assert!(told.is_empty(), "{told:?}");
    let broken = with(&[
        (P, "own", "triggers: { deliverd: Da! }\n"),
        (M, "hey", &format!("{HEY}mapping: own\n")),
        (S, "shopify", "title: x\n"),
    ]);
    let (later, told) = compile(&broken, Some(&first));
    assert!(told.iter().any(|line| line.contains("deliverd")), "{told:?}");
    assert_eq!(sent(choose(&later, "hey", Status::Delivered, &[])).name, "Da!");
}

#[test]
fn secrets_that_are_missing_or_literal_are_told_without_their_value() {
    let merchant = "sources: { shop: { connector: shopify, secret: env:GONE } }\ndestinations: { klaviyo: { api_key: pk_literal_1 } }\n";
    let (book, told) = compile(&with(&[(M, "hey", merchant)]), None);
    let told = told.join("\n");
    assert!(
        told.contains("GONE is not set") && told.contains("a secret stands in this file"),
        "{told}"
    );
    assert!(!told.contains("pk_literal_1"));
    assert!(matches!(book.merchants["hey"], Entry::Misconfigured));
    let wrong = HEY.replace("env:KLAVIYO", "env:OTHER");
    let (_, told) = compile(&with(&[(M, "hey", &wrong)]), None);
    assert!(told[0].contains("`api_key` does not look right"), "{told:?}");
}

#[test]
fn plain_http_goes_only_to_allowed_networks() {
    for (url, fine) in [
        ("https://proxy.example", true),
        ("http://127.0.0.1:8090", true),
        ("http://localhost:8090", true),
        ("http://10.0.0.1", false),
        // Where a name leads is judged when it is asked for.
        ("http://proxy.example", true),
        ("ftp://x", false),
    ] {
        let merchant = HEY.replace("env:KLAVIYO", &format!("env:KLAVIYO, base_url: \"{url}\""));
        let (book, told) = compile(&with(&[(M, "hey", &merchant)]), None);
        assert_eq!(book.merchant("hey").is_some(), fine, "{url} {told:?}");
    }
}

#[test]
fn a_feed_knows_whose_the_accounts_are() {
    let feed = "secret: env:FEED\n";
    let share = |account: &str| format!("sources:\n  lager: {{ account: \"{account}\" }}\n");
    let files = with(&[
        (S, "lager", WAREHOUSE),
        (F, "lager", feed),
        (M, "a", &share("1")),
        (M, "b", &share("2")),
    ]);
    let (book, told) = compile(&files, None);
    assert!(told.is_empty(), "{told:?}");
    let feed_id = FeedName::parse("lager").expect("a name");
    let accounts: Vec<(&str, &str)> = book.feeds[&feed_id]
        .accounts
        .iter()
        .map(|(account, (merchant, _))| (account.as_str(), merchant.as_str()))
        .collect();
    assert_eq!(accounts, [("1", "a"), ("2", "b")]);
    // The same account twice: who had it keeps it, and it is told.
    let files = with(&[
        (S, "lager", WAREHOUSE),
        (F, "lager", feed),
        (M, "a", &share("1")),
        (M, "b", &share("1")),
    ]);
    let (later, told) = compile(&files, Some(&book));
    let expected = "2 account `1` of the feed `lager` is that of a/lager and b/lager";
    assert_eq!(told.len(), 2, "each of them is told where it says so: {told:?}");
    assert!(told.iter().all(|line| line.starts_with(expected)), "{told:?}");
    assert_eq!(later.feeds[&feed_id].accounts["1"].0.as_str(), "a");
}

#[test]
fn schemas_take_what_the_check_takes() {
    for (kind, name, text) in SHIPPED {
        let mut ignored = Diagnostics::default();
        let node = crate::text::read(crate::text::SourceFile::new(name, text), &mut ignored)
            .expect("it is YAML");
        let value: serde_json::Value =
            serde_json::from_str(&node.to_json_text()).expect("it is JSON");
        let schema = jsonschema::validator_for(&kind.schema()).expect("it is a schema");
        let errors: Vec<String> = schema
            .iter_errors(&value)
            .map(|error| format!("{error} at {}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
    }
}

#[test]
fn a_merchant_says_who_is_told_and_of_what_over_what_the_template_says() {
    let base = "alerts: { to: [a@base.example, b@base.example], kinds: backlog }\n";
    let own = format!(
        "extends: base\n{HEY}alerts:\n  to: shop@hey.example\n  webhook: {{ url: \"https://ops.example/in/\", secret: whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw }}\n"
    );
    let (book, told) = compile(&with(&[(T, "base", base), (M, "hey", &own)]), None);
    assert!(told.len() == 1 && told[0].contains("a secret stands in this file"), "{told:?}");
    let alerts = &book.merchant("hey").expect("it is in order").alerts;
    assert_eq!(alerts.to, ["shop@hey.example"]);
    assert_eq!(alerts.kinds, [Kind::Backlog]);
    assert_eq!(alerts.language, Language::De, "that of the shop");
    assert!(alerts.webhook.as_ref().is_some_and(|to| to.url() == "https://ops.example/in"));
    let off = format!("extends: base\n{HEY}alerts: off\n");
    let (book, told) = compile(&with(&[(T, "base", base), (M, "hey", &off)]), None);
    assert!(told.is_empty(), "{told:?}");
    assert!(book.merchant("hey").expect("it is in order").alerts.to.is_empty());
}

#[test]
fn who_cannot_be_told_is_found_when_the_file_is_read() {
    for (alerts, expected) in [
        ("{ to: shop }", "an e-mail address"),
        ("{ to: a@b, kinds: key_refsed }", "did you mean `key_refused`?"),
        ("{ too: a@b }", "did you mean `to`?"),
        ("{ kinds: backlog }", "names nobody to tell"),
        ("{ webhook: { url: https://ops.example } }", "`secret`"),
        ("{ webhook: { url: 'http://203.0.113.7', secret: env:OPS } }", "unencrypted"),
        ("{ webhook: { url: 'https://ops.example', secret: whsec_? } }", "whsec_"),
    ] {
        let (_, told) = compile(&with(&[(M, "hey", &format!("{HEY}alerts: {alerts}\n"))]), None);
        let text = told.join("\n");
        assert!(text.contains(expected), "{alerts}: {text}");
    }
}
