//! Visitors: reads of somebody who has a handle and a bound, and writes nothing.

use std::rc::Rc;

use crate::checker::Line;
use crate::message::{Request, place};
use crate::router::{Handle, Query};
use crate::world::World;

/// Has seen nothing at first.
pub struct Visitor {
    handle: Rc<Handle>,
    age_ms_max: u64,
    line: usize,
}

impl Visitor {
    pub fn new(world: &World, isolate: usize, age_ms_max: u64) -> Visitor {
        let handle = Handle::new(isolate, age_ms_max as f64, None);
        let line = world.checker.borrow_mut().line(Line::default());
        Visitor { handle, age_ms_max, line }
    }

    pub async fn read(&self, world: &Rc<World>) {
        let Visitor { handle, age_ms_max, line } = self;
        let asked = world.checker.borrow().begin(*line, Some(*age_ms_max), world.clock.now_ms());
        let age_ms_max = *age_ms_max as f64;
        let query = Query { request: Request::Read, session: None, age_ms_max };
        let reply = handle.send(world, &query).await;
        let came = reply.and_then(|reply| Some((reply.at, reply.contents?)));
        if let Some((at, contents)) = came {
            world.trace(|| format!("a visitor of isolate {} reads at {at}", handle.isolate));
            world.checker.borrow_mut().read("a visitor", &asked, place(at), &contents);
        }
    }
}
