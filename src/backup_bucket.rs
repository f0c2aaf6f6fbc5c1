//! The bucket of backups: whose they are, which files a path has, and their bytes.
//!
//! A restore reads whatever Litestream 0.5 has put there, wherever its `path` says.

use std::time::Duration;

use isolite_core::backup::{
    BackupFile, FileName, Gap, NoPlan, SNAPSHOT_LEVEL, epoch_folder, epoch_of_folder,
};
use isolite_protocol::directory::Jurisdiction;
use isolite_protocol::rest::parse_timestamp;
use js_sys::Date;
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;
use worker::{Bucket, Delay, Env, Include, Object, Range, Result};

const BINDING: &str = "ISOLITE_BACKUP";

/// Where Litestream tells when a file's last transaction was committed. Without it, as of a file that was
/// copied there, it is taken to be of when it came.
pub(crate) const TIMESTAMP_KEY: &str = "litestream-timestamp";

/// Where restores that are under way say so, within the folder: each by an object with the time until which
/// it may be.
pub(crate) const RESTORES: &str = "isolite-restores/";

/// A read that failed is done again after these pauses.
const PAUSES_MS: [u64; 4] = [250, 1_000, 4_000, 10_000];

/// Milliseconds that JavaScript has a date for, from 1970 on.
const DATE_MS_MAX: i64 = 8_640_000_000_000_000;

/// Whose the folder of a database is. The primary with the highest epoch has it.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Lease {
    pub epoch: u32,
    /// Of the database, by which another one of the same id is known.
    pub tag: String,
    /// What the database was called when this was written: for who has nothing else left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Where the lease of a database lies.
pub(crate) fn lease_key(database: &str) -> String {
    format!("{database}/lease.json")
}

/// Where the files of an epoch are; what Litestream calls a path.
pub(crate) fn folder(database: &str, epoch: u32) -> String {
    key(database, epoch_folder(epoch))
}

/// Within a border another bucket is bound.
pub(crate) fn binding(border: Option<&str>) -> String {
    match border {
        Some(border) => format!("{BINDING}_{}", border.to_uppercase()),
        None => BINDING.to_owned(),
    }
}

/// The bucket, or why there is none. Databases with a jurisdiction have one within that, as for their
/// own backups.
pub(crate) fn bucket(
    env: &Env,
    border: Option<Jurisdiction>,
) -> std::result::Result<Bucket, String> {
    let binding = binding(border.map(Jurisdiction::as_str));
    env.bucket(&binding).map_err(|_| {
        format!(
            "No bucket is bound to restore from: create one with `wrangler r2 bucket create \
             isolite-backup`, and add [[r2_buckets]] with binding = \"{binding}\" and its bucket_name to \
             the configuration of the Isolite Worker"
        )
    })
}

/// The key of something in the folder of a backup.
pub(crate) fn key(path: &str, name: impl std::fmt::Display) -> String {
    if path.is_empty() { name.to_string() } else { format!("{path}/{name}") }
}

/// The epochs of which a database has a folder, ascending.
pub(crate) async fn epochs(bucket: &Bucket, database: &str) -> Result<Vec<u32>> {
    let (prefix, mut epochs) = (key(database, ""), Vec::new());
    let mut cursor = None;
    loop {
        let mut list = bucket.list().prefix(&prefix).delimiter("/");
        if let Some(cursor) = cursor {
            list = list.cursor(cursor);
        }
        let page = list.execute().await?;
        let folders = page.delimited_prefixes();
        let names = folders.iter().filter_map(|folder| folder.strip_prefix(&prefix));
        epochs.extend(names.filter_map(|name| epoch_of_folder(name.trim_end_matches('/'))));
        cursor = page.cursor().filter(|_| page.truncated());
        if cursor.is_none() {
            epochs.sort_unstable();
            return Ok(epochs);
        }
    }
}

/// All files that a path has, each with its time.
pub(crate) async fn files(bucket: &Bucket, path: &str) -> Result<Vec<BackupFile>> {
    let mut files = Vec::new();
    each_file(bucket, path, |name, object| files.push(file_of(name, object))).await?;
    Ok(files)
}

/// Calls `visit` with all files that a path has, by level and in order. What else lies there is passed over.
pub(crate) async fn each_file(
    bucket: &Bucket,
    path: &str,
    mut visit: impl FnMut(FileName, &Object),
) -> Result<()> {
    for level in 0..=SNAPSHOT_LEVEL {
        let prefix = key(path, FileName::level_folder(level));
        let mut cursor = None;
        loop {
            let mut list = bucket.list().prefix(&prefix).include(vec![Include::CustomMetadata]);
            if let Some(cursor) = cursor {
                list = list.cursor(cursor);
            }
            let page = list.execute().await?;
            for object in page.objects() {
                let key = object.key();
                let name = key.strip_prefix(path).map(|name| name.trim_start_matches('/'));
                if let Some(name) = name.and_then(|name| name.parse().ok()) {
                    visit(name, &object);
                }
            }
            cursor = page.cursor().filter(|_| page.truncated());
            if cursor.is_none() {
                break;
            }
        }
    }
    Ok(())
}

fn file_of(name: FileName, object: &Object) -> BackupFile {
    let told = object.custom_metadata().ok().and_then(|all| all.get(TIMESTAMP_KEY).cloned());
    let told = told.and_then(|text| parse_timestamp(&text).ok());
    let time_ms = told.unwrap_or_else(|| object.uploaded().as_millis());
    BackupFile { name, time_ms: time_ms.cast_signed(), bytes: object.size() }
}

/// Part of an object, which is tried several times. None if there is no such object.
pub(crate) async fn read(
    bucket: &Bucket,
    key: &str,
    offset: u64,
    length: u64,
) -> Result<Option<Vec<u8>>> {
    let mut pauses = PAUSES_MS.into_iter();
    loop {
        let error = match read_once(bucket, key, offset, length).await {
            Ok(part) => return Ok(part),
            Err(error) => error,
        };
        let Some(pause) = pauses.next() else { return Err(error) };
        Delay::from(Duration::from_millis(pause)).await;
    }
}

async fn read_once(
    bucket: &Bucket,
    key: &str,
    offset: u64,
    length: u64,
) -> Result<Option<Vec<u8>>> {
    let range = Range::OffsetWithLength { offset, length };
    let object = bucket.get(key).range(range).execute().await?;
    match object.as_ref().and_then(Object::body) {
        Some(body) => body.bytes().await.map(Some),
        None => Ok(None),
    }
}

/// Why nothing can be restored.
pub(crate) fn told(path: &str, error: NoPlan) -> String {
    let place = if path.is_empty() { "the root of the bucket" } else { path };
    match error {
        NoPlan::Empty => format!(
            "there is no backup at {place}: files of Litestream 0.5 are named {}",
            key(path, "0000/0000000000000001-0000000000000001.ltx")
        ),
        NoPlan::NoBeginning(first) => format!(
            "the backup at {place} has no snapshot, and what it has begins with transaction {first:016x}"
        ),
        NoPlan::AfterTxid(first) => format!(
            "the backup at {place} does not go back so far: the first transaction that can be restored \
             is {first:016x}"
        ),
        NoPlan::AfterTime(ms) => format!(
            "the backup at {place} does not go back so far: what can be restored begins at {}",
            time(ms).unwrap_or_default()
        ),
        NoPlan::BetweenFiles(reached) => format!(
            "the backup at {place} has no run of files that ends with this transaction: the nearest \
             before it that can be restored is {reached:016x}"
        ),
        NoPlan::Gap(gap) => format!(
            "the backup at {place} is not whole: {}; restore txid {:016x} to have what is before",
            gap_told(gap),
            gap.reached
        ),
    }
}

pub(crate) fn gap_told(gap: Gap) -> String {
    let Gap { reached, next } = gap;
    format!("it goes up to transaction {reached:016x}, and the next file begins with {next:016x}")
}

/// As ISO 8601 in UTC; none of what is no time.
pub(crate) fn time(ms: i64) -> Option<String> {
    let is_one = (0..=DATE_MS_MAX).contains(&ms);
    is_one.then(|| Date::new(&JsValue::from_f64(ms as f64)).to_iso_string().into())
}
