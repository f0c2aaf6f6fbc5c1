//! Reads an LTX file in pieces as they arrive, in the memory of a piece, however large the file is.
//!
//! It takes what every Litestream 0.5 writes: pages as LZ4 frames, or as LZ4 blocks behind their size,
//! and headers with checksums of the database or without. The index is only summed, as the frames lie
//! one behind the other.

use crate::checksum::FLAG;
use crate::crc64::{Crc64, PageCrc};
use crate::ltx::frame::{FRAME_HEADER_SIZE, decode_frame, decode_sized, frame_size};
use crate::ltx::header::{HEADER_SIZE, Header};
use crate::ltx::{LtxError, array_at};
use crate::page::{LOCK_PAGE, PAGE_SIZE, PageImage, PageNo};

/// What ends a file, and is not in its own sum.
const CHECKSUM_SIZE: usize = 8;
/// Behind the pages there is at least an empty index with its size, and a checksum of the database.
const TAIL_SIZE_MIN: u64 = 1 + 8 + 8;

pub struct StreamDecoder {
    /// What has arrived and is not read yet begins at `at`.
    bytes: Vec<u8>,
    at: usize,
    crc: Crc64,
    header: Option<Header>,
    /// Number of the last page.
    last: PageNo,
    /// Bytes behind the pages that are summed; none before the last page.
    tail: Option<u64>,
}

impl StreamDecoder {
    pub fn begin() -> Self {
        StreamDecoder {
            bytes: Vec::new(),
            at: 0,
            crc: Crc64::new(),
            header: None,
            last: 0,
            tail: None,
        }
    }

    /// Takes the next piece of the file. What came before should be read by then.
    pub fn push(&mut self, piece: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(piece);
    }

    /// None until it has arrived.
    pub fn header(&mut self) -> Result<Option<Header>, LtxError> {
        let rest = &self.bytes[self.at..];
        if self.header.is_none() && rest.len() >= HEADER_SIZE {
            let header = Header::decode(rest)?;
            self.crc.update(&rest[..HEADER_SIZE]);
            self.at += HEADER_SIZE;
            self.header = Some(header);
        }
        Ok(self.header)
    }

    /// The next page, in ascending order. None if more is to be pushed, or all have been read. That the
    /// file is whole is known only once `finish` has said so.
    pub fn next_page(&mut self) -> Result<Option<(PageNo, Box<PageImage>)>, LtxError> {
        let Some(header) = self.header()? else { return Ok(None) };
        if self.tail.is_none()
            && let Some(page) = self.frame(&header)?
        {
            return Ok(Some(page));
        }
        self.sum_tail();
        Ok(None)
    }

    fn frame(&mut self, header: &Header) -> Result<Option<(PageNo, Box<PageImage>)>, LtxError> {
        let rest = &self.bytes[self.at..];
        let Ok(start) = array_at::<FRAME_HEADER_SIZE>(rest, 0) else { return Ok(None) };
        if start == [0; FRAME_HEADER_SIZE] {
            self.crc.update(&start);
            self.at += start.len();
            self.tail = Some(0);
            return Ok(None);
        }
        let Some(size) = frame_size(rest)?.filter(|size| *size <= rest.len()) else {
            return Ok(None);
        };
        let frame = &rest[..size];
        let mut page = Box::new([0; PAGE_SIZE]);
        // Unlike the frame, the size of a block is part of the sum.
        let (number, summed) = match start[4..] {
            [0, 1] => (decode_sized(frame, &mut page)?, FRAME_HEADER_SIZE + 4),
            _ => (decode_frame(frame, &mut page)?.0, FRAME_HEADER_SIZE),
        };
        let ascends = number > self.last && number <= header.size_pages && number != LOCK_PAGE;
        if !ascends {
            return Err(LtxError("page numbers are out of order"));
        }
        if header.txid_min == 1 && number != after(self.last) {
            return Err(LtxError("it holds transaction 1, and yet not every page"));
        }
        self.crc.update(&frame[..summed]);
        self.crc.push(PageCrc::of(&page));
        self.last = number;
        self.at += size;
        Ok(Some((number, page)))
    }

    /// All but what may be the checksum at the end.
    fn sum_tail(&mut self) {
        let Some(tail) = &mut self.tail else { return };
        let end = self.bytes.len().saturating_sub(CHECKSUM_SIZE).max(self.at);
        self.crc.update(&self.bytes[self.at..end]);
        *tail += (end - self.at) as u64;
        self.at = end;
    }

    /// To be called when all pieces were pushed, and their pages read.
    pub fn finish(mut self) -> Result<Header, LtxError> {
        self.sum_tail();
        let early = LtxError("file ends too early");
        let header = self.header.ok_or(early.clone())?;
        if self.tail.is_none_or(|tail| tail < TAIL_SIZE_MIN) {
            return Err(early);
        }
        let checksum = u64::from_be_bytes(array_at(&self.bytes, self.at)?);
        if checksum != self.crc.finish() | FLAG {
            return Err(LtxError("checksum of the file does not match"));
        }
        if header.txid_min == 1 && after(self.last) <= header.size_pages {
            return Err(LtxError("it holds transaction 1, and yet not every page"));
        }
        Ok(header)
    }
}

/// The page after another one, where all are there.
fn after(number: PageNo) -> PageNo {
    match number.saturating_add(1) {
        LOCK_PAGE => LOCK_PAGE + 1,
        next => next,
    }
}

#[cfg(test)]
mod tests;
