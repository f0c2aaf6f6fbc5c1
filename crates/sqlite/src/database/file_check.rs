//! Whether a file that SQLite has written elsewhere can be a database here.
//!
//! Its pages are taken over as they are, so they must be of our size and their text UTF-8. The header
//! tells that before the first page is stored; the rest is looked at when all are there, and before
//! anybody reads them. That pages and trees are whole is checked, and not what the schema says of values:
//! `NOT NULL`, `CHECK` and the types of `STRICT` tables, and whether an index has each row in its order.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::rc::Rc;

use super::Database;
use crate::error::Error;
use crate::statement::Cell;
use crate::structure::{Root, StructureCheck, TreeKind};
use crate::tokens::quoted;
use crate::vfs;

const MAGIC: &[u8] = b"SQLite format 3\0";

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

const WITHOUT_ROWID: &str = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND wr";

/// Indexes as the statements of their tables have them, and those that were made by themselves.
const INDEXES: &str = "SELECT i.name FROM sqlite_schema AS t, pragma_index_list(t.name) AS i \
    WHERE t.type = 'table'";

/// What is left to do before a file's pages can be a database here.
#[derive(Debug)]
pub struct FileCheck {
    structure: StructureCheck,
    /// Tables of the platform, which SQL here could neither read nor drop.
    foreign: Vec<String>,
}

impl FileCheck {
    /// Pages that were looked at, and how many there are.
    pub fn progress(&self) -> (u32, u32) {
        (self.structure.done_pages(), self.structure.size_pages())
    }
}

impl Database {
    /// Looks over the schema of a database whose pages came from a file, all of them. What the platform
    /// keeps for itself in a file of D1 or of a Durable Object (`_cf_METADATA`) is left out.
    pub fn begin_file_check(&mut self) -> Result<FileCheck, Error> {
        let foreign = self.check_schema()?;
        self.check_indexes()?;
        let size_pages = self.size_pages();
        let mut header = [0; 100];
        if size_pages > 0 {
            let mut source = self.shared.source.borrow_mut();
            source.read(1, 0, &mut header).map_err(Error::Pages)?;
        }
        let structure = StructureCheck::new(size_pages, &header, self.roots()?);
        Ok(FileCheck { structure, foreign })
    }

    /// Takes the next step, which reads about so many pages; false once all is as it should be. Together
    /// they read each page that is in use.
    pub fn file_check_step(
        &mut self,
        check: &mut FileCheck,
        pages_max: usize,
    ) -> Result<bool, Error> {
        let shared = Rc::clone(&self.shared);
        let stepped = check
            .structure
            .step(pages_max, &mut |number, page| shared.source.borrow_mut().read(number, 0, page));
        if stepped.map_err(Error::Pages)? {
            return Ok(true);
        }
        let problems = check.structure.problems();
        if !problems.is_empty() {
            return Err(Error::BadFile(format!("the file is damaged: {}", problems.join("; "))));
        }
        let Some(name) = check.foreign.pop() else { return Ok(false) };
        self.put_aside(true)?;
        let drop_it = format!("DROP TABLE {}", quoted(&name));
        let dropped = vfs::importing(&shared, || self.each_row(&drop_it, &[], |_| Ok(true)));
        self.put_aside(false)?;
        dropped.map(|()| true)
    }

    /// Where the trees of the schema begin. A table `WITHOUT ROWID` is kept as an index is.
    fn roots(&mut self) -> Result<Vec<Root>, Error> {
        let without_rowid = self.names(WITHOUT_ROWID)?;
        let partial = self.names(&format!("{INDEXES} AND i.partial"))?;
        let trees = "SELECT type = 'table', name, tbl_name, CAST(rootpage AS INTEGER) AS root \
            FROM sqlite_schema WHERE type IN ('table', 'index') AND root <> 0";
        let (mut roots, mut tables) = (vec![], HashMap::new());
        // Tables come first, so that indexes find theirs.
        self.each_row(&format!("{trees} ORDER BY type DESC"), &[], |row| {
            let (name, table_name) = (text(row.cell(1)), text(row.cell(2)));
            let number = page_number(row.cell(3));
            let is_table = matches!(row.cell(0), Cell::Integer(1));
            let kind = match is_table && !without_rowid.contains(&name) {
                true => TreeKind::Table,
                false => TreeKind::Index,
            };
            let full = !is_table && !partial.contains(&name);
            let table = tables.get(&table_name).copied().filter(|_| full);
            roots.push(Root { number, kind, table });
            if is_table {
                tables.insert(name, number);
            }
            Ok(true)
        })?;
        Ok(roots)
    }

    /// Refuses a table whose statement makes an index that the schema does not have. Of a table
    /// `WITHOUT ROWID` the primary key is the table itself.
    fn check_indexes(&self) -> Result<(), Error> {
        let missing = self.names(&format!(
            "{INDEXES} AND (i.origin <> 'pk' OR t.name NOT IN ({WITHOUT_ROWID})) AND i.name NOT IN \
             (SELECT name FROM sqlite_schema WHERE type = 'index' AND rootpage <> 0) LIMIT 1"
        ))?;
        match missing.into_iter().next() {
            Some(name) => Err(Error::BadFile(format!(
                "the file is damaged: its schema does not have the index {name}"
            ))),
            None => Ok(()),
        }
    }

    fn names(&self, sql: &str) -> Result<HashSet<String>, Error> {
        let mut names = HashSet::new();
        self.each_row(sql, &[], |row| {
            names.insert(text(row.cell(0)));
            Ok(true)
        })?;
        Ok(names)
    }

    /// The tables of the platform. Refuses names that are closed to SQL, what is not UTF-8, and tables that
    /// cannot be opened. To read the schema at all is to have SQLite parse all of it.
    fn check_schema(&mut self) -> Result<Vec<String>, Error> {
        let (mut own, mut foreign) = (vec![], vec![]);
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
                ("table", 1) => foreign.push(name),
                ("table", _) => own.push(name),
                _ => {}
            }
            Ok(true)
        })?;
        for name in &own {
            let opened =
                self.each_row(&format!("SELECT 1 FROM {} LIMIT 0", quoted(name)), &[], |_| {
                    Ok(false)
                });
            opened
                .map_err(|error| Error::BadFile(format!("table {name} cannot be read: {error}")))?;
        }
        Ok(foreign)
    }
}

/// What is none is beyond every file.
fn page_number(cell: Cell<'_>) -> u32 {
    match cell {
        Cell::Integer(number) => u32::try_from(number).unwrap_or(u32::MAX),
        _ => u32::MAX,
    }
}

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Text(text) => String::from_utf8_lossy(text).into_owned(),
        _ => String::new(),
    }
}

// Files of other programs are made by the host.
#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
