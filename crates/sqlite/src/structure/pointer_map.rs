//! Pointer maps, which a file has that is vacuumed by itself: what refers to each page, for whoever moves it.

use std::fmt;

use isolite_core::{Error, PAGE_SIZE, PageImage, PageNo};

const ENTRY_LEN: u32 = 5;
/// A map and the pages after it that it tells of. None of the maps falls on the lock page.
const SPAN: u32 = PAGE_SIZE as u32 / ENTRY_LEN + 1;
const FIRST_MAP: PageNo = 2;

pub(super) fn is_map_page(page: PageNo) -> bool {
    page >= FIRST_MAP && (page - FIRST_MAP).is_multiple_of(SPAN)
}

/// What a map has of a page: its type, and what refers to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    kind: u8,
    parent: PageNo,
}

impl Entry {
    pub(super) const ROOT: Entry = Entry { kind: 1, parent: 0 };
    pub(super) const FREE: Entry = Entry { kind: 2, parent: 0 };

    /// The first overflow page of a cell on that page.
    pub(super) fn first_overflow(parent: PageNo) -> Entry {
        Entry { kind: 3, parent }
    }

    /// The one after that overflow page.
    pub(super) fn overflow(parent: PageNo) -> Entry {
        Entry { kind: 4, parent }
    }

    /// Of a tree, below that page.
    pub(super) fn node(parent: PageNo) -> Entry {
        Entry { kind: 5, parent }
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({}, {})", self.kind, self.parent)
    }
}

/// The map that was looked at last.
#[derive(Debug, Default)]
pub(super) struct PointerMap {
    last: Option<(PageNo, Box<PageImage>)>,
}

impl PointerMap {
    /// What there is of a page, which is neither the first one nor a map.
    pub(super) fn entry(
        &mut self,
        page: PageNo,
        read: impl FnOnce(PageNo) -> Result<Box<PageImage>, Error>,
    ) -> Result<Entry, Error> {
        let number = page.saturating_sub(FIRST_MAP) / SPAN * SPAN + FIRST_MAP;
        let map = match self.last.take() {
            Some((last, map)) if last == number => map,
            _ => read(number)?,
        };
        let at = page.saturating_sub(number + 1).saturating_mul(ENTRY_LEN) as usize;
        let told = map.get(at..).and_then(|rest| rest.first_chunk::<{ ENTRY_LEN as usize }>());
        let [kind, parent @ ..] = told.copied().unwrap_or_default();
        let entry = Entry { kind, parent: u32::from_be_bytes(parent) };
        self.last = Some((number, map));
        Ok(entry)
    }
}
