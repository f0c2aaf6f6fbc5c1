//! Long work of a primary: a restore, an import, a fork. One at a time; reads go on, writes are refused.
//!
//! Each prepares a draft beside the database and publishes it as one commit, in the same write of the
//! object's storage that takes down that the job is complete. So a crash leaves either the state before,
//! with the job to be done again from its beginning, or the state after, with the job complete.
//!
//! An alarm keeps the object awake while a job runs, and starts it again after a crash.

mod fork;
mod import;
mod recovery;
mod restore;
mod sqlite_file;

use std::rc::Rc;
use std::time::Duration;

use isolite_core::{CheckpointPolicy, Draft, Position, Storage, StorageError};
use isolite_protocol::query_string;
use isolite_protocol::rest::{Job, JobState, JobUnit, NewJob, StartedJob};
use isolite_sqlite::Error as SqlError;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use serde_json::value::RawValue;
use worker::{Delay, console_error};

use super::{Engine, Opened, Primary, Refused, failure_of, of_storage, past, refuse};
use crate::object::call_js::Answer;
use crate::object::storage::ObjectStorage;
use crate::platform_js::random_uuid;

/// A draft of so many pages is an ordinary commit, which replicas get as such: 4 MiB.
const COMMIT_PAGES_MAX: usize = 1024;
/// Pages of one step: 1 MiB.
const STEP_PAGES: usize = 256;
/// Pages of a draft that came to nothing, of which one step lets go.
const DISCARDED_PAGES: usize = 1024;
/// A job that has crashed the object so often is not begun again.
const ATTEMPTS_MAX: u32 = 3;
/// Within the ten seconds after which an object without requests sleeps.
pub(super) const ALARM: Duration = Duration::from_secs(8);

/// The newest job, as it is kept.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct KeptJob {
    new: NewJob,
    pub(super) told: Job,
    /// How often it was begun.
    attempts: u32,
}

impl KeptJob {
    /// What a write is told meanwhile.
    fn refusal(&self) -> String {
        format!("Currently processing a long-running {}.", self.new.kind())
    }
}

impl Primary {
    pub(super) fn start_job(&self, body: &str) -> Answer {
        Answer::json(self.engine.new_job(body).map(|job| StartedJob { job }))
    }

    pub(super) fn poll_job(&self, query: &str) -> Answer {
        let asked = query_string::value(query, "job");
        let job = match self.engine.newest_job() {
            Ok(job) => job,
            Err(error) => return refuse(&of_storage(error).into()),
        };
        match job.filter(|job| asked.is_none_or(|asked| asked == job.told.job)) {
            Some(job) => Answer::json(Ok(job.told)),
            None => super::fail("There is no such job: another one was started since", 404),
        }
    }

    /// Begins the job that is to run, and after a crash begins it again.
    pub(super) fn run_job(&self) {
        if !self.engine.job_is_running() || self.engine.job_runs.replace(true) {
            return;
        }
        let engine = Rc::clone(&self.engine);
        self.state.wait_until(async move {
            run(&engine).await;
            engine.held_for_job.borrow_mut().clear();
            engine.job_runs.set(false);
        });
        let storage = self.state.storage();
        self.state.wait_until(async move {
            if let Err(error) = storage.set_alarm(ALARM).await {
                console_error!("A job has no alarm: {error}");
            }
        });
    }

    /// Stays awake as long as a job runs.
    pub(super) async fn alarm(&self) -> worker::Result<()> {
        if self.candidate_alarm().await {
            return Ok(());
        }
        self.settle_part().await;
        self.work_in_background();
        self.backup_alarm();
        if self.engine.job_is_running() {
            for bookmark in self.engine.held_for_job.borrow().iter() {
                if let Err(refused) = self.engine.hold(bookmark) {
                    console_error!("A job reads at {bookmark}, which is not held: {refused}");
                }
            }
            self.state.storage().set_alarm(ALARM).await?;
        }
        Ok(())
    }
}

impl Engine {
    pub(super) fn new_job(&self, body: &str) -> Result<String, Refused> {
        let new: NewJob = serde_json::from_str(body)
            .map_err(|error| Refused::Asked(format!("this is no job: {error}")))?;
        if let Some(running) = self.newest_job()?.filter(|job| job.told.is_running()) {
            return Err(Refused::Busy(running.refusal()));
        }
        match &new {
            // Of one from before this primary each part that is asked for holds the next.
            NewJob::Restore { bookmark } if self.before(bookmark)?.is_some() => {
                self.with(|_| Ok(()))?
            }
            NewJob::Restore { bookmark } => self.hold(bookmark)?,
            NewJob::Fork(_) | NewJob::Recover(_) => {
                self.with(|Opened { database, .. }| match database.size_pages() {
                    0 => Ok(()),
                    _ => {
                        let text = format!("a {} begins with an empty database", new.kind());
                        Err(Refused::Asked(text))
                    }
                })?
            }
            NewJob::Import(_) => self.with(|_| Ok(()))?,
        }
        let id = random_uuid().map_err(|error| Refused::Asked(error.to_string()))?;
        let told = Job::started(id.clone(), new.kind());
        self.save_job(KeptJob { new, told, attempts: 0 })?;
        Ok(id)
    }

    /// What a write is told while a job runs, or by a primary that has made way.
    pub(super) fn writes_refused(&self) -> Option<String> {
        self.moved().map(|moved| moved.to_string()).or_else(|| self.job_refusal())
    }

    pub(super) fn job_refusal(&self) -> Option<String> {
        let job = self.job.borrow();
        job.as_ref().filter(|job| job.told.is_running()).map(KeptJob::refusal)
    }

    /// With the database its job is gone: what still runs of it finds nothing to go on with, and no
    /// alarm begins it again.
    pub(super) fn forget_job(&self) {
        self.job.replace(None);
        self.job_loaded.set(true);
    }

    /// One that cannot be read is told to who polls it.
    pub(super) fn job_is_running(&self) -> bool {
        let running = |job: &KeptJob| job.told.is_running();
        self.load_job().is_ok() && self.job.borrow().as_ref().is_some_and(running)
    }

    pub(super) fn newest_job(&self) -> Result<Option<KeptJob>, StorageError> {
        self.load_job()?;
        Ok(self.job.borrow().clone())
    }

    /// As a start finds it.
    pub(super) fn load_job(&self) -> Result<(), StorageError> {
        if self.job_loaded.get() {
            return Ok(());
        }
        let text = self.storage.job()?;
        self.job.replace(text.and_then(|text| serde_json::from_slice(&text).ok()));
        self.job_loaded.set(true);
        Ok(())
    }

    fn save_job(&self, job: KeptJob) -> Result<(), StorageError> {
        let text = serde_json::to_vec(&job).map_err(|error| StorageError(error.to_string()))?;
        self.storage.set_job(&text)?;
        self.job.replace(Some(job));
        Ok(())
    }

    /// Takes down how far it is, in memory alone.
    fn tell(&self, done: u64, total: u64, unit: JobUnit) {
        if let Some(job) = &mut *self.job.borrow_mut() {
            (job.told.done, job.told.total, job.told.unit) = (done, total, unit);
        }
    }

    /// Ends the job. What it has published is in the same write.
    fn end_job(&self, outcome: Result<Json, String>) -> Result<(), StorageError> {
        let Some(mut job) = self.newest_job()? else { return Ok(()) };
        match outcome {
            Ok(result) => {
                job.told.state = JobState::Complete;
                job.told.result = RawValue::from_string(result.to_string()).ok();
                job.told.done = job.told.total;
            }
            Err(error) => (job.told.state, job.told.error) = (JobState::Error, Some(error)),
        }
        self.save_job(job)
    }

    /// Makes a draft that is finished the database, and the job complete.
    async fn publish(
        &self,
        mut draft: Draft,
        expected: Option<Position>,
        result: impl FnOnce(&str) -> Json,
    ) -> Result<(), Refused> {
        while draft.finish_step(STEP_PAGES)? {
            pause().await;
        }
        if expected.is_some_and(|expected| expected.checksum != draft.checksum()) {
            let text = "what was read is not the database at that bookmark".to_owned();
            return Err(SqlError::Pages(isolite_core::Error::Corrupt(text)).into());
        }
        let policy = CheckpointPolicy { log_commits_max: 1, ..self.checkpoint_policy() };
        while !self.with_store(|store| Ok(store.takes(&draft)))? {
            self.with_store(|store| store.checkpoint_step(&policy))?;
            pause().await;
        }
        if let Some(moved) = self.moved() {
            return Err(moved);
        }
        // Nothing is awaited from here on, and a failure takes all of it back: a job that is told as
        // failed has changed nothing.
        let mut once = Some((draft, result));
        let written = self.storage.atomically(|| {
            let Some((draft, result)) = once.take() else { return Ok(()) };
            self.complete(draft, result).map_err(|refused| StorageError(refused.to_string()))
        });
        if written.is_err() {
            self.opened.replace(None);
            self.job_loaded.set(false);
        }
        Ok(written?)
    }

    fn complete(&self, draft: Draft, result: impl FnOnce(&str) -> Json) -> Result<(), Refused> {
        self.with_store(|store| store.publish(draft, js_sys::Date::now() as i64))?;
        self.opened.replace(None);
        let bookmark = past::newest(self)?;
        Ok(self.end_job(Ok(result(&bookmark)))?)
    }

    /// Has a position held as long as the job runs.
    fn hold_for_job(&self, bookmark: &str) -> Result<(), Refused> {
        self.hold(bookmark)?;
        self.held_for_job.borrow_mut().push(bookmark.to_owned());
        Ok(())
    }

    /// Lets go of what a draft that came to nothing has left.
    async fn discard_draft(&self) -> Result<(), Refused> {
        while self.discard_step()? {
            pause().await;
        }
        Ok(())
    }

    /// Also of a database that was closed meanwhile, which no store can be opened of.
    fn discard_step(&self) -> Result<bool, Refused> {
        match self.with_store(|store| store.discard_draft(DISCARDED_PAGES)) {
            Err(Refused::Deleted) if self.storage.is_deleted().map_err(of_storage)? => Ok(false),
            Err(Refused::Deleted) => {
                let storage = ObjectStorage::open(self.storage.clone()).map_err(of_storage)?;
                Ok(storage.discard_staged(DISCARDED_PAGES).map_err(of_storage)?)
            }
            discarded => discarded,
        }
    }

    /// A new draft, once the one before is in its place. Where it begins stays readable meanwhile.
    async fn draft(&self) -> Result<Draft, Refused> {
        self.hold_for_job(&past::newest(self)?)?;
        self.discard_draft().await?;
        while !self.with_store(|store| Ok(store.is_settled()))? {
            let policy = self.checkpoint_policy();
            self.with_store(|store| store.checkpoint_step(&policy))?;
            pause().await;
        }
        self.with_store(|store| store.draft(COMMIT_PAGES_MAX))
    }
}

/// Runs the job that is to run, to its end.
pub(super) async fn run(engine: &Rc<Engine>) {
    let Ok(Some(mut job)) = engine.newest_job() else { return };
    job.attempts += 1;
    let new = job.new.clone();
    let outcome = match job.attempts > ATTEMPTS_MAX {
        true => Err("It was cut short too often, and nothing was changed".to_owned()),
        false => match engine.save_job(job) {
            Ok(()) => work(engine, &new).await.map_err(|refused| refused.to_string()),
            Err(error) => Err(error.to_string()),
        },
    };
    if let Err(error) = outcome {
        if let NewJob::Recover(new) = &new {
            recovery::give_up(engine, new).await;
        }
        console_error!("A {} failed: {error}", new.kind());
        // What stays now goes before the next job.
        engine.discard_draft().await.unwrap_or_default();
        if let Err(error) = engine.end_job(Err(error)) {
            console_error!("How it ended was not kept: {error}");
        }
    }
}

async fn work(engine: &Rc<Engine>, new: &NewJob) -> Result<(), Refused> {
    match new {
        NewJob::Restore { bookmark } => restore::run(engine, bookmark).await,
        NewJob::Import(new) => import::run(engine, new).await,
        NewJob::Fork(new) => fork::run(engine, new).await,
        NewJob::Recover(new) => recovery::run(engine, new).await,
    }
}

fn asked(error: impl ToString) -> Refused {
    Refused::Asked(error.to_string())
}

/// Lets requests in between.
pub(super) async fn pause() {
    Delay::from(Duration::ZERO).await;
}
