//! The pages that are free: a chain of trunks, each with the numbers of others.

use isolite_core::{Error, PAGE_SIZE, PageImage, PageNo};

use super::cell::page_number;
use super::ledger::{Ledger, Place, number};
use super::pointer_map::Entry;
use super::{Header, ReadPage};

/// Where the header has the first trunk, and how many free pages there are.
const FIRST_AT: usize = 32;
const COUNT_AT: usize = 36;
/// Leaves that a trunk has room for.
const LEAVES_MAX: u32 = PAGE_SIZE as u32 / 4 - 2;
const LEAVES_AT: usize = 8;

#[derive(Debug)]
pub(super) struct Freelist {
    next: PageNo,
    trunk: Option<Trunk>,
    expected: u32,
    found: u32,
    broken: bool,
}

#[derive(Debug)]
struct Trunk {
    page: Box<PageImage>,
    leaves: u32,
    done: u32,
}

impl Freelist {
    pub(super) fn new(header: &Header) -> Freelist {
        let (next, expected) = (number(header, FIRST_AT), number(header, COUNT_AT));
        Freelist { next, trunk: None, expected, found: 0, broken: false }
    }

    /// Looks at the next free page; false once there is none left.
    pub(super) fn advance(
        &mut self,
        ledger: &mut Ledger,
        read: &mut ReadPage<'_>,
    ) -> Result<bool, Error> {
        if let Some(trunk) = &mut self.trunk {
            match trunk.next_leaf() {
                Some(leaf) => drop(self.take(leaf, ledger, read)?),
                None => self.trunk = None,
            }
            return Ok(true);
        }
        if self.next == 0 {
            let Freelist { found, expected, broken, .. } = *self;
            if found != expected && !broken {
                let text = format!("there are {found} pages, and should be {expected}");
                ledger.tell(Place::Freelist, text);
            }
            return Ok(false);
        }
        let number = std::mem::take(&mut self.next);
        if self.take(number, ledger, read)? {
            let page = ledger.read(number, read)?;
            self.next = page_number(&page, 0).unwrap_or_default();
            let leaves = page_number(&page, 4).unwrap_or_default();
            if leaves > LEAVES_MAX {
                self.broken = true;
                ledger.tell(Place::Freelist, format!("page {number} tells of {leaves} others"));
            } else {
                self.trunk = Some(Trunk { page, leaves, done: 0 });
            }
        }
        Ok(true)
    }

    fn take(
        &mut self,
        page: PageNo,
        ledger: &mut Ledger,
        read: &mut ReadPage<'_>,
    ) -> Result<bool, Error> {
        if !ledger.take(page, Place::Freelist) {
            self.broken = true;
            return Ok(false);
        }
        self.found = self.found.saturating_add(1);
        ledger.check_pointer(page, Entry::FREE, Place::Freelist, read)?;
        Ok(true)
    }
}

impl Trunk {
    fn next_leaf(&mut self) -> Option<PageNo> {
        let leaf = self.done;
        (leaf < self.leaves).then(|| {
            self.done += 1;
            page_number(&self.page, LEAVES_AT + 4 * leaf as usize).unwrap_or_default()
        })
    }
}
