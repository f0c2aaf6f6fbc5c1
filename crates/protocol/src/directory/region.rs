//! The region of a caller, from what the platform tells of its request: `request.cf` has the data
//! centre (`colo`, by the code of the airport nearby) and the continent.
//!
//! A region is one of the places that a location hint can name. The continent decides, but where a
//! continent has two regions, or lies in another's, the data centre does.

use super::{Jurisdiction, LocationHint};

/// Data centres in the west of North America; the others there are in the east.
const WNAM: [&str; 22] = [
    "ABQ", "ANC", "DEN", "HNL", "LAS", "LAX", "PDX", "PHX", "SAN", "SEA", "SFO", "SJC", "SLC",
    "SMF", "YVR", "YYC", "YXE", "FAT", "TUS", "BOI", "GDL", "TIJ",
];
/// Data centres in the east of Europe; the others there are in the west.
const EEUR: [&str; 26] = [
    "ATH", "BEG", "BTS", "BUD", "HEL", "IST", "KBP", "KIV", "LED", "DME", "OTP", "PRG", "RIX",
    "SKG", "SKP", "SOF", "TIA", "TLL", "VIE", "VNO", "WAW", "ZAG", "SVX", "ARN", "LCA", "ADB",
];
/// Data centres in the Middle East, which continents put into Asia or Africa.
const ME: [&str; 19] = [
    "AMM", "BEY", "BGW", "BSR", "EBL", "DMM", "DOH", "DXB", "HFA", "ISU", "JED", "KWI", "MCT",
    "NJF", "RUH", "TLV", "ZDM", "BAH", "CAI",
];
/// Data centres of the Pacific, under whatever continent they come.
const OC: [&str; 4] = ["NOU", "PPT", "SUV", "GUM"];

impl LocationHint {
    /// The region of a data centre; None if neither is known.
    pub fn of_colo(colo: &str, continent: &str) -> Option<LocationHint> {
        let one_of = |colos: &[&str]| colos.contains(&colo);
        if one_of(&ME) {
            return Some(LocationHint::Me);
        }
        if one_of(&OC) {
            return Some(LocationHint::Oc);
        }
        Some(match continent {
            "NA" if one_of(&WNAM) => LocationHint::Wnam,
            "NA" => LocationHint::Enam,
            "SA" => LocationHint::Sam,
            "EU" if one_of(&EEUR) => LocationHint::Eeur,
            "EU" => LocationHint::Weur,
            "AF" => LocationHint::Afr,
            "OC" | "AN" => LocationHint::Oc,
            "AS" => LocationHint::Apac,
            _ if one_of(&WNAM) => LocationHint::Wnam,
            _ if one_of(&EEUR) => LocationHint::Eeur,
            _ => return None,
        })
    }

    /// The setting `ISOLITE_REGION`, in either case.
    pub fn of_setting(text: &str) -> Option<LocationHint> {
        LocationHint::parse(&text.trim().to_ascii_lowercase()).ok()
    }
}

impl Jurisdiction {
    /// Whether a database within this border has a replica for a region. The platform keeps its
    /// object inside the border all the same; for any other region it would be nearer to nobody.
    pub fn serves(self, region: LocationHint) -> bool {
        let regions: &[LocationHint] = match self {
            Jurisdiction::Eu => &[LocationHint::Weur, LocationHint::Eeur],
            Jurisdiction::Fedramp | Jurisdiction::Us => &[LocationHint::Wnam, LocationHint::Enam],
        };
        regions.contains(&region)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_centre_decides_where_the_continent_does_not() {
        for (colo, continent, region) in [
            ("SJC", "NA", LocationHint::Wnam),
            ("IAD", "NA", LocationHint::Enam),
            ("DFW", "NA", LocationHint::Enam),
            ("GRU", "SA", LocationHint::Sam),
            ("FRA", "EU", LocationHint::Weur),
            ("WAW", "EU", LocationHint::Eeur),
            ("NRT", "AS", LocationHint::Apac),
            ("BOM", "AS", LocationHint::Apac),
            ("DXB", "AS", LocationHint::Me),
            ("TLV", "AS", LocationHint::Me),
            ("JNB", "AF", LocationHint::Afr),
            ("SYD", "OC", LocationHint::Oc),
        ] {
            assert_eq!(LocationHint::of_colo(colo, continent), Some(region), "{colo}");
        }
        assert_eq!(LocationHint::of_colo("LAX", ""), Some(LocationHint::Wnam));
        assert_eq!(LocationHint::of_colo("", ""), None);
    }

    #[test]
    fn a_setting_may_be_in_capitals() {
        assert_eq!(LocationHint::of_setting(" ENAM "), Some(LocationHint::Enam));
        assert_eq!(LocationHint::of_setting("mars"), None);
    }

    #[test]
    fn borders() {
        assert!(Jurisdiction::Eu.serves(LocationHint::Weur));
        assert!(!Jurisdiction::Eu.serves(LocationHint::Enam));
        assert!(Jurisdiction::Us.serves(LocationHint::Wnam));
    }
}
