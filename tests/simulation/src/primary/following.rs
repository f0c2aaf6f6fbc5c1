//! The replicas that follow the primary, as `src/primary/following.rs` pushes to them.

use std::cell::RefCell;
use std::rc::Rc;

use isolite_core::{Followers, Position, Push};

use super::{Engine, Primary};
use crate::feed;
use crate::message::{Message, Request, bookmark, place, position_of};
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

    /// The regions of all replicas that there ever were.
    pub(super) fn replicas(&self) -> Vec<usize> {
        self.rows.borrow().keys().copied().collect()
    }

    /// Takes down the replicas of the primary before.
    pub(super) fn inherit_replicas(&self, replicas: &[usize]) {
        for region in replicas {
            self.rows.borrow_mut().insert(*region, 0.0);
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
        due.into_iter().filter_map(|push| engine.packed(world, self, push)).collect()
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

    fn push_due_to(&self, world: &Rc<World>, primary: &Primary, region: &str) -> Option<Parcel> {
        let (newest, now_ms) = (self.position()?, primary.host.now_ms(world));
        let due = self.followers.borrow_mut().due_to(region, newest, now_ms);
        self.packed(world, primary, due?)
    }

    fn packed(&self, world: &Rc<World>, primary: &Primary, push: Push) -> Option<Parcel> {
        let fed = self.with(world, primary, |store| {
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
pub(super) async fn push(
    world: Rc<World>,
    primary: Rc<Primary>,
    engine: Rc<Engine>,
    parcel: Parcel,
) {
    let mut next = Some(parcel);
    while let Some(parcel) = next.take() {
        let push = parcel.push.clone();
        engine.on_their_way.set(engine.on_their_way.get() + 1);
        let delivered = deliver(&world, &primary, parcel).await;
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
            next = engine.push_due_to(&world, &primary, &push.region);
        }
    }
}

/// Where the replica then stands.
async fn deliver(
    world: &Rc<World>,
    primary: &Primary,
    parcel: Parcel,
) -> Result<Position, Undelivered> {
    let Parcel { push, newest, ltx } = parcel;
    let replica = push.region.parse::<usize>().map_err(|_| Undelivered::Refused)?;
    if !world.has(Mutation::AnsweredBeforeDurable) {
        primary.host.disk.gate(world).await;
    }
    world.checker.borrow_mut().answered(place(newest), world.clock.now_ms());
    let message = Message { have: Some(bookmark(newest)), ..Message::new(Request::Push(ltx)) };
    let answer =
        network::call(world, primary.home.region, Object::Replica(replica), message, CALL_MS_MAX)
            .await;
    let answer = answer.ok_or(Undelivered::Lost)?;
    let position = position_of(answer.bookmark.as_deref());
    position.filter(|_| answer.status == 200).ok_or(Undelivered::Refused)
}
