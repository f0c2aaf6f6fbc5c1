//! The part that an object has in promotions, as `src/primary/promotion.rs` has it: the primary itself,
//! one that has made way, one that is to be the primary, or none.

mod candidate;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use isolite_core::promotion::{Fence, Outdated};
use isolite_core::{Error, Followers, StorageError};

use super::Primary;
use crate::feed;
use crate::home::Home;
use crate::message::{
    Answer, GONE, MOVED, Message, Question, Request, Says, bookmark, position_of,
};
use crate::mutation::Mutation;
use crate::network::{self, Object};
use crate::plan::{ALARM_MS, PROMOTION_WAIT_MS, QUESTION_MS_MAX};
use crate::world::World;

const LOOK_MS: u64 = 5;

/// What an object is of its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Primary,
    /// It has made way.
    Former(Home),
    /// It is to be the primary.
    Candidate,
    /// It was told nothing yet.
    Nobody,
    /// It was wiped.
    Deleted,
}

/// What is known of it in memory.
#[derive(Default)]
pub(super) struct Promotion {
    part: RefCell<Option<Part>>,
    runs: Cell<bool>,
    /// Whether the directory has said since the start that it is the primary.
    is_sure: Cell<bool>,
}

impl Primary {
    /// Waits for as long as it is a candidate, and not for ever. And where another may have taken over
    /// while it was down, asks after its start whether that is so.
    pub(super) async fn wait(&self, world: &Rc<World>, message: &Message) {
        if is_of_directory(message) {
            return;
        }
        let until_ms = world.clock.now_ms() + PROMOTION_WAIT_MS;
        while self.part(world) == Ok(Part::Candidate) && world.clock.now_ms() < until_ms {
            world.clock.sleep(LOOK_MS).await;
        }
        if self.is_sure(world) {
            return;
        }
        let message = Message::new(Request::Directory(Question::Where));
        let (from, to) = (self.home.region, Object::Directory);
        let answer = network::call(world, from, to, message, QUESTION_MS_MAX).await;
        // Something else may have told it in between.
        if self.part(world) != Ok(Part::Primary) {
            return;
        }
        match answer.and_then(|answer| answer.says) {
            Some(Says::Home(home)) if home.epoch > self.home.epoch => {
                // Should it fail, nobody is answered.
                let raised = self.raise_fence(world, home);
                world.trace(|| {
                    format!("primary {} wakes up after {home:?}: {raised:?}", self.home.epoch)
                });
            }
            Some(Says::Home(_)) => self.engine().promotion.is_sure.set(true),
            _ => {}
        }
    }

    fn is_sure(&self, world: &Rc<World>) -> bool {
        let asks = world.plan.takes_over && !world.has(Mutation::WakesUnasked);
        let sure = self.engine().promotion.is_sure.get();
        !asks || sure || self.part(world) != Ok(Part::Primary)
    }

    /// The answer to a request that is not for what this object is; None if it is.
    pub(super) fn at_door(&self, world: &Rc<World>, message: &Message) -> Option<Answer> {
        let Ok(part) = self.part(world) else { return Some(Answer::status(500)) };
        let reads = matches!(message.request, Request::Read) && message.session.is_none();
        match part {
            _ if is_of_directory(message) => None,
            Part::Primary if self.is_sure(world) => None,
            Part::Former(_) if message.succeeds => None,
            Part::Former(_) if reads && world.has(Mutation::FormerReads) => None,
            Part::Former(home) => Some(Answer { status: MOVED, ..Answer::says(Says::Home(home)) }),
            Part::Primary | Part::Candidate => Some(Answer::status(503)),
            Part::Nobody | Part::Deleted => Some(Answer::status(GONE)),
        }
    }

    pub(super) fn promotion(self: &Rc<Self>, world: &Rc<World>, message: &Message) -> Answer {
        let done = match &message.request {
            Request::Start(new) => self.be_candidate(world, *new),
            Request::Fence(to) => self.make_way(world, *to, message.have.as_deref()),
            Request::Lower(epoch) => self.lower(*epoch).map(|()| Answer::status(200)),
            _ => self.delete().map(|()| Answer::status(200)),
        };
        self.run_candidate(world);
        done.unwrap_or_else(|_| {
            world.broke(Object::Primary(self.home));
            Answer::status(500)
        })
    }

    /// Whether there is a database to be opened here.
    pub(super) fn may_open(&self, world: &Rc<World>) -> Result<(), Error> {
        match self.part(world)? {
            Part::Primary | Part::Former(_) => Ok(()),
            part => Err(Error::Storage(StorageError(format!("it is {part:?}")))),
        }
    }

    /// What this object is, as it is kept.
    fn part(&self, world: &Rc<World>) -> Result<Part, StorageError> {
        let engine = self.engine();
        if let Some(part) = *engine.promotion.part.borrow() {
            return Ok(part);
        }
        let loaded = self.load_part();
        match &loaded {
            Ok(part) => drop(engine.promotion.part.replace(Some(*part))),
            Err(_) => world.broke(Object::Primary(self.home)),
        }
        loaded
    }

    fn load_part(&self) -> Result<Part, StorageError> {
        let storage = &self.host.disk.storage;
        if storage.kept("deleted")?.is_some() {
            return Ok(Part::Deleted);
        }
        if storage.kept("promotion")?.is_some() {
            return Ok(Part::Candidate);
        }
        if let Some(successor) = self.fence()?.successor() {
            return Ok(Part::Former(Home::of(successor)));
        }
        let promoted = self.home.epoch > 1 && storage.kept("epoch")?.is_none();
        Ok(if promoted { Part::Nobody } else { Part::Primary })
    }

    /// Whether it takes itself for the primary, for whoever looks on.
    pub fn goes_on(&self, world: &World) -> bool {
        let part = *self.engine().promotion.part.borrow();
        !self.host.is_down(world) && matches!(part, None | Some(Part::Primary))
    }

    /// What it is has to be found out anew.
    fn forget_part(&self) {
        self.engine().promotion.part.replace(None);
        self.engine().promotion.is_sure.set(false);
    }

    fn fence(&self) -> Result<Fence, StorageError> {
        let kept = self.host.disk.storage.kept("fence")?;
        Ok(kept.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }

    fn keep_fence(&self, fence: &Fence) -> Result<(), StorageError> {
        self.host.disk.storage.keep(&[("fence", serde_json::to_vec(fence).ok())])
    }

    /// Commits nothing from now on, and gives to the next primary what it still lacks.
    fn make_way(
        &self,
        world: &Rc<World>,
        to: Home,
        have: Option<&str>,
    ) -> Result<Answer, StorageError> {
        if matches!(self.part(world)?, Part::Deleted | Part::Nobody) {
            return Ok(Answer::status(GONE));
        }
        let raised = self.raise_fence(world, to)?;
        world.trace(|| format!("primary {} makes way for {to:?}: {raised:?}", self.home.epoch));
        if raised.is_err() {
            return Ok(Answer::status(410));
        }
        let given = self.with(world, |store| {
            let commits = feed::answer(world, &Request::Commits, store, position_of(have))?;
            Ok((store.position(), commits))
        });
        Ok(match given {
            Ok((at, commits)) => Answer {
                at: Some(at),
                bookmark: Some(bookmark(at)),
                commits,
                ..Answer::says(Says::Inherits(self.replicas()))
            },
            Err(_) => Answer::status(500),
        })
    }

    fn raise_fence(&self, world: &World, to: Home) -> Result<Result<bool, Outdated>, StorageError> {
        let mut fence = self.fence()?;
        let raised = fence.raise(self.home.epoch, &to.successor());
        if raised == Ok(true) && !world.has(Mutation::FenceNotKept) {
            // Whether a failure has kept it is not known.
            let kept = self.keep_fence(&fence);
            if kept.is_err() && !world.has(Mutation::FailedFenceForgotten) {
                self.forget_part();
            }
            kept?;
        }
        let stands = raised == Ok(true) || !world.has(Mutation::FailedFenceForgotten);
        if raised.is_ok() && stands {
            let engine = self.engine();
            engine.followers.replace(Followers::default());
            engine.promotion.part.replace(Some(Part::Former(to)));
        }
        Ok(raised)
    }

    fn lower(&self, epoch: u32) -> Result<(), StorageError> {
        let mut fence = self.fence()?;
        fence.lower(epoch);
        let kept = self.keep_fence(&fence);
        self.forget_part();
        kept
    }

    fn delete(&self) -> Result<(), StorageError> {
        self.engine().opened.replace(None);
        self.engine().followers.replace(Followers::default());
        let deleted = self.host.disk.storage.delete("deleted");
        self.forget_part();
        deleted
    }

    /// A candidate goes on by itself, also after a crash.
    pub(super) fn set_alarm(self: &Rc<Self>, world: &Rc<World>) {
        if self.host.disk.storage.peek("promotion").is_none() {
            return;
        }
        let (primary, inside) = (Rc::clone(self), Rc::clone(world));
        world.clock.spawn(&world.always, async move {
            inside.clock.sleep(ALARM_MS).await;
            while primary.host.is_down(&inside) {
                inside.clock.sleep(ALARM_MS).await;
            }
            primary.run_candidate(&inside);
        });
    }
}

/// What the directory alone asks, and the objects that take part.
fn is_of_directory(message: &Message) -> bool {
    matches!(
        message.request,
        Request::Start(_) | Request::Fence(_) | Request::Lower(_) | Request::Delete
    )
}
