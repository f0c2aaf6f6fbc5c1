//! What is to be shipped or compacted: the pages that a range of commits has changed.

use crate::error::Error;
use crate::ltx::{Encoder, Header};
use crate::page_set::PageSet;
use crate::position::{Position, Txid};
use crate::store::{IndexedRow, Store};

/// Commits after one position up to the newest, as one file.
pub struct Shipment {
    /// Where it leads to.
    pub position: Position,
    pub ltx: Vec<u8>,
}

/// What the log has of a range of commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// All up to this one.
    Upto(Txid),
    /// One is missing, as where a large import became the database as a whole. Only a snapshot helps.
    Gap,
}

impl Store {
    /// When the newest commit in the log was made.
    pub fn time_ms(&self) -> i64 {
        self.time_ms
    }

    /// All that was committed after `txid`, from memory. None if it is more than `pages_max` pages, or if
    /// not all of it is known there: the log may have it.
    pub fn shipment(&mut self, txid: Txid, pages_max: usize) -> Result<Option<Shipment>, Error> {
        let Some(pages) = self.pages_since(txid)? else { return Ok(None) };
        if pages.len() > pages_max {
            return Ok(None);
        }
        let (position, size_pages, time_ms) = (self.position, self.size_pages, self.time_ms);
        let header = Header { txid_min: txid + 1, txid_max: position.txid, size_pages, time_ms };
        let mut encoder = Encoder::new(header);
        for number in pages.range(..=size_pages).copied() {
            encoder.push(number, self.page(number)?);
        }
        Ok(Some(Shipment { position, ltx: encoder.finish().0 }))
    }

    /// Adds the pages that the commits after `after` up to `upto` have changed, by what the log has of
    /// them. `upto` is not far away: each commit is read.
    pub fn add_changes(
        &mut self,
        after: Txid,
        upto: Txid,
        pages: &mut PageSet,
    ) -> Result<Found, Error> {
        self.check()?;
        let mut found = Found::Upto(after);
        let read = self.storage.read_log(after, upto, &mut |row| {
            let (first, last, changed) = IndexedRow::new(row)?.into_changes();
            match found {
                Found::Upto(txid) if first <= txid + 1 => {
                    found = Found::Upto(last);
                    pages.extend(changed);
                }
                _ => found = Found::Gap,
            }
            Ok(())
        });
        self.note(read)?;
        Ok(if found == Found::Upto(upto) { found } else { Found::Gap })
    }
}
