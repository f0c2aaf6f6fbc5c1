//! The end of a world: nothing fails any more, so all replicas come to where the primary is, and
//! each commit then comes to each of them by one push.

use std::rc::Rc;

use crate::checker::{Check, Line};
use crate::client;
use crate::message::{Request, place};
use crate::router::{Handle, Query};
use crate::world::World;

/// For what was under way when faults ended.
const CLIENTS_MS: u64 = 30_000;
/// Within so long all replicas are there.
const CONVERGE_MS: u64 = 15_000;
const PROBE_MS: u64 = 300;
/// Longer than a push takes to the farthest region and back.
const PUSH_MS: u64 = 700;
const PUSHED_COMMITS: u64 = 3;

pub fn run(world: &Rc<World>) {
    finish_clients(world);
    converge(world);
    push(world);
}

fn finish_clients(world: &Rc<World>) {
    for _ in 0..CLIENTS_MS / 1_000 {
        world.run_for(1_000);
        if client::are_done(world) {
            break;
        }
    }
    // What was asked last may still be on its way.
    world.run_for(crate::plan::CALL_MS_MAX);
}

/// Reads in all isolates, until each replica is where the primary is.
fn converge(world: &Rc<World>) {
    for _ in 0..CONVERGE_MS / PROBE_MS {
        for isolate in 0..world.isolates.len() {
            probe(world, isolate);
        }
        world.run_for(PROBE_MS);
        if world.is_violated() || behind(world).is_none() {
            break;
        }
    }
    if let Some(who) = behind(world) {
        let late = || format!("{who} is not where the primary is after {CONVERGE_MS} ms of calm");
        world.checker.borrow_mut().violate(Check::Convergence, late);
    }
}

fn probe(world: &Rc<World>, isolate: usize) {
    let Some(life) = world.isolates.get(isolate).map(|it| it.life()) else { return };
    let handle = Handle::new(isolate, 250.0, None);
    let inside = Rc::clone(world);
    world.clock.spawn(&life, async move {
        let line = inside.checker.borrow_mut().line(Line::default());
        let asked = inside.checker.borrow().begin(line, Some(250), inside.clock.now_ms());
        let query = Query { request: Request::Read, session: None, age_ms_max: 250.0 };
        let reply = handle.send(&inside, &query).await;
        let Some((at, contents)) = reply.and_then(|reply| Some((reply.at, reply.contents?))) else {
            return;
        };
        inside.checker.borrow_mut().read("probe", &asked, place(at), &contents);
    });
}

/// Who is not where the primary is.
fn behind(world: &Rc<World>) -> Option<String> {
    let (newest, contents) = world.checker.borrow().newest();
    let replicas = world.replicas.iter().map(|replica| {
        let held = replica.engine().held(world, replica);
        (format!("the replica of region {}", replica.region), held)
    });
    let fits = contents.len() <= world.plan.embedded_pages_max as usize;
    let isolates = world.isolates.iter().enumerate().filter(|_| fits);
    let isolates = isolates.map(|(number, it)| (format!("isolate {number}"), it.held()));
    let mut checker = world.checker.borrow_mut();
    replicas.chain(isolates).find_map(|(who, held)| {
        if let Some((at, contents)) = &held {
            checker.holds(&who, place(*at), contents);
        }
        let there = held.is_some_and(|(at, _)| place(at) == newest);
        (!there).then_some(who)
    })
}

/// Commits, each of which is pushed once to each replica, without which nobody asks.
fn push(world: &Rc<World>) {
    let handle = Handle::new(0, 0.0, None);
    for _ in 0..PUSHED_COMMITS {
        let pushed: Vec<u64> = world.replicas.iter().map(|it| it.pushes.get()).collect();
        commit(world, &handle);
        world.run_for(PUSH_MS);
        if world.is_violated() {
            return;
        }
        let newest = world.checker.borrow().newest().0;
        for (replica, before) in world.replicas.iter().zip(pushed) {
            let pushes = replica.pushes.get() - before;
            let at = replica.engine().held(world, replica).map(|(at, _)| place(at));
            if pushes != 1 || at != Some(newest) {
                let region = replica.region;
                let text = || format!("region {region} got {pushes} pushes of {newest:?}: {at:?}");
                world.checker.borrow_mut().violate(Check::OnePush, text);
            }
        }
    }
}

fn commit(world: &Rc<World>, handle: &Rc<Handle>) {
    let (inside, handle) = (Rc::clone(world), Rc::clone(handle));
    world.clock.spawn(&world.always, async move {
        let write = client::draw_write(&inside);
        let query = Query { request: Request::Write(write), session: None, age_ms_max: 0.0 };
        handle.send(&inside, &query).await;
    });
}
