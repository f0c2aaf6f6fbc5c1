//! An import: SQL, or a SQLite file, from where it was uploaded to. All of it, or nothing.

use std::collections::BTreeMap;

use isolite_core::{Draft, PAGE_SIZE};
use isolite_protocol::rest::{FileFormat, NewImport};
use isolite_sqlite::{Database, Imported, Limits, Splitter, check_sqlite_file};
use js_sys::Date;
use serde_json::{Value as Json, json};
use worker::console_error;

use super::sqlite_file::{checked, draft_of, taken};
use super::{Engine, JobUnit, Refused, STEP_PAGES, asked, failure_of, pause};
use crate::object::call_js::{Address, Message, Object, send};

/// Read at once, a whole number of pages.
const PART_BYTES: u64 = 4 << 20;
/// SQL that runs before other requests have their turn.
const STEP_BYTES: usize = 256 << 10;

pub(super) async fn run(engine: &Engine, new: &NewImport) -> Result<(), Refused> {
    let limits = engine.settings.clone().map_err(Refused::Misconfigured)?.limits;
    let begun_ms = Date::now();
    let imported = match new.format {
        FileFormat::Sql => sql(engine, new, limits).await,
        FileFormat::Sqlite => file(engine, new, limits).await,
    };
    let published = match imported {
        Ok((draft, imported)) => {
            let size_bytes = u64::from(draft.size_pages()) * PAGE_SIZE as u64;
            let size_after = imported.as_ref().map_or(size_bytes, |imported| imported.size_after);
            let result = |now: &str| told(&imported, size_after, now, Date::now() - begun_ms);
            engine.publish(draft, None, result).await
        }
        Err(refused) => Err(refused),
    };
    // Whatever came of it, the same file would come to the same.
    if let Err(refused) = ask(engine, new, "/delete").await {
        console_error!("An upload is left to its alarm: {refused}");
    }
    published
}

async fn sql(
    engine: &Engine,
    new: &NewImport,
    limits: Limits,
) -> Result<(Draft, Option<Imported>), Refused> {
    let mut database = Database::open_draft(engine.draft().await?, limits)?;
    database.begin_import(Date::now() as i64)?;
    let mut splitter = Splitter::new(limits.import_sql_bytes_max() as usize);
    let (mut offset, mut ran) = (0, 0);
    while offset < new.bytes {
        let part = read(engine, new, offset).await?;
        offset += part.len() as u64;
        splitter.push(&part);
        while let Some(statement) = splitter.next().map_err(asked)? {
            ran += statement.sql.len();
            database.import(&statement).map_err(asked)?;
            if ran >= STEP_BYTES {
                ran = 0;
                pause().await;
            }
        }
        engine.tell(offset, new.bytes, JobUnit::Bytes);
    }
    if let Some(statement) = splitter.finish().map_err(asked)? {
        database.import(&statement).map_err(asked)?;
    }
    let imported = database.finish_import().map_err(asked)?;
    Ok((draft_of(database)?, Some(imported)))
}

async fn file(
    engine: &Engine,
    new: &NewImport,
    limits: Limits,
) -> Result<(Draft, Option<Imported>), Refused> {
    if !new.bytes.is_multiple_of(PAGE_SIZE as u64) {
        return Err(asked("the file is cut short: it ends within a page"));
    }
    let mut draft = engine.draft().await?;
    let mut size_pages = (new.bytes / PAGE_SIZE as u64) as u32;
    let mut next = 1;
    while next <= size_pages {
        let part = read(engine, new, u64::from(next - 1) * PAGE_SIZE as u64).await?;
        if next == 1 {
            size_pages = size_of(&part, size_pages)?;
        }
        let (pages, _) = part.as_chunks::<PAGE_SIZE>();
        for step in pages.chunks(STEP_PAGES) {
            let numbered = (next..=size_pages).zip(step);
            let pages: BTreeMap<_, _> = numbered.map(|(n, page)| (n, taken(n, page))).collect();
            draft.put(pages)?;
            next += step.len() as u32;
            pause().await;
        }
        engine.tell(u64::from(next - 1) * PAGE_SIZE as u64, new.bytes, JobUnit::Bytes);
    }
    draft.resize(size_pages);
    let draft = checked(engine, draft, limits).await?;
    engine.tell(new.bytes, new.bytes, JobUnit::Bytes);
    Ok((draft, None))
}

/// How many pages a file has that begins so.
fn size_of(part: &[u8], pages: u32) -> Result<u32, Refused> {
    let header = part.first_chunk().ok_or_else(|| asked("the file is cut short"))?;
    let header = check_sqlite_file(header).map_err(asked)?;
    match header.size_pages {
        Some(size) if size > pages => Err(asked(format!(
            "the file is cut short: its header tells of {size} pages, and there are {pages}"
        ))),
        size => Ok(size.unwrap_or(pages)),
    }
}

async fn read(engine: &Engine, new: &NewImport, offset: u64) -> Result<Vec<u8>, Refused> {
    let count = PART_BYTES.min(new.bytes - offset);
    let part = ask(engine, new, &format!("/read?offset={offset}&count={count}")).await?;
    match part {
        Some(part) if part.len() as u64 == count => Ok(part),
        _ => Err(asked("the upload is not whole: upload it anew")),
    }
}

async fn ask(engine: &Engine, new: &NewImport, path: &str) -> Result<Option<Vec<u8>>, Refused> {
    let name = format!("{}/{}", new.database.uuid, new.filename);
    let upload = Object::Upload(Address::of(&new.database, &name));
    let message = Message { path, ..Message::default() };
    let answer = send(&engine.env, upload, message).await.map_err(asked)?;
    match answer.status {
        200 => Ok(answer.commits),
        _ => Err(asked(failure_of(&String::from(answer.text)))),
    }
}

/// D1's answer to whoever asks how far it is. Of a file no rows are counted.
fn told(imported: &Option<Imported>, size_after: u64, bookmark: &str, duration_ms: f64) -> Json {
    let count = |of: fn(&Imported) -> u64| imported.as_ref().map_or(0, of);
    json!({
        "num_queries": count(|imported| imported.queries),
        "final_bookmark": bookmark,
        "meta": {
            "served_by": "isolite",
            "duration": duration_ms,
            "changes": imported.as_ref().map_or(0, |imported| imported.changes),
            "last_row_id": imported.as_ref().map_or(0, |imported| imported.last_row_id),
            "changed_db": imported.as_ref().is_none_or(|imported| imported.changed_db),
            "size_after": size_after,
            "rows_read": count(|imported| imported.rows_read),
            "rows_written": count(|imported| imported.rows_written),
        },
    })
}
