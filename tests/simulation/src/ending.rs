//! The end of a world: nothing fails any more, so all replicas come to where the primary is, and
//! each commit then comes to each of them by one push.

use std::rc::Rc;

use isolite_core::Position;

use crate::checker::Check;
use crate::client;
use crate::content::{Contents, Write};
use crate::faults;
use crate::message::{Message, Request, place};
use crate::network::{self, Object};
use crate::router::{Handle, Query};
use crate::visitor::Visitor;
use crate::world::World;

/// For what was under way when faults ended.
const CLIENTS_MS: u64 = 30_000;
/// Within so long all replicas are there.
const CONVERGE_MS: u64 = 15_000;
const PROBE_MS: u64 = 300;
const PROBE_AGE_MS_MAX: u64 = 250;
/// Longer than a push takes to the farthest region and back.
const PUSH_MS: u64 = 1_000;
const BUSY_COMMITS: u32 = 60;
const BUSY_MS: u64 = 130;
/// Between commits that come close together.
const CLOSE_MS: u64 = 20;
/// Longer than all parts of a snapshot take.
const SNAPSHOT_MS: u64 = 3_000;
/// Longer than any commit here.
const COMMIT_BYTES_MAX: usize = 1_000;

pub fn run(world: &Rc<World>) {
    finish_clients(world);
    converge(world);
    // Where less is fed than a commit takes, a push only tells of it.
    if world.plan.feed_commits_bytes_max >= COMMIT_BYTES_MAX {
        push(world);
        if world.plan.ends_busy {
            begin_anew(world);
            damage(world);
        }
    }
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
    let inside = Rc::clone(world);
    world.clock.spawn(&life, async move {
        Visitor::new(&inside, isolate, PROBE_AGE_MS_MAX).read(&inside).await;
    });
}

/// What each replica holds that has room for the database; None of one that is not whole.
type Held = Vec<(String, Option<(Position, Contents)>)>;

fn held(world: &Rc<World>) -> Held {
    let fits = (0..world.isolates.len()).filter(|_| world.plan.has_room());
    let isolates = fits.filter_map(|number| {
        Some((format!("isolate {number}"), world.isolates.get(number)?.held()))
    });
    let replicas = world.replicas.iter().map(|replica| {
        let held = replica.engine().held(world, replica);
        (format!("the replica of region {}", replica.region), held)
    });
    replicas.chain(isolates).collect()
}

/// Who is not where the primary is.
fn behind(world: &Rc<World>) -> Option<String> {
    let newest = world.checker.borrow().newest();
    held(world).into_iter().find_map(|(who, held)| {
        if let Some((at, contents)) = &held {
            world.checker.borrow_mut().holds(&who, place(*at), contents);
        }
        let there = held.is_some_and(|(at, _)| place(at) == newest);
        (!there).then_some(who)
    })
}

/// Commits that come to each replica by one push each, or by fewer where they come close together,
/// without anybody asking.
fn push(world: &Rc<World>) {
    if world.plan.ends_busy {
        world.replicas.iter().for_each(|replica| faults::wipe(world, replica));
    }
    subscribe(world);
    for together in [1, 1, 3] {
        let pushed: Vec<u64> = world.replicas.iter().map(|it| it.pushes.get()).collect();
        for _ in 0..together {
            commit(world);
            world.run_for(CLOSE_MS);
        }
        world.run_for(PUSH_MS);
        if world.is_violated() {
            return;
        }
        let newest = world.checker.borrow().newest();
        for (replica, before) in world.replicas.iter().zip(pushed) {
            let pushes = replica.pushes.get() - before;
            let at = replica.engine().held(world, replica).map(|(at, _)| place(at));
            if !(1..=together).contains(&pushes) || at != Some(newest) {
                let region = replica.region;
                let text = || format!("region {region} got {pushes} pushes of {newest:?}: {at:?}");
                world.checker.borrow_mut().violate(Check::OnePush, text);
            }
        }
    }
}

/// All let go of what they have, and are whole again although commits go on.
fn begin_anew(world: &Rc<World>) {
    if world.plan.feed_commits_bytes_max < COMMIT_BYTES_MAX * BUSY_COMMITS as usize {
        return;
    }
    for replica in &world.replicas {
        faults::wipe(world, replica);
    }
    world.isolates.iter().for_each(|isolate| isolate.forget());
    for count in 0..BUSY_COMMITS {
        commit(world);
        if count % 2 == 0 {
            (0..world.isolates.len()).for_each(|isolate| probe(world, isolate));
        }
        world.run_for(BUSY_MS);
    }
    if let Some((who, _)) = held(world).into_iter().find(|(_, held)| held.is_none()) {
        let text = || format!("{who} is not whole after {BUSY_COMMITS} commits of calm");
        world.checker.borrow_mut().violate(Check::Convergence, text);
    }
    world.run_for(PUSH_MS);
    converge(world);
}

/// A page of each replica is damaged where it shows only once a commit changes it.
fn damage(world: &Rc<World>) {
    subscribe(world);
    for replica in &world.replicas {
        replica.crash(world, usize::MAX);
        replica.host.disk.storage.damage_page(1, 100);
    }
    let write = Rc::new(Write { pages: vec![1], ..(*client::draw_write(world)).clone() });
    send(world, write);
    world.run_for(PUSH_MS);
    converge(world);
}

/// Has each replica ask the primary, which renews its subscription: for all pages, if it has none.
fn subscribe(world: &Rc<World>) {
    for (index, replica) in world.replicas.iter().enumerate() {
        let (inside, region) = (Rc::clone(world), replica.region);
        world.clock.spawn(&world.always, async move {
            let message = Message { age_ms_max: Some(1.0), ..Message::new(Request::Commits) };
            network::call(&inside, region, Object::Replica(index), message, PUSH_MS).await;
        });
    }
    world.run_for(SNAPSHOT_MS);
}

fn commit(world: &Rc<World>) {
    send(world, client::draw_write(world));
}

fn send(world: &Rc<World>, write: Rc<Write>) {
    let (inside, handle) = (Rc::clone(world), Handle::new(0, 0.0, None));
    world.clock.spawn(&world.always, async move {
        let query = Query { request: Request::Write(write), session: None, age_ms_max: 0.0 };
        handle.send(&inside, &query).await;
    });
}
