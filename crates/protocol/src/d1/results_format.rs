//! The shape in which rows are asked for, from the URL's query.

use crate::query_string;

/// As in D1, anything unknown means objects, and `NONE` still answers objects: `run()` of D1's
/// client asks for `NONE` and its users read `results`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ResultsFormat {
    #[default]
    ArrayOfObjects,
    RowsAndColumns,
    None,
    /// Isolite's own: rows and columns, and a short `meta`, as [`CompactAnswer`] reads them.
    ///
    /// [`CompactAnswer`]: super::CompactAnswer
    Compact,
}

impl ResultsFormat {
    /// Reads `resultsFormat` from the query part of a URL (what follows the `?`).
    pub fn from_query(query: &str) -> Self {
        match query_string::raw(query, "resultsFormat") {
            Some("ROWS_AND_COLUMNS") => ResultsFormat::RowsAndColumns,
            Some("NONE") => ResultsFormat::None,
            Some("COMPACT") => ResultsFormat::Compact,
            _ => ResultsFormat::ArrayOfObjects,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            ResultsFormat::ArrayOfObjects => "ARRAY_OF_OBJECTS",
            ResultsFormat::RowsAndColumns => "ROWS_AND_COLUMNS",
            ResultsFormat::None => "NONE",
            ResultsFormat::Compact => "COMPACT",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ResultsFormat::{self, *};

    #[test]
    fn from_the_query() {
        for format in [ArrayOfObjects, RowsAndColumns, None, Compact] {
            let query = format!("a=b&resultsFormat={}&c", format.as_str());
            assert_eq!(ResultsFormat::from_query(&query), format);
        }
        for query in ["", "resultsFormat", "resultsFormat=", "resultsFormat=rows", "x=NONE"] {
            assert_eq!(ResultsFormat::from_query(query), ArrayOfObjects);
        }
    }
}
