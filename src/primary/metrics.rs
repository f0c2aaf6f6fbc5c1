//! What this primary counts since it started, and its path `/metrics`.
//!
//! It is all in memory: counters begin anew with the object, as Prometheus expects of a process.

use std::cell::RefCell;
use std::collections::BTreeMap;

use isolite_protocol::insights::Sums;
use isolite_protocol::metrics::{DatabaseMetrics, QueryCounters};
use isolite_sqlite::{Error as SqlError, memory_bytes};

use super::{Engine, Primary, Refused};
use crate::object::call_js::Answer;

/// A replica that has asked for a part of a snapshot so long ago asks for no more of them.
const FILLING_MS: f64 = 30_000.0;

pub(super) struct Metrics {
    started_ms: f64,
    queries: RefCell<QueryCounters>,
    /// By region, the snapshots that its replica has begun, and when it last asked for a part.
    snapshots: RefCell<BTreeMap<String, (u64, f64)>>,
}

impl Metrics {
    pub(super) fn new() -> Metrics {
        Metrics {
            started_ms: js_sys::Date::now(),
            queries: RefCell::default(),
            snapshots: RefCell::default(),
        }
    }

    /// Counts a request that was refused or failed.
    pub(super) fn failed(&self, refused: &Refused) {
        let queries = &mut *self.queries.borrow_mut();
        match refused {
            Refused::Failed(SqlError::Pages(_)) | Refused::Misconfigured(_) => {
                queries.internal_errors += 1;
            }
            Refused::Failed(_) => queries.sql_errors += 1,
            _ => queries.refused += 1,
        }
    }

    /// The same of one that never came to the database, or not in time.
    pub(super) fn not_let(&self) {
        self.queries.borrow_mut().refused += 1;
    }

    /// The replica of a region asks for a part of a snapshot.
    pub(super) fn asked_for_pages(&self, region: &str, first: u32) {
        let mut snapshots = self.snapshots.borrow_mut();
        let (begun, asked_ms) = snapshots.entry(region.to_owned()).or_default();
        *begun += u64::from(first == 1);
        *asked_ms = js_sys::Date::now();
    }

    /// Snapshots that the replica of a region has begun, and whether it reads one.
    pub(super) fn snapshots(&self, region: &str, now_ms: f64) -> (u64, bool) {
        let snapshots = self.snapshots.borrow();
        let known = snapshots.get(region);
        known.map_or((0, false), |(begun, asked_ms)| (*begun, now_ms - asked_ms < FILLING_MS))
    }
}

impl Primary {
    pub(super) fn metrics(&self) -> Answer {
        Answer::json(self.engine.told_metrics())
    }
}

impl Engine {
    /// Takes in one run of a statement.
    pub(super) fn observe(&self, sql: &str, run: &Sums) {
        self.insights.add(sql, run);
        self.metrics.queries.borrow_mut().add(run);
    }

    fn told_metrics(&self) -> Result<DatabaseMetrics, Refused> {
        let standing = self.known_replicas()?;
        let (history_bytes, checkpoint_runs) =
            self.with_store(|store| Ok((store.history_bytes(), store.is_checkpointing())))?;
        let (streams, transactions) = self.streams.count();
        Ok(DatabaseMetrics {
            started_ms: self.metrics.started_ms,
            queries: *self.metrics.queries.borrow(),
            standing,
            history_bytes,
            checkpoint_runs,
            job_runs: self.job_is_running(),
            streams,
            transactions,
            lock_held: self.is_locked(),
            lock_waiting: self.lock_waiting(),
            backup: self.backup_status()?,
            memory_bytes: memory_bytes().max(0) as u64,
        })
    }
}
