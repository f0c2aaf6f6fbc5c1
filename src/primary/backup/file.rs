//! Making a file of the backup, and sending it: what is small at once, else in parts.

use isolite_core::PageSet;
use isolite_core::backup::{FileMaker, FileName, Found, Parts, SNAPSHOT_LEVEL, Slot, Upload};
use worker::UploadedPart;

use super::{Bucket, Stopped};
use crate::primary::jobs::pause;
use crate::primary::{Engine, Refused};

/// The bucket takes no smaller part, but for the last.
const PART_BYTES: usize = 5 << 20;
/// What was committed is shipped from memory if it is no more than 4 MiB.
const SHIPPED_PAGES_MAX: usize = 1024;
/// Pages of one step.
const STEP_PAGES: usize = 256;
/// Commits whose pages are looked up in one step.
const STEP_COMMITS: u64 = 64;
/// Pages in memory while a file is made.
const CACHE_PAGES: usize = 64;
/// After so many failures in a row an upload in parts begins anew: it may be gone.
const FAILURES_MAX: u32 = 3;

/// A file that is being made.
pub(super) struct Making {
    name: FileName,
    maker: FileMaker,
    /// Parts of it so far.
    parts: usize,
    bytes: u64,
}

pub(super) enum Sent {
    Part,
    /// It is there, with so many bytes.
    Whole(u64),
    /// What it needs is gone, or was never in the log.
    Impossible,
}

/// Sends the file of a slot, or its next part.
pub(super) async fn advance(engine: &Engine, bucket: &Bucket, slot: Slot) -> Result<Sent, Stopped> {
    let upload = engine.with_kept(|kept| kept.schedule.upload(slot).cloned());
    let Some(upload) = upload else { return Ok(Sent::Part) };
    let (name, standing) = (upload.name, upload.standing);
    let epoch = standing.position.epoch;
    if slot == Slot::Ship && upload.parts.is_none() {
        let after = name.txid_min - 1;
        let shipment = engine.with_store(|store| store.shipment(after, SHIPPED_PAGES_MAX))?;
        if let Some(shipment) = shipment.filter(|it| it.position == standing.position) {
            let bytes = shipment.ltx.len() as u64;
            bucket.put(epoch, &name, standing.time_ms, shipment.ltx).await?;
            return Ok(Sent::Whole(bytes));
        }
    }
    let at = slot as usize;
    let making = engine.backup.making.borrow_mut()[at].take();
    let making = match making.filter(|making| making.name == name) {
        Some(making) => making,
        None => match begin(engine, &upload).await? {
            Some(maker) => Making { name, maker, parts: 0, bytes: 0 },
            None => return Ok(Sent::Impossible),
        },
    };
    go_on(engine, bucket, slot, &upload, making).await
}

/// None if what the file needs is gone.
async fn begin(engine: &Engine, upload: &Upload) -> Result<Option<FileMaker>, Stopped> {
    let Upload { name, standing, .. } = upload;
    let mut pages = (name.level != SNAPSHOT_LEVEL).then(PageSet::default);
    if let Some(pages) = &mut pages {
        let mut after = name.txid_min - 1;
        while after < name.txid_max {
            let upto = name.txid_max.min(after + STEP_COMMITS);
            match engine.with_store(|store| store.add_changes(after, upto, pages))? {
                Found::Upto(txid) => after = txid,
                Found::Gap => return Ok(None),
            }
            pause().await;
        }
    }
    let past = engine.with_store(|store| store.past(standing.position, CACHE_PAGES))?;
    Ok(past.ok().map(|past| FileMaker::new(name, past, pages, standing.time_ms)))
}

async fn go_on(
    engine: &Engine,
    bucket: &Bucket,
    slot: Slot,
    upload: &Upload,
    mut making: Making,
) -> Result<Sent, Stopped> {
    let Upload { name, standing, .. } = upload;
    let epoch = standing.position.epoch;
    let mut whole = false;
    // Beyond the part, so that the last one is never empty.
    while !whole && making.maker.len() <= PART_BYTES {
        // Pages that were dropped would be read as later ones.
        let kept = engine.with_store(|store| Ok(store.keeps(&standing.position)))?;
        if kept.is_err() {
            return Ok(Sent::Impossible);
        }
        let more = making.maker.step(STEP_PAGES);
        whole = !more.map_err(Refused::from)?;
        pause().await;
    }
    whole &= making.maker.len() <= PART_BYTES;
    let part = making.maker.take(PART_BYTES);
    making.bytes += part.len() as u64;
    let parts = match &upload.parts {
        None if whole => {
            bucket.put(epoch, name, standing.time_ms, part).await?;
            return Ok(Sent::Whole(making.bytes));
        }
        None => {
            let begun = bucket.begin(epoch, name, standing.time_ms).await?;
            let parts = Parts { id: begun.upload_id().await, etags: Vec::new() };
            engine.with_kept(|kept| kept.schedule.set_parts(slot, Some(parts.clone())));
            engine.save_backup()?;
            parts
        }
        Some(parts) => parts.clone(),
    };
    making.parts += 1;
    let sent = send_part(engine, bucket, slot, upload, parts, making.parts, part, whole).await;
    match sent {
        Ok(()) if whole => Ok(Sent::Whole(making.bytes)),
        Ok(()) => {
            engine.backup.failures.set(0);
            engine.backup.making.borrow_mut()[slot as usize] = Some(making);
            Ok(Sent::Part)
        }
        // The answer to the last part may have been lost, with the whole file there.
        Err(_) if whole && bucket.has(epoch, name).await? => Ok(Sent::Whole(making.bytes)),
        Err(error) => {
            let failures = engine.backup.failures.get() + 1;
            engine.backup.failures.set(failures);
            if failures >= FAILURES_MAX {
                engine.backup.failures.set(0);
                engine.with_kept(|kept| kept.schedule.set_parts(slot, None));
            }
            Err(error)
        }
    }
}

#[allow(clippy::too_many_arguments)]
async fn send_part(
    engine: &Engine,
    bucket: &Bucket,
    slot: Slot,
    upload: &Upload,
    mut parts: Parts,
    number: usize,
    part: Vec<u8>,
    last: bool,
) -> Result<(), Stopped> {
    let begun = bucket.resume(upload.standing.position.epoch, &upload.name, &parts.id)?;
    // Of a file that is made again after a crash the first parts are there.
    if parts.etags.len() < number {
        let sent = begun.upload_part(number as u16, part).await?;
        parts.etags.push(sent.etag());
        engine.with_kept(|kept| kept.schedule.set_parts(slot, Some(parts.clone())));
        engine.save_backup()?;
    }
    if last {
        let numbered = (1..).zip(parts.etags);
        let parts = numbered.map(|(number, etag)| UploadedPart::new(number, etag));
        begun.complete(parts.collect::<Vec<_>>()).await?;
    }
    Ok(())
}
