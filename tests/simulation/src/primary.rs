//! The primary, as `src/primary.rs` drives it: the store of core, and the replicas that follow.

mod following;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use isolite_core::{Bookmark, Changes, CheckpointProgress, Error, Followers, Store, blank_page};

use crate::content::{Write, fill};
use crate::feed;
use crate::host::Host;
use crate::message::{Answer, Message, Request, TAG, bookmark, place, position_of};
use crate::mutation::Mutation;
use crate::network::Object;
use crate::world::World;

pub struct Primary {
    pub host: Host,
    engine: RefCell<Rc<Engine>>,
    /// The table of its followers: by region, until when each is pushed to.
    rows: RefCell<BTreeMap<usize, f64>>,
}

/// What is in memory.
#[derive(Default)]
struct Engine {
    opened: RefCell<Option<Store>>,
    followers: RefCell<Followers>,
    checkpoint_runs: Cell<bool>,
    /// Pushes that have no answer yet.
    on_their_way: Cell<u32>,
}

impl Primary {
    pub fn new(skew_ms: f64) -> Primary {
        Primary { host: Host::new(skew_ms), engine: RefCell::default(), rows: RefCell::default() }
    }

    /// Starts anew; of what was not durable so many writes are kept.
    pub fn crash(&self, world: &World, kept: usize) {
        self.host.crash(world, kept);
        self.engine.replace(Rc::default());
    }

    fn engine(&self) -> Rc<Engine> {
        Rc::clone(&self.engine.borrow())
    }
}

/// Runs to its end at once, as nothing is awaited from the call to the answer.
pub fn answer(world: &Rc<World>, message: &Message) -> Answer {
    let answer = match &message.request {
        Request::Write(write) => query(world, message, Some(write)),
        Request::Read => query(world, message, None),
        Request::Commits | Request::Pages { .. } => feed(world, message),
        Request::Push(_) => Answer::status(404),
    };
    work_in_background(world);
    answer
}

fn query(world: &Rc<World>, message: &Message, write: Option<&Rc<Write>>) -> Answer {
    let have = position_of(message.have.as_deref());
    let done = world.primary.engine().with(world, |store| {
        if is_of_the_future(message, store) {
            return Ok(None);
        }
        let contents = match write {
            Some(write) => commit(world, store, write).map(|()| None)?,
            None => Some(feed::contents_of(store)?),
        };
        // The request is done, whatever comes of this.
        let commits = have.and_then(|have| {
            let bytes_max = world.plan.answer_commits_bytes_max;
            feed::commits_since(world, store, have, bytes_max).unwrap_or(None)
        });
        Ok(Some((contents, store.position(), commits)))
    });
    let Ok(done) = done else { return Answer::status(500) };
    let Some((contents, at, commits)) = done else { return Answer::status(400) };
    let wanted = message.session.is_some() || message.have.is_some();
    let bookmark = wanted.then(|| bookmark(at));
    Answer { status: 200, contents, at: Some(at), bookmark, commits, age_ms: 0.0 }
}

/// Whether the session has a bookmark that the primary has not reached.
fn is_of_the_future(message: &Message, store: &Store) -> bool {
    let seen = message.session.as_deref().map(|session| Bookmark::of_session(session, TAG));
    match seen {
        Some(Ok(Some(seen))) => !store.position().is_at_least(&seen),
        Some(Err(_)) => true,
        _ => false,
    }
}

fn commit(world: &World, store: &mut Store, write: &Rc<Write>) -> Result<(), Error> {
    let mut changes = Changes { size_pages: write.size_pages, ..Changes::default() };
    for number in &write.pages {
        let mut page = blank_page();
        fill(&mut *page, write.word(*number));
        changes.pages.insert(*number, page);
    }
    let time_ms = world.clock.now_ms() as i64;
    let committed = store.commit(changes, time_ms);
    let mut checker = world.checker.borrow_mut();
    match committed {
        Ok(commit) => {
            world.trace(|| format!("primary commits {} as {}", write.id, commit.after));
            checker.committed(write, place(commit.after));
            Ok(())
        }
        Err(error) => {
            world.trace(|| format!("primary cannot commit {}: {error}", write.id));
            checker.failed(write);
            let ignored = world.has(Mutation::StorageErrorIgnored);
            if ignored { Ok(()) } else { Err(error) }
        }
    }
}

fn feed(world: &Rc<World>, message: &Message) -> Answer {
    let have = position_of(message.have.as_deref());
    let engine = world.primary.engine();
    let fed = engine.with(world, |store| {
        Ok((feed::answer(world, &message.request, store, have)?, store.position()))
    });
    let Ok((commits, at)) = fed else { return Answer::status(500) };
    if let (Some(region), Request::Commits) = (message.follow, &message.request) {
        // The answer brings it there.
        let there = if commits.is_some() { Some(at) } else { have };
        world.primary.subscribe(world, region, there);
    }
    let bookmark = Some(bookmark(at));
    Answer { status: 200, contents: None, at: Some(at), bookmark, commits, age_ms: 0.0 }
}

fn work_in_background(world: &Rc<World>) {
    let (engine, life) = (world.primary.engine(), world.primary.host.life());
    let due = engine
        .opened
        .borrow()
        .as_ref()
        .is_some_and(|store| store.checkpoint_is_due(&world.plan.checkpoint));
    if due && !engine.checkpoint_runs.replace(true) {
        world.clock.spawn(&life, checkpoint(Rc::clone(world), Rc::clone(&engine)));
    }
    for parcel in world.primary.pushes_due(world) {
        let pushing = following::push(Rc::clone(world), Rc::clone(&engine), parcel);
        world.clock.spawn(&life, pushing);
    }
}

async fn checkpoint(world: Rc<World>, engine: Rc<Engine>) {
    loop {
        world.clock.sleep(world.random.below(5)).await;
        let step = engine.with(&world, |store| store.checkpoint_step(&world.plan.checkpoint));
        world.primary.host.disk.write_back(&world);
        if !matches!(step, Ok(CheckpointProgress::More)) {
            break;
        }
    }
    engine.checkpoint_runs.set(false);
}

impl Engine {
    /// Calls `use_it` with the store, opened first if it is not open or has to be anew.
    fn with<T>(
        &self,
        world: &Rc<World>,
        use_it: impl FnOnce(&mut Store) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut slot = self.opened.borrow_mut();
        let mut opened = match slot.take().filter(|store| !store.is_broken()) {
            Some(store) => store,
            None => self.open(world)?,
        };
        let used = use_it(&mut opened);
        if opened.is_broken() {
            world.broke(Object::Primary);
        } else {
            *slot = Some(opened);
        }
        used
    }

    fn open(&self, world: &World) -> Result<Store, Error> {
        let primary = &world.primary;
        let storage = Box::new(primary.host.disk.storage.clone());
        let store = Store::open(storage, world.plan.cache_pages)?;
        world.trace(|| format!("primary opens at {}", store.position()));
        world.checker.borrow_mut().opened(place(store.position()));
        primary.load_followers(&self.followers);
        Ok(store)
    }
}
