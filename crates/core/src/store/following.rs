//! What a store gives to those that follow it, and takes in where it follows itself.

use std::collections::BTreeSet;

use super::{IndexedRow, Store};
use crate::bootstrap::{Bootstrap, encode_part};
use crate::commit::{Changes, Commit};
use crate::crc64::PageCrc;
use crate::error::Error;
use crate::ltx::{Decoder, Encoder, Header};
use crate::page::{LOCK_PAGE, PageNo};
use crate::page_row;
use crate::position::{Position, Txid};
use crate::received::Received;
use crate::storage::Mark;

/// Pages that commits for a replica may bring at once: 32 MiB before compression.
const COMMITS_PAGES_MAX: usize = 8192;
/// How many intervals of the past a replica may be behind: 16 MiB of log, or 4,000 commits.
const INTERVALS_BEHIND_MAX: usize = 4;

impl Store {
    /// Takes in commits of the primary, one or several compacted, that lead to `position`. After an
    /// error that tells of damage the database is as it was before, and another than the primary's.
    pub fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        self.check()?;
        let decoder = Decoder::new(ltx)?;
        let header = *decoder.header();
        if let Some(received) = Received::without_applying(&header, &self.position, &position)? {
            return Ok(received);
        }
        let mut changes = Changes { size_pages: header.size_pages, ..Changes::default() };
        decoder.pages(|number, page| drop(changes.pages.insert(number, Box::new(*page))))?;
        let crcs: Vec<PageCrc> = changes.pages.values().map(|page| PageCrc::of(page)).collect();
        let mut added = self.size_pages + 1..=header.size_pages;
        let whole = added.all(|n| n == LOCK_PAGE || changes.pages.contains_key(&n));
        if !whole || self.checksum_after(&changes, &crcs)? != position.checksum {
            return Err(Error::Corrupt("it is not the primary's database any more".to_owned()));
        }
        let commit = Commit::received(self.position, position, &header, ltx)?;
        self.append(&commit, changes, crcs)?;
        Ok(Received::Applied)
    }

    /// Lets go of everything, as a replica does that is to take in a snapshot.
    pub fn clear(&mut self) -> Result<(), Error> {
        self.check()?;
        self.storage.clear().map_err(|error| self.break_off(error))?;
        self.reset(&Mark { position: Position::START, size_pages: 0 });
        Ok(())
    }

    /// Takes in an answer for `bootstrap`, which began with a clear store. True once the database is
    /// whole; until then the store answers as if it were empty.
    pub fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error> {
        self.check()?;
        let mut pages = Vec::new();
        let whole = bootstrap
            .take(primary, ltx, &mut |number, page| pages.push((number, page_row::encode(page))))?;
        self.storage.write_pages(&pages, None).map_err(|error| self.break_off(error))?;
        let Some(mark) = whole else { return Ok(false) };
        self.storage.set_mark(&mark, None).map_err(|error| self.break_off(error))?;
        self.reset(&mark);
        Ok(true)
    }

    /// What a replica at `from` lacks, as one LTX file that holds each page once. None if it is
    /// longer than `bytes_max`, or if only a snapshot can help.
    ///
    /// A replica may be of an earlier epoch. Should it have commits of that which were lost, the checksum
    /// tells it so as it takes these in.
    pub fn commits_since(
        &mut self,
        from: Position,
        bytes_max: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        if from.epoch > self.position.epoch || from.txid >= self.position.txid {
            return Ok(None);
        }
        if from.txid < self.followed_from(INTERVALS_BEHIND_MAX) {
            return Ok(None);
        }
        let Some(pages) = self.pages_since(from.txid)? else { return Ok(None) };
        if pages.len() > COMMITS_PAGES_MAX {
            return Ok(None);
        }
        let Position { txid: txid_max, .. } = self.position;
        let (txid_min, size_pages) = (from.txid + 1, self.size_pages);
        let mut encoder = Encoder::new(Header { txid_min, txid_max, size_pages, time_ms: 0 });
        for number in pages.range(..=self.size_pages).copied() {
            let crc = self.crc(number)?;
            encoder.push_summed(number, self.page(number)?, crc);
            if encoder.len() > bytes_max {
                return Ok(None);
            }
        }
        Ok(Some(encoder.finish().0))
    }

    /// So many pages from `first` on: a part of a snapshot (see [`Bootstrap`]), as an LTX file of the
    /// newest position. None of an empty database.
    pub fn pages_from(&mut self, first: PageNo, count_max: u32) -> Result<Option<Vec<u8>>, Error> {
        encode_part(self.position.txid, self.size_pages, first, count_max, |number, encoder| {
            let crc = self.crc(number)?;
            encoder.push_summed(number, self.page(number)?, crc);
            Ok(())
        })
    }

    /// The pages that commits after `txid` have changed. The log has commits from before this start too,
    /// which are looked at when somebody asks for them; None where it does not go back so far.
    pub(crate) fn pages_since(&mut self, txid: Txid) -> Result<Option<BTreeSet<PageNo>>, Error> {
        if let Some(wanted) = self.recent.lacks(txid) {
            let mut rows = Vec::new();
            let read = self.storage.read_log(*wanted.start() - 1, *wanted.end(), &mut |row| {
                rows.push(IndexedRow::new(row)?);
                Ok(())
            });
            match read {
                Ok(()) => {}
                Err(Error::Storage(error)) => return Err(self.break_off(error)),
                // What is damaged there nobody needs but whoever takes a snapshot instead.
                Err(_) => rows.clear(),
            }
            let known = rows.into_iter().map(IndexedRow::into_changes);
            self.recent.add_before(known.collect());
        }
        Ok(self.recent.since(txid))
    }
}
