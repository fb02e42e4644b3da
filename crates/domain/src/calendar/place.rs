//! Where a day is looked at: a country, and a region of it where that is known.

/// A country by its two letters, and a region by its code (`BY`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    country: String,
    region: Option<&'static str>,
}

impl Place {
    /// A country by its two letters, and a region as an address or a file names it: by its code
    /// (`BY`, `DE-BY`) or its name (`Bayern`, `Bavaria`). One that is not known is left out.
    pub fn new(country: &str, region: Option<&str>) -> Self {
        let country = country.trim().to_ascii_uppercase();
        let region = region.and_then(|region| super::countries::region(&country, region));
        Self { country, region }
    }

    /// The two letters.
    pub fn country(&self) -> &str {
        &self.country
    }

    /// The region's code.
    pub fn region(&self) -> Option<&'static str> {
        self.region
    }

    /// The time zone, where the whole country has one.
    pub fn zone(&self) -> Option<&'static str> {
        super::countries::find(&self.country).and_then(|country| country.zone)
    }
}
