//! What a Durable Object runs on: a clock of its own, a disk, and a life that a crash ends.

use std::cell::RefCell;
use std::rc::Rc;

use crate::clock::Life;
use crate::disk::Disk;
use crate::world::World;

pub struct Host {
    /// How far its clock is from the world's.
    skew_ms: f64,
    pub disk: Rc<Disk>,
    life: RefCell<Life>,
}

impl Host {
    pub fn new(skew_ms: f64) -> Host {
        Host { skew_ms, disk: Disk::new(), life: RefCell::new(Life::begin()) }
    }

    pub fn now_ms(&self, world: &World) -> f64 {
        world.clock.now_ms() as f64 + self.skew_ms
    }

    pub fn life(&self) -> Life {
        self.life.borrow().clone()
    }

    /// Ends what runs here; of the writes that are not durable the disk keeps so many, the oldest.
    pub fn crash(&self, world: &World, kept: usize) {
        let life = self.life.replace(Life::begin());
        world.clock.end(&life);
        self.disk.crash(kept);
    }
}
