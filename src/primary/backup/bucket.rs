//! The bucket, as the backup of one database uses it.
//!
//! A file is written only where there is none of its name. What a folder has is listed only when files are
//! deleted.

use std::collections::HashMap;

use isolite_core::backup::{BackupPolicy, Expiry, FileName, Kept};
use isolite_protocol::directory::object_epoch;
use js_sys::Date;
use worker::{Conditional, Env, MultipartUpload, Object, State};

use super::Stopped;
use crate::backup_bucket::{
    Lease, RESTORES, TIMESTAMP_KEY, binding, each_file, epochs, folder, key, lease_key,
};
use crate::directory::client;
use crate::platform_js;

/// As many as the platform deletes at once.
const DELETED_MAX: usize = 1000;
/// What a restore that was cut short has left there is deleted after so long.
const LEFT_MS_MAX: i64 = 24 * 3_600_000;

/// Who writes for a database.
pub(super) enum Taken {
    /// This primary, from now on: nothing of what it was said to have sent is there.
    Now,
    Before,
    /// The primary of a later epoch.
    ByLater(u32),
}

pub(super) struct Bucket {
    bucket: worker::Bucket,
    database: String,
}

impl Bucket {
    /// None if there is none, or the object has no name. A database with a jurisdiction has a bucket for
    /// that: it must not leave the border.
    pub(super) fn of(env: &Env, state: &State) -> Option<Bucket> {
        let border = platform_js::jurisdiction(state);
        let bucket = env.bucket(&binding(border.as_deref())).ok()?;
        let name = state.id().name()?;
        Some(Bucket { bucket, database: object_epoch(&name).0.to_owned() })
    }

    pub(super) fn folder(&self, epoch: u32) -> String {
        folder(&self.database, epoch)
    }

    fn key(&self, epoch: u32, name: &FileName) -> String {
        key(&self.folder(epoch), name)
    }

    /// Sees to it that nobody else writes for this database, unless somebody does who came later. It is new
    /// to a primary that has taken over, and in a bucket that was bound instead of another one.
    pub(super) async fn take(&self, env: &Env, lease: &Lease) -> Result<Taken, Stopped> {
        let key = lease_key(&self.database);
        loop {
            let there = self.bucket.get(&key).execute().await?;
            let condition = match &there {
                None => Conditional {
                    etag_does_not_match: Some("*".to_owned()),
                    ..Conditional::default()
                },
                Some(object) => {
                    let text = match object.body() {
                        Some(body) => body.text().await?,
                        None => String::new(),
                    };
                    let Ok(known) = serde_json::from_str::<Lease>(&text) else {
                        let text = format!("{key} in the bucket is no lease: move it away");
                        return Err(Stopped::ForGood(text));
                    };
                    if (known.epoch, &known.tag) == (lease.epoch, &lease.tag) {
                        return Ok(Taken::Before);
                    }
                    if known.tag != lease.tag {
                        return Err(Stopped::ForGood(format!(
                            "the bucket has the backup of another database under {}/: move it away, \
                             and this one is backed up from then on",
                            self.database
                        )));
                    }
                    if known.epoch > lease.epoch {
                        return Ok(Taken::ByLater(known.epoch));
                    }
                    Conditional { etag_matches: Some(object.etag()), ..Conditional::default() }
                }
            };
            let record = client::get(env, &self.database).await.ok().and_then(Result::ok);
            let name = record.map(|record| record.name.as_str().to_owned());
            let named = Lease { name, ..lease.clone() };
            let text = serde_json::to_string(&named).unwrap_or_default();
            if self.bucket.put(&key, text).only_if(condition).execute().await?.is_some() {
                return Ok(Taken::Now);
            }
        }
    }

    /// Writes a file whole, unless it is there.
    pub(super) async fn put(
        &self,
        epoch: u32,
        name: &FileName,
        time_ms: i64,
        bytes: Vec<u8>,
    ) -> Result<(), Stopped> {
        let absent =
            Conditional { etag_does_not_match: Some("*".to_owned()), ..Conditional::default() };
        let put = self.bucket.put(self.key(epoch, name), bytes);
        put.custom_metadata(metadata(time_ms)).only_if(absent).execute().await?;
        Ok(())
    }

    pub(super) async fn has(&self, epoch: u32, name: &FileName) -> Result<bool, Stopped> {
        Ok(self.bucket.head(self.key(epoch, name)).await?.is_some())
    }

    /// Begins to write a file in parts.
    pub(super) async fn begin(
        &self,
        epoch: u32,
        name: &FileName,
        time_ms: i64,
    ) -> Result<MultipartUpload, Stopped> {
        let begun = self.bucket.create_multipart_upload(self.key(epoch, name));
        Ok(begun.custom_metadata(metadata(time_ms)).execute().await?)
    }

    pub(super) fn resume(
        &self,
        epoch: u32,
        name: &FileName,
        id: &str,
    ) -> Result<MultipartUpload, Stopped> {
        Ok(self.bucket.resume_multipart_upload(self.key(epoch, name), id)?)
    }

    /// Deletes what is of no more use. When there will be more of it.
    pub(super) async fn clean(
        &self,
        epoch: u32,
        policy: &BackupPolicy,
        now_ms: i64,
    ) -> Result<Option<i64>, Stopped> {
        if let Some(until_ms) = self.read_until(epoch, now_ms).await? {
            return Ok(Some(until_ms));
        }
        let mut files = Vec::new();
        let written =
            |name, object: &Object| files.push((name, object.uploaded().as_millis() as i64));
        each_file(&self.bucket, &self.folder(epoch), written).await?;
        let expiry = Expiry::new(files.iter().copied(), policy, now_ms);
        let (mut useless, mut next_ms) = (Vec::new(), None);
        for (name, time_ms) in files {
            match expiry.of(&name, time_ms) {
                Kept::No => useless.push(self.key(epoch, &name)),
                Kept::Until(at_ms) => next_ms = Some(next_ms.unwrap_or(i64::MAX).min(at_ms)),
                Kept::ForNow => {}
            }
        }
        self.delete(&useless).await?;
        let former_ms = self.clean_former(epoch, expiry.of_former(), now_ms).await?;
        Ok(next_ms.into_iter().chain(former_ms).min())
    }

    /// The same of what the primaries before have written.
    async fn clean_former(
        &self,
        epoch: u32,
        kept: Kept,
        now_ms: i64,
    ) -> Result<Option<i64>, Stopped> {
        // Of the first epoch there are none.
        let epochs =
            if epoch > 1 { epochs(&self.bucket, &self.database).await? } else { Vec::new() };
        let mut next_ms = None;
        for former in epochs.into_iter().filter(|former| *former < epoch) {
            let until_ms = match kept {
                Kept::No => self.read_until(former, now_ms).await?,
                Kept::Until(at_ms) => Some(at_ms),
                Kept::ForNow => return Ok(None),
            };
            match until_ms {
                Some(until_ms) => next_ms = Some(next_ms.unwrap_or(i64::MAX).min(until_ms)),
                None => {
                    let mut keys = Vec::new();
                    let all = |name, _: &Object| keys.push(self.key(former, &name));
                    each_file(&self.bucket, &self.folder(former), all).await?;
                    let marks = self.bucket.list().prefix(key(&self.folder(former), RESTORES));
                    keys.extend(marks.execute().await?.objects().iter().map(Object::key));
                    self.delete(&keys).await?;
                }
            }
        }
        Ok(next_ms)
    }

    async fn delete(&self, keys: &[String]) -> Result<(), Stopped> {
        for keys in keys.chunks(DELETED_MAX) {
            self.bucket.delete_multiple(keys.to_vec()).await?;
        }
        Ok(())
    }

    /// Until when somebody restores from the folder, as far as is known now.
    async fn read_until(&self, epoch: u32, now_ms: i64) -> Result<Option<i64>, Stopped> {
        let prefix = key(&self.folder(epoch), RESTORES);
        let mut until = None;
        for object in self.bucket.list().prefix(prefix).execute().await?.objects() {
            let Some(object) = self.bucket.get(object.key()).execute().await? else { continue };
            let Some(body) = object.body() else { continue };
            let until_ms: Option<i64> = body.text().await?.trim().parse().ok();
            if until_ms.is_some_and(|until_ms| until_ms < now_ms - LEFT_MS_MAX) {
                self.bucket.delete(object.key()).await?;
            }
            until = until.max(until_ms.filter(|until_ms| *until_ms > now_ms));
        }
        Ok(until)
    }
}

/// As Litestream has it: when the last transaction of the file was made.
fn metadata(time_ms: i64) -> HashMap<String, String> {
    let time = Date::new(&(time_ms as f64).into()).to_iso_string();
    HashMap::from([(TIMESTAMP_KEY.to_owned(), time.into())])
}
