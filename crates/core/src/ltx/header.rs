//! The first 100 bytes of an LTX file.

use crate::ltx::{LtxError, array_at};
use crate::page::{PAGE_SIZE, PageNo};
use crate::position::Txid;

/// Size of the header, in bytes.
pub const HEADER_SIZE: usize = 100;

const MAGIC: &[u8; 4] = b"LTX1";
/// The file carries no checksums of the database.
const NO_CHECKSUM: u32 = 1 << 1;

/// What an LTX file says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// First transaction in the file; 1 makes it a snapshot, which holds every page.
    pub txid_min: Txid,
    /// Last transaction in the file.
    pub txid_max: Txid,
    /// Size of the database afterwards, in pages.
    pub size_pages: PageNo,
    /// When it was committed, in milliseconds since the Unix epoch.
    pub time_ms: i64,
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_SIZE] {
        let mut bytes = [0; HEADER_SIZE];
        bytes[0..4].copy_from_slice(MAGIC);
        bytes[4..8].copy_from_slice(&NO_CHECKSUM.to_be_bytes());
        bytes[8..12].copy_from_slice(&(PAGE_SIZE as u32).to_be_bytes());
        bytes[12..16].copy_from_slice(&self.size_pages.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.txid_min.to_be_bytes());
        bytes[24..32].copy_from_slice(&self.txid_max.to_be_bytes());
        bytes[32..40].copy_from_slice(&self.time_ms.to_be_bytes());
        bytes
    }

    /// Reads and checks the header at the start of `bytes`.
    pub fn decode(bytes: &[u8]) -> Result<Header, LtxError> {
        let number = |offset| array_at::<4>(bytes, offset).map(u32::from_be_bytes);
        let long = |offset| array_at::<8>(bytes, offset).map(u64::from_be_bytes);
        if bytes.len() < HEADER_SIZE {
            return Err(LtxError("file ends too early"));
        }
        if bytes[0..4] != *MAGIC {
            return Err(LtxError("not an LTX file"));
        }
        if number(4)? & !NO_CHECKSUM != 0 {
            return Err(LtxError("unknown flags in the header"));
        }
        if number(8)? != PAGE_SIZE as u32 {
            return Err(LtxError(
                "the database has pages of another size than 4096 bytes; convert it where it is: \
                 \"PRAGMA journal_mode=DELETE; PRAGMA page_size=4096; VACUUM\"",
            ));
        }
        let header = Header {
            size_pages: number(12)?,
            txid_min: long(16)?,
            txid_max: long(24)?,
            time_ms: array_at::<8>(bytes, 32).map(i64::from_be_bytes)?,
        };
        if header.txid_min == 0 || header.txid_min > header.txid_max {
            return Err(LtxError("transaction ids are out of order"));
        }
        Ok(header)
    }
}
