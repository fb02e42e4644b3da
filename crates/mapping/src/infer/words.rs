//! Names of keys and codes as words: `orderNumber`, `order_number` and `Order-Number` are one.

/// The words of a name, in small letters, umlauts spelt out.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut word = String::new();
    let letters: Vec<char> = name.chars().collect();
    for (at, &c) in letters.iter().enumerate() {
        if !c.is_alphanumeric() {
            found.extend(taken(&mut word));
            continue;
        }
        let before = at.checked_sub(1).map(|at| letters[at]);
        let next_is_small = letters.get(at + 1).is_some_and(|next| next.is_lowercase());
        // A new word: `aB`, and the last of several big letters where small ones follow.
        let begins = c.is_uppercase()
            && before.is_some_and(|b| b.is_lowercase() || (b.is_uppercase() && next_is_small));
        if begins {
            found.extend(taken(&mut word));
        }
        word.push_str(&folded(c));
    }
    found.extend(taken(&mut word));
    found
}

fn taken(word: &mut String) -> Option<String> {
    (!word.is_empty()).then(|| std::mem::take(word))
}

fn folded(c: char) -> String {
    match c.to_lowercase().next().unwrap_or(c) {
        'ä' => "ae".to_owned(),
        'ö' => "oe".to_owned(),
        'ü' => "ue".to_owned(),
        'ß' => "ss".to_owned(),
        'é' | 'è' | 'ê' => "e".to_owned(),
        other => other.to_string(),
    }
}

/// One of many: `parcels` → `parcel`, `pakete` → `paket`, `sendungen` → `sendung`.
pub(super) fn singular(name: &str) -> String {
    let small = name.to_lowercase();
    let cut = |end: &str| name.get(..name.len() - end.len()).map(str::to_owned);
    let known = [("kete", "e"), ("ungen", "en"), ("ies", "ies"), ("xes", "es"), ("ses", "es")];
    for (end, less) in known {
        if small.ends_with(end) {
            let stem = cut(less).unwrap_or_default();
            return if end == "ies" { format!("{stem}y") } else { stem };
        }
    }
    match small.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && !stem.ends_with('s') => cut("s").unwrap_or_default(),
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_taken_apart() {
        for (name, expected) in [
            ("orderNumber", "order number"),
            ("Order-Number_2", "order number 2"),
            ("AmazonOrderId", "amazon order id"),
            ("RMANumber", "rma number"),
            ("OUT_FOR_DELIVERY", "out for delivery"),
            ("Rücksendung größer", "ruecksendung groesser"),
            ("", ""),
        ] {
            assert_eq!(words(name).join(" "), expected, "{name}");
        }
        for (name, expected) in [
            ("parcels", "parcel"),
            ("Pakete", "Paket"),
            ("sendungen", "sendung"),
            ("boxes", "box"),
            ("deliveries", "delivery"),
            ("address", "address"),
            ("colli", "colli"),
        ] {
            assert_eq!(singular(name), expected, "{name}");
        }
    }
}
