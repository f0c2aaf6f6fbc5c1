//! Where a connection's pages come from: the store of a primary, that of a region's replica, a replica
//! in memory, the database as it was, or a draft of what it will be.

use isolite_core::{
    Bootstrap, Changes, Commit, Draft, EmbeddedReplica, Error, PageImage, PageNo, Past, Position,
    Received, ReplicaPages, Store,
};

/// Offsets in the first page: the change counter, and its copy beside the number of SQLite's version.
const CHANGE_COUNTERS: [usize; 2] = [24, 92];

pub(crate) enum Source {
    Primary(Box<Store>),
    Region(Box<Store>),
    Embedded(EmbeddedReplica),
    Past(Box<Past>),
    Draft(Box<Draft>),
}

impl Source {
    pub(crate) fn position(&self) -> Position {
        match self {
            Source::Primary(store) | Source::Region(store) => store.position(),
            Source::Embedded(replica) => replica.position(),
            Source::Past(past) => past.position(),
            Source::Draft(draft) => draft.base(),
        }
    }

    pub(crate) fn size_pages(&self) -> PageNo {
        match self {
            Source::Primary(store) | Source::Region(store) => store.size_pages(),
            Source::Embedded(replica) => replica.size_pages(),
            Source::Past(past) => past.size_pages(),
            Source::Draft(draft) => draft.size_pages(),
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Source::Primary(store) | Source::Region(store) => store.is_broken(),
            Source::Embedded(_) | Source::Past(_) | Source::Draft(_) => false,
        }
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self, Source::Embedded(_))
    }

    /// How SQLite is to roll back: a draft is thrown away instead, and its transaction, which may be
    /// long, has a larger cache.
    pub(crate) fn pragmas(&self) -> &'static str {
        match self {
            Source::Draft(_) => "PRAGMA journal_mode = OFF; PRAGMA cache_size = -4096;",
            _ => "PRAGMA journal_mode = MEMORY;",
        }
    }

    /// Whether a page could not be read as it was written.
    pub(crate) fn is_damaged(&self) -> bool {
        match self {
            Source::Primary(store) | Source::Region(store) => store.is_damaged(),
            Source::Embedded(_) | Source::Past(_) | Source::Draft(_) => false,
        }
    }

    /// The image of a page, where it lies in memory as it is.
    pub(crate) fn page_in_memory(&self, number: PageNo) -> Option<&PageImage> {
        match self {
            Source::Embedded(replica) => replica.page(number),
            _ => None,
        }
    }

    pub(crate) fn read(&mut self, page: PageNo, at: usize, out: &mut [u8]) -> Result<(), Error> {
        match self {
            Source::Primary(store) => return store.read(page, at, out),
            Source::Past(past) => return past.read(page, at, out),
            Source::Draft(draft) => return draft.read(page, at, out),
            Source::Region(store) => store.read(page, at, out)?,
            Source::Embedded(replica) => replica.read(page, at, out)?,
        }
        if page == 1 {
            count_changes(self.position(), at, out);
        }
        Ok(())
    }

    pub(crate) fn commit(&mut self, changes: Changes, time_ms: i64) -> Result<Commit, Error> {
        match self {
            Source::Primary(store) => store.commit(changes, time_ms),
            _ => Err(Error::Corrupt("a replica was written to".to_owned())),
        }
    }

    /// The draft, where the pages are one.
    pub(crate) fn draft(&mut self) -> Option<&mut Draft> {
        match self {
            Source::Draft(draft) => Some(draft),
            _ => None,
        }
    }

    /// The store, of those that have one.
    pub(crate) fn store(&mut self) -> Option<&mut Store> {
        match self {
            Source::Primary(store) | Source::Region(store) => Some(store),
            _ => None,
        }
    }

    fn replica(&mut self) -> Result<&mut dyn ReplicaPages, Error> {
        match self {
            Source::Region(store) => Ok(&mut **store),
            Source::Embedded(replica) => Ok(replica),
            _ => Err(Error::Corrupt("a primary follows nobody".to_owned())),
        }
    }

    pub(crate) fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        self.replica()?.apply(ltx, position)
    }

    pub(crate) fn clear(&mut self) -> Result<(), Error> {
        self.replica()?.clear()
    }

    pub(crate) fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error> {
        self.replica()?.bootstrap(bootstrap, primary, ltx)
    }
}

/// Puts the txid where SQLite keeps its change counter, by which a connection knows that what it has
/// read before is old. The primary does not count there.
fn count_changes(position: Position, offset: usize, part: &mut [u8]) {
    let counter = (position.txid as u32).to_be_bytes();
    for field in CHANGE_COUNTERS {
        for (at, byte) in (field..).zip(counter) {
            if let Some(place) = at.checked_sub(offset).and_then(|at| part.get_mut(at)) {
                *place = byte;
            }
        }
    }
}
