//! The work of an object that is to be the primary, as `src/primary/promotion/candidate.rs` does it:
//! core's [`Candidate`] says what is next.

use std::rc::Rc;

use isolite_core::promotion::{Candidate, Fenced, Step};
use isolite_core::{Answer as Learnt, Ask, Error, Position, StorageError, Store};
use serde::{Deserialize, Serialize};

use super::Part;
use crate::message::{Answer, GONE, Message, New, Question, Request, Says, bookmark, position_of};
use crate::mutation::Mutation;
use crate::network::{self, Object};
use crate::plan::{GIVE_UP_MS, PAUSE_MS_MAX, PAUSE_MS_MIN, QUESTION_MS_MAX};
use crate::primary::Primary;
use crate::world::World;

/// As it is kept in the object's storage.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    new: New,
    /// It has all that was committed.
    ended: Option<Ended>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Ended {
    at: Position,
    replicas: Vec<usize>,
}

/// Why a step came to nothing.
#[derive(Debug)]
enum Stop {
    /// It is tried again.
    Failed,
    /// It never will be the primary.
    GivenUp,
}

impl From<Error> for Stop {
    fn from(_: Error) -> Stop {
        Stop::Failed
    }
}

impl From<StorageError> for Stop {
    fn from(_: StorageError) -> Stop {
        Stop::Failed
    }
}

impl Primary {
    /// Begins, unless it has. The answer tells whether it was begun, or is over.
    pub(super) fn be_candidate(&self, world: &Rc<World>, new: New) -> Result<Answer, StorageError> {
        if self.part(world)? == Part::Nobody && self.host.disk.storage.kept("fence")?.is_none() {
            self.keep_candidate(&Kept { new, ended: None })?;
            self.forget_part();
        }
        Ok(match self.part(world)? {
            Part::Deleted => Answer::status(GONE),
            Part::Nobody => Answer::says(Says::Promoting(false)),
            _ => Answer::says(Says::Promoting(true)),
        })
    }

    fn keep_candidate(&self, kept: &Kept) -> Result<(), StorageError> {
        self.host.disk.storage.keep(&[("promotion", serde_json::to_vec(kept).ok())])
    }

    /// Goes on with what an object has to do that is to be the primary.
    pub(super) fn run_candidate(self: &Rc<Self>, world: &Rc<World>) {
        let engine = self.engine();
        let is_candidate = self.part(world) == Ok(Part::Candidate);
        if is_candidate && !engine.promotion.runs.replace(true) {
            let (inside, primary) = (Rc::clone(world), Rc::clone(self));
            world.clock.spawn(&self.host.life(), async move {
                run(&inside, &primary).await;
                engine.promotion.runs.set(false);
            });
        }
    }

    /// Is the primary from now on.
    fn be_primary(&self, ended: &Ended) -> Result<(), StorageError> {
        let became = self
            .host
            .disk
            .storage
            .keep(&[("epoch", Some(self.home.epoch.to_be_bytes().to_vec())), ("promotion", None)]);
        self.inherit_replicas(&ended.replicas);
        self.forget_part();
        self.engine().promotion.is_sure.set(true);
        became
    }
}

/// What it has in memory.
struct Run<'a> {
    world: &'a Rc<World>,
    primary: &'a Primary,
    new: New,
    candidate: Candidate<Store>,
    ended: Option<Ended>,
    fenced: bool,
}

async fn run(world: &Rc<World>, primary: &Primary) {
    let mut run = None;
    let mut pause_ms = PAUSE_MS_MIN;
    let mut progress_ms = world.clock.now_ms();
    while primary.part(world) == Ok(Part::Candidate) {
        if run.is_none() {
            run = Run::begin(world, primary).ok();
        }
        let stepped = match &mut run {
            Some(run) => run.step().await,
            None => Err(Stop::Failed),
        };
        let Err(stop) = stepped else {
            (pause_ms, progress_ms) = (PAUSE_MS_MIN, world.clock.now_ms());
            continue;
        };
        world.trace(|| format!("candidate {} waits: {stop:?}", primary.home.epoch));
        let fenced = run.as_ref().is_some_and(|run| run.fenced);
        let late = !fenced && world.clock.now_ms() - progress_ms > GIVE_UP_MS;
        // What is in memory may be the reason.
        let begun = run.take().is_some();
        if begun && (late || matches!(stop, Stop::GivenUp)) && give_up(world, primary).await {
            return;
        }
        world.clock.sleep(pause_ms).await;
        pause_ms = (pause_ms * 2).min(PAUSE_MS_MAX);
    }
}

/// Asks the directory to give the promotion up. False if it cannot be, or is not known to be.
async fn give_up(world: &Rc<World>, primary: &Primary) -> bool {
    let question = Question::Abandon { epoch: Some(primary.home.epoch) };
    let answer = ask_directory(world, primary, question).await;
    let over = matches!(answer.and_then(|it| it.says), Some(Says::Promoting(false)));
    if over {
        // The directory tells it again as long as it has not heard of it.
        primary.delete().unwrap_or_default();
    }
    over
}

async fn ask_directory(world: &Rc<World>, primary: &Primary, question: Question) -> Option<Answer> {
    primary.host.disk.gate(world).await;
    let message = Message::new(Request::Directory(question));
    network::call(world, primary.home.region, Object::Directory, message, QUESTION_MS_MAX).await
}

impl<'a> Run<'a> {
    fn begin(world: &'a Rc<World>, primary: &'a Primary) -> Result<Run<'a>, Stop> {
        let storage = &primary.host.disk.storage;
        let kept = storage.kept("promotion")?;
        let kept = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let Kept { new, ended } = kept.ok_or(Stop::Failed)?;
        let store = Store::open_replica(Box::new(storage.clone()), world.plan.cache_pages)?;
        let candidate = Candidate::new(store);
        let candidate = match &ended {
            Some(ended) => candidate.ended_at(ended.at),
            None => candidate,
        };
        Ok(Run { world, primary, new, candidate, ended, fenced: false })
    }

    async fn step(&mut self) -> Result<(), Stop> {
        let next = self.candidate.next();
        self.world.trace(|| format!("candidate {}: {next:?}", self.primary.home.epoch));
        match next {
            Step::Follow(ask) => self.follow(ask).await,
            Step::Fence { .. } if self.new.from_replica.is_some() => {
                self.candidate.take_over();
                Ok(())
            }
            Step::Fence { have } => self.fence(have).await,
            Step::Register { at } => self.register(at).await,
        }
    }

    async fn follow(&mut self, ask: Ask) -> Result<(), Stop> {
        let (request, since) = match ask {
            Ask::Pages { first } => (Request::Pages { first, size_pages_max: u32::MAX }, None),
            Ask::Commits { since } => (Request::Commits, Some(since)),
        };
        let sent_ms = self.primary.host.now_ms(self.world);
        let answer = self.ask(request, since).await?;
        let primary = position_of(answer.bookmark.as_deref()).ok_or(Stop::Failed)?;
        let learnt = Learnt { sent_ms, primary, ltx: answer.commits.as_deref() };
        self.candidate.followed(ask, learnt)?;
        self.candidate.pages_mut().checkpoint_step(&self.world.plan.checkpoint)?;
        Ok(())
    }

    async fn fence(&mut self, have: Position) -> Result<(), Stop> {
        let answer = self.ask(Request::Fence(self.new.home), Some(have)).await?;
        self.fenced = true;
        let last = position_of(answer.bookmark.as_deref()).ok_or(Stop::Failed)?;
        let Some(Says::Inherits(replicas)) = answer.says else { return Err(Stop::Failed) };
        self.ended = Some(Ended { at: last, replicas });
        if self.world.has(Mutation::RegisteredBehind) {
            self.candidate.take_over();
            return Ok(());
        }
        Ok(self.candidate.fenced(Fenced { last, ltx: answer.commits.as_deref() })?)
    }

    async fn register(&mut self, at: Position) -> Result<(), Stop> {
        let ended = self.ended.get_or_insert(Ended { at, replicas: Vec::new() });
        ended.at = at;
        // Nobody need be asked for it again, who may be gone by then.
        let ended = ended.clone();
        self.primary.keep_candidate(&Kept { new: self.new, ended: Some(ended.clone()) })?;
        let forced = self.new.from_replica.is_some();
        let question = Question::Register { epoch: self.new.home.epoch, at, forced };
        let answer = ask_directory(self.world, self.primary, question).await;
        match answer.and_then(|answer| answer.says) {
            Some(Says::Registered(true)) => {}
            Some(Says::Registered(false)) => return Err(Stop::GivenUp),
            _ => return Err(Stop::Failed),
        }
        self.is_candidate()?;
        self.primary.be_primary(&ended)?;
        // The first request need not wait for it.
        self.primary.with(self.world, |_| Ok(()))?;
        self.let_replica_go().await;
        Ok(())
    }

    /// In its own region nobody asks a replica any more.
    async fn let_replica_go(&self) {
        let region = self.new.home.region;
        self.primary.host.disk.gate(self.world).await;
        let (to, message) = (Object::Replica(region), Message::new(Request::Delete));
        network::call(self.world, region, to, message, QUESTION_MS_MAX).await;
    }

    /// It may have been wiped while it waited.
    fn is_candidate(&self) -> Result<(), Stop> {
        match self.primary.part(self.world)? {
            Part::Candidate => Ok(()),
            _ => Err(Stop::Failed),
        }
    }

    /// Asks the primary, or the replica that this one takes over from.
    async fn ask(&self, request: Request, have: Option<Position>) -> Result<Answer, Stop> {
        let have = have.map(bookmark);
        let message = Message { have, succeeds: true, ..Message::new(request) };
        let (to, session) = match self.new.from_replica {
            None => (Object::Primary(self.new.source), None),
            Some(region) => (Object::Replica(region), Some("first-unconstrained".to_owned())),
        };
        let message = Message { session, ..message };
        self.primary.host.disk.gate(self.world).await;
        let region = self.new.home.region;
        let answer = network::call(self.world, region, to, message, QUESTION_MS_MAX).await;
        let answer = answer.ok_or(Stop::Failed)?;
        self.is_candidate()?;
        match answer.status {
            200 => Ok(answer),
            GONE | 410 => Err(Stop::GivenUp),
            _ => Err(Stop::Failed),
        }
    }
}
