//! Writes an LTX file in memory.
//!
//! A file of ours is one commit or one compaction and fits in memory by the limit on a
//! transaction, so the encoder fills one buffer and needs no state beyond it.

use crate::checksum::FLAG;
use crate::crc64::{Crc64, PageCrc};
use crate::ltx::frame::FrameEncoder;
use crate::ltx::header::Header;
use crate::ltx::index::{FrameRef, encode_index};
use crate::page::{LOCK_PAGE, PageImage, PageNo};

/// Takes pages in ascending order and gives the file.
pub struct Encoder {
    header: Header,
    bytes: Vec<u8>,
    index: Vec<(PageNo, FrameRef)>,
    crc: Crc64,
    frames: FrameEncoder,
}

impl Encoder {
    pub fn new(header: Header) -> Self {
        let bytes = header.encode().to_vec();
        let mut crc = Crc64::new();
        crc.update(&bytes);
        Encoder { header, bytes, index: Vec::new(), crc, frames: FrameEncoder::new() }
    }

    /// Adds one page. Pages come in ascending order, within the size, the lock page left out.
    pub fn push(&mut self, number: PageNo, page: &PageImage) {
        self.push_summed(number, page, PageCrc::of(page));
    }

    /// As `push`, where the page's CRC is known already.
    pub(crate) fn push_summed(&mut self, number: PageNo, page: &PageImage, crc: PageCrc) {
        let last = self.index.last().map_or(0, |(number, _)| *number);
        assert!(number > last && number <= self.header.size_pages && number != LOCK_PAGE);
        let offset = self.bytes.len();
        self.frames.encode(number, page, &mut self.bytes);
        self.crc.update(&self.bytes[offset..offset + 6]);
        self.crc.push(crc);
        let len = (self.bytes.len() - offset) as u32;
        self.index.push((number, FrameRef { offset: offset as u32, len }));
    }

    /// Bytes so far.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Ends the file. Returns its bytes and where each page lies in them.
    pub fn finish(mut self) -> (Vec<u8>, Vec<(PageNo, FrameRef)>) {
        let tail = self.bytes.len();
        self.bytes.extend_from_slice(&[0; 6]);
        encode_index(&self.index, &mut self.bytes);
        self.bytes.extend_from_slice(&[0; 8]);
        self.crc.update(&self.bytes[tail..]);
        let checksum = self.crc.finish() | FLAG;
        self.bytes.extend_from_slice(&checksum.to_be_bytes());
        (self.bytes, self.index)
    }
}
