//! The pages of an isolate: core's replica in memory, or one that a planted bug has got by its
//! checks.

use isolite_core::ltx::Decoder;
use isolite_core::{
    Bootstrap, EmbeddedReplica, Error, PageNo, Position, Received, ReplicaPages, blank_page,
};

use crate::content::{Contents, word_of};
use crate::feed;
use crate::mutation::Mutation;
use crate::world::World;

pub enum Pages {
    Checked(EmbeddedReplica),
    Lax(LaxPages),
}

/// Takes what it is given, and compares nothing.
pub struct LaxPages {
    mutation: Mutation,
    position: Position,
    pages: Contents,
    /// Pages of the last commit that are not there yet.
    held_back: Vec<(PageNo, u64)>,
}

impl Pages {
    pub fn of(world: &World) -> Pages {
        let lax = [
            Mutation::GapIgnored,
            Mutation::PageSkipped,
            Mutation::HalfAppliedReadable,
            Mutation::SnapshotTorn,
        ];
        match world.mutation {
            Some(mutation) if lax.contains(&mutation) => Pages::Lax(LaxPages {
                mutation,
                position: Position::START,
                pages: Contents::new(),
                held_back: Vec::new(),
            }),
            _ => Pages::Checked(EmbeddedReplica::default()),
        }
    }

    /// What it holds; None if it cannot be read.
    pub fn contents(&self) -> Option<Contents> {
        match self {
            Pages::Checked(replica) => {
                let read = |number, page: &mut [u8]| replica.read(number, 0, page);
                feed::contents(replica.size_pages(), read).ok()
            }
            Pages::Lax(lax) => Some(lax.pages.clone()),
        }
    }

    pub fn size_pages(&self) -> PageNo {
        match self {
            Pages::Checked(replica) => replica.size_pages(),
            Pages::Lax(lax) => lax.pages.len() as PageNo,
        }
    }
}

impl LaxPages {
    fn put_all(&mut self, ltx: &[u8]) -> Result<(), Error> {
        for (number, word) in std::mem::take(&mut self.held_back) {
            self.put(number, word);
        }
        let decoder = Decoder::new(ltx)?;
        let mut pages = Vec::new();
        decoder.pages(|number, page| pages.push((number, word_of(page))))?;
        self.pages.resize(decoder.header().size_pages as usize, word_of(&*blank_page()));
        match self.mutation {
            Mutation::PageSkipped => drop(pages.pop()),
            Mutation::HalfAppliedReadable => self.held_back.extend(pages.pop()),
            _ => {}
        }
        for (number, word) in pages {
            self.put(number, word);
        }
        Ok(())
    }

    fn put(&mut self, number: PageNo, word: u64) {
        if let Some(place) = self.pages.get_mut(number as usize - 1) {
            *place = word;
        }
    }

    fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        let header = *Decoder::new(ltx)?.header();
        if header.txid_max <= self.position.txid {
            return Ok(Received::Duplicate);
        }
        if self.mutation != Mutation::GapIgnored && header.txid_min > self.position.txid + 1 {
            return Ok(Received::Gap);
        }
        self.put_all(ltx)?;
        self.position = position;
        Ok(Received::Applied)
    }

    /// The parts of a snapshot are checked by core, but for those of a torn one.
    fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error> {
        let mut put = Vec::new();
        let taken = bootstrap.take(primary, ltx, &mut |number, page| {
            put.push((number, word_of(page)));
        });
        let end = put.iter().map(|(number, _)| *number as usize).max().unwrap_or(0);
        let size = self.pages.len().max(end);
        self.pages.resize(size, 0);
        for (number, word) in put {
            self.put(number, word);
        }
        let torn = self.mutation == Mutation::SnapshotTorn;
        let ends = ltx.and_then(|ltx| Some(Decoder::new(ltx).ok()?.header().size_pages as usize));
        match taken {
            Ok(None) if torn && ends.is_some_and(|ends| self.pages.len() >= ends) => {
                self.pages.truncate(ends.unwrap_or(0));
                self.position = primary;
                Ok(true)
            }
            Ok(Some(mark)) => {
                self.pages.truncate(mark.size_pages as usize);
                self.position = mark.position;
                Ok(true)
            }
            taken => taken.map(|_| false),
        }
    }
}

impl ReplicaPages for Pages {
    fn position(&self) -> Position {
        match self {
            Pages::Checked(replica) => replica.position(),
            Pages::Lax(lax) => lax.position,
        }
    }

    fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, Error> {
        match self {
            Pages::Checked(replica) => replica.apply(ltx, position),
            Pages::Lax(lax) => lax.apply(ltx, position),
        }
    }

    fn clear(&mut self) -> Result<(), Error> {
        match self {
            Pages::Checked(replica) => ReplicaPages::clear(replica),
            Pages::Lax(lax) => {
                lax.position = Position::START;
                lax.pages.clear();
                lax.held_back.clear();
                Ok(())
            }
        }
    }

    fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, Error> {
        match self {
            Pages::Checked(replica) => replica.bootstrap(bootstrap, primary, ltx),
            Pages::Lax(lax) => lax.bootstrap(bootstrap, primary, ltx),
        }
    }
}
