//! Parts of the snapshot that a replica takes in, for the isolates that ask for the same parts
//! meanwhile, as `src/replica/parts.rs` has them.

use std::cell::RefCell;
use std::rc::Rc;

use isolite_core::ltx::Header;

use crate::message::Answer;
use crate::reply::{Giver, Waiter, reply};

/// A part as the primary gave it.
pub struct Part {
    pub sent_ms: f64,
    pub answer: Answer,
}

/// Who waits for a part, by its first page.
#[derive(Default)]
pub struct Waiting(RefCell<Vec<(u32, Giver<Rc<Part>>)>>);

impl Waiting {
    pub fn for_part(&self, first: u32) -> Waiter<Rc<Part>> {
        let (giver, waiter) = reply();
        self.0.borrow_mut().push((first, giver));
        waiter
    }

    /// True if there were any who wait for it.
    pub fn give(&self, first: u32, part: Part) -> bool {
        let (part, mut waiting) = (Rc::new(part), self.0.borrow_mut());
        let before = waiting.len();
        for (_, giver) in waiting.extract_if(.., |(wanted, _)| *wanted == first) {
            giver.give(Rc::clone(&part));
        }
        waiting.len() < before
    }

    /// No other part comes than, if so, the one that begins there.
    pub fn keep_only(&self, first: Option<u32>) {
        self.0.borrow_mut().retain(|(wanted, _)| Some(*wanted) == first);
    }
}

impl Part {
    pub fn answer(&self, size_pages_max: u32, now_ms: f64) -> Answer {
        let header = |ltx: &Vec<u8>| Header::decode(ltx).ok();
        let has_room =
            |ltx: &Vec<u8>| header(ltx).is_some_and(|it| it.size_pages <= size_pages_max);
        let commits = self.answer.commits.clone().filter(has_room);
        Answer { commits, age_ms: (now_ms - self.sent_ms).max(0.0), ..self.answer.clone() }
    }
}
