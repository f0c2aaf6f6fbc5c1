//! The next state of a database, prepared beside it: however large the change is, it takes little
//! memory, and nobody sees anything of it before it is published as one commit.
//!
//! Imports, restores and forks are prepared so. Nothing else may be committed meanwhile; a draft that
//! is not published, be it for a crash, leaves only staged pages, which the next one discards.
//!
//! A small draft becomes an ordinary commit. A large one becomes an interval of its own: its pages
//! are at once those of the database, and are put into their places later (`Storage::settle`).

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use crate::cache::PageCache;
use crate::checksum::Checksum;
use crate::commit::Changes;
use crate::crc64::PageCrc;
use crate::error::Error;
use crate::history::NotKept;
use crate::page::{LOCK_PAGE, PageImage, PageNo, blank_page, copy_part};
use crate::page_row;
use crate::page_set::PageSet;
use crate::past::Past;
use crate::position::Position;
use crate::scratch::Scratch;
use crate::storage::{Mark, Storage};
use crate::store::Store;

/// Pages of the draft and of what it began with that stay in memory, each.
const CACHE_PAGES: usize = 512;

/// A block is 4 KiB.
const CRCS_OF_BLOCK: usize = 512;

pub struct Draft {
    storage: Rc<dyn Storage>,
    /// Where it began.
    base: Past,
    size_pages: PageNo,
    /// The smallest size there was: pages of the base beyond it are gone.
    cut_pages: PageNo,
    staged: PageSet,
    /// Of the staged pages: block by block, as one list would be copied to twice its size again and again,
    /// in memory that never shrinks.
    crcs: HashMap<PageNo, Box<[u64; CRCS_OF_BLOCK]>>,
    /// Pages of the base that are no longer in the checksum.
    replaced: PageSet,
    /// Up to where the pages that are gone, and those that nobody wrote, have been accounted for.
    finished: [PageNo; 2],
    checksum: Checksum,
    cache: PageCache,
    commit_pages_max: usize,
    /// Scratch files so far.
    files: u32,
}

impl Store {
    /// Whether a draft can be begun: not before the one before is settled, which checkpoints do.
    pub fn is_settled(&self) -> bool {
        !self.unsettled
    }

    /// Lets go of up to so many pages of a draft that came to nothing. False once there are none left.
    pub fn discard_draft(&mut self, count: usize) -> Result<bool, Error> {
        self.storage.discard_staged(count).map_err(|error| self.break_off(error))
    }

    /// Begins a draft with the database as it is. Of up to `commit_pages_max` pages it will be an
    /// ordinary commit.
    pub fn draft(&mut self, commit_pages_max: usize) -> Result<Draft, Error> {
        if self.unsettled {
            return Err(Error::Corrupt("the draft before is not settled".to_owned()));
        }
        while self.discard_draft(usize::MAX)? {}
        let base = match self.past(self.position(), CACHE_PAGES)? {
            Ok(base) => base,
            Err(NotKept::Unknown | NotKept::TooOld { .. }) => {
                return Err(Error::Corrupt("no past is kept".to_owned()));
            }
        };
        Ok(Draft {
            storage: Rc::clone(&self.storage),
            size_pages: base.size_pages(),
            cut_pages: base.size_pages(),
            staged: PageSet::default(),
            crcs: HashMap::new(),
            replaced: PageSet::default(),
            finished: [0; 2],
            checksum: self.position().checksum,
            cache: PageCache::new(CACHE_PAGES),
            base,
            commit_pages_max,
            files: 0,
        })
    }

    /// Whether a draft can be published: if it is large, once the log is folded.
    pub fn takes(&self, draft: &Draft) -> bool {
        let folded = self.frames.is_empty() && self.checkpoint.is_none() && !self.unsettled;
        draft.is_small() || folded
    }

    /// Makes the draft the next commit. It must be finished, and the store must take it. On an error
    /// the database is as it was before. Afterwards the store is to be opened anew.
    pub fn publish(&mut self, draft: Draft, time_ms: i64) -> Result<Position, Error> {
        if self.position() != draft.base.position() || !self.takes(&draft) {
            return Err(Error::Corrupt("the draft is of an older state".to_owned()));
        }
        if draft.staged.is_empty() && draft.size_pages == self.size_pages() {
            return Ok(self.position());
        }
        if draft.is_small() {
            return self.commit_draft(draft, time_ms);
        }
        let Position { epoch, txid, .. } = self.position();
        let position = Position { epoch, txid: txid + 1, checksum: draft.checksum };
        let mark = Mark { position, size_pages: draft.size_pages };
        let (staged, log_bytes) = (draft.staged, self.log.bytes);
        self.turn(&mark, time_ms, staged, log_bytes, |store, turn| {
            store.storage.publish(&mark, turn)
        })?;
        self.reset(&mark);
        self.time_ms = time_ms;
        self.times.add(position.txid, time_ms);
        self.unsettled = true;
        Ok(position)
    }

    fn commit_draft(&mut self, mut draft: Draft, time_ms: i64) -> Result<Position, Error> {
        let mut pages = BTreeMap::new();
        for number in draft.staged.clone().iter() {
            pages.insert(number, Box::new(*draft.page(number)?));
        }
        let size_pages = draft.size_pages;
        let checksum = draft.checksum;
        let commit = self.commit(Changes { pages, size_pages }, time_ms)?;
        assert_eq!(commit.after.checksum, checksum, "the draft's checksum is another");
        while self.discard_draft(usize::MAX)? {}
        Ok(commit.after)
    }
}

impl Draft {
    fn is_small(&self) -> bool {
        self.staged.len() <= self.commit_pages_max
    }

    /// Where it began.
    pub fn base(&self) -> Position {
        self.base.position()
    }

    /// A file for what does not fit into memory while the draft is made.
    pub fn scratch(&mut self) -> Scratch {
        self.files += 1;
        Scratch::new(Rc::clone(&self.storage), self.files)
    }

    pub fn size_pages(&self) -> PageNo {
        self.size_pages
    }

    /// Of all its pages, once it is finished.
    pub fn checksum(&self) -> Checksum {
        self.checksum
    }

    /// Copies part of a page, from `offset` within it, into `out`.
    pub fn read(&mut self, number: PageNo, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        if !self.staged.contains(number) {
            if number > self.cut_pages.min(self.size_pages) {
                out.fill(0);
                return Ok(());
            }
            return self.base.read(number, offset, out);
        }
        copy_part(number, self.page(number)?, offset, out)
    }

    /// A staged page.
    fn page(&mut self, number: PageNo) -> Result<&PageImage, Error> {
        if !self.cache.contains(number) {
            let row = self.storage.read_staged(number)?;
            if let Some((page, crc)) = row.as_deref().and_then(page_row::decode) {
                self.cache.put(number, Box::new(*page), Some(crc));
            }
        }
        let page = self.cache.get(number);
        page.ok_or_else(|| Error::Corrupt(format!("staged page {number} is missing or damaged")))
    }

    /// Puts pages in the places of older ones, or beyond the end. The lock page is left out.
    pub fn put(&mut self, pages: BTreeMap<PageNo, Box<PageImage>>) -> Result<(), Error> {
        let mut rows = Vec::with_capacity(pages.len());
        for (number, page) in pages {
            self.size_pages = self.size_pages.max(number);
            if number == LOCK_PAGE {
                continue;
            }
            let crc = PageCrc::of(&page);
            if self.replace(number, crc)? {
                rows.push((number, page_row::encode(&page)));
                self.cache.put(number, page, Some(crc));
            }
        }
        if !rows.is_empty() {
            self.storage.stage(&rows)?;
        }
        Ok(())
    }

    /// Accounts for a new page. False if it is the one that is there.
    fn replace(&mut self, number: PageNo, crc: PageCrc) -> Result<bool, Error> {
        if self.staged.contains(number) {
            self.checksum = self.checksum.toggle(number, self.staged_crc(number));
        } else if number <= self.cut_pages {
            let old = self.base.crc(number)?;
            if old == crc {
                return Ok(false);
            }
            self.checksum = self.checksum.toggle(number, old);
            self.replaced.insert(number);
        }
        let block = self.crcs.entry(number / CRCS_OF_BLOCK as PageNo);
        block.or_insert_with(|| Box::new([0; CRCS_OF_BLOCK]))[number as usize % CRCS_OF_BLOCK] =
            crc.to_u64();
        self.staged.insert(number);
        self.checksum = self.checksum.toggle(number, crc);
        Ok(true)
    }

    fn staged_crc(&self, number: PageNo) -> PageCrc {
        let block = self.crcs.get(&(number / CRCS_OF_BLOCK as PageNo));
        PageCrc::from_u64(block.map_or(0, |crcs| crcs[number as usize % CRCS_OF_BLOCK]))
    }

    /// Makes it longer, by pages of zeros, or shorter.
    pub fn resize(&mut self, size_pages: PageNo) {
        let cut: Vec<PageNo> = self.staged.iter_from(size_pages.saturating_add(1)).collect();
        for number in cut {
            self.checksum = self.checksum.toggle(number, self.staged_crc(number));
            self.staged.remove(number);
            self.cache.remove(number);
        }
        self.size_pages = size_pages;
        self.cut_pages = self.cut_pages.min(size_pages);
        self.finished = [0; 2];
    }

    /// Takes a step of what is left to do before it can be published, of so many pages at most. False
    /// once nothing is.
    pub fn finish_step(&mut self, count_max: usize) -> Result<bool, Error> {
        let from = |done: PageNo| self.cut_pages.max(done) + 1;
        let lost = from(self.finished[0])..=self.base.size_pages();
        let lost = lost.filter(|number| *number != LOCK_PAGE && !self.replaced.contains(*number));
        let lost: Vec<PageNo> = lost.take(count_max).collect();
        for number in &lost {
            self.checksum = self.checksum.toggle(*number, self.base.crc(*number)?);
            self.replaced.insert(*number);
        }
        if let Some(last) = lost.last() {
            self.finished[0] = *last;
            return Ok(true);
        }
        let blank = from(self.finished[1])..=self.size_pages;
        let blank = blank.filter(|number| *number != LOCK_PAGE && !self.staged.contains(*number));
        let blank: BTreeMap<_, _> = blank.take(count_max).map(|n| (n, blank_page())).collect();
        let Some((last, _)) = blank.last_key_value() else { return Ok(false) };
        self.finished[1] = *last;
        self.put(blank)?;
        Ok(true)
    }
}
