use parcelwire_domain::{Map, Party, Value};

use super::*;
use crate::text::Diagnostics;

const STORY: &str = "\
title: a parcel comes
mapping: default
with: { language: de }
begins: 2026-11-16 09:00
about: { order_number: '#1', email: kim@example.test }
story:
  - { at: +2d 4h, fact: { from: carrier, status: delivered, occurred_at: +2d } }
  - { at: +1h, fact: { status: dispatched, email: ~ } }
  - { at: 2026-11-17 09:00, down: 6h }
  - { at: +3d, hook: { source: shop, topic: orders/create, body: { id: 1 } } }
sends:
  - { at: +1h, trigger: dispatched, to: kim@example.test }
  - { trigger: delivered, properties: { status: delivered } }
";

fn scenario(text: &str) -> Scenario {
    let mut told = Diagnostics::default();
    let scenario = parse("a.yaml", text, &mut told);
    scenario.unwrap_or_else(|| panic!("{told:?}"))
}

fn told(at: &str, trigger: &str, status: &str) -> Told {
    let mut fields = Map::new();
    fields.set("trigger", Value::text(trigger));
    fields.set("to", Value::text("kim@example.test"));
    let properties: Map = [("status", Value::text(status))].into_iter().collect();
    fields.set("properties", properties);
    Told { at: at.parse().expect("a time"), fields }
}

#[test]
fn a_story_is_read_in_order_of_time() {
    let scenario = scenario(STORY);
    let times: Vec<String> = scenario.story.iter().map(|step| scenario.shown(step.at)).collect();
    assert_eq!(
        times,
        ["2026-11-16 10:00", "2026-11-17 09:00", "2026-11-18 13:00", "2026-11-19 09:00"]
    );
    let What::Fact { from, fields } = &scenario.story[0].what else { panic!("a fact") };
    assert_eq!((*from, fields.get("email")), (Party::Fulfilment, None));
    let What::Fact { from, fields } = &scenario.story[2].what else { panic!("a fact") };
    assert_eq!(*from, Party::Carrier);
    let occurred = fields.get("occurred_at").and_then(Value::as_text);
    assert_eq!(occurred, Some("2026-11-18T09:00:00+01:00"));
    assert_eq!(fields.get("email").and_then(Value::as_text), Some("kim@example.test"));
    let down = "2026-11-17T14:00:00Z".parse().expect("a time");
    assert_eq!(scenario.story[1].what, What::Down(down));
    assert_eq!(scenario.shown(scenario.ends), "2026-12-19 09:00");
}

#[test]
fn what_was_sent_is_held_against_what_was_expected() {
    let scenario = scenario(STORY);
    let first = told("2026-11-16T09:00:30Z", "dispatched", "dispatched");
    let second = told("2026-11-18T12:00:00Z", "delivered", "delivered");
    assert_eq!(scenario.judge(&[first.clone(), second.clone()]), []);
    let why = |told: &[Told]| {
        let faults = scenario.judge(told);
        faults.into_iter().map(|(_, why)| why).collect::<Vec<_>>()
    };
    assert_eq!(why(std::slice::from_ref(&first)), ["nothing like { trigger: delivered } was sent"]);
    let late = told("2026-11-16T10:00:00Z", "dispatched", "dispatched");
    assert_eq!(
        why(&[late, second.clone()]),
        [
            r#"at: expected "2026-11-16 10:00", found "2026-11-16 11:00""#,
            "not expected: { at: 2026-11-16 11:00, trigger: dispatched, to: kim@example.test }"
        ]
    );
    assert_eq!(
        why(&[first, second.clone(), second]),
        ["not expected: { at: 2026-11-18 13:00, trigger: delivered, to: kim@example.test }"]
    );
}

#[test]
fn what_is_wrong_is_told_with_a_hint() {
    for (wrong, message) in [
        ("mapping: default", "a scenario names a `mapping:` or a `merchant:`"),
        ("begins: 2026-11-16 09:00", "`begins` is missing"),
        ("+2d 4h", "`+2x` is no time"),
        ("down: 6h", "a step is one of `hook:`, `fact:`, `import:` and `down:`"),
        ("trigger: dispatched", "unknown trigger `dispatchd`"),
        ("status: dispatched", "unknown field `statu`"),
    ] {
        let instead = match wrong {
            "+2d 4h" => "+2x",
            "trigger: dispatched" => "trigger: dispatchd",
            "status: dispatched" => "statu: dispatched",
            _ => "",
        };
        let text = STORY.replacen(wrong, instead, 1).replace("\n\n", "\n");
        let mut told = Diagnostics::default();
        assert!(parse("a.yaml", &text, &mut told).is_none(), "{wrong}");
        let messages: Vec<&str> = told.iter().map(|told| told.message.as_str()).collect();
        assert!(messages.iter().any(|told| told.contains(message)), "{message}: {messages:?}");
        assert!(told.iter().all(|told| told.hint.is_some()), "{told:?}");
    }
}
