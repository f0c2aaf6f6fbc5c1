//! A scrape: of which databases, in which time, and its text.

use super::families::FAMILIES;
use super::{DatabaseMetrics, Exposition, Kind};
use crate::query_string;

const LIMIT_DEFAULT: u32 = 200;
const LIMIT_MAX: u32 = 2_000;

/// How long it takes at the most, where nobody says; Prometheus waits 10 s by itself.
const TIME_MS: f64 = 8_000.0;
/// What is left for the way.
const WAY_MS: f64 = 500.0;
/// A Worker's request may be longer, but nobody scrapes so.
const TIME_MS_MAX: f64 = 60_000.0;

/// `?database=…&database=…`, or a page of all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScrapeQuery {
    /// By name or id; empty for all.
    pub databases: Vec<String>,
    /// The databases of one scrape at the most.
    pub limit: u32,
    /// Which of the pages of so many, from 1.
    pub page: u32,
}

/// What a scrape found.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    pub version: &'static str,
    pub databases: Vec<Scraped>,
    /// Databases that the directory knows.
    pub databases_total: u64,
    pub isolate: IsolateMetrics,
    pub duration_ms: f64,
}

/// One database of a scrape.
#[derive(Clone, Debug, Default)]
pub struct Scraped {
    pub database: String,
    /// Empty where there is none of that name.
    pub database_id: String,
    /// None if its primary has not answered.
    pub metrics: Option<DatabaseMetrics>,
}

/// The isolate that answers the scrape.
#[derive(Clone, Copy, Debug, Default)]
pub struct IsolateMetrics {
    /// Replicas in its memory, and what they take.
    pub embedded_databases: usize,
    pub embedded_bytes: usize,
    /// What SQLite holds.
    pub memory_bytes: u64,
}

impl ScrapeQuery {
    /// What is no number takes its default, what is out of bounds the bound.
    pub fn from_query(query: &str) -> Self {
        let number = |name| query_string::raw(query, name).and_then(|text| text.parse().ok());
        let databases = query_string::values(query, "database").filter(|name| !name.is_empty());
        ScrapeQuery {
            databases: databases.collect(),
            limit: number("limit").unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX),
            page: number("page").unwrap_or(1).max(1),
        }
    }
}

/// How long a scrape may take whose request says how long it waits.
pub fn time_max_ms(timeout_header: Option<&str>) -> f64 {
    let told = timeout_header.and_then(|text| text.trim().parse::<f64>().ok());
    let told = told.filter(|seconds| seconds.is_finite() && *seconds > 0.0);
    told.map_or(TIME_MS, |seconds| {
        let left_ms = seconds * 1_000.0 - WAY_MS;
        left_ms.clamp(WAY_MS, TIME_MS_MAX)
    })
}

impl Scrape {
    pub fn text(&self) -> String {
        let mut text = Exposition::default();
        let mut one = |name, help, labels: &[(&str, &str)], value| {
            text.begin(name, Kind::Gauge, help);
            text.sample(name, labels, value);
        };
        let omitted = self.databases_total.saturating_sub(self.databases.len() as u64);
        one("isolite_build_info", "The version of Isolite.", &[("version", self.version)], 1.0);
        one("isolite_databases", "Databases that there are.", &[], self.databases_total as f64);
        one(
            "isolite_databases_omitted",
            "Databases that this scrape has left out.",
            &[],
            omitted as f64,
        );
        one(
            "isolite_scrape_duration_seconds",
            "How long the scrape took.",
            &[],
            self.duration_ms / 1_000.0,
        );
        let IsolateMetrics { embedded_databases, embedded_bytes, memory_bytes } = self.isolate;
        one(
            "isolite_isolate_embedded_databases",
            "Replicas in the memory of the isolate that was asked.",
            &[],
            embedded_databases as f64,
        );
        one("isolite_isolate_embedded_bytes", "What they take.", &[], embedded_bytes as f64);
        one(
            "isolite_isolate_memory_bytes",
            "Held by SQLite in the isolate that was asked.",
            &[],
            memory_bytes as f64,
        );
        self.ups(&mut text);
        for family in FAMILIES {
            family.write(&mut text, &self.databases);
        }
        text.finish()
    }

    fn ups(&self, text: &mut Exposition) {
        let name = "isolite_up";
        text.begin(name, Kind::Gauge, "Whether the primary of the database has answered.");
        for Scraped { database, database_id, metrics } in &self.databases {
            let labels = [("database", database.as_str()), ("database_id", database_id.as_str())];
            text.sample(name, &labels, f64::from(u8::from(metrics.is_some())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insights::Sums;
    use crate::rest::{KnownReplica, KnownReplicas};
    use std::collections::HashSet;

    #[test]
    fn what_is_asked() {
        let all = ScrapeQuery { databases: vec![], limit: LIMIT_DEFAULT, page: 1 };
        assert_eq!(ScrapeQuery::from_query(""), all);
        assert_eq!(ScrapeQuery::from_query("limit=x&page=-1&database="), all);
        let asked = ScrapeQuery::from_query("database=a%20b&limit=999999&page=3&database=c");
        assert_eq!(asked.databases, ["a b", "c"]);
        assert_eq!((asked.limit, asked.page), (LIMIT_MAX, 3));
        assert_eq!(ScrapeQuery::from_query("limit=0&page=0").limit, 1);
    }

    #[test]
    fn in_which_time() {
        for (told, time_ms) in [
            (None, 8_000.0),
            (Some("10"), 9_500.0),
            (Some("2.5"), 2_000.0),
            (Some("0.1"), 500.0),
            (Some("1e9"), 60_000.0),
            (Some("soon"), 8_000.0),
            (Some("NaN"), 8_000.0),
            (Some("-1"), 8_000.0),
        ] {
            assert_eq!(time_max_ms(told), time_ms, "{told:?}");
        }
    }

    fn scrape() -> Scrape {
        let mut metrics = DatabaseMetrics::default();
        let run = Sums { read_queries: 1, rows_read: 7, duration_ms: 3.0, ..Sums::default() };
        metrics.queries.add(&run);
        let replica = KnownReplica { region: "apac".into(), ..KnownReplica::default() };
        metrics.standing = KnownReplicas { replicas: vec![replica], ..KnownReplicas::default() };
        let scraped = |database: &str, metrics| Scraped {
            database: database.to_owned(),
            database_id: format!("id of {database}"),
            metrics,
        };
        Scrape {
            version: "1.2.3",
            databases: vec![scraped("a\"b", Some(metrics)), scraped("silent", None)],
            databases_total: 5,
            ..Scrape::default()
        }
    }

    #[test]
    fn the_text_of_a_scrape() {
        let text = scrape().text();
        for line in [
            r#"isolite_build_info{version="1.2.3"} 1"#,
            "isolite_databases 5",
            "isolite_databases_omitted 3",
            r#"isolite_up{database="a\"b",database_id="id of a\"b"} 1"#,
            r#"isolite_up{database="silent",database_id="id of silent"} 0"#,
            r#"isolite_queries_total{database="a\"b",database_id="id of a\"b",kind="read"} 1"#,
            r#"isolite_rows_read_total{database="a\"b",database_id="id of a\"b"} 7"#,
            r#"isolite_query_duration_seconds_bucket{database="a\"b",database_id="id of a\"b",le="0.005"} 1"#,
            r#"isolite_query_duration_seconds_bucket{database="a\"b",database_id="id of a\"b",le="+Inf"} 1"#,
            r#"isolite_replica_following{database="a\"b",database_id="id of a\"b",region="apac"} 0"#,
        ] {
            assert!(text.lines().any(|it| it == line), "{line}\n{text}");
        }
        // Of what is not known there is no sample, and none of a backup that there is not.
        assert!(!text.contains("isolite_replica_lag_seconds{"));
        assert!(!text.contains("isolite_backup_lag_seconds{"));
    }

    #[test]
    fn names_are_as_prometheus_has_them() {
        let mut names = HashSet::new();
        for family in FAMILIES {
            assert!(names.insert(family.name), "{} twice", family.name);
            assert!(family.name.starts_with("isolite_"), "{}", family.name);
            let is_total = family.name.ends_with("_total");
            assert_eq!(is_total, family.kind == Kind::Counter, "{}", family.name);
            assert!(!family.name.contains("_ms"), "{}", family.name);
        }
    }
}
