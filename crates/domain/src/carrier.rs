//! Carriers by slug: their names, and where a parcel can be followed. Public knowledge of the
//! carriers' own tracking pages; the addresses are unverified where no vendor document states them.

/// A carrier.
#[derive(Debug, PartialEq, Eq)]
pub struct Carrier {
    /// The word for it in events.
    pub slug: &'static str,
    /// What customers call it.
    pub name: &'static str,
    /// Other spellings, as slugs.
    others: &'static [&'static str],
    /// Before the tracking number, where a page is known.
    page: Option<&'static str>,
}

impl Carrier {
    /// Where the parcel of this number can be followed.
    pub fn tracking_url(&self, number: &str) -> Option<String> {
        let fits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_alphanumeric());
        self.page.filter(|_| fits).map(|page| format!("{page}{number}"))
    }
}

/// The carrier that `text` names: its slug, or one of its spellings (`DHL Paket`).
pub fn carrier(text: &str) -> Option<&'static Carrier> {
    let slug = slug(text);
    CARRIERS.iter().find(|carrier| carrier.slug == slug || carrier.others.contains(&slug.as_str()))
}

/// The slug of whoever `text` names, known or not.
pub fn slug_of(text: &str) -> String {
    carrier(text).map_or_else(|| slug(text), |known| known.slug.to_owned())
}

fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for c in text.trim().chars().flat_map(char::to_lowercase) {
        match c {
            'ä' => slug.push_str("ae"),
            'ö' => slug.push_str("oe"),
            'ü' => slug.push_str("ue"),
            c if c.is_ascii_alphanumeric() => slug.push(c),
            _ if !slug.is_empty() && !slug.ends_with('_') => slug.push('_'),
            _ => {}
        }
    }
    slug.trim_end_matches('_').to_owned()
}

#[rustfmt::skip]
static CARRIERS: &[Carrier] = &[
    Carrier { slug: "dhl", name: "DHL", others: &["dhl_paket", "dhl_de", "dhl_germany", "dhl_parcel", "dhl_paket_de"], page: Some("https://www.dhl.de/de/privatkunden/dhl-sendungsverfolgung.html?piececode=") },
    Carrier { slug: "dhl_express", name: "DHL Express", others: &["dhlexpress"], page: Some("https://www.dhl.com/en/express/tracking.html?AWB=") },
    Carrier { slug: "deutsche_post", name: "Deutsche Post", others: &["deutschepost", "deutsche_post_de", "deutsche_post_mail"], page: None },
    Carrier { slug: "hermes", name: "Hermes", others: &["hermes_de", "hermes_germany", "myhermes"], page: Some("https://www.myhermes.de/empfangen/sendungsverfolgung/sendungsinformation#") },
    Carrier { slug: "dpd", name: "DPD", others: &["dpd_de", "dpd_germany"], page: Some("https://tracking.dpd.de/status/de_DE/parcel/") },
    Carrier { slug: "gls", name: "GLS", others: &["gls_de", "gls_germany", "gls_paket"], page: Some("https://gls-group.com/track/") },
    Carrier { slug: "ups", name: "UPS", others: &["united_parcel_service", "ups_walleted"], page: Some("https://www.ups.com/track?tracknum=") },
    Carrier { slug: "fedex", name: "FedEx", others: &["federal_express", "fedex_walleted"], page: Some("https://www.fedex.com/fedextrack/?trknbr=") },
    Carrier { slug: "tnt", name: "TNT", others: &["tnt_express"], page: None },
    Carrier { slug: "post_at", name: "Österreichische Post", others: &["austrian_post", "oesterreichische_post", "post_austria"], page: Some("https://www.post.at/sv/sendungsdetails?snr=") },
    Carrier { slug: "swiss_post", name: "Schweizerische Post", others: &["schweizerische_post", "post_ch", "die_post"], page: Some("https://service.post.ch/ekp-web/ui/entry/search/") },
    Carrier { slug: "postnl", name: "PostNL", others: &["post_nl"], page: None },
    Carrier { slug: "bpost", name: "bpost", others: &[], page: None },
    Carrier { slug: "colissimo", name: "Colissimo", others: &["la_poste", "la_poste_colissimo"], page: None },
    Carrier { slug: "chronopost", name: "Chronopost", others: &[], page: None },
    Carrier { slug: "mondial_relay", name: "Mondial Relay", others: &[], page: None },
    Carrier { slug: "royal_mail", name: "Royal Mail", others: &[], page: None },
    Carrier { slug: "evri", name: "Evri", others: &["hermes_uk"], page: None },
    Carrier { slug: "correos", name: "Correos", others: &[], page: None },
    Carrier { slug: "inpost", name: "InPost", others: &[], page: None },
    Carrier { slug: "usps", name: "USPS", others: &["united_states_postal_service", "stamps_com"], page: Some("https://tools.usps.com/go/TrackConfirmAction?tLabels=") },
    Carrier { slug: "amazon", name: "Amazon Logistics", others: &["amazon_logistics", "amzl"], page: None },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_lead_to_one_carrier() {
        for text in ["dhl", "DHL", "DHL Paket", " dhl-paket "] {
            assert_eq!(carrier(text).map(|carrier| carrier.slug), Some("dhl"), "{text}");
        }
        assert_eq!(carrier("Österreichische Post").map(|c| c.slug), Some("post_at"));
        assert_eq!(carrier("Brieftaube"), None);
    }

    #[test]
    fn only_plain_numbers_become_part_of_an_address() {
        let dpd = carrier("dpd").expect("it is in the table");
        assert_eq!(
            dpd.tracking_url("0511").as_deref(),
            Some("https://tracking.dpd.de/status/de_DE/parcel/0511")
        );
        assert_eq!(dpd.tracking_url("05/../x"), None);
    }
}
