//! Who may write to a primary: one at a time, in the order in which they came.
//!
//! A transaction of several requests holds the lock from one to the next. As long as nobody else wants
//! it, that may be for any time; once somebody waits, only for so long.
//!
//! Invariants:
//! - nobody waits while the lock is free;
//! - a ticket is given once, and holds nothing after it was given up.

use std::collections::VecDeque;

/// Of one who holds the lock, or waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

/// The lock of one database.
#[derive(Debug, Default)]
pub struct WriteLock {
    /// Who holds it, since when.
    holder: Option<(Ticket, u64)>,
    waiting: VecDeque<Ticket>,
    given: u64,
}

impl WriteLock {
    pub fn is_free(&self) -> bool {
        self.holder.is_none()
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    pub fn holder(&self) -> Option<Ticket> {
        self.holder.map(|(holder, _)| holder)
    }

    pub fn holds(&self, ticket: Ticket) -> bool {
        self.holder() == Some(ticket)
    }

    /// Takes the lock if it is free, and stands in line if not: [`Self::holds`] tells which.
    pub fn ask(&mut self, now_ms: u64) -> Ticket {
        self.given += 1;
        let ticket = Ticket(self.given);
        match self.holder {
            None => self.holder = Some((ticket, now_ms)),
            Some(_) => self.waiting.push_back(ticket),
        }
        ticket
    }

    /// Gives up the lock, or the place in line. Who then holds it is told, if that is somebody new.
    pub fn leave(&mut self, ticket: Ticket, now_ms: u64) -> Option<Ticket> {
        if !self.holds(ticket) {
            self.waiting.retain(|waiting| *waiting != ticket);
            return None;
        }
        let next = self.waiting.pop_front();
        self.holder = next.map(|next| (next, now_ms));
        next
    }

    /// Who holds the lock while others wait, and from when on it may be taken away if it may be held
    /// for `held_ms_max`.
    pub fn due(&self, held_ms_max: u64) -> Option<(Ticket, u64)> {
        let (holder, since_ms) = self.holder?;
        (!self.waiting.is_empty()).then(|| (holder, since_ms.saturating_add(held_ms_max)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_order_in_which_they_came() {
        let mut lock = WriteLock::default();
        let [first, second, third] = [lock.ask(0), lock.ask(1), lock.ask(2)];
        assert!(lock.holds(first) && !lock.holds(second));
        assert_eq!(lock.waiting(), 2);
        assert_eq!(lock.leave(first, 3), Some(second));
        assert!(lock.holds(second) && !lock.holds(first));
        assert_eq!(lock.leave(second, 4), Some(third));
        assert_eq!(lock.leave(third, 5), None);
        assert!(lock.is_free());
    }

    #[test]
    fn who_gives_up_its_place_is_passed_over() {
        let mut lock = WriteLock::default();
        let [first, second, third] = [lock.ask(0), lock.ask(0), lock.ask(0)];
        assert_eq!(lock.leave(second, 1), None);
        assert_eq!(lock.leave(first, 1), Some(third));
        // Twice is once.
        assert_eq!(lock.leave(first, 1), None);
        assert!(lock.holds(third));
    }

    #[test]
    fn it_is_taken_away_only_while_others_wait() {
        let mut lock = WriteLock::default();
        let first = lock.ask(10);
        assert_eq!(lock.due(5), None);
        let second = lock.ask(100);
        assert_eq!(lock.due(5), Some((first, 15)));
        assert_eq!(lock.leave(first, 200), Some(second));
        assert_eq!(lock.due(5), None);
        lock.ask(300);
        assert_eq!(lock.due(5), Some((second, 205)));
        assert_eq!(lock.due(u64::MAX), Some((second, u64::MAX)));
    }
}
