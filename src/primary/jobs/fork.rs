//! A fork: an empty database becomes what another one was at a bookmark.

use std::collections::BTreeMap;

use isolite_core::{Bookmark, Draft, Position, ltx};
use isolite_protocol::query_string;
use isolite_protocol::rest::NewFork;
use serde_json::json;

use super::{Engine, JobUnit, Refused, STEP_PAGES};
use crate::object::call_js::{Address, Message, Object, send};

/// Pages asked for at once: 4 MiB before compression.
const PART_PAGES: u32 = 1024;

pub(super) async fn run(engine: &Engine, new: &NewFork) -> Result<(), Refused> {
    let Copy { draft, position } = copy(engine, new).await?;
    engine.publish(draft, Some(position), |now| json!({ "bookmark": now })).await
}

/// What another primary had at a bookmark.
pub(super) struct Copy {
    pub draft: Draft,
    pub position: Position,
}

pub(super) async fn copy(engine: &Engine, new: &NewFork) -> Result<Copy, Refused> {
    let bookmark: Result<Bookmark, _> = new.bookmark.parse();
    let position = bookmark.map_err(|error| Refused::Asked(error.to_string()))?.position;
    let mut draft = engine.draft().await?;
    let mut size_pages = 0;
    let mut first = 1;
    // An empty database has no part.
    let mut more = position.txid > 0;
    while more {
        let part = ask(engine, new, first).await?;
        let decoder = ltx::Decoder::new(&part).map_err(isolite_core::Error::from)?;
        size_pages = decoder.header().size_pages;
        let mut pages = BTreeMap::new();
        let read = decoder.pages(|number, page| drop(pages.insert(number, Box::new(*page))));
        read.map_err(isolite_core::Error::from)?;
        while !pages.is_empty() {
            let rest = pages.keys().nth(STEP_PAGES).copied();
            let rest = rest.map(|number| pages.split_off(&number)).unwrap_or_default();
            draft.put(std::mem::replace(&mut pages, rest))?;
            super::pause().await;
        }
        first += PART_PAGES;
        engine.tell(u64::from(first.min(size_pages)), u64::from(size_pages), JobUnit::Pages);
        more = first <= size_pages;
    }
    draft.resize(size_pages);
    Ok(Copy { draft, position })
}

async fn ask(engine: &Engine, new: &NewFork, first: u32) -> Result<Vec<u8>, Refused> {
    let at = query_string::encode(&new.bookmark);
    let path = format!("/past?at={at}&first={first}&count={PART_PAGES}");
    let message = Message { path: &path, ..Message::default() };
    let source = Object::Primary(Address::of(&new.source, new.source.primary_name()));
    let answer = send(&engine.env, source, message).await;
    let answer = answer.map_err(|error| Refused::Asked(error.to_string()))?;
    match (answer.status, answer.commits) {
        (200, Some(part)) => Ok(part),
        (200, None) => Err(Refused::Asked("the source has no such part".to_owned())),
        _ => Err(Refused::Asked(super::failure_of(&String::from(answer.text)))),
    }
}
