//! Files in pieces of any size: the same pages as from memory, and every damaged byte or cut refused.

use super::*;
use crate::ltx::{Decoder, Encoder};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

type Pages = Vec<(PageNo, Vec<u8>)>;

fn page(seed: u8) -> PageImage {
    let mut state = u32::from(seed) + 1;
    std::array::from_fn(|i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if seed < 128 && i % 2 == 0 { seed } else { (state >> 24) as u8 }
    })
}

fn header(txid_min: u64, size_pages: PageNo) -> Header {
    Header { txid_min, txid_max: 9, size_pages, time_ms: 1_763_800_000_123 }
}

fn ours(header: Header, numbers: &[PageNo]) -> Vec<u8> {
    let mut encoder = Encoder::new(header);
    for number in numbers {
        encoder.push(*number, &page(*number as u8));
    }
    encoder.finish().0
}

/// As other encoders write it: the frame of each page, its header included, comes from `frame`, and the
/// bytes of it that are summed besides the page.
fn theirs(
    header: Header,
    numbers: &[PageNo],
    frame: impl Fn(PageNo, &PageImage) -> (Vec<u8>, usize),
) -> Vec<u8> {
    let mut bytes = header.encode().to_vec();
    // With checksums of the database.
    bytes[4..8].fill(0);
    let mut crc = Crc64::new();
    crc.update(&bytes);
    for number in numbers {
        let page = page(*number as u8);
        let (frame, summed) = frame(*number, &page);
        crc.update(&frame[..summed]);
        crc.push(PageCrc::of(&page));
        bytes.extend(frame);
    }
    let tail = bytes.len();
    bytes.extend([0; 6]);
    // An index is not looked at.
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 1]);
    bytes.extend([0x80, 1, 2, 3, 4, 5, 6, 7]);
    crc.update(&bytes[tail..]);
    bytes.extend((crc.finish() | FLAG).to_be_bytes());
    bytes
}

fn sized(number: PageNo, page: &PageImage) -> (Vec<u8>, usize) {
    let block = lz4_flex::block::compress(page);
    let mut frame = number.to_be_bytes().to_vec();
    frame.extend([0, 1]);
    frame.extend((block.len() as u32).to_be_bytes());
    frame.extend(block);
    (frame, 10)
}

fn framed(info: lz4_flex::frame::FrameInfo) -> impl Fn(PageNo, &PageImage) -> (Vec<u8>, usize) {
    move |number, page| {
        let mut encoder = lz4_flex::frame::FrameEncoder::with_frame_info(info.clone(), Vec::new());
        std::io::Write::write_all(&mut encoder, page).unwrap();
        let mut frame = number.to_be_bytes().to_vec();
        frame.extend([0, 0]);
        frame.extend(encoder.finish().unwrap());
        (frame, 6)
    }
}

fn decode(bytes: &[u8], piece: usize) -> Result<(Header, Pages), LtxError> {
    let mut decoder = StreamDecoder::begin();
    let mut pages = Vec::new();
    for piece in bytes.chunks(piece) {
        decoder.push(piece);
        while let Some((number, page)) = decoder.next_page()? {
            pages.push((number, page.to_vec()));
        }
    }
    Ok((decoder.finish()?, pages))
}

const NUMBERS: [PageNo; 4] = [1, 2, 255, 299];

fn expected() -> Pages {
    NUMBERS.map(|number| (number, page(number as u8).to_vec())).to_vec()
}

fn all_forms() -> Vec<Vec<u8>> {
    use lz4_flex::frame::{BlockMode, BlockSize, FrameInfo};
    let header = header(4, 300);
    let plain = FrameInfo::new();
    let summed = FrameInfo::new().content_checksum(true).block_checksums(true);
    let told = FrameInfo::new().content_size(Some(4096)).block_mode(BlockMode::Linked);
    let large = FrameInfo::new().block_size(BlockSize::Max4MB).content_checksum(true);
    let mut forms = vec![ours(header, &NUMBERS), theirs(header, &NUMBERS, sized)];
    for info in [plain, summed, told, large] {
        forms.push(theirs(header, &NUMBERS, framed(info)));
    }
    forms
}

#[test]
fn in_pieces_of_any_size() {
    for (form, bytes) in all_forms().iter().enumerate() {
        for piece in [1, 7, 100, 4096, 5000, bytes.len()] {
            let read = decode(bytes, piece);
            assert_eq!(read, Ok((header(4, 300), expected())), "form {form} by {piece}");
        }
    }
}

#[test]
fn as_from_memory() {
    let bytes = ours(header(1, 3), &[1, 2, 3]);
    let mut pages = Vec::new();
    let memory = Decoder::new(&bytes).unwrap();
    memory.pages(|number, page| pages.push((number, page.to_vec()))).unwrap();
    assert_eq!(decode(&bytes, 1000), Ok((*memory.header(), pages)));
}

#[test]
fn a_snapshot_has_every_page() {
    for (numbers, size_pages) in [(vec![1, 2], 3), (vec![2, 3], 3), (vec![1, 3], 3), (vec![], 1)] {
        let bytes = ours(header(1, size_pages), &numbers);
        assert!(decode(&bytes, 4096).is_err(), "{numbers:?} of {size_pages}");
    }
    assert!(decode(&ours(header(1, 0), &[]), 4096).is_ok());
    assert_eq!(after(LOCK_PAGE - 1), LOCK_PAGE + 1);
}

#[test]
fn every_damaged_byte_is_noticed() {
    for (form, bytes) in all_forms().into_iter().enumerate() {
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x10;
            // What says the same page in another way does no harm: it is the page that is summed.
            let read = decode(&damaged, 4096).map(|(_, pages)| pages);
            assert!(read.is_err() || read == Ok(expected()), "form {form}, byte {at}");
        }
    }
}

#[test]
fn every_cut_and_every_addition_is_noticed() {
    for (form, bytes) in all_forms().into_iter().enumerate() {
        for len in 0..bytes.len() {
            assert!(decode(&bytes[..len], 4096).is_err(), "form {form}, cut at {len}");
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(decode(&longer, 4096).is_err(), "form {form}");
    }
}

#[test]
fn a_frame_without_an_end_is_not_waited_for() {
    let mut bytes = header(4, 300).encode().to_vec();
    bytes.extend([0, 0, 0, 1, 0, 1, 0xff, 0xff, 0xff, 0xff]);
    assert_eq!(decode(&bytes, 4096), Err(LtxError("page is longer than 4096 bytes")));
    let mut bytes = header(4, 300).encode().to_vec();
    bytes.extend([0, 0, 0, 1, 0, 0, 0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0]);
    for _ in 0..100_000 {
        bytes.extend([1, 0, 0, 0x80, 7]);
    }
    assert_eq!(decode(&bytes, 4096), Err(LtxError("page is longer than 4096 bytes")));
}
