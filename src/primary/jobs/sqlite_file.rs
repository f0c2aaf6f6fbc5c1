//! Pages that SQLite has written elsewhere: as they are taken in, and what is looked at before they are
//! a database here.

use isolite_core::{Draft, PageImage, PageNo};
use isolite_sqlite::{Database, Limits};

use super::{Engine, JobUnit, Refused, STEP_PAGES, asked, pause};

/// Pages that are checked before other requests have their turn: 4 MiB.
const CHECK_PAGES: usize = 1024;

/// A page as it is taken in: never as one of a file in WAL mode.
pub(super) fn taken(number: PageNo, page: &PageImage) -> Box<PageImage> {
    let mut page = Box::new(*page);
    if number == 1 {
        page[18..20].fill(1);
    }
    page
}

/// Looks over a draft in which all pages are.
pub(super) async fn checked(
    engine: &Engine,
    mut draft: Draft,
    limits: Limits,
) -> Result<Draft, Refused> {
    while draft.finish_step(STEP_PAGES)? {
        pause().await;
    }
    let mut database = Database::open_draft(draft, limits).map_err(asked)?;
    let mut check = database.begin_file_check().map_err(asked)?;
    while database.file_check_step(&mut check, CHECK_PAGES).map_err(asked)? {
        let (done, total) = check.progress();
        engine.tell(done.into(), total.into(), JobUnit::Pages);
        pause().await;
    }
    draft_of(database)
}

pub(super) fn draft_of(database: Database) -> Result<Draft, Refused> {
    database.into_draft().ok_or_else(|| asked("the draft is gone"))
}
