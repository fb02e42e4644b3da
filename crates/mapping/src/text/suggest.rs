//! "Did you mean": the closest of the words that would have been right.

/// Words longer than this are not compared: the work grows with the square of the length.
const MAX_WORD_CHARS: usize = 64;

/// The candidate closest to `word`, when it is close enough to be a slip of the pen.
///
/// Close enough: equal but for case, or at most a third of the letters differ (at least one may).
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = word.to_lowercase().chars().take(MAX_WORD_CHARS + 1).collect();
    if wanted.is_empty() || wanted.len() > MAX_WORD_CHARS {
        return None;
    }
    let mut best: Option<(usize, usize, &str)> = None;
    for candidate in candidates {
        let letters: Vec<char> = candidate.to_lowercase().chars().collect();
        let longest = wanted.len().max(letters.len());
        let limit = (longest / 3).max(1);
        if letters.len() > MAX_WORD_CHARS || wanted.len().abs_diff(letters.len()) > limit {
            continue;
        }
        let distance = distance(&wanted, &letters);
        // A distance as long as the word itself says nothing: `a` is not `b` misspelt.
        if distance > limit || distance >= longest {
            continue;
        }
        // Of two equally close words, the one that begins alike: `of` is `off`, not `on`.
        let differs =
            wanted.len() - wanted.iter().zip(&letters).take_while(|(a, b)| a == b).count();
        if best.is_none_or(|(least, less, _)| (distance, differs) < (least, less)) {
            best = Some((distance, differs, candidate));
        }
    }
    best.map(|(.., candidate)| candidate)
}

/// The hint that goes with [`closest`].
pub fn did_you_mean<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    closest(word, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

/// Damerau-Levenshtein distance (optimal string alignment): two letters swapped count once.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, &x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(b.len() + 1);
        row.push(i + 1);
        for (j, &y) in b.iter().enumerate() {
            let mut cost = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_word_is_suggested_and_a_far_one_is_not() {
        let words = ["delivered", "delayed", "dispatched", "in_transit", "on", "off"];
        for (word, expected) in [
            ("delivred", Some("delivered")),
            ("dleayed", Some("delayed")),
            ("DELIVERED", Some("delivered")),
            ("in-transit", Some("in_transit")),
            ("no", Some("on")),
            ("of", Some("off")),
            ("xy", None),
            ("returned_to_sender", None),
            ("", None),
        ] {
            assert_eq!(closest(word, words), expected, "{word}");
        }
        assert_eq!(closest(&"x".repeat(100_000), words), None);
        assert_eq!(did_you_mean("delaied", words).as_deref(), Some("did you mean `delayed`?"));
    }

    #[test]
    fn swapped_letters_count_once() {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        for (a, b, expected) in [
            ("", "", 0),
            ("abc", "abc", 0),
            ("abc", "acb", 1),
            ("abc", "", 3),
            ("größe", "grosse", 3),
        ] {
            assert_eq!(distance(&chars(a), &chars(b)), expected, "{a} {b}");
        }
    }
}
