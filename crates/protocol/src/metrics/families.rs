//! The families of a database's metrics: names, kinds, helps, and where the values are.
//!
//! Names are as Prometheus's conventions have them: seconds and bytes, and `_total` of what only grows.

use super::{DatabaseMetrics, Exposition, Kind, Scraped};
use crate::rest::KnownReplica;

/// Takes the samples of one family of one database.
pub(super) struct Samples<'a> {
    text: &'a mut Exposition,
    name: &'static str,
    labels: [(&'static str, &'a str); 2],
}

pub(super) struct Family {
    pub name: &'static str,
    pub kind: Kind,
    pub help: &'static str,
    add: fn(&DatabaseMetrics, &mut Samples<'_>),
}

impl Family {
    pub(super) fn write(&self, text: &mut Exposition, databases: &[Scraped]) {
        text.begin(self.name, self.kind, self.help);
        for Scraped { database, database_id, metrics } in databases {
            let Some(metrics) = metrics else { continue };
            let labels = [("database", database.as_str()), ("database_id", database_id.as_str())];
            (self.add)(metrics, &mut Samples { text: &mut *text, name: self.name, labels });
        }
    }
}

impl Samples<'_> {
    fn one(&mut self, value: f64) {
        self.text.sample(self.name, &self.labels, value);
    }

    fn of(&mut self, label: &str, text: &str, value: f64) {
        let [database, id] = self.labels;
        self.text.sample(self.name, &[database, id, (label, text)], value);
    }

    /// Of each replica of which it is known.
    fn of_replicas(&mut self, metrics: &DatabaseMetrics, value: fn(&KnownReplica) -> Option<f64>) {
        for replica in &metrics.standing.replicas {
            if let Some(value) = value(replica) {
                self.of("region", &replica.region, value);
            }
        }
    }

    fn histogram(&mut self, metrics: &DatabaseMetrics) {
        let [database, id] = self.labels;
        let (name, histogram) = (self.name, &metrics.queries.duration);
        for (bound, count) in histogram.cumulative() {
            let bound = if bound.is_finite() { bound.to_string() } else { "+Inf".to_owned() };
            let labels = [database, id, ("le", bound.as_str())];
            self.text.sample(&format!("{name}_bucket"), &labels, count as f64);
        }
        self.text.sample(&format!("{name}_sum"), &self.labels, histogram.sum_seconds());
        self.text.sample(&format!("{name}_count"), &self.labels, histogram.count() as f64);
    }
}

const fn counter(
    name: &'static str,
    help: &'static str,
    add: fn(&DatabaseMetrics, &mut Samples<'_>),
) -> Family {
    Family { name, kind: Kind::Counter, help, add }
}

const fn gauge(
    name: &'static str,
    help: &'static str,
    add: fn(&DatabaseMetrics, &mut Samples<'_>),
) -> Family {
    Family { name, kind: Kind::Gauge, help, add }
}

fn seconds(ms: f64) -> f64 {
    ms / 1_000.0
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

pub(super) const FAMILIES: &[Family] = &[
    gauge("isolite_database_info", "Where the primary of the database is.", |it, to| {
        to.of("region", it.standing.primary.region.as_deref().unwrap_or_default(), 1.0);
    }),
    gauge("isolite_primary_start_time_seconds", "When the primary started.", |it, to| {
        to.one(seconds(it.started_ms));
    }),
    counter("isolite_queries_total", "Statements that the primary has run.", |it, to| {
        to.of("kind", "read", it.queries.read_queries as f64);
        to.of("kind", "write", it.queries.write_queries as f64);
    }),
    Family {
        name: "isolite_query_duration_seconds",
        kind: Kind::Histogram,
        help: "How long statements ran at the primary, by the platform's clock.",
        add: |it, to| to.histogram(it),
    },
    counter("isolite_query_errors_total", "Requests that the primary failed.", |it, to| {
        to.of("kind", "sql", it.queries.sql_errors as f64);
        to.of("kind", "refused", it.queries.refused as f64);
        to.of("kind", "internal", it.queries.internal_errors as f64);
    }),
    counter("isolite_rows_read_total", "Rows that statements have read.", |it, to| {
        to.one(it.queries.rows_read as f64);
    }),
    counter("isolite_rows_written_total", "Rows that statements have written.", |it, to| {
        to.one(it.queries.rows_written as f64);
    }),
    counter("isolite_rows_returned_total", "Rows that statements have returned.", |it, to| {
        to.one(it.queries.rows_returned as f64);
    }),
    gauge("isolite_txid", "The newest commit of the primary.", |it, to| {
        to.one(it.standing.primary.txid as f64);
    }),
    gauge("isolite_epoch", "The epoch of the primary.", |it, to| {
        to.one(f64::from(it.standing.primary.epoch));
    }),
    gauge("isolite_database_size_bytes", "Size of the database, free pages left out.", |it, to| {
        to.one(it.standing.primary.size_bytes as f64);
    }),
    gauge("isolite_log_bytes", "The log since the last checkpoint.", |it, to| {
        to.one(it.standing.primary.log_bytes as f64);
    }),
    gauge("isolite_log_commits", "Commits since the last checkpoint.", |it, to| {
        to.one(it.standing.primary.log_commits as f64);
    }),
    gauge("isolite_history_bytes", "What is kept of the past.", |it, to| {
        to.one(it.history_bytes as f64);
    }),
    gauge("isolite_checkpoint_running", "Whether a checkpoint is under way.", |it, to| {
        to.one(flag(it.checkpoint_runs));
    }),
    gauge("isolite_jobs_running", "Imports, restores and forks that run.", |it, to| {
        to.one(flag(it.job_runs));
    }),
    gauge("isolite_streams_open", "Open streams and transactions of programs.", |it, to| {
        to.one(it.streams as f64);
    }),
    gauge("isolite_transactions_open", "Those of them in a transaction.", |it, to| {
        to.one(it.transactions as f64);
    }),
    gauge("isolite_write_lock_held", "Whether a transaction has the write lock.", |it, to| {
        to.one(flag(it.lock_held));
    }),
    gauge("isolite_write_lock_waiters", "Requests that wait for their turn to write.", |it, to| {
        to.one(it.lock_waiting as f64);
    }),
    gauge("isolite_primary_memory_bytes", "Held by SQLite in the primary's isolate.", |it, to| {
        to.one(it.memory_bytes as f64);
    }),
    gauge("isolite_replicas_following", "Replicas that the primary pushes to.", |it, to| {
        to.one(it.standing.primary.followers as f64);
    }),
    gauge("isolite_replica_following", "Whether the replica is pushed to.", |it, to| {
        to.of_replicas(it, |replica| Some(flag(replica.following)));
    }),
    gauge(
        "isolite_replica_txid",
        "The commit at which a replica stands that follows.",
        |it, to| {
            to.of_replicas(it, |replica| replica.txid.map(|txid| txid as f64));
        },
    ),
    gauge("isolite_replica_lag_commits", "Commits that a replica lacks that follows.", |it, to| {
        to.of_replicas(it, |replica| replica.lag_commits.map(|commits| commits as f64));
    }),
    gauge("isolite_replica_lag_seconds", "How long it has lacked the first of them.", |it, to| {
        to.of_replicas(it, |replica| replica.lag_ms.map(seconds));
    }),
    counter("isolite_replica_snapshots_total", "Snapshots that a replica has begun.", |it, to| {
        to.of_replicas(it, |replica| Some(replica.snapshots_begun as f64));
    }),
    gauge("isolite_backup_enabled", "Whether the database is backed up.", |it, to| {
        to.one(flag(it.backup.enabled));
    }),
    gauge("isolite_backup_lag_commits", "Commits that the bucket lacks.", |it, to| {
        backup(it, to, it.backup.lag_commits as f64);
    }),
    gauge("isolite_backup_lag_seconds", "How long the bucket has lacked any.", |it, to| {
        backup(it, to, seconds(it.backup.lag_ms));
    }),
    counter("isolite_backup_files_total", "Files that were sent to the bucket.", |it, to| {
        backup(it, to, it.backup.files as f64);
    }),
    counter("isolite_backup_bytes_total", "Bytes that were sent to the bucket.", |it, to| {
        backup(it, to, it.backup.bytes as f64);
    }),
    counter("isolite_backup_errors_total", "Attempts of the backup that failed.", |it, to| {
        backup(it, to, it.backup.errors as f64);
    }),
];

/// Only of a database that has one.
fn backup(metrics: &DatabaseMetrics, to: &mut Samples<'_>, value: f64) {
    if metrics.backup.enabled {
        to.one(value);
    }
}
