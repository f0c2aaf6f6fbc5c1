//! A replica's database, opened from the object's storage, and what it answers.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::lock::Mutex;
use isolite_core::{
    Ask, Bookmark, CheckpointPolicy, CheckpointProgress, Constraint, PageNo, Pushed, Rate, Replica,
    Store, Tag,
};
use isolite_protocol::directory::{MOVED, MovedTo};
use isolite_protocol::rest::ReplicaInfo;
use isolite_protocol::{Failure, Request as Queries};
use isolite_sqlite::{Database, Run};
use worker::{Env, State, console_error};

use super::parts::Waiting;
use super::{Call, Home};
use crate::object::call_js::Answer;
use crate::object::feed::{Question, position_of};
use crate::object::open_databases::{self, Closable};
use crate::object::sql_js::Storage;
use crate::object::storage::ObjectStorage;
use crate::region;
use crate::settings_js::Settings;

/// Pages that the store keeps besides SQLite's own cache: 2 MiB.
const CACHE_PAGES: usize = 512;
/// The age of what nobody has confirmed since the start.
const AGE_MS_MAX: f64 = u32::MAX as f64;

/// What background work shares with the requests.
pub(super) struct Engine {
    pub env: Env,
    /// Whoever asks the primary holds it.
    pub turn: Mutex<()>,
    pub fills: Cell<bool>,
    pub waiting: Waiting,
    pub checkpoint_runs: Cell<bool>,
    pub asked: Cell<Asked>,
    /// Reads that were answered here, and how many requests the primary was passed on.
    reads: Cell<Rate>,
    pub forwarded: Cell<u64>,
    /// How often the database's settings were changed, as far as its primary has told.
    pub settings_revision: Cell<u64>,
    storage: Storage,
    /// The error tells how they are wrong.
    settings: Result<Settings, String>,
    opened: RefCell<Option<Opened>>,
    last_use: Cell<u64>,
    home: RefCell<Option<Home>>,
    checkpoint: CheckpointPolicy,
}

/// The last question to the primary that was answered.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub sent_ms: f64,
    /// From there to its answer.
    pub trip_ms: f64,
}

pub(super) struct Opened {
    pub replica: Replica<Database>,
    /// None before the first answer of the primary.
    pub tag: Option<Tag>,
}

impl Engine {
    pub fn new(state: &State, env: Env) -> Engine {
        let settings = Settings::of(&env);
        Engine {
            env,
            turn: Mutex::new(()),
            fills: Cell::new(false),
            waiting: Waiting::default(),
            checkpoint_runs: Cell::new(false),
            asked: Cell::new(Asked { sent_ms: f64::NEG_INFINITY, trip_ms: 0.0 }),
            reads: Cell::default(),
            forwarded: Cell::new(0),
            settings_revision: Cell::new(0),
            storage: Storage::of(state),
            settings,
            opened: RefCell::new(None),
            last_use: Cell::new(0),
            home: RefCell::new(None),
            checkpoint: CheckpointPolicy::default(),
        }
    }

    /// The error tells which setting is wrong.
    pub fn check_settings(&self) -> Result<(), String> {
        self.settings.clone().map(drop)
    }

    /// How long a read waits for the primary.
    pub fn read_wait(&self) -> Duration {
        self.settings.as_ref().map_or(Duration::ZERO, |settings| settings.read_wait)
    }

    /// Takes down where the primary is, unless it is known to have moved on from there.
    pub fn live_at(&self, query: &str) {
        if let Some(home) = Home::of_query(query) {
            let known = self.home.borrow().as_ref().map_or(0, |known| known.epoch);
            if home.epoch >= known {
                self.home.replace(Some(home));
            }
        }
    }

    /// Takes down where the primary has moved, if that is what it answered. False if this was known.
    pub fn follow(&self, answer: &Answer) -> bool {
        if answer.status != MOVED {
            return false;
        }
        let to = MovedTo::decode(&String::from(answer.text.clone()));
        let moved = to.and_then(|to| self.home.borrow().as_ref()?.moved(&to));
        let is_new = moved.is_some();
        if is_new {
            self.home.replace(moved);
        }
        is_new
    }

    pub fn home(&self) -> Option<Home> {
        self.home.borrow().clone()
    }

    /// Calls `use_it` with the database, opened first if it is not open or has to be anew.
    pub fn with<T>(
        &self,
        use_it: impl FnOnce(&mut Opened) -> Result<T, String>,
    ) -> Result<T, String> {
        let mut slot = self.opened.borrow_mut();
        self.last_use.set(open_databases::next_use());
        let mut opened = match slot.take().filter(|opened| !opened.replica.pages().is_broken()) {
            Some(opened) => opened,
            None => self.open()?,
        };
        let used = use_it(&mut opened);
        match opened.replica.heal() {
            Ok(false) => {}
            Ok(true) => console_error!("A replica is damaged, and reads a snapshot"),
            Err(error) => console_error!("A replica is damaged: {error}"),
        }
        if !opened.replica.pages().is_broken() {
            *slot = Some(opened);
        }
        used
    }

    fn open(&self) -> Result<Opened, String> {
        let Settings { limits, .. } = self.settings.clone()?;
        open_databases::make_room(limits.heap_bytes_max);
        let database = Database::open_region_replica(self.open_store()?, limits);
        let database = database.or_else(|error| {
            // Its pages are not even a database any more: it is to be had anew.
            console_error!("A replica is damaged, and reads a snapshot: {error}");
            let mut store = self.open_store()?;
            store.clear().map_err(|error| error.to_string())?;
            Database::open_region_replica(store, limits).map_err(|error| error.to_string())
        })?;
        let tag = self.storage.tag().map_err(|error| error.0)?;
        Ok(Opened { replica: Replica::new(database), tag })
    }

    fn open_store(&self) -> Result<Store, String> {
        let storage = ObjectStorage::open(self.storage.clone()).map_err(|error| error.0)?;
        Store::open_replica(Box::new(storage), CACHE_PAGES).map_err(|error| error.to_string())
    }

    /// As `with`, for what has an answer even without a database.
    fn look<T>(&self, otherwise: T, look: impl FnOnce(&mut Opened) -> T) -> T {
        match self.with(|opened| Ok(look(opened))) {
            Ok(found) => found,
            Err(error) => {
                console_error!("A replica does not open: {error}");
                otherwise
            }
        }
    }

    pub fn is_whole(&self) -> bool {
        self.look(false, |opened| opened.replica.position().is_some())
    }

    pub fn is_behind(&self) -> bool {
        self.look(false, |opened| opened.replica.is_behind())
    }

    /// The first page of the part of a snapshot that comes next; None of a whole database.
    pub fn next_part(&self) -> Option<PageNo> {
        self.look(None, |opened| match opened.replica.ask() {
            Ask::Pages { first } => Some(first),
            Ask::Commits { .. } => None,
        })
    }

    /// Whether a push came that continues one which is still to come.
    pub fn is_ahead(&self) -> bool {
        self.look(false, |opened| opened.replica.is_ahead())
    }

    pub fn snapshots(&self) -> u32 {
        self.look(0, |opened| opened.replica.snapshots())
    }

    pub fn allows(&self, constraint: &Constraint) -> bool {
        let now_ms = js_sys::Date::now();
        self.look(false, |opened| opened.replica.allows(constraint, now_ms))
    }

    /// What a caller allows; None if that is for the primary to refuse.
    pub fn constraint(&self, call: &Call) -> Option<Constraint> {
        let tag = self.look(None, |opened| opened.tag);
        // Without a tag there is no database yet, and any will do.
        super::constraint(call, tag.unwrap_or_default()).ok()
    }

    /// The answer to reads that the constraint allows now.
    pub fn read(
        &self,
        queries: &Queries,
        query: &str,
        constraint: &Constraint,
        have: Option<&str>,
    ) -> Option<Answer> {
        let home = self.home()?;
        let served = region::served(Some(&home.region), false);
        let run = Run::of(queries, query, &js_sys::Date::now, &served);
        let now_ms = js_sys::Date::now();
        let text = self.look(None, |Opened { replica, .. }| {
            let allowed = replica.allows(constraint, now_ms);
            allowed.then(|| replica.pages_mut().read(&run)).flatten()
        })?;
        let mut reads = self.reads.get();
        reads.add(now_ms);
        self.reads.set(reads);
        let bytes_max = self.settings.as_ref().map_or(0, |it| it.answer_commits_bytes_max);
        Some(self.placed(text, |database, tag| {
            let have = position_of(have, tag)?;
            database.commits_since(have, bytes_max).ok().flatten()
        }))
    }

    /// The answer to an isolate that follows; None if there is nothing whole to follow.
    pub fn feed(&self, question: &Question, have: Option<&str>) -> Option<Answer> {
        let whole = self.is_whole();
        whole.then(|| {
            self.placed(String::new(), |database, tag| {
                question.answer(database, position_of(have, tag)).ok().flatten()
            })
        })
    }

    /// An answer with where the replica stands, and since when.
    fn placed(
        &self,
        text: String,
        commits: impl FnOnce(&mut Database, Tag) -> Option<Vec<u8>>,
    ) -> Answer {
        let mut answer = Answer::new(200, text);
        let now_ms = js_sys::Date::now();
        self.look((), |Opened { replica, tag }| {
            let (Some(tag), Some(position)) = (*tag, replica.position()) else { return };
            answer.commits = commits(replica.pages_mut(), tag);
            answer.bookmark = Some(Bookmark { position, tag }.to_string());
            let confirmed_ms = replica.standing().map_or(0.0, |standing| standing.confirmed_ms);
            answer.age_ms = (now_ms - confirmed_ms).clamp(0.0, AGE_MS_MAX);
        });
        answer
    }

    /// Takes in what the primary pushes. The error is the answer where it cannot be.
    pub fn push(&self, pushed: Bookmark, ltx: Option<&[u8]>) -> Result<Pushed, Answer> {
        let taken = self
            .take_tag(pushed.tag)
            .and_then(|()| self.with(|opened| Ok(opened.replica.pushed(pushed.position, ltx))));
        match taken {
            Ok(Ok(taken)) => Ok(taken),
            Ok(Err(error)) => {
                console_error!("A replica reads a snapshot: {error}");
                Err(Answer::new(409, Failure::new(error.to_string()).encode()))
            }
            Err(error) => Err(Answer::new(500, Failure::new(error).encode())),
        }
    }

    /// Where it stands, to the primary that pushes.
    pub fn stands(&self) -> Answer {
        let bookmark = self.look(None, |Opened { replica, tag }| {
            Some(Bookmark { position: replica.position()?, tag: (*tag)? })
        });
        match bookmark {
            Some(bookmark) => {
                Answer { bookmark: Some(bookmark.to_string()), ..Answer::new(200, "") }
            }
            // It asks by itself.
            None => Answer::new(409, Failure::new("The replica is not whole").encode()),
        }
    }

    /// The tag that the primary gave, kept with the first. Another one is another database's.
    pub fn take_tag(&self, tag: Tag) -> Result<(), String> {
        self.with(|opened| match opened.tag {
            Some(known) if known == tag => Ok(()),
            Some(_) => Err("the primary is that of another database".to_owned()),
            None => {
                self.storage.set_tag(tag).map_err(|error| error.0)?;
                opened.tag = Some(tag);
                Ok(())
            }
        })
    }

    /// Lets go of everything: the database is gone, or the replica is.
    pub fn delete(&self) -> Answer {
        self.opened.replace(None);
        // Where its primary is, too, it is told anew.
        self.home.replace(None);
        match self.storage.forget() {
            Ok(()) => Answer::new(404, Failure::new("This database was deleted").encode()),
            Err(error) => Answer::new(500, Failure::new(error.0).encode()),
        }
    }

    /// What it says of itself, as JSON: nobody is asked for it.
    pub fn info(&self) -> Answer {
        let answer = self.placed(String::new(), |_, _| None);
        let Asked { sent_ms, trip_ms } = self.asked.get();
        let (reads, now_ms) = (self.reads.get(), js_sys::Date::now());
        let info = ReplicaInfo {
            bookmark: answer.bookmark.clone(),
            newest: self.look(None, |Opened { replica, tag }| {
                let (position, tag) = (replica.newest(), (*tag)?);
                Some(Bookmark { position, tag }.to_string())
            }),
            txid: self.look(None, |opened| Some(opened.replica.position()?.txid)),
            age_ms: Some(answer.age_ms)
                .filter(|age_ms| answer.bookmark.is_some() && *age_ms < AGE_MS_MAX),
            snapshots: self.snapshots(),
            reads: reads.count(),
            reads_per_second: reads.per_second(now_ms),
            forwarded: self.forwarded.get(),
            trip_ms: sent_ms.is_finite().then_some(trip_ms),
        };
        match serde_json::to_string(&info) {
            Ok(text) => Answer { text: text.into(), ..answer },
            Err(error) => Answer::new(500, Failure::new(error.to_string()).encode()),
        }
    }

    pub fn checkpoint_is_due(&self) -> bool {
        self.look(false, |opened| opened.replica.pages().checkpoint_is_due(&self.checkpoint))
    }

    pub fn checkpoint_step(&self) -> Result<CheckpointProgress, String> {
        self.with(|opened| {
            let step = opened.replica.pages_mut().checkpoint_step(&self.checkpoint);
            step.map_err(|error| error.to_string())
        })
    }
}

impl Closable for Engine {
    fn last_use(&self) -> u64 {
        self.last_use.get()
    }

    /// A replica that is whole is so after it opens again; a snapshot that is not begins anew, so it
    /// stays.
    fn close(&self) {
        if let Ok(mut slot) = self.opened.try_borrow_mut()
            && slot.as_ref().is_some_and(|opened| opened.replica.position().is_some())
        {
            *slot = None;
        }
    }
}
