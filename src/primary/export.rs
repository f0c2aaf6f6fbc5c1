//! Exports: the database at one position, in pieces, while it goes on.
//!
//! Each piece is asked for by itself and says where the next begins, so an export outlives the object
//! that began it. The position is held as long as pieces are asked for.

use isolite_core::{LOCK_PAGE, PAGE_SIZE};
use isolite_protocol::query_string;
use isolite_sqlite::{DumpCursor, DumpOptions, Error as SqlError, NotACursor};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::past::{self, Use};
use super::{Primary, Refused, not_done};
use crate::object::call_js::Answer;

/// Below the platform's 32 MiB a call.
const PIECE_BYTES_MAX: usize = 16 << 20;
const PIECE_PAGES_MAX: u32 = 4096;

/// The body of `/export/begin` and `/export/dump`.
#[derive(Deserialize)]
struct Asked {
    schema: bool,
    data: bool,
    tables: Vec<String>,
    #[serde(default)]
    cursor: Option<String>,
    #[serde(default)]
    bytes_max: usize,
}

#[derive(Serialize)]
struct Begun {
    at_bookmark: String,
}

#[derive(Serialize)]
struct PagesTold {
    size_pages: u32,
}

impl Asked {
    fn decode(body: &str) -> Result<Asked, Refused> {
        serde_json::from_str(body).map_err(|error| Refused::Asked(error.to_string()))
    }

    fn options(&self) -> DumpOptions {
        let Asked { schema, data, .. } = *self;
        DumpOptions { schema, data, tables: self.tables.clone() }
    }
}

impl Primary {
    /// Holds where the database stands, once it is known that it has what is asked for.
    pub(super) fn begin_export(&self, body: &str) -> Answer {
        Answer::json(Asked::decode(body).and_then(|asked| {
            let at_bookmark = past::newest(&self.engine)?;
            self.engine.hold(&at_bookmark)?;
            self.engine.with_past(&at_bookmark, Use::Dump, |database| {
                // The first statement shows whether the rest can be written.
                database.dump(&asked.options(), &DumpCursor::default(), 1).map_err(of_dump)
            })?;
            Ok(Begun { at_bookmark })
        }))
    }

    /// A piece of the dump, and where the next one begins.
    pub(super) fn export_dump(&self, query: &str, body: &str) -> Answer {
        let at = query_string::value(query, "at").unwrap_or_default();
        let piece = Asked::decode(body).and_then(|asked| {
            self.engine.hold(&at)?;
            let cursor = match &asked.cursor {
                Some(text) => {
                    text.parse().map_err(|error: NotACursor| Refused::Asked(error.to_string()))?
                }
                None => DumpCursor::default(),
            };
            let bytes_max = asked.bytes_max.clamp(1, PIECE_BYTES_MAX);
            self.engine.with_past(&at, Use::Dump, |database| {
                database.dump(&asked.options(), &cursor, bytes_max).map_err(of_dump)
            })
        });
        match piece {
            Ok((piece, next)) => {
                let next = next.map(|cursor| cursor.to_string());
                Answer { commits: Some(piece), ..Answer::new(200, json!(next).to_string()) }
            }
            Err(refused) => not_done(&refused),
        }
    }

    /// Pages one behind the other, as they lie in a SQLite file.
    pub(super) fn export_pages(&self, query: &str) -> Answer {
        let number = |name| query_string::raw(query, name).and_then(|text| text.parse().ok());
        let at = query_string::value(query, "at").unwrap_or_default();
        let (first, count) = (number("first").unwrap_or(1u32).max(1), number("count").unwrap_or(0));
        let pages =
            self.engine.hold(&at).and_then(|()| self.engine.past(&at)).and_then(|mut past| {
                let size_pages = past.size_pages();
                let end = first.saturating_add(count.min(PIECE_PAGES_MAX)).min(size_pages + 1);
                let mut bytes = Vec::with_capacity(end.saturating_sub(first) as usize * PAGE_SIZE);
                for number in first..end {
                    match number {
                        LOCK_PAGE => bytes.resize(bytes.len() + PAGE_SIZE, 0),
                        number => bytes.extend_from_slice(past.page(number)?),
                    }
                }
                Ok((bytes, size_pages))
            });
        match pages {
            Ok((bytes, size_pages)) => {
                let told = Answer::json(Ok(PagesTold { size_pages }));
                Answer { commits: Some(bytes), ..told }
            }
            Err(refused) => not_done(&refused),
        }
    }
}

/// What is asked for and is not there is the caller's fault.
fn of_dump(error: SqlError) -> Refused {
    match error {
        SqlError::NoSuchTable { .. } | SqlError::NotDumpable { .. } => {
            Refused::Asked(error.to_string())
        }
        error => error.into(),
    }
}
