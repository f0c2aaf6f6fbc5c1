//! The overflow pages of one payload: a chain, each with the number of the next.

use isolite_core::{Error, PageNo};

use super::ReadPage;
use super::cell::{CONTENT_AT, page_number};
use super::ledger::{Ledger, Place};
use super::pointer_map::Entry;
use super::record::Record;

#[derive(Debug)]
pub(super) struct Chain {
    place: Place,
    next: PageNo,
    pointer: Entry,
    /// How many there are to be, and have been.
    expected: u64,
    done: u64,
    /// Of what its header goes on in these pages.
    record: Option<Record>,
}

impl Chain {
    /// That of a cell on page `owner`.
    pub(super) fn new(
        place: Place,
        owner: PageNo,
        first: PageNo,
        expected: u64,
        record: Option<Record>,
    ) -> Chain {
        let pointer = Entry::first_overflow(owner);
        Chain { place, next: first, pointer, expected, done: 0, record }
    }

    /// Looks at the next page; false at the end.
    pub(super) fn advance(
        &mut self,
        ledger: &mut Ledger,
        read: &mut ReadPage<'_>,
    ) -> Result<bool, Error> {
        let Chain { place, next, expected, done, .. } = *self;
        if next == 0 || done == expected {
            if next != 0 {
                ledger.tell(place, format!("there are more overflow pages than {expected}"));
            } else if done != expected {
                let text = format!("there are {done} overflow pages, and should be {expected}");
                ledger.tell(place, text);
            }
            return Ok(false);
        }
        if !ledger.take(next, place) {
            return Ok(false);
        }
        ledger.check_pointer(next, self.pointer, place, read)?;
        let page = ledger.read(next, read)?;
        let content = page.get(CONTENT_AT..).unwrap_or_default();
        match self.record.as_mut().map_or(Ok(false), |record| record.more(content)) {
            Ok(true) => {}
            Ok(false) => self.record = None,
            Err(text) => {
                self.record = None;
                ledger.tell(place, text);
            }
        }
        self.pointer = Entry::overflow(next);
        self.next = page_number(&page, 0).unwrap_or_default();
        self.done += 1;
        Ok(true)
    }
}
