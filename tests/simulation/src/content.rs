//! What clients write and read: each page is filled with one word, which names the write that it
//! comes from and the page, so that one word of eight bytes stands for the page.

use crate::random::mix;

/// The word of each page, in order; a page that was added and never written holds zeros.
pub type Contents = Vec<u64>;

/// A transaction. What it leaves depends only on what was there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    pub id: u64,
    pub pages: Vec<u32>,
    /// Size of the database afterwards.
    pub size_pages: u32,
}

impl Write {
    pub fn apply(&self, before: &Contents) -> Contents {
        let mut after = before.clone();
        after.resize(self.size_pages as usize, 0);
        for page in &self.pages {
            if let Some(word) = after.get_mut(*page as usize - 1) {
                *word = self.word(*page);
            }
        }
        after
    }

    pub fn word(&self, page: u32) -> u64 {
        mix(self.id << 16 | u64::from(page))
    }
}

/// Fills a page with its word.
pub fn fill(page: &mut [u8], word: u64) {
    for part in page.chunks_exact_mut(8) {
        part.copy_from_slice(&word.to_le_bytes());
    }
}

/// The word that fills a page; of a page that no write left like this, a word that none has.
pub fn word_of(page: &[u8]) -> u64 {
    let (words, _) = page.as_chunks::<8>();
    let Some(first) = words.first() else { return 0 };
    let word = u64::from_le_bytes(*first);
    if words.iter().all(|other| other == first) { word } else { !word }
}
