//! What SQL may do here: D1's rules, kept by SQLite's authorizer and progress handler.
//!
//! Transactions belong to the request, not to its statements; attached and temporary databases do
//! not replicate; and of pragmas and functions only those may run that D1 lets through.

mod functions;
mod pragmas;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering::Relaxed};

use rusqlite::Connection;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

pub(crate) use pragmas::FLAGS;

/// Steps between two looks at the budget.
const STEPS_BETWEEN_CHECKS: i32 = 1000;

/// Tables that D1 keeps for itself; the prefix is closed to SQL so that dumps move both ways.
const RESERVED_PREFIX: &str = "_cf_";

/// Modules of virtual tables. Others could be made to show what their own tables may not.
const MODULES: [&str; 4] = ["fts5", "fts5vocab", "rtree", "rtree_i32"];

/// The database's raw pages as a table, which SQL has no business with.
const PAGES_TABLE: &str = "sqlite_dbpage";

/// State that the hooks share with the database whose statements they watch.
#[derive(Default)]
pub(crate) struct Policy {
    /// While set, the database runs statements of its own.
    internal: AtomicBool,
    transaction_refused: AtomicBool,
    pages_refused: AtomicBool,
    /// What the statement that was prepared last wants of foreign keys: see [`Wish`].
    wish: AtomicU8,
    flag_set: AtomicBool,
    altered: AtomicBool,
    foreign_keys: AtomicBool,
    needs_primary: AtomicBool,
    steps_left: AtomicU64,
    steps_exceeded: AtomicBool,
    /// An import is under way.
    importing: AtomicBool,
}

impl Policy {
    /// Puts the hooks on a connection.
    pub(crate) fn install(connection: &mut Connection) -> rusqlite::Result<Arc<Policy>> {
        let policy = Arc::new(Policy::default());
        let authorizing = policy.clone();
        connection
            .authorizer(Some(move |context: AuthContext<'_>| authorizing.decide(&context)))?;
        let counting = policy.clone();
        let count = move || counting.count_steps();
        connection.progress_handler(STEPS_BETWEEN_CHECKS, Some(count))?;
        Ok(policy)
    }

    /// Begins a request with its budget of steps.
    pub(crate) fn begin(&self, steps_max: u64) {
        self.steps_left.store(steps_max, Relaxed);
        self.steps_exceeded.store(false, Relaxed);
        self.transaction_refused.store(false, Relaxed);
        self.pages_refused.store(false, Relaxed);
        self.wish.store(0, Relaxed);
        self.altered.store(false, Relaxed);
        self.foreign_keys.store(false, Relaxed);
        self.needs_primary.store(false, Relaxed);
    }

    /// Begins a request within a transaction that goes on: what was noted of it stays.
    pub(crate) fn begin_within(&self, steps_max: u64) {
        self.steps_left.store(steps_max, Relaxed);
        self.steps_exceeded.store(false, Relaxed);
        self.transaction_refused.store(false, Relaxed);
        self.pages_refused.store(false, Relaxed);
        self.wish.store(0, Relaxed);
    }

    /// Gives the next statement of a request a budget of its own.
    pub(crate) fn begin_statement(&self, steps_max: u64) {
        self.steps_left.store(steps_max, Relaxed);
    }

    /// Runs `statements` without the rules.
    pub(crate) fn internally<T>(&self, statements: impl FnOnce() -> T) -> T {
        self.internal.store(true, Relaxed);
        let done = statements();
        self.internal.store(false, Relaxed);
        done
    }

    pub(crate) fn set_importing(&self, importing: bool) {
        self.importing.store(importing, Relaxed);
    }

    pub(crate) fn transaction_refused(&self) -> bool {
        self.transaction_refused.load(Relaxed)
    }

    /// Whether SQL asked for the table of raw pages, of which it is to know nothing.
    pub(crate) fn pages_refused(&self) -> bool {
        self.pages_refused.load(Relaxed)
    }

    /// What the statements that were prepared since this was last asked want of foreign keys.
    pub(crate) fn take_wish(&self) -> Option<Wish> {
        let wishes = [Wish::Enforce, Wish::Ignore, Wish::Immediate, Wish::Defer];
        let number = self.wish.swap(0, Relaxed);
        wishes.into_iter().find(|wish| *wish as u8 == number)
    }

    pub(crate) fn steps_exceeded(&self) -> bool {
        self.steps_exceeded.load(Relaxed)
    }

    /// Whether the authorizer has noted something that the request must act upon. Statements are
    /// then not kept: each must meet the authorizer again.
    pub(crate) fn has_notes(&self) -> bool {
        self.flag_set.load(Relaxed) || self.altered.load(Relaxed) || self.foreign_keys.load(Relaxed)
    }

    /// Whether a statement was prepared, since this was last asked, that another connection than the
    /// primary's would answer otherwise.
    pub(crate) fn take_needs_primary(&self) -> bool {
        self.needs_primary.swap(false, Relaxed)
    }

    /// Whether a flag of the connection was set since this was last asked.
    pub(crate) fn take_flag_set(&self) -> bool {
        self.flag_set.swap(false, Relaxed)
    }

    /// Whether a table was altered since this was last asked.
    pub(crate) fn take_altered(&self) -> bool {
        self.altered.swap(false, Relaxed)
    }

    fn count_steps(&self) -> bool {
        if self.internal.load(Relaxed) {
            return false;
        }
        let left = self.steps_left.load(Relaxed).saturating_sub(STEPS_BETWEEN_CHECKS as u64);
        self.steps_left.store(left, Relaxed);
        self.steps_exceeded.store(left == 0, Relaxed);
        left == 0
    }

    fn decide(&self, context: &AuthContext<'_>) -> Authorization {
        use AuthAction::*;
        if self.internal.load(Relaxed) {
            return Authorization::Allow;
        }
        // `CREATE TABLE temp.x` is announced like any other table, but in that schema. ALTER TABLE
        // reads and updates the list of temporary tables, which is therefore all that may be.
        let reads_or_updates = matches!(context.action, Read { .. } | Update { .. });
        if context.database_name == Some("temp") && !reads_or_updates {
            return Authorization::Deny;
        }
        let allowed = match context.action {
            Transaction { .. } | Savepoint { .. } => {
                self.transaction_refused.store(true, Relaxed);
                false
            }
            Attach { .. } | Detach { .. } | Unknown { .. } => false,
            CreateTempIndex { .. } | CreateTempTable { .. } | CreateTempTrigger { .. } => false,
            CreateTempView { .. } | DropTempIndex { .. } | DropTempTable { .. } => false,
            DropTempTrigger { .. } | DropTempView { .. } => false,
            Pragma { pragma_name, pragma_value } => self.allows_pragma(pragma_name, pragma_value),
            Function { function_name } => {
                if functions::tells_of_writes(function_name) {
                    self.needs_primary.store(true, Relaxed);
                }
                functions::is_allowed(function_name)
                    || self.importing.load(Relaxed) && functions::is_of_dumps(function_name)
            }
            Read { table_name, .. } if table_name.eq_ignore_ascii_case(PAGES_TABLE) => {
                self.pages_refused.store(true, Relaxed);
                false
            }
            CreateVtable { table_name, module_name } => {
                let known = MODULES.iter().any(|known| module_name.eq_ignore_ascii_case(known));
                known && !is_reserved(table_name)
            }
            CreateTable { table_name }
            | DropTable { table_name }
            | Insert { table_name }
            | Update { table_name, .. }
            | Delete { table_name }
            | Read { table_name, .. } => !is_reserved(table_name),
            AlterTable { table_name, .. } => {
                self.altered.store(true, Relaxed);
                !is_reserved(table_name)
            }
            CreateView { view_name } => !is_reserved(view_name),
            CreateIndex { index_name, .. } => !is_reserved(index_name),
            CreateTrigger { trigger_name, .. } => !is_reserved(trigger_name),
            _ => true,
        };
        if allowed { Authorization::Allow } else { Authorization::Deny }
    }

    fn allows_pragma(&self, name: &str, value: Option<&str>) -> bool {
        // Full text search asks that one itself, to see whether what it keeps is old; it counts the
        // changes that its own connection sees, wherever that is.
        if !name.eq_ignore_ascii_case("data_version") {
            self.needs_primary.store(true, Relaxed);
        }
        if !pragmas::is_allowed(name, value, is_reserved) {
            return false;
        }
        if FLAGS.iter().any(|flag| name.eq_ignore_ascii_case(flag)) {
            self.flag_set.store(true, Relaxed);
        }
        if let Some(wish) = Wish::of(name, value.and_then(pragmas::boolean)) {
            self.foreign_keys.store(true, Relaxed);
            self.wish.store(wish as u8, Relaxed);
        }
        true
    }
}

/// What a pragma asks for about foreign keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Wish {
    Enforce = 1,
    Ignore,
    Immediate,
    Defer,
}

impl Wish {
    fn of(pragma: &str, value: Option<bool>) -> Option<Wish> {
        let value = value?;
        if pragma.eq_ignore_ascii_case("foreign_keys") {
            Some(if value { Wish::Enforce } else { Wish::Ignore })
        } else if pragma.eq_ignore_ascii_case("defer_foreign_keys") {
            Some(if value { Wish::Defer } else { Wish::Immediate })
        } else {
            None
        }
    }
}

fn is_reserved(name: &str) -> bool {
    name.eq_ignore_ascii_case(PAGES_TABLE)
        || name
            .get(..RESERVED_PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(RESERVED_PREFIX))
}
