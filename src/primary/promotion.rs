//! The part that an object has in moving the primary of its database: the primary itself, one that has made
//! way for another, one that is to be the primary, or none.
//!
//! A primary that starts and may have been replaced while nobody could reach it asks the directory first
//! whether it still is ([`Primary::settle_part`]): that may have been if there is something that another one
//! could take over from, a replica or a backup.
//!
//! Who asks an object that is not the primary is told so here, before anything else ([`Primary::at_door`]):
//! of one that has made way, where the primary is now. One that is to be the primary lets them wait
//! for a while, as it may be that at any moment.
//!
//! Invariants:
//! - a part is kept before anybody is told of it;
//! - an object whose name has an epoch is nothing until it was told to be a candidate.

mod before;
mod candidate;

use std::cell::{Cell, RefCell};
use std::time::Duration;

use futures_util::lock::Mutex;
use isolite_core::StorageError;
use isolite_core::promotion::{Fence, Outdated, Successor};
use isolite_protocol::directory::{
    Inheritance, LocationHint, MovedTo, PromotionState, PromotionStatus, object_epoch,
};
use isolite_protocol::query_string;
use worker::{Delay, State, console_error};

use super::{Engine, Opened, Primary, Refused, Subscription, fail, not_done, refuse};
use crate::directory::client;
use crate::object::call_js::{Answer, within};
use crate::object::feed::{Question, position_of};
use crate::target::Target;
use before::is_of_past;

/// How long who asks a candidate waits for it to become the primary.
const WAIT: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(5);
/// How long a start waits for the directory's word.
const QUESTION_TIME_MAX: Duration = Duration::from_secs(10);

/// What an object is of its database.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Primary,
    /// It was when it last ran.
    Unconfirmed,
    /// It has made way.
    Former(MovedTo),
    /// It is to be the primary.
    Candidate,
    /// It was told nothing yet.
    Nobody,
}

/// What is known of it in memory.
pub(super) struct Promotion {
    /// Of the object's name, where the platform tells that.
    named_for: Option<u32>,
    /// The database, where the platform tells the object's name.
    database: Option<String>,
    /// One start asks once.
    confirms: Mutex<()>,
    part: RefCell<Option<Part>>,
    runs: Cell<bool>,
    /// The candidate is made of a backup, by a job.
    recovers: Cell<bool>,
    status: RefCell<PromotionStatus>,
}

impl Promotion {
    pub(super) fn new(state: &State) -> Promotion {
        let name = state.id().name();
        let name = name.as_deref().map(object_epoch);
        Promotion {
            named_for: name.map(|(_, epoch)| epoch),
            database: name.map(|(database, _)| database.to_owned()),
            confirms: Mutex::new(()),
            part: RefCell::new(None),
            runs: Cell::new(false),
            recovers: Cell::new(false),
            status: RefCell::default(),
        }
    }

    pub(super) fn takes_over_backup(&self) -> bool {
        self.recovers.get()
    }
}

impl Primary {
    /// Whether it is not known yet what it is, or may be something else soon, so that who asks is to wait.
    pub(super) fn is_unsettled(&self, target: &Target) -> bool {
        let part = self.engine.part();
        let unsettled = matches!(part, Ok(Part::Candidate | Part::Unconfirmed));
        unsettled && !is_of_directory(target.path())
    }

    /// The answer to a request that is not for what this object is; None if it is.
    pub(super) fn at_door(&self, target: &Target) -> Option<Answer> {
        match self.engine.is_primary() {
            Ok(()) => None,
            // Its part in a promotion is the directory's own word.
            Err(_) if is_of_directory(target.path()) => None,
            Err(Refused::Moved(_)) if is_of_successor(target) || is_of_past(target) => None,
            Err(refused) => Some(refuse(&refused)),
        }
    }

    /// Finds out what it is, or waits for as long as it is a candidate, and not for ever.
    pub(super) async fn settle_part(&self) {
        if matches!(self.engine.part(), Ok(Part::Candidate)) {
            // A crash may have cut it short.
            self.run_candidate();
            let until_ms = js_sys::Date::now() + WAIT.as_millis() as f64;
            let waits = || js_sys::Date::now() < until_ms;
            while matches!(self.engine.part(), Ok(Part::Candidate)) && waits() {
                Delay::from(LOOK).await;
            }
        }
        if matches!(self.engine.part(), Ok(Part::Unconfirmed))
            && let Err(error) = self.engine.confirm().await
        {
            console_error!("Whether this is still the primary is not known: {error}");
        }
    }

    pub(super) fn promotion(&self, target: &Target, body: &str, have: Option<&str>) -> Answer {
        let query = target.query();
        let epoch = || query_string::raw(query, "epoch").and_then(|epoch| epoch.parse().ok());
        let answer = match (target.path(), epoch()) {
            ("/promotion/start", _) => Answer::json(self.engine.be_candidate(body)),
            ("/promotion/status", _) => Answer::json(self.engine.promotion_status()),
            ("/promotion/lower", Some(epoch)) => {
                Answer::json(self.engine.lower(epoch).map_err(Refused::from))
            }
            ("/promotion/fence", Some(epoch)) => {
                let region = query_string::raw(query, "region").unwrap_or_default();
                match LocationHint::parse(region) {
                    Ok(region) => self.make_way(MovedTo { epoch, region }, have),
                    Err(error) => fail(&error.to_string(), 400),
                }
            }
            _ => super::no_path(),
        };
        self.run_candidate();
        self.back_up();
        answer
    }

    /// Commits nothing from now on, and gives to the next primary what it still lacks.
    fn make_way(&self, to: MovedTo, have: Option<&str>) -> Answer {
        if let Some(text) = self.engine.job_refusal() {
            return not_done(&Refused::Busy(text));
        }
        match self.engine.raise_fence(to) {
            Ok(is_new) if is_new => {
                #[cfg(feature = "entry")]
                self.close_sockets();
            }
            Ok(_) => {}
            Err(refused) => return not_done(&refused),
        }
        let given = self.engine.with(|Opened { database, tag, .. }| {
            let have = position_of(have, *tag);
            let commits = Question::Commits.answer(database, have)?;
            Ok((super::bookmark(database, *tag), commits))
        });
        match self.engine.inheritance().and_then(|inherited| Ok((inherited, given?))) {
            Ok((inherited, (bookmark, commits))) => {
                Answer { bookmark: Some(bookmark), commits, ..Answer::json(Ok(inherited)) }
            }
            Err(refused) => not_done(&refused),
        }
    }
}

impl Engine {
    /// What this object is, as it is kept.
    pub(super) fn part(&self) -> Result<Part, StorageError> {
        if let Some(part) = &*self.promotion.part.borrow() {
            return Ok(*part);
        }
        let part = self.load_part()?;
        self.promotion.part.replace(Some(part));
        Ok(part)
    }

    /// Asks the directory who is the primary, unless it was asked meanwhile.
    async fn confirm(&self) -> Result<(), Refused> {
        let _turn = self.promotion.confirms.lock().await;
        let unconfirmed = matches!(self.part()?, Part::Unconfirmed);
        let Some(database) = self.promotion.database.as_ref().filter(|_| unconfirmed) else {
            return Ok(());
        };
        let path = format!("/promotion/primary?id={}", query_string::encode(database));
        let asked = client::ask::<Option<MovedTo>>(&self.env, &path, None);
        let told = within(QUESTION_TIME_MAX, asked).await;
        let told = told.ok_or_else(|| Refused::Busy("the directory does not answer".to_owned()))?;
        let told = told.map_err(|error| Refused::Busy(error.to_string()))?;
        // Something else may have told it in between.
        if !matches!(self.part()?, Part::Unconfirmed) {
            return Ok(());
        }
        let own = self.storage.epoch()?.unwrap_or(1);
        match told {
            Ok(Some(newer)) if newer.epoch > own => self.raise_fence(newer).map(drop),
            // One that was deleted the directory closes or wipes itself.
            _ => {
                self.promotion.part.replace(Some(Part::Primary));
                Ok(())
            }
        }
    }

    fn load_part(&self) -> Result<Part, StorageError> {
        let promoted = self.promotion.named_for.is_some_and(|epoch| epoch > 1);
        if self.storage.is_blank()? {
            // One that was wiped says so itself.
            let wiped = self.storage.is_deleted()?;
            return Ok(if promoted && !wiped { Part::Nobody } else { Part::Primary });
        }
        if self.storage.promotion()?.is_some() {
            return Ok(Part::Candidate);
        }
        if let Some(moved) = self.fence()?.successor().and_then(moved_to) {
            return Ok(Part::Former(moved));
        }
        if promoted && self.storage.epoch()?.is_none() {
            return Ok(Part::Nobody);
        }
        let replaceable = self.backup.is_bound() || !self.replicas()?.is_empty();
        match self.promotion.database.is_some() && replaceable {
            true => Ok(Part::Unconfirmed),
            false => Ok(Part::Primary),
        }
    }

    /// Whether it is, and else what whoever asks is told.
    pub(super) fn is_primary(&self) -> Result<(), Refused> {
        match self.part()? {
            Part::Primary => Ok(()),
            Part::Former(moved) => Err(Refused::Moved(moved)),
            Part::Candidate | Part::Unconfirmed => Err(Refused::NotYet),
            Part::Nobody => Err(Refused::Deleted),
        }
    }

    /// The refusal of a primary that has made way. Who has waited for something asks again.
    pub(super) fn moved(&self) -> Option<Refused> {
        match &*self.promotion.part.borrow() {
            Some(Part::Former(moved)) => Some(Refused::Moved(*moved)),
            _ => None,
        }
    }

    pub(super) fn forget_part(&self) {
        self.promotion.part.replace(None);
    }

    fn fence(&self) -> Result<Fence, StorageError> {
        let text = self.storage.fence()?;
        text.map_or(Ok(Fence::default()), |text| serde_json::from_slice(&text).map_err(unreadable))
    }

    /// True if the fence was not there before.
    fn raise_fence(&self, to: MovedTo) -> Result<bool, Refused> {
        let mut fence = self.fence()?;
        let successor = Successor { epoch: to.epoch, region: to.region.as_str().to_owned() };
        let raised = fence.raise(self.storage.epoch()?.unwrap_or(1), &successor);
        let is_new = raised.map_err(|Outdated| {
            let text = "This promotion was given up, or another one came after it".to_owned();
            Refused::Gone(text)
        })?;
        // What was not committed is taken back, and whoever waits for a turn finds the fence.
        self.close_streams();
        if is_new {
            // Whether a failure has kept it is not known.
            self.keep_fence(&fence).inspect_err(|_| self.forget_part())?;
        }
        // Also of one that an earlier failure has kept.
        self.followers.replace(Default::default());
        self.promotion.part.replace(Some(Part::Former(to)));
        Ok(is_new)
    }

    fn lower(&self, epoch: u32) -> Result<(), StorageError> {
        let mut fence = self.fence()?;
        fence.lower(epoch);
        let kept = self.keep_fence(&fence);
        self.forget_part();
        kept
    }

    fn keep_fence(&self, fence: &Fence) -> Result<(), StorageError> {
        self.storage.set_fence(&serde_json::to_vec(fence).map_err(unreadable)?)
    }

    fn inheritance(&self) -> Result<Inheritance<Subscription>, Refused> {
        let interval = self.with_store(|store| Ok(store.newest_interval()))?;
        #[cfg(feature = "entry")]
        let baton_secret = self.storage.baton_secret()?;
        #[cfg(not(feature = "entry"))]
        let baton_secret = None;
        let job = self.newest_job()?.map(|job| serde_json::to_string(&job)).transpose();
        let job = job.map_err(unreadable)?;
        Ok(Inheritance { replicas: self.replicas()?, baton_secret, interval, job })
    }

    fn promotion_status(&self) -> Result<PromotionStatus, Refused> {
        let state = match self.part()? {
            _ if self.storage.is_deleted()? => PromotionState::Abandoned,
            Part::Nobody => PromotionState::Abandoned,
            Part::Candidate => PromotionState::Active,
            Part::Primary if self.storage.is_blank()? => PromotionState::Abandoned,
            Part::Primary | Part::Unconfirmed | Part::Former(_) => PromotionState::Complete,
        };
        Ok(PromotionStatus { state, ..self.promotion.status.borrow().clone() })
    }
}

/// What the directory alone asks, and the objects that take part.
fn is_of_directory(path: &str) -> bool {
    path.starts_with("/promotion/") || path == "/delete"
}

/// What the next primary asks of the one before.
fn is_of_successor(target: &Target) -> bool {
    let follows = matches!(target.path(), "/commits" | "/pages");
    follows && query_string::raw(target.query(), "successor").is_some()
}

fn moved_to(successor: &Successor) -> Option<MovedTo> {
    let region = LocationHint::parse(&successor.region).ok()?;
    Some(MovedTo { epoch: successor.epoch, region })
}

fn unreadable(error: serde_json::Error) -> StorageError {
    StorageError(error.to_string())
}
