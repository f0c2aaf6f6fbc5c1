//! The one answer to a call, from the task that gives it to the one that waits.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

struct Slot<T> {
    value: Option<T>,
    /// Nobody is left to give one.
    closed: bool,
    waker: Option<Waker>,
}

pub struct Giver<T>(Rc<RefCell<Slot<T>>>);

/// Resolves with None if the giver has gone without an answer.
pub struct Waiter<T>(Rc<RefCell<Slot<T>>>);

pub fn reply<T>() -> (Giver<T>, Waiter<T>) {
    let slot = Rc::new(RefCell::new(Slot { value: None, closed: false, waker: None }));
    (Giver(Rc::clone(&slot)), Waiter(slot))
}

impl<T> Giver<T> {
    pub fn give(self, value: T) {
        self.0.borrow_mut().value = Some(value);
    }
}

impl<T> Drop for Giver<T> {
    fn drop(&mut self) {
        let mut slot = self.0.borrow_mut();
        slot.closed = true;
        if let Some(waker) = slot.waker.take() {
            waker.wake();
        }
    }
}

impl<T> Future for Waiter<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut slot = self.0.borrow_mut();
        if slot.value.is_some() || slot.closed {
            return Poll::Ready(slot.value.take());
        }
        slot.waker = Some(context.waker().clone());
        Poll::Pending
    }
}
