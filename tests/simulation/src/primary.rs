//! An object of a primary, as `src/primary.rs` drives it: the store of core, the replicas that follow,
//! and its part in promotions.

mod following;
mod promotion;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use isolite_core::{Bookmark, Changes, CheckpointProgress, Error, Followers, Store, blank_page};

use crate::content::{Write, fill};
use crate::feed;
use crate::home::Home;
use crate::host::Host;
use crate::message::{Answer, GONE, Message, Request, TAG, bookmark, place, position_of};
use crate::mutation::Mutation;
use crate::network::Object;
use crate::world::World;
use promotion::Promotion;

pub struct Primary {
    /// Its own: what its name and its place are.
    pub home: Home,
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
    promotion: Promotion,
}

impl Primary {
    pub fn new(home: Home, skew_ms: f64) -> Rc<Primary> {
        let (host, engine, rows) = (Host::new(skew_ms), RefCell::default(), RefCell::default());
        Rc::new(Primary { home, host, engine, rows })
    }

    /// Starts anew; of what was not durable so many writes are kept.
    pub fn crash(self: &Rc<Self>, world: &Rc<World>, kept: usize) {
        self.host.crash(world, kept);
        self.engine.replace(Rc::default());
        self.set_alarm(world);
    }

    fn engine(&self) -> Rc<Engine> {
        Rc::clone(&self.engine.borrow())
    }

    fn with<T>(
        &self,
        world: &Rc<World>,
        use_it: impl FnOnce(&mut Store) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.engine().with(world, self, use_it)
    }
}

/// Runs to its end at once, as nothing is awaited from the call to the answer, but by who may not be
/// the primary.
pub async fn answer(world: &Rc<World>, primary: &Rc<Primary>, message: &Message) -> Answer {
    primary.wait(world, message).await;
    if let Some(answer) = primary.at_door(world, message) {
        return answer;
    }
    let answer = match &message.request {
        Request::Write(write) => query(world, primary, message, Some(write)),
        Request::Read => query(world, primary, message, None),
        Request::Commits | Request::Pages { .. } => feed(world, primary, message),
        Request::Settings => Answer::status(200),
        Request::Start(_) | Request::Fence(_) | Request::Lower(_) | Request::Delete => {
            primary.promotion(world, message)
        }
        Request::Push(_) | Request::Directory(_) => Answer::status(GONE),
    };
    work_in_background(world, primary);
    answer
}

fn query(
    world: &Rc<World>,
    primary: &Primary,
    message: &Message,
    write: Option<&Rc<Write>>,
) -> Answer {
    let have = position_of(message.have.as_deref());
    let done = primary.with(world, |store| {
        if is_of_the_future(message, store) {
            return Ok(None);
        }
        let contents = match write {
            Some(write) => commit(world, primary, store, write).map(|()| None)?,
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
    Answer { contents, at: Some(at), bookmark, commits, ..Answer::status(200) }
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

fn commit(
    world: &World,
    primary: &Primary,
    store: &mut Store,
    write: &Rc<Write>,
) -> Result<(), Error> {
    let epoch = primary.home.epoch;
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
            world.trace(|| format!("primary {epoch} commits {} as {}", write.id, commit.after));
            checker.committed(epoch, Some(write), place(commit.after));
            Ok(())
        }
        Err(error) => {
            world.trace(|| format!("primary {epoch} cannot commit {}: {error}", write.id));
            checker.failed(epoch, Some(write));
            let ignored = world.has(Mutation::StorageErrorIgnored);
            if ignored { Ok(()) } else { Err(error) }
        }
    }
}

fn feed(world: &Rc<World>, primary: &Primary, message: &Message) -> Answer {
    let have = position_of(message.have.as_deref());
    let fed = primary.with(world, |store| {
        Ok((feed::answer(world, &message.request, store, have)?, store.position()))
    });
    let Ok((commits, at)) = fed else { return Answer::status(500) };
    if let (Some(region), Request::Commits) = (message.follow, &message.request) {
        // The answer brings it there.
        let there = if commits.is_some() { Some(at) } else { have };
        primary.subscribe(world, region, there);
    }
    let bookmark = Some(bookmark(at));
    Answer { at: Some(at), bookmark, commits, ..Answer::status(200) }
}

fn work_in_background(world: &Rc<World>, primary: &Rc<Primary>) {
    let (engine, life) = (primary.engine(), primary.host.life());
    let due = engine
        .opened
        .borrow()
        .as_ref()
        .is_some_and(|store| store.checkpoint_is_due(&world.plan.checkpoint));
    if due && !engine.checkpoint_runs.replace(true) {
        let task = checkpoint(Rc::clone(world), Rc::clone(primary), Rc::clone(&engine));
        world.clock.spawn(&life, task);
    }
    for parcel in primary.pushes_due(world) {
        let pushing =
            following::push(Rc::clone(world), Rc::clone(primary), Rc::clone(&engine), parcel);
        world.clock.spawn(&life, pushing);
    }
}

async fn checkpoint(world: Rc<World>, primary: Rc<Primary>, engine: Rc<Engine>) {
    loop {
        world.clock.sleep(world.random.below(5)).await;
        let policy = &world.plan.checkpoint;
        let step = engine.with(&world, &primary, |store| store.checkpoint_step(policy));
        primary.host.disk.write_back(&world);
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
        primary: &Primary,
        use_it: impl FnOnce(&mut Store) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut slot = self.opened.borrow_mut();
        let mut opened = match slot.take().filter(|store| !store.is_broken()) {
            Some(store) => store,
            None => self.open(world, primary)?,
        };
        let used = use_it(&mut opened);
        if opened.is_broken() {
            world.broke(Object::Primary(primary.home));
        } else {
            *slot = Some(opened);
        }
        used
    }

    fn open(&self, world: &Rc<World>, primary: &Primary) -> Result<Store, Error> {
        let epoch = primary.home.epoch;
        primary.may_open(world)?;
        let storage = primary.host.disk.storage.clone();
        let mut store = Store::open(Box::new(storage.clone()), world.plan.cache_pages)?;
        let found = store.position();
        world.trace(|| format!("primary {epoch} opens at {found}"));
        world.checker.borrow_mut().opened(epoch, place(found));
        if storage.kept("epoch")?.is_some() && !world.has(Mutation::EpochNotRaised) {
            begin_epoch(world, &mut store, epoch)?;
        }
        primary.load_followers(&self.followers);
        Ok(store)
    }
}

fn begin_epoch(world: &World, store: &mut Store, epoch: u32) -> Result<(), Error> {
    let found = store.position();
    let begun = store.begin_epoch(epoch, world.clock.now_ms() as i64);
    let (began, mut checker) = (store.position(), world.checker.borrow_mut());
    match begun {
        Ok(()) if began.txid > found.txid => checker.committed(epoch, None, place(began)),
        Ok(()) => {}
        Err(_) => checker.failed(epoch, None),
    }
    begun
}
