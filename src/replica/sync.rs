//! The questions of a replica to its primary, one at a time.

use std::rc::Rc;
use std::time::Duration;

use isolite_core::{Answer as Learnt, Ask, Bookmark, Constraint, PageNo, Progress};
use worker::{Delay, console_error};

use super::engine::{Asked, Engine, Opened};
use super::parts::Part;
use crate::object::call_js::{Message, Object, send_within};

/// Somebody waits for it, who otherwise asks the primary.
const QUESTION_TIME_MAX: Duration = Duration::from_secs(10);
/// Snapshots begun in a row that could not be made whole, before it is left to the next read.
const FAILURES_MAX: u32 = 3;

/// Why a replica is not brought forward now.
enum Stop {
    /// The primary says that the database was deleted.
    Gone,
    Failed(String),
}

/// Asks until the constraint allows an answer, or a snapshot would be needed.
pub(super) async fn catch_up(engine: &Engine, constraint: &Constraint) {
    let began_ms = js_sys::Date::now();
    loop {
        let _turn = engine.turn.lock().await;
        // Whoever had the turn before may have brought it, or as much as can be had.
        let asked_since = engine.asked.get().sent_ms >= began_ms && !engine.is_behind();
        if !engine.is_whole() || engine.allows(constraint) || asked_since {
            return;
        }
        match step(engine).await {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => return,
            Err(stop) => return end(engine, stop),
        }
    }
}

/// Asks until the replica is where the primary is, by a snapshot if need be.
pub(super) async fn fill(engine: &Engine) {
    let mut failures = 0;
    loop {
        // Others may have their turn between two parts of a snapshot.
        let _turn = engine.turn.lock().await;
        let snapshots = engine.snapshots();
        let snapshot = !engine.is_whole();
        match step(engine).await {
            Ok(Progress::More) => {}
            // Whole by its last part: what it asks for next has it pushed to.
            Ok(Progress::Done) if snapshot => {}
            Ok(Progress::Done) => return,
            Err(stop) => return end(engine, stop),
        }
        engine.waiting.keep_only(engine.next_part());
        failures += u32::from(engine.snapshots() != snapshots);
        if failures > FAILURES_MAX {
            return;
        }
    }
}

/// One question and its answer, for whoever has the turn: the next one follows from it.
async fn step(engine: &Engine) -> Result<Progress, Stop> {
    let home = engine.home().ok_or_else(|| Stop::Failed("its primary is not known".to_owned()))?;
    let (ask, have) = engine.with(|opened| Ok((opened.replica.ask(), opened.bookmark())))?;
    let subscription = home.subscription();
    let path = match ask {
        Ask::Pages { first } => format!("/pages?first={first}&{subscription}"),
        Ask::Commits { .. } => format!("/commits?{subscription}"),
    };
    // Of a snapshot, the position of its first part.
    let have = match ask {
        Ask::Pages { .. } => None,
        Ask::Commits { since } => Some(Bookmark { position: since, ..have }.to_string()),
    };
    let message = Message { path: &path, have: have.as_deref(), ..Message::default() };
    let sent_ms = js_sys::Date::now();
    let object = Object::Primary(home.address());
    let sent = send_within(QUESTION_TIME_MAX, &engine.env, object, message).await;
    let answer = sent.map_err(|error| Stop::Failed(error.to_string()))?;
    let trip_ms = js_sys::Date::now() - sent_ms;
    engine.asked.set(Asked { sent_ms, trip_ms });
    if engine.follow(&answer) {
        return Ok(Progress::More);
    }
    match answer.status {
        200 => {}
        404 => return Err(Stop::Gone),
        status => return Err(Stop::Failed(format!("the primary answered with status {status}"))),
    }
    let bookmark: Option<Bookmark> =
        answer.bookmark.as_deref().and_then(|bookmark| bookmark.parse().ok());
    let bookmark =
        bookmark.ok_or_else(|| Stop::Failed("the primary is of another version".to_owned()))?;
    let revision = String::from(answer.text.clone()).parse().unwrap_or(0);
    engine.settings_revision.set(engine.settings_revision.get().max(revision));
    engine.take_tag(bookmark.tag)?;
    let ltx = Rc::new(answer.commits);
    if let Ask::Pages { first } = ask {
        let part = Part { sent_ms, bookmark: answer.bookmark, ltx: Rc::clone(&ltx) };
        share(engine, first, &part).await;
    }
    let learnt = Learnt { sent_ms, primary: bookmark.position, ltx: (*ltx).as_deref() };
    let answered = engine.with(|Opened { replica, .. }| Ok(replica.answered(ask, learnt)))?;
    Ok(answered.unwrap_or_else(|error| {
        console_error!("The replica of {} reads a snapshot: {error}", home.region);
        Progress::More
    }))
}

/// Gives a part to the isolates that wait for it. They have it before the replica stores it, since
/// no answer leaves until what was stored before it is durable.
async fn share(engine: &Engine, first: PageNo, part: &Part) {
    if engine.waiting.give(first, part) {
        Delay::from(Duration::ZERO).await;
    }
}

fn end(engine: &Engine, stop: Stop) {
    match stop {
        Stop::Gone => drop(engine.delete()),
        Stop::Failed(error) => console_error!("A replica could not catch up: {error}"),
    }
}

impl From<String> for Stop {
    fn from(error: String) -> Self {
        Stop::Failed(error)
    }
}

impl Opened {
    fn bookmark(&self) -> Bookmark {
        let position = self.replica.position().unwrap_or(isolite_core::Position::START);
        Bookmark { position, tag: self.tag.unwrap_or_default() }
    }
}
