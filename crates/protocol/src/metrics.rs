//! Metrics in the text format of Prometheus: what a primary tells of itself, what a scrape asks for, and
//! the text of it.

mod database;
mod exposition;
mod families;
mod histogram;
mod scrape;

pub use database::{DatabaseMetrics, QueryCounters};
pub use exposition::{CONTENT_TYPE, Exposition, Kind};
pub use histogram::Histogram;
pub use scrape::{IsolateMetrics, Scrape, ScrapeQuery, Scraped, time_max_ms};
