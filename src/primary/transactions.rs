//! Transactions of D1's programs: a stream that lasts from `/transaction/begin` to `/transaction/commit`
//! or `/transaction/rollback`, and whose queries name it.
//!
//! Between two requests nothing is awaited, so its queries run one after the other in the order in which
//! they arrive. The name is a random number that its program alone knows.

use isolite_core::Ticket;
use isolite_protocol::{Failure, FailureCode, query_string};
use isolite_sqlite::{Error as SqlError, Run, TransactionStatement};

use super::streams::{Lost, NoSession, Session, Transaction};
use super::write_lock::Busy;
use super::{Caller, Engine, Opened, Primary, Queries, Refused, fail, refuse};
use crate::object::call_js::Answer;
use crate::platform_js::now_ms;

impl Primary {
    /// Begins one; the answer's text names it, and its bookmark is of no less than it will read.
    /// `mode=read` reads where the database stands now and never waits, anything else waits for its turn
    /// to write.
    pub(super) async fn begin_transaction(&self, query: &str, caller: &Caller) -> Answer {
        let begun = self.begin(query, caller).await;
        self.watch_streams();
        match begun {
            Ok(id) => self.answer_with(caller, query, format!("{id:016x}")),
            Err(answer) => answer,
        }
    }

    async fn begin(&self, query: &str, caller: &Caller) -> Result<u64, Answer> {
        let engine = &self.engine;
        let mut session = Session::default();
        let standing = engine.with(|Opened { database, tag, .. }| {
            caller.check_session(database, *tag).map_err(Refused::Session)?;
            Ok(database.position())
        });
        let at = standing.map_err(|refused| refuse(&refused))?;
        if query_string::raw(query, "mode") == Some("read") {
            session.read_from(engine, at, false);
        } else {
            let ticket = engine.lock().await.map_err(|Busy| busy())?;
            if let Some(moved) = engine.moved() {
                engine.unlock(ticket);
                return Err(refuse(&moved));
            }
            session.begin_writing(engine, ticket).map_err(|refused| refuse(&refused))?;
        }
        let opened = engine.streams.open(session);
        opened.map_err(|session| {
            session.close(engine);
            busy()
        })
    }

    /// Runs a request within the transaction that `name` names.
    pub(super) fn query_within(&self, name: &str, queries: &Queries, query: &str) -> Answer {
        let engine = &self.engine;
        let observe = |sql: &str, sums: &_| engine.observe(sql, sums);
        let run = Run::of(queries, query, &js_sys::Date::now, &self.served);
        let run = Run { observe: Some(&observe), ..run };
        engine.insights.begin(js_sys::Date::now());
        self.within(name, |session| {
            let done = match session.transaction {
                Transaction::Writing(ticket) => {
                    session.writing(engine, ticket, |database| database.run_interactive(&run))?
                }
                Transaction::Reading { at: Some(at), .. } => {
                    let run = Run { read_only: true, ..run };
                    engine.read_at(at, |database| database.run(&run))?
                }
                _ => return Err(None),
            };
            Ok(done.answer)
        })
    }

    /// Nests a transaction in the one that the query names, or ends one that is nested; `sql` is
    /// SAVEPOINT, RELEASE or ROLLBACK TO.
    pub(super) fn nest_transaction(&self, sql: &str, query: &str) -> Answer {
        let name = query_string::raw(query, "transaction").unwrap_or_default();
        let engine = &self.engine;
        self.within(name, |session| {
            use TransactionStatement::{Release, RollBackTo, Savepoint};
            let statement = match TransactionStatement::parse(sql) {
                Some(statement @ (Savepoint(_) | Release(_) | RollBackTo(_))) => statement,
                _ => return Err(Some(SqlError::TransactionStatement.into())),
            };
            match session.transaction {
                Transaction::Writing(ticket) => session
                    .writing(engine, ticket, |database| database.nest_interactive(&statement))?,
                // There is nothing that could be taken back.
                Transaction::Reading { .. } => {}
                _ => return Err(None),
            }
            Ok("{}".to_owned())
        })
    }

    /// Answers with what `use_it` makes of the transaction that `name` names; `Err(None)`: it is lost.
    fn within(
        &self,
        name: &str,
        use_it: impl FnOnce(&mut Session) -> Result<String, Option<Refused>>,
    ) -> Answer {
        let engine = &self.engine;
        let (id, mut session) = match engine.transaction(name) {
            Ok(transaction) => transaction,
            Err(answer) => return answer,
        };
        let used = use_it(&mut session);
        if let Err(Some(refused)) = &used {
            engine.metrics.failed(refused);
        }
        let answer = match used {
            Ok(text) => Answer::new(200, text),
            Err(Some(Refused::Failed(SqlError::ReadOnly | SqlError::QueryOnly(_)))) => {
                fail("attempt to write in a transaction that only reads: begin it for writing", 200)
            }
            Err(Some(refused)) => refuse(&refused),
            Err(None) => lost(&session),
        };
        match session.transaction {
            Transaction::None | Transaction::Lost(_) => engine.streams.close(id),
            _ => drop(engine.streams.give(id, session)),
        }
        answer
    }

    /// Ends it; the answer has the bookmark of what it has written.
    pub(super) fn end_transaction(&self, query: &str, caller: &Caller, commits: bool) -> Answer {
        let name = query_string::raw(query, "transaction").unwrap_or_default();
        let engine = &self.engine;
        let (id, mut session) = match engine.transaction(name) {
            Ok(transaction) => transaction,
            Err(answer) => return answer,
        };
        let ended = match session.transaction {
            Transaction::Writing(ticket) if commits => self.commit(&mut session, ticket),
            Transaction::Lost(_) => Err(lost(&session)),
            _ => Ok(()),
        };
        engine.streams.close(id);
        session.close(engine);
        match ended {
            Ok(()) => self.answer_with(caller, query, "{}"),
            Err(answer) => answer,
        }
    }

    fn commit(&self, session: &mut Session, ticket: Ticket) -> Result<(), Answer> {
        let commit = |database: &mut isolite_sqlite::Database| {
            database.commit_interactive(now_ms() as i64).map(drop)
        };
        match session.writing(&self.engine, ticket, commit) {
            Ok(()) => Ok(()),
            Err(Some(refused)) => Err(refuse(&refused)),
            Err(None) => Err(lost(session)),
        }
    }
}

impl Engine {
    fn transaction(&self, name: &str) -> Result<(u64, Session), Answer> {
        let id = u64::from_str_radix(name, 16).ok();
        let taken =
            id.ok_or(NoSession::Expired).and_then(|id| Ok((id, self.streams.take(id, None)?)));
        taken.map_err(|_| ended(EXPIRED))
    }
}

const EXPIRED: &str = "The transaction is over: it has ended, it was silent for too long, or the \
    database was opened anew. What it had not committed was taken back";

fn lost(session: &Session) -> Answer {
    match session.transaction {
        Transaction::Lost(Lost::TimedOut) => ended(
            "The transaction was rolled back: others waited, and it had lasted for too long. Keep it \
             short, and await nothing in it but its own queries",
        ),
        _ => ended(EXPIRED),
    }
}

fn ended(text: &str) -> Answer {
    Answer::new(200, Failure::new(text).coded(FailureCode::TransactionEnded).encode())
}

pub(super) fn busy() -> Answer {
    let text = "database is locked: others were writing for too long; try again";
    Answer::new(200, Failure::new(text).coded(FailureCode::TransactionBusy).encode())
}
