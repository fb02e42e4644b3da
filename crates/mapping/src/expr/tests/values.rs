//! Functions on what payloads really hold: letters of all kinds, long numbers, clocks that change.

use super::value;

const NAMES: &str = r#"{
    "name": "Jürgen Groß 👩‍👩‍👧", "cjk": "東京都", "pad": "\u00a0 x\t",
    "cents": 1999, "price": "49.90", "neg": "-0.005", "big": 12345678901234567890123456789.123456789,
    "at": "2026-03-29T00:30:00Z", "local": "2026-03-29T02:30:00", "twice": "2026-10-25T02:30:00",
    "day": "2026-02-28", "ms": 1795180000123, "s": "1795180000",
    "items": [{ "n": "A", "q": 2, "p": "10.50" }, { "n": "B", "q": 1, "p": "0.49" }, { "n": "C" }],
    "nested": { "a": { "b": [10, 20, 30] } }, "nulls": [null, 1, null, 2]
}"#;

fn check(rows: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expression, expected) in rows {
        let found = value(expression, NAMES);
        if found != *expected {
            wrong.push((expression, found, expected));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn operators_bind_as_in_jinja() {
    check(&[
        ("1 + 2 * 3 - 4 / 2", "5"),
        ("2 * 3 ~ 4", r#""64""#),
        ("1 + 2 ~ 3", "missing"),
        ("'a' ~ 1 ~ 2 * 3", r#""a16""#),
        ("-2 * -3", "6"),
        ("- 2 - -3", "1"),
        ("--2", "2"),
        ("10 - 2 - 3", "5"),
        ("100 / 10 / 2", "5"),
        ("7 // 2 * 2", "6"),
        ("-7 // 2", "-4"),
        ("-7 % 3", "2"),
        ("7 % -3", "-2"),
        ("not 1 == 2", "true"),
        ("not true or true", "true"),
        ("not (true or true)", "false"),
        ("true or false and false", "true"),
        ("1 if false else 2 if false else 3", "3"),
        ("1 if true else 2 if false else 3", "1"),
        ("'x' if 1 == 1 and 2 > 1 else 'y'", r#""x""#),
        ("1 + 1 in [2]", "true"),
        ("2 in [1] + [2]", "true"),
        ("1 == 1 and 2 not in [3]", "true"),
        ("'B' | lower == 'b'", "true"),
        ("'a' ~ 'B' | lower", r#""ab""#),
        ("-1 | text", r#""-1""#),
        ("items[0].n | lower ~ '!'", r#""a!""#),
        ("[1, 2][0]", "1"),
        ("[[1, 2], [3]][-1][0]", "3"),
        ("'abc' is text and not 1 is text", "true"),
    ]);
}

#[test]
fn paths_texts_and_escapes_are_exact() {
    check(&[
        (r"'it\'s'", r#""it's""#),
        (r#""a \"b\"""#, r#""a \"b\"""#),
        (r"'a\\b\n\t\r'", r#""a\\b\n\t\r""#),
        ("'}}'", r#""}}""#),
        ("nested.a.b[-1]", "30"),
        ("nested['a']['b'][0]", "10"),
        ("nested.a['b'][1]", "20"),
        ("nested.a.b[1.0]", "20"),
        ("nested.a.b[0.5]", "missing"),
        ("nested.a.b[-4]", "missing"),
        ("nested.a.b['0']", "missing"),
        ("items[0][('n')]", r#""A""#),
        ("nulls", "[1,2]"),
        // Null elements are passed over, but keep their places.
        ("nulls | count", "4"),
        ("nulls[1]", "1"),
        ("name | count", "17"),
        ("cjk | truncate(2)", r#""東京""#),
        ("name | truncate(7, '…')", r#""Jürgen…""#),
        ("name | upper", r#""JÜRGEN GROSS 👩‍👩‍👧""#),
        ("name | slug", r#""juergen-gross""#),
        (
            "name | urlencode",
            r#""J%C3%BCrgen%20Gro%C3%9F%20%F0%9F%91%A9%E2%80%8D%F0%9F%91%A9%E2%80%8D%F0%9F%91%A7""#,
        ),
        ("pad | trim", r#""x""#),
        ("'ß' | lower == 'ß'", "true"),
        ("'a' < 'b' and 'Z' < 'a'", "true"),
        ("'ä' > 'z'", "true"),
    ]);
}

#[test]
fn money_and_decimals_are_exact() {
    check(&[
        ("cents / 100", "19.99"),
        ("cents / 100 * 3", "59.97"),
        ("price * 2", "missing"),
        ("price | number * 2", "99.80"),
        ("0.1 * 3", "0.3"),
        ("1.10 + 2.20", "3.30"),
        ("big", "12345678901234567890123456789.123456789"),
        ("big + 1 == 12345678901234567890123456790.123456789", "true"),
        ("big | text", r#""12345678901234567890123456789.123456789""#),
        ("2.5 | round", "3"),
        ("-2.5 | round", "-3"),
        ("2.675 | round(2)", "2.68"),
        ("1.005 | round(2)", "1.01"),
        ("neg | round(2)", "-0.01"),
        ("10 | round(2)", "10.00"),
        ("2.5 | int", "2"),
        ("'-2.9' | int", "-2"),
        ("1 / 3 | round(2)", "0.33333333333333333333"),
        ("(1 / 3) | round(2)", "0.33"),
        ("(2 / 3) | round(4)", "0.6667"),
        ("49.9 | money('EUR', 'de')", "\"49,90\u{a0}€\""),
        ("49.995 | money('eur')", "\"€50.00\""),
        ("-1234567.891 | money('USD')", "\"-$1,234,567.89\""),
        ("1234567 | money('JPY')", "\"¥1,234,567\""),
        ("999.5 | money('CHF')", "\"CHF\u{a0}999.50\""),
        ("'1.234,56' | number(',')", "1234.56"),
        ("'1,234.56' | number", "1234.56"),
        ("'1.23.4' | number", "missing"),
        ("'12,34' | number", "missing"),
        ("'' | number", "missing"),
        ("'0815' | number", "815"),
        ("items | sum('p')", "missing"),
        ("items | limit(2) | sum('p')", "10.99"),
        ("items | where('q') | sum('q')", "3"),
        ("[0.1, 0.2, '0.3'] | sum", "0.6"),
        ("[] | sum", "0"),
    ]);
}

#[test]
fn days_and_clocks_follow_their_zone() {
    check(&[
        // Computed with Python's zoneinfo. The night the clocks go forward, and back.
        ("at | in_zone('Europe/Berlin')", r#""2026-03-29T01:30:00+01:00""#),
        ("at | add('1h') | in_zone('Europe/Berlin')", r#""2026-03-29T03:30:00+02:00""#),
        ("at | in_zone('Europe/Berlin') | add('1h')", r#""2026-03-29T02:30:00+01:00""#),
        ("local | date('Europe/Berlin')", r#""2026-03-29T03:30:00+02:00""#),
        ("twice | date('Europe/Berlin')", r#""2026-10-25T02:30:00+02:00""#),
        ("day | add('1d')", r#""2026-03-01""#),
        ("day | add('1w')", r#""2026-03-07""#),
        ("day | add('-28d')", r#""2026-01-31""#),
        ("day | format_date('%d.%m.%Y')", r#""28.02.2026""#),
        ("day | format_date('%A, %-d. %B', 'de')", r#""Samstag, 28. Februar""#),
        ("day | format_date('%a %b %-d', 'en')", r#""Sat Feb 28""#),
        ("day | date", r#""2026-02-28""#),
        ("day | unix", "missing"),
        ("day | date('Asia/Tokyo') | unix", "missing"),
        ("s | unix", "1795180000"),
        ("ms | rfc3339(3)", r#""2026-11-20T13:06:40.123Z""#),
        ("ms | date", r#""2026-11-20T13:06:40.123Z""#),
        ("s | in_zone('America/New_York')", r#""2026-11-20T08:06:40-05:00""#),
        ("'2026-11-22T10:00:00Z' | unix_ms", "1795341600000"),
        ("'22/11/2026' | date(format='%d/%m/%Y')", r#""2026-11-22""#),
        (
            "'22/11/2026 9:05' | date('Europe/Vienna', '%d/%m/%Y %H:%M')",
            r#""2026-11-22T09:05:00+01:00""#,
        ),
        ("'31.02.2026' | date(format='%d.%m.%Y')", "missing"),
        ("'2026-02-30' | date", "missing"),
        ("'morgen' | date", "missing"),
        ("'Sun, 22 Nov 2026 10:00:00 +0100' | rfc3339", r#""2026-11-22T09:00:00Z""#),
        ("'2026-11-22T23:30:00-05:00' | format_date('%Y-%m-%d')", r#""2026-11-22""#),
        (
            "'2026-11-22T23:30:00-05:00' | in_zone('UTC') | format_date('%Y-%m-%d')",
            r#""2026-11-23""#,
        ),
    ]);
}
