//! Files that SQLite writes, and ways to look into them and change them.

use rusqlite::{Connection, OpenFlags};

use isolite_core::{Error, PageImage, PageNo};

use crate::structure::{Root, StructureCheck, TreeKind};

pub(super) const PAGE: usize = isolite_core::PAGE_SIZE;

#[derive(Clone)]
pub(super) struct File {
    pub(super) bytes: Vec<u8>,
    /// The names of the schema's trees.
    names: Vec<(String, Root)>,
}

/// Where a test has its file.
pub(super) fn path(name: &str) -> std::path::PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let digits: String = thread.chars().filter(char::is_ascii_digit).collect();
    std::env::temp_dir().join(format!("isolite-{name}-{}-{digits}.db", std::process::id()))
}

pub(super) fn roots(connection: &Connection) -> rusqlite::Result<Vec<(String, Root)>> {
    let sql = "SELECT s.name, s.rootpage, s.type = 'index' OR coalesce(l.wr, 0), t.rootpage
        FROM sqlite_schema s LEFT JOIN pragma_table_list l
        ON l.schema = 'main' AND l.name = s.name AND s.type = 'table'
        LEFT JOIN sqlite_schema t ON s.type = 'index' AND t.type = 'table' AND t.name = s.tbl_name
        AND s.name NOT IN (SELECT name FROM pragma_index_list(s.tbl_name) WHERE partial)
        WHERE s.type IN ('table', 'index') AND s.rootpage <> 0";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| {
        let index: bool = row.get(2)?;
        let kind = if index { TreeKind::Index } else { TreeKind::Table };
        Ok((row.get(0)?, Root { number: row.get(1)?, kind, table: row.get(3)? }))
    })?;
    rows.collect()
}

impl File {
    /// By statements in which `generate(n)` has the numbers from 1 to n.
    pub(super) fn made(sql: &[&str]) -> File {
        let path = path("made");
        drop(std::fs::remove_file(&path));
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("PRAGMA page_size = 4096; PRAGMA synchronous = OFF").unwrap();
        for sql in sql {
            let generated = sql.replace(
                "generate(",
                "(WITH RECURSIVE n (value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n) \
                 SELECT value FROM n LIMIT ",
            );
            connection.execute_batch(&generated).unwrap_or_else(|error| panic!("{sql}: {error}"));
        }
        let names = roots(&connection).unwrap();
        drop(connection);
        let bytes = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        File { bytes, names }
    }

    /// The same pages damaged, if SQLite can read a schema from them.
    pub(super) fn opened(path: &std::path::Path, bytes: Vec<u8>) -> Option<(File, Connection)> {
        std::fs::write(path, &bytes).unwrap();
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags).ok()?;
        let names = roots(&connection).ok()?;
        Some((File { bytes, names }, connection))
    }

    pub(super) fn begin(&self) -> StructureCheck {
        let mut header = [0; 100];
        if let Some(first) = self.bytes.first_chunk() {
            header = *first;
        }
        let roots = self.names.iter().map(|(_, root)| *root).collect();
        StructureCheck::new(self.size_pages(), &header, roots)
    }

    pub(super) fn reader(&self) -> impl FnMut(PageNo, &mut PageImage) -> Result<(), Error> + '_ {
        |number, page| {
            let at = (number as usize - 1) * PAGE;
            page.copy_from_slice(&self.bytes[at..at + PAGE]);
            Ok(())
        }
    }

    pub(super) fn check(&self, step_pages: usize) -> Vec<String> {
        let mut check = self.begin();
        while check.step(step_pages, &mut self.reader()).unwrap() {}
        check.problems().to_vec()
    }

    pub(super) fn size_pages(&self) -> PageNo {
        (self.bytes.len() / PAGE) as PageNo
    }

    pub(super) fn root(&self, name: &str) -> PageNo {
        self.names.iter().find(|(known, _)| known == name).unwrap().1.number
    }

    pub(super) fn page(&self, number: PageNo) -> Vec<u8> {
        self.bytes[(number as usize - 1) * PAGE..][..PAGE].to_vec()
    }

    pub(super) fn page_mut(&mut self, number: PageNo) -> &mut [u8] {
        &mut self.bytes[(number as usize - 1) * PAGE..][..PAGE]
    }

    pub(super) fn set(&mut self, page: PageNo, at: usize, bytes: &[u8]) {
        self.page_mut(page)[at..at + bytes.len()].copy_from_slice(bytes);
    }

    pub(super) fn byte(&self, page: PageNo, at: usize) -> u8 {
        self.page(page)[at]
    }

    /// Four bytes.
    pub(super) fn number(&self, page: PageNo, at: usize) -> u32 {
        u32::from_be_bytes(*self.page(page)[at..].first_chunk().unwrap())
    }

    /// Where a cell begins on a page other than the first one.
    pub(super) fn cell(&self, page: PageNo, index: usize) -> usize {
        let at = if self.is_leaf(page) { 8 } else { 12 } + 2 * index;
        u16::from_be_bytes([self.byte(page, at), self.byte(page, at + 1)]).into()
    }

    fn is_leaf(&self, page: PageNo) -> bool {
        self.byte(page, 0) >= 10
    }

    /// The pages from a root down to its first leaf.
    fn way(&self, root: PageNo) -> Vec<PageNo> {
        let mut way = vec![root];
        loop {
            let last = way[way.len() - 1];
            if self.is_leaf(last) {
                return way;
            }
            way.push(self.number(last, self.cell(last, 0)));
        }
    }

    pub(super) fn depth(&self, root: PageNo) -> usize {
        self.way(root).len()
    }

    pub(super) fn leftmost(&self, root: PageNo) -> PageNo {
        *self.way(root).last().unwrap()
    }

    pub(super) fn parent_of_leaf(&self, root: PageNo) -> PageNo {
        let way = self.way(root);
        way[way.len() - 2]
    }
}

/// Three levels of rows.
pub(super) fn deep() -> File {
    File::made(&[
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b)",
        "INSERT INTO t SELECT value * 1000000007, zeroblob(2100) FROM generate(700)",
    ])
}

/// A file of each kind, with a name.
pub(super) fn all() -> Vec<(&'static str, File)> {
    let rows = [
        "CREATE TABLE t (a INTEGER PRIMARY KEY, b, c)",
        "INSERT INTO t SELECT value * 3, printf('%.*c', value * 37 % 300, 'x'), value FROM generate(700)",
        "CREATE INDEX i ON t (b, c)",
        "CREATE INDEX j ON t (c)",
        "CREATE INDEX p ON t (c) WHERE c > 100",
        // Free blocks and fragments come of what grows and shrinks.
        "UPDATE t SET b = b || 'abc' WHERE a % 5 = 0",
        "UPDATE t SET b = substr(b, 3) WHERE a % 7 = 0",
        "DELETE FROM t WHERE a % 11 < 3",
        "INSERT INTO t SELECT value * 3 + 1, printf('%.*c', value * 53 % 90, 'y'), -value FROM generate(300)",
    ];
    let overflow = [
        "CREATE TABLE o (a, b)",
        "INSERT INTO o SELECT printf('%.*c', 900 + value * 211, 'a' || value), value FROM generate(30)",
        "CREATE INDEX k ON o (a)",
        "CREATE TABLE w (a PRIMARY KEY, b) WITHOUT ROWID",
        "INSERT INTO w SELECT value || printf('%.*c', value * 97 % 3000, 'z'), value FROM generate(60)",
    ];
    let free = [
        "CREATE TABLE gone (a)",
        "INSERT INTO gone SELECT zeroblob(2500) FROM generate(40)",
        "CREATE TABLE after (a)",
        "INSERT INTO after VALUES (1), ('two'), (3.5), (NULL), (x'04')",
    ];
    let with = |first: &'static str, parts: &[&[&'static str]], last: &'static str| {
        let sql: Vec<_> = [first].into_iter().chain(parts.concat()).chain([last]).collect();
        File::made(&sql)
    };
    let columns: Vec<_> = (0..1900).map(|i| format!("c{i}")).collect();
    let tables: Vec<_> = (0..40)
        .map(|i| format!("CREATE TABLE t{i} (a PRIMARY KEY, {} b)", "/* long */".repeat(i * 5)))
        .collect();
    vec![
        ("empty", File::made(&[])),
        ("no tables", File::made(&["CREATE TABLE t (a)", "DROP TABLE t"])),
        (
            "no tables, mapped",
            File::made(&["PRAGMA auto_vacuum = FULL; CREATE TABLE t (a); DROP TABLE t"]),
        ),
        ("an empty table", File::made(&["CREATE TABLE t (a)"])),
        ("rows", with("", &[&rows], "")),
        ("overflow", with("", &[&overflow], "")),
        ("free", with("", &[&free, &rows], "DROP TABLE gone")),
        ("full", with("PRAGMA auto_vacuum = FULL", &[&free, &rows, &overflow], "DROP TABLE gone")),
        (
            "incremental",
            with("PRAGMA auto_vacuum = INCREMENTAL", &[&free, &overflow], "DROP TABLE gone"),
        ),
        (
            "virtual",
            File::made(&[
                "CREATE VIRTUAL TABLE f USING fts5(a, prefix = 2)",
                "INSERT INTO f SELECT printf('word%d other%d', value, value % 7) FROM generate(400)",
                "CREATE VIRTUAL TABLE r USING rtree(id, x0, x1)",
                "INSERT INTO r SELECT value, value, value + 1 FROM generate(300)",
            ]),
        ),
        ("deep", deep()),
        ("a schema of many pages", File::made(&[&format!("BEGIN; {}; COMMIT", tables.join(";"))])),
        (
            "wide",
            File::made(&[
                &format!("CREATE TABLE wide (c PRIMARY KEY, {}) WITHOUT ROWID", columns.join(",")),
                &format!("INSERT INTO wide VALUES (1, {})", vec!["zeroblob(70)"; 1900].join(",")),
            ]),
        ),
    ]
}
