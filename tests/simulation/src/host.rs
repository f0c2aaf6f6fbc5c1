//! What a Durable Object runs on: a clock of its own, a disk, and a life that a crash ends.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::clock::{BEGIN_MS, Life};
use crate::disk::Disk;
use crate::random::Random;
use crate::world::World;

pub struct Host {
    /// How far its clock is from the world's. It starts anew on another machine, with another one.
    skew_ms: Cell<f64>,
    pub disk: Rc<Disk>,
    life: RefCell<Life>,
    /// Until then nothing runs here, nor is it reached.
    down_until_ms: Cell<u64>,
}

impl Host {
    pub fn new(skew_ms: f64) -> Host {
        Host {
            skew_ms: Cell::new(skew_ms),
            disk: Disk::new(),
            life: RefCell::new(Life::begin()),
            down_until_ms: Cell::new(0),
        }
    }

    pub fn go_down(&self, until_ms: u64) {
        self.down_until_ms.set(until_ms.max(self.down_until_ms.get()));
    }

    pub fn is_down(&self, world: &World) -> bool {
        !world.calm.get() && world.clock.now_ms() < self.down_until_ms.get()
    }

    pub fn now_ms(&self, world: &World) -> f64 {
        BEGIN_MS + world.clock.now_ms() as f64 + self.skew_ms.get()
    }

    pub fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// Ends what runs here; of the writes that are not durable the disk keeps so many, the oldest.
    pub fn crash(&self, world: &World, kept: usize) {
        let life = self.life.replace(Life::begin());
        world.clock.end(&life);
        self.disk.crash(kept);
        self.skew_ms.set(skew_ms(&world.random));
    }
}

/// By how much a clock may be wrong.
pub fn skew_ms(random: &Random) -> f64 {
    random.within(0, 20_000) as f64 - 10_000.0
}
