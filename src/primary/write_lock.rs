//! Waiting for one's turn to write.
//!
//! Whoever waits sees to it that the holder lets go in time. So a transaction that nobody else minds
//! may last, and needs no clock of its own.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use futures_channel::oneshot;
use isolite_core::{Ticket, WriteLock};

use super::Engine;
use crate::object::call_js::within;
use crate::platform_js::now_ms;

/// The lock, and those who wait for it.
#[derive(Default)]
pub(super) struct Turns {
    lock: RefCell<WriteLock>,
    waiting: RefCell<HashMap<Ticket, oneshot::Sender<()>>>,
}

/// Others were writing for as long as could be waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Busy;

impl Engine {
    pub(super) fn is_locked(&self) -> bool {
        !self.turns.lock.borrow().is_free()
    }

    /// How many wait for it.
    pub(super) fn lock_waiting(&self) -> usize {
        self.turns.lock.borrow().waiting()
    }

    pub(super) fn holds(&self, ticket: Ticket) -> bool {
        self.turns.lock.borrow().holds(ticket)
    }

    /// Waits for the lock. Who gets it calls [`Self::unlock`] at the end.
    pub(super) async fn lock(&self) -> Result<Ticket, Busy> {
        let (held_ms_max, wait_ms_max) = match &self.settings {
            Ok(settings) => (settings.transaction_ms_max, settings.lock_wait_ms_max),
            Err(_) => (0, 0),
        };
        let ticket = self.turns.lock.borrow_mut().ask(now_ms());
        if self.holds(ticket) {
            return Ok(ticket);
        }
        let (sender, mut turn) = oneshot::channel();
        self.turns.waiting.borrow_mut().insert(ticket, sender);
        let until_ms = now_ms() + wait_ms_max;
        loop {
            let due = self.turns.lock.borrow().due(held_ms_max);
            let look_ms = due.map_or(until_ms, |(_, due_ms)| due_ms.min(until_ms));
            let wait = Duration::from_millis(look_ms.saturating_sub(now_ms()).max(1));
            match within(wait, &mut turn).await {
                // The turn may have been taken away in between, as the database was closed.
                Some(Ok(())) if self.holds(ticket) => return Ok(ticket),
                Some(Ok(())) => return Err(self.give_up(ticket)),
                // Nobody drops a sender before its turn has come.
                Some(Err(_)) => return Err(self.give_up(ticket)),
                None => {}
            }
            let due = self.turns.lock.borrow().due(held_ms_max);
            match due {
                Some((holder, due_ms)) if due_ms <= now_ms() => self.roll_back_of(holder),
                _ if until_ms <= now_ms() => return Err(self.give_up(ticket)),
                _ => {}
            }
        }
    }

    fn give_up(&self, ticket: Ticket) -> Busy {
        self.turns.waiting.borrow_mut().remove(&ticket);
        self.unlock(ticket);
        self.metrics.not_let();
        Busy
    }

    /// Lets the next one have its turn.
    pub(super) fn unlock(&self, ticket: Ticket) {
        let mut leaving = Some(ticket);
        while let Some(ticket) = leaving.take() {
            let next = self.turns.lock.borrow_mut().leave(ticket, now_ms());
            let Some(next) = next else { return };
            let sender = self.turns.waiting.borrow_mut().remove(&next);
            // One whose request has ended meanwhile is passed over.
            if sender.is_none_or(|sender| sender.send(()).is_err()) {
                leaving = Some(next);
            }
        }
    }

    /// Takes back the transaction that is open, and its lock: who had it finds that out by itself.
    pub(super) fn roll_back_of(&self, holder: Ticket) {
        if let Some(opened) = &mut *self.opened.borrow_mut()
            && opened.database.is_interactive()
        {
            opened.database.roll_back_interactive();
        }
        self.unlock(holder);
    }

    /// Who holds the lock.
    pub(super) fn lock_holder(&self) -> Option<Ticket> {
        self.turns.lock.borrow().holder()
    }
}
