//! Reads an LTX file from memory and proves it whole by its checksum.

use crate::checksum::FLAG;
use crate::crc64::{Crc64, PageCrc};
use crate::ltx::frame::decode_frame;
use crate::ltx::header::{HEADER_SIZE, Header};
use crate::ltx::{LtxError, TRAILER_SIZE, array_at};
use crate::page::{LOCK_PAGE, PAGE_SIZE, PageImage, PageNo};

/// A file whose header has been read.
pub struct Decoder<'a> {
    bytes: &'a [u8],
    header: Header,
}

impl<'a> Decoder<'a> {
    /// Reads the header of the file.
    pub fn new(bytes: &'a [u8]) -> Result<Self, LtxError> {
        Ok(Decoder { bytes, header: Header::decode(bytes)? })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Calls `visit` with each page in ascending order. The checksum is known to match only once
    /// this has returned, so what was visited counts only then.
    pub fn pages(&self, mut visit: impl FnMut(PageNo, &PageImage)) -> Result<(), LtxError> {
        let mut crc = Crc64::new();
        crc.update(&self.bytes[..HEADER_SIZE]);
        let mut at = HEADER_SIZE;
        let mut last = 0;
        let mut page = [0; PAGE_SIZE];
        loop {
            let start = array_at::<6>(self.bytes, at)?;
            if start == [0; 6] {
                break;
            }
            let (number, len) = decode_frame(&self.bytes[at..], &mut page)?;
            if number <= last || number > self.header.size_pages || number == LOCK_PAGE {
                return Err(LtxError("page numbers are out of order"));
            }
            crc.update(&start);
            crc.push(PageCrc::of(&page));
            visit(number, &page);
            last = number;
            at += len;
        }
        let end = self.bytes.len().checked_sub(8).filter(|end| *end >= at + 6 + TRAILER_SIZE - 8);
        let end = end.ok_or(LtxError("file ends too early"))?;
        crc.update(&self.bytes[at..end]);
        match u64::from_be_bytes(array_at(self.bytes, end)?) == crc.finish() | FLAG {
            true => Ok(()),
            false => Err(LtxError("checksum of the file does not match")),
        }
    }
}
