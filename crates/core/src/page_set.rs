//! Numbers of pages, as bits: a third of a megabyte for the largest database there may be.
//!
//! Stored as runs, each two LEB128 numbers: how many pages are left out, and how many are there.

use crate::page::PageNo;
use crate::varint;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PageSet {
    words: Vec<u64>,
}

impl PageSet {
    pub fn insert(&mut self, number: PageNo) {
        let (word, bit) = place(number);
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= bit;
    }

    pub fn remove(&mut self, number: PageNo) {
        let (word, bit) = place(number);
        if let Some(word) = self.words.get_mut(word) {
            *word &= !bit;
        }
    }

    pub fn contains(&self, number: PageNo) -> bool {
        let (word, bit) = place(number);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    pub fn extend(&mut self, numbers: impl IntoIterator<Item = PageNo>) {
        numbers.into_iter().for_each(|number| self.insert(number));
    }

    /// Ascending.
    pub fn iter(&self) -> impl Iterator<Item = PageNo> + '_ {
        self.iter_from(0)
    }

    /// Those from `first` on, ascending.
    pub fn iter_from(&self, first: PageNo) -> impl Iterator<Item = PageNo> + '_ {
        let (begin, _) = place(first);
        let words = (begin..).zip(self.words.get(begin..).unwrap_or_default());
        let numbers = words.filter(|(_, word)| **word != 0).flat_map(|(index, word)| {
            let bits = (0..64).filter(move |bit| word >> bit & 1 == 1);
            bits.map(move |bit| index as PageNo * 64 + bit)
        });
        numbers.skip_while(move |number| *number < first)
    }

    /// The one before which there are so many.
    pub fn nth(&self, mut index: usize) -> Option<PageNo> {
        for (at, word) in self.words.iter().enumerate() {
            match index.checked_sub(word.count_ones() as usize) {
                Some(rest) => index = rest,
                None => return self.iter_from(at as PageNo * 64).nth(index),
            }
        }
        None
    }

    pub fn len(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        let (mut at, mut numbers) = (0, self.iter().peekable());
        while let Some(start) = numbers.next() {
            let mut end = start + 1;
            while numbers.next_if_eq(&end).is_some() {
                end += 1;
            }
            varint::push(u64::from(start - at), &mut out);
            varint::push(u64::from(end - start), &mut out);
            at = end;
        }
        out
    }

    /// None if the bytes are no set.
    pub fn decode(mut bytes: &[u8]) -> Option<PageSet> {
        let (mut set, mut at) = (PageSet::default(), 0u32);
        while !bytes.is_empty() {
            let start = at.checked_add(varint::take(&mut bytes)?)?;
            at = start.checked_add(varint::take(&mut bytes)?)?;
            // What no database has would only take memory.
            if at > NUMBER_MAX {
                return None;
            }
            set.extend(start..at);
        }
        Some(set)
    }
}

/// More pages than the object of a database has room for.
const NUMBER_MAX: PageNo = 1 << 22;

fn place(number: PageNo) -> (usize, u64) {
    (number as usize / 64, 1 << (number % 64))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn numbers_go_in_and_out() {
        let mut set = PageSet::default();
        let numbers = [1, 2, 3, 63, 64, 65, 128, 1000, 2_621_440];
        set.extend(numbers.iter().rev().copied());
        assert!(set.iter().eq(numbers));
        assert_eq!((set.len(), set.is_empty()), (numbers.len(), false));
        assert_eq!(PageSet::decode(&set.encode()), Some(set.clone()));
        let from = |first| set.iter_from(first).next();
        assert_eq!([0, 4, 66, 1001].map(from), [1, 63, 128, 2_621_440].map(Some));
        assert_eq!(from(2_621_441), None);
        let nth: Vec<_> = (0..10).map(|index| set.nth(index)).collect();
        assert!(nth[..9].iter().copied().eq(numbers.map(Some)) && nth[9].is_none());
        set.remove(64);
        set.remove(7_000_000);
        assert!(!set.contains(64) && set.contains(65) && !set.contains(66));
    }

    #[test]
    fn what_is_no_set_is_refused() {
        assert_eq!(PageSet::decode(&[]), Some(PageSet::default()));
        for bytes in [&[1][..], &[0x80], &[1, 0x80], &[0xff; 6], &[0, 0xff, 0xff, 0xff, 0x7f]] {
            assert_eq!(PageSet::decode(bytes), None, "{bytes:?}");
        }
    }
}
