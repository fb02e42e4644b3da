//! What holds for every text.

use proptest::prelude::*;

use super::*;

/// Text made of YAML's own pieces, so that the odd paths are met often.
fn yamlish() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("a"),
        Just(": "),
        Just(":"),
        Just("- "),
        Just("\n"),
        Just("\n  "),
        Just("\n    "),
        Just("{{"),
        Just("}}"),
        Just("{"),
        Just("}"),
        Just("["),
        Just("]"),
        Just(", "),
        Just("'"),
        Just("\""),
        Just(" #"),
        Just("#1"),
        Just("|\n"),
        Just(">\n"),
        Just("@"),
        Just("`"),
        Just("%"),
        Just("*x"),
        Just("&x "),
        Just("!x "),
        Just("\t"),
        Just("? "),
        Just("---\n"),
        Just("...\n"),
        Just("=x"),
        Just("\\"),
        Just("ä"),
        Just("\u{1f4e6}"),
        Just("\r\n"),
        Just("\u{feff}"),
        Just("\u{85}"),
        Just("\u{2028}"),
        Just("\0"),
        Just("secret: "),
        Just("0815"),
        Just("true"),
        Just("~"),
        Just("<<"),
        Just("%YAML 1.2\n"),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn examine(text: &str) -> Result<(), TestCaseError> {
    static ANY: Shape = Shape::Map(&[Field::new("a", Shape::Template, "")]);
    let file = SourceFile::new("a.yaml", text);
    let mut diagnostics = Diagnostics::default();
    let tree = read(file.clone(), &mut diagnostics);
    prop_assert!(tree.is_some() || diagnostics.has_errors());
    if let Some(tree) = &tree {
        inside(tree)?;
        let json = tree.to_json_text();
        if !diagnostics.has_errors() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
        }
        check(&ANY, tree, &mut diagnostics);
    }
    for told in diagnostics.iter() {
        let span = told.span.as_ref().expect("a place");
        prop_assert!(file.text.get(span.start..span.end).is_some(), "{told:?}");
        prop_assert!(told.hint.is_some(), "{told:?}");
    }
    for format in [
        RenderFormat::Text { colour: false },
        RenderFormat::Github,
        RenderFormat::Json,
        RenderFormat::Junit,
    ] {
        let shown = render(diagnostics.iter(), format, &[]);
        prop_assert_eq!(shown.is_empty(), diagnostics.is_empty() && !is_list(format));
    }
    Ok(())
}

fn is_list(format: RenderFormat) -> bool {
    matches!(format, RenderFormat::Json | RenderFormat::Junit)
}

/// Every place is inside of the file, on the borders of characters.
fn inside(node: &Node) -> Result<(), TestCaseError> {
    let text = &node.span.file.text;
    prop_assert!(text.get(node.span.start..node.span.end).is_some(), "{:?}", node.span);
    for (key, value) in node.entries() {
        prop_assert!(text.get(key.span.start..key.span.end).is_some(), "{:?}", key.span);
        inside(value)?;
    }
    node.as_list().unwrap_or(&[]).iter().try_for_each(inside)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn reading_any_text_ends_without_panic(text in "\\PC*") {
        examine(&text)?;
    }

    #[test]
    fn reading_any_pieces_of_yaml_ends_without_panic(text in yamlish()) {
        examine(&text)?;
    }

    #[test]
    fn a_quoted_text_comes_back_as_it_was(text in "[ -~äöü\n]*") {
        let mut json = String::new();
        parcelwire_domain::write_json_text(&text, &mut json);
        let tree = node(&format!("a: {json}"));
        prop_assert_eq!(tree.get("a").and_then(Node::as_str), Some(text.as_str()));
    }
}
