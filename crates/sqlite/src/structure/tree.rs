//! A tree, walked from its left to its right, with a page of each level at hand.

use isolite_core::{Error, PageNo};

use super::cell::{Cell, Payload};
use super::ledger::{Ledger, Place};
use super::overflow::Chain;
use super::pointer_map::Entry;
use super::record::Record;
use super::tree_page::TreePage;
use super::{ReadPage, Root};

/// SQLite reads no deeper ones.
const LEVELS_MAX: usize = 20;

#[derive(Debug)]
pub(super) struct Tree {
    root: Root,
    begun: bool,
    /// From the root down to where the walk is.
    levels: Vec<Level>,
    /// How many levels there are above every leaf.
    leaf_depth: Option<usize>,
    last_rowid: Option<i64>,
    /// Rows, or entries of an index, so far.
    entries: u64,
    /// Overflow pages to be looked at before the walk goes on.
    chain: Option<Chain>,
}

#[derive(Debug)]
struct Level {
    number: PageNo,
    page: TreePage,
    next_cell: usize,
    /// The page left of the next cell is done.
    descended: bool,
}

impl Tree {
    pub(super) fn new(root: Root) -> Tree {
        Tree {
            root,
            begun: false,
            levels: vec![],
            leaf_depth: None,
            last_rowid: None,
            entries: 0,
            chain: None,
        }
    }

    pub(super) fn root(&self) -> PageNo {
        self.root.number
    }

    pub(super) fn entries(&self) -> u64 {
        self.entries
    }

    /// Looks at the next page or cell; false once there is none left.
    pub(super) fn advance(
        &mut self,
        ledger: &mut Ledger,
        read: &mut ReadPage<'_>,
    ) -> Result<bool, Error> {
        if !self.begun {
            self.begun = true;
            let Root { number: root, .. } = self.root;
            self.descend(root, Entry::ROOT, Place::Root { root }, ledger, read)?;
            return Ok(true);
        }
        if let Some(chain) = &mut self.chain {
            if !chain.advance(ledger, read)? {
                self.chain = None;
            }
            return Ok(true);
        }
        let root = self.root.number;
        let Some(level) = self.levels.last_mut() else { return Ok(false) };
        let (number, index) = (level.number, level.next_cell);
        if !level.page.leaf && !level.descended {
            level.descended = true;
            let child = level.page.child(index);
            let place = Place::Cell { root, page: number, cell: index };
            self.descend(child, Entry::node(number), place, ledger, read)?;
        } else if index == level.page.cell_count {
            self.levels.pop();
        } else {
            (level.next_cell, level.descended) = (index + 1, false);
            self.check_cell(index, ledger);
        }
        Ok(true)
    }

    fn descend(
        &mut self,
        number: PageNo,
        pointer: Entry,
        place: Place,
        ledger: &mut Ledger,
        read: &mut ReadPage<'_>,
    ) -> Result<(), Error> {
        let depth = self.levels.len();
        if !ledger.take(number, place) {
            return Ok(());
        }
        if number != 1 {
            ledger.check_pointer(number, pointer, place, read)?;
        }
        let bytes = ledger.read(number, read)?;
        let place = Place::Page { root: self.root.number, page: number };
        let page = match TreePage::open(number, bytes, self.root.kind) {
            Ok(page) => page,
            Err(text) => {
                ledger.tell(place, text);
                return Ok(());
            }
        };
        if depth == LEVELS_MAX {
            ledger.tell(place, format!("the tree has more than {LEVELS_MAX} levels"));
            return Ok(());
        }
        // The first page has less room than others: what does not fit there is below it.
        let may_be_empty = depth == 0 && (page.leaf || number == 1);
        if page.cell_count == 0 && !may_be_empty {
            ledger.tell(place, "it has no cells");
        }
        if page.leaf && *self.leaf_depth.get_or_insert(depth) != depth {
            ledger.tell(place, "it is not as deep as other leaves");
        }
        self.levels.push(Level { number, page, next_cell: 0, descended: false });
        Ok(())
    }

    /// Looks at a cell of the page that the walk is on.
    fn check_cell(&mut self, index: usize, ledger: &mut Ledger) {
        let Some(Level { number, page, .. }) = self.levels.last() else { return };
        let place = Place::Cell { root: self.root.number, page: *number, cell: index };
        let Cell { rowid, payload, .. } = match page.cell(index) {
            Ok(cell) => cell,
            Err(text) => return ledger.tell(place, text),
        };
        if let Some(payload) = payload {
            self.entries += 1;
            self.chain = check_payload(&payload, *number, page, place, ledger);
        }
        if let Some(rowid) = rowid {
            let leaf = page.leaf;
            self.check_rowid(rowid, leaf, place, ledger);
        }
    }

    /// On a leaf it is another row. The key of an inner cell is at least that of the last row left of it,
    /// which need not be there any more.
    fn check_rowid(&mut self, rowid: i64, leaf: bool, place: Place, ledger: &mut Ledger) {
        let ordered =
            self.last_rowid.is_none_or(|last| if leaf { last < rowid } else { last <= rowid });
        if !ordered {
            ledger.tell(place, format!("rowid {rowid} is out of order"));
        }
        self.last_rowid = Some(rowid);
    }
}

/// The overflow pages that are to be looked at.
fn check_payload(
    payload: &Payload,
    owner: PageNo,
    page: &TreePage,
    place: Place,
    ledger: &mut Ledger,
) -> Option<Chain> {
    let mut record = Record::new(payload.len);
    let local = page.bytes(payload.local.clone());
    let header = record.more(local).unwrap_or_else(|text| {
        ledger.tell(place, text);
        false
    });
    let (first, count) = (payload.overflow?, payload.overflow_pages());
    if count > u64::from(ledger.size_pages()) {
        ledger.tell(place, format!("a payload of {} bytes has no room in the file", payload.len));
        return None;
    }
    Some(Chain::new(place, owner, first, count, header.then_some(record)))
}
