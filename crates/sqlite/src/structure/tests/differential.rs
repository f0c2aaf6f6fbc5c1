//! Aim: what SQLite's own check calls damaged is damaged here, and what it calls whole is whole.
//! Method: whole files with bytes and pages changed at random, by 250 seeds each, or as many as
//! `ISOLITE_MUTATIONS` says; both are asked, and each difference must be one of those that are meant.
//!
//! Meant is:
//! - What the schema says of values (`NOT NULL`, `CHECK`, types), and what a virtual table keeps, SQLite's
//!   check looks at, and this one does not.
//! - The reserved types 10 and 11 of a value, which SQLite reads as NULL, are damage here.
//! - So is an entry of an index, or of a table `WITHOUT ROWID`, whose header does not fit to its length:
//!   SQLite has that checked of rows with a rowid alone.
//! - So is an empty tree of the wrong kind, which SQLite notices when it is written to, and an inner page
//!   without cells whose child is page 0, which its check passes over.

use rusqlite::{Connection, ErrorCode};

use super::files::{self, File, PAGE};
use crate::database::check_sqlite_file;
use crate::random::Random;

/// What a row of SQLite's check begins with that is not about pages and trees.
const OF_VALUES: [&str; 8] = [
    "ok",
    "NULL value in",
    "TEXT value in",
    "NUMERIC value in",
    "In RTree",
    "malformed inverted index for FTS5",
    "fts5: ",
    "module: ",
];

/// How what this check alone calls damaged may end.
const MEANT: [&str; 8] = [
    "reserved type ",
    "bytes has ",
    "has values for ",
    "ends within a type",
    "it has no cells",
    "invalid page number ",
    "a table, and not of an index",
    "an index, and not of a table",
];

/// What SQLite says.
fn sqlite_says(connection: &Connection, pragma: &str) -> Vec<String> {
    let said = connection.prepare(pragma).and_then(|mut statement| {
        let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
        rows.collect::<Result<Vec<_>, _>>()
    });
    match said {
        Ok(said) => said,
        // The module of a virtual table may take offence at its declaration as well.
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => vec!["failed".to_owned()],
            _ => vec![format!("module: {error}")],
        },
    }
}

fn mutate(bytes: &mut [u8], random: &mut Random) {
    let pages = bytes.len() / PAGE;
    let any = random.below(pages) * PAGE;
    // What the file's header has in its first bytes is looked at before anything is taken in.
    let first = if any == 0 { 100 } else { 0 };
    let number = (random.below(pages + 2) as u32).to_be_bytes();
    match random.below(10) {
        0 => bytes[any + first + random.below(PAGE - first)] = random.next() as u8,
        1 => bytes[any + first + random.below(12)] ^= 1 << random.below(8),
        2 => bytes[any + first + random.below(12)] = random.next() as u8,
        3 => bytes[any + first + 8 + random.below(200)] = random.next() as u8,
        4 => bytes[any + first..][..4].copy_from_slice(&number),
        5 => bytes[any + first + 8..][..4].copy_from_slice(&number),
        6 => {
            // A cell of the page.
            let at = any + first + 8 + 2 * random.below(20);
            let cell = usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            let at = any + (cell + random.below(8)).min(PAGE - 1);
            bytes[at] = random.next() as u8;
        }
        7 => {
            let other = random.below(pages) * PAGE;
            if any > 0 && other > 0 {
                bytes.copy_within(any..any + PAGE, other);
            }
        }
        8 => {
            let at = *random.pick(&[32, 36, 52, 64]);
            bytes[at..at + 4].copy_from_slice(&number);
        }
        _ => bytes[any + first..any + PAGE].fill(0),
    }
}

/// Whether each index that a table makes is there, which is looked at before the pages are.
fn has_indexes(connection: &Connection) -> bool {
    let missing = "SELECT 1 FROM pragma_table_list AS t, pragma_index_list(t.name) AS i
        WHERE t.schema = 'main' AND NOT (i.origin = 'pk' AND t.wr)
        AND i.name NOT IN (SELECT name FROM sqlite_schema WHERE type = 'index' AND rootpage <> 0)";
    connection.prepare(missing).and_then(|mut statement| statement.exists([])).is_ok_and(|is| !is)
}

/// Whether it was one that both call damaged.
fn compare(name: &str, seed: u64, file: &File, path: &std::path::Path) -> bool {
    let mut random = Random::new(seed);
    let mut bytes = file.bytes.clone();
    for _ in 0..1 + random.below(2) {
        mutate(&mut bytes, &mut random);
    }
    let header = check_sqlite_file(bytes.first_chunk().unwrap());
    let taken = header.is_ok_and(|header| {
        header.size_pages.is_none_or(|size| size as usize == bytes.len() / PAGE)
    });
    // Without a schema nothing is taken in.
    let Some((damaged, connection)) = File::opened(path, bytes).filter(|_| taken) else {
        return false;
    };
    if !has_indexes(&connection) {
        return false;
    }
    let ours = damaged.check(64);
    let quick = sqlite_says(&connection, "PRAGMA quick_check(1000)");
    let structural = !quick.iter().all(|said| OF_VALUES.iter().any(|word| said.starts_with(word)));
    assert!(!structural || !ours.is_empty(), "{name}, seed {seed}: only SQLite says {quick:?}");
    if !ours.is_empty() && sqlite_says(&connection, "PRAGMA integrity_check(1000)") == ["ok"] {
        let meant = |text: &String| {
            MEANT.iter().any(|ending| text.trim_end_matches(char::is_numeric).ends_with(ending))
        };
        let meant = ours.iter().all(meant);
        assert!(meant, "{name}, seed {seed}: only this check says {ours:?}");
    }
    structural
}

#[test]
fn damaged_files() {
    let seeds = std::env::var("ISOLITE_MUTATIONS").ok().and_then(|text| text.parse().ok());
    let seeds = seeds.unwrap_or(250);
    let path = files::path("differential");
    let mut damaged = 0;
    let files = files::all();
    for (name, file) in files.iter().filter(|(_, file)| !file.bytes.is_empty()) {
        let by_both = (0..seeds).filter(|seed| compare(name, *seed, file, &path));
        damaged += by_both.count() as u64;
    }
    std::fs::remove_file(&path).unwrap();
    assert!(damaged > seeds * 5, "{damaged} were damaged for SQLite");
}
