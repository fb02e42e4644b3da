//! What YAML would read wrong, or not at all.

use super::*;

#[test]
fn every_trap_is_refused_with_its_place_and_a_hint() {
    let mut wrong = Vec::new();
    for (text, expected) in [
        (
            "a: {{ x }}",
            "1:4 a value that starts with `{{` needs quotes (put the whole value in quotes: '…', or write it as an expression: =…)",
        ),
        ("a: {{ x }} und {{ y }}", "1:4 a value that starts with `{{` needs quotes"),
        ("a: {{ x | f('}') }}, b", "1:4 a value that starts with `{{` needs quotes"),
        ("a:\n  - {{ x }}\n  - b", "2:5 a value that starts with `{{` needs quotes"),
        ("a: { b: {{ x }}, c: d }", "1:9 a value that starts with `{{` needs quotes"),
        ("a: [{{ x }} y, c]", "1:5 a value that starts with `{{` needs quotes"),
        ("a: Bestellung #1001", "1:15 ` #` starts a comment and cuts the text off here (put the"),
        ("a: #1001", "1:4 ` #` starts a comment and cuts"),
        ("- a #1\n- b", "1:5 ` #` starts a comment and cuts"),
        ("a: Nummer #{{ x }}", "1:11 ` #` starts a comment and cuts"),
        ("a: =x ~ ' # ' ~ y", "1:11 ` #` starts a comment and cuts"),
        ("a: Nr. {{ x ~ ' # ' }}", "1:17 ` #` starts a comment and cuts"),
        (
            "a: =x if y: z",
            "1:11 `: ` inside an unquoted value (put the whole value in quotes: '…')",
        ),
        ("a: Achtung: Paket", "1:11 `: ` inside an unquoted value"),
        ("- =x: y", "1:3 the `: ` in this unquoted expression makes a key of it"),
        (
            "a: =x | default('a: b')",
            "1:19 `: ` inside an unquoted value (put the whole value in quotes: \"…\")",
        ),
        ("a: { b: #1001 }\nc: d", "1:9 ` #` starts a comment and cuts"),
        ("a: { b: #1001, c: d }\ne: f", "1:9 ` #` starts a comment and cuts"),
        ("a: [\n  b,\n  Nr. #1001,\n]\ne: f", "3:7 ` #` starts a comment and cuts"),
        ("a: { b: =x if y: z }", "1:16 the `{ }` or `[ ]` around here is not well formed (a text"),
        (
            "a: { b: https://x/{{ y }} }\nc: d",
            "1:19 the `{ }` or `[ ]` around here is not well formed (a text",
        ),
        ("a: [Neu] Paket\nc: d", "1:10 text stands after the closing bracket (put the whole"),
        ("a: {Neu} Paket\nc: d", "1:10 text stands after the closing"),
        ("a: | b\nc: d", "1:4 a text cannot stand in the line of `|`"),
        ("a: >- b\nc: d", "1:4 a text cannot stand in the line of `|`"),
        ("a:\n  b: 1\n c: 2\nd: 3", "3:2 this line does not fit"),
        ("- a: b\n   c: d\n", "2:5 this line does not fit"),
        ("a: 'b' 'c'\nd: e", "1:8 text stands after the closing quotes"),
        ("a:\n- b\nc\n", "3:1 a line that is neither"),
        (
            "a: @x",
            "1:4 a value that starts with `@` needs quotes (put the whole value in quotes: '…')",
        ),
        ("a: `x`", "1:4 a value that starts with a backtick needs quotes"),
        ("a: %x", "1:4 a value that starts with `%` needs quotes"),
        ("a: *x", "1:4 a value that starts with `*` needs quotes"),
        ("a: &x y", "1:4 a value that starts with `&` needs quotes"),
        ("a: !x y", "1:4 a value that starts with `!` needs quotes"),
        ("a: !!str y", "1:4 a value that starts with `!` needs quotes"),
        ("a: [b, @c]", "1:8 `@` cannot stand here"),
        ("a: 'it's'", "1:8 text stands after the closing quotes"),
        ("a: \"\\d\"", "1:4 a `\\` escape that does not exist (use single quotes"),
        ("a: b\na: c", "2:1 `a` stands twice in this map, first in line 1, column 1 (keep one"),
        ("x: { a: b, a: c }", "1:12 `a` stands twice in this map, first in line 1, column 6"),
        ("a:\n\tb: c", "2:1 a tab cannot indent or separate (indent with spaces"),
        ("a: 1\n---\nb: 2", "2:1 a second document starts here (one file holds one document"),
        ("%YAML 1.2\n---\na: b", "1:1 a line that starts with `%` is not part of the file format"),
        ("a:b\nc: d", "1:1 a space is missing after `:` (write `key: value`)"),
        ("[a]: b", "1:1 a key must be a text, not a list or a map"),
        ("? [a]\n: b", "1:3 a key must be a text, not a list or a map"),
        (": b", "1:1 a key is missing before `:`"),
        ("<<: b", "1:1 `<<` is not part of the file format (use `extends:`"),
        ("a: [b, c", "1:4 the `[` is not closed"),
        ("a: {b: c}}", "1:10 the `{ }` or `[ ]` around here is not well formed"),
        ("a: 'b\nc: d", "1:4 the quotes opened here are not closed"),
        ("a: - b", "1:4 a list's `- ` cannot stand here"),
        ("a: b\n c: d", "2:3 this line does not fit the lines above it"),
        ("a: b\nc\nd: e", "2:1 a line that is neither `key: value` nor `- item`"),
    ] {
        let (_, told) = read_all(text);
        let fits = told.len() == 1 && told[0].starts_with(expected);
        if !fits || told[0].ends_with("(no hint)") {
            wrong.push((text, told));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_only_looks_like_a_trap_is_read_as_written() {
    for (text, expected) in [
        ("a: no", r#"{"a":"no"}"#),
        ("a: on", r#"{"a":"on"}"#),
        ("a: off", r#"{"a":"off"}"#),
        ("a: y", r#"{"a":"y"}"#),
        ("a: 0815", r#"{"a":"0815"}"#),
        ("a: 12:30", r#"{"a":"12:30"}"#),
        ("a: 0x1F", r#"{"a":"0x1F"}"#),
        ("a: +4930", r#"{"a":"+4930"}"#),
        ("a: 1_000", r#"{"a":"1_000"}"#),
        ("a: .5", r#"{"a":".5"}"#),
        ("a: .inf", r#"{"a":".inf"}"#),
        ("a: 2026-11-22", r#"{"a":"2026-11-22"}"#),
        ("a: 49.90", r#"{"a":49.90}"#),
        ("a: true", r#"{"a":true}"#),
        ("a: \"true\"", r#"{"a":"true"}"#),
        ("a: '5'", r#"{"a":"5"}"#),
        ("a: |\n  5\n", r#"{"a":"5\n"}"#),
        ("a: ~", r#"{"a":null}"#),
        ("a:", r#"{"a":null}"#),
        ("a: ''", r#"{"a":""}"#),
        (
            "a: 1234567890123456789012345678901234567890",
            r#"{"a":1234567890123456789012345678901234567890}"#,
        ),
        ("a: '#1001'", r##"{"a":"#1001"}"##),
        ("a: b#1001", r#"{"a":"b#1001"}"#),
        ("a: b # 1001", r#"{"a":"b"}"#),
        ("a: b # a comment", r#"{"a":"b"}"#),
        ("a: 'b' #1001", r#"{"a":"b"}"#),
        ("a: [b] #1001", r#"{"a":["b"]}"#),
        ("#1001\na: b\n  #1002\n", r#"{"a":"b"}"#),
        ("a: b ##", r#"{"a":"b"}"#),
        ("a: |\n  b #1001\n", r#"{"a":"b #1001\n"}"#),
        ("a: '{{ x }}'", r#"{"a":"{{ x }}"}"#),
        ("a: Nr. {{ x }}", r#"{"a":"Nr. {{ x }}"}"#),
        ("a: =x['y'] ~ 'z'", r#"{"a":"=x['y'] ~ 'z'"}"#),
        ("a: it's # fine", r#"{"a":"it's"}"#),
        ("a: https://x.example/{{ y }}?z=1", r#"{"a":"https://x.example/{{ y }}?z=1"}"#),
        ("---\na: b\n", r#"{"a":"b"}"#),
        ("a: b\n...\n", r#"{"a":"b"}"#),
        ("\u{feff}a: b", r#"{"a":"b"}"#),
        ("a: b\r\nc: d\r\n", r#"{"a":"b","c":"d"}"#),
        ("a: b\n  c", r#"{"a":"b c"}"#),
        ("5: b", r#"{"5":"b"}"#),
        ("a b c: d", r#"{"a b c":"d"}"#),
        ("{a: b}", r#"{"a":"b"}"#),
        ("", "{}"),
        ("# nothing\n", "{}"),
        ("---\n", "{}"),
    ] {
        assert_eq!(node(text).to_json_text(), expected, "{text}");
    }
}

#[test]
fn ten_different_mistakes_are_all_told_at_once() {
    let text = "\
name: {{ a }}
order: Bestellung #1001
when: =x if y: z
at: @foo
back: `bar
percent: %x
alias: *alias
quotes: 'it's'
name: twice
code:value
fine: yes
list:
  - =a: b
";
    let (tree, told) = read_all(text);
    let places: Vec<&str> = told.iter().map(|told| told.split(' ').next().unwrap()).collect();
    assert_eq!(
        places,
        ["1:7", "2:19", "3:14", "4:5", "5:7", "6:10", "7:8", "8:13", "9:1", "10:1", "13:5"]
    );
    let tree = tree.expect("the rest is readable");
    assert_eq!(tree.get("fine").and_then(Node::as_str), Some("yes"));
    assert!(tree.get("at").is_some_and(Node::is_broken));
}

#[test]
fn more_syntax_errors_than_the_limit_end_the_reading() {
    let lines: Vec<String> = (1..yaml::MAX_SYNTAX_ERRORS).map(|n| format!("k{n}: @x\n")).collect();
    let at_limit = lines.concat();
    let (tree, told) = read_all(&at_limit);
    assert_eq!((tree.is_some(), told.len()), (true, yaml::MAX_SYNTAX_ERRORS - 1));
    let (tree, told) = read_all(&format!("{at_limit}last: @x\n"));
    assert_eq!((tree.is_some(), told.len()), (false, yaml::MAX_SYNTAX_ERRORS + 1));
}

#[test]
fn nesting_and_size_end_at_their_limits() {
    let nested = |depth: usize| format!("{}x{}", "[".repeat(depth), "]".repeat(depth));
    assert!(read_all(&nested(yaml::MAX_NESTING)).1.is_empty());
    let (tree, told) = read_all(&nested(yaml::MAX_NESTING + 1));
    assert!(tree.is_none());
    assert_eq!(told, ["1:65 nested deeper than 64 levels (make the structure flatter)"]);
    for deep in [nested(20_000), "- ".repeat(20_000), "a:\n".repeat(2)] {
        let _told = read_all(&deep);
    }

    let sized = |size: usize| format!("a: {}", "x".repeat(size - 3));
    assert!(read_all(&sized(yaml::MAX_FILE_BYTES)).1.is_empty());
    let (tree, told) = read_all(&sized(yaml::MAX_FILE_BYTES + 1));
    assert!(tree.is_none());
    assert!(told[0].starts_with("1:1 the file is larger than 1 MiB"), "{told:?}");
}

#[test]
fn a_long_comment_at_the_top_is_no_error() {
    let text = format!("{}a: b\n", "# licence\n".repeat(500));
    assert_eq!(node(&text).to_json_text(), r#"{"a":"b"}"#);
}
