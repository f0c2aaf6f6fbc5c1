//! What a primary, and a region's replica in its place, gives to those that follow it.

use isolite_core::{Bookmark, Position, Tag};
use isolite_protocol::query_string;
use isolite_sqlite::{Database, Error};

/// Pages of one part of a snapshot: 16 MiB before compression.
const PART_PAGES_MAX: u32 = 4096;
/// Commits that a replica asks for: more, and a snapshot is less.
const COMMITS_BYTES_MAX: usize = 8 << 20;

/// A question of somebody that follows.
pub(crate) enum Question {
    /// What it lacks.
    Commits,
    /// A part of the whole, if that has no more than so many pages.
    Pages { first: u32, size_pages_max: u32 },
}

impl Question {
    /// What a path asks, its query included.
    pub(crate) fn of(path: &str, query: &str) -> Option<Question> {
        let number = |name| query_string::raw(query, name).and_then(|text| text.parse().ok());
        match path {
            "/commits" => Some(Question::Commits),
            "/pages" => Some(Question::Pages {
                first: number("first").unwrap_or(1),
                size_pages_max: number("size_max").unwrap_or(u32::MAX),
            }),
            _ => None,
        }
    }

    /// The LTX that answers it; None where there is none.
    pub(crate) fn answer(
        &self,
        database: &mut Database,
        have: Option<Position>,
    ) -> Result<Option<Vec<u8>>, Error> {
        match (self, have) {
            (Question::Commits, Some(have)) => database.commits_since(have, COMMITS_BYTES_MAX),
            (Question::Pages { first, size_pages_max }, _)
                if database.size_pages() <= *size_pages_max =>
            {
                database.pages_from(*first, PART_PAGES_MAX)
            }
            _ => Ok(None),
        }
    }
}

/// Where the caller's replica stands, if it has one of the database with this tag.
pub(crate) fn position_of(have: Option<&str>, tag: Tag) -> Option<Position> {
    have?.parse::<Bookmark>().ok()?.of(tag).ok()
}
