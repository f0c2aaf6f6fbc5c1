//! The argument `filter`: which databases, and which hours.
//!
//! Sums are kept by hour, so a time within an hour stands for all of that hour: with a period of 30
//! minutes it is better to see the whole hour than nothing.

use serde_json::{Map, Value as Json};

use super::{Databases, GraphqlError, time};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Filter {
    pub databases: Databases,
    /// The first and the last hour.
    pub from: u64,
    pub to: u64,
}

const KEYS: &str = "databaseId, databaseId_in, and datetimeHour, datetime or date, alone or with \
    _geq, _gt, _leq or _lt";

/// How deep one `AND` may stand in another.
const DEPTH_MAX: usize = 8;

impl Filter {
    pub fn of(value: Option<&Json>) -> Result<Self, GraphqlError> {
        let mut filter = Filter { databases: Databases::All, from: 0, to: u64::MAX };
        match value {
            None | Some(Json::Null) => {}
            Some(value) => filter.read(value, 0)?,
        }
        Ok(filter)
    }

    fn read(&mut self, value: &Json, depth: usize) -> Result<(), GraphqlError> {
        match value {
            Json::Object(entries) if depth < DEPTH_MAX => self.read_entries(entries, depth),
            _ => Err(GraphqlError(format!("`filter` is an object with {KEYS}"))),
        }
    }

    fn read_entries(
        &mut self,
        entries: &Map<String, Json>,
        depth: usize,
    ) -> Result<(), GraphqlError> {
        for (key, value) in entries {
            match (key.as_str(), value) {
                (_, Json::Null) => {}
                ("AND", Json::Array(filters)) => {
                    filters.iter().try_for_each(|filter| self.read(filter, depth + 1))?;
                }
                ("AND", filter) => self.read(filter, depth + 1)?,
                ("databaseId", Json::String(id)) => self.databases.keep(&[id]),
                ("databaseId_in", Json::Array(ids)) => {
                    let ids: Vec<&str> = ids.iter().filter_map(Json::as_str).collect();
                    self.databases.keep(&ids);
                }
                (key, Json::String(text)) => self.read_time(key, text)?,
                _ => return Err(unknown(key)),
            }
        }
        Ok(())
    }

    fn read_time(&mut self, key: &str, text: &str) -> Result<(), GraphqlError> {
        let (name, comparison) = key.split_once('_').unwrap_or((key, ""));
        let no_time = || GraphqlError(format!("{key} is no time: '{text}'"));
        // The hours that the text stands for, and whether it is past the begin of the last.
        let (first, last, within) = match name {
            "datetimeHour" | "datetime" => {
                let (hour, within) = time::parse(text).ok_or_else(no_time)?;
                (hour, hour, within)
            }
            "date" => {
                let day = time::parse_date(text).ok_or_else(no_time)?;
                (day * 24, day * 24 + 23, true)
            }
            _ => return Err(unknown(key)),
        };
        let (from, to) = match comparison {
            "" => (first, last),
            "geq" => (first, u64::MAX),
            "gt" => (last + 1, u64::MAX),
            "leq" => (0, last),
            // An hour that has begun before then.
            "lt" if name != "date" && within => (0, last),
            "lt" => (0, first.saturating_sub(1)),
            _ => return Err(unknown(key)),
        };
        (self.from, self.to) = (self.from.max(from), self.to.min(to));
        Ok(())
    }
}

fn unknown(key: &str) -> GraphqlError {
    GraphqlError(format!("The filter {key} is not there: there are {KEYS}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn hours(filter: Json) -> (u64, u64) {
        let filter = Filter::of(Some(&filter)).unwrap();
        (filter.from, filter.to)
    }

    #[test]
    fn periods() {
        let wranglers = json!({"AND": [{
            "datetimeHour_geq": "1970-01-01T01:30:00.000Z",
            "datetimeHour_leq": "1970-01-02T01:30:00.000Z",
        }]});
        assert_eq!(hours(wranglers), (1, 25));
        assert_eq!(hours(json!({"date": "1970-01-02"})), (24, 47));
        assert_eq!(hours(json!({"date_gt": "1970-01-02", "date_lt": "1970-01-05"})), (48, 95));
        let open =
            json!({"datetime_gt": "1970-01-01T01:00:00Z", "datetime_lt": "1970-01-01T05:00:00Z"});
        assert_eq!(hours(open), (2, 4));
        assert_eq!(hours(json!({"datetimeHour_lt": "1970-01-01T05:00:01Z"})), (0, 5));
        assert_eq!(hours(json!({})), (0, u64::MAX));
        assert_eq!(hours(json!(null)), (0, u64::MAX));
    }

    #[test]
    fn databases() {
        let of = |filter| Filter::of(Some(&filter)).unwrap().databases;
        let ids = |ids: &[&str]| Databases::These(ids.iter().map(|id| id.to_string()).collect());
        assert_eq!(of(json!({})), Databases::All);
        assert_eq!(of(json!({"databaseId": "a"})), ids(&["a"]));
        let both = json!({"databaseId_in": ["a", "b"], "AND": {"databaseId_in": ["b", "c"]}});
        assert_eq!(of(both), ids(&["b"]));
    }

    #[test]
    fn refusals() {
        for filter in [
            json!("x"),
            json!([]),
            json!({"OR": []}),
            json!({"databaseId": 1}),
            json!({"databaseId_neq": "a"}),
            json!({"date": "yesterday"}),
            json!({"date_near": "1970-01-01"}),
            json!({"servedByRegion": "WEUR"}),
        ] {
            assert!(Filter::of(Some(&filter)).is_err(), "{filter}");
        }
    }
}
