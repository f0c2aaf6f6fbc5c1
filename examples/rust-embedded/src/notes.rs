//! Notes, read in sessions: the answer to a write carries a bookmark, and a reader who sends it
//! back sees at least that write, wherever the read runs.

use isolite::{D1Database, D1DatabaseSession, D1PreparedStatement, Result};
use serde::{Deserialize, Serialize};
use worker::{Request, Response};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS notes
    (id INTEGER PRIMARY KEY, text TEXT NOT NULL, created INTEGER NOT NULL) STRICT";
const CREATE: &str = "INSERT INTO notes (text, created) VALUES (?1, unixepoch()) RETURNING *";
const LATEST: &str = "SELECT id, text, created FROM notes ORDER BY id DESC LIMIT 20";

const BOOKMARK_HEADER: &str = "x-bookmark";

#[derive(Deserialize, Serialize)]
struct Note {
    id: i64,
    text: String,
    /// Seconds since 1970.
    created: i64,
}

#[derive(Deserialize)]
struct NewNote {
    text: String,
}

pub fn set_up(db: &D1Database) -> [D1PreparedStatement; 1] {
    [db.prepare(SCHEMA)]
}

/// `GET /notes`
pub async fn list(db: &D1Database, request: &Request) -> Result<Response> {
    let bookmark = request.headers().get(BOOKMARK_HEADER)?;
    let session = db.with_session(bookmark.as_deref())?;
    let notes = session.prepare(LATEST).all().await?.results::<Note>()?;
    respond(&notes, &session)
}

/// `POST /notes` with `{"text": "…"}`
pub async fn create(db: &D1Database, mut request: Request) -> Result<Response> {
    let Ok(new) = request.json::<NewNote>().await else {
        return Response::error("The body must be {\"text\": \"…\"}", 400);
    };
    let session = db.with_session(Some("first-primary"))?;
    let statement = session.prepare(CREATE).bind_values(vec![isolite::parameter(&new.text)?]);
    let note: Option<Note> = statement.first(None).await?;
    Ok(respond(&note, &session)?.with_status(201))
}

fn respond(body: &impl Serialize, session: &D1DatabaseSession) -> Result<Response> {
    let response = Response::from_json(body)?;
    if let Some(bookmark) = session.get_bookmark()? {
        response.headers().set(BOOKMARK_HEADER, &bookmark)?;
    }
    Ok(response)
}
