//! Clients: what is run in isolates, one operation after the other, by handles and in sessions.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use isolite_core::SESSION_AGE_MS_MAX;

use crate::checker::Line;
use crate::content::Write;
use crate::message::{Request, place};
use crate::mutation::Mutation;
use crate::router::{Handle, Query, Reply};
use crate::visitor::Visitor;
use crate::world::World;

const VISITOR_AGE_MS_MAX: u64 = 3_000;

/// Bookmarks that clients hand over to each other, with where their lines stood.
#[derive(Default)]
pub struct Pool(RefCell<Vec<(String, Line)>>);

pub struct Client {
    name: String,
    isolate: usize,
    operations_left: Cell<u32>,
}

/// What a client promises itself of its operations.
struct Way {
    handle: Rc<Handle>,
    /// D1's constraint or bookmark, in a session.
    session: RefCell<Option<String>>,
    /// A session's own bound.
    age_ms_max: Option<f64>,
    /// Whether it is a session.
    in_session: bool,
    line: usize,
}

/// Starts the clients of all isolates.
pub fn begin(world: &Rc<World>) {
    for isolate in 0..world.isolates.len() {
        for number in 0..world.plan.clients {
            let name = format!("client {isolate}.{number}");
            let operations_left = Cell::new(world.plan.operations);
            let client = Rc::new(Client { name, isolate, operations_left });
            world.clients.borrow_mut().push(client);
        }
        resume(world, isolate);
    }
}

/// Starts the clients of an isolate that has just begun, at what they have left to do.
pub fn resume(world: &Rc<World>, isolate: usize) {
    let Some(life) = world.isolates.get(isolate).map(|isolate| isolate.life()) else { return };
    let clients = world.clients.borrow();
    let shared = Handle::new(isolate, age_ms(world), None);
    let line = world.checker.borrow_mut().line(Line::default());
    for client in clients.iter().filter(|client| client.isolate == isolate) {
        let shares = world.random.chance(300).then(|| (Rc::clone(&shared), line));
        world.clock.spawn(&life, live(Rc::clone(world), Rc::clone(client), shares));
    }
}

/// Whether all have done what they had to do.
pub fn are_done(world: &World) -> bool {
    world.clients.borrow().iter().all(|client| client.operations_left.get() == 0)
}

fn age_ms(world: &World) -> f64 {
    world.random.pick(&[0.0, 250.0, 500.0, 1_000.0, 3_000.0]).unwrap_or(0.0)
}

async fn live(world: Rc<World>, client: Rc<Client>, mut shares: Option<(Rc<Handle>, usize)>) {
    while client.operations_left.get() > 0 {
        let way = Way::choose(&world, client.isolate, shares.take());
        for _ in 0..world.random.within(2, 8) {
            if client.operations_left.get() == 0 {
                return;
            }
            world.clock.sleep(think_ms(&world)).await;
            client.operations_left.set(client.operations_left.get() - 1);
            if world.random.chance(350) {
                write(&world, &client, &way).await;
            } else {
                read(&world, &client, &way).await;
            }
        }
        way.hand_over(&world);
    }
}

fn think_ms(world: &World) -> u64 {
    if world.random.chance(world.plan.hurry) {
        world.random.below(30)
    } else {
        world.random.below(1_200)
    }
}

async fn read(world: &Rc<World>, client: &Client, way: &Way) {
    let query = way.query(Request::Read);
    let sent_ms = world.clock.now_ms();
    let asked = world.checker.borrow().begin(way.line, way.bound_ms(&query), sent_ms);
    let asked = asked.in_session(way.in_session);
    let reply = way.handle.send(world, &query).await;
    world.trace(|| {
        let came = reply.as_ref().map(|reply| (reply.at.to_string(), reply.local));
        format!("{} reads since {sent_ms} by {way}: {came:?}", client.name)
    });
    let Some(reply) = reply else { return };
    let Reply { contents, at, .. } = &reply;
    if let Some(contents) = contents {
        world.checker.borrow_mut().read(&client.name, &asked, place(*at), contents);
    }
    way.advance(world, &reply);
    forget(world, client).await;
}

async fn write(world: &Rc<World>, client: &Client, way: &Way) {
    let write = draw_write(world);
    let query = way.query(Request::Write(Rc::clone(&write)));
    let asked = world.checker.borrow().begin(way.line, None, world.clock.now_ms());
    let asked = asked.in_session(way.in_session);
    let mut reply = way.handle.send(world, &query).await;
    if reply.is_none() && world.has(Mutation::WriteRepeated) {
        reply = way.handle.send(world, &query).await;
    }
    world.trace(|| {
        let came = reply.as_ref().map(|reply| reply.at.to_string());
        format!("{} writes {} by {way}: {came:?}", client.name, write.id)
    });
    let Some(reply) = reply else { return };
    world.checker.borrow_mut().wrote(&client.name, &asked, place(reply.at), &write);
    way.advance(world, &reply);
    forget(world, client).await;
}

/// Memory may be wanted for other databases at any time, most of all just after it has learnt.
/// Somebody's read then brings the database back, for all who have read it there before.
async fn forget(world: &Rc<World>, client: &Client) {
    let Some(isolate) = world.isolates.get(client.isolate) else { return };
    if !world.fails(world.plan.faults.forgetful) {
        return;
    }
    let before = Visitor::new(world, client.isolate, VISITOR_AGE_MS_MAX);
    before.read(world).await;
    let kind = world.random.below(3);
    world.trace(|| format!("isolate {} loses its replica in the way {kind}", client.isolate));
    match kind {
        0 => isolate.forget(),
        1 => isolate.let_go(world),
        _ => isolate.spoil(world),
    }
    Visitor::new(world, client.isolate, VISITOR_AGE_MS_MAX).read(world).await;
    world.clock.sleep(world.random.below(40)).await;
    before.read(world).await;
}

pub fn draw_write(world: &World) -> Rc<Write> {
    let id = world.writes.get() + 1;
    world.writes.set(id);
    let random = &world.random;
    let size_pages = random.within(1, u64::from(world.plan.pages_max)) as u32;
    let pages = (0..random.within(1, 3)).map(|_| random.within(1, size_pages.into()) as u32);
    Rc::new(Write { id, pages: pages.collect(), size_pages })
}

impl Way {
    fn choose(world: &World, isolate: usize, shares: Option<(Rc<Handle>, usize)>) -> Way {
        let random = &world.random;
        if let Some((handle, line)) = shares {
            let session = RefCell::new(None);
            return Way { handle, session, age_ms_max: None, in_session: false, line };
        }
        let handed = world.pool.draw(world);
        let in_session = random.chance(450);
        let (start, from) = match (handed, random.below(3)) {
            (Some((bookmark, line)), 0) => (Some(bookmark), line),
            (_, 1) if in_session => (Some("first-primary".to_owned()), Line::default()),
            _ => (None, Line::default()),
        };
        let line = world.checker.borrow_mut().line(from);
        let own_bound = (in_session && random.chance(400)).then(|| age_ms(world));
        let (session, seen) = match in_session {
            true => (start.or_else(|| Some("first-unconstrained".to_owned())), None),
            false => (None, start),
        };
        let handle = Handle::new(isolate, age_ms(world), seen);
        Way { handle, session: RefCell::new(session), age_ms_max: own_bound, in_session, line }
    }

    fn query(&self, request: Request) -> Query {
        let session = self.session.borrow().clone();
        let bound = if self.in_session { SESSION_AGE_MS_MAX } else { self.handle.age_ms_max };
        Query { request, session, age_ms_max: self.age_ms_max.unwrap_or(bound) }
    }

    /// How old the answer to a read may be, as far as that is promised.
    fn bound_ms(&self, query: &Query) -> Option<u64> {
        let first = self.session.borrow().as_deref() == Some("first-primary");
        Some(if first { 0 } else { query.age_ms_max as u64 })
    }

    /// A session goes on from the newest answer.
    fn advance(&self, world: &World, reply: &Reply) {
        let mut session = self.session.borrow_mut();
        let (Some(own), Some(next)) = (session.as_deref(), reply.bookmark.as_deref()) else {
            return;
        };
        let new = own.starts_with("first-");
        if new || (own < next && !world.has(Mutation::SessionStandsStill)) {
            *session = Some(next.to_owned());
        }
    }

    fn hand_over(&self, world: &World) {
        let session = self.session.borrow();
        if let Some(bookmark) = session.as_deref().filter(|text| !text.starts_with("first-")) {
            let stand = world.checker.borrow().stand(self.line);
            world.pool.0.borrow_mut().push((bookmark.to_owned(), stand));
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let age_ms_max = self.age_ms_max.unwrap_or(self.handle.age_ms_max);
        match self.session.borrow().as_deref() {
            Some(session) => write!(f, "session {} from {session:.26}", self.line),
            None => write!(f, "handle {} within {age_ms_max} ms", self.line),
        }
    }
}

impl Pool {
    fn draw(&self, world: &World) -> Option<(String, Line)> {
        let pool = self.0.borrow();
        pool.get(world.random.below(pool.len() as u64) as usize).cloned()
    }
}
