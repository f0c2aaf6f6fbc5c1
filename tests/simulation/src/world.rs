//! One world: a primary, its replicas, the isolates and clients of its regions, on one clock, from
//! one seed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::fmt;
use std::io::Write;
use std::rc::Rc;

use isolite_core::memory_storage::Fault;
use isolite_core::{Constraint, Position};

use crate::checker::{Checker, Violation};
use crate::client::{self, Client, Pool};
use crate::clock::{Clock, Life};
use crate::ending;
use crate::faults;
use crate::host::skew_ms;
use crate::isolate::Isolate;
use crate::message::place;
use crate::mutation::Mutation;
use crate::network::Object;
use crate::plan::Plan;
use crate::primary::Primary;
use crate::random::Random;
use crate::region::Region;

pub struct World {
    pub clock: Clock,
    /// Of what no crash ends: the network, the disks, what goes wrong.
    pub always: Life,
    pub random: Random,
    pub plan: Plan,
    pub mutation: Option<Mutation>,
    pub checker: RefCell<Checker>,
    pub primary: Primary,
    /// Of all regions but the first.
    pub replicas: Vec<Region>,
    pub isolates: Vec<Isolate>,
    pub clients: RefCell<Vec<Rc<Client>>>,
    pub pool: Pool,
    /// Whether nothing goes wrong any more.
    pub calm: Cell<bool>,
    /// Per region: until when nothing comes in or out.
    pub cut_off_until_ms: Vec<Cell<u64>>,
    /// Replicas of which the next push is lost.
    pub lost_pushes: RefCell<BTreeSet<usize>>,
    pub writes: Cell<u64>,
    traced: bool,
}

/// What came of a world.
pub struct Outcome {
    pub violation: Option<Violation>,
    pub commits: u64,
    pub reads: u64,
    pub snapshots: u64,
    pub virtual_ms: u64,
}

/// Lives through the world of a seed.
pub fn run(seed: u64, mutation: Option<Mutation>, traced: bool) -> Outcome {
    let random = Random::new(seed);
    let plan = Plan::draw(&random);
    World::new(random, plan, mutation, traced).live()
}

/// Lives through a small world in which one call of one storage fails, and nothing else does. The
/// machine is the primary or the one replica; the number of calls that its storage got comes back.
pub fn run_with_fault(seed: u64, of_primary: bool, call: usize, fault: Fault) -> (Outcome, usize) {
    let random = Random::new(seed);
    let plan = Plan { crash_when_broken: call % 2 == 1, ..Plan::calm(&random) };
    let world = World::new(random, plan, None, false);
    let replica = world.replicas.first().map_or(&world.primary.host, |replica| &replica.host);
    let host = if of_primary { &world.primary.host } else { replica };
    let storage = host.disk.storage.clone();
    storage.fail_at(call, fault);
    let outcome = world.live();
    (outcome, storage.calls().len())
}

impl World {
    fn new(random: Random, plan: Plan, mutation: Option<Mutation>, traced: bool) -> Rc<World> {
        let skew_ms = || skew_ms(&random);
        let isolates = plan.regions * plan.isolates;
        Rc::new(World {
            primary: Primary::new(skew_ms()),
            replicas: (1..plan.regions).map(|region| Region::new(region, skew_ms())).collect(),
            isolates: (0..isolates).map(|n| Isolate::new(n, n % plan.regions, skew_ms())).collect(),
            clock: Clock::default(),
            always: Life::begin(),
            mutation,
            checker: RefCell::new(Checker::new(place(Position::START))),
            clients: RefCell::default(),
            pool: Pool::default(),
            calm: Cell::new(false),
            cut_off_until_ms: (0..plan.regions).map(|_| Cell::new(0)).collect(),
            lost_pushes: RefCell::default(),
            writes: Cell::new(0),
            traced,
            random,
            plan,
        })
    }

    fn live(self: Rc<Self>) -> Outcome {
        self.trace(|| format!("{:?}", self.plan));
        client::begin(&self);
        faults::begin(&self);
        self.run_for(self.plan.faults_end_ms);
        faults::end(&self);
        ending::run(&self);
        let outcome = self.outcome();
        // Tasks hold the world that holds them.
        self.clock.stop();
        outcome
    }

    /// A call of an object's storage has failed.
    pub fn broke(self: &Rc<Self>, object: Object) {
        if self.plan.crash_when_broken && !self.calm.get() {
            let world = Rc::clone(self);
            self.clock.spawn(&self.always, async move { faults::crash(&world, object) });
        }
    }

    pub fn run_for(&self, ms: u64) {
        let violated = || self.is_violated();
        if !violated() {
            self.clock.run(self.clock.now_ms() + ms, &violated);
        }
    }

    pub fn is_violated(&self) -> bool {
        self.checker.borrow().violation().is_some()
    }

    pub fn has(&self, mutation: Mutation) -> bool {
        self.mutation == Some(mutation)
    }

    /// A constraint as it is asked, or as a planted bug has it.
    pub fn loosened(&self, constraint: Constraint) -> Constraint {
        match constraint {
            Constraint::Replica { age_ms_max, .. } if self.has(Mutation::BookmarkNotAwaited) => {
                Constraint::Replica { least: None, age_ms_max }
            }
            constraint => constraint,
        }
    }

    /// Whether something goes wrong now that does so often, in a thousand times.
    pub fn fails(&self, per_mille: u64) -> bool {
        !self.calm.get() && self.random.chance(per_mille)
    }

    /// How long until what a disk is given is durable.
    pub fn disk_ms(&self) -> u64 {
        let slow = self.fails(self.plan.faults.slow_disk);
        if slow { self.random.within(100, 1_500) } else { self.random.within(0, 6) }
    }

    pub fn trace<T: fmt::Display>(&self, text: impl FnOnce() -> T) {
        if self.traced {
            // Whoever reads the trace may have seen enough.
            let _ = writeln!(std::io::stdout(), "{:>7} {}", self.clock.now_ms(), text());
        }
    }

    fn outcome(&self) -> Outcome {
        let checker = self.checker.borrow();
        Outcome {
            violation: checker.violation().cloned(),
            commits: checker.newest().txid,
            reads: checker.reads,
            snapshots: self.replicas.iter().map(|replica| replica.snapshots.get()).sum(),
            virtual_ms: self.clock.now_ms(),
        }
    }
}
