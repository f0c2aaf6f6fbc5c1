//! Whether the pages of a file are a database: SQLite's own structural check, in steps.
//!
//! `PRAGMA quick_check` is one statement, which nothing can interrupt and take up again, and takes minutes
//! on gigabytes. This goes through the same pages by the description of the
//! [format](https://www.sqlite.org/fileformat2.html), a few at a time. Pages come in by a function: there
//! is no SQLite here.
//!
//! Invariants:
//! - Each page is taken for one use, once. So whatever a damaged file refers to, the work ends, and has
//!   read no more pages than there are, those of pointer maps apart.
//! - Memory is a bit for each page, one page for each level of one tree, and ten problems.
//! - A step reads no more pages than it may, give or take a few.

mod cell;
mod freelist;
mod ledger;
mod overflow;
mod pointer_map;
mod record;
mod tree;
mod tree_page;
mod varint;

use std::collections::HashMap;

use isolite_core::{Error, PageImage, PageNo};

use freelist::Freelist;
use ledger::{Ledger, Place};
use tree::Tree;

/// Problems of a damaged file that are told.
const PROBLEMS_MAX: usize = 10;

/// The first bytes of the first page.
pub(crate) type Header = [u8; 100];

/// Fills in the page of that number.
pub(crate) type ReadPage<'a> = dyn FnMut(PageNo, &mut PageImage) -> Result<(), Error> + 'a;

/// What a tree holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TreeKind {
    /// Rows by their rowid.
    Table,
    /// Entries in their own order: an index, or a table `WITHOUT ROWID`.
    Index,
}

/// Where a tree begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Root {
    pub(crate) number: PageNo,
    pub(crate) kind: TreeKind,
    /// Of an index that has an entry for each row of its table, where that begins.
    pub(crate) table: Option<PageNo>,
}

#[derive(Debug)]
pub(crate) struct StructureCheck {
    ledger: Ledger,
    /// Those to come, the next one last.
    roots: Vec<Root>,
    /// How many entries the trees have that are done.
    entries: HashMap<PageNo, u64>,
    /// Indexes that have an entry for each row, and their tables.
    indexes: Vec<(PageNo, PageNo)>,
    work: Work,
}

#[derive(Debug)]
enum Work {
    Freelist(Freelist),
    Tree(Tree),
    /// Whatever is left is used by nothing.
    Rest,
    Done,
}

impl StructureCheck {
    /// Of a database with that header, whose schema tells of these roots besides its own.
    pub(crate) fn new(size_pages: PageNo, header: &Header, mut roots: Vec<Root>) -> StructureCheck {
        let mut ledger = Ledger::new(size_pages, header);
        if size_pages > 0 {
            roots.push(Root { number: 1, kind: TreeKind::Table, table: None });
        }
        ledger.check_largest_root(header, roots.iter().map(|root| root.number).max());
        // Pages of trees that were made one after the other lie so as well.
        roots.sort_by_key(|root| std::cmp::Reverse(root.number));
        let indexes = roots.iter().filter_map(|root| Some((root.number, root.table?))).collect();
        let work = Work::Freelist(Freelist::new(header));
        StructureCheck { ledger, roots, entries: HashMap::new(), indexes, work }
    }

    /// Goes on for about so many pages; false once it is over.
    pub(crate) fn step(
        &mut self,
        pages_max: usize,
        read: &mut ReadPage<'_>,
    ) -> Result<bool, Error> {
        self.ledger.begin_step();
        while self.ledger.pages_read() < pages_max {
            let done = matches!(self.work, Work::Done) || self.ledger.problems().is_full();
            if done {
                return Ok(false);
            }
            self.advance(read)?;
        }
        Ok(true)
    }

    /// What is wrong; nothing if all is as it should be, or was so far.
    pub(crate) fn problems(&self) -> &[String] {
        self.ledger.problems().texts()
    }

    /// Pages whose use is known.
    pub(crate) fn done_pages(&self) -> PageNo {
        self.ledger.used_pages()
    }

    pub(crate) fn size_pages(&self) -> PageNo {
        self.ledger.size_pages()
    }

    fn advance(&mut self, read: &mut ReadPage<'_>) -> Result<(), Error> {
        let more = match &mut self.work {
            Work::Freelist(freelist) => freelist.advance(&mut self.ledger, read)?,
            Work::Tree(tree) => tree.advance(&mut self.ledger, read)?,
            Work::Rest => {
                self.look_at_rest();
                self.work = Work::Done;
                true
            }
            Work::Done => true,
        };
        if !more {
            if let Work::Tree(tree) = &self.work {
                self.entries.insert(tree.root(), tree.entries());
            }
            self.work = match self.roots.pop() {
                Some(root) => Work::Tree(Tree::new(root)),
                None => Work::Rest,
            };
        }
        Ok(())
    }

    /// After what is damaged, much may seem to be unused or missing that is not: that is not told.
    fn look_at_rest(&mut self) {
        if !self.problems().is_empty() {
            return;
        }
        self.ledger.tell_unused();
        for (index, table) in &self.indexes {
            let [entries, rows] = [index, table].map(|root| self.entries.get(root).copied());
            if entries != rows {
                let [entries, rows] = [entries, rows].map(Option::unwrap_or_default);
                let text = format!("it has {entries} entries, and its table {rows} rows");
                self.ledger.tell(Place::Root { root: *index }, text);
            }
        }
    }
}

// Files are made by the host.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
