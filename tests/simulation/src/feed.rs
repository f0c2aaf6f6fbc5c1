//! What a primary, and a region's replica in its place, gives to those that follow it: as
//! `src/object/feed.rs` has it. And what a read reads.

use isolite_core::{Error, PAGE_SIZE, PageNo, Position, Store};

use crate::content::{Contents, word_of};
use crate::message::Request;
use crate::mutation::Mutation;
use crate::world::World;

/// The LTX that answers a question; None where there is none.
pub fn answer(
    world: &World,
    request: &Request,
    store: &mut Store,
    have: Option<Position>,
) -> Result<Option<Vec<u8>>, Error> {
    let plan = &world.plan;
    match (request, have) {
        (Request::Commits, Some(have)) => store.commits_since(have, plan.feed_commits_bytes_max),
        (Request::Pages { first, size_pages_max }, _) if store.size_pages() <= *size_pages_max => {
            store.pages_from(*first, plan.part_pages)
        }
        _ => Ok(None),
    }
}

pub fn commits_since(
    world: &World,
    store: &mut Store,
    have: Position,
    bytes_max: usize,
) -> Result<Option<Vec<u8>>, Error> {
    let (newest, bytes) = (store.position().txid, store.commits_since(have, bytes_max)?);
    if world.has(Mutation::GapIgnored) && newest > have.txid + 1 && bytes.is_some() {
        return store.commits_since(Position { txid: newest - 1, ..have }, bytes_max);
    }
    Ok(bytes)
}

/// All pages, by what reads one of them.
pub fn contents<E>(
    size_pages: PageNo,
    mut read: impl FnMut(PageNo, &mut [u8]) -> Result<(), E>,
) -> Result<Contents, E> {
    let mut page = [0; PAGE_SIZE];
    (1..=size_pages)
        .map(|number| {
            read(number, &mut page)?;
            Ok(word_of(&page))
        })
        .collect()
}

pub fn contents_of(store: &mut Store) -> Result<Contents, Error> {
    contents(store.size_pages(), |number, page| store.read(number, 0, page))
}
