//! What is different where the old primary is out of reach: nobody can be asked what there is, and it may be a
//! backup that the new one is made of.

use std::rc::Rc;

use isolite_core::{Position, Tag};
use isolite_protocol::directory::{Inheritance, LocationHint, NewPromotion};
use isolite_protocol::rest::{BackupPoint, Job, JobState, NewJob, NewRecovery};

use super::steps::Stop;
use super::{Engine, Subscription};
use crate::platform_js::now_ms;
use crate::primary::jobs;

/// The number of the first interval, above all that the primary before had. Where nobody can tell those, as
/// many as there have been seconds since 2020: intervals are not begun as fast.
pub(super) fn first_interval(inheritance: &Inheritance<Subscription>) -> u32 {
    const BEGIN_S: u64 = 1_577_836_800;
    let seconds =
        || u32::try_from((now_ms() / 1000).saturating_sub(BEGIN_S)).unwrap_or(u32::MAX / 4);
    inheritance.interval.map_or_else(seconds, |newest| newest.saturating_add(1))
}

/// Those that there may be, where nobody can be asked which there are.
pub(super) fn all_replicas(new: &NewPromotion) -> Inheritance<Subscription> {
    let border = new.source.jurisdiction;
    let served = |region: &LocationHint| border.is_none_or(|border| border.serves(*region));
    let replicas = LocationHint::ALL
        .into_iter()
        .filter(served)
        .map(|region| Subscription::of(&new.source.uuid, region, border));
    Inheritance { replicas: replicas.collect(), baton_secret: None, interval: None, job: None }
}

/// Makes the database of a backup, by the job that does so for anybody. Where it then stands.
pub(super) async fn recover(
    engine: &Rc<Engine>,
    new: &NewPromotion,
    path: &str,
    tag: &str,
) -> Result<Position, Stop> {
    engine.promotion.recovers.set(true);
    let recovered = try_to_recover(engine, new, path, tag).await;
    engine.promotion.recovers.set(false);
    engine.opened.replace(None);
    recovered
}

async fn try_to_recover(
    engine: &Rc<Engine>,
    new: &NewPromotion,
    path: &str,
    tag: &str,
) -> Result<Position, Stop> {
    let tag = u64::from_str_radix(tag, 16).map_err(|error| error.to_string())?;
    engine.storage.set_tag(Tag(tag))?;
    if engine.newest_job()?.is_none() {
        engine.storage.set_first_interval(first_interval(&all_replicas(new)))?;
        let recovery = NewRecovery {
            path: path.to_owned(),
            at: BackupPoint::Newest,
            jurisdiction: new.source.jurisdiction,
        };
        engine.new_job(&NewJob::Recover(recovery).encode())?;
    }
    jobs::run(engine).await;
    match engine.newest_job()?.map(|job| job.told) {
        Some(Job { state: JobState::Complete, .. }) => Ok(engine.stands_at()?),
        Some(Job { error: Some(error), .. }) => Err(Stop::GivenUp(error)),
        _ => Err(Stop::Failed("the backup is not restored yet".to_owned())),
    }
}
