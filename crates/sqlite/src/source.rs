//! Where a connection's pages come from: the store of a primary, or a replica in memory.

use isolite_core::{Changes, Commit, EmbeddedReplica, Error, PageNo, Position, Store};

pub(crate) enum Source {
    Store(Box<Store>),
    Replica(EmbeddedReplica),
}

impl Source {
    pub(crate) fn position(&self) -> Position {
        match self {
            Source::Store(store) => store.position(),
            Source::Replica(replica) => replica.position(),
        }
    }

    pub(crate) fn size_pages(&self) -> PageNo {
        match self {
            Source::Store(store) => store.size_pages(),
            Source::Replica(replica) => replica.size_pages(),
        }
    }

    pub(crate) fn is_broken(&self) -> bool {
        match self {
            Source::Store(store) => store.is_broken(),
            Source::Replica(_) => false,
        }
    }

    pub(crate) fn read(&mut self, page: PageNo, at: usize, out: &mut [u8]) -> Result<(), Error> {
        match self {
            Source::Store(store) => store.read(page, at, out),
            Source::Replica(replica) => replica.read(page, at, out),
        }
    }

    pub(crate) fn commit(&mut self, changes: Changes, time_ms: i64) -> Result<Commit, Error> {
        match self {
            Source::Store(store) => store.commit(changes, time_ms),
            Source::Replica(_) => Err(Error::Corrupt("a replica was written to".to_owned())),
        }
    }

    /// The store; None of a replica.
    pub(crate) fn store(&mut self) -> Option<&mut Store> {
        match self {
            Source::Store(store) => Some(store),
            Source::Replica(_) => None,
        }
    }

    /// The replica; None of a primary.
    pub(crate) fn replica(&mut self) -> Option<&mut EmbeddedReplica> {
        match self {
            Source::Replica(replica) => Some(replica),
            Source::Store(_) => None,
        }
    }
}
