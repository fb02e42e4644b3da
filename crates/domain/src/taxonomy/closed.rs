//! Fields whose words, or whose keys, are a closed list.

/// The words that a field may have, a part of it named with a dot; none where any will do.
pub fn closed_words(field: &str) -> &'static [&'static str] {
    match field {
        "action_required_by" => &["none", "recipient", "sender", "carrier"],
        "delivered_to" => &[
            "recipient",
            "household",
            "neighbour",
            "safe_place",
            "letterbox",
            "locker",
            "pickup_point",
            "reception",
            "store",
            "other",
        ],
        "marketing_consent" => &["granted", "denied", "unknown"],
        "return_document" => &["label", "qr_code", "instructions"],
        "pickup_point.type" => &["post_office", "locker", "parcel_shop", "store", "depot"],
        _ => &[],
    }
}

/// The keys that a field's map may have; none where any will do.
pub fn closed_keys(field: &str) -> &'static [&'static str] {
    match field {
        "location" => &["city", "country"],
        "pickup_point" => &[
            "type",
            "name",
            "street",
            "postal_code",
            "city",
            "country",
            "opening_hours",
            "pickup_until",
            "code_required",
        ],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::taxonomy::field;

    #[test]
    fn the_words_are_those_that_the_reference_pages_name() {
        for name in ["action_required_by", "delivered_to", "marketing_consent", "pickup_point"] {
            let doc = field(name).expect("it is a field").doc;
            let named: Vec<&str> = doc.split([',', ' ']).filter(|word| !word.is_empty()).collect();
            let listed: Vec<&str> =
                closed_words(name).iter().chain(closed_keys(name)).copied().collect();
            let named: Vec<&str> = named.into_iter().filter(|word| *word != "or").collect();
            assert_eq!(named, listed, "{name}");
        }
    }
}
