//! Writes an LTX file.
//!
//! What is one commit is made whole in memory. A file of any size, as a snapshot is, has its bytes taken
//! out while it grows: then only eight bytes a page stay in memory, for the index.

use crate::checksum::FLAG;
use crate::crc64::{Crc64, PageCrc};
use crate::ltx::HEADER_SIZE;
use crate::ltx::frame::{FRAME_HEADER_SIZE, FrameEncoder};
use crate::ltx::header::Header;
use crate::ltx::index::{FrameRef, encode_entry};
use crate::page::{LOCK_PAGE, PageImage, PageNo};

/// Takes pages in ascending order and gives the file.
pub struct Encoder {
    header: Header,
    bytes: Vec<u8>,
    /// Each page, and the length of its frame in bytes.
    index: Vec<(PageNo, u32)>,
    crc: Crc64,
    frames: FrameEncoder,
}

/// A file without its end.
pub(crate) struct End {
    bytes: Vec<u8>,
    /// What the index does not have yet.
    left: std::vec::IntoIter<(PageNo, u32)>,
    /// Where the frame of the next one lies.
    offset: u64,
    index_bytes: u64,
    crc: Crc64,
    finished: bool,
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
        self.crc.update(&self.bytes[offset..offset + FRAME_HEADER_SIZE]);
        self.crc.push(crc);
        self.index.push((number, (self.bytes.len() - offset) as u32));
    }

    /// Bytes that are there and were not taken.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The next `count` bytes of the file, or fewer if there are not as many.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        take(&mut self.bytes, count)
    }

    /// After the last page.
    pub(crate) fn end(mut self) -> End {
        let zero = [0; FRAME_HEADER_SIZE];
        self.bytes.extend_from_slice(&zero);
        self.crc.update(&zero);
        End {
            bytes: self.bytes,
            left: self.index.into_iter(),
            offset: HEADER_SIZE as u64,
            index_bytes: 0,
            crc: self.crc,
            finished: false,
        }
    }

    /// Ends a file of which nothing was taken. Returns its bytes and where each page lies in them.
    pub fn finish(self) -> (Vec<u8>, Vec<(PageNo, FrameRef)>) {
        let mut offset = HEADER_SIZE as u32;
        let mut frames = Vec::with_capacity(self.index.len());
        for (number, len) in &self.index {
            frames.push((*number, FrameRef { offset, len: *len }));
            offset += len;
        }
        let mut end = self.end();
        while end.step(usize::MAX) {}
        (end.bytes, frames)
    }
}

impl End {
    /// Adds so many entries of the index, and after them the trailer. False once nothing is left to add.
    pub(crate) fn step(&mut self, entries: usize) -> bool {
        if self.finished {
            return false;
        }
        let start = self.bytes.len();
        for (number, len) in self.left.by_ref().take(entries) {
            encode_entry(number, self.offset, len, &mut self.bytes);
            self.offset += u64::from(len);
        }
        self.index_bytes += (self.bytes.len() - start) as u64;
        if self.left.len() == 0 {
            self.bytes.push(0);
            self.bytes.extend_from_slice(&(self.index_bytes + 1).to_be_bytes());
            // The checksum of the database is not told.
            self.bytes.extend_from_slice(&[0; 8]);
            self.finished = true;
        }
        self.crc.update(&self.bytes[start..]);
        if self.finished {
            let checksum = self.crc.finish() | FLAG;
            self.bytes.extend_from_slice(&checksum.to_be_bytes());
        }
        true
    }

    /// Bytes that are there and were not taken.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// The next `count` bytes of the file, or fewer if there are not as many.
    pub(crate) fn take(&mut self, count: usize) -> Vec<u8> {
        take(&mut self.bytes, count)
    }
}

fn take(bytes: &mut Vec<u8>, count: usize) -> Vec<u8> {
    let rest = bytes.split_off(count.min(bytes.len()));
    std::mem::replace(bytes, rest)
}
