//! The embedded replicas of this isolate: databases kept in memory for reads without a call.
//!
//! All of them share one budget of memory, the least recently used one going first. They are data
//! alone: whoever holds a request makes the calls that fill them and bring them forward, and tells
//! what came of it. What the primary answers is learnt in whatever order it arrives.

use std::cell::RefCell;

use hashlink::LruCache;
use isolite_core::{Constraint, EmbeddedReplica, PAGE_SIZE, Position, Standing};
use isolite_protocol::Request;
use isolite_sqlite::{Database, Limits, Run};
use worker::{console_error, console_log};

/// Memory for the pages of all replicas, in bytes.
const BYTES_MAX: usize = 48 << 20;
/// Databases that something is remembered of.
const ENTRIES_MAX: usize = 1_000;
/// After a database was too large, or its snapshot failed, it is left alone for so long.
const RETRY_DELAY_MS: f64 = 30_000.0;
/// A question that was not answered by then has failed with the request that asked it.
const ASKED_MS_MAX: f64 = 20_000.0;

const SERVED: &str = "\"served_by\":\"isolite\",\"served_by_primary\":false,\"total_attempts\":1,";

thread_local! {
    static REPLICAS: RefCell<Replicas> = RefCell::new(Replicas::new());
}

struct Replicas {
    by_id: LruCache<String, Entry>,
}

#[derive(Default)]
struct Entry {
    replica: Option<Replica>,
    /// The newest position that reads here were answered from: none may be older again, from a
    /// snapshot that comes late.
    floor: Option<Position>,
    /// Until then nobody else is to ask for the snapshot or for commits.
    asked_until_ms: f64,
}

struct Replica {
    database: Database,
    confirmed_ms: f64,
    /// The newest position that the primary is known to have reached.
    newest: Position,
}

/// What is to be asked of the primary in the background.
pub(crate) enum Want {
    /// Everything, at most so many pages.
    Snapshot { pages_max: usize },
    /// What the replica lacks.
    Commits,
}

impl Want {
    /// What is to be called for it.
    pub(crate) fn path(&self) -> String {
        match self {
            Want::Snapshot { pages_max } => format!("/snapshot?pages_max={pages_max}"),
            Want::Commits => "/commits".to_owned(),
        }
    }
}

/// A read, as it came.
pub(crate) struct Question<'a> {
    pub id: &'a str,
    pub path: &'a str,
    pub body: &'a str,
    pub constraint: Constraint,
    pub now_ms: f64,
}

/// The answer to a read, if this isolate may give it.
pub(crate) fn read(question: &Question<'_>) -> Option<String> {
    REPLICAS.with_borrow_mut(|replicas| {
        let replica = replicas.by_id.get_mut(question.id)?.replica.as_mut()?;
        if !question.constraint.allows(&replica.standing(), question.now_ms) {
            return None;
        }
        let queries = Request::decode(question.body).ok()?;
        let (_, query) = question.path.split_once('?')?;
        replica.database.read(&Run::of(&queries, query, &js_sys::Date::now, SERVED))
    })
}

/// Where the replica of a database stands, if there is one.
pub(crate) fn position(id: &str) -> Option<Position> {
    REPLICAS.with_borrow(|replicas| {
        let replica = replicas.by_id.peek(id)?.replica.as_ref()?;
        Some(replica.database.position())
    })
}

/// What should be asked now, by one request of all: a replica that is missing or behind, or one that
/// was confirmed longer ago than `refresh_ms`.
pub(crate) fn want(id: &str, refresh_ms: f64, now_ms: f64) -> Option<Want> {
    REPLICAS.with_borrow_mut(|replicas| {
        let entry = replicas.entry(id);
        if now_ms < entry.asked_until_ms {
            return None;
        }
        let want = match &entry.replica {
            None => Want::Snapshot { pages_max: BYTES_MAX / PAGE_SIZE },
            Some(replica) if replica.is_behind() || now_ms - replica.confirmed_ms > refresh_ms => {
                Want::Commits
            }
            Some(_) => return None,
        };
        entry.asked_until_ms = now_ms + ASKED_MS_MAX;
        Some(want)
    })
}

/// Takes in what the primary answered to a question sent at `sent_ms`: where it stood, and the
/// commits up to there if they were few.
pub(crate) fn learn(id: &str, sent_ms: f64, position: Position, commits: Option<&[u8]>) {
    REPLICAS.with_borrow_mut(|replicas| {
        let Some(entry) = replicas.by_id.peek_mut(id) else { return };
        let Some(replica) = &mut entry.replica else { return };
        match replica.learn(sent_ms, position, commits) {
            Ok(()) => entry.floor = Some(replica.database.position()),
            Err(error) => {
                console_error!("The replica of {id} in memory is read anew: {error}");
                entry.replica = None;
            }
        }
        replicas.keep_to_budget(id);
    });
}

/// Lets go of a replica, as of a database that was deleted.
pub(crate) fn forget(id: &str) {
    REPLICAS.with_borrow_mut(|replicas| drop(replicas.by_id.remove(id)));
}

/// The question of [`want`] was answered: by a snapshot, by commits, or by neither.
pub(crate) fn settle(
    id: &str,
    sent_ms: f64,
    answer: Option<(Position, Option<&[u8]>)>,
    now_ms: f64,
) {
    let has_replica = position(id).is_some();
    match answer {
        Some((position, Some(ltx))) if !has_replica => install(id, sent_ms, position, ltx),
        Some((position, commits)) if has_replica => learn(id, sent_ms, position, commits),
        _ => {}
    }
    REPLICAS.with_borrow_mut(|replicas| {
        let entry = replicas.entry(id);
        let stuck = entry.replica.as_ref().is_some_and(Replica::is_behind);
        if stuck {
            // Too much has happened since: a snapshot is less.
            entry.replica = None;
        }
        let failed = entry.replica.is_none() && !stuck;
        entry.asked_until_ms = if failed { now_ms + RETRY_DELAY_MS } else { 0.0 };
    });
}

fn install(id: &str, sent_ms: f64, position: Position, ltx: &[u8]) {
    let opened = EmbeddedReplica::from_snapshot(ltx, position).map_err(|error| error.to_string());
    let opened = opened.and_then(|replica| {
        Database::open_replica(replica, Limits::default()).map_err(|error| error.to_string())
    });
    match opened {
        Ok(database) => REPLICAS.with_borrow_mut(|replicas| {
            let entry = replicas.entry(id);
            if entry.floor.is_none_or(|floor| position.is_at_least(&floor)) {
                entry.floor = Some(position);
                entry.replica = Some(Replica { database, confirmed_ms: sent_ms, newest: position });
                replicas.keep_to_budget(id);
            }
        }),
        Err(error) => console_error!("The snapshot of {id} was refused: {error}"),
    }
}

impl Replicas {
    fn new() -> Self {
        Replicas { by_id: LruCache::new(ENTRIES_MAX) }
    }

    fn entry(&mut self, id: &str) -> &mut Entry {
        self.by_id.entry(id.to_owned()).or_insert_with(Entry::default)
    }

    /// Lets go of replicas, the least recently used first, until the rest fits; that of `id` last.
    fn keep_to_budget(&mut self, id: &str) {
        let mut bytes: usize = self.by_id.iter().map(|(_, entry)| entry.bytes()).sum();
        for (other, entry) in self.by_id.iter_mut() {
            if bytes <= BYTES_MAX {
                return;
            }
            if other != id {
                bytes -= entry.bytes();
                entry.replica = None;
            }
        }
        if bytes > BYTES_MAX
            && let Some(entry) = self.by_id.peek_mut(id)
        {
            console_log!("The database {id} is too large to be kept in memory");
            entry.replica = None;
            entry.asked_until_ms = f64::MAX;
        }
    }
}

impl Entry {
    fn bytes(&self) -> usize {
        self.replica
            .as_ref()
            .map_or(0, |replica| replica.database.size_pages() as usize * PAGE_SIZE)
    }
}

impl Replica {
    fn standing(&self) -> Standing {
        Standing { position: self.database.position(), confirmed_ms: self.confirmed_ms }
    }

    fn learn(
        &mut self,
        sent_ms: f64,
        position: Position,
        commits: Option<&[u8]>,
    ) -> Result<(), isolite_sqlite::Error> {
        if let Some(ltx) = commits {
            // A gap leaves it behind, which is asked for in the background.
            self.database.apply(ltx, position)?;
        }
        if position.is_at_least(&self.newest) {
            self.newest = position;
        }
        if self.database.position().is_at_least(&position) {
            self.confirmed_ms = self.confirmed_ms.max(sent_ms);
        }
        Ok(())
    }

    fn is_behind(&self) -> bool {
        !self.database.position().is_at_least(&self.newest)
    }
}
