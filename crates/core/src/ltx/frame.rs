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
const LZ4_MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];
/// In a block's size: the block is stored as it is.
const STORED: u32 = 1 << 31;

/// In a page's flags: not a frame follows, but a block of LZ4 behind its size.
const SIZED: [u8; 2] = [0, 1];

/// Longer than any way to write a page of 4096 bytes, however little it was compressed.
const FRAME_SIZE_MAX: usize = 4 * PAGE_SIZE;

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

/// How many bytes the frame at the start of `bytes` takes. None if that is not told yet by those that are
/// there.
pub(crate) fn frame_size(bytes: &[u8]) -> Result<Option<usize>, LtxError> {
    let Ok(flags) = array_at::<2>(bytes, 4) else { return Ok(None) };
    let size = match flags {
        SIZED => array_at(bytes, FRAME_HEADER_SIZE)
            .ok()
            .map(|size| FRAME_HEADER_SIZE as u64 + 4 + u64::from(u32::from_be_bytes(size))),
        [0, 0] => lz4_size(&bytes[FRAME_HEADER_SIZE..])?,
        _ => return Err(LtxError("unknown flags on a page")),
    };
    match size {
        Some(size) if size > FRAME_SIZE_MAX as u64 => {
            Err(LtxError("page is longer than 4096 bytes"))
        }
        None if bytes.len() > FRAME_SIZE_MAX => Err(LtxError("page is longer than 4096 bytes")),
        size => Ok(size.map(|size| size as usize)),
    }
}

/// Of a frame of LZ4, page header included: it is as long as its blocks tell.
fn lz4_size(packed: &[u8]) -> Result<Option<u64>, LtxError> {
    let Ok(magic) = array_at::<4>(packed, 0) else { return Ok(None) };
    let Some(flags) = packed.get(4) else { return Ok(None) };
    if magic != LZ4_MAGIC {
        return Err(LtxError("damaged page"));
    }
    let size_if = |bit: u8, size: u64| if flags & 1 << bit == 0 { 0 } else { size };
    let (block_sum, content_sum) = (size_if(4, 4), size_if(2, 4));
    // Behind the magic number: flags, largest block, size of the content, dictionary, checksum.
    let mut at = 4 + 2 + size_if(3, 8) + size_if(0, 4) + 1;
    loop {
        let word = usize::try_from(at).ok().and_then(|at| array_at(packed, at).ok());
        let Some(word) = word.map(u32::from_le_bytes) else { return Ok(None) };
        at += 4;
        if word == 0 {
            return Ok(Some(FRAME_HEADER_SIZE as u64 + at + content_sum));
        }
        at += u64::from(word & !STORED) + block_sum;
    }
}

/// Decodes a frame whose page is a block of LZ4 behind its size, all of it: the page's number.
pub(crate) fn decode_sized(frame: &[u8], page: &mut PageImage) -> Result<PageNo, LtxError> {
    let block = frame.get(FRAME_HEADER_SIZE + 4..).ok_or(LtxError("file ends too early"))?;
    match block::decompress_into(block, page) {
        Ok(PAGE_SIZE) => Ok(u32::from_be_bytes(array_at(frame, 0)?)),
        _ => Err(LtxError("damaged page")),
    }
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
