//! A restore from a backup: an empty database becomes what the files of a path in the bucket hold, of
//! Litestream or of our own.
//!
//! They are applied in their order to one draft, in parts of bounded size. While they are read, an object
//! beside them tells whoever deletes old files there to wait.

use std::collections::BTreeMap;

use isolite_core::backup::{BackupFile, RestorePlan, RestoreTarget};
use isolite_core::ltx::{Header, StreamDecoder};
use isolite_core::{Draft, PageImage, PageNo};
use isolite_protocol::rest::{BackupPoint, JobUnit, NewRecovery};
use isolite_sqlite::check_sqlite_file;
use js_sys::Date;
use serde_json::{Value as Json, json};
use worker::{Bucket, console_error};

use super::sqlite_file::{checked, taken};
use super::{Engine, Refused, STEP_PAGES, asked, pause};
use crate::backup_bucket::{self, RESTORES, gap_told, key, time};

/// Read at once.
const PART_BYTES: u64 = 4 << 20;

/// So often it begins with what is listed then, if files are gone that were listed before: Litestream,
/// which knows no marks, deletes what it has compacted.
const LISTINGS_MAX: usize = 3;

/// How long a mark counts, and when it is set anew.
const MARK_MS: f64 = 15.0 * 60_000.0;
const MARK_AGE_MS_MAX: f64 = 5.0 * 60_000.0;

pub(super) async fn run(engine: &Engine, new: &NewRecovery) -> Result<(), Refused> {
    let limits = engine.settings.clone().map_err(Refused::Misconfigured)?.limits;
    let mut mark = Mark::of(engine, new)?;
    let read = read_what_stays(engine, new, &mut mark, limits.database_pages_max).await;
    // Whoever sees that the job is over is to find no mark.
    mark.delete().await;
    let Recovered { mut draft, plan, last } = read?;
    if draft.size_pages() > 0 {
        draft = checked(engine, draft, limits).await?;
        engine.tell(plan.bytes(), plan.bytes(), JobUnit::Bytes);
    }
    engine.publish(draft, None, |now| told(now, &plan, &last)).await
}

/// A job that is not begun again deletes its mark too.
pub(super) async fn give_up(engine: &Engine, new: &NewRecovery) {
    match Mark::of(engine, new) {
        Ok(mark) => mark.delete().await,
        Err(error) => console_error!("A mark is left until it no longer counts: {error}"),
    }
}

struct Recovered {
    draft: Draft,
    plan: RestorePlan,
    /// The header of its last file.
    last: Header,
}

async fn read_what_stays(
    engine: &Engine,
    new: &NewRecovery,
    mark: &mut Mark,
    pages_max: PageNo,
) -> Result<Recovered, Refused> {
    for _ in 1..LISTINGS_MAX {
        match read(engine, new, mark, pages_max).await {
            Err(Refused::Gone(text)) => console_error!("A restore begins anew: {text}"),
            read => return read,
        }
    }
    read(engine, new, mark, pages_max).await
}

async fn read(
    engine: &Engine,
    new: &NewRecovery,
    mark: &mut Mark,
    pages_max: PageNo,
) -> Result<Recovered, Refused> {
    mark.renew().await?;
    let files = backup_bucket::files(&mark.bucket, &new.path).await.map_err(asked)?;
    let target = match new.at {
        BackupPoint::Newest => RestoreTarget::Newest,
        BackupPoint::Txid(txid) => RestoreTarget::Txid(txid),
        BackupPoint::Time(ms) => RestoreTarget::Before(i64::try_from(ms).unwrap_or(i64::MAX)),
    };
    let plan = RestorePlan::of(&files, target)
        .map_err(|error| asked(backup_bucket::told(&new.path, error)))?;
    let mut draft = engine.draft().await?;
    let (mut done, mut last) = (0, None);
    for file in &plan.files {
        let mut applied = Applied { engine, new, file, pages_max, total: plan.bytes(), done };
        last = Some(applied.apply(&mut draft, mark).await?);
        done += file.bytes;
    }
    let last = last.ok_or_else(|| asked("the backup has no files"))?;
    Ok(Recovered { draft, plan, last })
}

/// One file while it is applied.
struct Applied<'a> {
    engine: &'a Engine,
    new: &'a NewRecovery,
    file: &'a BackupFile,
    /// Of a database here.
    pages_max: PageNo,
    /// Bytes of all files, and of those that were applied before.
    total: u64,
    done: u64,
}

impl Applied<'_> {
    async fn apply(&mut self, draft: &mut Draft, mark: &mut Mark) -> Result<Header, Refused> {
        let mut decoder = StreamDecoder::begin();
        let mut offset = 0;
        let mut sized = false;
        while offset < self.file.bytes {
            mark.renew_in_time().await?;
            let part = self.part(&mark.bucket, offset).await?;
            offset += part.len() as u64;
            decoder.push(&part);
            if let Some(header) = decoder.header().map_err(|error| self.wrong(error))?
                && !sized
            {
                self.check(&header)?;
                draft.resize(header.size_pages);
                sized = true;
            }
            self.put_pages(&mut decoder, draft).await?;
            self.engine.tell(self.done + offset, self.total, JobUnit::Bytes);
        }
        decoder.finish().map_err(|error| self.wrong(error))
    }

    /// The pages that have arrived, in steps.
    async fn put_pages(
        &self,
        decoder: &mut StreamDecoder,
        draft: &mut Draft,
    ) -> Result<(), Refused> {
        let mut step = BTreeMap::new();
        while let Some((number, page)) = decoder.next_page().map_err(|error| self.wrong(error))? {
            step.insert(number, self.taken(number, &page)?);
            if step.len() >= STEP_PAGES {
                draft.put(std::mem::take(&mut step))?;
                pause().await;
            }
        }
        draft.put(step)?;
        pause().await;
        Ok(())
    }

    fn taken(&self, number: PageNo, page: &PageImage) -> Result<Box<PageImage>, Refused> {
        if let (1, Some(header)) = (number, page.first_chunk()) {
            check_sqlite_file(header).map_err(|error| self.wrong(error))?;
        }
        Ok(taken(number, page))
    }

    fn check(&self, header: &Header) -> Result<(), Refused> {
        let name = self.file.name;
        if (header.txid_min, header.txid_max) != (name.txid_min, name.txid_max) {
            return Err(self.wrong(format!(
                "by its header it holds transactions {:016x} to {:016x}",
                header.txid_min, header.txid_max
            )));
        }
        // Also as pages that no file has would be made, of zeros.
        if header.size_pages > self.pages_max {
            return Err(self.wrong(format!(
                "the database has {} pages, and here {} are allowed",
                header.size_pages, self.pages_max
            )));
        }
        Ok(())
    }

    async fn part(&self, bucket: &Bucket, offset: u64) -> Result<Vec<u8>, Refused> {
        let length = PART_BYTES.min(self.file.bytes - offset);
        let part = backup_bucket::read(bucket, &self.key(), offset, length).await;
        match part.map_err(|error| self.wrong(error))? {
            Some(part) if part.len() as u64 == length => Ok(part),
            Some(_) => Err(self.wrong("it became shorter while it was read")),
            None => Err(Refused::Gone(format!("{}: it was deleted meanwhile", self.key()))),
        }
    }

    fn key(&self) -> String {
        key(&self.new.path, self.file.name)
    }

    fn wrong(&self, error: impl ToString) -> Refused {
        asked(format!("{}: {}", self.key(), error.to_string()))
    }
}

/// The object that tells until when the files of a path are read.
struct Mark {
    bucket: Bucket,
    key: String,
    set_ms: f64,
}

impl Mark {
    fn of(engine: &Engine, new: &NewRecovery) -> Result<Mark, Refused> {
        let bucket = backup_bucket::bucket(&engine.env, new.jurisdiction);
        let bucket = bucket.map_err(Refused::Misconfigured)?;
        let job = engine.newest_job()?.map(|job| job.told.job).unwrap_or_default();
        let key = key(&new.path, format_args!("{RESTORES}{job}"));
        Ok(Mark { bucket, key, set_ms: 0.0 })
    }

    async fn renew(&mut self) -> Result<(), Refused> {
        let now_ms = Date::now();
        let until = format!("{:.0}", now_ms + MARK_MS);
        self.bucket.put(&self.key, until).execute().await.map_err(asked)?;
        self.set_ms = now_ms;
        Ok(())
    }

    async fn renew_in_time(&mut self) -> Result<(), Refused> {
        match Date::now() - self.set_ms > MARK_AGE_MS_MAX {
            true => self.renew().await,
            false => Ok(()),
        }
    }

    async fn delete(&self) {
        if let Err(error) = self.bucket.delete(&self.key).await {
            console_error!("A mark is left until it no longer counts, {}: {error}", self.key);
        }
    }
}

fn told(bookmark: &str, plan: &RestorePlan, last: &Header) -> Json {
    json!({
        "bookmark": bookmark,
        "txid": format!("{:016x}", last.txid_max),
        "timestamp": time(last.time_ms),
        "files": plan.files.len(),
        "skipped": plan.gap.map(gap_told),
    })
}
