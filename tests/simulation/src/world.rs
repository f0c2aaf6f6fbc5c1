//! One world: a primary, its replicas, the isolates and clients of its regions, on one clock, from
//! one seed.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::rc::Rc;

use isolite_core::memory_storage::Fault;
use isolite_core::{Constraint, Position};

use crate::checker::{Checker, Violation};
use crate::client::{self, Client, Pool};
use crate::clock::{Clock, Life};
use crate::directory::Directory;
use crate::ending;
use crate::faults;
use crate::home::Home;
use crate::host::skew_ms;
use crate::isolate::Isolate;
use crate::message::{Answer, Question, Says, place};
use crate::mutation::Mutation;
use crate::network::Object;
use crate::operator;
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
    pub directory: Directory,
    /// The objects that are, were or are to be the primary, by their epoch.
    primaries: RefCell<BTreeMap<u32, Rc<Primary>>>,
    /// Of all regions; that of the primary's region nobody asks.
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
    pub promotions: u64,
    pub virtual_ms: u64,
}

/// Whose storage fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    Primary,
    /// Which is the primary in the end.
    Candidate,
    Replica,
    Directory,
}

/// Lives through the world of a seed.
pub fn run(seed: u64, mutation: Option<Mutation>, traced: bool) -> Outcome {
    let random = Random::new(seed);
    let plan = Plan::draw(&random);
    World::new(random, plan, mutation, traced).live()
}

/// Lives through a small world in which one call of one storage fails, and nothing else does. The number
/// of calls that the storage got comes back.
pub fn run_with_fault(seed: u64, of: Machine, call: usize, fault: Fault) -> (Outcome, usize) {
    let random = Random::new(seed);
    let plan = Plan { crash_when_broken: call % 2 == 1, ..Plan::calm(&random) };
    let world = World::new(random, plan, None, false);
    let object = match of {
        Machine::Primary => Object::Primary(Home::FIRST),
        Machine::Candidate => Object::Primary(Home { epoch: 2, region: 1 }),
        Machine::Replica => Object::Replica(world.plan.regions - 1),
        Machine::Directory => Object::Directory,
    };
    let storage = object.host(&world, |host| host.disk.storage.clone()).unwrap_or_default();
    storage.fail_at(call, fault);
    let outcome = world.live();
    (outcome, storage.calls().len())
}

impl World {
    fn new(random: Random, plan: Plan, mutation: Option<Mutation>, traced: bool) -> Rc<World> {
        let skew_ms = || skew_ms(&random);
        let isolates = plan.regions * plan.isolates;
        Rc::new(World {
            directory: Directory::new(plan.directory, skew_ms()),
            primaries: RefCell::default(),
            replicas: (0..plan.regions).map(|region| Region::new(region, skew_ms())).collect(),
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
        operator::begin(&self);
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

    /// The object of an epoch, which is there as soon as it is called.
    pub fn primary(&self, home: Home) -> Rc<Primary> {
        let mut primaries = self.primaries.borrow_mut();
        let new = || Primary::new(home, skew_ms(&self.random));
        Rc::clone(primaries.entry(home.epoch).or_insert_with(new))
    }

    pub fn primaries(&self) -> Vec<Rc<Primary>> {
        self.primaries.borrow().values().cloned().collect()
    }

    /// Where the primary is, as the directory has it.
    pub fn home(&self) -> Home {
        self.directory.peek().home()
    }

    /// The directory's answer is durable, and leaves it.
    pub fn told(&self, question: Question, answer: &Answer) {
        if let Question::Register { epoch, at, forced } = question
            && answer.says == Some(Says::Registered(true))
        {
            let newest = self.checker.borrow().epoch();
            let goes_on = self.primaries.borrow().get(&newest).is_none_or(|it| it.goes_on(self));
            self.checker.borrow_mut().promoted(epoch, place(at), forced, goes_on);
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
            promotions: checker.promotions,
            virtual_ms: self.clock.now_ms(),
        }
    }
}
