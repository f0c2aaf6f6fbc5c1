//! A handle of a database in an isolate, as `bindings/js/src/router.ts` sends what it is asked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use isolite_core::Position;

use crate::content::Contents;
use crate::home::Home;
use crate::isolate::{Isolate, Told};
use crate::message::{Answer, GONE, Message, Question, Request, Says, bookmark, position_of};
use crate::mutation::Mutation;
use crate::network::{self, Object};
use crate::plan::CALL_MS_MAX;
use crate::world::World;

/// Questions in the background that one request goes on with, one after the other.
const QUESTIONS_MAX: usize = 64;
/// How often one call follows a primary that moves.
const MOVES_MAX: u32 = 4;

pub struct Handle {
    pub isolate: usize,
    pub age_ms_max: f64,
    /// The newest position that it has been answered from, but for this isolate's memory.
    seen: RefCell<Option<String>>,
    /// The memory from which it has been answered, which goes forward only; 0 for none.
    local: Cell<u64>,
    /// When to look next whether the replica is to be brought forward.
    look_ms: Cell<f64>,
}

/// An answer as a client gets it.
pub struct Reply {
    pub contents: Option<Contents>,
    /// For the checker, whether or not the client is told.
    pub at: Position,
    pub bookmark: Option<String>,
    pub local: bool,
}

/// What a client asks of a handle.
pub struct Query {
    pub request: Request,
    /// D1's constraint or bookmark, in a session.
    pub session: Option<String>,
    pub age_ms_max: f64,
}

impl Handle {
    pub fn new(isolate: usize, age_ms_max: f64, seen: Option<String>) -> Rc<Handle> {
        let (seen, local, look_ms) = (RefCell::new(seen), Cell::new(0), Cell::new(0.0));
        Rc::new(Handle { isolate, age_ms_max, seen, local, look_ms })
    }

    /// None if no answer came, or one that tells of a failure.
    pub async fn send(&self, world: &Rc<World>, query: &Query) -> Option<Reply> {
        let isolate = world.isolates.get(self.isolate)?;
        let reads = matches!(query.request, Request::Read);
        let (mut deleted, mut moves, mut resends) = (false, 0, 0);
        loop {
            let home = match isolate.home() {
                Some(home) => home,
                None => resolve(world, isolate).await?,
            };
            if reads
                && query.age_ms_max > 0.0
                && let Some(reply) = self.read(world, isolate, home, query)
            {
                return Some(reply);
            }
            let (knew, local) = (self.knows(world, isolate), self.local.get());
            let sent_ms = isolate.now_ms(world);
            // A replica that is missing is asked for while the first answer is on its way.
            if query.age_ms_max > 0.0 && isolate.have(world).is_none() {
                self.refresh(world, isolate, home, query.age_ms_max);
            }
            let Some(answer) = self.ask(world, isolate, home, query).await else {
                // It may be somewhere else, where this one cannot be reached.
                isolate.forget_home();
                resends += 1;
                if world.has(Mutation::LostResent) && resends < 2 {
                    continue;
                }
                return None;
            };
            // A second time only: the name may have been given to a new database since.
            if answer.status == GONE && !deleted {
                deleted = true;
                isolate.forget_home();
                isolate.forget();
                continue;
            }
            if let Some(to) = answer.moved().filter(|_| moves < MOVES_MAX) {
                moves += 1;
                isolate.follow(home, to);
                continue;
            }
            let sent_ms = match world.has(Mutation::ConfirmedAtArrival) {
                true => isolate.now_ms(world),
                false => sent_ms,
            };
            return self.take_in(world, home, query, answer, (sent_ms, knew, local));
        }
    }

    /// Learns from an answer to what was sent then, by a handle that knew so much.
    fn take_in(
        &self,
        world: &Rc<World>,
        home: Home,
        query: &Query,
        answer: Answer,
        (sent_ms, knew, local): (f64, bool, u64),
    ) -> Option<Reply> {
        let isolate = world.isolates.get(self.isolate)?;
        if let Some(text) = &answer.bookmark {
            self.advance(text);
            if !knew && query.session.is_none() && self.local.get() == local {
                // The primary has answered, with no less.
                self.local.set(0);
            }
            self.learn(world, isolate, sent_ms, &answer);
            if query.age_ms_max > 0.0 {
                self.refresh(world, isolate, home, query.age_ms_max);
            }
        }
        let at = answer.at.filter(|_| answer.status == 200)?;
        let Answer { contents, bookmark, .. } = answer;
        Some(Reply { contents, at, bookmark, local: false })
    }

    /// Whether the isolate remembers what this handle was answered from its memory.
    fn knows(&self, world: &World, isolate: &Isolate) -> bool {
        let local = self.local.get();
        local == 0 || local == isolate.memory() || world.has(Mutation::EvictedEntryTrusted)
    }

    fn advance(&self, text: &str) {
        let mut seen = self.seen.borrow_mut();
        if seen.as_deref().is_none_or(|seen| seen < text) {
            *seen = Some(text.to_owned());
        }
    }

    fn seen(&self, world: &World) -> Option<String> {
        self.seen.borrow().clone().filter(|_| !world.has(Mutation::SeenIgnored))
    }

    fn learn(&self, world: &Rc<World>, isolate: &Isolate, sent_ms: f64, answer: &Answer) {
        let Some(position) = position_of(answer.bookmark.as_deref()) else { return };
        let sent_ms = sent_ms - age_ms(world, answer);
        let ltx = answer.commits.as_deref();
        isolate.learn(world, &Told { sent_ms, position, ltx });
        if world.fails(world.plan.faults.doubled) {
            isolate.learn(world, &Told { sent_ms, position, ltx });
        }
    }

    /// Asks the region's replica what only reads, and the primary everything else.
    async fn ask(
        &self,
        world: &Rc<World>,
        isolate: &Isolate,
        home: Home,
        query: &Query,
    ) -> Option<Answer> {
        let Query { request, session, age_ms_max } = query;
        // Asked for a bookmark, even without a replica: what this handle has seen it must know.
        let have = isolate.have(world).or_else(|| (*age_ms_max > 0.0).then(String::new));
        let message = Message { session: session.clone(), have, ..Message::new(request.clone()) };
        let reads = matches!(request, Request::Read);
        if let Some(near) = isolate.near(home)
            && *age_ms_max > 0.0
            && session.as_deref() != Some("first-primary")
            && reads
        {
            let newest = isolate.newest();
            // What was read in memory may have been forgotten since: then only the primary is new
            // enough.
            if newest.is_some() && self.knows(world, isolate) || self.local.get() == 0 {
                let seen = self.seen(world).max(newest);
                let least = if session.is_none() { seen } else { None };
                let message =
                    Message { age_ms_max: Some(*age_ms_max), least, home: Some(home), ..message };
                return network::call(world, isolate.region, near, message, CALL_MS_MAX).await;
            }
        }
        let primary = Object::Primary(home);
        network::call(world, isolate.region, primary, message, CALL_MS_MAX).await
    }

    fn read(
        &self,
        world: &Rc<World>,
        isolate: &Isolate,
        home: Home,
        query: &Query,
    ) -> Option<Reply> {
        let Query { session, age_ms_max, .. } = query;
        if session.is_none() && !self.knows(world, isolate) {
            return None;
        }
        let seen = if session.is_none() { self.seen(world) } else { None };
        let (contents, at) =
            isolate.read(world, session.as_deref(), seen.as_deref(), *age_ms_max)?;
        // A replica goes forward only: what it has shown once it need not be asked for again.
        if session.is_none() {
            self.seen.replace(None);
            self.local.set(isolate.memory());
        }
        let now_ms = isolate.now_ms(world);
        if now_ms >= self.look_ms.get() {
            self.refresh(world, isolate, home, *age_ms_max);
        }
        let bookmark = session.as_ref().map(|_| bookmark(at));
        Some(Reply { contents: Some(contents), at, bookmark, local: true })
    }

    /// Asks in the background, well before a read would have to wait.
    fn refresh(&self, world: &Rc<World>, isolate: &Isolate, home: Home, age_ms_max: f64) {
        self.look_ms.set(isolate.now_ms(world) + age_ms_max / 8.0);
        if let Some(request) = isolate.want(world, age_ms_max / 2.0) {
            let task = fill(Rc::clone(world), self.isolate, home, request, age_ms_max / 4.0);
            world.clock.spawn(&isolate.life(), task);
        }
    }
}

/// Asks the directory where the primary is.
async fn resolve(world: &Rc<World>, isolate: &Isolate) -> Option<Home> {
    // Nobody moves it: then all know.
    if world.plan.promotions == 0 {
        isolate.live_at(Home::FIRST);
        return Some(Home::FIRST);
    }
    let message = Message::new(Request::Directory(Question::Where));
    let (from, to) = (isolate.region, Object::Directory);
    let answer = network::call(world, from, to, message, CALL_MS_MAX).await?;
    let Some(Says::Home(home)) = answer.says else { return None };
    isolate.live_at(home);
    Some(home)
}

async fn fill(world: Rc<World>, isolate: usize, home: Home, request: Request, age_ms_max: f64) {
    let Some(isolate) = world.isolates.get(isolate) else { return };
    let mut next = Some(request);
    for _ in 0..QUESTIONS_MAX {
        let Some(request) = next.take() else { return };
        let sent_ms = isolate.now_ms(&world);
        let have = Some(isolate.have(&world).unwrap_or_default());
        let message = Message { have, ..Message::new(request) };
        let (object, message) = match isolate.near(home) {
            None => (Object::Primary(home), message),
            Some(near) => {
                let (age_ms_max, least) = (Some(age_ms_max), isolate.newest());
                (near, Message { age_ms_max, least, home: Some(home), ..message })
            }
        };
        let answer = network::call(&world, isolate.region, object, message, CALL_MS_MAX).await;
        if answer.as_ref().is_some_and(|answer| answer.status == GONE) {
            isolate.forget_home();
            return isolate.forget();
        }
        // The next read asks there.
        if let Some(to) = answer.as_ref().and_then(Answer::moved) {
            isolate.follow(home, to);
        }
        let told = answer.as_ref().and_then(|answer| {
            let position = position_of(answer.bookmark.as_deref())?;
            let sent_ms = sent_ms - age_ms(&world, answer);
            Some(Told { sent_ms, position, ltx: answer.commits.as_deref() })
        });
        next = isolate.settle(&world, told);
    }
}

fn age_ms(world: &World, answer: &Answer) -> f64 {
    if world.has(Mutation::AgeNotAdded) { 0.0 } else { answer.age_ms }
}
