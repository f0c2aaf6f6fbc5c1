//! What travels between isolates and objects, as `src/object/call_js.rs` has it.

use std::rc::Rc;

use isolite_core::{Bookmark, Position, Tag};
use serde::{Deserialize, Serialize};

use crate::checker::Place;
use crate::content::{Contents, Write};
use crate::home::Home;

/// The one database there is.
pub const TAG: Tag = Tag(7);

#[derive(Clone, Debug)]
pub enum Request {
    Write(Rc<Write>),
    Read,
    Commits,
    Pages {
        first: u32,
        size_pages_max: u32,
    },
    Push(Option<Vec<u8>>),
    /// That an object keeps nothing any more.
    Delete,
    /// What the directory tells a primary of itself.
    Settings,
    /// That an object is to be the primary.
    Start(New),
    /// That a primary makes way.
    Fence(Home),
    /// That the promotion of this epoch was given up.
    Lower(u32),
    /// What the directory is asked.
    Directory(Question),
}

/// A promotion, as its candidate is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct New {
    pub home: Home,
    pub source: Home,
    /// The region whose replica it takes over from, where the primary is out of reach.
    pub from_replica: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    Where,
    Promote {
        region: usize,
        from_replica: Option<usize>,
    },
    /// Where the candidate stands, and whether it has taken over, is for the checker.
    Register {
        epoch: u32,
        at: Position,
        forced: bool,
    },
    Abandon {
        epoch: Option<u32>,
    },
}

/// What an answer says besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Where the primary is, or has moved.
    Home(Home),
    /// Whether a promotion was begun or has succeeded; otherwise it was given up.
    Promoting(bool),
    Registered(bool),
    /// The regions whose replicas are to be known.
    Inherits(Vec<usize>),
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
    /// Where the primary is, as far as the caller of a region's replica knows.
    pub home: Option<Home>,
    /// It is the next primary that asks.
    pub succeeds: bool,
}

impl Message {
    pub fn new(request: Request) -> Message {
        let (session, have, least) = (None, None, None);
        let (age_ms_max, follow, home) = (None, None, None);
        Message { request, session, have, age_ms_max, least, follow, home, succeeds: false }
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
    pub says: Option<Says>,
}

/// The statuses of a database that was deleted, and of a primary that has made way.
pub const GONE: u16 = 404;
pub const MOVED: u16 = 421;

impl Answer {
    pub fn status(status: u16) -> Answer {
        Answer { status, ..Answer::default() }
    }

    pub fn says(says: Says) -> Answer {
        Answer { says: Some(says), ..Answer::status(200) }
    }

    /// Where the primary has moved, if that is what it says.
    pub fn moved(&self) -> Option<Home> {
        match self.says {
            Some(Says::Home(home)) if self.status == MOVED => Some(home),
            _ => None,
        }
    }
}

pub fn bookmark(position: Position) -> String {
    Bookmark { position, tag: TAG }.to_string()
}

pub fn position_of(text: Option<&str>) -> Option<Position> {
    text?.parse::<Bookmark>().ok()?.of(TAG).ok()
}

pub fn place(position: Position) -> Place {
    let Position { epoch, txid, checksum } = position;
    Place { epoch, txid, checksum: checksum.to_u64() }
}
