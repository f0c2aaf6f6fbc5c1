//! The backup of a primary: what it commits goes to a bucket, within a second, as files that Litestream
//! restores. Without a bucket bound as `ISOLITE_BACKUP` there is none, and nothing else changes.
//!
//! [`Schedule`] decides what is done, [`file`] makes the files, [`bucket`] sends them. Before anything is
//! sent, what it will be is taken down in the object's storage; the platform lets nothing out before that is
//! durable. So after a crash, an eviction or a lost answer the same file is sent under the same name, which
//! the bucket takes once.
//!
//! Each epoch of a database has a folder of its own, `<database id>/<epoch>`. Whoever was the primary
//! before cannot write into that of another; `<database id>/lease.json` tells which one counts. One that
//! has made way still sends what it committed last, into its own folder, and then comes to rest.

mod bucket;
mod file;
mod status;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use isolite_core::backup::{BackupPolicy, Schedule, Slot, Standing, Task};
use isolite_core::{StorageError, Tag};
use isolite_protocol::rest::BackupError;
use js_sys::Date;
use serde::{Deserialize, Serialize};
use worker::{Delay, Env, State, console_error, console_warn};

use self::bucket::{Bucket, Taken};
use self::file::{Making, Sent};
use super::promotion::Part;
use super::{Engine, Opened, Primary, Refused};
use crate::backup_bucket::Lease;
use crate::object::call_js::within;

/// Steps of one run: each is a few calls of the bucket, of which the platform lets an event make so many.
const STEPS_MAX: u32 = 20;
/// The loop waits itself for what is due so soon, and sees nothing of commits meanwhile. For what is later
/// an alarm is set.
const WAIT_MS_MAX: i64 = 1_000;
/// After so long an alarm looks whether the loop has been cut short.
const WATCH_MS: i64 = 15_000;
/// A step that takes longer is given up: an answer that never comes must not stop the backup.
const STEP_TIME_MAX: Duration = Duration::from_secs(300);
/// The first wait after an error, then twice as long each time.
const RETRY_MS_MIN: i64 = 1_000;
const RETRY_MS_MAX: i64 = 60_000;

/// What is kept in the object's storage.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
struct Kept {
    schedule: Schedule,
    files: u64,
    bytes: u64,
    errors: u64,
    last_error: Option<BackupError>,
}

pub(super) struct Backup {
    /// None where none is bound.
    bucket: Option<Bucket>,
    kept: RefCell<Option<Kept>>,
    making: RefCell<[Option<Making>; 2]>,
    /// The bucket is known to be ours to write to.
    leased: Cell<bool>,
    /// It has made way for another primary, when that was last looked at.
    former: Cell<bool>,
    runs: Cell<bool>,
    /// For good, as far as this object is concerned.
    stopped: Cell<bool>,
    /// Parts in a row that were not sent.
    failures: Cell<u32>,
    /// When there is something to do, as far as is known without looking; in milliseconds.
    due_ms: Cell<f64>,
    /// After an error nothing is tried before this time.
    retry_at_ms: Cell<f64>,
    /// How long the next error is waited after.
    retry_ms: Cell<i64>,
    /// The alarm that is set, as far as is known.
    alarm_ms: Cell<Option<f64>>,
    /// An alarm has come since the loop last ended.
    woken: Cell<bool>,
    /// Since when there is something that the bucket lacks.
    behind_ms: Cell<Option<f64>>,
}

/// Why nothing could be done.
enum Stopped {
    /// There is no database, though it may come back.
    ByDeletion,
    /// Another one has the bucket: not before the object starts again.
    ForGood(String),
    /// It is tried again.
    Failed(String),
}

impl From<Refused> for Stopped {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Deleted => Stopped::ByDeletion,
            refused => Stopped::Failed(refused.to_string()),
        }
    }
}

impl From<StorageError> for Stopped {
    fn from(error: StorageError) -> Self {
        Stopped::Failed(error.to_string())
    }
}

impl From<worker::Error> for Stopped {
    fn from(error: worker::Error) -> Self {
        Stopped::Failed(format!("the bucket: {error}"))
    }
}

impl Backup {
    pub(super) fn new(env: &Env, state: &State) -> Backup {
        Backup {
            bucket: Bucket::of(env, state),
            kept: RefCell::default(),
            making: RefCell::default(),
            leased: Cell::new(false),
            former: Cell::new(false),
            runs: Cell::new(false),
            stopped: Cell::new(false),
            failures: Cell::new(0),
            due_ms: Cell::new(0.0),
            retry_at_ms: Cell::new(0.0),
            retry_ms: Cell::new(RETRY_MS_MIN),
            alarm_ms: Cell::new(None),
            woken: Cell::new(false),
            behind_ms: Cell::new(None),
        }
    }
}

impl Backup {
    pub(super) fn is_bound(&self) -> bool {
        self.bucket.is_some()
    }
}

impl Primary {
    /// Begins what is due of the backup, beside the requests that follow.
    pub(super) fn back_up(&self) {
        let backup = &self.engine.backup;
        if backup.bucket.is_none() || backup.stopped.get() {
            return;
        }
        let former = match self.engine.part() {
            Ok(Part::Primary) => false,
            Ok(Part::Former(_)) => true,
            // What it has is another one's or nothing, or may be.
            Ok(Part::Candidate | Part::Nobody | Part::Unconfirmed) | Err(_) => return,
        };
        if backup.former.replace(former) != former {
            backup.due_ms.set(0.0);
        }
        if !self.engine.backup_is_due() {
            return;
        }
        self.watch();
        if backup.runs.replace(true) {
            return;
        }
        let engine = Rc::clone(&self.engine);
        let storage = self.state.storage();
        self.state.wait_until(async move {
            let next_ms = run(&engine).await;
            engine.backup.runs.set(false);
            engine.backup.due_ms.set(next_ms.unwrap_or(f64::INFINITY));
            let woken = engine.backup.woken.take();
            match next_ms {
                // The one that watches would come sooner, for nothing.
                Some(next_ms) if woken => engine.set_alarm(storage, next_ms).await,
                Some(next_ms) => engine.wake_at(storage, next_ms).await,
                None if woken => engine.sleep(storage).await,
                None => {}
            }
        });
    }

    /// Has an alarm look for what a crash would leave undone. Set in the same write as what was committed.
    fn watch(&self) {
        let now_ms = Date::now();
        let watched = now_ms..=now_ms + WATCH_MS as f64;
        if !self.engine.backup.alarm_ms.get().is_some_and(|at_ms| watched.contains(&at_ms)) {
            self.wake_at(*watched.end());
        }
    }

    fn wake_at(&self, at_ms: f64) {
        let (engine, storage) = (Rc::clone(&self.engine), self.state.storage());
        self.state.wait_until(async move { engine.wake_at(storage, at_ms).await });
    }

    /// The alarm that was set has come.
    pub(super) fn backup_alarm(&self) {
        self.engine.backup.alarm_ms.set(None);
        self.engine.backup.woken.set(true);
        if self.engine.backup.bucket.is_none() {
            return;
        }
        if matches!(self.engine.part(), Ok(Part::Unconfirmed)) {
            // Nobody could be asked whether it still is the primary.
            self.wake_at(Date::now() + RETRY_MS_MAX as f64);
            return;
        }
        // The database may not be open yet.
        if self.engine.with(|_| Ok(())).is_ok() {
            self.back_up();
            // It was too early, as there is one alarm for all: one that watched, or that of a job.
            let due_ms = self.engine.backup.due_ms.get();
            if !self.engine.backup.runs.get() && due_ms.is_finite() {
                self.wake_at(due_ms);
            }
        }
    }
}

impl Engine {
    /// The oldest position from which on the backup still reads the past.
    pub(super) fn backup_needs(&self) -> Option<isolite_core::Txid> {
        let kept = self.backup.kept.try_borrow().ok()?;
        kept.as_ref()?.schedule.needs(Date::now() as i64)
    }

    /// Whether there is anything to do now. Each request asks.
    fn backup_is_due(&self) -> bool {
        let backup = &self.backup;
        let now_ms = Date::now();
        let opened = self.opened.borrow();
        let newest = opened.as_ref().map(|opened| opened.database.position().txid);
        let shipped = backup.kept.borrow().as_ref().and_then(|kept| kept.schedule.shipped());
        let lacks = newest.is_some_and(|newest| shipped.is_none_or(|it| it.position.txid < newest));
        if lacks && backup.behind_ms.get().is_none() {
            backup.behind_ms.set(Some(now_ms));
        }
        (lacks || now_ms >= backup.due_ms.get()) && now_ms >= backup.retry_at_ms.get()
    }

    async fn wake_at(&self, storage: worker::Storage, at_ms: f64) {
        let (now_ms, at_ms) = (Date::now(), self.before_job_alarm(at_ms));
        let known = self.backup.alarm_ms.get().filter(|known| *known > now_ms && *known <= at_ms);
        if known.is_none() {
            self.set_alarm(storage, at_ms).await;
        }
    }

    /// A job has an alarm of its own, which is not to be put off.
    fn before_job_alarm(&self, at_ms: f64) -> f64 {
        if self.job_runs.get() { at_ms.min(Date::now() + 8_000.0) } else { at_ms }
    }

    async fn set_alarm(&self, storage: worker::Storage, at_ms: f64) {
        let (now_ms, at_ms) = (Date::now(), self.before_job_alarm(at_ms));
        self.backup.alarm_ms.set(Some(at_ms));
        let wait = Duration::from_millis((at_ms - now_ms).max(0.0) as u64);
        if let Err(error) = storage.set_alarm(wait).await {
            console_error!("The backup has no alarm: {error}");
        }
    }

    /// Nothing is left to be woken for.
    async fn sleep(&self, storage: worker::Storage) {
        if self.job_is_running() {
            return;
        }
        self.backup.alarm_ms.set(None);
        if let Err(error) = storage.delete_alarm().await {
            console_error!("An alarm of the backup is left: {error}");
        }
    }

    fn backup_policy(&self) -> Result<BackupPolicy, Refused> {
        Ok(self.settings.clone().map_err(Refused::Misconfigured)?.backup)
    }

    /// As a start finds it.
    pub(super) fn load_backup(&self) -> Result<(), StorageError> {
        if self.backup.bucket.is_none() || self.backup.kept.borrow().is_some() {
            return Ok(());
        }
        let text = self.storage.backup()?;
        let kept = text.map(|text| serde_json::from_slice(&text)).transpose();
        // As one of another version may be. It begins anew by a snapshot.
        let kept = kept.unwrap_or_else(|error| {
            console_error!("What is kept of the backup cannot be read: {error}");
            None
        });
        let kept = kept.unwrap_or_default();
        self.backup.kept.replace(Some(kept));
        Ok(())
    }

    fn save_backup(&self) -> Result<(), StorageError> {
        let kept = self.backup.kept.borrow();
        let Some(kept) = &*kept else { return Ok(()) };
        let text = serde_json::to_vec(kept).map_err(|error| StorageError(error.to_string()))?;
        self.storage.set_backup(&text)
    }

    fn with_kept<T>(&self, use_it: impl FnOnce(&mut Kept) -> T) -> T {
        use_it(self.backup.kept.borrow_mut().get_or_insert_default())
    }

    /// Where the database stands.
    fn standing(&self) -> Result<(Standing, Tag), Refused> {
        self.with(|Opened { database, tag, .. }| {
            let time_ms = database.with_store(|store| store.time_ms()).filter(|ms| *ms > 0);
            let time_ms = time_ms.unwrap_or(Date::now() as i64);
            Ok((Standing { position: database.position(), time_ms }, *tag))
        })
    }
}

/// Does what is due until nothing is for a while. When something will be is then told.
async fn run(engine: &Engine) -> Option<f64> {
    for _ in 0..STEPS_MAX {
        match work_in_time(engine).await {
            Ok(Some(at_ms)) => {
                engine.backup.retry_ms.set(RETRY_MS_MIN);
                let wait_ms = at_ms - Date::now() as i64;
                if wait_ms > WAIT_MS_MAX {
                    return Some(at_ms as f64);
                }
                Delay::from(Duration::from_millis(wait_ms.max(0) as u64)).await;
            }
            Ok(None) | Err(Stopped::ByDeletion) => return None,
            Err(Stopped::ForGood(why)) => {
                engine.backup.stopped.set(true);
                note(engine, why);
                return None;
            }
            Err(Stopped::Failed(why)) => {
                note(engine, why);
                let retry_ms = engine.backup.retry_ms.get();
                engine.backup.retry_ms.set((retry_ms * 2).min(RETRY_MS_MAX));
                let at_ms = Date::now() + retry_ms as f64;
                engine.backup.retry_at_ms.set(at_ms);
                return Some(at_ms);
            }
        }
    }
    // An alarm begins an event of its own.
    Some(Date::now())
}

fn note(engine: &Engine, why: String) {
    console_error!("The backup failed: {why}");
    engine.with_kept(|kept| {
        kept.errors += 1;
        kept.last_error = Some(BackupError { time_ms: Date::now(), message: why });
    });
    engine.save_backup().unwrap_or_default();
}

async fn work_in_time(engine: &Engine) -> Result<Option<i64>, Stopped> {
    let unanswered = || Stopped::Failed("the bucket: it does not answer".to_owned());
    within(STEP_TIME_MAX, work(engine)).await.ok_or_else(unanswered)?
}

/// Takes one step. When the next one is due; None if nothing is before the next commit.
async fn work(engine: &Engine) -> Result<Option<i64>, Stopped> {
    let Some(bucket) = &engine.backup.bucket else { return Ok(None) };
    let policy = engine.backup_policy()?;
    engine.load_backup()?;
    let (newest, tag) = engine.standing()?;
    let tag = format!("{:016x}", tag.0);
    let lease = Lease { epoch: newest.position.epoch, tag, name: None };
    let (former, now_ms) = (engine.backup.former.get(), Date::now() as i64);
    let next_of_former = || engine.with_kept(|kept| kept.schedule.next_of_former(newest, now_ms));
    // Then the bucket is asked for nothing, whoever has it.
    if former && next_of_former() == Task::Rest {
        return Ok(None);
    }
    if newest.position.txid > 0 && !engine.backup.leased.get() {
        take(engine, bucket, &lease).await?;
        engine.backup.leased.set(true);
        return Ok(Some(0));
    }
    let task = match former {
        true => next_of_former(),
        false => engine.with_kept(|kept| kept.schedule.next(&policy, newest, now_ms)),
    };
    match task {
        Task::Send(slot) => {
            // Taken down before anything of it goes out.
            engine.save_backup()?;
            send(engine, bucket, slot, &policy).await?;
            Ok(Some(0))
        }
        Task::Clean => {
            if take(engine, bucket, &lease).await? {
                return Ok(Some(0));
            }
            let next_ms = bucket.clean(newest.position.epoch, &policy, now_ms).await?;
            engine.with_kept(|kept| kept.schedule.cleaned(next_ms, &policy, now_ms));
            engine.save_backup()?;
            Ok(Some(0))
        }
        Task::WaitUntil(at_ms) => Ok(Some(at_ms)),
        Task::Rest => Ok(None),
    }
}

/// Makes sure of the lease. True if the backup begins anew, as nothing of it is in the bucket.
async fn take(engine: &Engine, bucket: &Bucket, lease: &Lease) -> Result<bool, Stopped> {
    match bucket.take(&engine.env, lease).await? {
        Taken::Before => Ok(false),
        Taken::Now => {
            engine.backup.making.take();
            engine.with_kept(|kept| kept.schedule = Schedule::default());
            engine.save_backup()?;
            Ok(true)
        }
        // Each writes into its own folder.
        Taken::ByLater(_) if engine.backup.former.get() => Ok(false),
        Taken::ByLater(epoch) => Err(Stopped::ForGood(format!(
            "the primary of epoch {epoch} backs this database up now"
        ))),
    }
}

/// Goes on with the file of a slot.
async fn send(
    engine: &Engine,
    bucket: &Bucket,
    slot: Slot,
    policy: &BackupPolicy,
) -> Result<(), Stopped> {
    match file::advance(engine, bucket, slot).await? {
        Sent::Part => {}
        Sent::Whole(bytes) => {
            let shipped = engine.with_kept(|kept| {
                kept.schedule.sent(slot, policy);
                kept.files += 1;
                kept.bytes += bytes;
                kept.schedule.shipped()
            });
            let newest = engine.standing()?.0.position.txid;
            if shipped.is_some_and(|shipped| shipped.position.txid >= newest) {
                engine.backup.behind_ms.set(None);
            }
        }
        Sent::Impossible => {
            console_warn!("The backup begins anew by a snapshot: the log has a gap");
            engine.with_kept(|kept| kept.schedule.give_up(slot));
        }
    }
    engine.save_backup()?;
    Ok(())
}
