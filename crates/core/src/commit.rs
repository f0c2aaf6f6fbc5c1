//! A commit: one transaction's pages, its place in the history, and its LTX file.

use std::collections::BTreeMap;

use crate::crc64::PageCrc;
use crate::error::Error;
use crate::ltx::{Encoder, FrameRef, Header, read_index};
use crate::page::{PageImage, PageNo};
use crate::position::Position;

/// What a transaction leaves behind, before it has a place in the history.
#[derive(Default)]
pub struct Changes {
    /// New images of the pages that it wrote.
    pub pages: BTreeMap<PageNo, Box<PageImage>>,
    /// Size of the database afterwards, in pages.
    pub size_pages: PageNo,
}

/// One replicated transaction.
pub struct Commit {
    /// The position that it continues.
    pub before: Position,
    /// The position that it leads to; its txid is the commit's.
    pub after: Position,
    /// Size of the database afterwards, in pages.
    pub size_pages: PageNo,
    /// When it was committed, in milliseconds since the Unix epoch.
    pub time_ms: i64,
    /// The LTX file.
    pub ltx: Vec<u8>,
    /// Where each page lies in the file.
    pub(crate) frames: Vec<(PageNo, FrameRef)>,
}

impl Commit {
    /// Encodes `pages` as the commit between two positions. The pages are those of a whole
    /// transaction: every page that it added to the database is among them. `crcs` are theirs.
    pub(crate) fn encode(
        before: Position,
        after: Position,
        size_pages: PageNo,
        time_ms: i64,
        pages: &BTreeMap<PageNo, Box<PageImage>>,
        crcs: &[PageCrc],
    ) -> Commit {
        let txid = after.txid;
        let mut encoder =
            Encoder::new(Header { txid_min: txid, txid_max: txid, size_pages, time_ms });
        for ((number, page), crc) in pages.iter().zip(crcs) {
            encoder.push_summed(*number, page, *crc);
        }
        let (ltx, frames) = encoder.finish();
        Commit { before, after, size_pages, time_ms, ltx, frames }
    }

    /// A commit of the primary, in the bytes in which it came.
    pub(crate) fn received(
        before: Position,
        after: Position,
        header: &Header,
        ltx: &[u8],
    ) -> Result<Commit, Error> {
        let mut frames = Vec::new();
        read_index(ltx, |number, frame| frames.push((number, frame)))?;
        let Header { size_pages, time_ms, .. } = *header;
        Ok(Commit { before, after, size_pages, time_ms, ltx: ltx.to_vec(), frames })
    }
}
