//! What each page is used for: once, and what is wrong with that.

use std::fmt::{self, Display};

use isolite_core::{Error, LOCK_PAGE, PageImage, PageNo, PageSet, blank_page};

use super::pointer_map::{Entry, PointerMap, is_map_page};
use super::{Header, PROBLEMS_MAX, ReadPage};

/// Where the header has its largest root, which only files with pointer maps have, and whether they are
/// vacuumed by steps.
const LARGEST_ROOT_AT: usize = 52;
const INCREMENTAL_AT: usize = 64;

/// Where something is wrong, told as SQLite does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    Freelist,
    Root { root: PageNo },
    Page { root: PageNo, page: PageNo },
    Cell { root: PageNo, page: PageNo, cell: usize },
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Freelist => f.write_str("Freelist"),
            Place::Root { root } => write!(f, "Tree {root}"),
            Place::Page { root, page } => write!(f, "Tree {root} page {page}"),
            Place::Cell { root, page, cell } => write!(f, "Tree {root} page {page} cell {cell}"),
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Problems {
    texts: Vec<String>,
}

impl Problems {
    fn tell(&mut self, text: String) {
        if !self.is_full() {
            self.texts.push(text);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.texts.len() >= PROBLEMS_MAX
    }

    pub(super) fn texts(&self) -> &[String] {
        &self.texts
    }
}

#[derive(Debug)]
pub(super) struct Ledger {
    size_pages: PageNo,
    used: PageSet,
    used_pages: PageNo,
    pointer_map: Option<PointerMap>,
    problems: Problems,
    /// In this step.
    pages_read: usize,
}

impl Ledger {
    pub(super) fn new(size_pages: PageNo, header: &Header) -> Ledger {
        let mapped = number(header, LARGEST_ROOT_AT) != 0;
        let mut ledger = Ledger {
            size_pages,
            used: PageSet::default(),
            used_pages: 0,
            pointer_map: mapped.then(PointerMap::default),
            problems: Problems::default(),
            pages_read: 0,
        };
        let of_nobody = |page: &PageNo| *page == LOCK_PAGE || mapped && is_map_page(*page);
        for page in (1..=size_pages).filter(of_nobody) {
            ledger.used.insert(page);
            ledger.used_pages += 1;
        }
        ledger
    }

    /// The header's own word for the largest of the roots there are.
    pub(super) fn check_largest_root(&mut self, header: &Header, largest: Option<PageNo>) {
        let told = number(header, LARGEST_ROOT_AT);
        if told == 0 && number(header, INCREMENTAL_AT) != 0 {
            let text = "incremental vacuum is enabled, and there are no pointer maps";
            self.problems.tell(text.to_owned());
        } else if told != 0 && largest.is_some_and(|largest| largest != told) {
            let largest = largest.unwrap_or_default();
            self.problems.tell(format!("the largest root is {largest}, and the header has {told}"));
        }
    }

    pub(super) fn begin_step(&mut self) {
        self.pages_read = 0;
    }

    pub(super) fn pages_read(&self) -> usize {
        self.pages_read
    }

    pub(super) fn size_pages(&self) -> PageNo {
        self.size_pages
    }

    pub(super) fn used_pages(&self) -> PageNo {
        self.used_pages
    }

    pub(super) fn problems(&self) -> &Problems {
        &self.problems
    }

    pub(super) fn tell(&mut self, place: Place, text: impl Display) {
        self.problems.tell(format!("{place}: {text}"));
    }

    /// Takes a page for what `place` uses it for. False if it cannot be that: the first one is the schema's.
    pub(super) fn take(&mut self, page: PageNo, place: Place) -> bool {
        let text = if page == 0 || page > self.size_pages {
            format!("invalid page number {page}")
        } else if page == LOCK_PAGE {
            format!("page {page} is the lock page")
        } else if self.pointer_map.is_some() && is_map_page(page) {
            format!("page {page} is a pointer map")
        } else if self.used.contains(page) || page == 1 && !matches!(place, Place::Root { root: 1 })
        {
            format!("2nd reference to page {page}")
        } else {
            self.used.insert(page);
            self.used_pages += 1;
            return true;
        };
        self.tell(place, text);
        false
    }

    /// A page that was taken.
    pub(super) fn read(
        &mut self,
        page: PageNo,
        read: &mut ReadPage<'_>,
    ) -> Result<Box<PageImage>, Error> {
        self.pages_read += 1;
        let mut image = blank_page();
        read(page, &mut image)?;
        Ok(image)
    }

    /// Compares what a pointer map has of a page that was taken, where there are any.
    pub(super) fn check_pointer(
        &mut self,
        page: PageNo,
        expected: Entry,
        place: Place,
        read: &mut ReadPage<'_>,
    ) -> Result<(), Error> {
        let Some(mut map) = self.pointer_map.take() else { return Ok(()) };
        let entry = map.entry(page, |number| self.read(number, read));
        self.pointer_map = Some(map);
        let entry = entry?;
        if entry != expected {
            let text = format!("the pointer map has {entry} of page {page}, which is {expected}");
            self.tell(place, text);
        }
        Ok(())
    }

    /// Once all that is used was taken.
    pub(super) fn tell_unused(&mut self) {
        let unused = (1..=self.size_pages).filter(|page| !self.used.contains(*page));
        for page in unused.take(PROBLEMS_MAX) {
            self.problems.tell(format!("Page {page}: never used"));
        }
        self.used_pages = self.size_pages;
    }
}

/// A number of the header.
pub(super) fn number(header: &Header, at: usize) -> u32 {
    let bytes = header.get(at..).and_then(|rest| rest.first_chunk()).copied();
    u32::from_be_bytes(bytes.unwrap_or_default())
}
