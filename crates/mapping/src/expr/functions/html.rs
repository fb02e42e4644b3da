//! Texts that were written for a web page.

use super::{Function, Given};
use crate::expr::value::Val;

pub(super) static ROWS: &[Function] = &[Function {
    name: "unescape",
    args: &[],
    doc: "The text with its HTML entities undone, once: `&ndash;`, `&#8211;` and `&#x2013;`.",
    example: (
        "'Sandale &ndash; gr&uuml;n &amp; wei&#223;' | unescape",
        r#""Sandale – grün & weiß""#,
    ),
    answers: false,
    takes_missing: false,
    run: unescape,
}];

/// The longest entity that is looked for, `&` and `;` left out.
const MAX_ENTITY: usize = 10;

/// The Latin-1 letters from À on, by their names in HTML.
const LETTERS: &str = "Agrave Aacute Acirc Atilde Auml Aring AElig Ccedil Egrave Eacute Ecirc \
    Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times Oslash Ugrave \
    Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave \
    eacute ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide \
    oslash ugrave uacute ucirc uuml yacute thorn yuml";

/// The signs from the unbreakable blank on, likewise.
const SIGNS: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg \
    macr deg plusmn sup2 sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 \
    iquest";

/// All others that texts of shops have.
const OTHERS: [(&str, char); 30] = [
    ("amp", '&'),
    ("lt", '<'),
    ("gt", '>'),
    ("quot", '"'),
    ("apos", '\''),
    ("OElig", 'Œ'),
    ("oelig", 'œ'),
    ("Scaron", 'Š'),
    ("scaron", 'š'),
    ("Zcaron", 'Ž'),
    ("zcaron", 'ž'),
    ("Yuml", 'Ÿ'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("lsquo", '‘'),
    ("rsquo", '’'),
    ("sbquo", '‚'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("bdquo", '„'),
    ("lsaquo", '‹'),
    ("rsaquo", '›'),
    ("bull", '•'),
    ("hellip", '…'),
    ("euro", '€'),
    ("trade", '™'),
    ("minus", '−'),
    ("rarr", '→'),
    ("thinsp", '\u{2009}'),
    ("zwnj", '\u{200c}'),
];

fn unescape<'a>(given: &Given<'a, '_>) -> Val<'a> {
    let Some(text) = given.text() else { return Val::Missing };
    if !text.contains('&') {
        return Val::Text(text);
    }
    if !given.meter.steps(text.len() / 8) {
        return Val::Missing;
    }
    given.made(unescaped(&text))
}

fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let end = after.bytes().take(MAX_ENTITY + 1).position(|byte| byte == b';');
        let name = end.and_then(|end| after.get(..end));
        match (name.and_then(entity), name) {
            (Some(character), Some(name)) => {
                out.push(character);
                rest = after.get(name.len() + 1..).unwrap_or_default();
            }
            _ => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn entity(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(digits) => u32::from_str_radix(digits, 16).ok()?,
            None => number.parse().ok()?,
        };
        // A control character is never meant, but for the ends of lines.
        return char::from_u32(code).filter(|c| !c.is_control() || matches!(c, '\n' | '\t'));
    }
    let of = |names: &str, first: u32| {
        let place = names.split_ascii_whitespace().position(|known| known == name)?;
        char::from_u32(first + u32::try_from(place).ok()?)
    };
    let other = OTHERS.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    other.or_else(|| of(LETTERS, 0xC0)).or_else(|| of(SIGNS, 0xA0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entities_are_undone_once_and_nothing_else_is_touched() {
        for (text, expected) in [
            ("a &amp; b", "a & b"),
            ("&amp;lt;", "&lt;"),
            ("&Auml;&yuml;&szlig;&nbsp;&iquest;&frac12;", "Äÿß\u{a0}¿½"),
            ("&#8211;&#x2013;&#X2013;", "–––"),
            ("&quot;&apos;&#39;&#039;", "\"'''"),
            (
                "AT&T & Co; &unknown; &; &#; &#x; &#xD800; &#0; &#7;",
                "AT&T & Co; &unknown; &; &#; &#x; &#xD800; &#0; &#7;",
            ),
            ("&averylongname;", "&averylongname;"),
            ("&ü;&", "&ü;&"),
            ("&euro", "&euro"),
        ] {
            assert_eq!(unescaped(text), expected, "{text}");
        }
    }
}
