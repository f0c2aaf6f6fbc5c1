//! Sessions, from every start.

use worker::Result;

use super::Report;
use super::api::d1::{D1DatabaseSession, D1SessionBookmark, D1SessionConstraint};
use super::api::{D1Database, query};

const CONSTRAINTS: [D1SessionConstraint; 2] =
    [D1SessionConstraint::FirstPrimary, D1SessionConstraint::FirstUnconstrained];

pub async fn run(db: &D1Database, report: &mut Report) {
    for start in [None, Some(""), Some("first-primary"), Some("first-unconstrained")] {
        report.add(&format!("a session from {start:?}"), used(db.with_session(start)).await);
    }
    for constraint in CONSTRAINTS {
        let copy = constraint;
        let name =
            format!("a session from {copy:?}, {}", copy == D1SessionConstraint::FirstPrimary);
        report.add(&name, used(db.with_session_constraint(constraint)).await);
    }
    report.add("a session after another", followed(db).await);
}

/// Whether it has a bookmark before and after its first query, and what a batch in it gives.
async fn used(session: Result<D1DatabaseSession>) -> Result<(bool, bool, Vec<i64>)> {
    let session = session?;
    let before = session.get_bookmark()?.is_some();
    let first: Option<i64> = session.prepare("SELECT 1 AS a").first(Some("a")).await?;
    let after = session.get_bookmark()?.is_some();
    let one = session.prepare("SELECT ?1 AS a").bind(&[first.unwrap_or(0).to_string().into()])?;
    let two = session.prepare("SELECT 2 AS a");
    let mut lengths = Vec::new();
    for result in session.batch(vec![one.clone(), two, one]).await? {
        lengths.push(result.results::<serde_json::Value>()?.len() as i64);
    }
    Ok((before, after, lengths))
}

async fn followed(db: &D1Database) -> Result<(bool, Option<String>)> {
    let writes = db.with_session_constraint(D1SessionConstraint::FirstPrimary)?;
    writes.prepare("CREATE TABLE followed (a)").run().await?;
    // A statement that the database prepared counts as the session's where the session sends it.
    writes.batch(vec![query!(db, "INSERT INTO followed VALUES (?)", "x")?]).await?;
    let bookmark: Option<D1SessionBookmark> = writes.get_bookmark()?;
    let reads = db.with_session(bookmark.as_deref())?;
    let same = reads.get_bookmark()? == bookmark;
    Ok((same, reads.prepare("SELECT a FROM followed").first(Some("a")).await?))
}
