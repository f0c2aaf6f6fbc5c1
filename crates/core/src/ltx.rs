//! LTX: one transaction (or several compacted, or a whole database) as a file.
//!
//! The log, replication and backups all carry these bytes. The variant written here is the one that
//! every Litestream 0.5 restores: checksums of the database off (they travel beside the file, see
//! `Position`), each page an LZ4 frame of its own with a content checksum. `docs/format.md` lists
//! every byte; the source is the ltx repository of superfly.

mod decoder;
mod encoder;
mod frame;
mod header;
mod index;
mod stream_decoder;

pub use decoder::Decoder;
pub use encoder::Encoder;
pub use header::{HEADER_SIZE, Header};
pub use index::{FrameRef, read_index};
pub use stream_decoder::StreamDecoder;

pub(crate) use encoder::End;
pub(crate) use frame::decode_frame;

use std::fmt;

/// Bytes at the end of a file: two checksums.
pub(crate) const TRAILER_SIZE: usize = 16;

/// The bytes are not an LTX file of the kind read here. Nothing was taken from them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LtxError(pub &'static str);

impl fmt::Display for LtxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for LtxError {}

/// The `N` bytes at `offset`, or an error that names the end of the file as the cause.
fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], LtxError> {
    offset
        .checked_add(N)
        .and_then(|end| bytes.get(offset..end))
        .and_then(|slice| slice.try_into().ok())
        .ok_or(LtxError("file ends too early"))
}

#[cfg(test)]
mod tests;
