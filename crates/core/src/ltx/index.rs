//! The index of an LTX file: where each page's frame lies.
//!
//! It stands between the frames and the trailer as triples of unsigned varints, so that a page can
//! be read from a stored file without reading the rest.

use crate::ltx::frame::FRAME_HEADER_SIZE;
use crate::ltx::{HEADER_SIZE, LtxError, TRAILER_SIZE, array_at};
use crate::page::PageNo;
use crate::varint;

/// Where one page's frame lies in its file, page header included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameRef {
    /// From the start of the file, in bytes.
    pub offset: u32,
    /// In bytes.
    pub len: u32,
}

/// Appends the entry of a page whose frame lies at `offset`, which may be beyond what [`FrameRef`] tells.
pub(crate) fn encode_entry(number: PageNo, offset: u64, len: u32, out: &mut Vec<u8>) {
    varint::push(u64::from(number), out);
    varint::push(offset, out);
    varint::push(u64::from(len), out);
}

/// Reads the index of a whole LTX file, calling `visit` with each page in ascending order.
///
/// It is held against the frames, which lie one behind the other and name their pages: an entry that
/// was damaged would otherwise leave an older image of its page in force, and nobody would notice.
pub fn read_index(ltx: &[u8], mut visit: impl FnMut(PageNo, FrameRef)) -> Result<(), LtxError> {
    let size_at = ltx
        .len()
        .checked_sub(TRAILER_SIZE + 8)
        .filter(|at| *at >= HEADER_SIZE)
        .ok_or(LtxError("file ends too early"))?;
    let size = u64::from_be_bytes(array_at(ltx, size_at)?);
    let start = usize::try_from(size)
        .ok()
        .and_then(|size| size_at.checked_sub(size))
        .filter(|start| *start >= HEADER_SIZE)
        .ok_or(LtxError("damaged index"))?;
    let mut rest = &ltx[start..size_at];
    let take = |rest: &mut &[u8]| varint::take(rest).ok_or(LtxError("damaged index"));
    let (mut end, mut last) = (HEADER_SIZE, 0);
    loop {
        let number = take(&mut rest)?;
        if number == 0 {
            break;
        }
        let frame = FrameRef { offset: take(&mut rest)?, len: take(&mut rest)? };
        let named = array_at::<4>(ltx, end).map(u32::from_be_bytes)?;
        if frame.offset as usize != end || number != named || number <= last {
            return Err(LtxError("damaged index"));
        }
        end += frame.len as usize;
        last = number;
        visit(number, frame);
    }
    let whole = rest.is_empty() && end + FRAME_HEADER_SIZE == start;
    if whole { Ok(()) } else { Err(LtxError("damaged index")) }
}
