//! The end of a world: nothing fails any more, so all replicas come to where the primary is, and
//! each commit then comes to each of them by one push.

use std::cell::Cell;
use std::rc::Rc;

use isolite_core::Position;

use crate::checker::Check;
use crate::client;
use crate::content::{Contents, Write};
use crate::faults;
use crate::message::{Message, Request, place};
use crate::network::{self, Object};
use crate::region::Region;
use crate::router::{Handle, Query};
use crate::visitor::Visitor;
use crate::world::World;

/// For what was under way when faults ended.
const CLIENTS_MS: u64 = 30_000;
/// Within so long all replicas are there.
const CONVERGE_MS: u64 = 15_000;
/// Within so long the last promotion is over.
const PROMOTION_MS: u64 = 30_000;
/// A place that is out of date may cost a write each.
const WRITES_MAX: u32 = 4;
const PROBE_MS: u64 = 300;
const PROBE_AGE_MS_MAX: u64 = 250;
/// Longer than a push takes to the farthest region and back.
const PUSH_MS: u64 = 1_000;
const BUSY_COMMITS: u32 = 60;
const BUSY_MS: u64 = 130;
/// Between commits that come close together: less than any answer takes.
const CLOSE_MS: u64 = 5;
/// More than may be on their way.
const MANY_COMMITS: u32 = 24;
/// Longer than a write takes to the primary beside it, with its disk.
const WRITE_MS: u64 = 20;
/// Longer than all parts of a snapshot take.
const SNAPSHOT_MS: u64 = 3_000;
/// Longer than any commit here.
const COMMIT_BYTES_MAX: usize = 1_000;

pub fn run(world: &Rc<World>) {
    finish_clients(world);
    if world.plan.promotions > 0 {
        finish_promotions(world);
        write_everywhere(world);
    }
    converge(world);
    // Where less is fed than a commit takes, a push only tells of it.
    if world.plan.feed_commits_bytes_max >= COMMIT_BYTES_MAX {
        push(world);
        lose(world);
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

/// Promotions come to an end, and old primaries that went on when another took over are told.
fn finish_promotions(world: &Rc<World>) {
    for _ in 0..PROMOTION_MS / PROBE_MS {
        if world.is_violated() || world.directory.peek().is_done() {
            return;
        }
        world.run_for(PROBE_MS);
    }
    let text = || format!("a promotion is not over after {PROMOTION_MS} ms of calm");
    world.checker.borrow_mut().violate(Check::Unfinished, text);
}

/// Whatever isolates know of where the primary is, they come to write there.
fn write_everywhere(world: &Rc<World>) {
    for isolate in 0..world.isolates.len() {
        let written = Rc::new(Cell::new(false));
        for _ in 0..WRITES_MAX {
            let (inside, done) = (Rc::clone(world), Rc::clone(&written));
            world.clock.spawn(&world.always, async move {
                let request = Request::Write(client::draw_write(&inside));
                let query = Query { request, session: None, age_ms_max: 0.0 };
                let reply = Handle::new(isolate, 0.0, None).send(&inside, &query).await;
                done.set(done.get() || reply.is_some());
            });
            world.run_for(PUSH_MS);
            if written.get() || world.is_violated() {
                break;
            }
        }
        if !written.get() {
            let text = || format!("isolate {isolate} cannot write, though nothing fails");
            world.checker.borrow_mut().violate(Check::Unfinished, text);
        }
    }
}

/// Those that somebody asks.
fn replicas(world: &World) -> impl Iterator<Item = &Region> {
    let home = world.home();
    world.replicas.iter().filter(move |replica| replica.region != home.region)
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
    let replicas = replicas(world).map(|replica| {
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
/// without anybody asking; and as fast as the way there is.
fn push(world: &Rc<World>) {
    if world.plan.ends_busy {
        replicas(world).for_each(|replica| faults::wipe(world, replica));
    }
    subscribe(world);
    let many = world.plan.feed_commits_bytes_max >= COMMIT_BYTES_MAX * MANY_COMMITS as usize;
    for together in [1, 1, 3, if many { MANY_COMMITS } else { 1 }] {
        let pushed: Vec<u64> = replicas(world).map(|it| it.pushes.get()).collect();
        for _ in 0..together {
            commit(world);
            world.run_for(CLOSE_MS);
        }
        if together < MANY_COMMITS {
            be_there_in_time(world);
        }
        world.run_for(PUSH_MS);
        if world.is_violated() {
            return;
        }
        for (replica, before) in replicas(world).zip(pushed) {
            let pushes = replica.pushes.get() - before;
            let at = stands_at_newest(world, replica);
            if !(1..=u64::from(together)).contains(&pushes) || !at {
                let region = replica.region;
                let text = || format!("region {region} got {pushes} pushes of {together}: {at}");
                world.checker.borrow_mut().violate(Check::OnePush, text);
            }
        }
    }
}

/// Once the last commit had the time for its way, each replica has it, however long an answer takes.
fn be_there_in_time(world: &Rc<World>) {
    let began_ms = world.clock.now_ms();
    let home = world.home();
    for replica in replicas(world) {
        let due_ms = began_ms + WRITE_MS + network::longest_way_ms(home.region, replica.region);
        world.run_for(due_ms.saturating_sub(world.clock.now_ms()));
        if !world.is_violated() && !stands_at_newest(world, replica) {
            let text = || format!("region {} waits longer than the way takes", replica.region);
            world.checker.borrow_mut().violate(Check::OnePush, text);
        }
    }
}

/// Of several pushes the first is lost, and then of one: each replica comes to stand at the newest
/// commit without asking again and again.
fn lose(world: &Rc<World>) {
    for together in [2, 1] {
        subscribe(world);
        world.lost_pushes.borrow_mut().extend(replicas(world).map(|replica| replica.region));
        for _ in 0..together {
            commit(world);
            world.run_for(CLOSE_MS);
        }
        world.run_for(PUSH_MS);
        let late = replicas(world).find(|replica| !stands_at_newest(world, replica));
        if let Some(replica) = late.filter(|_| !world.is_violated()) {
            let text = || format!("region {} does not get what was lost", replica.region);
            world.checker.borrow_mut().violate(Check::OnePush, text);
            return;
        }
    }
}

fn stands_at_newest(world: &Rc<World>, replica: &Region) -> bool {
    let newest = world.checker.borrow().newest();
    replica.engine().held(world, replica).is_some_and(|(at, _)| place(at) == newest)
}

/// All let go of what they have, and are whole again although commits go on.
fn begin_anew(world: &Rc<World>) {
    if world.plan.feed_commits_bytes_max < COMMIT_BYTES_MAX * BUSY_COMMITS as usize {
        return;
    }
    for replica in replicas(world) {
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
    for replica in replicas(world) {
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
    let home = world.home();
    for replica in replicas(world) {
        let (inside, region) = (Rc::clone(world), replica.region);
        world.clock.spawn(&world.always, async move {
            let session = Some("first-primary".to_owned());
            let message = Message { session, home: Some(home), ..Message::new(Request::Commits) };
            network::call(&inside, region, Object::Replica(region), message, PUSH_MS).await;
        });
    }
    world.run_for(SNAPSHOT_MS);
}

fn commit(world: &Rc<World>) {
    send(world, client::draw_write(world));
}

fn send(world: &Rc<World>, write: Rc<Write>) {
    let home = world.home();
    let near = world.isolates.iter().position(|isolate| isolate.region == home.region);
    let (inside, handle) = (Rc::clone(world), Handle::new(near.unwrap_or(0), 0.0, None));
    world.clock.spawn(&world.always, async move {
        let query = Query { request: Request::Write(write), session: None, age_ms_max: 0.0 };
        handle.send(&inside, &query).await;
    });
}
