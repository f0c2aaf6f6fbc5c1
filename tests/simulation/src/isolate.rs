//! The memory of an isolate, as `src/embedded_replicas.rs` keeps it: one replica, and what is
//! remembered once it was let go.

mod pages;

use std::cell::{Cell, RefCell};

use isolite_core::{Answer as Learnt, Ask, Constraint, Position, Progress, Replica};

use crate::clock::{BEGIN_MS, Life};
use crate::content::Contents;
use crate::home::Home;
use crate::message::{Request, TAG, bookmark};
use crate::mutation::Mutation;
use crate::network::Object;
use crate::plan::{ASKED_MS_MAX, BEHIND_DELAY_MS, RETRY_DELAY_MS};
use crate::world::World;
use pages::Pages;

pub struct Isolate {
    number: usize,
    pub region: usize,
    skew_ms: f64,
    life: RefCell<Life>,
    /// None while nothing is remembered of the database.
    entry: RefCell<Option<Entry>>,
    /// Entries there have been.
    entries: Cell<u64>,
    /// Where the primary is, as far as is known here.
    home: Cell<Option<Home>>,
}

#[derive(Default)]
struct Entry {
    /// Its number in this isolate: another one remembers nothing of what was read by this.
    number: u64,
    replica: Option<Replica<Pages>>,
    /// Kept of a replica that was let go: none after it may answer from before.
    newest: Option<Position>,
    /// What was asked in the background, and until when nobody else is to ask.
    asked: Option<Ask>,
    asked_until_ms: f64,
}

/// An answer to learn from.
pub struct Told<'a> {
    /// When the question was sent, less the age of what answered it.
    pub sent_ms: f64,
    pub position: Position,
    pub ltx: Option<&'a [u8]>,
}

impl Isolate {
    pub fn new(number: usize, region: usize, skew_ms: f64) -> Isolate {
        let life = RefCell::new(Life::begin());
        let (entry, entries, home) = (RefCell::default(), Cell::new(0), Cell::default());
        Isolate { number, region, skew_ms, life, entry, entries, home }
    }

    pub fn now_ms(&self, world: &World) -> f64 {
        BEGIN_MS + world.clock.now_ms() as f64 + self.skew_ms
    }

    pub fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    pub fn crash(&self, world: &World) {
        let life = self.life.replace(Life::begin());
        world.clock.end(&life);
        self.entry.replace(None);
        self.forget_home();
    }

    /// The region's replica, where the primary is not as near.
    pub fn near(&self, home: Home) -> Option<Object> {
        (home.region != self.region).then_some(Object::Replica(self.region))
    }

    pub fn home(&self) -> Option<Home> {
        self.home.get()
    }

    /// The directory has said where the primary is, if nobody has said since that it has moved on.
    pub fn live_at(&self, home: Home) {
        if self.home.get().is_none_or(|known| home.epoch >= known.epoch) {
            self.home.set(Some(home));
        }
    }

    /// The primary that was asked has moved there; if that is nothing new, the directory is to be asked.
    pub fn follow(&self, asked: Home, to: Home) {
        self.home.set((to.epoch > asked.epoch).then_some(to));
    }

    pub fn forget_home(&self) {
        self.home.set(None);
    }

    fn entry<T>(&self, use_it: impl FnOnce(&mut Entry) -> T) -> T {
        let mut slot = self.entry.borrow_mut();
        use_it(slot.get_or_insert_with(|| {
            self.entries.set(self.entries.get() + 1);
            Entry { number: self.entries.get(), ..Entry::default() }
        }))
    }

    fn known<T>(&self, use_it: impl FnOnce(&mut Entry) -> Option<T>) -> Option<T> {
        self.entry.borrow_mut().as_mut().and_then(use_it)
    }

    /// The number of what is remembered now; 0 if nothing is.
    pub fn memory(&self) -> u64 {
        self.known(|entry| Some(entry.number)).unwrap_or(0)
    }

    /// The answer to a read, if this isolate may give it, and where from.
    pub fn read(
        &self,
        world: &World,
        session: Option<&str>,
        seen: Option<&str>,
        age_ms_max: f64,
    ) -> Option<(Contents, Position)> {
        let now_ms = self.now_ms(world);
        self.known(|entry| {
            let replica = entry.replica.as_mut()?;
            let constraint = Constraint::of(session, seen, Some(age_ms_max), TAG).ok()?;
            let constraint = match world.loosened(constraint) {
                Constraint::Replica { least, .. } if world.has(Mutation::StalenessIgnored) => {
                    Constraint::Replica { least, age_ms_max: f64::INFINITY }
                }
                constraint => constraint,
            };
            if !replica.allows(&constraint, now_ms) {
                return None;
            }
            Some((replica.pages().contents()?, replica.position()?))
        })
    }

    /// The bookmark of the replica, if there is a whole one; of a snapshot whose parts are all
    /// there that of the first, since when its pages have changed.
    pub fn have(&self, world: &World) -> Option<String> {
        self.known(|entry| {
            let replica = entry.replica.as_ref()?;
            if world.has(Mutation::SnapshotStartForgotten) {
                return Some(bookmark(replica.position()?));
            }
            match replica.ask() {
                Ask::Commits { since } => Some(bookmark(since)),
                Ask::Pages { .. } => None,
            }
        })
    }

    /// The newest bookmark that this isolate knows of.
    pub fn newest(&self) -> Option<String> {
        self.known(|entry| {
            entry.replica.as_ref().map(Replica::newest).or(entry.newest).map(bookmark)
        })
    }

    /// The question to ask, by one request of all.
    pub fn want(&self, world: &World, refresh_ms: f64) -> Option<Request> {
        let now_ms = self.now_ms(world);
        self.entry(|entry| {
            if now_ms < entry.asked_until_ms {
                return None;
            }
            let replica = match &mut entry.replica {
                Some(replica) => replica,
                slot => slot.insert(Replica::new(Pages::of(world)).not_before(entry.newest)),
            };
            let fresh = replica.standing().is_some_and(|it| now_ms - it.confirmed_ms <= refresh_ms);
            if fresh && !replica.is_behind() {
                return None;
            }
            let ask = replica.ask();
            entry.asked = Some(ask);
            entry.asked_until_ms = now_ms + ASKED_MS_MAX;
            Some(question(world, ask))
        })
    }

    /// What was wanted was answered, or was not. Returns the question to ask next, if there is one.
    pub fn settle(&self, world: &World, told: Option<Told<'_>>) -> Option<Request> {
        let now_ms = self.now_ms(world);
        self.entry(|entry| {
            let next = match (entry.asked.take(), told) {
                (Some(asked), Some(told)) => entry.answered(world, asked, &told),
                _ => Err("no answer came".to_owned()),
            };
            world.trace(|| format!("isolate {} settles: {next:?}", self.number));
            match next {
                Ok(Some(ask)) => {
                    entry.asked = Some(ask);
                    entry.asked_until_ms = now_ms + ASKED_MS_MAX;
                }
                Ok(None) if entry.is_behind() => entry.asked_until_ms = now_ms + BEHIND_DELAY_MS,
                Ok(None) => entry.asked_until_ms = 0.0,
                Err(_) if entry.is_whole() => entry.asked_until_ms = now_ms + 1_000.0,
                Err(_) => {
                    entry.let_go(world);
                    entry.asked_until_ms = now_ms + RETRY_DELAY_MS;
                }
            }
            entry.keep_to_budget(world, now_ms);
            next.ok().flatten().map(|ask| question(world, ask))
        })
    }

    /// Takes in what came along with an answer.
    pub fn learn(&self, world: &World, told: &Told<'_>) {
        let now_ms = self.now_ms(world);
        self.known(|entry| {
            let learnt = entry.learn(world, told);
            world
                .trace(|| format!("isolate {} learns of {}: {learnt}", self.number, told.position));
            entry.keep_to_budget(world, now_ms);
            Some(())
        });
    }

    /// Memory is wanted for other databases.
    pub fn let_go(&self, world: &World) {
        self.known(|entry| {
            entry.let_go(world);
            Some(())
        });
    }

    /// What came is damaged, so that the replica begins anew.
    pub fn spoil(&self, world: &World) {
        self.known(|entry| {
            let position = entry.replica.as_ref()?.newest();
            let sent_ms = f64::NEG_INFINITY;
            entry.learn(world, &Told { sent_ms, position, ltx: Some(b"damaged") });
            Some(())
        });
    }

    /// So many others were used since that nothing is remembered.
    pub fn forget(&self) {
        self.entry.replace(None);
    }

    /// Where it stands and what it holds, if it is whole.
    pub fn held(&self) -> Option<(Position, Contents)> {
        self.known(|entry| {
            let replica = entry.replica.as_ref()?;
            Some((replica.position()?, replica.pages().contents()?))
        })
    }
}

fn question(world: &World, ask: Ask) -> Request {
    let size_pages_max = world.plan.embedded_pages_max;
    match ask {
        Ask::Pages { first } => Request::Pages { first, size_pages_max },
        Ask::Commits { .. } => Request::Commits,
    }
}

impl Entry {
    fn answered(
        &mut self,
        world: &World,
        asked: Ask,
        told: &Told<'_>,
    ) -> Result<Option<Ask>, String> {
        let replica = self.replica.as_mut().ok_or("it was let go")?;
        let Told { sent_ms, position, ltx } = *told;
        let answer = Learnt { sent_ms, primary: position, ltx };
        let snapshots = replica.snapshots();
        let progress = replica.answered(asked, answer);
        if world.has(Mutation::OlderSnapshotAccepted) && replica.snapshots() != snapshots {
            *replica = Replica::new(Pages::of(world));
        }
        match progress {
            Ok(Progress::Done) => Ok(None),
            Ok(Progress::More) => Ok(Some(replica.ask())),
            // What was there is read anew; what never was there is left alone for a while.
            Err(_) if !matches!(asked, Ask::Pages { .. }) => Ok(Some(replica.ask())),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Says what came of it, for the trace.
    fn learn(&mut self, world: &World, told: &Told<'_>) -> String {
        let Some(replica) = &mut self.replica else { return "it keeps nothing".to_owned() };
        let Told { sent_ms, position, ltx } = *told;
        let snapshots = replica.snapshots();
        let learnt = replica.learn(&Learnt { sent_ms, primary: position, ltx });
        if world.has(Mutation::OlderSnapshotAccepted) && replica.snapshots() != snapshots {
            *replica = Replica::new(Pages::of(world));
        }
        match (learnt, replica.position()) {
            (Ok(()), Some(position)) => format!("it is at {position}"),
            (Ok(()), None) => "it is not whole".to_owned(),
            (Err(error), _) => error.to_string(),
        }
    }

    fn is_whole(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.position().is_some())
    }

    fn is_behind(&self) -> bool {
        self.replica.as_ref().is_some_and(Replica::is_behind)
    }

    fn let_go(&mut self, world: &World) {
        if let Some(replica) = self.replica.take() {
            self.newest = (!world.has(Mutation::LetGoForgets)).then(|| replica.newest());
        }
    }

    fn keep_to_budget(&mut self, world: &World, now_ms: f64) {
        let pages = self.replica.as_ref().map_or(0, |replica| replica.pages().size_pages());
        if pages > world.plan.embedded_pages_max {
            self.let_go(world);
            self.asked_until_ms = now_ms + RETRY_DELAY_MS;
        }
    }
}
