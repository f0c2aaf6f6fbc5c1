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

    pub(super) fn pushes_due(&self, world: &Rc<World>) -> Vec<Parcel> {
        let engine = self.engine();
        let now_ms = self.host.now_ms(world);
        if world.has(Mutation::OnePushAtATime) && engine.on_their_way.get() > 0 {
            return Vec::new();
        }
        let Some(newest) = engine.position() else { return Vec::new() };
        let due = engine.followers.borrow_mut().due(newest, now_ms);
        due.into_iter().filter_map(|push| engine.packed(world, push)).collect()
    }
}

/// A push, and what it brings.
pub(super) struct Parcel {
    push: Push,
    newest: Position,
    ltx: Option<Vec<u8>>,
}

/// Why a push did not bring a replica forward.
enum Undelivered {
    Lost,
    Refused,
}

impl Engine {
    pub(super) fn position(&self) -> Option<Position> {
        self.opened.borrow().as_ref().map(|store| store.position())
    }

    fn push_due_to(&self, world: &Rc<World>, region: &str) -> Option<Parcel> {
        let (newest, now_ms) = (self.position()?, world.primary.host.now_ms(world));
        let due = self.followers.borrow_mut().due_to(region, newest, now_ms);
        self.packed(world, due?)
    }

    fn packed(&self, world: &Rc<World>, push: Push) -> Option<Parcel> {
        let fed = self.with(world, |store| {
            Ok((feed::answer(world, &Request::Commits, store, push.since)?, store.position()))
        });
        let mut followers = self.followers.borrow_mut();
        match fed {
            Ok((ltx, newest)) => {
                followers.weighs(&push, ltx.as_ref().map_or(0, Vec::len));
                Some(Parcel { push, newest, ltx })
            }
            Err(_) => {
                followers.refused(&push);
                None
            }
        }
    }
}

/// Makes a push, and those that have become due at its end.
pub(super) async fn push(world: Rc<World>, engine: Rc<Engine>, parcel: Parcel) {
    let mut next = Some(parcel);
    while let Some(parcel) = next.take() {
        let push = parcel.push.clone();
        engine.on_their_way.set(engine.on_their_way.get() + 1);
        let delivered = deliver(&world, parcel).await;
        engine.on_their_way.set(engine.on_their_way.get() - 1);
        let mut followers = engine.followers.borrow_mut();
        match delivered {
            Ok(position) => followers.acknowledged(&push, position),
            Err(Undelivered::Lost) if world.has(Mutation::LostPushForgotten) => {
                followers.acknowledged(&push, push.to);
            }
            Err(Undelivered::Lost) => followers.lost(&push),
            Err(Undelivered::Refused) => followers.refused(&push),
        }
        drop(followers);
        if !world.has(Mutation::PushNotContinued) {
            next = engine.push_due_to(&world, &push.region);
        }
    }
}

/// Where the replica then stands.
async fn deliver(world: &Rc<World>, parcel: Parcel) -> Result<Position, Undelivered> {
    let Parcel { push, newest, ltx } = parcel;
    let replica = push.region.parse::<usize>().ok().and_then(|region| region.checked_sub(1));
    let replica = replica.ok_or(Undelivered::Refused)?;
    if !world.has(Mutation::AnsweredBeforeDurable) {
        world.primary.host.disk.gate(world).await;
    }
    world.checker.borrow_mut().answered(newest.txid, world.clock.now_ms());
    let message = Message { have: Some(bookmark(newest)), ..Message::new(Request::Push(ltx)) };
    let answer = network::call(world, 0, Object::Replica(replica), message, CALL_MS_MAX).await;
    let answer = answer.ok_or(Undelivered::Lost)?;
    let position = position_of(answer.bookmark.as_deref());
    position.filter(|_| answer.status == 200).ok_or(Undelivered::Refused)
}
