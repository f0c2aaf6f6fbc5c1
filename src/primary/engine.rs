//! The database of a primary, and all that is kept in memory beside it.
//!
//! Invariants:
//! - it is opened from storage, and thrown away after any storage error;
//! - it is not closed for want of memory while a job or a transaction is open.

use std::cell::{Cell, RefCell};

use isolite_core::{
    CheckpointPolicy, CheckpointProgress, Error as CoreError, Followers, StorageError, Store, Tag,
    Txid,
};
use isolite_protocol::directory::SettingsRevision;
use isolite_sqlite::{Database, Error as SqlError};
use worker::{Env, State};

use super::backup::Backup;
use super::insights::Insights;
use super::metrics::Metrics;
use super::promotion::{Part, Promotion};
use super::refused::{Refused, of_storage};
#[cfg(feature = "entry")]
use super::sockets;
use super::{jobs, past, reads, streams, write_lock};
use crate::object::open_databases::{self, Closable};
use crate::object::sql_js;
use crate::object::storage::ObjectStorage;
use crate::platform_js;
use crate::settings_js::Settings;

/// Pages that the store keeps besides SQLite's own cache: 2 MiB.
pub(super) const CACHE_PAGES: usize = 512;

/// What background work shares with the requests.
pub(crate) struct Engine {
    pub(super) env: Env,
    pub(super) storage: sql_js::Storage,
    /// The error tells how they are wrong.
    pub(super) settings: Result<Settings, String>,
    pub(super) opened: RefCell<Option<Opened>>,
    pub(super) last_use: Cell<u64>,
    /// The replicas that follow; none before the first look at the database.
    pub(super) followers: RefCell<Followers>,
    pub(super) pasts: RefCell<past::Pasts>,
    /// How many days of the past, and bytes, are kept of this database, where that is set.
    pub(super) kept: Cell<(Option<u64>, Option<u64>)>,
    /// The oldest position from which on nothing is dropped, and until when.
    pub(super) held: Cell<Option<(Txid, u64)>>,
    pub(super) job: RefCell<Option<jobs::KeptJob>>,
    pub(super) job_loaded: Cell<bool>,
    pub(super) job_runs: Cell<bool>,
    /// Bookmarks of what the job reads.
    pub(super) held_for_job: RefCell<Vec<String>>,
    pub(super) insights: Insights,
    pub(super) metrics: Metrics,
    pub(super) backup: Backup,
    pub(super) promotion: Promotion,
    pub(super) checkpoint_runs: Cell<bool>,
    pub(super) turns: write_lock::Turns,
    pub(super) reads: reads::Reads,
    pub(super) streams: streams::Streams,
    #[cfg(feature = "entry")]
    pub(super) sockets: sockets::Sockets,
    #[cfg(feature = "entry")]
    pub(super) cursors: streams::Cursors,
}

pub(super) struct Opened {
    pub database: Database,
    pub tag: Tag,
    /// What is set of this database, as of its start: it is opened anew after a change.
    pub set: SettingsRevision,
}

impl Engine {
    pub(super) fn new(env: Env, settings: Result<Settings, String>, state: &State) -> Engine {
        let storage = sql_js::Storage::of(state);
        Engine {
            backup: Backup::new(&env, state),
            promotion: Promotion::new(state),
            env,
            insights: Insights::new(storage.clone()),
            metrics: Metrics::new(),
            storage,
            settings,
            opened: RefCell::new(None),
            last_use: Cell::new(0),
            followers: RefCell::new(Followers::default()),
            pasts: RefCell::default(),
            kept: Cell::default(),
            held: Cell::new(None),
            job: RefCell::new(None),
            job_loaded: Cell::new(false),
            job_runs: Cell::new(false),
            held_for_job: RefCell::default(),
            checkpoint_runs: Cell::new(false),
            turns: Default::default(),
            reads: Default::default(),
            streams: Default::default(),
            #[cfg(feature = "entry")]
            sockets: Default::default(),
            #[cfg(feature = "entry")]
            cursors: Default::default(),
        }
    }
}

impl Engine {
    /// Calls `use_it` with the database, opened first if it is not open or has to be anew.
    pub(super) fn with<T>(
        &self,
        use_it: impl FnOnce(&mut Opened) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        let mut slot = self.opened.borrow_mut();
        self.last_use.set(open_databases::next_use());
        let mut opened = match slot.take().filter(|opened| !opened.database.is_broken()) {
            Some(opened) => opened,
            None => self.open()?,
        };
        let used = use_it(&mut opened);
        if !opened.database.is_broken() {
            *slot = Some(opened);
        }
        used
    }

    fn open(&self) -> Result<Opened, Refused> {
        let Settings { limits, .. } = self.settings.clone().map_err(Refused::Misconfigured)?;
        open_databases::make_room(limits.heap_bytes_max);
        if self.storage.is_deleted().map_err(of_storage)? {
            return Err(Refused::Deleted);
        }
        match self.part().map_err(of_storage)? {
            Part::Candidate if self.promotion.takes_over_backup() => {}
            Part::Candidate | Part::Nobody => return Err(Refused::NotYet),
            _ => {}
        }
        let storage = ObjectStorage::open(self.storage.clone()).map_err(of_storage)?;
        if self.storage.is_closed().map_err(of_storage)? {
            return Err(Refused::Deleted);
        }
        let set = self.set().map_err(of_storage)?;
        self.kept.set((set.settings.retention_days, set.settings.history_bytes_max));
        let own = set.settings.limits.iter().map(|(name, limit)| (name.as_str(), *limit));
        let limits = limits.narrowed_as_far(own);
        let tag = self.tag().map_err(of_storage)?;
        let mut store = Store::open(Box::new(storage), CACHE_PAGES).map_err(SqlError::Pages)?;
        let now_ms = js_sys::Date::now() as i64;
        let first = self.storage.first_interval().map_err(of_storage)?.unwrap_or(1);
        store.keep_history_from(now_ms, first).map_err(SqlError::Pages)?;
        if let Some(epoch) = self.storage.epoch().map_err(of_storage)? {
            store.begin_epoch(epoch, now_ms).map_err(SqlError::Pages)?;
        }
        self.load_held()?;
        // What it refuses must be known to the first request.
        self.load_job()?;
        // What it still reads of the past is not to be dropped.
        self.load_backup()?;
        self.load_followers().map_err(of_storage)?;
        Ok(Opened { database: Database::open(store, limits)?, tag, set })
    }

    /// The tag of the database, given to it the first time that it opens.
    fn tag(&self) -> Result<Tag, StorageError> {
        if let Some(tag) = self.storage.tag()? {
            return Ok(tag);
        }
        let tag = Tag(platform_js::random_u64());
        self.storage.set_tag(tag)?;
        Ok(tag)
    }

    pub(super) fn with_store<T>(
        &self,
        use_it: impl FnOnce(&mut Store) -> Result<T, CoreError>,
    ) -> Result<T, Refused> {
        self.with(|Opened { database, .. }| match database.with_store(use_it) {
            Some(used) => Ok(used?),
            None => Err(CoreError::Corrupt("a primary has no store".to_owned()).into()),
        })
    }

    pub(super) fn checkpoint_policy(&self) -> CheckpointPolicy {
        CheckpointPolicy { retention: self.retention(), ..CheckpointPolicy::default() }
    }

    pub(super) fn checkpoint_is_due(&self) -> bool {
        let (opened, policy) = (self.opened.borrow(), self.checkpoint_policy());
        opened.as_ref().is_some_and(|opened| opened.database.checkpoint_is_due(&policy))
    }

    pub(super) fn checkpoint_step(&self) -> Result<CheckpointProgress, String> {
        let policy = self.checkpoint_policy();
        let step = self.with(|opened| Ok(opened.database.checkpoint_step(&policy)?));
        match step {
            Err(Refused::Failed(error)) => Err(error.to_string()),
            Err(_) => Ok(CheckpointProgress::Idle),
            Ok(progress) => Ok(progress),
        }
    }
}

impl Closable for Engine {
    fn last_use(&self) -> u64 {
        self.last_use.get()
    }

    fn close(&self) {
        // A long work may be in the midst of a transaction.
        if let Ok(mut opened) = self.opened.try_borrow_mut()
            && self.job_refusal().is_none()
            && !self.is_locked()
        {
            *opened = None;
        }
        if let Ok(mut pasts) = self.pasts.try_borrow_mut() {
            *pasts = past::Pasts::default();
        }
    }
}
