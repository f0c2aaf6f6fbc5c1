//! Where a connection's pages come from: the store of a primary, that of a region's replica, or a
//! replica in memory.

use isolite_core::{
    Bootstrap, Changes, Commit, EmbeddedReplica, Error, PageImage, PageNo, Position, Received,
    ReplicaPages, Store,
};

/// Offsets in the first page: the change counter, and its copy beside the number of SQLite's version.
const CHANGE_COUNTERS: [usize; 2] = [24, 92];

pub(crate) enum Source {
    Primary(Box<Store>),
    Region(Box<Store>),
    Embedded(EmbeddedReplica),
}

impl Source {
    pub(crate) fn position(&self) -> Position {
        match self {
            Source::Primary(store) | Source::Region(store) => store.position(),
            Source::Embedded(replica) => replica.position(),
        }
    }

    pub(crate) fn size_pages(&self) -> PageNo {
        match self {
            Source::Primary(store) | Source::Region(store) => store.size_pages(),
            Source::Embedded(replica) => replica.size_pages(),
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Source::Primary(store) | Source::Region(store) => store.is_broken(),
            Source::Embedded(_) => false,
        }
    }

    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self, Source::Embedded(_))
    }

    /// Whether a page could not be read as it was written.
    pub(crate) fn is_damaged(&self) -> bool {
        match self {
            Source::Primary(store) | Source::Region(store) => store.is_damaged(),
            Source::Embedded(_) => false,
        }
    }

    /// The image of a page, where it lies in memory as it is.
    pub(crate) fn page_in_memory(&self, number: PageNo) -> Option<&PageImage> {
        match self {
            Source::Embedded(replica) => replica.page(number),
            Source::Primary(_) | Source::Region(_) => None,
        }
    }

    pub(crate) fn read(&mut self, page: PageNo, at: usize, out: &mut [u8]) -> Result<(), Error> {
        match self {
            Source::Primary(store) => return store.read(page, at, out),
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

    /// The store; None of a replica in memory.
    pub(crate) fn store(&mut self) -> Option<&mut Store> {
        match self {
            Source::Primary(store) | Source::Region(store) => Some(store),
            Source::Embedded(_) => None,
        }
    }

    fn replica(&mut self) -> Result<&mut dyn ReplicaPages, Error> {
        match self {
            Source::Region(store) => Ok(&mut **store),
            Source::Embedded(replica) => Ok(replica),
            Source::Primary(_) => Err(Error::Corrupt("a primary follows nobody".to_owned())),
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
