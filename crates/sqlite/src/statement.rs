//! A prepared statement.
//!
//! rusqlite's own has no form for three things that every request needs: where the text of the next
//! statement starts, whether there was a statement at all, and the counters of rows. So this is a
//! thin one beside it, on the same connection.

use std::ffi::{CStr, c_int};
use std::marker::PhantomData;
use std::ptr::{NonNull, null, null_mut};
use std::sync::OnceLock;

use isolite_protocol::Value;
use rusqlite::{Connection, ffi};

use crate::error::Error;
use crate::json::write_json;
use crate::sql_text::SqlText;

/// A statement of one connection.
///
/// Whoever holds it drops it before the connection; `Database` does so by the order of its fields.
pub(crate) struct Statement {
    raw: NonNull<ffi::sqlite3_stmt>,
    columns: Option<Columns>,
    /// Its number in the cache, as long as its columns stay what they are.
    number: Option<u64>,
    _not_send: PhantomData<*mut ()>,
}

/// The names of the columns as a list in JSON.
struct Columns {
    json: Vec<u8>,
    /// How often SQLite had compiled the statement anew, as it does when the schema has changed.
    compiled: c_int,
}

/// A value in the current row. Text is what SQLite holds, which need not be UTF-8.
pub(crate) enum Cell<'a> {
    Null,
    Integer(i64),
    Real(f64),
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// How long a statement is meant to live. SQLite has a small and fast place for those that soon go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lasts {
    Long,
    Once,
}

impl Statement {
    /// Prepares the statement at offset `at` of `text`, and tells where what follows it starts.
    /// There is none in blank text and comments.
    pub(crate) fn prepare(
        connection: &Connection,
        text: &SqlText,
        at: usize,
        lasts: Lasts,
    ) -> Result<(Option<Statement>, usize), Error> {
        let start = text.from(at).as_ptr();
        let flags = if lasts == Lasts::Long { ffi::SQLITE_PREPARE_PERSISTENT } else { 0 };
        let (mut raw, mut tail) = (null_mut(), null());
        // SAFETY: the handle is open as long as `connection` is borrowed, `SqlText` ends with a
        // NUL wherever it is entered, and SQLite keeps no pointer into it.
        let code = unsafe {
            let db = connection.handle();
            ffi::sqlite3_prepare_v3(db, start.cast(), -1, flags, &mut raw, &mut tail)
        };
        match code {
            ffi::SQLITE_OK => {}
            // SQLite names what it ran out of, a string; D1 names what is to be shortened.
            ffi::SQLITE_TOOBIG => {
                return Err(Error::of_sqlite("statement too long", -1, ffi::SQLITE_TOOBIG));
            }
            _ => return Err(last_error(connection)),
        }
        let read = match tail.is_null() {
            true => text.from(at).len(),
            false => (tail as usize).wrapping_sub(start as usize),
        };
        let new = |raw| Statement { raw, columns: None, number: None, _not_send: PhantomData };
        let statement = NonNull::new(raw).map(new);
        Ok((statement, at + read))
    }

    fn raw(&self) -> *mut ffi::sqlite3_stmt {
        self.raw.as_ptr()
    }

    pub(crate) fn param_count(&self) -> usize {
        // SAFETY: the statement is alive until it is dropped; so below.
        unsafe { ffi::sqlite3_bind_parameter_count(self.raw()) as usize }
    }

    /// Whether SQLite says that the statement writes nothing.
    pub(crate) fn is_read_only(&self) -> bool {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_stmt_readonly(self.raw()) != 0 }
    }

    /// Whether it is an EXPLAIN, which does not run what it explains.
    pub(crate) fn is_explain(&self) -> bool {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_stmt_isexplain(self.raw()) != 0 }
    }

    /// Binds one parameter, counted from 1.
    ///
    /// # Safety
    /// `value` stays where it is until another is bound in its place, or until [`Self::reset`]:
    /// text and blobs are not copied.
    pub(crate) unsafe fn bind(&mut self, index: usize, value: &Value) -> Result<(), Error> {
        let cell = match value {
            Value::Null => Cell::Null,
            Value::Integer(number) | Value::Exact(number) => Cell::Integer(*number),
            Value::Real(number) => Cell::Real(*number),
            Value::Text(text) => Cell::Text(text.as_bytes()),
            Value::Blob(bytes) => Cell::Blob(bytes),
        };
        // SAFETY: the caller's.
        unsafe { self.bind_cell(index, &cell) }
    }

    /// The same for a value as SQLite has it.
    ///
    /// # Safety
    /// That of [`Self::bind`], for what the cell refers to.
    pub(crate) unsafe fn bind_cell(&mut self, index: usize, cell: &Cell<'_>) -> Result<(), Error> {
        let (raw, index) = (self.raw(), index as c_int);
        // SAFETY: as above; text and blobs are readable for their length as long as the caller says.
        let code = unsafe {
            match cell {
                Cell::Null => ffi::sqlite3_bind_null(raw, index),
                Cell::Integer(number) => ffi::sqlite3_bind_int64(raw, index, *number),
                Cell::Real(number) => ffi::sqlite3_bind_double(raw, index, *number),
                Cell::Text(text) => ffi::sqlite3_bind_text(
                    raw,
                    index,
                    text.as_ptr().cast(),
                    text.len() as c_int,
                    ffi::SQLITE_STATIC(),
                ),
                // A null pointer would bind NULL, and an empty slice's is dangling but not null.
                Cell::Blob(bytes) => ffi::sqlite3_bind_blob(
                    raw,
                    index,
                    bytes.as_ptr().cast(),
                    bytes.len() as c_int,
                    ffi::SQLITE_STATIC(),
                ),
            }
        };
        if code == ffi::SQLITE_OK { Ok(()) } else { Err(self.last_error()) }
    }

    /// Steps to the next row; false after the last one.
    pub(crate) fn step(&mut self) -> Result<bool, Error> {
        // SAFETY: as above.
        match unsafe { ffi::sqlite3_step(self.raw()) } {
            ffi::SQLITE_ROW => Ok(true),
            ffi::SQLITE_DONE => Ok(false),
            _ => Err(self.last_error()),
        }
    }

    pub(crate) fn column_count(&self) -> usize {
        // SAFETY: as above.
        unsafe { ffi::sqlite3_column_count(self.raw()) as usize }
    }

    /// The names of the columns as a list in JSON, as of the step before.
    pub(crate) fn columns_json(&mut self) -> &[u8] {
        // SAFETY: as above.
        let compiled = unsafe {
            ffi::sqlite3_stmt_status(self.raw(), ffi::SQLITE_STMTSTATUS_REPREPARE as c_int, 0)
        };
        let columns = match self.columns.take() {
            Some(columns) if columns.compiled == compiled => columns,
            before => {
                let json = self.written_columns();
                if before.is_some_and(|before| before.json != json) {
                    self.number = None;
                }
                Columns { json, compiled }
            }
        };
        &self.columns.insert(columns).json
    }

    /// The number that it was given, as of the step before: none if it has other columns since.
    pub(crate) fn number(&mut self) -> Option<u64> {
        self.columns_json();
        self.number
    }

    pub(crate) fn set_number(&mut self, number: u64) {
        self.columns_json();
        self.number = Some(number);
    }

    fn written_columns(&self) -> Vec<u8> {
        let names: Vec<String> =
            (0..self.column_count()).map(|index| self.column_name(index)).collect();
        let mut json = Vec::new();
        write_json(&names, &mut json);
        json
    }

    pub(crate) fn column_name(&self, index: usize) -> String {
        // SAFETY: as above; the name is NUL-terminated, and copied before the next call. It is
        // null only when memory ran out.
        unsafe {
            let name = ffi::sqlite3_column_name(self.raw(), index as c_int);
            if name.is_null() {
                return String::new();
            }
            CStr::from_ptr(name).to_string_lossy().into_owned()
        }
    }

    /// The declared type of a column that is one of a table.
    #[cfg(feature = "hrana")]
    pub(crate) fn column_decltype(&self, index: usize) -> Option<String> {
        // SAFETY: as for the name; it is null where there is no type.
        unsafe { copied(ffi::sqlite3_column_decltype(self.raw(), index as c_int)) }
    }

    /// The name of a parameter, counted from 1, with the character before it.
    #[cfg(feature = "hrana")]
    pub(crate) fn param_name(&self, index: usize) -> Option<String> {
        // SAFETY: as for a column's; it is null where there is no name.
        unsafe { copied(ffi::sqlite3_bind_parameter_name(self.raw(), index as c_int)) }
    }

    /// One value of the current row; it is to be read before the next step.
    pub(crate) fn cell(&self, index: usize) -> Cell<'_> {
        let (raw, index) = (self.raw(), index as c_int);
        // SAFETY: as above; after a row the column's bytes stay as they are until the next step or
        // reset, both of which need `&mut self`. Length is asked after the pointer, as SQLite wants.
        unsafe {
            match ffi::sqlite3_column_type(raw, index) {
                ffi::SQLITE_INTEGER => Cell::Integer(ffi::sqlite3_column_int64(raw, index)),
                ffi::SQLITE_FLOAT => Cell::Real(ffi::sqlite3_column_double(raw, index)),
                ffi::SQLITE_TEXT => {
                    let start = ffi::sqlite3_column_text(raw, index);
                    Cell::Text(bytes(start, ffi::sqlite3_column_bytes(raw, index)))
                }
                ffi::SQLITE_BLOB => {
                    let start = ffi::sqlite3_column_blob(raw, index);
                    Cell::Blob(bytes(start.cast(), ffi::sqlite3_column_bytes(raw, index)))
                }
                _ => Cell::Null,
            }
        }
    }

    /// Rows read and rows written since this was last asked, as D1 counts them.
    ///
    /// The counters are of our patched SQLite (`scripts/sqlite/row_counters.patch`). Any other, as on
    /// the host, where only tests run, has none, and both are 0.
    pub(crate) fn take_rows(&mut self) -> (u64, u64) {
        const ROWS_READ: c_int = 9;
        const ROWS_WRITTEN: c_int = 10;
        if !has_row_counters() {
            return (0, 0);
        }
        // SAFETY: as above; this SQLite has the two counters, each a u32.
        let take = |counter| unsafe { ffi::sqlite3_stmt_status(self.raw(), counter, 1) } as u32;
        (take(ROWS_READ).into(), take(ROWS_WRITTEN).into())
    }

    /// Makes the statement ready to run again, with other values.
    pub(crate) fn rewind(&mut self) {
        // SAFETY: as above. The code repeats that of the last step, which was reported then.
        unsafe { ffi::sqlite3_reset(self.raw()) };
    }

    /// Makes the statement ready for the next request, holding nothing of this one.
    pub(crate) fn reset(&mut self) {
        self.rewind();
        // SAFETY: as above.
        unsafe { ffi::sqlite3_clear_bindings(self.raw()) };
    }

    fn last_error(&self) -> Error {
        // SAFETY: the connection outlives the statement, see the type.
        unsafe { error_of(ffi::sqlite3_db_handle(self.raw())) }
    }
}

impl Drop for Statement {
    fn drop(&mut self) {
        // SAFETY: the statement was prepared here and nobody else finalizes it.
        unsafe { ffi::sqlite3_finalize(self.raw()) };
    }
}

/// Whether SQLite was built with the counters: asked for where there are none, it would read and write
/// other memory.
fn has_row_counters() -> bool {
    static PRESENT: OnceLock<bool> = OnceLock::new();
    // SAFETY: the name is a C string.
    *PRESENT.get_or_init(|| unsafe {
        ffi::sqlite3_compileoption_used(c"ISOLITE_ROW_COUNTERS".as_ptr()) != 0
    })
}

/// The error of the last call on `connection`.
pub(crate) fn last_error(connection: &Connection) -> Error {
    // SAFETY: the handle is open as long as `connection` is borrowed.
    unsafe { error_of(connection.handle()) }
}

/// # Safety
/// `db` is an open connection.
unsafe fn error_of(db: *mut ffi::sqlite3) -> Error {
    // SAFETY: the caller's; the message is NUL-terminated and copied before the next call.
    unsafe {
        let message = CStr::from_ptr(ffi::sqlite3_errmsg(db)).to_string_lossy();
        let code = ffi::sqlite3_extended_errcode(db);
        Error::of_sqlite(&message, ffi::sqlite3_error_offset(db), code)
    }
}

/// # Safety
/// `text` is null or ends with a NUL.
#[cfg(feature = "hrana")]
unsafe fn copied(text: *const std::ffi::c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: the caller's.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}

/// # Safety
/// `start` is null or readable for `len` bytes for as long as the caller says.
unsafe fn bytes<'a>(start: *const u8, len: c_int) -> &'a [u8] {
    match start.is_null() {
        true => &[],
        // SAFETY: the caller's.
        false => unsafe { std::slice::from_raw_parts(start, len as usize) },
    }
}
