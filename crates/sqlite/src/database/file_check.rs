//! Whether a file that SQLite has written elsewhere can be a database here.
//!
//! Its pages are taken over as they are, so they must be of our size and their text UTF-8. The header
//! tells that before the first page is stored; the rest is looked at when all are there, and before
//! anybody reads them.

use std::fmt;
use std::rc::Rc;

use super::Database;
use crate::error::Error;
use crate::statement::Cell;
use crate::tokens::quoted;
use crate::vfs;

const MAGIC: &[u8] = b"SQLite format 3\0";

/// Problems of a damaged file that are told.
const PROBLEMS_MAX: usize = 10;

/// A database of so many pages, 32 MiB, is looked over at once; a larger one table by table, as others
/// wait meanwhile. Then it is not found if two tables share a page, or one is nowhere used.
const WHOLE_PAGES_MAX: u32 = 8_192;

/// What the header of a file tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHeader {
    /// Its size in pages. None if the header is behind, as some programs leave it: the file's own size
    /// counts then.
    pub size_pages: Option<u32>,
    /// The file is in WAL mode: the bytes at 18 and 19 are to be set to 1, and what is still in its
    /// `-wal` file is missing.
    pub wal: bool,
}

/// Why a file cannot be taken in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    NotSqlite,
    PageSize(u32),
    ReservedBytes(u8),
    Utf16,
    /// A version of the file format that is not known.
    Format(u8),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::NotSqlite => f.write_str("the file is not a SQLite database, or is encrypted"),
            FileError::PageSize(bytes) => write!(
                f,
                "the file has pages of {bytes} bytes, not 4096; convert it: sqlite3 FILE \
                 \"PRAGMA journal_mode=DELETE; PRAGMA page_size=4096; VACUUM\""
            ),
            FileError::ReservedBytes(count) => write!(
                f,
                "the file reserves {count} bytes on each page; convert it: sqlite3 FILE \
                 \".filectrl reserve_bytes 0\" \"VACUUM\""
            ),
            FileError::Utf16 => f.write_str(
                "the text in the file is UTF-16, not UTF-8; convert it: sqlite3 FILE .dump | sqlite3 NEW",
            ),
            FileError::Format(version) => {
                write!(f, "the file has version {version} of the format, which is not known")
            }
        }
    }
}

impl std::error::Error for FileError {}

/// Reads the first 100 bytes of a file.
pub fn check_sqlite_file(header: &[u8; 100]) -> Result<FileHeader, FileError> {
    let number = |at: usize| {
        let bytes = header[at..].first_chunk().copied().unwrap_or_default();
        u32::from_be_bytes(bytes)
    };
    if !header.starts_with(MAGIC) {
        return Err(FileError::NotSqlite);
    }
    let page_size = match u32::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65_536,
        size => size,
    };
    if page_size != isolite_core::PAGE_SIZE as u32 {
        return Err(FileError::PageSize(page_size));
    }
    let [write_version, read_version, reserved] = [header[18], header[19], header[20]];
    let (version, schema_format) = (write_version.max(read_version), number(44));
    if version > 2 {
        return Err(FileError::Format(version));
    }
    if reserved != 0 {
        return Err(FileError::ReservedBytes(reserved));
    }
    if schema_format > 4 {
        return Err(FileError::Format(u8::try_from(schema_format).unwrap_or(u8::MAX)));
    }
    // 0 stands in a file without a schema.
    if number(56) > 1 {
        return Err(FileError::Utf16);
    }
    let (size, changes, changes_at_size) = (number(28), number(24), number(92));
    Ok(FileHeader {
        size_pages: (size > 0 && changes == changes_at_size).then_some(size),
        wal: version == 2,
    })
}

/// What is left to do before a file's pages can be a database here.
#[derive(Debug)]
pub struct FileCheck {
    /// The last one comes first.
    pragmas: Vec<String>,
    /// Tables of the platform, which SQL here could neither read nor drop.
    foreign: Vec<String>,
}

/// What the schema has in it.
#[derive(Default)]
struct Tables {
    own: Vec<String>,
    foreign: Vec<String>,
}

impl Database {
    /// Looks over the schema of a database whose pages came from a file, all of them. What the platform
    /// keeps for itself in a file of D1 or of a Durable Object (`_cf_METADATA`) is left out.
    pub fn begin_file_check(&mut self) -> Result<FileCheck, Error> {
        let Tables { own, foreign } = self.check_schema()?;
        let pragma = |part: &str| format!("PRAGMA quick_check({part})");
        let pragmas = match self.size_pages() <= WHOLE_PAGES_MAX {
            true => vec![pragma(&PROBLEMS_MAX.to_string())],
            false => {
                let tables = own.iter().chain(&foreign).map(String::as_str);
                tables.chain(["sqlite_schema"]).map(|name| pragma(&quoted(name))).collect()
            }
        };
        Ok(FileCheck { pragmas, foreign })
    }

    /// Takes the next step; false once all is as it should be. Together they read each page.
    pub fn file_check_step(&mut self, check: &mut FileCheck) -> Result<bool, Error> {
        let shared = Rc::clone(&self.shared);
        self.put_aside(true)?;
        let stepped = vfs::importing(&shared, || self.step(check));
        self.put_aside(false)?;
        stepped
    }

    fn step(&mut self, check: &mut FileCheck) -> Result<bool, Error> {
        if let Some(pragma) = check.pragmas.pop() {
            return self.check_pages(&pragma).map(|()| true);
        }
        let Some(name) = check.foreign.pop() else { return Ok(false) };
        self.each_row(&format!("DROP TABLE {}", quoted(&name)), &[], |_| Ok(true))?;
        Ok(true)
    }

    fn check_pages(&mut self, pragma: &str) -> Result<(), Error> {
        let mut problems = vec![];
        self.each_row(pragma, &[], |row| {
            if let Cell::Text(problem) = row.cell(0) {
                let problem = String::from_utf8_lossy(problem);
                problems.extend(problem.lines().map(str::to_owned));
            }
            Ok(true)
        })?;
        if problems == ["ok"] {
            return Ok(());
        }
        problems.truncate(PROBLEMS_MAX);
        Err(Error::BadFile(format!("the file is damaged: {}", problems.join("; "))))
    }

    /// Refuses names that are closed to SQL, what is not UTF-8, and tables that cannot be opened. To read
    /// the schema at all is to have SQLite parse all of it.
    fn check_schema(&mut self) -> Result<Tables, Error> {
        let mut tables = Tables::default();
        // What hangs on a table that is left out goes with it.
        let schema = "SELECT type, name, \
            CASE WHEN tbl_name LIKE '\\_cf\\_%' ESCAPE '\\' AND type <> 'view' THEN 1 \
            WHEN name LIKE '\\_cf\\_%' ESCAPE '\\' OR (name LIKE 'sqlite\\_%' ESCAPE '\\' \
                AND name NOT LIKE 'sqlite\\_autoindex\\_%' ESCAPE '\\' AND name NOT IN ('sqlite_sequence', 'sqlite_stat1', 'sqlite_stat2', 'sqlite_stat3', \
                'sqlite_stat4')) THEN 2 ELSE 0 END, sql FROM sqlite_schema";
        self.each_row(schema, &[], |row| {
            let text = |index| match row.cell(index) {
                Cell::Text(bytes) => std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| {
                    let name = String::from_utf8_lossy(bytes).into_owned();
                    Error::BadFile(format!("the schema is not UTF-8: {name}"))
                }),
                _ => Ok(String::new()),
            };
            let (kind, name, _) = (text(0)?, text(1)?, text(3)?);
            let rule = match row.cell(2) {
                Cell::Integer(rule) => rule,
                _ => 0,
            };
            if rule == 2 {
                return Err(Error::BadFile(format!(
                    "the file has a {kind} with the reserved name {name}; remove it: sqlite3 FILE \
                     'DROP {} {}'",
                    kind.to_uppercase(),
                    quoted(&name)
                )));
            }
            match (kind.as_str(), rule) {
                ("table", 1) => tables.foreign.push(name),
                ("table", _) => tables.own.push(name),
                _ => {}
            }
            Ok(true)
        })?;
        for name in &tables.own {
            let opened =
                self.each_row(&format!("SELECT 1 FROM {} LIMIT 0", quoted(name)), &[], |_| {
                    Ok(false)
                });
            opened
                .map_err(|error| Error::BadFile(format!("table {name} cannot be read: {error}")))?;
        }
        Ok(tables)
    }
}

// Files of other programs are made by the host.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
