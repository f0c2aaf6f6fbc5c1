//! Calls from one place to an object in another: they take their time, and may be lost, late,
//! doubled and so out of order. Each call has one answer, or none.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use crate::home::Home;
use crate::host::Host;
use crate::message::{Answer, Message, Request, place};
use crate::mutation::Mutation;
use crate::reply::{Giver, reply};
use crate::world::World;
use crate::{primary, region};

const LATE_MS_MAX: u64 = 2_500;

/// An object, by where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Object {
    Primary(Home),
    /// By its region.
    Replica(usize),
    Directory,
}

impl Object {
    fn region(self, world: &World) -> usize {
        match self {
            Object::Primary(home) => home.region,
            Object::Replica(region) => region,
            Object::Directory => world.directory.region,
        }
    }

    /// Calls `use_it` with what it runs on, if it is there.
    pub fn host<T>(self, world: &World, use_it: impl FnOnce(&Host) -> T) -> Option<T> {
        match self {
            Object::Primary(home) => Some(use_it(&world.primary(home).host)),
            Object::Replica(region) => world.replicas.get(region).map(|it| use_it(&it.host)),
            Object::Directory => Some(use_it(&world.directory.host)),
        }
    }
}

/// Calls an object from a region. None if no answer came in time.
pub async fn call(
    world: &Rc<World>,
    from: usize,
    to: Object,
    message: Message,
    wait_ms: u64,
) -> Option<Answer> {
    let (giver, waiter) = reply();
    let region = to.region(world);
    // Nobody sends a write twice but who made it.
    let may_double = !matches!(message.request, Request::Write(_));
    if may_double && world.fails(world.plan.faults.doubled) {
        let again = deliver(Rc::clone(world), from, to, message.clone(), None);
        world.clock.spawn(&world.always, again);
    }
    if let (Object::Replica(index), Request::Push(_)) = (to, &message.request)
        && world.lost_pushes.borrow_mut().remove(&index)
    {
        world.trace(|| format!("a push to {to:?} is lost, and its sender told"));
        world.clock.sleep(2 * latency_ms(world, from, region)).await;
        return None;
    }
    if !passes(world, from, region) {
        world.trace(|| format!("lost on the way from {from} to {to:?}"));
        world.clock.sleep(wait_ms).await;
        return None;
    }
    let delivery = deliver(Rc::clone(world), from, to, message, Some(giver));
    world.clock.spawn(&world.always, delivery);
    within(world, wait_ms, waiter).await.flatten()
}

/// What resolves within a time, or None.
pub async fn within<T>(world: &World, ms: u64, what: impl Future<Output = T>) -> Option<T> {
    match select(pin!(what), pin!(world.clock.sleep(ms))).await {
        Either::Left((value, _)) => Some(value),
        Either::Right(_) => None,
    }
}

async fn deliver(
    world: Rc<World>,
    from: usize,
    to: Object,
    mut message: Message,
    giver: Option<Giver<Answer>>,
) {
    let region = to.region(&world);
    let pushes = matches!(message.request, Request::Push(_));
    let late = pushes && world.fails(world.plan.faults.late_pushes);
    let late_ms = if late { world.random.below(LATE_MS_MAX) } else { 0 };
    world.clock.sleep(latency_ms(&world, from, region) + late_ms).await;
    if let Request::Push(ltx) = &mut message.request {
        damage(&world, ltx);
    }
    let (inside, waiter) = reply();
    let Some((life, is_down)) = to.host(&world, |host| (host.life(), host.is_down(&world))) else {
        return;
    };
    if is_down {
        return world.clock.sleep(crate::plan::CALL_MS_MAX).await;
    }
    let task = serve(Rc::clone(&world), to, message, inside);
    world.clock.spawn(&life, task);
    // A crash ends the call, and its caller is told.
    let answer = waiter.await;
    world.clock.sleep(latency_ms(&world, region, from)).await;
    let Some(giver) = giver else { return };
    match answer {
        Some(mut answer) if passes(&world, region, from) => {
            damage(&world, &mut answer.commits);
            giver.give(answer);
        }
        Some(_) => world.clock.sleep(crate::plan::CALL_MS_MAX).await,
        None => drop(giver),
    }
}

async fn serve(world: Rc<World>, to: Object, message: Message, giver: Giver<Answer>) {
    if world.fails(world.plan.faults.slow_object) {
        world.clock.sleep(world.random.within(50, 1_500)).await;
    }
    let answer = match to {
        Object::Primary(home) => {
            let primary = world.primary(home);
            let answer = primary::answer(&world, &primary, &message).await;
            if !world.has(Mutation::AnsweredBeforeDurable) {
                primary.host.disk.gate(&world).await;
            }
            if let Some(at) = answer.at {
                world.checker.borrow_mut().answered(place(at), world.clock.now_ms());
            }
            answer
        }
        Object::Replica(region) => region::answer(&world, region, &message).await,
        Object::Directory => {
            let Request::Directory(question) = message.request else { return };
            let answer = world.directory.answer(&world, question).await;
            world.directory.host.disk.gate(&world).await;
            world.told(question, &answer);
            answer
        }
    };
    giver.give(answer);
}

/// Turns a bit over, now and then.
fn damage(world: &World, ltx: &mut Option<Vec<u8>>) {
    if let Some(ltx) = ltx.as_mut().filter(|_| world.fails(world.plan.faults.damaged)) {
        let at = world.random.below(ltx.len() as u64) as usize;
        if let Some(byte) = ltx.get_mut(at) {
            *byte ^= 1 << world.random.below(8);
        }
    }
}

fn passes(world: &World, from: usize, to: usize) -> bool {
    let now_ms = world.clock.now_ms();
    let cut = |region: usize| {
        world.cut_off_until_ms.get(region).is_some_and(|until_ms| until_ms.get() > now_ms)
    };
    from == to || !(cut(from) || cut(to) || world.fails(world.plan.faults.lost))
}

/// Regions lie in a row.
fn base_ms(from: usize, to: usize) -> u64 {
    1 + 35 * from.abs_diff(to) as u64
}

/// How long any message takes that is not late.
pub fn longest_way_ms(from: usize, to: usize) -> u64 {
    let base_ms = base_ms(from, to);
    base_ms + base_ms / 2
}

fn latency_ms(world: &World, from: usize, to: usize) -> u64 {
    let base_ms = base_ms(from, to);
    let late_ms =
        if world.fails(world.plan.faults.late) { world.random.below(LATE_MS_MAX) } else { 0 };
    base_ms + world.random.below(base_ms / 2 + 1) + late_ms
}
