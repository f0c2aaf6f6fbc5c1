//! What the bucket of backups has, how far the backup of a database is, and restores from it.

use isolite_core::backup::{BackupFile, RestorePlan, RestoreTarget, SNAPSHOT_LEVEL};
use isolite_protocol::directory::{DatabaseRecord, Jurisdiction};
use isolite_protocol::query_string;
use isolite_protocol::rest::{
    BackupError, BackupStatus, Database, Envelope, Job, JobState, NewJob, NewRecovery,
    RecoveryPoint, RestError, RestoreBackup, RestoreInto, backup_path,
};
use serde::Serialize;
use serde_json::value::RawValue;
use worker::{Bucket, Env, console_error};

use super::{Answer, Reply, databases, internal, jobs, primary};
use crate::backup_bucket::{self, Lease, folder, gap_told, lease_key, time, told};
use crate::error;
use crate::region;

/// What can be restored of a path.
#[derive(Serialize)]
struct Backup {
    path: String,
    files: usize,
    bytes: u64,
    /// As far as it is without a gap.
    newest: Point,
    snapshots: Vec<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<String>,
}

#[derive(Serialize)]
struct Point {
    /// In hex, as Litestream has it.
    txid: String,
    timestamp: Option<String>,
}

/// A database, and how its restore stands.
#[derive(Serialize)]
struct Restored<'a> {
    #[serde(flatten)]
    database: Database,
    status: &'static str,
    job: &'a str,
    messages: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<&'a RawValue>,
}

/// One of Isolite's own.
#[derive(Serialize)]
struct OwnBackup {
    path: String,
    database: String,
    /// As it was called when it was first backed up.
    name: Option<String>,
    /// Its primary writes there. Other paths are of primaries before, until a retention after.
    current: bool,
}

#[derive(Serialize)]
struct OwnBackups {
    backups: Vec<OwnBackup>,
    /// With which to ask for more.
    cursor: Option<String>,
}

/// Each of them is a read of the bucket.
const BACKUPS_MAX: u32 = 100;

/// `GET …/d1/backups?path=&jurisdiction=`; without a path which ones there are of Isolite's own.
pub(super) async fn get(env: &Env, query: &str) -> Answer {
    let border = query_string::value(query, "jurisdiction").filter(|text| !text.is_empty());
    let border = border.as_deref().map(Jurisdiction::parse).transpose();
    let border = border.map_err(|error| RestError::Malformed(error.to_string()))?;
    let bucket = backup_bucket::bucket(env, border).map_err(RestError::Refused)?;
    let Some(path) = query_string::value(query, "path") else {
        return list(&bucket, query_string::value(query, "cursor")).await;
    };
    let path = backup_path(Some(&path))?;
    let files = backup_bucket::files(&bucket, &path).await;
    let files = files.map_err(|error| error::of_platform(&error))?;
    // As far as possible, so that a gap is told and is no error.
    let plan = RestorePlan::of(&files, RestoreTarget::Before(i64::MAX))
        .map_err(|error| RestError::NotFound(told(&path, error)))?;
    let newest = plan.files.last().map(Point::of);
    let newest = newest.ok_or_else(|| RestError::Internal("A plan has no files".to_owned()))?;
    let mut snapshots: Vec<&BackupFile> =
        files.iter().filter(|file| file.name.level == SNAPSHOT_LEVEL).collect();
    snapshots.sort_by_key(|file| file.name);
    let backup = Backup {
        path,
        files: files.len(),
        bytes: files.iter().map(|file| file.bytes).sum(),
        newest,
        snapshots: snapshots.into_iter().map(Point::of).collect(),
        skipped: plan.gap.map(gap_told),
    };
    Ok(Envelope::success(&serde_json::to_string(&backup).map_err(internal)?, None))
}

async fn list(bucket: &Bucket, cursor: Option<String>) -> Answer {
    let listed = bucket.list().delimiter("/").limit(BACKUPS_MAX);
    let listed = match cursor.filter(|cursor| !cursor.is_empty()) {
        Some(cursor) => listed.cursor(cursor),
        None => listed,
    };
    let listed = listed.execute().await.map_err(|error| error::of_platform(&error))?;
    let mut backups = Vec::new();
    for prefix in listed.delimited_prefixes() {
        let database = prefix.trim_end_matches('/').to_owned();
        let lease = read_lease(bucket, &database).await;
        let lease = lease.map_err(|error| error::of_platform(&error))?;
        // What else is in the bucket has none.
        if let Some(lease) = lease {
            let own = of_database(bucket, &database, &lease).await;
            backups.extend(own.map_err(|error| error::of_platform(&error))?);
        }
    }
    let cursor = listed.cursor().filter(|_| listed.truncated());
    let told = serde_json::to_string(&OwnBackups { backups, cursor }).map_err(internal)?;
    Ok(Envelope::success(&told, None))
}

/// All paths of a database, the newest first.
async fn of_database(
    bucket: &Bucket,
    database: &str,
    lease: &Lease,
) -> worker::Result<Vec<OwnBackup>> {
    // Before the first epoch there was none, so nothing need be asked.
    let mut epochs = match lease.epoch {
        0 | 1 => Vec::new(),
        _ => backup_bucket::epochs(bucket, database).await?,
    };
    epochs.retain(|epoch| *epoch < lease.epoch);
    let newest_first = std::iter::once(lease.epoch).chain(epochs.into_iter().rev());
    Ok(newest_first
        .map(|epoch| OwnBackup {
            path: folder(database, epoch),
            database: database.to_owned(),
            name: lease.name.clone(),
            current: epoch == lease.epoch,
        })
        .collect())
}

/// The newest that can be restored of all that a database has in the bucket.
pub(super) async fn newest_of(
    bucket: &Bucket,
    database: &str,
) -> worker::Result<Option<RecoveryPoint>> {
    for epoch in backup_bucket::epochs(bucket, database).await?.into_iter().rev() {
        let path = folder(database, epoch);
        let files = backup_bucket::files(bucket, &path).await?;
        let plan = RestorePlan::of(&files, RestoreTarget::Before(i64::MAX));
        if let Some(last) = plan.ok().and_then(|plan| plan.files.last().copied()) {
            let txid = format!("{:016x}", last.name.txid_max);
            return Ok(Some(RecoveryPoint { path, txid, timestamp: time(last.time_ms) }));
        }
    }
    Ok(None)
}

pub(super) async fn read_lease(bucket: &Bucket, database: &str) -> worker::Result<Option<Lease>> {
    let Some(object) = bucket.get(lease_key(database)).execute().await? else { return Ok(None) };
    let Some(body) = object.body() else { return Ok(None) };
    Ok(serde_json::from_str(&body.text().await?).ok())
}

/// `GET …/database/:id/backup`.
pub(super) async fn status(env: &Env, database: &str) -> Answer {
    let record = databases::find(env, database).await?;
    let told = primary::ask(env, &record, "/backup", None).await?;
    let mut status: BackupStatus = serde_json::from_str(&told.text).map_err(internal)?;
    // What the primaries before have sent, the bucket alone knows.
    if status.enabled && status.recovery_point.is_none() && record.epoch > 1 {
        match recovery_point(env, &record).await {
            Ok(point) => status.recovery_point = point,
            Err(message) => {
                status.last_error = Some(BackupError { time_ms: js_sys::Date::now(), message });
            }
        }
    }
    Ok(Envelope::success(&serde_json::to_string(&status).map_err(internal)?, None))
}

async fn recovery_point(
    env: &Env,
    record: &DatabaseRecord,
) -> Result<Option<RecoveryPoint>, String> {
    let bucket = backup_bucket::bucket(env, record.jurisdiction)?;
    let point = newest_of(&bucket, &record.uuid).await;
    point.map_err(|error| format!("the bucket: {error}"))
}

impl Point {
    fn of(file: &BackupFile) -> Self {
        Point { txid: format!("{:016x}", file.name.txid_max), timestamp: time(file.time_ms) }
    }
}

/// `POST …/d1/backups/restore`.
pub(super) async fn restore(env: &Env, body: &str) -> Result<Reply, RestError> {
    let RestoreBackup { into, path, at } = RestoreBackup::decode(body)?;
    let is_bound = |border| backup_bucket::bucket(env, border).map_err(RestError::Refused);
    let (record, is_new) = match into {
        RestoreInto::New(mut new) => {
            is_bound(new.jurisdiction)?;
            new.region = region::here(env);
            (databases::insert(env, &new).await?, true)
        }
        RestoreInto::Empty(database) => {
            let record = databases::find(env, &database).await?;
            is_bound(record.jurisdiction)?;
            (record, false)
        }
    };
    let from = NewRecovery { path, at, jurisdiction: record.jurisdiction };
    match recover(env, &record, from).await {
        Ok(job) => reply(env, record, &job).await,
        Err(error) => {
            // Nothing came of it, and it would hold the name.
            if is_new && let Err(left) = databases::delete(env, &record.uuid, true).await {
                console_error!("A restore that failed was not deleted, {}: {left}", record.uuid);
            }
            Err(error)
        }
    }
}

/// The job, complete or still running.
async fn recover(env: &Env, record: &DatabaseRecord, from: NewRecovery) -> Result<Job, RestError> {
    let new = NewJob::Recover(from);
    let job = jobs::start(env, record, &new).await?;
    let job = jobs::wait(env, record, new.kind(), &job, jobs::WAIT_TIME).await?;
    job.outcome().unwrap_or(Ok(()))?;
    Ok(job)
}

async fn reply(env: &Env, record: DatabaseRecord, job: &Job) -> Result<Reply, RestError> {
    let is_complete = job.state == JobState::Complete;
    let restored = Restored {
        database: databases::described(env, record).await,
        status: if is_complete { "complete" } else { "active" },
        job: &job.job,
        messages: job.progress().into_iter().collect(),
        restored: job.result.as_deref().filter(|_| is_complete),
    };
    let result = Envelope::success(&serde_json::to_string(&restored).map_err(internal)?, None);
    Ok(if is_complete { Reply::Json(result) } else { Reply::Accepted(result) })
}
