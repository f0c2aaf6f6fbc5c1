//! The replica of a region, as `src/replica.rs` and `src/replica/engine.rs` drive it.

mod engine;
mod parts;
mod sync;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use isolite_core::{CheckpointProgress, Constraint, Pushed};

use crate::host::Host;
use crate::message::{Answer, GONE, Message, Request, TAG, position_of};
use crate::mutation::Mutation;
use crate::network::{self, Object};
use crate::plan::{CALL_MS_MAX, EARLY_MS, READ_WAIT_MS};
use crate::world::World;
pub use engine::{Asked, Engine};

pub struct Region {
    /// Its number. In the primary's region nobody asks it.
    pub region: usize,
    pub host: Host,
    engine: RefCell<Rc<Engine>>,
    /// Pushes that came.
    pub pushes: Cell<u64>,
    /// Snapshots begun because what was there could not be continued.
    pub snapshots: Cell<u64>,
}

impl Region {
    pub fn new(region: usize, skew_ms: f64) -> Region {
        let host = Host::new(skew_ms);
        let (pushes, snapshots) = (Cell::new(0), Cell::new(0));
        Region { region, host, engine: RefCell::default(), pushes, snapshots }
    }

    pub fn engine(&self) -> Rc<Engine> {
        Rc::clone(&self.engine.borrow())
    }

    /// Starts anew; of what was not durable so many writes are kept.
    pub fn crash(&self, world: &World, kept: usize) {
        self.host.crash(world, kept);
        self.engine.replace(Rc::default());
    }
}

/// A call of one replica's object.
struct Call<'a> {
    world: &'a Rc<World>,
    region: &'a Region,
    engine: Rc<Engine>,
    message: &'a Message,
}

pub async fn answer(world: &Rc<World>, number: usize, message: &Message) -> Answer {
    let Some(region) = world.replicas.get(number) else { return Answer::status(GONE) };
    let call = Call { world, region, engine: region.engine(), message };
    if let Some(home) = message.home {
        call.engine.live_at(home);
    }
    let answer = match &message.request {
        Request::Delete => Some(call.engine.delete(region)),
        Request::Push(ltx) => Some(call.push(ltx.as_deref()).await),
        Request::Read => call.read().await,
        Request::Commits | Request::Pages { .. } => call.feed().await,
        _ => None,
    };
    let answer = match answer {
        Some(answer) => answer,
        None => call.forward().await,
    };
    region.host.disk.gate(world).await;
    answer
}

impl Call<'_> {
    /// The answer to a read; None if the primary is to give it.
    async fn read(&self) -> Option<Answer> {
        let constraint = self.constraint()?;
        // What the primary told here could be too old when it came.
        let far = !constraint.allows_trip(self.engine.asked.get().trip_ms);
        let allows = self.engine.allows(self.world, self.region, &constraint);
        if constraint == Constraint::Primary || (far && !allows) {
            return None;
        }
        self.be_ready(&constraint).await?;
        self.engine.read(self.world, self.region, &constraint, self.message.have.as_deref())
    }

    /// What an isolate asks for that follows.
    async fn feed(&self) -> Option<Answer> {
        let constraint = match &self.message.request {
            Request::Pages { .. } => self.constraint()?,
            _ => self.constraint()?,
        };
        match (self.be_ready(&constraint).await, &self.message.request) {
            (Some(()), _) => self.engine.feed(self.world, self.region, self.message),
            (None, Request::Pages { first, size_pages_max }) => {
                self.part(*first, *size_pages_max).await
            }
            (None, _) => None,
        }
    }

    /// A part of the snapshot that is being taken in. None if it is not the next one, or does not come
    /// in the time that a read waits.
    async fn part(&self, first: u32, size_pages_max: u32) -> Option<Answer> {
        let Call { world, engine, region, .. } = self;
        if engine.next_part(world, region) != Some(first) {
            return None;
        }
        let part = network::within(world, READ_WAIT_MS, engine.waiting.for_part(first)).await??;
        let answer = part.answer(size_pages_max, region.host.now_ms(world));
        world.trace(|| format!("replica {} gives part {first} on: {:?}", region.region, answer.at));
        Some(answer)
    }

    fn constraint(&self) -> Option<Constraint> {
        let Message { session, least, age_ms_max, .. } = self.message;
        let constraint =
            Constraint::of(session.as_deref(), least.as_deref(), *age_ms_max, TAG).ok()?;
        Some(self.world.loosened(constraint))
    }

    /// Catches up if the constraint asks for it. None without a whole database.
    async fn be_ready(&self, constraint: &Constraint) -> Option<()> {
        let Call { world, engine, region, .. } = self;
        if !engine.allows(world, region, constraint) && engine.is_whole(world, region) {
            let caught_up = sync::catch_up(world, region, engine, constraint);
            // Where the primary cannot be reached, the caller finds out what is allowed.
            network::within(world, READ_WAIT_MS, caught_up).await;
            self.work_in_background();
        }
        if !engine.is_whole(world, region) {
            self.fill_in_background();
            return None;
        }
        Some(())
    }

    async fn push(&self, ltx: Option<&[u8]>) -> Answer {
        let Call { world, engine, region, message, .. } = self;
        region.pushes.set(region.pushes.get() + 1);
        let Some(pushed) = position_of(message.have.as_deref()) else { return Answer::status(400) };
        let taken = engine.push(world, region, pushed, ltx);
        if matches!(taken, Ok(Pushed::Early(_))) {
            if world.has(Mutation::EarlyPushAcknowledged) {
                let bookmark = message.have.clone();
                return Answer { bookmark, ..Answer::status(200) };
            }
            // One that it has overtaken is likely to come by then.
            world.clock.sleep(EARLY_MS).await;
        }
        self.ask_if_behind(&taken);
        self.work_in_background();
        taken.map_or_else(Answer::status, |_| engine.stands(world, region))
    }

    /// What was pushed could not be applied, or was only told of, or continues what did not come.
    fn ask_if_behind(&self, taken: &Result<Pushed, u16>) {
        let Call { world, engine, region, .. } = self;
        let waits = !matches!(taken, Ok(Pushed::Early(_))) && engine.is_ahead(world, region);
        if engine.is_behind(world, region) && !waits {
            self.fill_in_background();
        }
    }

    /// Has the primary answer, wherever that has moved.
    async fn forward(&self) -> Answer {
        loop {
            let answer = self.forward_once().await;
            if !self.engine.follow(&answer) {
                return answer;
            }
        }
    }

    /// A read does not wait for the primary as long as a write.
    async fn forward_once(&self) -> Answer {
        let Call { world, region, engine, message } = self;
        let Some(home) = engine.home() else { return Answer::status(500) };
        let writes = matches!(message.request, Request::Write(_));
        let wait_ms = if writes { CALL_MS_MAX } else { READ_WAIT_MS };
        let message = Message { follow: None, home: None, ..(*message).clone() };
        // What leaves waits for the disk, as all answers do.
        region.host.disk.gate(world).await;
        let sent_ms = region.host.now_ms(world);
        let answer =
            network::call(world, region.region, Object::Primary(home), message, wait_ms).await;
        if !writes {
            // Should the way have become shorter, the replica asks again.
            let trip_ms = region.host.now_ms(world) - sent_ms;
            engine.asked.set(Asked { trip_ms, ..engine.asked.get() });
        }
        let answer = answer.unwrap_or_else(|| Answer::status(503));
        if answer.status == GONE {
            engine.delete(region);
        }
        answer
    }

    fn fill_in_background(&self) {
        if !self.engine.fills.replace(true) {
            let (world, engine) = (Rc::clone(self.world), Rc::clone(&self.engine));
            let number = self.region.region;
            self.world.clock.spawn(&self.region.host.life(), async move {
                if let Some(region) = world.replicas.get(number) {
                    sync::fill(&world, region, &engine).await;
                }
                engine.waiting.keep_only(None);
                engine.fills.set(false);
            });
        }
    }

    fn work_in_background(&self) {
        let Call { world, engine, region, .. } = self;
        if engine.checkpoint_is_due(world, region) && !engine.checkpoint_runs.replace(true) {
            let task = checkpoint(Rc::clone(world), region.region, Rc::clone(engine));
            world.clock.spawn(&region.host.life(), task);
        }
    }
}

async fn checkpoint(world: Rc<World>, number: usize, engine: Rc<Engine>) {
    let Some(region) = world.replicas.get(number) else { return };
    loop {
        world.clock.sleep(world.random.below(5)).await;
        let step = engine.checkpoint_step(&world, region);
        region.host.disk.write_back(&world);
        if !matches!(step, Ok(CheckpointProgress::More)) {
            break;
        }
    }
    engine.checkpoint_runs.set(false);
}
