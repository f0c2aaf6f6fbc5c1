//! A file of SQLite's for the time of an import: what it sorts that does not fit into memory.
//!
//! It lies in storage in chunks, of which one is in memory. Nobody reads it after a crash, and the next
//! draft throws away what one has left.

use std::rc::Rc;

use crate::error::Error;
use crate::storage::Storage;

/// Bytes of a chunk. SQLite writes pages of 4 KiB, mostly one behind the other.
const CHUNK_BYTES: usize = 16 << 10;

pub struct Scratch {
    storage: Rc<dyn Storage>,
    file: u32,
    size: u64,
    /// The chunk that is in memory, and whether storage has it otherwise.
    chunk: u32,
    bytes: Vec<u8>,
    changed: bool,
}

impl Scratch {
    pub(crate) fn new(storage: Rc<dyn Storage>, file: u32) -> Scratch {
        Scratch { storage, file, size: 0, chunk: 0, bytes: Vec::new(), changed: false }
    }

    /// In bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Fills as much of `out` as there is from `offset` on, and returns how much that is.
    pub fn read(&mut self, offset: u64, out: &mut [u8]) -> Result<usize, Error> {
        let there = self.size.saturating_sub(offset).min(out.len() as u64) as usize;
        let mut done = 0;
        while done < there {
            let (chunk, at) = place(offset + done as u64);
            let len = (CHUNK_BYTES - at).min(there - done);
            let part = &mut out[done..done + len];
            if chunk == self.chunk {
                copy(self.bytes.get(at..).unwrap_or_default(), part);
            } else {
                let read = self.storage.read_scratch(self.file, chunk, at as u32, len as u32)?;
                copy(&read, part);
            }
            done += len;
        }
        Ok(there)
    }

    pub fn write(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        while self.size < offset {
            // It may have been longer before.
            let gap = [0; 1024];
            let len = (offset - self.size).min(gap.len() as u64) as usize;
            self.put(self.size, &gap[..len])?;
        }
        self.put(offset, bytes)
    }

    fn put(&mut self, offset: u64, bytes: &[u8]) -> Result<(), Error> {
        let mut done = 0;
        while done < bytes.len() {
            let (chunk, at) = place(offset + done as u64);
            let part = &bytes[done..bytes.len().min(done + CHUNK_BYTES - at)];
            self.turn_to(chunk)?;
            let end = at + part.len();
            if self.bytes.len() < end {
                self.bytes.resize(end, 0);
            }
            self.bytes[at..end].copy_from_slice(part);
            self.changed = true;
            done += part.len();
        }
        self.size = self.size.max(offset + bytes.len() as u64);
        Ok(())
    }

    pub fn truncate(&mut self, size: u64) {
        self.size = self.size.min(size);
    }

    fn turn_to(&mut self, chunk: u32) -> Result<(), Error> {
        if chunk == self.chunk {
            return Ok(());
        }
        if std::mem::take(&mut self.changed) {
            self.storage.write_scratch(self.file, self.chunk, &self.bytes)?;
        }
        self.bytes = self.storage.read_scratch(self.file, chunk, 0, CHUNK_BYTES as u32)?;
        self.chunk = chunk;
        Ok(())
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // What stays goes with the draft.
        self.storage.drop_scratch(Some(self.file)).unwrap_or_default();
    }
}

fn place(offset: u64) -> (u32, usize) {
    let chunk = CHUNK_BYTES as u64;
    ((offset / chunk) as u32, (offset % chunk) as usize)
}

/// What was never written is zeros.
fn copy(from: &[u8], to: &mut [u8]) {
    let len = from.len().min(to.len());
    to[..len].copy_from_slice(&from[..len]);
    to[len..].fill(0);
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::memory_storage::MemoryStorage;
    use crate::random::Random;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn it_reads_what_was_written_wherever() {
        for seed in 1..30 {
            let mut random = Random::new(seed);
            let storage = MemoryStorage::default();
            let mut file = Scratch::new(Rc::new(storage.clone()), 1);
            let mut model: Vec<u8> = Vec::new();
            for _ in 0..60 {
                let offset = random.below(100_000) as usize;
                let part = vec![random.below(256) as u8; random.below(40_000) as usize + 1];
                if random.below(8) == 0 {
                    file.truncate(offset as u64);
                    model.truncate(offset);
                } else if random.below(3) > 0 {
                    file.write(offset as u64, &part).unwrap();
                    model.resize(model.len().max(offset + part.len()), 0);
                    model[offset..offset + part.len()].copy_from_slice(&part);
                } else {
                    let mut out = part.clone();
                    let read = file.read(offset as u64, &mut out).unwrap();
                    let expected = model.get(offset..).unwrap_or_default();
                    let expected = &expected[..expected.len().min(out.len())];
                    assert!(&out[..read] == expected, "seed {seed}");
                }
                assert_eq!(file.size(), model.len() as u64);
            }
            drop(file);
            assert_eq!(storage.scratch_len(), 0);
        }
    }
}
