//! One page in an LTX file: number, flags, and the page as an LZ4 frame.
//!
//! Each page gets a frame of its own, so that any of them can be read alone. The frame is put
//! together here around LZ4's block format because one page needs none of a streaming encoder's
//! 64 KiB buffers; frames of other shapes (from Litestream) go through the library's decoder.

use std::io::Read;

use lz4_flex::block::{self, CompressTable};
use twox_hash::XxHash32;

use crate::ltx::{LtxError, array_at};
use crate::page::{PAGE_SIZE, PageImage, PageNo};

/// Page number (4 bytes) and flags (2 bytes).
pub(crate) const FRAME_HEADER_SIZE: usize = 6;

/// Magic number, then: version 1 with independent blocks and a content checksum, blocks of at most
/// 64 KiB, and the checksum of those two bytes. The same for every frame written here.
const LZ4_START: [u8; 7] = [0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7];
/// In a block's size: the block is stored as it is.
const STORED: u32 = 1 << 31;

/// Compresses pages, keeping its tables from one to the next.
pub(crate) struct FrameEncoder {
    table: CompressTable,
    block: Vec<u8>,
}

impl FrameEncoder {
    pub(crate) fn new() -> Self {
        let size_max = block::get_maximum_output_size(PAGE_SIZE);
        FrameEncoder { table: CompressTable::small(), block: vec![0; size_max] }
    }

    /// Appends the frame of one page, header included, to `out`.
    pub(crate) fn encode(&mut self, number: PageNo, page: &PageImage, out: &mut Vec<u8>) {
        out.extend_from_slice(&number.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&LZ4_START);
        let packed = block::compress_into_with_table(page, &mut self.block, &mut self.table);
        match packed {
            Ok(size) if size < PAGE_SIZE => {
                out.extend_from_slice(&(size as u32).to_le_bytes());
                out.extend_from_slice(&self.block[..size]);
            }
            _ => {
                out.extend_from_slice(&(PAGE_SIZE as u32 | STORED).to_le_bytes());
                out.extend_from_slice(page);
            }
        }
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&XxHash32::oneshot(0, page).to_le_bytes());
    }
}

/// Decodes the frame at the start of `bytes`: its page's number, and the bytes that it takes.
pub(crate) fn decode_frame(
    bytes: &[u8],
    page: &mut PageImage,
) -> Result<(PageNo, usize), LtxError> {
    let number = u32::from_be_bytes(array_at(bytes, 0)?);
    if array_at::<2>(bytes, 4)? != [0, 0] {
        return Err(LtxError("unknown flags on a page"));
    }
    let packed = &bytes[FRAME_HEADER_SIZE..];
    let size = match packed.starts_with(&LZ4_START) {
        true => decode_single_block(packed, page)?,
        false => decode_any(packed, page)?,
    };
    Ok((number, FRAME_HEADER_SIZE + size))
}

fn decode_single_block(packed: &[u8], page: &mut PageImage) -> Result<usize, LtxError> {
    let block_start = LZ4_START.len() + 4;
    let word = u32::from_le_bytes(array_at(packed, LZ4_START.len())?);
    let size = (word & !STORED) as usize;
    let block_end = block_start.checked_add(size).ok_or(LtxError("damaged page"))?;
    let block = packed.get(block_start..block_end).ok_or(LtxError("file ends too early"))?;
    if array_at::<4>(packed, block_end)? != [0; 4] {
        return decode_any(packed, page);
    }
    if word & STORED != 0 {
        let stored: &PageImage = block.try_into().map_err(|_| LtxError("damaged page"))?;
        *page = *stored;
    } else if !matches!(block::decompress_into(block, page), Ok(PAGE_SIZE)) {
        return Err(LtxError("damaged page"));
    }
    if array_at::<4>(packed, block_end + 4)? != XxHash32::oneshot(0, page).to_le_bytes() {
        return Err(LtxError("checksum of a page does not match"));
    }
    Ok(block_end + 8)
}

fn decode_any(packed: &[u8], page: &mut PageImage) -> Result<usize, LtxError> {
    let mut rest = packed;
    let mut decoder = lz4_flex::frame::FrameDecoder::new(&mut rest);
    decoder.read_exact(page).map_err(|_| LtxError("damaged page"))?;
    match decoder.read(&mut [0]) {
        Ok(0) => Ok(packed.len() - rest.len()),
        _ => Err(LtxError("page is longer than 4096 bytes")),
    }
}
