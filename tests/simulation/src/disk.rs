//! The disk of an object: what is written becomes durable a little later, and what is sent waits
//! for that, as the platform's output gate has it. A crash keeps a prefix of the writes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use isolite_core::memory_storage::MemoryStorage;

use crate::reply::{Giver, reply};
use crate::world::World;

#[derive(Default)]
pub struct Disk {
    pub storage: MemoryStorage,
    /// Writes that are durable, or that a crash has taken back.
    settled: Cell<u64>,
    flushing: Cell<bool>,
    waiting: RefCell<Vec<(u64, Giver<()>)>>,
}

impl Disk {
    pub fn new() -> Rc<Disk> {
        let disk = Disk::default();
        disk.storage.write_behind();
        Rc::new(disk)
    }

    /// Resolves once all that is written by now is durable.
    pub async fn gate(self: &Rc<Self>, world: &Rc<World>) {
        let written = self.settled.get() + self.storage.pending() as u64;
        if written == self.settled.get() {
            return;
        }
        let (giver, waiter) = reply();
        self.waiting.borrow_mut().push((written, giver));
        self.write_back(world);
        waiter.await;
    }

    /// Has what is written made durable, in the order in which it was.
    pub fn write_back(self: &Rc<Self>, world: &Rc<World>) {
        if self.storage.pending() == 0 || self.flushing.replace(true) {
            return;
        }
        let (disk, inside) = (Rc::clone(self), Rc::clone(world));
        world.clock.spawn(&world.always, async move {
            while disk.storage.pending() > 0 {
                let (calls, settled) = (disk.storage.pending(), disk.settled.get());
                inside.clock.sleep(inside.disk_ms()).await;
                // A crash in between has settled them.
                if disk.settled.get() == settled {
                    disk.storage.flush(calls);
                    disk.settle(calls);
                }
            }
            disk.flushing.set(false);
        });
    }

    /// Keeps so many of the writes that are not durable, the oldest.
    pub fn crash(&self, kept: usize) {
        let pending = self.storage.pending();
        self.storage.crash(kept);
        self.settle(pending);
    }

    fn settle(&self, calls: usize) {
        let settled = self.settled.get() + calls as u64;
        self.settled.set(settled);
        let (there, waiting) = self.waiting.take().into_iter().partition(|(at, _)| *at <= settled);
        self.waiting.replace(waiting);
        drop::<Vec<_>>(there);
    }
}
