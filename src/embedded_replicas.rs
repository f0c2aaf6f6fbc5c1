//! The embedded replicas of this isolate: databases kept in memory for reads without a call.
//!
//! All of them share one budget of memory, the least recently used one going first. They are data
//! alone: whoever holds a request makes the calls that fill them and bring them forward, and tells
//! what came of it. What is answered is learnt in whatever order it arrives.

use std::cell::{Cell, RefCell};

use hashlink::LruCache;
use isolite_core::{
    Answer, Ask, Bookmark, Constraint, PAGE_SIZE, Position, Progress, Replica, Tag,
};
use isolite_protocol::directory::LocationHint;
use isolite_protocol::{Query, Request};
use isolite_sqlite::{Cells, Database, Limits, Run};
use worker::{Env, console_error, console_log};

use crate::region;
use crate::settings_js::Settings;

/// Databases that something is remembered of.
const ENTRIES_MAX: usize = 1_000;
/// What an open database takes besides its pages, about: a connection with its schema, prepared
/// statements and pages that SQLite keeps.
const OPEN_BYTES: usize = 512 << 10;
/// A database that is too large is left alone for so long.
const RETRY_DELAY_MS: f64 = 30_000.0;
/// The same after a question that was not answered, or an answer that did not fit.
const FAILURE_DELAY_MS: f64 = 1_000.0;
/// The same after an answer from somebody who is behind.
const BEHIND_DELAY_MS: f64 = 20.0;
/// A question that was not answered by then has failed with the request that asked it.
const ASKED_MS_MAX: f64 = 20_000.0;

thread_local! {
    static REPLICAS: RefCell<Option<EmbeddedReplicas>> = const { RefCell::new(None) };
    /// How many entries there were.
    static ENTRIES: Cell<u32> = const { Cell::new(0) };
}

struct EmbeddedReplicas {
    by_id: LruCache<String, Entry>,
    limits: Limits,
    /// Memory for the pages of all.
    bytes_max: usize,
    /// The region, where it is set.
    region: Option<LocationHint>,
    /// Members of `meta` that tell who answered, and the region that they name.
    served: (Option<LocationHint>, String),
}

struct Entry {
    /// Of all entries that there ever were, so that who was answered from one knows it from another.
    number: u32,
    replica: Option<Replica<Database>>,
    tag: Tag,
    /// Kept of a replica that was let go: none after it may answer from before.
    newest: Option<Position>,
    /// What was asked in the background, and until when nobody else is to ask.
    asked: Option<Ask>,
    asked_until_ms: f64,
}

/// A read, as it came.
pub(crate) struct Question<'a> {
    pub id: &'a str,
    pub asked: Asked<'a>,
    pub reader: Reader<'a>,
    /// Whether the answer tells who gave it; who asks for many knows it by [`served`].
    pub tells: bool,
}

/// Who reads, and when: what an answer has to be.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// D1's constraint or bookmark, in a session.
    pub session: Option<&'a str>,
    /// Outside, a bookmark that the answer must not be older than.
    pub seen: Option<&'a str>,
    /// How old the answer may be; a session need not say.
    pub age_ms_max: Option<f64>,
    pub now_ms: f64,
    /// The entry that has answered whoever asks before, by its [`number`]; 0 for none. Another one may
    /// be of before that.
    pub known: u32,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(crate) enum Asked<'a> {
    /// A request as D1's protocol has it.
    Request { path: &'a str, body: &'a str },
    /// One query, whose parameters are a list in JSON; the answer is `COMPACT`.
    Query { sql: &'a str, params: &'a str },
}

/// An answer to learn from: where it came from, and the commits up to there if they were few.
pub(crate) struct Told<'a> {
    /// When the question was sent, less the age of what answered it.
    pub sent_ms: f64,
    pub bookmark: Bookmark,
    pub ltx: Option<&'a [u8]>,
}

/// Makes room as the settings say, once an isolate. With wrong settings there is none: the primary
/// then tells what is wrong.
pub(crate) fn set_up(env: &Env) {
    REPLICAS.with_borrow_mut(|slot| {
        slot.get_or_insert_with(|| {
            let settings = Settings::of(env).ok();
            EmbeddedReplicas {
                by_id: LruCache::new(ENTRIES_MAX),
                limits: settings.map_or_else(Limits::default, |settings| settings.limits),
                bytes_max: settings.map_or(0, |settings| settings.embedded_bytes_max),
                region: settings.and_then(|settings| settings.region),
                served: (None, region::served(None, false)),
            }
        });
    });
}

/// The answer to a read, if this isolate may give it.
pub(crate) fn read(question: &Question<'_>) -> Option<String> {
    with(|replicas| {
        replicas.name_region();
        let EmbeddedReplicas { by_id, served: (_, served), .. } = replicas;
        let served = if question.tells { served.as_str() } else { "" };
        let database = by_id.get_mut(question.id)?.allowed(&question.reader)?;
        let (queries, query) = question.asked.decode()?;
        // The clock stands still while it runs, or may as well: nothing is waited for.
        let clock = || question.reader.now_ms;
        database.read(&Run::of(&queries, query, &clock, served))
    })
}

/// Answers a statement of a known number into `cells`, if this isolate may and the number still holds.
pub(crate) fn read_known(
    id: &str,
    reader: &Reader<'_>,
    number: u64,
    params: usize,
    cells: &mut Cells,
) -> bool {
    let read = with(|replicas| {
        let database = replicas.by_id.get_mut(id)?.allowed(reader)?;
        database.read_known(number, params, cells).then_some(())
    });
    read.is_some()
}

/// The number of a statement that [`read`] has just answered; None if it was not kept.
pub(crate) fn statement_number(id: &str, sql: &str) -> Option<u64> {
    with(|replicas| {
        let replica = replicas.by_id.peek_mut(id)?.replica.as_mut()?;
        replica.pages_mut().statement_number(sql)
    })
}

/// What answers from here tell of who gave them: members of a JSON object, with a comma behind each.
pub(crate) fn served() -> Option<String> {
    with(|replicas| {
        replicas.name_region();
        Some(replicas.served.1.clone())
    })
}

/// The number of what is kept of a database; 0 if nothing is.
pub(crate) fn number(id: &str) -> u32 {
    with(|replicas| replicas.by_id.peek(id).map(|entry| entry.number)).unwrap_or(0)
}

/// The bookmark from which on the replica of a database lacks commits: where it stands, or where the
/// snapshot began of which it has all parts.
pub(crate) fn bookmark(id: &str) -> Option<Bookmark> {
    with(|replicas| {
        let entry = replicas.by_id.peek(id)?;
        let Ask::Commits { since } = entry.replica.as_ref()?.ask() else { return None };
        Some(Bookmark { position: since, tag: entry.tag })
    })
}

/// The newest bookmark that this isolate knows of; None if nothing is remembered.
pub(crate) fn newest(id: &str) -> Option<Bookmark> {
    with(|replicas| {
        let entry = replicas.by_id.peek(id)?;
        let position = entry.replica.as_ref().map(Replica::newest).or(entry.newest)?;
        Some(Bookmark { position, tag: entry.tag })
    })
}

/// The path to ask, by one request of all: for a replica that is missing or behind, or one that was
/// confirmed longer ago than `refresh_ms`.
pub(crate) fn want(id: &str, refresh_ms: f64, now_ms: f64) -> Option<String> {
    with(|replicas| {
        if replicas.bytes_max == 0 {
            return None;
        }
        let size_max = replicas.size_max();
        let limits = replicas.limits;
        let entry = replicas.entry(id);
        if now_ms < entry.asked_until_ms {
            return None;
        }
        let replica = match &mut entry.replica {
            Some(replica) => replica,
            slot => {
                let database = Database::open_embedded_replica(limits).ok()?;
                slot.insert(Replica::new(database).not_before(entry.newest))
            }
        };
        let fresh = replica.standing().is_some_and(|it| now_ms - it.confirmed_ms <= refresh_ms);
        if fresh && !replica.is_behind() {
            return None;
        }
        let ask = replica.ask();
        entry.asked = Some(ask);
        entry.asked_until_ms = now_ms + ASKED_MS_MAX;
        Some(path(ask, size_max))
    })
}

/// What [`want`] asked was answered, or was not. Returns the path to ask next, if there is more.
pub(crate) fn settle(id: &str, told: Option<Told<'_>>, now_ms: f64) -> Option<String> {
    with(|replicas| {
        let size_max = replicas.size_max();
        // No use of it: what is only brought forward is let go before what is read.
        let entry = replicas.by_id.peek_mut(id)?;
        // Too large to be kept, or empty: it will not soon be otherwise.
        let refused = matches!((&entry.asked, &told), (Some(Ask::Pages { .. }), Some(it)) if it.ltx.is_none());
        let next = match (entry.asked.take(), told) {
            (Some(asked), Some(told)) => entry.answered(id, asked, told),
            _ => Err("no answer came".to_owned()),
        };
        match next {
            Ok(Some(ask)) => {
                entry.asked = Some(ask);
                entry.asked_until_ms = now_ms + ASKED_MS_MAX;
            }
            Ok(None) if entry.is_behind() => entry.asked_until_ms = now_ms + BEHIND_DELAY_MS,
            Ok(None) => entry.asked_until_ms = 0.0,
            Err(_) if entry.is_whole() => entry.asked_until_ms = now_ms + FAILURE_DELAY_MS,
            Err(_) => {
                entry.let_go();
                let delay_ms = if refused { RETRY_DELAY_MS } else { FAILURE_DELAY_MS };
                entry.asked_until_ms = now_ms + delay_ms;
            }
        }
        replicas.keep_to_budget(id, now_ms);
        next.ok().flatten().map(|ask| path(ask, size_max))
    })
}

/// Takes in what came along with an answer.
pub(crate) fn learn(id: &str, told: &Told<'_>, now_ms: f64) {
    with(|replicas| {
        let entry = replicas.by_id.peek_mut(id)?;
        entry.learn(id, told);
        replicas.keep_to_budget(id, now_ms);
        Some(())
    });
}

/// How many replicas there are, and what they take of the budget.
#[cfg(feature = "entry")]
pub(crate) fn taken() -> (usize, usize) {
    let taken = with(|replicas| {
        let kept = replicas.by_id.iter().filter(|(_, entry)| entry.replica.is_some());
        Some(kept.fold((0, 0), |(count, bytes), (_, entry)| (count + 1, bytes + entry.bytes())))
    });
    taken.unwrap_or_default()
}

/// Lets go of a replica, as of a database that was deleted.
pub(crate) fn forget(id: &str) {
    with(|replicas| replicas.by_id.remove(id));
}

fn with<T>(use_them: impl FnOnce(&mut EmbeddedReplicas) -> Option<T>) -> Option<T> {
    REPLICAS.with_borrow_mut(|slot| slot.as_mut().and_then(use_them))
}

fn path(ask: Ask, size_max: usize) -> String {
    match ask {
        Ask::Pages { first } => format!("/pages?first={first}&size_max={size_max}"),
        Ask::Commits { .. } => "/commits?".to_owned(),
    }
}

impl<'a> Asked<'a> {
    /// The request and the query part of its path; what is wrong is for the primary to tell.
    fn decode(self) -> Option<(Request, &'a str)> {
        match self {
            Asked::Request { path, body } => {
                let (_, query) = path.split_once('?')?;
                Some((Request::decode(body).ok()?, query))
            }
            Asked::Query { sql, params } => {
                let query = Query::decode(sql, params).ok()?;
                Some((Request::One(query), "resultsFormat=COMPACT"))
            }
        }
    }
}

impl EmbeddedReplicas {
    fn entry(&mut self, id: &str) -> &mut Entry {
        self.by_id.entry(id.to_owned()).or_insert_with(Entry::new)
    }

    /// Pages of the largest database that has room.
    fn size_max(&self) -> usize {
        self.bytes_max.saturating_sub(OPEN_BYTES) / PAGE_SIZE
    }

    /// Where the isolate is may become known only after it has begun.
    fn name_region(&mut self) {
        let region = self.region.or(region::known());
        if self.served.0 != region {
            self.served = (region, region::served(region.map(LocationHint::as_str), false));
        }
    }

    /// Lets go of replicas, the least recently used first, until the rest fits; that of `id` last.
    fn keep_to_budget(&mut self, id: &str, now_ms: f64) {
        let mut bytes: usize = self.by_id.iter().map(|(_, entry)| entry.bytes()).sum();
        for (other, entry) in self.by_id.iter_mut() {
            if bytes <= self.bytes_max {
                return;
            }
            if other != id {
                bytes -= entry.bytes();
                entry.let_go();
            }
        }
        if bytes > self.bytes_max
            && let Some(entry) = self.by_id.peek_mut(id)
        {
            console_log!("The database {id} is too large to be kept in memory");
            entry.let_go();
            entry.asked_until_ms = now_ms + RETRY_DELAY_MS;
        }
    }
}

impl Entry {
    fn new() -> Entry {
        let number = ENTRIES.get() + 1;
        ENTRIES.set(number);
        Entry {
            number,
            replica: None,
            tag: Tag::default(),
            newest: None,
            asked: None,
            asked_until_ms: 0.0,
        }
    }

    /// The database, if it may answer this reader.
    fn allowed(&mut self, reader: &Reader<'_>) -> Option<&mut Database> {
        let Reader { session, seen, age_ms_max, now_ms, known } = *reader;
        if known != 0 && known != self.number {
            return None;
        }
        let replica = self.replica.as_mut()?;
        // A bookmark that is wrong is for the primary to refuse.
        let constraint = Constraint::of(session, seen, age_ms_max, self.tag).ok()?;
        replica.allows(&constraint, now_ms).then(|| replica.pages_mut())
    }

    fn answered(&mut self, id: &str, asked: Ask, told: Told<'_>) -> Result<Option<Ask>, String> {
        let Told { sent_ms, bookmark, ltx } = told;
        if !self.take_tag(bookmark.tag) {
            return Err("it is another database".to_owned());
        }
        let replica = self.replica.as_mut().ok_or("it was let go")?;
        let answer = Answer { sent_ms, primary: bookmark.position, ltx };
        let bootstraps = matches!(asked, Ask::Pages { .. });
        match replica.answered(asked, answer) {
            Ok(Progress::Done) => Ok(None),
            Ok(Progress::More) => Ok(Some(replica.ask())),
            // What was there is read anew; what never was there is left alone for a while.
            Err(error) if !bootstraps => {
                console_error!("The replica of {id} in memory is read anew: {error}");
                Ok(Some(replica.ask()))
            }
            Err(error) => {
                console_error!("The replica of {id} in memory does not come to be: {error}");
                Err(error.to_string())
            }
        }
    }

    fn learn(&mut self, id: &str, told: &Told<'_>) {
        if !self.take_tag(told.bookmark.tag) {
            return;
        }
        let Some(replica) = &mut self.replica else { return };
        let Told { sent_ms, bookmark, ltx } = *told;
        let answer = Answer { sent_ms, primary: bookmark.position, ltx };
        if let Err(error) = replica.learn(&answer) {
            console_error!("The replica of {id} in memory is read anew: {error}");
        }
    }

    /// Takes the tag of the database that is here. False, and nothing kept, if it is another.
    fn take_tag(&mut self, tag: Tag) -> bool {
        if self.tag == Tag::default() {
            self.tag = tag;
        }
        if self.tag != tag {
            *self = Entry::new();
            return false;
        }
        true
    }

    fn is_whole(&self) -> bool {
        self.replica.as_ref().is_some_and(|replica| replica.position().is_some())
    }

    fn is_behind(&self) -> bool {
        self.replica.as_ref().is_some_and(Replica::is_behind)
    }

    fn let_go(&mut self) {
        if let Some(replica) = self.replica.take() {
            self.newest = Some(replica.newest());
        }
    }

    fn bytes(&self) -> usize {
        let bytes = |pages| OPEN_BYTES + pages as usize * PAGE_SIZE;
        self.replica.as_ref().map_or(0, |replica| bytes(replica.pages().size_pages()))
    }
}
