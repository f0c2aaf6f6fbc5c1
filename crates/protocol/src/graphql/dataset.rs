//! The two data sets, and what each has.

use super::GraphqlError;
use crate::insights::Metric;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dataset {
    /// Totals by time.
    Analytics,
    /// Sums by statement.
    Queries,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Dimension {
    DatabaseId,
    Query,
    Hour,
    Date,
}

pub(super) const NAMES: &str = "d1AnalyticsAdaptiveGroups and d1QueriesAdaptiveGroups";

impl Dataset {
    pub fn parse(name: &str) -> Result<Self, GraphqlError> {
        match name {
            "d1AnalyticsAdaptiveGroups" => Ok(Dataset::Analytics),
            "d1QueriesAdaptiveGroups" => Ok(Dataset::Queries),
            _ => Err(GraphqlError(format!("There is no {name} here: there are {NAMES}"))),
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Dataset::Analytics => "d1AnalyticsAdaptiveGroups",
            Dataset::Queries => "d1QueriesAdaptiveGroups",
        }
    }

    fn dimensions(self) -> &'static [Dimension] {
        match self {
            Dataset::Analytics => &[Dimension::Hour, Dimension::Date, Dimension::DatabaseId],
            Dataset::Queries => &[Dimension::Query, Dimension::DatabaseId],
        }
    }

    pub fn dimension(self, name: &str) -> Result<Dimension, GraphqlError> {
        let mut known = self.dimensions().iter();
        known.find(|dimension| dimension.as_str() == name).copied().ok_or_else(|| {
            let known: Vec<&str> = self.dimensions().iter().map(|known| known.as_str()).collect();
            GraphqlError(format!(
                "{} has no dimension {name}: it has {}",
                self.as_str(),
                known.join(", ")
            ))
        })
    }
}

impl Dimension {
    pub fn as_str(self) -> &'static str {
        match self {
            Dimension::DatabaseId => "databaseId",
            Dimension::Query => "query",
            Dimension::Hour => "datetimeHour",
            Dimension::Date => "date",
        }
    }
}

pub(super) fn metric(name: &str) -> Result<Metric, GraphqlError> {
    Metric::parse(name).ok_or_else(|| {
        let known = Metric::ALL.map(Metric::as_str).join(", ");
        GraphqlError(format!("There is no sum or avg of {name}: there are {known}"))
    })
}
