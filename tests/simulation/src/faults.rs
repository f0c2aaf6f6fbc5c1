//! What befalls machines, regions and isolates while a world has its faults.

use std::rc::Rc;

use isolite_core::memory_storage::Fault as StorageFault;

use crate::client;
use crate::host::Host;
use crate::network::Object;
use crate::operator;
use crate::plan::Fault;
use crate::primary::Primary;
use crate::region::Region;
use crate::world::World;

pub fn begin(world: &Rc<World>) {
    if world.plan.faults.every_ms > 0 {
        world.clock.spawn(&world.always, happen(Rc::clone(world)));
    }
}

/// From now on nothing goes wrong.
pub fn end(world: &World) {
    world.calm.set(true);
    world.trace(|| "all is calm");
    let primaries = world.primaries();
    let hosts = primaries.iter().map(|primary| &primary.host).chain([&world.directory.host]);
    for host in world.replicas.iter().map(|replica| &replica.host).chain(hosts) {
        host.disk.storage.heal();
    }
    for until_ms in &world.cut_off_until_ms {
        until_ms.set(0);
    }
}

async fn happen(world: Rc<World>) {
    loop {
        let every_ms = world.plan.faults.every_ms;
        world.clock.sleep(world.random.within(every_ms / 2, every_ms * 3 / 2)).await;
        if world.calm.get() {
            return;
        }
        if let Some(fault) = world.random.pick(&world.plan.faults.kinds) {
            befall(&world, fault);
        }
    }
}

pub fn befall(world: &Rc<World>, fault: Fault) {
    let random = &world.random;
    let isolate = random.below(world.isolates.len() as u64) as usize;
    let replica = world.replicas.get(random.below(world.replicas.len() as u64) as usize);
    let replica_of = |use_it: &dyn Fn(&Region)| replica.iter().for_each(|it| use_it(it));
    let primary = some_primary(world);
    world.trace(|| {
        let (region, epoch) = (replica.map_or(0, |replica| replica.region), primary.home.epoch);
        format!("{fault:?}, primary {epoch}, replica {region}, isolate {isolate}")
    });
    match fault {
        Fault::CrashPrimary => crash(world, Object::Primary(primary.home)),
        Fault::EvictPrimary => primary.crash(world, usize::MAX),
        Fault::StoragePrimary => fail(world, &primary.host),
        Fault::CrashReplica => {
            replica_of(&|replica| crash(world, Object::Replica(replica.region)));
        }
        Fault::EvictReplica => replica_of(&|replica| replica.crash(world, usize::MAX)),
        Fault::StorageReplica => replica_of(&|replica| fail(world, &replica.host)),
        Fault::WipeReplica => replica_of(&|replica| wipe(world, replica)),
        Fault::DamageReplica => replica_of(&|replica| damage(world, replica)),
        Fault::CrashIsolate => {
            if let Some(it) = world.isolates.get(isolate) {
                it.crash(world);
                client::resume(world, isolate);
            }
        }
        Fault::LetGo => world.isolates.iter().skip(isolate).take(1).for_each(|it| it.let_go(world)),
        Fault::Forget => world.isolates.iter().skip(isolate).take(1).for_each(|it| it.forget()),
        Fault::CutOff => cut_off(world),
        Fault::CrashDirectory => crash(world, Object::Directory),
        Fault::StorageDirectory => fail(world, &world.directory.host),
        Fault::Sleep => {
            let until_ms = world.clock.now_ms() + random.within(200, 5_000);
            operator::go_down(world, primary.home, until_ms);
        }
    }
}

/// The primary, or one that was, or is to be.
fn some_primary(world: &World) -> Rc<Primary> {
    let all = world.primaries();
    let other = all.get(world.random.below(all.len() as u64 * 2) as usize);
    other.map_or_else(|| world.primary(world.home()), Rc::clone)
}

/// Ends what an object does, and some of what it has just written.
pub fn crash(world: &Rc<World>, object: Object) {
    let kept = object.host(world, |host| some_kept(world, host)).unwrap_or(0);
    match object {
        Object::Primary(home) => world.primary(home).crash(world, kept),
        Object::Directory => world.directory.crash(world, kept),
        Object::Replica(region) => {
            world.replicas.iter().skip(region).take(1).for_each(|it| it.crash(world, kept));
        }
    }
}

/// How many of its last writes a disk keeps in a crash.
fn some_kept(world: &World, host: &Host) -> usize {
    world.random.below(host.disk.storage.pending() as u64 + 1) as usize
}

/// One of the next calls of a storage fails, before or after it took effect.
fn fail(world: &World, host: &Host) {
    let after = world.random.chance(500);
    let fault = if after { StorageFault::After } else { StorageFault::Before };
    host.disk.storage.fail_at(world.random.below(12) as usize, fault);
}

/// A replica can be thrown away at any time.
pub fn wipe(world: &World, replica: &Region) {
    replica.crash(world, 0);
    replica.host.disk.storage.wipe();
}

/// A bit of a replica's log turns over, while it sleeps.
fn damage(world: &World, replica: &Region) {
    replica.crash(world, usize::MAX);
    let newest = world.checker.borrow().newest().txid;
    let txid = newest.saturating_sub(world.random.below(6));
    replica.host.disk.storage.damage_log(txid, world.random.below(300) as usize);
}

fn cut_off(world: &World) {
    let region = world.random.below(world.plan.regions as u64) as usize;
    let until_ms = world.clock.now_ms() + world.random.within(200, 3_000);
    if let Some(cut_off) = world.cut_off_until_ms.get(region) {
        cut_off.set(until_ms);
    }
}
