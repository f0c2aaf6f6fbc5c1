//! What travels between isolates and objects, as `src/object/call_js.rs` has it.

use std::rc::Rc;

use isolite_core::{Bookmark, Position, Tag};

use crate::checker::Place;
use crate::content::{Contents, Write};

/// The one database there is.
pub const TAG: Tag = Tag(7);

#[derive(Clone, Debug)]
pub enum Request {
    Write(Rc<Write>),
    Read,
    Commits,
    Pages { first: u32, size_pages_max: u32 },
    Push(Option<Vec<u8>>),
}

#[derive(Clone, Debug)]
pub struct Message {
    pub request: Request,
    pub session: Option<String>,
    pub have: Option<String>,
    /// Of a call to a region's replica.
    pub age_ms_max: Option<f64>,
    pub least: Option<String>,
    /// The region whose replica asks, and is to be pushed to.
    pub follow: Option<usize>,
}

impl Message {
    pub fn new(request: Request) -> Message {
        let (session, have, least) = (None, None, None);
        Message { request, session, have, age_ms_max: None, least, follow: None }
    }
}

#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub status: u16,
    /// What a read has read.
    pub contents: Option<Contents>,
    /// Where what answered stood: for the checker, whether or not the caller asked for it.
    pub at: Option<Position>,
    pub bookmark: Option<String>,
    pub commits: Option<Vec<u8>>,
    pub age_ms: f64,
}

impl Answer {
    pub fn status(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }
}

pub fn bookmark(position: Position) -> String {
    Bookmark { position, tag: TAG }.to_string()
}

pub fn position_of(text: Option<&str>) -> Option<Position> {
    text?.parse::<Bookmark>().ok()?.of(TAG).ok()
}

pub fn place(position: Position) -> Place {
    Place { txid: position.txid, checksum: position.checksum.to_u64() }
}
