//! The LTX codec: there and back, and every single damaged byte or cut refused.

use super::*;
use crate::page::PAGE_SIZE;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn page(seed: u8) -> [u8; PAGE_SIZE] {
    let mut state = u32::from(seed) + 1;
    std::array::from_fn(|i| match i % 3 {
        0 => seed,
        _ => {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if seed < 128 { (state >> 28) as u8 } else { (state >> 24) as u8 }
        }
    })
}

fn header() -> Header {
    Header { txid_min: 4, txid_max: 9, size_pages: 300, time_ms: 1_763_800_000_123 }
}

fn sample() -> Vec<u8> {
    let mut encoder = Encoder::new(header());
    for (number, seed) in [(1, 0), (2, 200), (255, 17)] {
        encoder.push(number, &page(seed));
    }
    encoder.finish().0
}

fn decode(bytes: &[u8]) -> Result<Vec<(u32, Vec<u8>)>, LtxError> {
    let mut pages = Vec::new();
    Decoder::new(bytes)?.pages(|number, page| pages.push((number, page.to_vec())))?;
    Ok(pages)
}

#[test]
fn a_file_goes_there_and_back() {
    let bytes = sample();
    assert_eq!(Decoder::new(&bytes).map(|d| *d.header()), Ok(header()));
    let expected =
        [(1, 0), (2, 200), (255, 17)].map(|(number, seed)| (number, page(seed).to_vec()));
    assert_eq!(decode(&bytes), Ok(expected.to_vec()));
}

#[test]
fn a_file_that_is_taken_in_parts_is_the_same() {
    for part in [1, 7, 1000, 5000] {
        let mut encoder = Encoder::new(header());
        let mut bytes = Vec::new();
        for (number, seed) in [(1, 0), (2, 200), (255, 17)] {
            encoder.push(number, &page(seed));
            while encoder.len() >= part {
                bytes.extend(encoder.take(part));
            }
        }
        let mut end = encoder.end();
        while end.step(1) {
            bytes.extend(end.take(part));
        }
        bytes.extend(end.take(usize::MAX));
        assert_eq!((bytes, end.len()), (sample(), 0), "parts of {part}");
    }
}

#[test]
fn the_index_finds_each_frame() {
    let bytes = sample();
    let mut found = Vec::new();
    read_index(&bytes, |number, frame| found.push((number, frame))).unwrap();
    assert_eq!(found.len(), 3);
    for (number, frame) in found {
        let mut image = [0; PAGE_SIZE];
        let start = frame.offset as usize;
        let read = decode_frame(&bytes[start..start + frame.len as usize], &mut image);
        assert_eq!(read, Ok((number, frame.len as usize)));
    }
}

#[test]
fn frames_of_a_general_encoder_are_read_too() {
    let mut bytes = vec![0, 0, 0, 9, 0, 0];
    let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
    std::io::Write::write_all(&mut encoder, &page(5)).unwrap();
    bytes.extend(encoder.finish().unwrap());
    let size = bytes.len();
    bytes.extend([1, 2, 3]);
    let mut image = [0; PAGE_SIZE];
    assert_eq!(decode_frame(&bytes, &mut image), Ok((9, size)));
    assert_eq!(image, page(5));
}

#[test]
fn our_frames_are_standard_lz4() {
    let mut bytes = Vec::new();
    frame::FrameEncoder::new().encode(1, &page(3), &mut bytes);
    let mut out = Vec::new();
    let mut decoder = lz4_flex::frame::FrameDecoder::new(&bytes[frame::FRAME_HEADER_SIZE..]);
    std::io::Read::read_to_end(&mut decoder, &mut out).unwrap();
    assert_eq!(out, page(3));
}

#[test]
fn every_damaged_byte_is_noticed() {
    let bytes = sample();
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert!(decode(&damaged).is_err(), "byte {at}");
    }
}

#[test]
fn every_cut_is_noticed() {
    let bytes = sample();
    for len in 0..bytes.len() {
        assert!(decode(&bytes[..len]).is_err(), "cut at {len}");
        let _ = read_index(&bytes[..len], |_, _| ());
    }
}
