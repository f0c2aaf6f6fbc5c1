//! Transactions of several requests: between two statements the program decides what comes next.
//!
//! One that writes has the database for itself, so that nobody changes what it has read; others wait,
//! and read what was committed before. As long as nothing was committed it may be run again from its
//! beginning. What is not known to have failed is never run again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Duration;

use isolite_protocol::{Failure, FailureCode};
use worker::{Delay, Error, Result};

use crate::channel::{Channel, Told, failed};
use crate::error::{D1_ERROR, d1_error};
use crate::result::{D1ExecResult, D1Result};
use crate::statement::D1PreparedStatement;

const RETRIES: u32 = 3;
const RETRY_MS_MIN: f64 = 50.0;
const RETRY_MS_MAX: f64 = 2_000.0;

/// Whether a transaction may write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum D1TransactionMode {
    /// It waits for its turn, and nobody else writes until its end.
    #[default]
    Write,
    /// It sees one state of the database, never waits, and holds up nobody.
    Read,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct D1TransactionOptions {
    pub mode: D1TransactionMode,
    /// How often the whole is run again if others were writing for too long, or if it was rolled back
    /// because it lasted for too long while others waited.
    pub retries: u32,
}

impl Default for D1TransactionOptions {
    fn default() -> Self {
        Self { mode: D1TransactionMode::default(), retries: RETRIES }
    }
}

/// What a transaction's closure is given: the database's methods, within the transaction.
#[derive(Debug)]
pub struct D1Transaction {
    channel: Channel,
    open: Arc<Open>,
    depth: u32,
    nests: AtomicBool,
}

/// A transaction as its statements know it.
#[derive(Debug)]
pub(crate) struct Open {
    pub name: String,
    /// Its end was sent: what was prepared in it runs no more.
    pub is_closed: AtomicBool,
    /// The primary has said that it is over before its end: nothing of it was done.
    is_lost: AtomicBool,
}

impl Open {
    /// Ends it. The inner error says that nothing was committed, the outer one that this is not known.
    async fn end(&self, channel: &Channel, how: &str) -> Result<Told<()>> {
        self.is_closed.store(true, Relaxed);
        let path = format!("/transaction/{how}?transaction={}", self.name);
        Ok(channel.control(&path, String::new()).await?.map(drop))
    }

    /// Takes down what a failure tells of it.
    pub fn hear(&self, failure: &Failure) {
        if failure.code == Some(FailureCode::TransactionEnded) {
            self.is_lost.store(true, Relaxed);
        }
    }
}

impl D1Transaction {
    fn new(channel: Channel, open: Arc<Open>, depth: u32) -> Self {
        Self { channel, open, depth, nests: AtomicBool::new(false) }
    }

    /// Prepare a statement of this transaction. It fails once that has ended.
    pub fn prepare<T: Into<String>>(&self, query: T) -> D1PreparedStatement {
        D1PreparedStatement::new(self.channel.clone(), query.into())
    }

    /// Runs the statements within the transaction, whoever prepared them: all of them, or none.
    pub async fn batch(&self, statements: Vec<D1PreparedStatement>) -> Result<Vec<D1Result>> {
        self.channel.batch(statements).await
    }

    /// Runs each line as a statement: all of them, or none.
    pub async fn exec(&self, query: &str) -> Result<D1ExecResult> {
        self.channel.exec(query).await
    }

    /// A part that is taken back by itself if its closure fails. One at a time is open.
    pub async fn transaction<T>(
        &self,
        mut work: impl AsyncFnMut(&D1Transaction) -> Result<T>,
    ) -> Result<T> {
        if self.nests.swap(true, Relaxed) {
            let text = "A nested transaction is open: await it before the next one";
            return Err(Error::RustError(text.to_owned()));
        }
        let name = format!("isolite_nested_{}", self.depth);
        let nested = D1Transaction::new(self.channel.clone(), self.open.clone(), self.depth + 1);
        let done = match self.nest(&format!("SAVEPOINT {name}")).await {
            Ok(()) => match work(&nested).await {
                Ok(value) => self.nest(&format!("RELEASE {name}")).await.map(|()| value),
                Err(error) => {
                    // If that fails the whole is over, and says so to whoever goes on.
                    if self.nest(&format!("ROLLBACK TO {name}")).await.is_ok() {
                        self.nest(&format!("RELEASE {name}")).await.unwrap_or_default();
                    }
                    Err(error)
                }
            },
            Err(error) => Err(error),
        };
        self.nests.store(false, Relaxed);
        done
    }

    async fn nest(&self, sql: &str) -> Result<()> {
        let path = format!("/transaction/nest?transaction={}", self.open.name);
        self.channel.control(&path, sql.to_owned()).await?.map(drop).map_err(failed)
    }
}

/// Why a try has failed, and whether it may be repeated because nothing was committed.
struct Failed {
    error: Error,
    again: bool,
}

impl Failed {
    fn of(failure: Failure, code: FailureCode) -> Failed {
        let again = failure.code == Some(code);
        Failed { error: failed(failure), again }
    }

    fn for_good(error: Error) -> Failed {
        Failed { error, again: false }
    }
}

pub(crate) async fn run<T>(
    channel: &Channel,
    options: D1TransactionOptions,
    mut work: impl AsyncFnMut(&D1Transaction) -> Result<T>,
) -> Result<T> {
    if channel.is_past() {
        let text = "the database as of a past bookmark is only read, and has no transactions";
        return Err(d1_error(D1_ERROR, text, text));
    }
    let mut delay_ms = RETRY_MS_MIN;
    for _ in 0..options.retries {
        match tried(channel, options.mode, &mut work).await {
            Ok(value) => return Ok(value),
            Err(Failed { again: false, error }) => return Err(error),
            Err(Failed { again: true, .. }) => {
                // Those who collided once are not to come back together.
                let jittered_ms = delay_ms * (0.5 + js_sys::Math::random());
                Delay::from(Duration::from_secs_f64(jittered_ms / 1000.0)).await;
                delay_ms = (delay_ms * 2.0).min(RETRY_MS_MAX);
            }
        }
    }
    tried(channel, options.mode, &mut work).await.map_err(|failed| failed.error)
}

async fn tried<T>(
    channel: &Channel,
    mode: D1TransactionMode,
    work: &mut impl AsyncFnMut(&D1Transaction) -> Result<T>,
) -> std::result::Result<T, Failed> {
    let path = match mode {
        D1TransactionMode::Write => "/transaction/begin?mode=write",
        D1TransactionMode::Read => "/transaction/begin?mode=read",
    };
    let begun = channel.control(path, String::new()).await.map_err(Failed::for_good)?;
    let name = begun.map_err(|failure| Failed::of(failure, FailureCode::TransactionBusy))?;
    let is_closed = AtomicBool::new(false);
    let open = Arc::new(Open { name, is_closed, is_lost: AtomicBool::new(false) });
    let tx = D1Transaction::new(channel.within(open.clone()), open.clone(), 0);
    let value = match work(&tx).await {
        Ok(value) => value,
        // The error is, most likely, because of it.
        Err(error) if open.is_lost.load(Relaxed) => return Err(Failed { error, again: true }),
        Err(error) => {
            // Whatever goes wrong here, nothing of it will be committed.
            let _ = open.end(channel, "rollback").await;
            return Err(Failed::for_good(error));
        }
    };
    match open.end(channel, "commit").await {
        Ok(Ok(())) => Ok(value),
        Ok(Err(failure)) => Err(Failed::of(failure, FailureCode::TransactionEnded)),
        Err(error) => {
            let text = format!("It is not known whether the transaction was committed: {error}");
            Err(Failed::for_good(Error::RustError(text)))
        }
    }
}
