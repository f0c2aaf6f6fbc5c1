//! One hour: the sums of each statement, by its text.
//!
//! Invariants:
//! - there are at most [`STATEMENTS_MAX`] statements, each of a text of at most [`TEXT_BYTES_MAX`]
//!   bytes, so that an hour has a size that memory and one row of storage bear;
//! - nothing is lost of the totals: what has no place goes to the others, which have no text.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Sums;

const STATEMENTS_MAX: usize = 200;
const TEXT_BYTES_MAX: usize = 1_000;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Hour {
    hour: u64,
    others: Sums,
    statements: Vec<(Arc<str>, Sums)>,
    #[serde(skip)]
    by_text: HashMap<Arc<str>, usize>,
    /// The statement that ran last: in a batch it mostly is the next one too.
    #[serde(skip)]
    last: usize,
}

#[derive(Deserialize)]
struct Stored {
    hour: u64,
    others: Sums,
    statements: Vec<(Arc<str>, Sums)>,
}

impl Hour {
    pub fn new(hour: u64) -> Self {
        Self { hour, ..Self::default() }
    }

    pub fn hour(&self) -> u64 {
        self.hour
    }

    /// The statements, each with its text.
    pub fn statements(&self) -> impl Iterator<Item = (&Arc<str>, &Sums)> {
        self.statements.iter().map(|(text, sums)| (text, sums))
    }

    /// Everything of the hour, the statements that have lost their place included.
    pub fn totals(&self) -> Sums {
        let mut totals = self.others;
        self.statements.iter().for_each(|(_, sums)| totals.add(sums));
        totals
    }

    /// Adds one run, or the sums of several, of a statement.
    pub fn add(&mut self, text: &str, run: &Sums) {
        if let Some((last, sums)) = self.statements.get_mut(self.last)
            && **last == *text
        {
            return sums.add(run);
        }
        let text = bounded(text);
        let index = match self.by_text.get(text) {
            Some(index) => *index,
            None => self.place(text),
        };
        self.statements[index].1.add(run);
        self.last = index;
    }

    /// A place for a new statement: its own, or once there is none that of the one that did least.
    fn place(&mut self, text: &str) -> usize {
        let text: Arc<str> = text.into();
        let mut index = self.statements.len();
        if index < STATEMENTS_MAX {
            self.statements.push((Arc::clone(&text), Sums::default()));
        } else {
            let least = self.statements.iter().enumerate().min_by_key(|(_, (_, sums))| work(sums));
            index = least.map_or(0, |(index, _)| index);
            let place = &mut self.statements[index];
            let (evicted, sums) = std::mem::replace(place, (Arc::clone(&text), Sums::default()));
            self.by_text.remove(&evicted);
            self.others.add(&sums);
        }
        self.by_text.insert(text, index);
        index
    }
}

/// What it was for the database: the clock cannot tell, as it stands still while an object computes.
fn work(sums: &Sums) -> u64 {
    sums.count() + sums.rows_read + sums.rows_written
}

/// A text without what makes no other statement of it, and not too long.
fn bounded(text: &str) -> &str {
    let text = text.trim().trim_end_matches([';', ' ', '\n']);
    match text.len() <= TEXT_BYTES_MAX {
        true => text,
        false => &text[..text.floor_char_boundary(TEXT_BYTES_MAX)],
    }
}

impl From<Stored> for Hour {
    fn from(stored: Stored) -> Self {
        let Stored { hour, others, mut statements } = stored;
        statements.truncate(STATEMENTS_MAX);
        let texts = statements.iter().enumerate();
        let by_text = texts.map(|(index, (text, _))| (Arc::clone(text), index)).collect();
        Hour { hour, others, statements, by_text, last: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rows_read: u64) -> Sums {
        Sums { read_queries: 1, rows_read, ..Sums::default() }
    }

    #[test]
    fn runs_of_one_text_add_up() {
        let mut hour = Hour::new(7);
        for text in ["a", "a", "b", "a"] {
            hour.add(text, &read(3));
        }
        let sums: Vec<_> = hour.statements().map(|(text, s)| (&**text, s.rows_read)).collect();
        assert_eq!(sums, [("a", 9), ("b", 3)]);
        assert_eq!((hour.totals().count(), hour.totals().rows_read), (4, 12));
    }

    #[test]
    fn a_stored_hour_goes_on() {
        let mut hour = Hour::new(7);
        hour.add("a", &Sums { duration_ms: 1.5, ..read(3) });
        hour.add("b \"'\n", &read(1));
        let mut back: Hour = serde_json::from_str(&serde_json::to_string(&hour).unwrap()).unwrap();
        assert_eq!(back.hour(), 7);
        back.add("b \"'\n", &read(1));
        back.add("a", &read(1));
        let sums: Vec<_> = back.statements().map(|(_, sums)| sums.rows_read).collect();
        assert_eq!(sums, [4, 2]);
        assert_eq!(back.totals().duration_ms, 1.5);
    }

    #[test]
    fn one_statement_is_known_with_and_without_its_end() {
        let mut hour = Hour::new(0);
        for text in ["SELECT 1", "SELECT 1;", "\n  SELECT 1 ;\n"] {
            hour.add(text, &read(1));
        }
        assert_eq!(hour.statements().count(), 1);
    }

    #[test]
    fn texts_are_cut_between_characters() {
        let mut hour = Hour::new(0);
        let long = "ü".repeat(TEXT_BYTES_MAX);
        hour.add(&long, &read(1));
        hour.add(&format!("x{long}"), &read(1));
        hour.add(&format!("x{long}{long}"), &read(1));
        let texts: Vec<_> = hour.statements().map(|(text, _)| text.len()).collect();
        assert_eq!(texts, [TEXT_BYTES_MAX, TEXT_BYTES_MAX - 1]);
    }

    #[test]
    fn a_full_hour_keeps_what_works_most_and_all_totals() {
        let mut hour = Hour::new(0);
        let runs = 10 * STATEMENTS_MAX as u64;
        for n in 0..runs {
            hour.add("busy", &read(5));
            hour.add(&format!("SELECT {n}"), &read(1));
        }
        assert_eq!(hour.statements().count(), STATEMENTS_MAX);
        assert_eq!(hour.by_text.len(), STATEMENTS_MAX);
        for (text, sums) in hour.statements() {
            let expected = if &**text == "busy" { 5 * runs } else { 1 };
            assert_eq!(sums.rows_read, expected, "{text}");
        }
        let totals = hour.totals();
        assert_eq!((totals.count(), totals.rows_read), (2 * runs, 6 * runs));
    }
}
