//! Virtual time, and the tasks that live in it.
//!
//! One task runs at a time, in the order in which they were woken; when none can, time jumps to the
//! next timer. So a world is a function of its seed. A task belongs to a life, that of the machine
//! or isolate it runs on, and ends with it wherever it stands, as in a crash.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// When worlds begin, in milliseconds since the Unix epoch: what is of before all time is then old.
pub const BEGIN_MS: f64 = 1_700_000_000_000.0;

/// Clones are the same life.
#[derive(Clone, Debug)]
pub struct Life(Rc<Cell<bool>>);

impl Life {
    pub fn begin() -> Life {
        Life(Rc::new(Cell::new(true)))
    }

    pub fn is_over(&self) -> bool {
        !self.0.get()
    }
}

#[derive(Default)]
pub struct Clock {
    now_ms: Cell<u64>,
    count: Cell<u64>,
    timers: RefCell<BTreeMap<(u64, u64), Waker>>,
    tasks: RefCell<BTreeMap<u64, Task>>,
    woken: Arc<Woken>,
}

struct Task {
    life: Life,
    waker: Waker,
    future: Pin<Box<dyn Future<Output = ()>>>,
}

/// Tasks that can go on.
#[derive(Default)]
struct Woken(Mutex<VecDeque<u64>>);

struct TaskWaker {
    task: u64,
    woken: Arc<Woken>,
}

impl Clock {
    pub fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    pub fn spawn(&self, life: &Life, task: impl Future<Output = ()> + 'static) {
        let id = self.next();
        let waker = Waker::from(Arc::new(TaskWaker { task: id, woken: Arc::clone(&self.woken) }));
        let task = Task { life: life.clone(), waker, future: Box::pin(task) };
        self.tasks.borrow_mut().insert(id, task);
        self.woken.push(id);
    }

    /// Ends a life, and with it its tasks; what they hold is let go of at once.
    pub fn end(&self, life: &Life) {
        life.0.set(false);
        let mut tasks = self.tasks.borrow_mut();
        let over = |(id, task): (&u64, &Task)| task.life.is_over().then_some(*id);
        let over: Vec<u64> = tasks.iter().filter_map(over).collect();
        let over: Vec<Task> = over.iter().filter_map(|id| tasks.remove(id)).collect();
        // To drop a task may wake others.
        drop(tasks);
        drop(over);
    }

    /// Ends everything.
    pub fn stop(&self) {
        let tasks = std::mem::take(&mut *self.tasks.borrow_mut());
        drop(tasks);
        self.timers.borrow_mut().clear();
    }

    /// Runs up to a time, or until `stop`.
    pub fn run(&self, until_ms: u64, stop: &dyn Fn() -> bool) {
        loop {
            while let Some(id) = self.woken.pop() {
                self.poll(id);
                if stop() {
                    return;
                }
            }
            let Some(timer) = self.due(until_ms) else { break };
            timer.wake();
        }
        self.now_ms.set(until_ms.max(self.now_ms.get()));
    }

    pub async fn sleep(&self, ms: u64) {
        let until_ms = self.now_ms() + ms;
        let mut set = false;
        std::future::poll_fn(|context| {
            if self.now_ms() >= until_ms && (set || ms == 0) {
                return Poll::Ready(());
            }
            set = true;
            self.timers.borrow_mut().insert((until_ms, self.next()), context.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn due(&self, until_ms: u64) -> Option<Waker> {
        let mut timers = self.timers.borrow_mut();
        let first = timers.first_entry()?;
        let at_ms = first.key().0;
        if at_ms > until_ms {
            return None;
        }
        self.now_ms.set(at_ms);
        Some(first.remove())
    }

    fn poll(&self, id: u64) {
        // Out of the map while it runs, since it may spawn others or end its own life.
        let Some(mut task) = self.tasks.borrow_mut().remove(&id) else { return };
        let waker = task.waker.clone();
        let ended = task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        if !ended && !task.life.is_over() {
            self.tasks.borrow_mut().insert(id, task);
        }
    }

    fn next(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get()
    }
}

impl Woken {
    fn push(&self, task: u64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push_back(task);
    }

    fn pop(&self) -> Option<u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.woken.push(self.task);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_jumps_and_a_life_ends_with_its_tasks() {
        let clock = Rc::new(Clock::default());
        let seen: Rc<RefCell<Vec<(u64, &str)>>> = Rc::default();
        let (life, other) = (Life::begin(), Life::begin());
        for (life, name, ms) in [(&life, "late", 30), (&life, "early", 10), (&other, "other", 40)] {
            let (inside, seen) = (Rc::clone(&clock), Rc::clone(&seen));
            clock.spawn(life, async move {
                for _ in 0..2 {
                    inside.sleep(ms).await;
                    seen.borrow_mut().push((inside.now_ms(), name));
                }
            });
        }
        clock.run(45, &|| false);
        clock.end(&life);
        clock.run(100, &|| false);
        let expected = [(10, "early"), (20, "early"), (30, "late"), (40, "other"), (80, "other")];
        assert_eq!(*seen.borrow(), expected);
        assert_eq!(clock.now_ms(), 100);
    }
}
