//! Parts of the snapshot that a replica takes in, for the isolates that ask for the same parts
//! meanwhile: the primary makes each of them once, and no isolate waits for all of them.

use std::cell::RefCell;
use std::rc::Rc;

use futures_channel::oneshot::{Receiver, Sender, channel};
use isolite_core::PageNo;
use isolite_core::ltx::Header;

use crate::object::call_js::Answer;

/// Isolates that get a part at once. Each takes a copy of it; further ones ask the primary.
const WAITING_MAX: usize = 4;

/// A part as the primary gave it.
#[derive(Clone)]
pub(super) struct Part {
    /// When it was asked for.
    pub sent_ms: f64,
    pub bookmark: Option<String>,
    pub ltx: Rc<Option<Vec<u8>>>,
}

/// Who waits for a part, by its first page.
#[derive(Default)]
pub(super) struct Waiting(RefCell<Vec<(PageNo, Sender<Part>)>>);

impl Waiting {
    /// For the part that is asked for, or about to be: cancelled if that does not come. None if there
    /// is no room.
    pub fn for_part(&self, first: PageNo) -> Option<Receiver<Part>> {
        let mut waiting = self.0.borrow_mut();
        waiting.retain(|(_, sender)| !sender.is_canceled());
        if waiting.len() >= WAITING_MAX {
            return None;
        }
        let (sender, receiver) = channel();
        waiting.push((first, sender));
        Some(receiver)
    }

    /// Gives a part to those that wait for it. True if there were any.
    pub fn give(&self, first: PageNo, part: &Part) -> bool {
        let mut waiting = self.0.borrow_mut();
        let before = waiting.len();
        for (_, sender) in waiting.extract_if(.., |(wanted, _)| *wanted == first) {
            // Who waits no longer needs none.
            drop(sender.send(part.clone()));
        }
        waiting.len() < before
    }

    /// No other part comes than, if so, the one that begins there.
    pub fn keep_only(&self, first: Option<PageNo>) {
        self.0.borrow_mut().retain(|(wanted, _)| Some(*wanted) == first);
    }
}

impl Part {
    /// The answer to an isolate that has no room for more pages than so many.
    pub fn answer(&self, size_pages_max: PageNo, now_ms: f64) -> Answer {
        let header = |ltx: &Vec<u8>| Header::decode(ltx).ok();
        let has_room =
            |ltx: &&Vec<u8>| header(ltx).is_some_and(|it| it.size_pages <= size_pages_max);
        Answer {
            bookmark: self.bookmark.clone(),
            commits: (*self.ltx).as_ref().filter(has_room).cloned(),
            age_ms: (now_ms - self.sent_ms).max(0.0),
            ..Answer::new(200, "")
        }
    }
}
