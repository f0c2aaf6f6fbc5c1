//! A replica's database, opened from the object's storage, and what it answers.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_util::lock::Mutex;
use isolite_core::{
    Answer as Learnt, Ask, CheckpointProgress, Constraint, Error, Position, Pushed, Replica,
    Storage, Store,
};

use super::Region;
use super::parts::Waiting;
use crate::content::Contents;
use crate::feed;
use crate::home::Home;
use crate::message::{Answer, GONE, Message, bookmark, position_of};
use crate::mutation::Mutation;
use crate::network::Object;
use crate::world::World;

/// What is in memory.
#[derive(Default)]
pub struct Engine {
    /// Whoever asks the primary holds it.
    pub turn: Mutex<()>,
    pub fills: Cell<bool>,
    pub waiting: Waiting,
    pub checkpoint_runs: Cell<bool>,
    pub asked: Cell<Asked>,
    opened: RefCell<Option<Replica<Store>>>,
    home: Cell<Option<Home>>,
}

/// The last question to the primary that was answered.
#[derive(Clone, Copy)]
pub struct Asked {
    pub sent_ms: f64,
    /// From there to its answer.
    pub trip_ms: f64,
}

impl Default for Asked {
    fn default() -> Self {
        Asked { sent_ms: f64::NEG_INFINITY, trip_ms: 0.0 }
    }
}

impl Engine {
    /// Takes down where the primary is, unless it is known to have moved on from there.
    pub fn live_at(&self, home: Home) {
        if self.home.get().is_none_or(|known| home.epoch >= known.epoch) {
            self.home.set(Some(home));
        }
    }

    /// Takes down where the primary has moved, if that is what it answered. False if this was known.
    pub fn follow(&self, answer: &Answer) -> bool {
        let known = self.home.get();
        let moved = answer.moved().filter(|to| known.is_some_and(|known| to.epoch > known.epoch));
        if moved.is_some() {
            self.home.set(moved);
        }
        moved.is_some()
    }

    pub fn home(&self) -> Option<Home> {
        self.home.get()
    }

    /// Lets go of everything: the database is gone, or the replica is.
    pub fn delete(&self, region: &Region) -> Answer {
        self.opened.replace(None);
        // Where its primary is, too, it is told anew.
        self.home.set(None);
        let forgotten = region.host.disk.storage.clear();
        Answer::status(if forgotten.is_ok() { GONE } else { 500 })
    }

    /// A position as it is told, or as a planted bug has it.
    pub fn taken(&self, world: &Rc<World>, region: &Region, told: Position) -> Position {
        let own = self.look(world, region, None, |replica| replica.position());
        match own.filter(|_| world.has(Mutation::HigherEpochIgnored)) {
            Some(own) => Position { epoch: own.epoch.min(told.epoch), ..told },
            None => told,
        }
    }

    /// Calls `use_it` with the replica, opened first if it is not open or has to be anew.
    pub fn with<T>(
        &self,
        world: &Rc<World>,
        region: &Region,
        use_it: impl FnOnce(&mut Replica<Store>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut slot = self.opened.borrow_mut();
        let mut opened = match slot.take().filter(|replica| !replica.pages().is_broken()) {
            Some(opened) => opened,
            None => self.open(world, region)?,
        };
        let snapshots = opened.snapshots();
        let used = use_it(&mut opened);
        // A broken one is opened anew, and then found out again.
        if !opened.pages().is_broken() && opened.heal().unwrap_or(false) {
            world.trace(|| format!("replica {} is damaged", region.region));
        }
        region.snapshots.set(region.snapshots.get() + u64::from(opened.snapshots() - snapshots));
        if opened.pages().is_broken() {
            world.broke(Object::Replica(region.region));
        } else {
            *slot = Some(opened);
        }
        used
    }

    fn open(&self, world: &Rc<World>, region: &Region) -> Result<Replica<Store>, Error> {
        let storage = Box::new(region.host.disk.storage.clone());
        let store = Store::open_replica(storage, world.plan.cache_pages)?;
        world.trace(|| format!("replica {} opens at {}", region.region, store.position()));
        Ok(Replica::new(store))
    }

    /// As `with`, for what has an answer even without a database.
    fn look<T>(
        &self,
        world: &Rc<World>,
        region: &Region,
        otherwise: T,
        look: impl FnOnce(&mut Replica<Store>) -> T,
    ) -> T {
        match self.with(world, region, |opened| Ok(look(opened))) {
            Ok(found) => found,
            Err(error) => {
                world.trace(|| format!("replica {} does not open: {error}", region.region));
                otherwise
            }
        }
    }

    pub fn is_whole(&self, world: &Rc<World>, region: &Region) -> bool {
        self.look(world, region, false, |replica| replica.position().is_some())
    }

    pub fn is_behind(&self, world: &Rc<World>, region: &Region) -> bool {
        self.look(world, region, false, |replica| replica.is_behind())
    }

    /// The first page of the part of a snapshot that comes next; None of a whole database.
    pub fn next_part(&self, world: &Rc<World>, region: &Region) -> Option<u32> {
        self.look(world, region, None, |replica| match replica.ask() {
            Ask::Pages { first } => Some(first),
            Ask::Commits { .. } => None,
        })
    }

    /// Whether a push came that continues one which is still to come.
    pub fn is_ahead(&self, world: &Rc<World>, region: &Region) -> bool {
        self.look(world, region, false, |replica| replica.is_ahead())
    }

    pub fn snapshots(&self, world: &Rc<World>, region: &Region) -> u32 {
        self.look(world, region, 0, |replica| replica.snapshots())
    }

    pub fn allows(&self, world: &Rc<World>, region: &Region, constraint: &Constraint) -> bool {
        let now_ms = region.host.now_ms(world);
        let constraint = match constraint {
            Constraint::Replica { least, .. } if world.has(Mutation::RegionStalenessIgnored) => {
                Constraint::Replica { least: *least, age_ms_max: f64::INFINITY }
            }
            constraint => *constraint,
        };
        self.look(world, region, false, |replica| replica.allows(&constraint, now_ms))
    }

    /// The answer to a read that the constraint allows now.
    pub fn read(
        &self,
        world: &Rc<World>,
        region: &Region,
        constraint: &Constraint,
        have: Option<&str>,
    ) -> Option<Answer> {
        if !self.allows(world, region, constraint) {
            return None;
        }
        let contents =
            self.look(world, region, None, |replica| feed::contents_of(replica.pages_mut()).ok())?;
        Some(self.placed(world, region, Some(contents), |store| {
            let have = position_of(have)?;
            let bytes_max = world.plan.answer_commits_bytes_max;
            feed::commits_since(world, store, have, bytes_max).ok().flatten()
        }))
    }

    /// The answer to an isolate that follows; None if there is nothing whole to follow.
    pub fn feed(&self, world: &Rc<World>, region: &Region, message: &Message) -> Option<Answer> {
        self.is_whole(world, region).then(|| {
            self.placed(world, region, None, |store| {
                let have = position_of(message.have.as_deref());
                feed::answer(world, &message.request, store, have).ok().flatten()
            })
        })
    }

    /// An answer with where the replica stands, and since when.
    fn placed(
        &self,
        world: &Rc<World>,
        region: &Region,
        contents: Option<Contents>,
        commits: impl FnOnce(&mut Store) -> Option<Vec<u8>>,
    ) -> Answer {
        let mut answer = Answer { contents, ..Answer::status(200) };
        let now_ms = region.host.now_ms(world);
        self.look(world, region, (), |replica| {
            let Some(position) = replica.position() else { return };
            answer.commits = commits(replica.pages_mut());
            answer.at = Some(position);
            answer.bookmark = Some(bookmark(position));
            let confirmed_ms = replica.standing().map_or(0.0, |standing| standing.confirmed_ms);
            answer.age_ms = (now_ms - confirmed_ms).clamp(0.0, f64::from(u32::MAX));
        });
        answer
    }

    /// Takes in what the primary pushes. The error is the status where it cannot be.
    pub fn push(
        &self,
        world: &Rc<World>,
        region: &Region,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<Pushed, u16> {
        let now_ms = region.host.now_ms(world);
        let primary = self.taken(world, region, primary);
        let taken = self.with(world, region, |replica| {
            let taken = replica.pushed(primary, ltx);
            if world.has(Mutation::PushConfirmsAge) && taken.is_ok() {
                replica.learn(&Learnt { sent_ms: now_ms, primary, ltx: None })?;
            }
            Ok(taken)
        });
        world.trace(|| format!("replica {} is pushed {primary}: {taken:?}", region.region));
        match taken {
            Ok(Ok(taken)) => Ok(taken),
            Ok(Err(_)) => Err(409),
            Err(_) => Err(500),
        }
    }

    /// Where it stands, to the primary that pushes.
    pub fn stands(&self, world: &Rc<World>, region: &Region) -> Answer {
        match self.look(world, region, None, |replica| replica.position()) {
            Some(position) => Answer { bookmark: Some(bookmark(position)), ..Answer::status(200) },
            // It asks by itself.
            None => Answer::status(409),
        }
    }

    pub fn checkpoint_is_due(&self, world: &Rc<World>, region: &Region) -> bool {
        let policy = &world.plan.checkpoint;
        self.look(world, region, false, |replica| replica.pages().checkpoint_is_due(policy))
    }

    pub fn checkpoint_step(
        &self,
        world: &Rc<World>,
        region: &Region,
    ) -> Result<CheckpointProgress, Error> {
        let policy = &world.plan.checkpoint;
        self.with(world, region, |replica| replica.pages_mut().checkpoint_step(policy))
    }

    /// Where it stands and what it holds, if it is whole.
    pub fn held(&self, world: &Rc<World>, region: &Region) -> Option<(Position, Contents)> {
        self.look(world, region, None, |replica| {
            let position = replica.position()?;
            Some((position, feed::contents_of(replica.pages_mut()).ok()?))
        })
    }
}
