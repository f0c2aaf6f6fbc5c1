//! The replicas that follow the primary, as `src/primary/following.rs` pushes to them.

use std::cell::RefCell;
use std::rc::Rc;

use isolite_core::{Followers, Position, Push};

use super::{Engine, Primary};
use crate::feed;
use crate::message::{Message, Request, bookmark, position_of};
use crate::mutation::Mutation;
use crate::network::{self, Object};
use crate::plan::{CALL_MS_MAX, SUBSCRIPTION_MS};
use crate::world::World;

impl Primary {
    /// Has a replica pushed to that stands at `position`.
    pub(super) fn subscribe(&self, world: &World, region: usize, position: Option<Position>) {
        let until_ms = self.host.now_ms(world) + SUBSCRIPTION_MS as f64;
        let engine = self.engine();
        if engine.followers.borrow_mut().subscribe(&region.to_string(), position, until_ms) {
            self.rows.borrow_mut().insert(region, until_ms);
        }
    }

    /// Those that still follow, as a start finds them.
    pub(super) fn load_followers(&self, followers: &RefCell<Followers>) {
        for (region, until_ms) in self.rows.borrow().iter() {
            followers.borrow_mut().subscribe(&region.to_string(), None, *until_ms);
        }
    }

    pub(super) fn pushes_due(&self, world: &World) -> Vec<Push> {
        let engine = self.engine();
        let newest = engine.position();
        let now_ms = self.host.now_ms(world);
        newest.map_or(Vec::new(), |newest| engine.followers.borrow_mut().due(newest, now_ms))
    }
}

impl Engine {
    pub(super) fn position(&self) -> Option<Position> {
        self.opened.borrow().as_ref().map(|store| store.position())
    }

    fn push_due_to(&self, world: &World, region: &str) -> Option<Push> {
        let (newest, now_ms) = (self.position()?, world.primary.host.now_ms(world));
        self.followers.borrow_mut().due_to(region, newest, now_ms)
    }
}

/// Makes a push, and those that have become due at its end.
pub(super) async fn push(world: Rc<World>, engine: Rc<Engine>, push: Push) {
    let mut next = Some(push);
    while let Some(push) = next.take() {
        match deliver(&world, &engine, &push).await {
            Some(position) => engine.followers.borrow_mut().acknowledged(&push.region, position),
            None => engine.followers.borrow_mut().failed(&push.region),
        }
        if !world.has(Mutation::PushNotContinued) {
            next = engine.push_due_to(&world, &push.region);
        }
    }
}

/// Where the replica then stands, if it says so.
async fn deliver(world: &Rc<World>, engine: &Engine, push: &Push) -> Option<Position> {
    let fed = engine.with(world, |store| {
        Ok((feed::answer(world, &Request::Commits, store, push.since)?, store.position()))
    });
    let (ltx, newest) = fed.ok()?;
    let replica = push.region.parse::<usize>().ok()?.checked_sub(1)?;
    if !world.has(Mutation::AnsweredBeforeDurable) {
        world.primary.host.disk.gate(world).await;
    }
    world.checker.borrow_mut().answered(newest.txid, world.clock.now_ms());
    let message = Message { have: Some(bookmark(newest)), ..Message::new(Request::Push(ltx)) };
    let answer = network::call(world, 0, Object::Replica(replica), message, CALL_MS_MAX).await;
    let answer = answer.filter(|answer| answer.status == 200)?;
    position_of(answer.bookmark.as_deref())
}
