//! Mappings that extend each other: what of parent and child holds.

use super::*;

const P: FileKind = FileKind::Mapping;
const M: FileKind = FileKind::Merchant;

/// What the uppermost of these mappings sends for `delivered`, as JSON; else the rule that stops it.
fn says(mappings: &[&str], merchant: &str, pairs: &[(&str, &str)]) -> String {
    let book = book_of(mappings, merchant);
    let on = &book.merchant("hey").expect("it is in order").triggers;
    if !on[&Trigger::Status(Status::Delivered)].on {
        return "off".to_owned();
    }
    match choose(&book, "hey", Status::Delivered, pairs) {
        Choice::Send(frozen) => {
            let own = frozen.properties.iter().filter(|(name, _)| name.starts_with("p_"));
            let own: Map = own.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            format!("{} {}", frozen.name, parcelwire_domain::Value::Map(own).to_json())
        }
        Choice::Stop { rule, .. } => rule,
    }
}

/// Each of the mappings extends the one before it.
fn book_of(mappings: &[&str], merchant: &str) -> Book {
    let named: Vec<(String, String)> = mappings
        .iter()
        .enumerate()
        .map(|(at, text)| {
            let extends = if at == 0 { String::new() } else { format!("extends: m{}\n", at - 1) };
            (format!("m{at}"), format!("{extends}{text}\n"))
        })
        .collect();
    let merchant = format!("{HEY}names: en\nmapping: m{}\n{merchant}\n", mappings.len() - 1);
    let merchant = merchant.replacen("names: de\n", "", 1);
    let mut files: Vec<(FileKind, &str, &str)> =
        named.iter().map(|(name, text)| (P, name.as_str(), text.as_str())).collect();
    files.push((M, "hey", &merchant));
    let (book, told) = compile(&with(&files), None);
    assert!(told.is_empty(), "{mappings:?} {merchant}: {told:?}");
    book
}

#[test]
fn maps_merge_scalars_and_lists_replace_and_off_takes_away() {
    let mut wrong = Vec::new();
    for (mappings, merchant, expected) in [
        (&["triggers: { delivered: Da! }"][..], "", "Da! {}"),
        (&["triggers: { delivered: on }"], "", "Shipment Delivered {}"),
        (&["triggers: { delivered: off }"], "", "off"),
        (
            &["triggers: { delivered: off }", "triggers: { delivered: on }"],
            "",
            "Shipment Delivered {}",
        ),
        (
            &["triggers: { delivered: Da! }", "triggers: { delivered: on }"],
            "",
            "Shipment Delivered {}",
        ),
        (
            &["triggers: { delivered: Da! }", "triggers: { delivered: { max_age: 3d } }"],
            "",
            "Da! {}",
        ),
        (&["triggers: { delivered: Da! }", "triggers: { delivered: }"], "", "Da! {}"),
        (&["triggers: { delivered: off }", "triggers: { delivered: }"], "", "off"),
        (&["triggers: { delivered: off }", "triggers: { delivered: { name: Neu } }"], "", "Neu {}"),
        // What `off` took away does not come back.
        (
            &[
                "triggers: { delivered: { name: Da!, when: '=false', properties: { p_a: 1 } } }",
                "triggers: { delivered: off }",
                "triggers: { delivered: on }",
            ],
            "",
            "Shipment Delivered {}",
        ),
        // A text is the name and no more: the rest of the parent's rules still holds.
        (
            &[
                "triggers: { delivered: { name: Da!, when: '=true', properties: { p_a: 1 } } }",
                "triggers: { delivered: Dort! }",
            ],
            "",
            r#"Dort! {"p_a":1}"#,
        ),
        (
            &[
                "triggers: { delivered: { when: '=false' } }",
                "triggers: { delivered: { name: Da!, when: '=true' } }",
            ],
            "",
            "when",
        ),
        (&["when: =false", "when: =true"], "", "when"),
        (&["when: =order_value == 'x'", "when: =true"], "", "when unknown"),
        (&["names: de", "triggers: { lost: on }"], "", "Shipment Delivered {}"),
        // Maps merge at every depth; scalars and lists replace.
        (
            &[
                "properties: { p_a: { x: 1, y: [1, 2], z: { deep: 1 } }, p_b: 1, p_c: 1 }",
                "properties: { p_a: { y: [3], z: { more: 2 } }, p_b: { x: 1 }, p_c: off }",
            ],
            "",
            r#"Shipment Delivered {"p_a":{"x":1,"y":[3],"z":{"deep":1,"more":2}},"p_b":{"x":1}}"#,
        ),
        (
            &[
                "triggers: { delivered: { properties: { p_a: { x: 1 }, p_b: 1 } } }",
                "triggers: { delivered: { properties: { p_a: { y: 2 }, p_b: off } } }",
            ],
            "",
            r#"Shipment Delivered {"p_a":{"x":1,"y":2}}"#,
        ),
        // A trigger's own property takes the place of the one of all triggers.
        (
            &[
                "properties: { p_a: 1, p_b: 1 }\ntriggers: { delivered: { properties: { p_a: 2, p_b: off } } }",
            ],
            "",
            r#"Shipment Delivered {"p_a":2}"#,
        ),
        // Within a property `off` is a value.
        (&["properties: { p_a: { x: off } }"], "", r#"Shipment Delivered {"p_a":{"x":"off"}}"#),
        (
            &[
                "values: { v: { a: 1, b: 2 }, w: 1 }\nproperties: { p_v: =values.v, p_w: =values.w }",
            ],
            "values: { v: { b: 3 }, w: off }",
            r#"Shipment Delivered {"p_v":{"a":1,"b":3}}"#,
        ),
        (
            &[
                "values: { v: { a: 1 }, w: [1] }\nproperties: { p_v: =values.v, p_w: =values.w }",
                "values: { v: { b: off }, w: [2] }",
            ],
            "values: { v: { c: ==x } }",
            r#"Shipment Delivered {"p_v":{"a":1,"b":"off","c":"=x"},"p_w":[2]}"#,
        ),
        (
            &[
                "properties: { p_l: { each: =values.l, as: n, give: { a: =n.a } } }\nvalues: { l: [{ a: 1, b: 2 }, { b: 3 }] }",
                "properties: { p_l: { when: =n.a is present, give: { b: =n.b } } }",
            ],
            "",
            r#"Shipment Delivered {"p_l":[{"a":1,"b":2}]}"#,
        ),
    ] {
        let found = says(mappings, merchant, &[]);
        if found != expected {
            wrong.push((mappings, merchant, found, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_name_may_be_computed_and_one_that_lacks_a_field_is_the_default() {
    for (name, expected) in [
        ("'Paket {{ order_number }} ist da'", "Paket #1 ist da"),
        ("=order_number ~ '!'", "#1!"),
        ("==Da!", "=Da!"),
        ("'{{ order_value }} ist da'", "Shipment Delivered"),
        ("=order_value", "Shipment Delivered"),
        ("=values.name", "Von Hey"),
    ] {
        for rules in [format!("delivered: {name}"), format!("delivered: {{ name: {name} }}")] {
            let mapping = format!("values: {{ name: Von Hey }}\ntriggers: {{ {rules} }}");
            let found = says(&[&mapping], "", &[("order_number", "#1")]);
            assert_eq!(found, format!("{expected} {{}}"), "{mapping}");
        }
    }
}

#[test]
fn the_merchants_language_of_names_wins_and_a_destinations_over_it() {
    let name = |mapping: &str, merchant: &str| {
        let merchant = format!("{HEY}mapping: own\n").replacen("names: de\n", merchant, 1);
        let (book, told) = compile(&with(&[(P, "own", mapping), (M, "hey", &merchant)]), None);
        assert!(told.is_empty(), "{told:?}");
        sent(choose(&book, "hey", Status::Delivered, &[])).name
    };
    assert_eq!(name("names: de\n", ""), "Sendung wurde erfolgreich zugestellt");
    assert_eq!(name("names: de\n", "names: en\n"), "Shipment Delivered");
    assert_eq!(name("{}\n", ""), "Shipment Delivered");
    let there = HEY.replace("env:KLAVIYO", "env:KLAVIYO, names: en");
    let (book, _) = compile(&with(&[(M, "hey", &there)]), None);
    assert_eq!(sent(choose(&book, "hey", Status::Delivered, &[])).name, "Shipment Delivered");
}

#[test]
fn a_parents_mistake_is_told_once_and_its_children_wait() {
    let child = |text: &str| format!("extends: base\n{text}");
    let (_, told) = compile(
        &with(&[
            (P, "base", "properties: { a: =order_nummer }\n"),
            (P, "one", &child("names: de\n")),
            (P, "two", &child("names: en\n")),
        ]),
        None,
    );
    assert_eq!(told.len(), 1, "{told:?}");
    let (_, told) = compile(&with(&[(P, "base", "nmes: de\n"), (P, "one", &child(""))]), None);
    assert!(told.iter().any(|line| line.contains("`base`, which this file extends, is broken")));
    let (_, told) = compile(&with(&[(P, "one", "extends: defualt\n")]), None);
    assert!(told[0].contains("did you mean `default`?"), "{told:?}");
}

#[test]
fn a_chain_has_a_longest() {
    let chain = |length: usize| {
        let names: Vec<String> = (0..length).map(|at| format!("t{at}")).collect();
        let texts: Vec<String> =
            (0..length)
                .map(|at| {
                    if at == 0 { "name: x\n".to_owned() } else { format!("extends: t{}\n", at - 1) }
                })
                .collect();
        let files: Vec<(FileKind, &str, &str)> = names
            .iter()
            .zip(&texts)
            .map(|(name, text)| (FileKind::Template, name.as_str(), text.as_str()))
            .collect();
        compile(&with(&files), None).1
    };
    assert!(chain(16).is_empty());
    let told = chain(17);
    assert!(told.iter().all(|line| line.contains("more than 16 files")), "{told:?}");
    assert!(!told.is_empty());
}

#[test]
fn business_days_of_a_limit_are_taken_with_their_weekends_and_said_so() {
    for (written, hours) in [("1bd", 72), ("3bd", 120), ("5bd", 168), ("6bd", 240), ("3d", 72)] {
        let mapping = format!("triggers: {{ delivered: {{ max_age: {written} }} }}\n");
        let merchant = format!("{HEY}mapping: own\n");
        let (book, told) = compile(&with(&[(P, "own", &mapping), (M, "hey", &merchant)]), None);
        assert_eq!(told.len(), usize::from(written.ends_with("bd")), "{told:?}");
        let rules = &book.merchant("hey").expect("a warning stops nothing").triggers;
        let found = rules[&Trigger::Status(Status::Delivered)].max_age;
        assert_eq!(found.as_secs(), hours * 3600, "{written}");
    }
}

#[test]
fn values_are_data_and_computed_ones_are_told() {
    let text = "values: { a: =order_number, b: { c: ['{{ x }}'] }, d: ==y }\n";
    let (_, told) = compile(&with(&[(P, "own", text)]), None);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().all(|line| line.contains("`values` hold data")), "{told:?}");
}

#[test]
fn a_mapping_sees_the_destinations_settings_but_no_secret() {
    let connector = "title: D\nfacts: invented\nsettings: { api_key: { secret: true }, list: {}, tag: { default: vip } }\n\
        base_url: https://d.example\nrepeated_id: ignored\nsend: { request: POST / }\ntests: {}\n";
    let mapping =
        "properties: { p_l: =settings.list, p_t: =settings.tag, p_k: =settings.api_key }\n";
    let merchant = "sources: { shop: { connector: shopify, secret: env:A } }\nmapping: own\n\
        destinations: { klaviyo: { connector: d, api_key: env:B, list: L7 } }\n";
    let (book, told) = compile(
        &with(&[
            (FileKind::DestinationConnector, "d", connector),
            (P, "own", mapping),
            (M, "hey", merchant),
        ]),
        None,
    );
    assert!(told.is_empty(), "{told:?}");
    let sent = sent(choose(&book, "hey", Status::Delivered, &[])).properties;
    let own = |name: &str| sent.get(name).map(parcelwire_domain::Value::to_json);
    assert_eq!(own("p_l").as_deref(), Some("\"L7\""));
    assert_eq!(own("p_t").as_deref(), Some("\"vip\""));
    assert_eq!(own("p_k"), None);
}
